"""What HR's pages say when many results are approved at once, and about populations and who reads what."""

from __future__ import annotations

from collections.abc import Mapping

from bot.web.words import Pair

RELEASE: Mapping[str, Pair] = {
    "release_many": ("批量审批", "Approve many"),
    "release_link": ("批量审批（{n} 份待批）", "Approve many ({n} waiting)"),
    "release_lead": (
        "一次确认，逐份批准并告知本人：每一份都单独留下记录。告知不等于本人同意。",
        "One confirmation; each result is approved and told by itself, with its own record. Telling is not agreement.",
    ),
    "release_running": ("正在处理", "Under way"),
    "release_done": ("已完成", "Finished"),
    "release_counts": (
        "{n} / {all}：已批准并告知 {done}，留待逐件处理 {apart}",
        "{n} of {all}: {done} approved and told, {apart} left to be decided one by one",
    ),
    "release_again": ("刷新进度", "Look again"),
    "release_ready": ("{n} 份可以一起批准", "{n} can be approved together"),
    "release_apart": ("这些不会一起批准，请逐件处理：", "These are not approved together; decide them one by one:"),
    "release_only": ("只选其中几个人", "Choose some of them"),
    "release_type": (
        "输入将要批准的份数以确认（全部为 {n}）",
        "Type how many will be approved to confirm (all: {n})",
    ),
    "release_do": ("确认批准并告知", "Approve and tell them"),
    "release_none": ("没有可以一起批准的结果。", "Nothing here can be approved together."),
    "why_decided": ("已由别人处理", "decided by somebody else"),
    "why_changed": ("文档已变化", "the document changed"),
    "why_own": ("您本人的结果", "your own result"),
    "why_scored": ("您参与了评分", "you gave the score"),
    "why_steps": ("还有后续审批人", "somebody else decides after you"),
    "why_seat": ("不由您决定，或只是代人审批", "not yours to decide, or only in the place of somebody"),
}

CYCLE: Mapping[str, Pair] = {
    "seen_title": ("谁什么时候能看到评分", "Who reads which score, and when"),
    "seen_lead": (
        "写的人自己一直能看到。提交之前（草稿）别人都看不到；结果告知本人之后，本人、评分人和 HR 都能看到全部。",
        "Writers always read their own. Nobody else reads a draft; once the result is told, the person, the scorer and"
        " HR read everything.",
    ),
    "seen_nobody": ("结果告知后才公开", "Only after the result is told"),
    "seen_self": ("提交后：本人", "Once handed in: the person"),
    "seen_manager": ("提交后：主管", "Once handed in: the manager"),
    "seen_hr": ("提交后：HR", "Once handed in: HR"),
    "seen_self_manager": ("提交后：本人和主管", "Once handed in: the person and the manager"),
    "seen_self_hr": ("提交后：本人和 HR", "Once handed in: the person and HR"),
    "seen_manager_hr": ("提交后：主管和 HR", "Once handed in: the manager and HR"),
    "seen_self_manager_hr": ("提交后：本人、主管和 HR", "Once handed in: the person, the manager and HR"),
    "population_n": ("单独的人群 {n}", "Population of its own {n}"),
    "population_hint": (
        "这些人有自己的时间表；没写的日期沿用上面的。选了别的模板会另建一个同名周期。一个人只能在一个人群里。",
        "These people have days of their own; a day left out is the one above. Another template makes a cycle of its"
        " own beside this one. Nobody is in two populations.",
    ),
    "population_name": ("人群名称", "Name of the population"),
    "population_groups": (
        "部门（含下级）或 #标签，逗号分隔",
        "Departments with what is below them, or #tags, with commas",
    ),
    "same_template": ("同上", "As above"),
    "card_hint": (
        "这份结果在等您审批：可以在批量审批里一起批准，也可以把卡片发到聊天里，逐件同意或写明理由退回。",
        "This result waits for your approval: approve it together with others, or have its card sent to your chat, to"
        " approve it alone or return it with a reason.",
    ),
    "card_do": ("把审批卡片发给我", "Send me its card"),
    "said_card": ("卡片已发到您的聊天里。", "The card is in your chat."),
}
