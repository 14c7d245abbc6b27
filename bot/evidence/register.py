"""The purpose register: what kinds of records exist, what for, on which legal ground, and for how long. Pure.

Laws by their own titles: 个人信息保护法 (PIPL), 劳动合同法 (Labour Contract Law), 工资支付暂行规定 (Wage Payment
Provisions), 劳动争议调解仲裁法 (Labour Dispute Mediation and Arbitration Law). Periods are engineering defaults that
the firm's counsel confirms; none is shorter than the statute named beside it.

`python -m bot.evidence.register > docs/privacy.md` writes the page; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record, found by the beginning of an event's type (`""`: everything else).

    `minimum`: the law wants it kept at least so long; `keep`: erased by itself afterwards. Both count from the end of
    the employment (clock "employment") or from the record itself (clock "record").
    `audit`: ids and times only, about how data were handled; stays when a person is erased, until its own `keep`.
    """

    prefix: str
    name: tuple[str, str]
    purpose: tuple[str, str]
    basis: str
    statute: str
    minimum: timedelta
    keep: timedelta
    clock: Literal["employment", "record"] = "employment"
    audit: bool = False


_HR = "个人信息保护法 第十三条第一款第（二）项：人力资源管理所必需"
_DUTY = "个人信息保护法 第十三条第一款第（三）项：履行法定义务所必需"
_LABOUR = "劳动合同法 第五十条第三款：文本至少保存二年备查"
_WAGE = "工资支付暂行规定 第六条：支付记录保存二年以上备查"
_ARBITRATION = "劳动争议调解仲裁法 第二十七条：仲裁时效一年；第六条：用人单位掌握的证据由用人单位提供"
_AUDIT = "个人信息保护法 第五十六条第二款：处理情况记录至少保存三年"

_KINDS: tuple[Kind, ...] = (
    Kind(
        "checkin.",
        ("未打卡关怀与补卡", "missed punches and corrections"),
        ("确认员工平安，更正考勤", "see that the person is well, correct the attendance"),
        _HR,
        _WAGE,
        2 * YEAR,
        3 * YEAR,
    ),
    Kind(
        "consent.",
        ("电子送达与电子签名的同意", "consents to electronic delivery and signature"),
        ("证明以何种方式约定了送达、签名与存证", "prove what was agreed on delivery, signature and records"),
        _HR,
        _LABOUR,
        2 * YEAR,
        3 * YEAR,
    ),
    *(
        Kind(prefix, name, purpose, _HR, _LABOUR, 2 * YEAR, 3 * YEAR)
        for prefix, name, purpose in (
            (
                "chat.",
                ("聊天里发来的文件", "files sent in the chat"),
                ("交给正在办理的事项，或由 HR 查看", "hand them to the matter in hand, or let HR look"),
            ),
            (
                "notice.",
                ("通知与送达", "announcements"),
                ("证明通知的内容与送达", "prove what was notified and that it arrived"),
            ),
            ("delivery.", ("消息送达", "deliveries"), ("证明消息已送达", "prove that messages arrived")),
            ("ems.", ("邮寄送达", "postal delivery"), ("证明邮寄送达", "prove delivery by post")),
            ("signature.", ("签署记录", "signatures"), ("证明签署人与签署内容", "prove who signed what")),
            ("document.", ("待签文件", "documents to sign"), ("证明签署人与签署内容", "prove who signed what")),
            ("handover.", ("离职交接", "handover"), ("证明交接事项", "prove what was handed over")),
            (
                "decision.",
                ("人事决定", "decisions"),
                ("证明决定经人工复核", "prove that a person reviewed the decision"),
            ),
        )
    ),
    *(
        Kind(prefix, name, purpose, _HR, _ARBITRATION, YEAR, 3 * YEAR)
        for prefix, name, purpose in (
            ("goal.", ("绩效目标", "goals"), ("证明目标经双方确认", "prove that goals were agreed")),
            ("score.", ("绩效评分", "scores"), ("证明评分与申诉", "prove scores and appeals")),
            ("policy.", ("规章公示", "rules"), ("证明规章已告知", "prove that rules were made known")),
            ("training.", ("培训", "training"), ("证明培训", "prove training")),
            ("exam.", ("考核", "exams"), ("证明考核结果", "prove results")),
        )
    ),
    Kind(
        "data.",
        ("查阅、更正请求", "requests for access and correction"),
        ("答复本人的请求", "answer the person's requests"),
        _DUTY,
        _AUDIT,
        timedelta(0),  # a request must not stand in the way of the erasure it asks for
        3 * YEAR,
        clock="record",
    ),
    *(
        Kind(prefix, name, purpose, _DUTY, _AUDIT, 3 * YEAR, 3 * YEAR, clock="record", audit=True)
        for prefix, name, purpose in (
            ("access.", ("查看记录", "views"), ("让本人知道谁看过", "let the person know who looked")),
            ("export.", ("导出记录", "exports"), ("让本人知道谁导出过", "let the person know who exported")),
            ("erasure.", ("删除记录", "erasures"), ("证明已依法删除", "prove that data were erased")),
            ("hold.", ("保全记录", "holds"), ("证明争议期间的保全", "prove what was held for a dispute")),
        )
    ),
    *(
        Kind(prefix, name, purpose, _DUTY, _AUDIT, timedelta(0), 3 * YEAR, clock="record")
        for prefix, name, purpose in (
            (
                "identity.",
                ("身份核验与查看链接", "identity checks and links"),
                ("让离职人员核验身份后看到本人记录", "let people who left see their own record, and nobody else"),
            ),
            (
                "certificate.",
                ("离职证明补发", "certificates of leaving"),
                ("答复本人的补发申请", "answer requests for the certificate"),
            ),
        )
    ),
    Kind(
        "",
        ("其他人事记录", "other HR records"),
        ("处理人事事项", "handle HR matters"),
        _HR,
        _ARBITRATION,
        YEAR,
        3 * YEAR,
    ),
)

KINDS: Mapping[str, Kind] = {kind.prefix: kind for kind in _KINDS}
"""By prefix, in the order of the page."""
IMPERSONAL = ("log.", "anchor.", "tokens.", "system.")
"""About the log and the machinery; no person, never erased."""


def kind_of(event_type: str) -> Kind | None:
    """The kind of an event type; None for the machinery's own events."""
    if event_type.startswith(IMPERSONAL):
        return None
    return max((k for k in _KINDS if event_type.startswith(k.prefix)), key=lambda kind: len(kind.prefix))


def rows() -> list[dict[str, object]]:
    """The register as plain data: days, not words."""
    return [
        {
            "prefix": kind.prefix or "*",
            "name": kind.name[0],
            "name_en": kind.name[1],
            "purpose": kind.purpose[0],
            "purpose_en": kind.purpose[1],
            "basis": kind.basis,
            "statute": kind.statute,
            "minimum_days": kind.minimum.days,
            "keep_days": kind.keep.days,
            "clock": kind.clock,
        }
        for kind in _KINDS
    ]


_INTRO = """# 我们保存什么、为什么、多久 · What is kept, why, how long

Generated from `bot/evidence/register.py` by `python -m bot.evidence.register > docs/privacy.md`; a test compares the
two. `huizhi privacy register` prints the same.

- 存证日志里只有加盐的承诺值，没有姓名、内容或时间；内容存于数据库，按人加密。
  删除内容、盐值与密钥后，其他人的证明依然成立。
  The log holds salted commitments only; contents lie in the database, encrypted per person. Erasing content, salt and
  key leaves everybody else's proofs valid.
- 查阅：对机器人说「我的数据」。更正：「更正：……」。删除：「删除我的数据」。
  In chat: "my data", "correct: …", "erase my data".
- 法定期限未满或有争议保全时，停止存储以外的处理，到期自动删除（个人信息保护法 第四十七条第二款）。
  While a statutory period runs or a hold lasts, data are only stored; afterwards they are erased by themselves.
- 离职日未知时，以该员工最后一条记录的时间作为离职的起算点，且以已停用账号为前提。
  The end of employment counts from the person's last record, once the account is inactive.
- 备份：数据密钥 `data.key` 与数据库分开备份；数据库备份保存不超过 30 天，否则删除对备份不完整。
  Keep database backups at most 30 days and `data.key` apart from them, or erasure does not reach everything.

| 记录 Kind | 类型 Type | 目的 Purpose | 依据 Ground | 最短 At least | 自动删除 Erased after | 起算 From |
|---|---|---|---|---|---|---|
"""


def markdown() -> str:
    """docs/privacy.md, ending in one newline."""
    return _INTRO + "".join(_row(kind) for kind in _KINDS)


def span(period: timedelta) -> str:
    """`3 年` for whole years, `—` for none."""
    return f"{period // YEAR} 年" if period else "—"


def _row(kind: Kind) -> str:
    since = "离职 employment ends" if kind.clock == "employment" else "记录 the record"
    cells = (
        " ".join(kind.name),
        f"`{kind.prefix}*`",
        f"{kind.purpose[0]}。{kind.purpose[1]}",
        f"{kind.basis}；{kind.statute}",
        span(kind.minimum),
        span(kind.keep),
        since,
    )
    return "| " + " | ".join(cells) + " |\n"


def main(_arguments: Sequence[str] = ()) -> None:
    """Print the page."""
    sys.stdout.write(markdown())


if __name__ == "__main__":
    main()
