"""What the pages of notices say, in Chinese and English. Every entry holds both; a page fills in `{names}`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from bot.web.words import LANGS, Lang, Pair
from handlers.notices.pages.words_board import BOARD
from handlers.notices.pages.words_form import FORM

GROUPS: Mapping[str, Pair] = {
    "g_all": ("名单上的全部人", "Everybody on the list"),
    "g_queued": ("还没交给平台", "Not yet with the platform"),
    "g_accepted": ("平台已接收", "Taken by the platform"),
    "g_delivered": ("已到达账号", "Reached the account"),
    "g_opened": ("已打开全文", "Opened the text"),
    "g_acknowledged": ("已答复", "Answered"),
    "g_answered": ("已答复", "Answered"),
    "g_received": ("收到", "Received"),
    "g_agreed": ("同意", "I agree"),
    "g_objected": ("收到但有异议", "Received, but I object"),
    "g_appealed": ("申诉", "I appeal"),
    "g_declined": ("没有签名", "Did not sign"),
    "g_signed": ("已签署", "Signed"),
    "g_unreached": ("联系不上", "No way to reach"),
    "g_unknown": ("平台说不清", "Platform cannot say"),
    "g_expired": ("已过期，没有结果", "Expired without result"),
    "g_rejected": ("平台拒收", "Refused by the platform"),
    "g_dropped": ("平台没有投递", "Dropped by the platform"),
    "g_stopped": ("没有发出", "Not sent"),
}
"""A person's one group; the same names for rungs, troubles, answers and attempts everywhere."""

LIMITS: Mapping[str, Pair] = {
    "not_queued": ("还没有交给任何平台。", "It has not been handed to any platform yet."),
    "not_accepted": (
        "平台收下了，不代表送到、看到。",
        "The platform took it; that does not mean it arrived or was seen.",
    ),
    "not_delivered": ("到了账号，不代表本人看到。", "It reached the account; that does not mean the person saw it."),
    "not_opened": (
        "登录的账号看到了全文，不代表同意。",
        "The signed-in account was shown the text; that is not agreement.",
    ),
    "not_acknowledged": ("有答复，内容以本人原话为准。", "There is an answer; the person's own words decide."),
    "not_answered": ("有答复；内容在本人和 HR 之间。", "There is an answer; its content is between the person and HR."),
    "not_received": ("收到不等于同意。", "Received is not agreed."),
    "not_agreed": ("账号选择了同意；是否自愿须另行证明。", "The account chose to agree; free will needs other proof."),
    "not_objected": ("收到了，并且不同意其中内容。", "Received, and does not agree with it."),
    "not_appealed": ("要求重新处理，请按流程回复。", "Asks for another decision; please answer by the procedure."),
    "not_declined": (
        "看过，选择不签；不签不等于没收到。",
        "Read it and chose not to sign; that is not the same as not received.",
    ),
    "not_signed": (
        "该账号签了这份文字；账号与本人的对应须另行证明。",
        "The account signed this text; account and person need other proof.",
    ),
    "not_unreached": (
        "没有可用的账号，不是本人的问题。",
        "There is no usable account; that is not the person's doing.",
    ),
    "not_unknown": ("平台给不出结果，不能当作送达。", "The platform has no result; it does not count as delivered."),
    "not_expired": (
        "平台已忘记结果，不能当作送达。",
        "The platform has forgotten the result; it does not count as delivered.",
    ),
    "not_rejected": ("平台拒收，本人没有收到。", "The platform refused it; the person has not got it this way."),
    "not_dropped": (
        "平台收下后没有投递，会换一种方式再发。",
        "The platform took it and did not deliver; another way is tried.",
    ),
}
"""One sentence about what a group does not prove."""

OWN: Mapping[str, Pair] = {
    "nothing": ("这里没有您的通知", "There is no notice for you here"),
    "nothing_text": (
        "这个链接不是发给您这个账号的，或已不再可用。转发来的链接看不到内容，这是为了保护收件人。",
        "This link was not sent to your account, or is no longer available. A forwarded link shows nothing: that "
        "protects whom it was sent to.",
    ),
    "to_board": ("看板", "Board"),
    "number": ("编号", "No."),
    "for": ("收件人", "For"),
    "zone": ("时区", "Time zone"),
    "text": ("正文", "Text"),
    "sent_at": ("发出时间", "Sent"),
    "recalled_at": ("撤回时间", "Recalled"),
    "please_by": ("请在 {time} 前答复", "please answer by {time}"),
    "basis": ("依据", "Grounds"),
    "files": ("附件", "Attachments"),
    "recalled_note": (
        "这份通知已在 {time} 撤回，不用再答复。",
        "This notice was recalled at {time}. No answer is needed.",
    ),
    "recalled_empty": ("您没有错过什么。", "You have missed nothing."),
    "reason_is": ("原因：{reason}", "Reason: {reason}"),
    "replaced_note": ("这份通知已由新的一版代替。", "A newer version has taken the place of this notice."),
    "see_newer": ("看新的一版", "See the newer one"),
    "over_note": (
        "答复期限已过。您仍然可以说，会原样记下，并标明是期限之后说的。",
        "The time to answer is over. You can still say something; it is recorded as said after the deadline.",
    ),
    "own_taken": ("已记下。", "It is on record."),
    "own_again": ("您之前已经这样答复过，不用重复。", "You gave this answer before; once is enough."),
    "own_late": ("已记下，并标明是期限之后说的。", "It is on record, marked as said after the deadline."),
    "own_recalled": ("已记下。这份通知已被撤回。", "It is on record. This notice has been recalled."),
    "own_replaced": (
        "已记在您看到的这一版上；新的一版请另外查看。",
        "Recorded for the version you saw; please see the newer one too.",
    ),
    "own_not_offered": (
        "这份通知没有这个选项，什么都没有记下。",
        "This notice does not offer that; nothing was recorded.",
    ),
    "own_words": ("还没有记下。", "Not recorded yet."),
    "own_unread": (
        "没有记下：您答复时全文还没有显示给您。请看完下面的全文再选。",
        "Not recorded: the text had not been shown to you yet. Please read it below, then choose.",
    ),
    "own_failed": ("没有记下，请再试一次。", "Not recorded; please try again."),
    "words_needed": (
        "请写下您的话再提交，1 到 2000 字。刚才写的还在。",
        "Please write something in your own words, up to 2,000 characters. What you wrote is still here.",
    ),
    "on_record": ("已经记录", "On record"),
    "answer_now": ("看完了，您怎么说？", "You have read it. What do you say?"),
    "answer_more": ("想再补充？", "Anything to add?"),
    "means_received": ("只表示您看到了，不等于同意。", "Only says that you have seen it. It is not agreement."),
    "means_agreed": ("表示您看过并同意其中内容。", "Says that you have read it and agree with it."),
    "means_objected": (
        "表示您看到了，但不同意其中内容。您的原话会转给发通知的人。",
        "Says that you have seen it and do not agree. Your words go to the sender.",
    ),
    "means_appealed": (
        "请公司重新处理，您的原话会转给发通知的人。",
        "Asks the firm to decide again. Your words go to the sender.",
    ),
    "own_words_label": ("您的话", "Your words"),
    "own_words_field": ("请用自己的话写", "In your own words"),
    "silence": ("不答复也可以：没有答复不会被当作同意。", "You may leave it: no answer is never taken as agreement."),
    "sign_asked": ("需要您签署", "Your signature is asked for"),
    "sign_hint": (
        "下一页会固定这份文字，您可以签，也可以写明为什么不签。",
        "The next page fixes this very text. You may sign it, or say why you do not.",
    ),
    "sign_go": ("去签署", "Go to sign"),
    "sign_over": ("这份文件已经有结果。", "This document has been dealt with."),
    "sign_see": ("查看", "See it"),
    "take_copy": ("下载一份自己留着", "Take a copy with you"),
    "opened_kept": (
        "打开全文的时间已记录，打开不等于同意。",
        "The time of opening is on record; opening is not agreement.",
    ),
    "copy_head": ("通知副本", "Copy of a notice"),
    "copy_hash": (
        "校验值算的是上面两条线之间的文字：标题、一个换行、正文（UTF-8，换行为 LF）。",
        "The hash is of the text between the two lines: title, one line feed, body (UTF-8, lines end with LF).",
    ),
    "copy_yours": ("关于您的记录", "What is on record about you"),
    "your_answer": ("您的答复", "Your answer"),
    "your_words": ("您的原话：", "Your words:"),
    "copy_foot": (
        "可以离线验证的完整证据，请在「我的记录」下载。",
        "The complete evidence, which anybody can verify offline, is under “My record”.",
    ),
    "not_proved": ("{what}", "Does not prove {what}"),
}

CHANNELS: Mapping[str, Pair] = {
    "c_shared": ("统一文字", "one text for all"),
    "c_card": ("单独卡片", "personal card"),
    "c_robot": ("机器人消息", "robot message"),
    "c_work": ("工作通知", "work notice"),
    "c_board": ("公告", "announcement"),
    "c_chat": ("聊天", "Chat"),
    "c_sms": ("短信", "SMS"),
    "c_mail": ("邮件", "E-mail"),
    "c_manager": ("请上级提醒", "Through the manager"),
    "c_courier": ("快递", "Courier"),
    "c_voice": ("语音电话", "Voice call"),
    "c_call": ("电话", "Call"),
    "minutes_1": ("{n} 分钟", "{n} min"),
    "minutes_n": ("{n} 分钟", "{n} min"),
    "hours_1": ("{n} 小时", "{n} hour"),
    "hours_n": ("{n} 小时", "{n} hours"),
    "days_1": ("{n} 天", "{n} day"),
    "days_n": ("{n} 天", "{n} days"),
}
"""What an attempt went by, and lengths of time."""

WORDS: Mapping[str, Pair] = {**GROUPS, **LIMITS, **CHANNELS, **OWN, **BOARD, **FORM}


def say(lang: Lang, key: str, **values: object) -> str:
    """The sentence in `lang`. KeyError for a key that does not exist: a page must not show a blank.

    A platform that was added without a word of its own is shown by its name.
    """
    if key.startswith("p_") and key not in WORDS:
        return key[2:]
    said = WORDS[key][LANGS.index(lang)]
    return said.format(**values) if values else said


def channel(lang: Lang, name: str) -> str:
    """What an attempt went by, as in `wecom.shared`, `dingtalk.card` or `sms`; its own name when it has no word."""
    platform, _, route = name.partition(".")
    if not route:
        return say(lang, f"c_{name}") if f"c_{name}" in WORDS else name
    return say(lang, f"p_{platform}") + " · " + (say(lang, f"c_{route}") if f"c_{route}" in WORDS else route)


def span(lang: Lang, length: timedelta) -> str:
    """`45 分钟`, `4 小时`, `1.5 天`; `45 min`, `4 hours`, `1.5 days`."""
    n, kind = length / timedelta(minutes=1), "minutes"
    if n >= 60:
        n, kind = n / 60, "hours"
    if n >= 24 and kind == "hours":
        n, kind = n / 24, "days"
    return say(lang, f"{kind}_{1 if n == 1 else 'n'}", n=f"{n:g}")


def group(lang: Lang, name: str) -> str:
    """The name of a group, rung, trouble or answer."""
    return say(lang, f"g_{name}")


def text_hash(title: str, body: str) -> str:
    """SHA-256 of title, line feed, body, as it is stored with the text."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
