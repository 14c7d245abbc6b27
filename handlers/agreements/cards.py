"""What people read about the two consents. Pure. A no costs nothing, and every card says so or says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.card import Button, Card, Fact
from handlers.agreements.rules import KINDS, Addresses, Kind, State
from handlers.agreements.wording import NAMES, NOT_GIVEN

P = "agreements."
AGREE, REFUSE, CHANGE = "同意并确认", "暂不同意", "修改地址"
FREE = "自愿选择。不同意不影响工作与待遇，改用纸质。 Your choice; refusing has no drawback."
_STATES: Mapping[str, str] = MappingProxyType(
    {
        "none": "尚未签署",
        "asked": "待您答复",
        "agreed": "有效",
        "refused": "暂不同意",
        "withdrawn": "已撤回",
        "expired": "已到期",
        "superseded": "已更新，待重新签署",
    }
)
_TAKE_BACK: Mapping[Kind, str] = MappingProxyType({"edelivery": "撤回电子送达同意", "esign": "撤回电子签名同意"})


def page(kind: Kind, number: int, total: int, text: str) -> Card:
    """One page of the full text, before the question about it."""
    return Card(f"{NAMES[kind]}（{number}/{total}）", text)


def ask_edelivery(ref: str, where: Addresses, until: str) -> Card:
    """The question about the addresses; `until` like `2027-06-11`. The whole text went before."""
    return Card(
        "请确认您的电子送达地址",
        "全文见上。送达不等于同意内容；随时可以修改或撤回。",
        (
            Fact("手机", where.mobile or NOT_GIVEN),
            Fact("邮箱", where.email or NOT_GIVEN),
            Fact("通信地址", where.post or NOT_GIVEN),
            Fact("有效至", until),
        ),
        buttons=(
            Button(AGREE, P + "agree", ref, "primary"),
            Button(REFUSE, P + "refuse", ref),
            Button(CHANGE, P + "change", ref),
        ),
        footer=FREE,
    )


def ask_esign(ref: str, origin: str, fingerprint: str, until: str) -> Card:
    """The question about signing and records; names the log and its key."""
    return Card(
        "是否同意电子签名与存证方式？",
        f"全文见上。签字只表示收到，不代表同意内容。公钥指纹：{fingerprint}",
        (Fact("日志", origin), Fact("有效至", until)),
        buttons=(Button(AGREE, P + "agree", ref, "primary"), Button(REFUSE, P + "refuse", ref)),
        footer=FREE,
    )


def agreed(kind: Kind, until: str) -> Card:
    """After [同意并确认]; `until` is the last day."""
    return Card(
        f"已签署{NAMES[kind]}",
        f"有效至 {until}。随时可以回复「{_TAKE_BACK[kind]}」撤回，回复「我的同意」查看。",
        closed="已同意并确认",
    )


def refused(kind: Kind) -> Card:
    """After [暂不同意]."""
    return Card(
        f"已记下：暂不同意{NAMES[kind]}",
        "没有关系，相关文书会改用纸质方式。之前的同意（如有）同时停用。以后愿意时回复「签署同意书」即可。",
        closed="暂不同意",
    )


def withdrawn(kinds: Sequence[Kind]) -> Card:
    """After a withdrawal in words."""
    what = "、".join(NAMES[kind] for kind in kinds)
    return Card(
        "已撤回",
        f"{what}自现在起停用，改用纸质方式；撤回之前的送达与签署不受影响。以后愿意时回复「签署同意书」即可。"
        " Withdrawn as of now; paper is used instead.",
    )


def address_wanted(ref: str) -> Card:
    """[修改地址]: the next message is read as the address."""
    return Card(
        "请直接回复新的地址",
        "手机号、电子邮箱、通信地址，写要改的就行。例如：13800000000，上海市浦东新区世纪路 8 号 302 室",
        buttons=(Button("不改了", P + "keep", ref),),
        footer="收到后会念给您确认，确认后才生效。",
    )


def kept() -> Card:
    """[不改了]."""
    return Card("好的，地址不变", "之前的确认卡片仍然有效，可以继续答复。", closed="没有修改")


def replaced() -> Card:
    """An asking that a newer one took the place of."""
    return Card("这份确认书已更新", "请在最新的卡片上答复。", closed="已更新")


def standing(states: Sequence[State], where: Addresses, days: Mapping[Kind, str]) -> Card:
    """我的同意: both consents with state and date; `days` are the local last days of the valid ones."""
    facts = [Fact("送达" if each.kind == "edelivery" else "签名存证", _line(each, days)) for each in states]
    given = [("手机", where.mobile), ("邮箱", where.email), ("通信地址", where.post)]
    facts += [Fact(label, value) for label, value in given if value]
    return Card(
        "我的同意",
        "撤回请回复「撤回电子送达同意」或「撤回电子签名同意」；改地址回复「修改地址」；看全文回复「同意书全文」；"
        "重新签署回复「签署同意书」。 To withdraw, reply “withdraw delivery consent” or “withdraw signature consent”.",
        tuple(facts),
    )


def _line(state: State, days: Mapping[Kind, str]) -> str:
    return f"有效至 {days[state.kind]}" if state.valid else _STATES[state.state]


def coming() -> Card:
    """签署同意书: they are sent in working hours."""
    return Card("好的", "同意书会在工作时间（10:00–17:00）发给您，看过全文再决定。")


def nothing() -> Card:
    """Nothing to withdraw, to change or to read."""
    return Card("目前没有生效或待签的同意书", "需要签署时回复「签署同意书」。 Nothing is in force at the moment.")


def expired(kind: Kind, why: str) -> Card:
    """`why`: time, account."""
    reason = "更换了工作账号" if why == "account" else "已满一年"
    return Card(f"{NAMES[kind]}{reason}，现已停用", "会再次征求您的意见，您可以重新选择。在此之前改用纸质方式。")


_WHERE = Addresses("13800000000", "zhang@example.com", "上海市浦东新区世纪路 8 号 302 室")
SAMPLES: Mapping[str, Card] = MappingProxyType(
    {
        "page": page("edelivery", 1, 3, "一、我是张三"),
        "ask_edelivery": ask_edelivery("r1", _WHERE, "2027-06-11"),
        "ask_edelivery_empty": ask_edelivery("r1", Addresses(), "2027-06-11"),
        "ask_esign": ask_esign("r1", "hr.example.com/hr-log/1", "0123 4567 89ab cdef", "2027-06-11"),
        **{f"agreed_{kind}": agreed(kind, "2027-06-11") for kind in KINDS},
        **{f"refused_{kind}": refused(kind) for kind in KINDS},
        "withdrawn": withdrawn(KINDS),
        "address_wanted": address_wanted("r1"),
        "kept": kept(),
        "replaced": replaced(),
        "standing": standing(
            (State("edelivery", "agreed", True), State("esign", "refused", False)), _WHERE, {"edelivery": "2027-06-11"}
        ),
        "coming": coming(),
        "nothing": nothing(),
        "expired": expired("esign", "time"),
        "expired_account": expired("edelivery", "account"),
    }
)
