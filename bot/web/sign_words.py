"""What the signing pages say, in Chinese and English. `{names}` are filled in by the page."""

from __future__ import annotations

from collections.abc import Mapping

from bot.web.words import LANGS, Lang, Pair

WORDS: Mapping[str, Pair] = {
    "version": ("第 {n} 版", "Version {n}"),
    "for": ("给 {name}", "For {name}"),
    "files": ("附件", "Attachments"),
    "finger": ("文件指纹 SHA-256", "Fingerprint SHA-256"),
    "finger_means": (
        "由全文算出，文字改动一个字，指纹就会不同；您的副本上印着同一个指纹。",
        "Computed from the whole text: change one character and it differs. Your copy carries the same one.",
    ),
    "sign_here": ("在这里签名", "Sign here"),
    "by_hand": ("手写", "By hand"),
    "by_name": ("键入姓名", "Type name"),
    "pad": (
        "手写签名框。用键盘时请改选「键入姓名」。",
        "Field for a handwritten signature. With a keyboard, choose “Type name” instead.",
    ),
    "shape_only": ("只保存笔迹的形状，不采集速度和力度。", "Only the shape is kept, neither speed nor pressure."),
    "clear": ("重写", "Clear"),
    "undo": ("退一笔", "Undo"),
    "your_name": ("请键入您的姓名：{name}", "Type your name: {name}"),
    "statement": (
        "签名表示：我已看到本文件全文，并在此签名。除非文件自己写明，签名不代表同意其中的内容。",
        "Signing says: I have seen the whole of this document and sign it here. Unless the document itself says so, "
        "it is not agreement with its contents.",
    ),
    "read_first": ("看到文末后才能签名。", "The button wakes up once you have reached the end."),
    "sign": ("签名", "Sign"),
    "not_sign": ("不签名", "Not signing"),
    "not_sign_about": (
        "可以不签。想说的话会原样保留，不写也可以。",
        "You may choose not to sign. Your words are kept as they are; you need not give any.",
    ),
    "not_sign_words": ("您的话（可不填）", "Your words (optional)"),
    "not_sign_do": ("我选择不签名", "I choose not to sign"),
    "code": ("六位验证码", "Six-digit code"),
    "get_code": ("获取验证码", "Send me a code"),
    "code_chat": (
        "这份文件需要验证码，会发到您的聊天里。请在 {time} 前完成，之后需要重新登录。",
        "This document needs a code, which is sent to your chat. Please finish before {time}; after that you sign in "
        "again.",
    ),
    "code_sms": (
        "这份文件需要验证码，会以短信发给您。请在 {time} 前完成，之后需要重新登录。",
        "This document needs a code, which is sent by SMS. Please finish before {time}; after that you sign in again.",
    ),
    "code_sent": ("验证码已发出，10 分钟内有效。", "The code is on its way and good for ten minutes."),
    "code_wait": ("刚刚发过，请过一分钟再试。", "One was just sent; please wait a minute."),
    "code_away": ("没有发出，请检查网络后再试。", "It was not sent. Please check the connection and try again."),
    "fresh": ("请再登录一次", "Please sign in once more"),
    "fresh_text": (
        "这份文件比较重要，需要在五分钟内登录过才能打开和签署。",
        "This document matters: it is opened and signed only within five minutes of signing in.",
    ),
    "sign_in": ("重新登录", "Sign in again"),
    "licensed": (
        "这份文件由持牌电子签名平台 {name} 核对身份并签署。点下面的按钮后会转到该平台。",
        "This document is signed at {name}, a licensed signing provider that checks your identity. The button leads "
        "there.",
    ),
    "licensed_do": ("去签署", "Go on to sign"),
    "licensed_go": ("打开 {name}", "Open {name}"),
    "licensed_away": (
        "签署平台暂时没有应答，请过几分钟再试。还没有签任何东西。",
        "The provider does not answer. Please try again in a few minutes; nothing was signed.",
    ),
    "state_signed": ("已签署", "Signed"),
    "state_declined": ("您选择了不签名", "You chose not to sign"),
    "state_refused_witnessed": ("已记录：当面未签署", "On record: not signed in person"),
    "state_superseded": ("这一版已由新版代替", "A newer version has taken its place"),
    "state_withdrawn": ("这份文件已收回", "This document was taken back"),
    "about_signed": (
        "您在 {time} 签署了这份文件。加封的副本可以随时打开、保存；公司手里的是同一份。",
        "You signed this document at {time}. The sealed copy is yours to open and keep; the firm holds the same one.",
    ),
    "about_declined": (
        "{time} 已记下您没有签名，您的话会原样保留。改变主意或想谈一谈，请联系 HR。",
        "Recorded at {time} that you did not sign, with your own words. To reconsider or talk, please contact HR.",
    ),
    "about_refused_witnessed": (
        "公司记下当面未签署，有两位在场的人确认。这不是签名，也不表示同意。如与事实不符，请联系 HR。",
        "The firm recorded that it was not signed in person, confirmed by two people present. It is neither a signature"
        " nor agreement. If it is not what happened, please tell HR.",
    ),
    "about_superseded": ("请看新版，旧版不能再签。", "Please see the newer one; this one can no longer be signed."),
    "about_withdrawn": ("不需要再签。原因：{words}", "Nothing is left to sign. Reason: {words}"),
    "newer": ("打开新版", "Open the newer version"),
    "copy": ("打开我的副本（PDF）", "Open my copy (PDF)"),
    "copy_wait": (
        "副本还没有准备好，请过几分钟再打开。",
        "The copy is not ready yet; please open it in a few minutes.",
    ),
    "kind_of": (
        "这是普通的电子签名：由工作平台账号登录确认身份，不是持牌认证机构（CA）的数字证书签名。副本最后一页写明它证明"
        "什么、不证明什么。",
        "This is an ordinary electronic signature: identity rests on the work platform's account, not on a certificate "
        "of a licensed authority. The last page of your copy says what it proves and what it does not.",
    ),
    "kind_of_licensed": (
        "这份文件由持牌电子签名平台签署，效力由该平台的证书证明；公司保存它交回的文件。",
        "This document was signed with a licensed provider, whose certificates prove it; the firm keeps the file it "
        "handed back.",
    ),
    "said_old_page": (
        "这一页已经用过、放得太久，或是在另一次登录时打开的，没有签上。请看完下面的文件再签一次。",
        "This page was used before, stood open too long or belongs to another sign-in; nothing was signed. Please read "
        "the document below and sign again.",
    ),
    "said_altered": (
        "文件的内容与当时固定的不一致，请不要签署，并告诉 HR。",
        "The document is not what it was when it was fixed. Please do not sign it, and tell HR.",
    ),
    "said_sign_in": (
        "登录已超过五分钟，没有签上。请重新登录后再签。",
        "You signed in more than five minutes ago; nothing was signed. Please sign in again.",
    ),
    "said_code_needed": (
        "请先获取并填写验证码，还没有签上。",
        "Please get a code and enter it; nothing was signed yet.",
    ),
    "said_code_wrong": (
        "验证码不对，还没有签上，请再试。",
        "That is not the code; nothing was signed. Please try again.",
    ),
    "said_code_spent": (
        "验证码已过期或试错太多次，还没有签上，请重新获取。",
        "The code has expired or was tried too often; nothing was signed. Please get a new one.",
    ),
    "said_empty": ("还没有写名字，没有签上。", "There is no signature yet; nothing was signed."),
    "said_dot": (
        "一个点或一小画不能当作签名，没有签上。请写您的名字，或改为键入姓名。",
        "A dot or a single tick is not a signature; nothing was signed. Please write your name, or type it.",
    ),
    "said_small": (
        "写得太小，看不出是名字，没有签上。请写大一些，或改为键入姓名。",
        "It is too small to be read as a name; nothing was signed. Please write larger, or type it.",
    ),
    "said_garbled": (
        "笔迹没有完整传到，没有签上。请重写一次，或改为键入姓名。",
        "The strokes did not arrive whole; nothing was signed. Please write again, or type your name.",
    ),
    "said_name": (
        "键入的姓名与登记的不一致，没有签上。请键入：{name}",
        "The typed name is not the one on file; nothing was signed. Please type: {name}",
    ),
    "said_elsewhere": (
        "持牌平台需要您的手机号来核对身份，系统里还没有。请联系 HR 登记后再签。",
        "The licensed provider needs your mobile number to check who you are, and none is on file. Please ask HR.",
    ),
    "said_away": (
        "签署平台暂时没有应答，还没有签任何东西，请过几分钟再试。",
        "The provider does not answer; nothing was signed. Please try again in a few minutes.",
    ),
    "said_code_sent": ("验证码已发出，10 分钟内有效。", "The code is on its way and good for ten minutes."),
    "said_code_wait": ("刚刚发过验证码，请过一分钟再试。", "A code was just sent; please wait a minute."),
    "file_of": ("{name} 的文件", "Document of {name}"),
    "file_lead": (
        "只供查看，不能代签。您打开此页这件事已记录，{name} 能看到。",
        "For reading only; nobody signs for somebody else. Your visit is on record and {name} can see it.",
    ),
    "file_open": ("等本人签署", "Waiting for the person"),
    "file_signed": ("本人已签署", "Signed by the person"),
    "file_declined": ("本人选择不签名", "The person chose not to sign"),
    "file_refused_witnessed": ("当面未签署，两人见证", "Not signed in person, two witnesses"),
    "file_superseded": ("已由新版代替", "Replaced by a newer version"),
    "file_withdrawn": ("已收回", "Taken back"),
    "file_copy": ("打开加封的副本（PDF）", "Open the sealed copy (PDF)"),
    "witness": ("记录当面拒签", "Record a refusal in person"),
    "witness_about": (
        "如实写下时间、地点和经过，由两位在场的同事在聊天里确认后才成立。它不是签名，也不表示同意，本人会收到通知。",
        "Write down when, where and what happened. It stands once two colleagues who were there confirm it in chat. It "
        "is neither a signature nor agreement, and the person is told.",
    ),
    "witness_how": ("时间、地点、经过", "When, where and what happened"),
    "witness_who": ("在场的同事（姓名或账号）", "Colleague who was there (name or account)"),
    "witness_do": ("请两位同事确认", "Ask both to confirm"),
    "witness_asked": ("已请两位同事在聊天里确认。", "Both colleagues were asked in chat."),
    "witness_unknown": (
        "没有找到这位同事，或同名不止一位，请填账号。",
        "Nobody, or more than one, has that name; please give the account.",
    ),
    "witness_wrong": (
        "没有记录：请选两位在场、在职的同事（不能是您自己或本人），并写明经过。文件已签或已收回时不能再记录。",
        "Not recorded: choose two active colleagues who were there, not yourself nor the person, and say what happened."
        " Once signed or taken back nothing can be recorded.",
    ),
}


def say(lang: Lang, key: str, /, **values: object) -> str:
    """The sentence in `lang`. KeyError for a key that does not exist."""
    text = WORDS[key][LANGS.index(lang)]
    return text.format(**values) if values else text
