"""What people say about goals in their own words, and the cards that are sent again."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from bot import freshness
from bot.access import is_hr
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.delivery import outbox
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from bot.tables import outbox as outbox_table
from handlers.performance import cards, rules, store, tables as tab, words
from handlers.performance.agreeing import asking, goals, said, sides
from handlers.performance.agreeing.opening import PAGE
from handlers.performance.cards import lists as cards_lists
from handlers.performance.cards.lists import Line
from handlers.performance.measuring import progress
from handlers.performance.rules.progress import Value, fresh, percent
from handlers.performance.store import Cycle, Goal

PENDING = "performance.pending"
SHOWN = 8
NO_CYCLE = "现在没有可以提出目标的考核周期。"
NOBODY = "没有找到由您负责的「{name}」。"
SAME = "没有看出改动。请写出要改的内容，例如：权重 30。"


def heard(ctx: Context, person: Person, text: str) -> Card | None:
    """A goal, the own list or the list of who has not confirmed; None for everything else."""
    plain = text.strip(" 。.!！?？").lower()
    if plain in said.LIST:
        return mine(ctx, person)
    if said.PENDING.match(text.strip(" 。.!！")):
        return pending(ctx, person)
    if found := said.MINE.match(text):
        return _propose(ctx, person, person, found["rest"])
    if found := said.THEIRS.match(text):
        return _propose(ctx, person, _theirs(ctx, person, found["name"]), found["rest"])
    return None


def _cycle_of(ctx: Context, person_id: str, states: tuple[str, ...]) -> Cycle | None:
    """The newest cycle in one of the states that the person is in."""
    c = tab.member.c
    ids = tuple(ctx.db.execute(sa.select(c.cycle_id).where(c.person_id == person_id)).scalars())
    return next(iter(store.cycles(ctx.db, id=ids, state=states)), None) if ids else None


def _theirs(ctx: Context, boss: Person, name: str) -> Person:
    c = tab.member.c
    found = {
        each.id: each
        for row in ctx.db.execute(sa.select(c.person_id).where(c.scorer_id == boss.id).distinct()).scalars()
        if (each := ctx.people.get(row)) and each.active and each.name == name
    }
    if len(found) != 1:
        raise Refused(t(NOBODY, name=name))
    return next(iter(found.values()))


def _propose(ctx: Context, actor: Person, person: Person, text: str) -> Card:
    cycle = _cycle_of(ctx, person.id, progress.LIVE)
    if cycle is None:
        raise Refused(t(NO_CYCLE))
    left = goals.weight_left(ctx, cycle, person.id)
    wanted = said.goal(text, cycle.starts_on, cycle.ends_on, max(left, Decimal(0)))
    new = goals.propose(ctx, cycle, person, wanted.draft, wanted.reason)
    return cards.proposed(asking.face_of(ctx, new))


def changed(ctx: Context, ask: Ask, text: str) -> Card:
    """The words after [提出修改]."""
    found, cycle = store.goal(ctx.db, ask.matter), None
    if found is not None:
        cycle = store.cycle(ctx.db, found.cycle_id)
    if found is None or cycle is None:
        raise Refused(t(goals.DONE))
    before = asking.draft_of(found)
    wanted = said.goal(text, cycle.starts_on, cycle.ends_on, found.weight, before)
    if not rules.changes(before, rules.tidy(wanted.draft)):
        raise Refused(t(SAME))
    new = goals.edit(ctx, found, wanted.draft, wanted.reason)
    ctx.answer(ask.ref, "changed")
    return cards.proposed(asking.face_of(ctx, new))


def mine(ctx: Context, person: Person) -> Card:
    """我的绩效: the goals of the newest cycle with what is known of them."""
    cycle = _cycle_of(ctx, person.id, (*progress.LIVE, "results"))
    if cycle is None:
        return cards_lists.no_cycle()
    found = store.goals(ctx.db, cycle_id=cycle.id, person_id=person.id, state=progress.OPEN)
    values = progress.latest(ctx.db, found)
    lines = [_line(ctx, person, each, values.get(each.id)) for each in found]
    member = store.member(ctx.db, cycle.id, person.id)
    left = goals.weight_left(ctx, cycle, person.id)
    attainment = member.attainment if member else ""
    return cards_lists.mine(cycle.name, lines, attainment, rules.plain(left) if left else "", ctx.page(PAGE, person))


def _line(ctx: Context, person: Person, goal: Goal, value: Value | None) -> Line:
    said_value, grey = "", False
    if value and value.at and (reached := percent(value.done, value.target)) is not None:
        said_value = f"{rules.plain(reached)} %（{words.moment(value.at, person.zone)}）"
        grey = not fresh(value, ctx.now, freshness.days())
    return Line(goal.no, goal.text, goal.weight, goal.state, said_value, grey)


def pending(ctx: Context, viewer: Person) -> Card | None:
    """谁还没确认目标？ HR sees everybody, a manager their own people; None for whoever leads nobody."""
    c = tab.member.c
    cycles = store.cycles(ctx.db, state=progress.LIVE)
    if not is_hr(viewer):
        led = set(ctx.db.execute(sa.select(c.cycle_id).where(c.scorer_id == viewer.id).distinct()).scalars())
        cycles = [each for each in cycles if each.id in led]
    if not cycles:
        return None
    cycle = cycles[0]
    where = [c.cycle_id == cycle.id, c.state == "goals"]
    if not is_hr(viewer):
        where.append(c.scorer_id == viewer.id)
    total = ctx.db.execute(sa.select(sa.func.count()).where(*where)).scalar_one()
    if not total:
        return cards_lists.all_confirmed(cycle.name)
    first = ctx.db.execute(sa.select(c.person_id).where(*where).order_by(c.department, c.person_id).limit(SHOWN))
    names = [person.name for each in first.scalars() if (person := ctx.people.get(each))]
    ctx.ask(viewer, PENDING, cycle.id, lambda ref: cards_lists.pending(ref, cycle.name, total, names))
    return cards_lists.listed(cycle.name, total)


def waiting_for(ctx: Context, goal: Goal) -> str:
    """The name of whoever has not confirmed the newest version."""
    member = store.there(store.member(ctx.db, goal.cycle_id, goal.person_id))
    done = asking.confirmed(ctx, goal)
    return next((person.name for side, person in asking.seats(ctx, goal, member) if side not in done), "")


def send_again(ctx: Context, goal: Goal) -> None:
    """The actor's open card about the newest version once more; a new one where there is none."""
    actor = store.there(ctx.actor)
    newest = [each for each in ctx.open_asks(actor.id, asking.KIND) if each.matter == goal.id]
    newest = [each for each in newest if asking.version_of(each) == goal.version]
    o = outbox_table.c
    for each in newest[:1]:
        sent = sa.select(o.body).where(o.ask_ref == each.ref, o.kind == "send").order_by(o.id).limit(1)
        if body := ctx.db.execute(sent).scalar():
            outbox.queue(ctx.db, ctx.now, "send", actor.platform, actor, goal.id, body, ask_ref=each.ref)
            return
    member = store.member(ctx.db, goal.cycle_id, goal.person_id)
    if goal.state == "proposed" and member:
        by = sides.acting(ctx, member)
        if by.side != sides.HR and by.side not in asking.confirmed(ctx, goal):
            face, own = asking.face_of(ctx, goal), by.side == sides.EMPLOYEE
            ctx.ask(actor, asking.kind(by.side, goal.version), goal.id, lambda ref: cards.ask(ref, face, own, {}))
