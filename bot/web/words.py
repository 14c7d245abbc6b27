"""What pages say, in Chinese and English. Every entry holds both; `{names}` are filled in by the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.web.leaver_words import LEAVER

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")
Pair = tuple[str, str]
"""(Chinese, English)."""

WORDS: Mapping[str, Pair] = {
    "brand": ("回执", "Huizhi"),
    "record": ("我的记录", "My record"),
    "record_of": ("{name} 的记录", "Record of {name}"),
    "todo": ("我的待办", "To do"),
    "people": ("我能查看的同事", "People I may see"),
    "people_tab": ("同事", "People"),
    "sign_out": ("退出", "Sign out"),
    "switch": ("English", "中文"),
    "start": ("首页", "Start"),
    "hello": ("{name}，您好", "Hello, {name}"),
    "hello_todo": ("有 {n} 件事等您回答。", "Waiting for your answer: {n}."),
    "hello_calm": ("现在没有等您处理的事。", "Nothing waits for you right now."),
    "all_of": ("全部", "All"),
    "record_about": ("关于您的每一条记录，可以带走", "Everything recorded about you, yours to take away"),
    "people_about": ("您能查看的同事", "Colleagues whose record you may see"),
    "latest": ("最近的记录", "Latest records"),
    "zone": ("时间按 {zone} 显示", "Times are shown for {zone}"),
    "record_lead": (
        "这里是公司系统里关于您、或由您产生的每一条记录。公司能证明什么，您就能看到什么、带走什么，也知道谁看过。",
        "Every record about you or made by you. What the firm can prove, you can see and take away, and you see who "
        "looked.",
    ),
    "record_lead_other": (
        "这里只显示发生过什么，不显示内容。您打开此页这件事已记录，{name} 能看到。",
        "This shows what happened, not what was said. Your visit is on record and {name} can see it.",
    ),
    "take_away": ("下载我的副本", "Download my copy"),
    "take_away_hint": (
        "一个可以离线验证的文件，和公司手里的是同一份证据。请妥善保存。",
        "One file that anyone can check offline: the same evidence the firm holds. Keep it safe.",
    ),
    "export": ("导出证据包", "Export evidence package"),
    "export_hint": (
        "含记录内容。导出会留下记录，{name} 能看到。",
        "Contains what was said. The export is recorded and {name} can see it.",
    ),
    "export_case": ("导出此事项", "Export this matter"),
    "preparing": ("正在整理文件", "Preparing the file"),
    "preparing_text": (
        "整理好后会自动开始下载，记录多时需要几十秒，请先不要关闭此页。",
        "The download starts by itself once the file is ready. This may take a while; please keep this page open.",
    ),
    "start_now": ("没有自动开始？点这里", "It did not start? Tap here"),
    "back": ("返回", "Back"),
    "looked": ("谁看过我的记录", "Who looked at my record"),
    "nobody": ("还没有人看过。", "Nobody has looked."),
    "looked_at": ("查看了记录", "looked at the record"),
    "took": ("导出了证据包", "exported an evidence package"),
    "consents": ("我签过的同意书", "My consents"),
    "no_consents": ("还没有。", "None yet."),
    "kind_edelivery": ("电子送达地址确认书", "Electronic delivery address"),
    "kind_esign": ("电子签名与存证同意书", "Electronic signing and evidence"),
    "state_asked": ("等待答复", "asked"),
    "state_agreed": ("已同意", "agreed"),
    "state_refused": ("未同意", "not agreed"),
    "state_withdrawn": ("已撤回", "withdrawn"),
    "state_expired": ("已过期", "expired"),
    "state_superseded": ("已由新版代替", "replaced"),
    "valid_until": ("有效期至 {day}", "valid until {day}"),
    "version": ("第 {n} 版", "version {n}"),
    "covers": ("适用于：", "Covers:"),
    "events": ("全部记录", "All records"),
    "nothing": ("还没有任何记录。", "Nothing is recorded."),
    "older": ("更早的记录", "Older records"),
    "newest": ("回到最新", "Back to the newest"),
    "promised": ("已承诺收录", "Promised"),
    "promised_hint": (
        "系统已签名承诺收录，几秒钟内会编入日志。",
        "The system has signed that it will be in the log; that takes a few seconds.",
    ),
    "in_log": ("日志第 {n} 位", "No. {n} in the log"),
    "in_log_hint": ("已编入防篡改日志。", "It is in the tamper-evident log."),
    "stamped": ("第三方时间 {time}", "Outside time {time}"),
    "stamped_hint": (
        "独立时间戳机构证明：此时之前记录已存在，之后未改动。它不证明内容属实。",
        "An outside authority attests that it existed by then and has not changed. It does not attest that it is true.",
    ),
    "erased": ("内容已依法删除", "Contents lawfully erased"),
    "by_me": ("由我", "by me"),
    "by": ("由 {name}", "by {name}"),
    "about": ("关于 {name}", "about {name}"),
    "system": ("系统", "the system"),
    "somebody": ("一位同事", "a colleague"),
    "contents": ("内容与效力", "Contents and what they prove"),
    "force": ("效力", "What it proves"),
    "attachment": ("附件，{size} 字节，在回执文件里", "attached, {size} bytes, included in the receipt file"),
    "part_words": ("原话", "Words"),
    "part_document": ("文件", "Document"),
    "part_sha256": ("文件指纹", "Fingerprint"),
    "part_statement": ("声明", "Statement"),
    "part_signature": ("签名", "Signature"),
    "part_how": ("经过", "What happened"),
    "part_witnesses": ("见证人", "Witnesses"),
    "part_kind": ("选择", "Choice"),
    "part_answer": ("选择", "Choice"),
    "part_reason": ("理由", "Reason"),
    "part_claimed": ("申请的时间", "Time asked for"),
    "part_step": ("步骤", "Step"),
    "part_hint": ("原因", "Cause"),
    "part_decision": ("决定", "Decision"),
    "part_card.json": ("卡片", "Card"),
    "part_platform.json": ("平台的答复", "Platform's answer"),
    "part_known_by.txt": ("何以得知", "How it is known"),
    "proves": ("证明", "Proves"),
    "proves_not": ("不证明", "Does not prove"),
    "receipt": ("回执文件", "Receipt file"),
    "todo_lead": (
        "这些问题还在等您。请在聊天里点卡片或直接回复；回复「我的待办」可让卡片重新发来。",
        "These still wait for you. Answer in chat by tapping the card or in your own words; reply “todo” there to get "
        "the cards again.",
    ),
    "todo_none": ("现在没有需要您处理的事项。", "Nothing waits for you."),
    "asked_at": ("{time} 发给您", "asked {time}"),
    "deadline": ("请在 {time} 前回复", "please answer before {time}"),
    "question": ("一个待答事项", "A question"),
    "people_none": ("没有可以查看的同事。", "There is nobody whose record you may see."),
    "people_lead": (
        "每次打开同事的记录都会留痕，本人看得到。",
        "Opening a colleague's record is itself recorded, and they can see it.",
    ),
    "people_more": ("只显示前 {n} 位，请输入姓名查找。", "Only the first {n} are shown; search by name."),
    "search": ("按姓名查找", "Search by name"),
    "find": ("查找", "Search"),
    "choose": ("请选择登录方式", "How would you like to sign in?"),
    "choose_text": (
        "用您平时聊天的工作账号登录，不需要另外的密码。",
        "Use the work account you chat with. There is no other password.",
    ),
    "no_platform": (
        "还没有可用的登录方式，请联系管理员。",
        "No way to sign in is set up; please contact the administrator.",
    ),
    "wecom": ("企业微信", "WeCom"),
    "dingtalk": ("钉钉", "DingTalk"),
    "again": ("重新登录", "Sign in again"),
    "home": ("打开我的记录", "Open my record"),
    "error_id": ("编号 {id}，联系管理员时请提供", "Reference {id}; please give it to the administrator"),
    "signed_out": ("已退出", "Signed out"),
    "signed_out_text": ("您已安全退出。", "You are signed out."),
    "no_sign_in": ("登录没有完成", "You were not signed in"),
    "no_sign_in_text": (
        "登录链接已失效或已用过，请再登录一次。",
        "The sign-in link has expired or was already used. Please sign in once more.",
    ),
    "vendor_away": ("暂时无法登录", "Signing in is not possible right now"),
    "vendor_away_text": (
        "工作平台暂时没有应答，请过一分钟再试。您的记录没有受影响。",
        "The chat platform does not answer. Please try again in a minute; your records are safe.",
    ),
    "unknown_person": ("没有找到您的档案", "You were not found"),
    "unknown_person_text": (
        "您的账号还不在通讯录里，或已停用。请联系 HR；离职后，HR 核对身份即可为您开通查看本人记录的链接。",
        "Your account is not in the directory yet, or is no longer active. Please contact HR; if you have left, they "
        "can open a link to your own record for you once they have checked who you are.",
    ),
    "slow_down": ("操作有点快", "A little slower, please"),
    "slow_down_text": ("请过一分钟再试，没有任何内容丢失。", "Please try again in a minute. Nothing was lost."),
    "form_old": ("页面放得太久了", "This page was open for too long"),
    "form_old_text": (
        "为了安全，请返回并刷新后再试一次，刚才的操作没有执行。",
        "For safety nothing was done. Please go back, reload and try once more.",
    ),
    "form_out": ("请先登录", "Please sign in first"),
    "form_out_text": (
        "您已退出，或登录已过期，刚才的操作没有执行。按浏览器的返回键可以找回刚才写的内容，登录后再提交一次。",
        "You are signed out, so nothing was done. Go back in your browser to find what you wrote; sign in and send it "
        "once more.",
    ),
    "not_here": ("没有找到这个页面", "There is no such page"),
    "not_here_text": (
        "它可能不存在，或者不是给您看的。",
        "It may not exist, or it is not for you to see.",
    ),
    "too_big": ("文件太大了", "The file would be too large"),
    "too_big_text": (
        "一次装不下全部记录，请联系 HR 分事项导出。",
        "The records do not fit into one file; please ask HR to export matter by matter.",
    ),
    "upload_big": ("文件太大了", "The file is too large"),
    "upload_big_text": (
        "什么都没有保存。请按浏览器的返回键，刚才填写的内容还在，换一个小一点的文件再提交。",
        "Nothing was saved. Go back in your browser, where what you wrote is still there, and choose a smaller file.",
    ),
    "text_big": ("文字太长了", "The text is too long"),
    "text_big_text": (
        "什么都没有保存。请按浏览器的返回键，刚才写的还在，改短一些再提交。",
        "Nothing was saved. Go back in your browser, where what you wrote is still there, and make it shorter.",
    ),
    "broken": ("系统出了点问题", "Something went wrong"),
    "broken_text": (
        "不是您的操作有误。请稍后再试，仍不行请把编号告诉管理员。",
        "It was not your doing. Please try again later, and tell the administrator the reference if it persists.",
    ),
    **LEAVER,
}


def part_name(lang: Lang, name: str) -> str:
    """What a part is called on pages; its own name when nobody gave it one."""
    return say(lang, f"part_{name}") if f"part_{name}" in WORDS else name


def say(lang: Lang, key: str, **values: object) -> str:
    """The sentence in `lang`. KeyError for a key that does not exist: a page must not show a blank."""
    return WORDS[key][LANGS.index(lang)].format(**values) if values else WORDS[key][LANGS.index(lang)]
