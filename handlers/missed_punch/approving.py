"""Requests of this room on the core's chains: what is asked for, what the decider should know, who is away."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.approvals import flow as approvals_flow, rows as approvals_rows
from bot.approvals.data import chain_of, version_at
from bot.approvals.faces import Asked, Face, face
from bot.approvals.org import away
from bot.approvals.rows import Approval
from bot.card import Card
from bot.context import Context
from bot.people import Person
from bot.store import new_ref
from handlers.missed_punch import store, tables as t
from handlers.missed_punch.cards import approval as cards_approval
from handlers.missed_punch.cards.approval import Situation
from handlers.missed_punch.ladder import steps
from handlers.missed_punch.store import Case

CORRECTION, LEAVE, FIELD = "correction", "leave", "field"
DRAFT = "missed_punch.draft"
AGREE = "missed_punch.approve"
MOST_DAYS = 30
SHOWN = 4
_DECIDING = ("approval", "reason", "writing", "write_failed")
_NUMBERS = {char: value for value, char in enumerate("一二三四五六七八九十", 1)} | {"两": 2}
_DAYS = re.compile(
    r"(?<![第几\d.])(?P<zh>\d{1,2}|[一二两三四五六七八九十])\s*天(?!前)|\b(?P<en>\d{1,2}) days?\b(?! ago)"
)


def allowance(ctx: Context, person: Person, day: date, kind: str = CORRECTION) -> tuple[int, int | None]:
    """(number the next request of the kind would be in the month of `day`, the month's limit or None)."""
    known = approvals_rows.history(ctx.db, person.id, kind, day)
    done = sum(each.state == "approved" for each in known)
    if kind == CORRECTION:
        done = max(done, store.corrections(ctx.db, person.id, day))
    count = done + sum(each.state == "open" for each in known) + 1
    return count, chain_of(version_at(ctx.now, person.zone), kind).limit


def request_correction(ctx: Context, case: Case, person: Person, words: str) -> list[Person]:
    """Open the chain for a case that claims a time. Returns who was asked; nobody: it waits in HR's queue."""
    count, _limit = allowance(ctx, person, case.day)
    found = clashes(ctx.db, person.id, case.start_at, case.end_at, but=case.id)
    facts = {"count": count, "clashes": len(found), "days": 1}
    details = {"words": words}
    return approvals_flow.request(ctx, CORRECTION, case.id, person, day=case.day, facts=facts, details=details)


def lock(db: Connection, case_id: str) -> None:
    """Two who decide about one case in the same moment wait for each other here, before either holds a question."""
    db.execute(sa.select(t.case.c.id).where(t.case.c.id == case_id).with_for_update())


def draft(ctx: Context, case: Case, person: Person, what: str, words: str) -> None:
    """Draft leave or field work from a reply, for the person to submit or to leave. `what`: leave, medical, field."""
    start, end, days = span_of(case, person, words)
    now = situation(ctx, person, kind_of(what), case.day, start, end)
    when = said(start, end, person.zone)
    for each in ctx.open_asks(person.id, DRAFT):
        if each.matter == case.id:
            return
    ctx.ask(person, DRAFT, case.id, lambda ref: cards_approval.draft(ref, what, when, days, now), deadline=case.end_at)


def request_absence(ctx: Context, case: Case, person: Person, what: str) -> tuple[str, list[Person]]:
    """Submit the draft. Returns the matter and who was asked."""
    kind, matter = kind_of(what), f"lv-{new_ref()}"
    start, end, days = span_of(case, person, case.words)
    now = situation(ctx, person, kind, case.day, start, end)
    facts = {"count": now.count, "clashes": len(now.clashes), "days": days}
    details = {"what": what, "start": start.isoformat(), "end": end.isoformat(), "words": case.words, "case": case.id}
    return matter, approvals_flow.request(ctx, kind, matter, person, day=case.day, facts=facts, details=details)


def kind_of(what: str) -> str:
    """The chain of `what`."""
    return FIELD if what == "field" else LEAVE


def span_of(case: Case, person: Person, words: str) -> tuple[datetime, datetime, int]:
    """(start, end, calendar days): the case's shift, or as many days as the words say."""
    found = _DAYS.search(words)
    said_days = (found["zh"] or found["en"]) if found else "1"
    days = min(_NUMBERS.get(said_days) or int(said_days or 1) or 1, MOST_DAYS)
    zone = ZoneInfo(person.zone)
    return case.start_at, case.end_at.astimezone(zone) + timedelta(days=days - 1), days


def said(start: datetime, end: datetime, zone: str) -> str:
    """`6-11 09:00 – 6-12 18:00`, local."""
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    return f"{first.month}-{first.day} {first:%H:%M} – {last.month}-{last.day} {last:%H:%M}"


def situation(ctx: Context, person: Person, kind: str, day: date, start: datetime, end: datetime) -> Situation:
    """Before anything is applied for."""
    count, limit = allowance(ctx, person, day, kind)
    return Situation(count, limit, clashes(ctx.db, person.id, start, end), history(ctx.db, person.id, kind, day))


def clashes(db: Connection, person_id: str, start: datetime, end: datetime, but: str = "") -> tuple[str, ...]:
    """Keys of cards_approval.CLASHES: other leave, or a correction that waits, in that time."""
    inside = (t.leave.c.person_id == person_id, t.leave.c.start_at < end, t.leave.c.end_at > start)
    pending = {bool(each) for each in db.execute(sa.select(t.leave.c.pending).where(*inside)).scalars()}
    own = approvals_rows.of_subject(db, person_id, (LEAVE,), ("open", "approved"))
    pending |= {each.state == "open" for each in own if each.matter != but and covers(each, start, end)}
    joined = sa.select(t.case.c.id).join(t.shift, t.shift.c.id == t.case.c.shift_id)
    other = (t.case.c.person_id == person_id, t.case.c.id != but, t.case.c.state.in_(_DECIDING))
    corrections = db.execute(joined.where(*other, t.shift.c.start_at < end, t.shift.c.end_at > start)).first()
    named = (("leave", False in pending), ("leave_open", True in pending), ("correction", corrections is not None))
    return tuple(key for key, holds in named if holds)


def covers(each: Approval, start: datetime, end: datetime) -> bool:
    """Whether a request for leave or field work is about some of this time."""
    begin, over = each.details.get("start", ""), each.details.get("end", "")
    return bool(begin and over) and datetime.fromisoformat(begin) < end and datetime.fromisoformat(over) > start


def history(db: Connection, person_id: str, kind: str, day: date) -> tuple[str, ...]:
    """Days of the month with an approved request of the kind, newest first, as `6-3`."""
    known = {each.day for each in approvals_rows.history(db, person_id, kind, day) if each.state == "approved"}
    return tuple(f"{each.month}-{each.day}" for each in sorted(known, reverse=True)[:SHOWN])


@away
def absent(db: Connection, ids: Collection[str], now: datetime) -> Iterable[str]:
    """On approved leave now (the platform's or ours), or missing themselves: their answer cannot be expected."""
    leave = (t.leave.c.person_id.in_(list(ids)), t.leave.c.start_at <= now, t.leave.c.end_at > now)
    found = set(db.execute(sa.select(t.leave.c.person_id).where(*leave, ~t.leave.c.pending)).scalars())
    waiting = (t.case.c.person_id.in_(list(ids)), t.case.c.state == "waiting")
    found |= set(db.execute(sa.select(t.case.c.person_id).where(*waiting)).scalars())
    for each in set(ids) - found:
        own = approvals_rows.of_subject(db, each, (LEAVE,), ("approved",))
        if any(covers(leave_of, now, now + timedelta(seconds=1)) for leave_of in own):
            found.add(each)
    return found


def _correction_card(ctx: Context, found: Approval, asked: Asked) -> Card:
    case, person = store.need(ctx, found.matter)
    now = _situation(ctx, found, asked, case.start_at, case.end_at)
    claimed = store.hhmm(case.claimed_at or case.start_at, person.zone)
    link = steps.page(ctx, case.id, person, asked.reader) if asked.reader else ""
    card = cards_approval.correction(asked.ref, person.name, store.span(case, person.zone), claimed, case.words, now)
    return replace(card, link=link)


def _absence_card(ctx: Context, found: Approval, asked: Asked) -> Card:
    person = ctx.people.get(found.person_id)
    start, end = (datetime.fromisoformat(found.details[name]) for name in ("start", "end"))
    name, zone = (person.name, person.zone) if person else ("", str(ctx.zone))
    now, when = _situation(ctx, found, asked, start, end), said(start, end, zone)
    days, words = int(found.facts["days"]), found.details["words"]
    return cards_approval.absence(asked.ref, name, found.details["what"], when, days, words, now)


def _situation(ctx: Context, found: Approval, asked: Asked, start: datetime, end: datetime) -> Situation:
    limit = chain_of(version_at(found.opened_at, str(ctx.zone)), found.kind).limit
    clash = clashes(ctx.db, found.person_id, start, end, but=found.matter)
    past = history(ctx.db, found.person_id, found.kind, found.day)
    return Situation(int(found.facts["count"]), limit, clash, past, asked.before, asked.reason, asked.behalf)


face(Face(CORRECTION, "补卡", steps.APPROVAL, AGREE, _correction_card))
face(Face(LEAVE, "请假", steps.APPROVAL, AGREE, _absence_card))
face(Face(FIELD, "外勤", steps.APPROVAL, AGREE, _absence_card))
