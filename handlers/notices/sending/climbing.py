"""The service plan at work: who is due gets the next step, each on a schedule of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot import absence_facts, addresses, installed, quiet_facts
from bot.context import Context
from bot.delivery import channels
from bot.locale import speaking
from bot.people import Person
from bot.ports import Platform
from bot.ports.crowds import Crowds
from handlers.notices import cards, store, tables as tb
from handlers.notices.receiving import hearing
from handlers.notices.rules import Fact
from handlers.notices.sending import plan, serving
from handlers.notices.sending.plan import Move, Standing
from handlers.notices.store import Notice, Recipient

if TYPE_CHECKING:
    from bot.app import App

BATCH = 100
LOOK_AGAIN = timedelta(hours=12)
"""After which somebody on leave is looked at again: when it ends is known to whoever keeps it, not here."""
CALLS = ((3, timedelta(minutes=8)), (8, timedelta(hours=24)))
"""Calls to one person: at most so many within so long (WeCom docs: 紧急通知应用)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a batch needs to know of its people."""

    folk: Mapping[str, Person]
    away: Collection[str]
    quiet: Mapping[str, str]


def climb(app: App) -> int:
    """Job: the next step for everybody who is due; how many people were looked at."""
    total = 0
    while found := _batch(app):
        total += found
    return total


def _batch(app: App) -> int:
    with app.context() as ctx:
        r, n = tb.recipient.c, tb.notice.c
        live = (n.state.in_(("sending", "sent")), n.recalled_at.is_(None), n.replaced_id == "")
        due = sa.select(tb.recipient).join(tb.notice, n.id == r.notice_id).where(r.next_at <= ctx.now, *live)
        # Somebody whose first message still waits is not reminded of it.
        waiting = sa.exists().where(
            tb.attempt.c.notice_id == r.notice_id, tb.attempt.c.person_id == r.person_id, tb.attempt.c.state == "queued"
        )
        rows = ctx.db.execute(
            due.where(~waiting).order_by(r.next_at, r.person_id).limit(BATCH).with_for_update(of=tb.recipient)
        )
        found = [Recipient(**row) for row in rows.mappings()]
        known = _known(ctx, [each.person_id for each in found])
        notices = {each: store.get(ctx.db, each) for each in sorted({each.notice_id for each in found})}
        for each in found:
            notice, person = notices[each.notice_id], known.folk.get(each.person_id)
            if notice and person:
                _one(app, ctx, notice, each, person, known)
            else:
                change(ctx, each, next_at=None)
        return len(found)


def _known(ctx: Context, ids: Sequence[str]) -> Known:
    away = absence_facts.on_leave(ctx.db, ids, ctx.now)
    return Known(serving.people_of(ctx.db, ids), away, quiet_facts.quiet(ctx.db, ids))


def standing(app: App, ctx: Context, notice: Notice, row: Recipient, person: Person, known: Known) -> Standing:
    """The facts about one person that the rules want."""
    span = plan.quiet(known.quiet.get(person.id, "")) or plan.quiet(notice.quiet) or plan.QUIET
    over = row.left_at is not None or (notice.deadline is not None and notice.deadline < ctx.now)
    return Standing(
        row.receipt, notice.importance, row.step, person.zone, _ways(app, ctx, row, person), span,
        ctx.now + LOOK_AGAIN if person.id in known.away else None, over,
    )  # fmt: skip


def _ways(app: App, ctx: Context, row: Recipient, person: Person) -> frozenset[str]:
    found = set(addresses.reachable(app, ctx.db, person, ctx.now)) & {"sms", "mail"}
    if (
        person.active
        and row.user_id
        and person.platform in app.platforms
        and row.trouble not in ("rejected", "unreached")
    ):
        found.add("chat")
    if ctx.people.manager_of(person):
        found.add("manager")
    if person.active and person.platform == "wecom" and "voice" in installed.channels(app.settings, app.store):
        earlier = channels.sent_since(ctx.db, [person.id], "voice", ctx.now - CALLS[-1][1])[person.id]
        if all(sum(ctx.now - at < span for at in earlier) < most for most, span in CALLS):
            found.add("call")
    return frozenset(found)


def _one(app: App, ctx: Context, notice: Notice, row: Recipient, person: Person, known: Known) -> None:
    steps = plan.steps_of(notice.plan, notice.importance)
    move = plan.next_move(steps, standing(app, ctx, notice, row, person, known), ctx.now)
    if move.skipped:
        passed = "；".join(f"{plan.NAMES[channel]}：{why}" for channel, why in move.skipped)
        _record(ctx, notice, person, "notice.step_skipped", {"skipped": passed})
    if move.kind == "act":
        act(app, ctx, notice, row, person, move)
    change(ctx, row, next_at=move.at, step=move.step)


def act(app: App, ctx: Context, notice: Notice, row: Recipient, person: Person, move: Move) -> None:
    """Take one step: queue it and write its attempt, in this transaction."""
    if move.channel == "chat":
        _chat(ctx, app.platforms[person.platform], notice, row, person, move.step)
    elif move.channel in ("sms", "mail"):
        _address(app, ctx, notice, person, move)
    elif move.channel == "manager":
        _manager(ctx, notice, person, move.step)
    else:
        row_id = channels.queue(ctx, person, "voice", person.user_id, "", notice.id)
        attempt(ctx, notice, person, move.step, "voice", row_id, f"{person.platform}:{person.user_id}", "平台账号")
    _record(ctx, notice, person, "notice.step_taken", {"step": f"第 {move.step} 步：{plan.NAMES[move.channel]}"})


def _chat(ctx: Context, platform: Platform, notice: Notice, row: Recipient, person: Person, number: int) -> None:
    avoid = _mute(ctx, platform, notice, person)
    rows = serving.serve(ctx, platform, notice, [row], {person.id: person}, number, avoid=avoid)
    serving.attempts(ctx, notice, [row], number, rows)


def _mute(ctx: Context, platform: Platform, notice: Notice, person: Person) -> str:
    """The way of the last message in the chat, where the platform never says what became of it: a silent drop there
    shows as silence alone, so the next one goes in another form."""
    a = tb.attempt.c
    mine = (a.notice_id == notice.id, a.person_id == person.id, a.channel.startswith(f"{platform.name}."))
    channel = ctx.db.execute(sa.select(a.channel).where(*mine).order_by(a.at.desc(), a.step.desc()).limit(1)).scalar()
    way = platform.routes.get(str(channel or "").rpartition(".")[2]) if isinstance(platform, Crowds) else None
    return way.name if way and way.tells == "nothing" else ""


def _address(app: App, ctx: Context, notice: Notice, person: Person, move: Move) -> None:
    """The pedigree says who confirmed the address and when; what is not confirmed is not used."""
    to = addresses.reachable(app, ctx.db, person, ctx.now)[move.channel]
    shown = serving.shown_of(ctx, notice, person.locale, move.step)
    link = ctx.page(f"/notices/{notice.id}", person)
    with speaking(person.locale):
        text = cards.short(shown, link) if move.channel == "sms" else cards.letter(shown, link)
    row_id = channels.queue(ctx, person, move.channel, to.to, text, notice.id)
    pedigree = f"本人在送达地址确认书上确认 {to.at.isoformat(timespec='minutes')}"
    attempt(ctx, notice, person, move.step, move.channel, row_id, to.masked, pedigree)


def _manager(ctx: Context, notice: Notice, person: Person, number: int) -> None:
    boss = ctx.people.manager_of(person)
    if boss:
        ctx.say(boss, lambda: cards.manager(notice.said(boss.locale)[0], [person.name]), notice.id)
        attempt(ctx, notice, person, number, "manager", "", boss.ref, "通讯录中的上级", state="accepted")


def attempt(
    ctx: Context, notice: Notice, person: Person, number: int, channel: str, row_id: str, address: str, pedigree: str,
    *, state: str = "queued",
) -> None:  # fmt: skip
    """Write one attempt of one person."""
    ctx.db.execute(sa.insert(tb.attempt).values(
        notice_id=notice.id, person_id=person.id, step=number, channel=channel, row_id=row_id, state=state, code="",
        at=ctx.now, address=address[:120], pedigree=pedigree[:200],
    ))  # fmt: skip


def _record(ctx: Context, notice: Notice, person: Person, type: str, parts: dict[str, str | bytes]) -> None:
    ctx.record(type, notice.id, subject=person, parts=parts)


def change(ctx: Context, row: Recipient, **values: object) -> None:
    """Change what the plan keeps of one person."""
    r = tb.recipient.c
    mine = (r.notice_id == row.notice_id, r.person_id == row.person_id)
    ctx.db.execute(sa.update(tb.recipient).where(*mine).values(**values))


def close_due(app: App) -> int:
    """Job: notices whose deadline has passed are closed. Whoever was silent stays silent on record, nothing else."""
    with app.context() as ctx:
        n = tb.notice.c
        over = sa.select(n.id).where(n.state == "sent", n.deadline < ctx.now)
        ids = list(ctx.db.execute(over).scalars())
    for notice_id in ids:
        _silent(app, notice_id)
    return len(ids)


def _silent(app: App, notice_id: str) -> None:
    """A bounded step after the other: nobody's silence is recorded twice, because it then is a trouble."""
    r = tb.recipient.c
    nothing = (r.notice_id == notice_id, r.answer == "", r.rung < 2, r.trouble.in_(("", "unreached", "unknown")))
    while True:
        with app.context() as ctx:
            people = list(ctx.db.execute(sa.select(r.person_id).where(*nothing).limit(1000)).scalars())
            source = {"why": "no answer by the deadline; silence is not consent"}
            if not people or not hearing.learn_many(
                ctx, notice_id, {each: (Fact("expired", ctx.now), source) for each in people}
            ):
                if store.move(ctx.db, notice_id, ("sent",), state="closed", ended_at=ctx.now):
                    ctx.db.execute(sa.update(tb.recipient).where(r.notice_id == notice_id).values(next_at=None))
                    ctx.record("notice.closed", notice_id)
                return
