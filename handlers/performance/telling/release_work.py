"""Approves and publishes one chunk of a confirmation: what approving.approve and results.publish do, in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import asks, signing
from bot.approvals.data import version_at
from bot.approvals.hours import after
from bot.asks import Ask
from bot.context import Context, Entry
from bot.delivery import outbox
from bot.locale import speaking
from bot.people import Person
from bot.signing.many import prepare_many
from bot.statutory import office_day
from bot.tables import approval, approval_step, ask as ask_table
from bot.wire import dump_card
from handlers.performance import bulk, tables as t
from handlers.performance.cards import results as cards_results, scores as cards_scores
from handlers.performance.rules import results as rules_results
from handlers.performance.store import Cycle, Result
from handlers.performance.telling import approving, results
from handlers.performance.telling.release_rows import Chunk
from handlers.performance.telling.results_rows import ref, source


@dataclass(frozen=True, slots=True)
class Times:
    """Of one time zone: until when they may appeal, and when somebody silent is reminded first. UTC."""

    deadline: datetime
    next_at: datetime


def publish(ctx: Context, cycle: Cycle, chunk: Chunk, ids: Sequence[str]) -> None:
    """Approve, publish and ask about these results, which the caller has locked and found ready."""
    _approve(ctx, chunk, ids)
    _close(ctx, cycle, chunk, ids)
    found = [chunk.results[each] for each in ids]
    parts: Mapping[str, dict[str, str | bytes]] = {each.id: {"result": each.text} for each in found}
    who = {each.id: chunk.people[each.person_id] for each in found}
    ctx.record_many([Entry("result.approved", r.id, who[r.id], parts[r.id], source(r)) for r in found])
    times = {zone: _times(ctx, cycle, zone) for zone in {each.zone for each in who.values()}}
    fixed = [results.paper(cycle, each, who[each.id]) for each in found]
    papers = prepare_many(ctx, fixed, kind=results.DOCUMENT)
    _told(ctx, found, who, times, papers)
    scorers = _scorers(ctx, cycle, [each.person_id for each in found])
    more = {
        r.id: {"deadline": times[who[r.id].zone].deadline.isoformat(), "scorer": scorers[r.person_id]} for r in found
    }
    facts = [Entry("result.published", r.id, who[r.id], parts[r.id], source(r) | more[r.id]) for r in found]
    ctx.record_many(facts)
    bulk.put(ctx, [_question(ctx, cycle, r, who[r.id], times[who[r.id].zone], papers[r.id]) for r in found])


def _approve(ctx: Context, chunk: Chunk, ids: Sequence[str]) -> None:
    a, s = approval.c, approval_step.c
    taken: dict[str, Any] = {"decided_by": ctx.actor.id if ctx.actor else "", "decided_at": ctx.now}
    open_ones = [chunk.approvals[each] for each in ids]
    few = [each for each, _ in open_ones]
    moved = sa.update(approval).where(a.id.in_(few), a.state == "open").values(**taken, state="approved")
    if ctx.db.execute(moved).rowcount != len(ids):
        raise LookupError("an approval that was locked is not open")
    by_step: dict[int, list[str]] = defaultdict(list)
    for approval_id, no in open_ones:
        by_step[no].append(approval_id)
    ended: dict[str, Any] = {"state": "approved", "remind_at": None, "escalate_at": None}
    for no, some in by_step.items():
        where = (s.approval_id.in_(some), s.no == no, s.state == "open")
        ctx.db.execute(sa.update(approval_step).where(*where).values(**taken, **ended))


def _close(ctx: Context, cycle: Cycle, chunk: Chunk, ids: Sequence[str]) -> None:
    """The question of whoever confirmed is answered, those of others end, and every copy that went out says so."""
    k = ask_table.c
    columns = [k[name] for name in Ask.__dataclass_fields__]
    kinds = (approving.ASK, approving.REASON)
    asked = sa.select(*columns).where(k.matter.in_(ids), k.kind.in_(kinds)).order_by(k.ref).with_for_update()
    found = [Ask(**row) for row in ctx.db.execute(asked).mappings()]
    mine = [each.ref for each in found if ctx.actor and each.person_id == ctx.actor.id and each.kind == approving.ASK]
    taken = sa.update(ask_table).where(k.ref.in_(mine), k.state == "open")
    ctx.db.execute(taken.values(state="answered", answer="agree", answered_at=ctx.now))
    asks.close(ctx.db, [each.ref for each in found])
    sent = outbox.cards_of(ctx.db, [each.ref for each in found])
    readers: dict[str, Person | None] = {each.person_id: None for each in found if each.ref in sent}
    readers = {each: ctx.people.get(each) for each in readers}
    by = ctx.actor.name if ctx.actor else ""
    for each in found:
        person, subject = readers.get(each.person_id), chunk.people[chunk.results[each.matter].person_id]
        if person is None or each.ref not in sent:
            continue
        with speaking(person.locale):
            body = dump_card(cards_scores.approved(subject.name, cycle.name, by))
        for old in sent[each.ref]:
            outbox.queue(
                ctx.db,
                ctx.now,
                "update",
                person.platform,
                person,
                each.matter,
                body,
                of=old,
                priority=outbox.BULK,
            )


def _times(ctx: Context, cycle: Cycle, zone: str) -> Times:
    day = ctx.now.astimezone(ZoneInfo(zone)).date()
    deadline = rules_results.working_deadline(day, cycle.appeal_days, zone, office_day)
    hours = version_at(ctx.now, zone).hours
    return Times(deadline, after(ctx.now, results.FIRST_REMINDER, zone, hours, office_day))


def _told(
    ctx: Context,
    found: Sequence[Result],
    who: Mapping[str, Person],
    times: Mapping[str, Times],
    papers: Mapping[str, str],
) -> None:
    """The results and what boards show of them."""
    r, c = t.result.c, t.member.c
    mine = (r.id == sa.bindparam("its_id"), r.state == "approving")
    told = sa.update(t.result).where(*mine).values(
        state="published", published_at=ctx.now, deadline=sa.bindparam("its_deadline"),
        next_at=sa.bindparam("its_next"), document_ref=sa.bindparam("its_document"),
    )  # fmt: skip
    ctx.db.execute(
        told,
        [
            {"its_id": each.id, "its_document": papers[each.id]}
            | {"its_deadline": times[who[each.id].zone].deadline, "its_next": times[who[each.id].zone].next_at}
            for each in found
        ],
    )
    theirs = (c.cycle_id == found[0].cycle_id, c.person_id == sa.bindparam("its_person"))
    shown = sa.update(t.member).where(*theirs).values(
        state="published", score=sa.bindparam("its_score"), answer="", next_at=None
    )  # fmt: skip
    ctx.db.execute(shown, [{"its_person": each.person_id, "its_score": format(each.score, "f")} for each in found])


def _scorers(ctx: Context, cycle: Cycle, people: Sequence[str]) -> dict[str, str]:
    """person -> the pseudonym of their scorer."""
    c = t.member.c
    mine = sa.select(c.person_id, c.scorer_id).where(c.cycle_id == cycle.id, c.person_id.in_(people))
    found = dict(list(ctx.db.execute(mine).tuples()))
    refs = {each: ref(ctx, each) for each in set(found.values())}
    return {person: refs[scorer] for person, scorer in found.items()}


def _question(ctx: Context, cycle: Cycle, result: Result, person: Person, times: Times, paper: str) -> bulk.Question:
    """The card with the four answers, see results.put."""
    told = replace(result, deadline=times.deadline, published_at=ctx.now, document_ref=paper)
    face = cards_results.face(told, format(told.score, "f"), cycle.name, person.zone)
    links = (ctx.page(signing.path(paper), person), ctx.page(f"/performance/results/{result.id}", person))
    reasons = cards_results.reasons_of(result.text)
    return bulk.Question(
        person, results.ASK, result.id, lambda ref: cards_results.ask(ref, face, reasons, links, may_appeal=True)
    )
