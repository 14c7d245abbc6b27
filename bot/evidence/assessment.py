"""The impact assessment of 个人信息保护法 art. 55 and 56: what the installation knows, under the headings of art. 56
para. 1. The conclusions are the firm's; they are left open, never filled in."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.evidence.audit import EXPORTED, VIEWED
from bot.evidence.log import milliseconds
from bot.evidence.register import Kind, kind_of, span
from bot.evidence.tables import ev_event, ev_hold, ev_subject_key

YEAR = timedelta(days=365)
_HEAD = """# 个人信息保护影响评估 · Personal information impact assessment

制作于 Made {made}（UTC）。日志 Log {origin}。数字取自本系统，结论由单位填写。
Figures are this system's; the conclusions are for the firm to write.
至少保存三年（个人信息保护法 第五十六条第二款）。Keep it for three years.

## 一、目的与方式 · Purpose and manner（第五十六条第一款第一项）

| 记录 Kind | 目的 Purpose | 依据 Ground | 人数 People | 记录 Records | 自动删除 Erased after |
|---|---|---|---|---|---|
"""
_REST = """
目的与方式是否合法、正当、必要 Lawful, legitimate, necessary?：____________

## 二、对个人权益的影响与安全风险 · Effects and risks（第二项）

- 存有内容的人 People with contents kept：{people}
- 最近一年被查看 Looked at in a year：{viewed}；被导出 exported：{exported}
- 争议保全中 Held for a dispute：{held}；密钥已销毁（已删除）keys destroyed after erasure：{erased}
- 打卡、回复与评分关系到工资与劳动关系：错误的记录会损害本人，因此本人可当场看到、更正、申诉。
  Punches, replies and scores bear on pay and employment; people see, correct and appeal them.
- 账号不等于本人；数据库管理员能看到未加密的工作表。An account is not a person; a database owner reads working tables.

影响与风险的评价 Assessment：____________

## 三、保护措施 · Measures（第三项）

- 内容按人加密，日志中只有加盐的承诺值；删除时销毁内容、盐值与密钥，并清理数据库文件。
  Contents are encrypted per person, the log holds salted commitments; erasure destroys contents, salts and key.
- 查看和导出都记录在案，本人可见；期限届满自动删除。
  Looking and exporting are recorded and shown; what has been kept long enough goes by itself.
- 时间戳机构只收到哈希值。Time-stamping authorities get a hash and nothing else.
- 不采集人脸、轨迹和笔迹压感。No faces, no tracks, no pen pressure.

措施是否合法、有效并与风险相适应 Lawful, effective, proportionate?：____________

负责人 Person in charge：____________　　日期 Date：____________
"""


def markdown(conn: Connection, origin: str, now: datetime) -> str:
    """The whole assessment; `now` is aware. Names nobody."""
    kinds = _kinds(conn)
    rows = "".join(_row(kind, *kinds[kind]) for kind in sorted(kinds, key=lambda each: each.prefix))
    head = _HEAD.format(made=f"{now:%Y-%m-%d %H:%M}", origin=origin)
    return head + rows + _REST.format(**_figures(conn, now))


def _kinds(conn: Connection) -> dict[Kind, tuple[int, int]]:
    """Kind -> (people, records)."""
    found: dict[Kind, tuple[set[str], int]] = defaultdict(lambda: (set(), 0))
    columns = (ev_event.c.type, ev_event.c.subject, sa.func.count())
    where = ev_event.c.envelope.is_not(None)
    for event_type, subject, count in conn.execute(sa.select(*columns).where(where).group_by(*columns[:2])):
        if kind := kind_of(event_type):
            people, so_far = found[kind]
            found[kind] = (people | ({subject} - {"p:none", "p:system"}), so_far + count)
    return {kind: (len(people), count) for kind, (people, count) in found.items()}


def _row(kind: Kind, people: int, records: int) -> str:
    cells = (" ".join(kind.name), kind.purpose[0], f"{kind.basis}；{kind.statute}", people, records, span(kind.keep))
    return "| " + " | ".join(map(str, cells)) + " |\n"


def _figures(conn: Connection, now: datetime) -> dict[str, int]:
    def count(what: sa.ColumnElement[int], *where: sa.ColumnElement[bool]) -> int:
        return int(conn.execute(sa.select(what).where(*where)).scalar_one())

    recent = ev_event.c.seen_ms >= milliseconds(now - YEAR)
    return {
        "people": count(sa.func.count(ev_subject_key.c.subject), ev_subject_key.c.destroyed_ms.is_(None)),
        "erased": count(sa.func.count(ev_subject_key.c.subject), ev_subject_key.c.destroyed_ms.is_not(None)),
        "viewed": count(sa.func.count(ev_event.c.n), ev_event.c.type == VIEWED, recent),
        "exported": count(sa.func.count(ev_event.c.n), ev_event.c.type == EXPORTED, recent),
        "held": count(sa.func.count(ev_hold.c.subject.distinct()), ev_hold.c.released_ms.is_(None)),
    }
