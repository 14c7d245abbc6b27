"""What platforms, channels and people tell, turned into facts, kept per person, and put on record once each.

The state is written by `store.learned` from facts alone; evidence only about what changed something, so that a
repetition leaves no second trace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.context import Context
from bot.delivery import crowds
from bot.delivery.outbox import Row
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.vault import vault_of
from bot.ports.crowds import Outcome
from bot.router import Carried, carried, harvested
from bot.store import new_ref
from bot.tables import person as people_table
from handlers.notices import store, tables as tb
from handlers.notices.rules import INFORM, Fact

News = Mapping[str, tuple[Fact, Mapping[str, str]]]
"""person id -> (what was learned, where it is from: short texts)."""
EVENTS = {
    "accepted": "notice.accepted",
    "delivered": "notice.delivered",
    "opened": "notice.platform_read",
    "rejected": "notice.rejected",
    "dropped": "notice.dropped",
    "expired": "notice.expired",
    "unknown": "notice.unknown",
    "unreached": "notice.unreached",
}
SAID = {
    "received": "notice.acknowledged",
    "agreed": "notice.agreed",
    "objected": "notice.objected",
    "appealed": "notice.appealed",
    "signed": "notice.signed",
    "declined": "notice.refused",
}
RAW = 4000
"""Characters of a vendor's answer that are kept with each person; a longer one is cut, its row keeps it whole."""
RANK = ("queued", "stopped", "accepted", "unknown", "expired", "rejected", "dropped", "delivered", "opened")
"""Of an attempt's state: news in any order only ever raise it."""


@carried(store.PREFIX)
def carried_out(ctx: Context, row: Row, result: Carried) -> None:
    """A message of ours was taken, refused, or given up."""
    if row.kind not in ("send", crowds.KIND, "channel"):
        return
    members = dict(crowds.members(ctx.db, row))
    mine = _attempts(ctx, row, list(members))
    news: dict[str, tuple[Fact, Mapping[str, str]]] = {}
    states: dict[str, tuple[str, str]] = {}
    source = {"ch": row.platform, "route": row.route, "row": row.id, "ambiguous": str(result.ambiguous).lower()}
    for person_id in mine:
        user = members[person_id]
        code = result.refused.get(user, "") or (result.code if result.state == "failed" else "")
        if result.state == "stopped":
            states[person_id] = ("stopped", result.code)
            continue
        kind = "rejected" if code or result.state == "failed" else "accepted"
        states[person_id] = (kind, code)
        more = {"message_id": result.message_id[:80], "code": code[:80]}
        news[person_id] = Fact(kind, result.at or ctx.now), source | more
    _mark(ctx, row, mine, states)
    learn_many(ctx, row.matter, news, raw=json.dumps(dict(result.raw), ensure_ascii=False, default=str, sort_keys=True))


@harvested(store.PREFIX)
def reported(ctx: Context, row: Row, outcomes: Mapping[str, Outcome]) -> None:
    """What the vendor says later. "Not opened" says nothing about delivery, so nothing is learned from it."""
    mine = _attempts(ctx, row, list(outcomes))
    said = {person: one for person, one in outcomes.items() if one.state != "unopened"}
    news: dict[str, tuple[Fact, Mapping[str, str]]] = {}
    for person, one in said.items():
        timed = "platform" if one.at else "ours"
        source = {"ch": row.platform, "route": row.route, "row": row.id, "code": one.code[:80], "time": timed}
        news[person] = Fact(one.state, one.at or ctx.now), source
    _mark(ctx, row, mine, {person: (one.state, one.code) for person, one in said.items()})
    learn_many(ctx, row.matter, news)


def _attempts(ctx: Context, row: Row, people: Sequence[str]) -> dict[str, int]:
    """person id -> number of the attempt that this row is. Somebody split off into a row of their own is found by the
    channel: their attempt still names the row that they were in."""
    a = tb.attempt.c
    if not people:
        return {}
    mine = (a.notice_id == row.matter, a.person_id.in_(people))
    found = ctx.db.execute(
        sa.select(a.person_id, a.step, a.row_id, a.channel, a.state).where(*mine).order_by(a.step)
    ).all()
    exact = {each.person_id: each.step for each in found if each.row_id == row.id}
    moved = {
        each.person_id: each.step
        for each in reversed(found)
        if each.person_id not in exact and each.state == "queued" and each.channel.endswith(f".{row.route}")
    }
    return exact | (moved if row.kind == crowds.KIND else {})


def _mark(ctx: Context, row: Row, steps: Mapping[str, int], states: Mapping[str, tuple[str, str]]) -> None:
    a = tb.attempt.c
    grouped: dict[tuple[int, str, str], list[str]] = {}
    for person, (state, code) in states.items():
        if person in steps:
            grouped.setdefault((steps[person], state, code[:60]), []).append(person)
    for (number, state, code), people in sorted(grouped.items()):
        lower = RANK[: RANK.index(state)]
        mine = (a.notice_id == row.matter, a.step == number, a.person_id.in_(people), a.state.in_(lower))
        values = {"state": state, "code": code, "at": ctx.now, "row_id": row.id}
        ctx.db.execute(sa.update(tb.attempt).where(*mine).values(values))


def learn_many(ctx: Context, notice_id: str, news: News, *, raw: str = "") -> list[str]:
    """Keep what was learned about people of one notice and put what is new on record; whose state changed.

    `raw`: the vendor's whole answer, kept with each event. Somebody who is not on the list is passed over.
    """
    rows = _locked(ctx, notice_id, list(news))
    told = store.learned(ctx.db, rows, [(person, news[person][0]) for person in news if person in rows])
    refs = _refs(ctx, [person for person, _ in told])
    drafts = []
    for person, fact in told:
        type = SAID.get(fact.answer, "notice.acknowledged") if fact.answer else EVENTS[fact.kind]
        parts = [Part("platform.json", "text/plain; charset=utf-8", raw[:RAW].encode())] if raw else []
        source = {name: text for name, text in news[person][1].items() if text}
        subject = refs.get(person, "p:none")
        drafts.append(Draft(f"evt_{new_ref()}", type, fact.at, ctx.now, "p:system", subject, notice_id, parts, source))
    if drafts:
        append_many(ctx.db, ctx.keys, drafts, vault=vault_of(ctx.keys.key_dir))
    _hurry(ctx, notice_id, [person for person, fact in told if fact.kind in ("rejected", "unreached")])
    return [person for person, _ in told]


def learn(ctx: Context, notice_id: str, person_id: str, fact: Fact) -> bool:
    """Keep one fact about one person without evidence: the caller records it. True when it changed something."""
    rows = _locked(ctx, notice_id, [person_id])
    return bool(rows) and bool(store.learned(ctx.db, rows, [(person_id, fact)]))


def _locked(ctx: Context, notice_id: str, people: Sequence[str]) -> dict[str, store.Recipient]:
    """The rows, for us alone until commit and in one order: two news about one person come one after the other."""
    r = tb.recipient.c
    if not people:
        return {}
    mine = sa.select(r.person_id).where(r.notice_id == notice_id, r.person_id.in_(people))
    ctx.db.execute(mine.order_by(r.person_id).with_for_update())
    return store.recipients(ctx.db, notice_id, people)


def _hurry(ctx: Context, notice_id: str, people: Sequence[str]) -> None:
    """The chat did not take it: the plan's next step need not wait, where there is one."""
    r, n = tb.recipient.c, tb.notice.c
    only = sa.exists().where(n.id == notice_id, n.importance == INFORM)
    mine = (r.notice_id == notice_id, r.person_id.in_(people), sa.or_(r.next_at.is_not(None), only))
    if people:
        ctx.db.execute(sa.update(tb.recipient).where(*mine).values(next_at=ctx.now))


def _refs(ctx: Context, people: Sequence[str]) -> dict[str, str]:
    if not people:
        return {}
    found = sa.select(people_table.c.id, people_table.c.ref).where(people_table.c.id.in_(people))
    return {row.id: row.ref for row in ctx.db.execute(found)}


def since(at: datetime | None, now: datetime) -> datetime:
    """A vendor's clock may be ahead: nothing happened later than we learned of it."""
    return min(at, now) if at else now
