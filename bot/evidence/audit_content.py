"""Second half of the self-audit: envelopes, parts and chains of every object, in the order of the chains."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, select

from bot.evidence import notes
from bot.evidence.audit_tree import rows
from bot.evidence.findings import Report
from bot.evidence.log import promise_text
from bot.evidence.notes import VKey, parse_vkey
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.vault import salt_of

Opener = Callable[[Connection, Any], bytes | None]
"""Plain content of an `ev_part` row; None when erased, ValueError when tampered (`vault.Vault.open_part`)."""
_INLINE = 65_536
_json = json.JSONDecoder().raw_decode  # the bytes are already proven: no need to look for encodings and tails
_PROMISES = 1000
_EVENT = (
    "e.event_id, e.epoch, e.log_index, e.type, e.at_ms, e.seen_ms, e.actor, e.subject, e.object_id, e.object_seq,"
    " e.entry, e.leaf_hash, e.envelope, e.salt, o.head_seq, o.head_leaf"
)
_PART = (
    f"p.position, p.name, p.media_type, p.length, p.commitment, p.salt, p.sealed_for, p.content IS NULL,"
    f" CASE WHEN p.length <= {_INLINE} AND p.sealed_for IS NULL THEN p.content END"
)
_QUERY = (
    f"SELECT {_EVENT}, {_PART} FROM ev_event e LEFT JOIN ev_object o ON o.object_id = e.object_id"  # noqa: S608
    " LEFT JOIN ev_part p ON p.event_id = e.event_id ORDER BY e.object_id, e.object_seq, p.position"
)


@dataclass(slots=True)
class _Chain:
    """Where the walk through one object is."""

    object_id: str = ""
    seq: int = 0
    leaf: bytes = b""
    head: tuple[int | None, bytes | None] = (0, b"")
    last: str = ""


def check_contents(
    conn: Connection, origins: Mapping[int, str], report: Report, *, opener: Opener | None, start: int
) -> None:
    """Every envelope, part and chain that is not erased; about a thousand promises, from event number `start` on."""
    promises = {epoch: parse_vkey(text) for epoch, text in _promise_keys(conn).items()}
    total = conn.exec_driver_sql("SELECT count(*) FROM ev_event").scalar() or 0
    every, chain = max(1, total // _PROMISES), _Chain()
    for number, (_, group) in enumerate(groupby(rows(conn, _QUERY), key=itemgetter(0))):
        event = next(group)
        report.pending += event[2] is None
        link = _follow(chain, event, report)
        envelope = _envelope(event, origins, report)
        if envelope is not None and not _linked(envelope, event, link):
            _blame(report, "chain", event, "记录与同一事项的前一条接不上", "does not follow the event before it")
        _parts(conn, event, group, envelope, opener, report=report)
        if number % every == start % every:
            _promise(conn, event, promises, origins, report)
    _close(chain, report)
    _orphans(conn, report)


def _promise_keys(conn: Connection) -> dict[int, str]:
    return {row[0]: row[1] for row in conn.exec_driver_sql("SELECT epoch, promise_vkey FROM ev_epoch")}


def _blame(report: Report, kind: str, event: Any, zh: str, en: str) -> None:
    report.add(kind, zh, en, event_id=event[0], epoch=event[1], index=event[2])


def _follow(chain: _Chain, event: Any, report: Report) -> bytes | None:
    """Move to `event`; returns the leaf its envelope must link to, None for the first, empty when that is unknown."""
    if event[8] != chain.object_id:
        _close(chain, report)
        chain.object_id, chain.seq, chain.leaf = event[8], 0, b""
    known = event[9] == chain.seq + 1
    if not known:
        zh = f"事项 {event[8]} 的第 {chain.seq + 1} 条不见了"
        _blame(report, "chain", event, zh, f"number {chain.seq + 1} of {event[8]} is missing before this one")
    before = None if event[9] == 1 else chain.leaf if known else b""
    chain.seq, chain.leaf, chain.head, chain.last = event[9], event[11], (event[14], event[15]), event[0]
    return before


def _close(chain: _Chain, report: Report) -> None:
    if chain.object_id and chain.head != (chain.seq, chain.leaf):
        zh, en = f"事项 {chain.object_id} 末尾的记录不见了", f"the last events of {chain.object_id} are gone"
        report.add("chain", zh, en, event_id=chain.last)


def _orphans(conn: Connection, report: Report) -> None:
    gone = (
        "SELECT o.object_id FROM ev_object o WHERE o.head_seq > 0"
        " AND NOT EXISTS (SELECT 1 FROM ev_event e WHERE e.object_id = o.object_id)"
    )
    for (name,) in rows(conn, gone):
        report.add("chain", f"事项 {name} 的记录全部不见了", f"all events of {name} are gone")


def _envelope(event: Any, origins: Mapping[int, str], report: Report) -> dict[str, Any] | None:
    """The parsed envelope when it is there and proven by its entry; a difference to the row's columns is reported."""
    raw, salt = event[12], event[13]
    if raw is None or salt is None:
        report.erased += 1
        return None
    line = binascii.b2a_base64(hashlib.sha256(salt + raw).digest())
    if len(salt) != 32 or event[10] != b"hrlog/1\n" + line:
        _blame(report, "envelope", event, "内容与承诺值不符，入库后被改动", "the content differs from its commitment")
        return None
    found: dict[str, Any] = _json(raw.decode())[0]
    at, seen, place = found["at"], found["seen"], found["object"]
    at_ms = _ms(at)
    said = (
        found["id"], found["type"], at_ms, at_ms if seen == at else _ms(seen), found["actor"], found["subject"],
        place["id"], place["seq"],
    )  # fmt: skip
    # Nothing of a new epoch 1 was signed yet: its origin is not known to the database.
    if said != (event[0], *event[3:10]) or found["log"] != origins.get(event[1], found["log"]):
        _blame(report, "columns", event, "数据库的列与已证明的内容不符", "a column differs from the proven content")
    return found


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _linked(envelope: Mapping[str, Any], event: Any, before: bytes | None) -> bool:
    previous = envelope["object"]["prev"]
    return before == b"" or previous == (None if before is None else before.hex())


def _parts(
    conn: Connection, first: Any, more: Iterator[Any], envelope: Mapping[str, Any] | None, opener: Opener | None,
    *, report: Report,
) -> None:  # fmt: skip
    mine = [] if first[16] is None else [first[16:]]
    mine += [row[16:] for row in more]
    if envelope is not None:
        told = [(part["name"], part["mt"], part["len"], part["c"]) for part in envelope["parts"]]
        if told != [(part[1], part[2], part[3], notes.b64(part[4])) for part in mine]:
            _blame(report, "part", first, "附件与记录所列不符", "its parts are not the ones it lists")
    for part in mine:
        report.parts += 1
        if part[7]:
            report.erased += 1
        elif part[6] is not None and opener is None:
            report.sealed += 1
        elif not _kept(conn, first[0], part, opener, report):
            _blame(report, "part", first, f"附件 {part[1]} 被改动", f"part {part[1]} was changed")


def _kept(conn: Connection, event_id: str, part: Any, opener: Opener | None, report: Report) -> bool:
    content, salt = part[8], part[5]
    if content is None:
        where = (ev_part.c.event_id == event_id, ev_part.c.position == part[0])
        row = conn.execute(select(ev_part).where(*where)).one()
        try:
            sealed = opener if row.sealed_for is not None else None
            content, salt = (sealed(conn, row), sealed(conn, salt_of(row))) if sealed else (row.content, row.salt)
        except ValueError:
            return False
        if content is None:
            report.erased += 1
            return True
    digest = hashlib.sha256((salt or b"") + content).digest()
    return len(salt or b"") == 32 and len(content) == part[3] and hmac.compare_digest(digest, part[4])


def _promise(
    conn: Connection, event: Any, keys: Mapping[int, VKey], origins: Mapping[int, str], report: Report
) -> None:
    key = keys.get(event[1])
    if key is None:
        return  # nothing of this epoch was signed yet
    report.signatures += 1
    given = conn.execute(select(ev_event.c.promise).where(ev_event.c.event_id == event[0])).scalar_one()
    try:
        sound = notes.open_note(given, [key])[0] == promise_text(origins[event[1]], event[11], event[5])
    except ValueError:
        sound = False
    if not sound:
        _blame(report, "promise", event, "给员工的承诺不符", "the promise given to the employee does not fit")
