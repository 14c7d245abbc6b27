"""One message to many people: as few rows and calls as the platform allows. Also pausing, and how far it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.card import Card
from bot.context import Context
from bot.delivery import claim
from bot.delivery.outbox import BULK, Row
from bot.locale import MASTER, speaking
from bot.ports.crowds import Crowds
from bot.router import Gone, erases
from bot.store import ordered_ref
from bot.tables import outbox, outbox_pause, person
from bot.wire import dump_card

KIND = "crowd"
_CHUNK = 500
HELD, CANCELLED = "held", "cancelled"
STATES = ("queued", "held", "sending", "sent", "failed", "stopped")


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of one state, and how many people they are for."""

    rows: int = 0
    people: int = 0


class Named(Protocol):
    """A platform, as far as a row needs it."""

    @property
    def name(self) -> str: ...


def queue(
    ctx: Context,
    platform: Named,
    route: str,
    people: Sequence[tuple[str, str]],
    card: Card | Callable[[], Card],
    matter: str,
    *,
    priority: int = BULK,
    due: datetime | None = None,
    locale: str = MASTER,
) -> list[str]:
    """Say `card` to `people` (person id, user id) after commit; the new rows' ids, in the people's order.

    Each row takes the next `platform.routes[route].people` of them. A function is called once, in `locale`. `due`: not
    before (UTC). Priorities: bot.delivery.outbox. Raises ValueError for a platform without that route, LookupError for
    a person that is not there.
    """
    if not isinstance(platform, Crowds) or route not in platform.routes:
        raise ValueError(f"{platform.name} has no route {route!r}")
    if not isinstance(card, Card):
        with speaking(locale):
            card = card()
    paused = claim.paused(ctx.db, [matter]).get(matter, "")
    state = {HELD: HELD, CANCELLED: "stopped"}.get(paused, "queued")
    common: dict[str, object] = {
        "kind": KIND,
        "platform": platform.name,
        "matter": matter,
        "route": route,
        "body": dump_card(card),
    }
    common |= {"state": state, "due": due or ctx.now, "created_at": ctx.now, "priority": priority}
    ids: list[str] = []
    for rows in _rows(ctx.db, people, platform.routes[route].people, locale):
        ctx.db.execute(sa.insert(outbox), [common | row for row in rows])
        ids += [row["id"] for row in rows]
    return ids


def _rows(
    connection: Connection, people: Sequence[tuple[str, str]], most: int, locale: str
) -> Iterator[list[dict[str, Any]]]:
    step = max(most, _CHUNK // most * most)
    for start in range(0, len(people), step):
        chunk = people[start : start + step]
        refs = _refs(connection, [person_id for person_id, _ in chunk])
        parts = (chunk[at : at + most] for at in range(0, len(chunk), most))
        yield [
            {
                "id": ordered_ref(),
                "people": len(part),
                "crowd": _list(locale, [(refs[one], user) for one, user in part]),
            }
            for part in parts
        ]


def _refs(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), _CHUNK):
        wanted = sa.select(person.c.id, person.c.ref).where(person.c.id.in_(ids[start : start + _CHUNK]))
        found |= {row.id: row.ref for row in connection.execute(wanted)}
    return found


def _list(locale: str, people: Sequence[tuple[str, str]]) -> str:
    return json.dumps({"locale": locale, "to": people}, ensure_ascii=False, separators=(",", ":"))


def listed(row: Row) -> list[tuple[str, str]]:
    """(pseudonym, user id) of a crowd row's people; the user id of somebody who was erased is empty."""
    return [(ref, user) for ref, user in json.loads(row.crowd)["to"]] if row.crowd else []


def locale_of(row: Row) -> str:
    """The language of a crowd row; empty for any other."""
    return str(json.loads(row.crowd)["locale"]) if row.crowd else ""


def members(connection: Connection, row: Row) -> list[tuple[str, str]]:
    """(person id, user id) of a row's people, in order, as the hooks need them."""
    if row.crowd is None:
        return [(row.person_id, row.user_id)] if row.person_id else []
    people = listed(row)
    ids = ids_of(connection, [ref for ref, _ in people])
    return [(ids[ref], user) for ref, user in people if ref in ids]


def ids_of(connection: Connection, refs: Sequence[str]) -> Mapping[str, str]:
    """pseudonym -> person id."""
    found: dict[str, str] = {}
    for start in range(0, len(refs), _CHUNK):
        wanted = sa.select(person.c.id, person.c.ref).where(person.c.ref.in_(refs[start : start + _CHUNK]))
        found |= {row.ref: row.id for row in connection.execute(wanted)}
    return found


def split(connection: Connection, row: Row, apart: Mapping[str, datetime], now: datetime) -> Row:
    """Those in `apart` (user id -> when) get a row of their own for later, the others stay in this claimed one.

    Only for a row that was never tried: a repetition must be for the same people. The new row's matter is the same; who
    wants to know which row somebody is in asks `members`.
    """
    people, locale = listed(row), locale_of(row)
    stay = [(ref, user) for ref, user in people if user not in apart]
    go = [(ref, user) for ref, user in people if user in apart]
    due = max(apart.values())
    kept: dict[str, object] = {"kind": KIND, "platform": row.platform, "matter": row.matter, "route": row.route}
    kept |= {"body": row.body}
    new = kept | {"id": ordered_ref(), "state": "queued", "due": due, "created_at": now, "priority": row.priority}
    connection.execute(sa.insert(outbox), new | {"people": len(go), "crowd": _list(locale, go)})
    left = replace(row, people=len(stay), crowd=_list(locale, stay))
    mine = sa.update(outbox).where(outbox.c.id == row.id)
    connection.execute(mine.values(people=left.people, crowd=left.crowd))
    return left


def hold(ctx: Context, matter: str) -> int:
    """Nothing more of this matter goes out, what is in flight excepted; for how many people something was stopped.

    What fails in flight meanwhile waits with the others.
    """
    _pause(ctx, matter, HELD)
    return _move(ctx.db, matter, ("queued",), HELD)


def release(ctx: Context, matter: str) -> int:
    """Go on; for how many people something waits again."""
    ctx.db.execute(sa.delete(outbox_pause).where(outbox_pause.c.matter == matter))
    return _move(ctx.db, matter, (HELD,), "queued")


def cancel(ctx: Context, matter: str) -> int:
    """Nothing more of this matter goes out, for good; how many people will get nothing. What is in flight is reported
    to the carrier as usual."""
    _pause(ctx, matter, CANCELLED)
    return _move(ctx.db, matter, ("queued", HELD), "stopped", "cancelled")


def hold_again(connection: Connection, ids: Sequence[str]) -> None:
    """Rows of paused matters that came back from a failed call."""
    mine = (outbox.c.id.in_(ids), outbox.c.state == "queued")
    paused = outbox.c.matter.in_(sa.select(outbox_pause.c.matter))
    connection.execute(sa.update(outbox).where(*mine, paused).values(state=HELD))


def _pause(ctx: Context, matter: str, state: str) -> None:
    claim.lock(ctx.db)  # no claim half-way through
    ctx.db.execute(sa.delete(outbox_pause).where(outbox_pause.c.matter == matter))
    ctx.db.execute(sa.insert(outbox_pause).values(matter=matter, state=state, at=ctx.now))


def _move(connection: Connection, matter: str, old: Sequence[str], new: str, error: str | None = None) -> int:
    mine = (outbox.c.matter == matter, outbox.c.state.in_(old))
    change = sa.update(outbox).where(*mine).values(state=new, error=error)
    if connection.dialect.name == "postgresql":
        moved = change.returning(outbox.c.people).cte()
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.sum(moved.c.people), 0))).scalar_one())
    # One writer: nobody changes anything between the two.
    people = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(outbox.c.people), 0)).where(*mine)).scalar_one()
    connection.execute(change)
    return int(people)


def progress(connection: Connection, matter: str) -> Mapping[str, Count]:
    """state -> how much, for every state; from an index alone."""
    columns = (outbox.c.state, sa.func.count().label("rows"), sa.func.sum(outbox.c.people).label("people"))
    found = connection.execute(sa.select(*columns).where(outbox.c.matter == matter).group_by(outbox.c.state))
    counts = {row.state: Count(row.rows, int(row.people)) for row in found}
    return {state: counts.get(state, Count()) for state in STATES}


@erases
def erase(connection: Connection, gone: Gone) -> list[str]:
    """Take the account out of the lists, and stop what waits for them; the messages are not only theirs."""
    mine = (outbox.c.kind == KIND, outbox.c.crowd.contains(gone.ref, autoescape=True))
    for found in connection.execute(sa.select(outbox.c.id, outbox.c.crowd).where(*mine)).all():
        crowd = json.loads(found.crowd)
        to = [(ref, "" if ref == gone.ref else user) for ref, user in crowd["to"]]
        changed = sa.update(outbox).where(outbox.c.id == found.id)
        connection.execute(changed.values(crowd=_list(crowd["locale"], to)))
    held = sa.and_(outbox.c.person_id == gone.person_id, outbox.c.state == HELD)
    connection.execute(sa.update(outbox).where(held).values(state="stopped"))
    return []
