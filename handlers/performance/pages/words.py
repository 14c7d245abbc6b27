"""What the performance pages say, in Chinese and English; `{names}` are filled in by the page."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from bot.people import Person
from bot.web.words import LANGS, Lang, Pair
from handlers.performance.pages.words_hr import HR, STATES

SAID = (
    "proposed", "confirmed", "changed", "dropped", "saved", "submitted", "received", "objected", "appealed", "deemed",
    "released", "published", "card", "decided", "reassigned", "reminded", "opened", "created", "policy", "template",
    "releasing",
)  # fmt: skip
"""What a page can say came of a form."""

WORDS: Mapping[str, Pair] = {
    **STATES,
    **HR,
    "mine": ("我的绩效", "My performance"),
    "mine_about": ("目标、进度、结果与申诉", "Goals, progress, results, appeals"),
    "mine_lead": (
        "您和主管各自确认了什么、别人填了什么、什么时间，都在这里。没有答复就是没有答复，不会当作同意。",
        "What each side confirmed, what others entered and when. No answer stays no answer, never consent.",
    ),
    "of": ("{name} 的绩效", "Performance of {name}"),
    "other_lead": ("您打开此页这件事已记录，{name} 能看到。", "Your visit is on record and {name} can see it."),
    "back": ("返回", "Back"),
    "waits": ("等您处理", "Waiting for you"),
    "wait_goal": ("确认您的一个目标", "Confirm one of your goals"),
    "wait_goal_of": ("确认 {name} 的一个目标", "Confirm a goal of {name}"),
    "wait_propose": ("提出您的目标", "Propose your goals"),
    "wait_self": ("填写自评", "Write your self-review"),
    "wait_score": ("给 {name} 评分", "Score {name}"),
    "wait_result": ("查看并答复您的绩效结果", "Read and answer your result"),
    "wait_appeal": ("处理 {name} 的申诉", "Decide the appeal of {name}"),
    "status_waiting": ("{n} 件事等您处理", "{n} waiting for you"),
    "status_none": ("没有等您处理的事", "nothing waits for you"),
    "no_cycle": ("您现在不在任何考核周期里。", "You are in no performance cycle now."),
    "other_cycles": ("其他周期", "Other cycles"),
    "scorer_is": ("评分人 {name}", "Scored by {name}"),
    "attainment_hint": ("按权重，只计算新鲜的进度", "by weight, from fresh progress only"),
    "attainment_unknown": ("还没有可以计算的进度，记为未知。", "No progress that counts yet: unknown."),
    "goals": ("目标", "Goals"),
    "goal": ("目标", "Goal"),
    "no_goals": ("还没有目标。", "No goals yet."),
    "dropped_goals": ("已取消的目标", "Dropped goals"),
    "weights_left": ("权重还差 {n} 才到 100。", "{n} of 100 in weight is still to be given."),
    "goal_proposed": ("待双方确认", "To be confirmed by both"),
    "goal_agreed": ("双方已确认", "Agreed by both"),
    "goal_dropped": ("已取消", "Dropped"),
    "goal_text": ("目标内容", "What is to be achieved"),
    "kind": ("类型", "Kind"),
    "kind_numeric": ("数值", "Number"),
    "kind_milestone": ("里程碑", "Milestone"),
    "weight": ("权重", "Weight"),
    "target": ("目标值", "Target"),
    "unit": ("单位", "Unit"),
    "due_on": ("完成日期", "Due"),
    "dimension": ("维度", "Dimension"),
    "none_of": ("不指定", "None"),
    "source": ("进度来源", "Progress from"),
    "source_key": ("来源编号", "Key at the source"),
    "version": ("第 {n} 版", "version {n}"),
    "version_short": ("{n}", "{n}"),
    "version_word": ("版本", "Version"),
    "side_employee": ("本人", "Employee"),
    "side_manager_goal": ("主管", "Manager"),
    "side_self": ("自评", "Self-review"),
    "side_manager": ("主管评分", "Manager"),
    "side_hr": ("HR 评分", "HR"),
    "not_confirmed": ("未确认", "not confirmed"),
    "as_of": ("{source}，来源时间 {time}", "{source}, as of {time}"),
    "stale": ("数据过期，不计分", "stale, not scored"),
    "no_progress": ("还没有进度数据", "No progress yet"),
    "propose": ("提出目标", "Propose a goal"),
    "propose_hint": ("还可分配权重 {n}", "weight left: {n}"),
    "propose_do": ("提出，请双方确认", "Propose to both sides"),
    "exact_text": ("双方确认的原文", "The exact text both confirm"),
    "confirm_title": ("确认这个版本", "Confirm this version"),
    "confirm_hint": (
        "确认的就是上面这段文字和它的校验值。任何一方之后修改，双方的确认都会作废并重新请双方确认。",
        "You confirm exactly the text above with its hash. Any later change voids both confirmations, visibly.",
    ),
    "confirm": ("确认第 {n} 版", "Confirm version {n}"),
    "waiting_other": ("您已确认，等对方确认。", "You have confirmed; the other side has not yet."),
    "edit": ("提出修改", "Change it"),
    "edit_hint": ("修改会产生新版本，双方都需要重新确认。", "A change makes a new version that both confirm again."),
    "edit_do": ("保存为新版本", "Keep as a new version"),
    "reason_change": ("修改原因（期中修改必填）", "Reason (needed once it was agreed)"),
    "drop": ("取消这个目标", "Drop this goal"),
    "drop_do": ("取消目标", "Drop"),
    "reason": ("原因", "Reason"),
    "reason_is": ("原因：{reason}", "Reason: {reason}"),
    "history": ("版本历史", "History"),
    "for_somebody": ("{name}（代 {other}）", "{name} for {other}"),
    "voided": ("已于 {time} 作废", "void since {time}"),
    "results": ("结果", "Results"),
    "result": ("绩效结果", "Result"),
    "answered_on": ("{time} 答复", "answered {time}"),
    "own_answer": ("本人的答复", "The person's answer"),
    "entered": ("谁填了什么", "What was entered"),
    "nothing_entered": ("还没有人提交评分。", "Nobody has handed in a score yet."),
    "not_readable": ("已提交；内容按周期规则现在还不能查看。", "Handed in; the cycle's rules do not show it yet."),
    "to_score": ("去评分", "Score"),
    "order": ("顺序", "Order"),
    "turn_now": ("现在：{side}", "now: {side}"),
    "turn_over": ("各方都已完成", "all sides are through"),
    "not_your_turn": ("现在只能查看，不能填写。", "You can read this now, but not fill it in."),
    "typed_here": ("您填写的内容都在下面，还没有提交。", "What you typed is below and has not been handed in."),
    "preview": ("按现在填写的内容计算", "What this comes to"),
    "band_is": ("等级「{band}」", "Band “{band}”"),
    "no_band": ("制度里没有对应的等级", "no band of the policy holds this score"),
    "by_clause": ("第 {no} 条", "Clause {no}"),
    "rounding": (
        "只对总分四舍五入，保留 {n} 位小数；提交前都只是预览。",
        "Only the sum is rounded, to {n} decimals. A preview until you hand it in.",
    ),
    "still": ("提交前还需要补充：", "Before it can be handed in:"),
    "facts": ("目标与进度", "Goals and progress"),
    "max": ("满分", "maximum"),
    "points": ("得分", "Points"),
    "deduction_no": ("扣分 {n}", "Deduction {n}"),
    "deduction": ("扣分", "Points taken off"),
    "clause": ("依据条款", "Clause"),
    "fact": ("事实（时间、项目、发生了什么）", "Fact: when, which project, what happened"),
    "comment": ("评语", "Comment"),
    "reason_version": ("修改原因（提交后的修改是新版本）", "Reason (a change after handing in is a new version)"),
    "score_hint": (
        "每一处扣分都要写明事实和条款，否则不能提交；草稿随时可存。",
        "Every deduction needs a fact and a clause, or it cannot be handed in. Drafts can be kept any time.",
    ),
    "score_hint_self": (
        "自评的扣分不需要条款；草稿随时可存。",
        "Your own deductions need no clause. Drafts can be kept.",
    ),
    "do_preview": ("预览", "Preview"),
    "do_more": ("加一行", "More rows"),
    "do_save": ("存草稿", "Keep draft"),
    "do_submit": ("提交", "Hand in"),
    "others": ("其他各方", "Other sides"),
    "taken_off": ("扣 {n} 分", "{n} taken off"),
    "score": ("得分", "Score"),
    "band": ("等级", "Band"),
    "why": ("为什么是这个结果", "Why this result"),
    "consequence": ("后果", "What follows"),
    "held": ("有争议的部分已暂缓计入工资。", "The contested part waits in payroll."),
    "exact_document": ("完整文件", "The exact document"),
    "opened": ("{time} 打开", "opened {time}"),
    "not_told": ("尚未告知本人。", "The person has not been told yet."),
    "superseded_note": (
        "这一版已被新版本取代，不能再答复。",
        "A newer version took its place; it can no longer be answered.",
    ),
    "see_newest": ("查看第 {n} 版", "See version {n}"),
    "already_signed": ("已签字，不需要再操作。", "Signed; nothing more to do."),
    "signed_copy": ("查看签署文件", "See the signed copy"),
    "deemed_note": (
        "按第 {no} 条视为收到。这不是签字，也不是同意。",
        "Deemed received under clause {no}: neither a signature nor agreement.",
    ),
    "four": ("您的答复", "Your answer"),
    "a_signed": ("同意并签字", "Agree and sign"),
    "a_received": ("仅确认收到", "Received, no more"),
    "a_objected": ("收到但不同意", "Received, but I disagree"),
    "a_appealed": ("申诉", "Appeal"),
    "means_signed": ("您看过并同意，去签署页面签字。", "You have read it and agree; you sign on the next page."),
    "means_received": ("只表示您收到了，不表示同意。", "Says that you received it, not that you agree."),
    "means_objected": (
        "您收到了但不同意；您的话会原样记录。",
        "You received it and disagree; your words are kept as they are.",
    ),
    "means_appealed": (
        "请评分人以外的人重新审查，{n} 个工作日内提出；期间有争议的部分暂缓。",
        "Somebody who did not score you looks at it again, within {n} working days; the contested part waits.",
    ),
    "until": ("截止 {time}。", "Until {time}."),
    "your_words": ("您的意见（可以以后再补）", "Your words (may follow later)"),
    "appeal_words": ("申诉理由", "Why you appeal"),
    "files": ("附件（最多 {n} 个，每个 {mb} MB 以内）", "Files (up to {n}, {mb} MB each)"),
    "appeal_over": (
        "申诉期已过，或这已是申诉后的结果。",
        "The time to appeal is over, or this is an appeal's outcome.",
    ),
    "silence": ("没有答复不等于同意。", "No answer is not agreement."),
    "appeal": ("申诉", "Appeal"),
    "appeal_open": ("处理中", "Open"),
    "appeal_with": ("由 {name} 处理，{time} 前答复", "With {name}, to be decided by {time}"),
    "see_appeal": ("查看双方的事实", "See both sides' facts"),
    "side_of": ("{name} 的说明", "What {name} says"),
    "side_of_scorers": ("评分方的事实", "What the scorers say"),
    "words_private": (
        "本人的原话和附件只给处理人和 HR 看。",
        "The person's own words and files are for the reviewer and HR only.",
    ),
    "no_self": ("没有提交自评。", "There is no self-review."),
    "decide": ("作出决定", "Decide"),
    "decision": ("决定", "Decision"),
    "outcome": ("决定", "Decision"),
    "outcome_missing": ("请选择「维持」或「调整」。", "Please choose to uphold or to adjust."),
    "new_score": ("调整后的分数", "New score"),
    "decide_reason": ("理由（双方都会看到）", "Reason (both sides read it)"),
    "decide_do": ("作出决定", "Decide"),
    "reassign": ("换人处理", "Give it to somebody else"),
    "reassign_to": ("姓名", "Name"),
    "nobody_named": ("没有唯一匹配的在职同事。", "No colleague, or more than one, matches that name."),
    "team": ("我的团队", "My team"),
    "team_lead": (
        "您评分或管理的同事。查看会留下记录，本人看得到。",
        "Those you score or manage. Looks are recorded, and seen by them.",
    ),
    "team_none": ("现在没有由您评分的周期。", "Nobody is scored by you at the moment."),
    "people": ("{n} 人", "{n} people"),
}


def say(lang: Lang, key: str, **values: object) -> str:
    """The sentence in `lang`. KeyError for a key that does not exist: a page must not show a blank."""
    said = WORDS[key][LANGS.index(lang)]
    return said.format(**values) if values else said


def group(lang: Lang, key: str) -> str:
    """Where somebody stands, see board.GROUPS."""
    return say(lang, f"g_{key}")


def no_status(_db: Connection, _person: Person, lang: Lang) -> str:
    """The cockpit's line on the start page."""
    return say(lang, "cockpit_about")
