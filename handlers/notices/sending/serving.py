"""The words of a notice as messages, in the fewest calls there are, and the attempt rows that say who was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.context import Context
from bot.delivery import crowds, outbox
from bot.delivery.outbox import BULK, NORMAL, SOON
from bot.locale import speaking
from bot.people import Person
from bot.ports import Platform
from bot.ports.crowds import Crowds
from bot.tables import person as people_table
from bot.wire import dump_card
from handlers.notices import cards, tables as tb
from handlers.notices.cards import Shown
from handlers.notices.store import Notice, Recipient

MIDDLE = 10_000
"""What is larger waits for everything else."""
PREFERRED = ("work", "shared", "robot")
"""Ways of a platform, first the one whose results can be asked for by name."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the ways of a notice depend on, of one that is still being written; fields as in Notice."""

    importance: str
    people: int
    plan: tuple[Mapping[str, Any], ...] = ()


def serve(
    ctx: Context, platform: Platform, notice: Notice, to: Sequence[Recipient], folk: Mapping[str, Person], nth: int,
    *, avoid: str = "",
) -> dict[str, tuple[str, str]]:  # fmt: skip
    """Queue the words for people of one platform and language: person id -> (channel, outbox row id).

    `nth` 0 is the notice itself, above that other words each time. `avoid`: a route that dropped somebody.
    """
    shown = shown_of(ctx, notice, to[0].locale, nth)
    priority = SOON if notice.urgent else NORMAL if notice.people <= MIDDLE else BULK
    few = ctx.settings.notice_cards_to
    route = route_of(platform, notice, len(to), avoid, personal=bool(cards.buttons(shown)), small=few)
    say = cards.again if nth else cards.first
    path = f"/notices/{notice.id}"
    if route and isinstance(platform, Crowds):
        pairs = [(each.person_id, each.user_id) for each in to]
        rows = crowds.queue(
            ctx, platform, route, pairs, lambda: say(shown, ctx.page(path)), notice.id, priority=priority,
            locale=to[0].locale,
        )  # fmt: skip
        most, channel = platform.routes[route].people, f"{platform.name}.{route}"[:24]
        return {each.person_id: (channel, rows[at // most]) for at, each in enumerate(to)}
    found, channel = {}, f"{platform.name}.card"[:24]
    for each in to:
        one = folk[each.person_id]
        with speaking(each.locale):
            body = dump_card(say(shown, ctx.page(path, one)))
        row_id = outbox.queue(ctx.db, ctx.now, "send", platform.name, one, notice.id, body, priority=priority)
        found[each.person_id] = channel, row_id
    return found


def route_of(
    platform: Platform, notice: Notice | Planned, people: int, avoid: str = "", *, personal: bool = True, small: int
) -> str:
    """The platform's way for many, or nothing: personal cards. Not `personal`: a card without buttons is the same for
    everybody, and one call takes it to a thousand. `small`: to so many people (of the whole notice) cards go.
    """
    if not isinstance(platform, Crowds):
        return ""
    wanted = [str(each.get("route", "")) for each in notice.plan if each.get("channel") == platform.name]
    answered = personal and notice.importance in ("confirm", "sign") and notice.people <= small
    if not wanted and (answered or (avoid and people <= small)):
        return ""
    order = [*wanted, *PREFERRED, *platform.routes]
    known = [each for each in order if each in platform.routes]
    return next((each for each in known if each != avoid), known[0] if known else "")


def attempts(
    ctx: Context, notice: Notice, to: Sequence[Recipient], number: int, rows: Mapping[str, tuple[str, str]],
    *, state: str = "queued", code: str = "",
) -> None:  # fmt: skip
    """Write one attempt for each; in the same transaction as what carries it."""
    ctx.db.execute(sa.insert(tb.attempt), [
        {"notice_id": notice.id, "person_id": each.person_id, "step": number, "state": state, "code": code,
         "channel": rows.get(each.person_id, (each.platform, ""))[0], "row_id": rows.get(each.person_id, ("", ""))[1],
         "at": ctx.now, "address": f"{each.platform}:{each.user_id}"[:120], "pedigree": ""}
        for each in to
    ])  # fmt: skip


def shown_of(ctx: Context, notice: Notice, locale: str, nth: int) -> Shown:
    """What a card says of the notice; days are the firm's."""
    title, body = notice.said(locale)
    zone = ctx.zone if ctx.actor is None else ZoneInfo(ctx.actor.zone)
    due = notice.deadline.astimezone(zone).strftime("%m-%d %H:%M") if notice.deadline else ""
    day = ctx.now.astimezone(zone).strftime("%m-%d")
    held = sa.select(sa.func.count()).where(tb.file.c.notice_id == notice.id)
    files = ctx.db.execute(held).scalar_one()
    return Shown(notice.id, title, body, day, due, notice.importance, notice.answers, nth, files)


def people_of(db: Connection, ids: Sequence[str]) -> dict[str, Person]:
    """person id -> person, in one query."""
    rows = db.execute(sa.select(people_table).where(people_table.c.id.in_(list(ids)))).mappings()
    return {row["id"]: Person(**row) for row in rows}
