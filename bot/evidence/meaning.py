"""What a recorded event proves and what it does not, in words for a judge. Pure; the table is `meaning.txt`."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources

# An event a type of which is not in the table is judged by its last word.
_FAVOURS = frozenset(
    {"answered", "appealed", "corrected", "declined", "disputed", "expired", "explained", "failed", "objected"}
    | {"overturned", "recalled", "refused", "replied", "returned", "upheld", "withdrawn"}
)
_NOT = {
    "click": (
        "不证明当时拿着手机的就是本人，也不证明内容属实；账号与本人的对应、是否出于自愿，须另行证明",
        "that this person held the phone, acted freely, or that what was said is true; account and person must be"
        " connected by other evidence",
    ),
    "shown": (
        "不证明本人读过或同意，也不证明内容属实",
        "that the person read it or agreed, nor that it is true",
    ),
    "vendor": (
        "不证明本人看到或知道；平台的答复以平台自己留存的记录为准",
        "that the person saw or knew it; the platform's own records decide what the platform answered",
    ),
    "attend": (
        "不证明本人当时在岗或缺勤；考勤设备或网络可能出错，以考勤系统原始记录和其他证据为准",
        "that the person was at work or absent; devices and networks fail, the attendance system's own records and"
        " other evidence decide",
    ),
    "system": (
        "不证明所记事项在系统之外确实如此，也不证明其理由成立",
        "that matters outside the system were so, nor that the reasons are right",
    ),
    "paper": (
        "不证明信封内装了什么，也不证明本人签收；以邮政、工会等第三方的原件为准",
        "what was in the envelope or who signed for it; the originals of the post or the union decide",
    ),
    "log": (
        "不证明任何人的行为，只说明本日志自身的状态",
        "anything anybody did; it only describes the state of this log",
    ),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """`title_*`: what happened in a few words. `proves_*`, `not_*`: one clause without full stop. `favours`: may speak
    for the employee. `known`: False for the generic answer about a type that is not in the table."""

    title_zh: str
    title_en: str
    proves_zh: str
    proves_en: str
    not_zh: str
    not_en: str
    favours: bool
    known: bool = True


def meaning(type: str) -> Meaning:
    """Of an event type such as "notice.delivered". Never raises: an unknown type gets an honest generic answer."""
    return _table().get(type) or _generic(type)


@functools.cache
def _table() -> dict[str, Meaning]:
    lines = resources.files("bot.evidence").joinpath("meaning.txt").read_text(encoding="utf-8").splitlines()
    return dict(_row(line) for line in lines if line and not line.startswith("#"))


def _row(line: str) -> tuple[str, Meaning]:
    type, title_zh, title_en, kind, proves_zh, proves_en = line.split("|")
    not_zh, not_en = _NOT[kind.rstrip("+")]
    return type, Meaning(title_zh, title_en, proves_zh, proves_en, not_zh, not_en, kind.endswith("+"))


def _generic(type: str) -> Meaning:
    return Meaning(
        title_zh=f"事项 {type}",
        title_en=f"Event {type}",
        proves_zh="系统在所记时间收录了这一事项，其内容此后未被改动",
        proves_en="the event was recorded at the stated time and its contents have not been changed since",
        not_zh="本报告没有为此类事项备下说明：不证明内容属实，也不证明任何人知悉或同意",
        not_en="that the contents are true, or that anybody knew or agreed; the type is not explained in this report",
        favours=type.rpartition(".")[2] in _FAVOURS,
        known=False,
    )
