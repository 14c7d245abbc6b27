"""The board of a notice: counts that add up, the lists behind them, charts. Looking at it is recorded."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot import access, clock
from bot.people import Person
from bot.web.pages import Visit
from bot.web.words import Lang
from handlers.notices import board, opens, store
from handlers.notices.pages import charts, words
from handlers.notices.pages.own import draw
from handlers.notices.store import Notice

Role = Literal["all", "team"]
MOST, DIRECT = 100, 50_000
GOOD = ("opened", "acknowledged", "received", "agreed", "signed", "answered")
BAD = ("unreached", "unknown", "expired", "rejected", "dropped")
SAID = (
    "paused", "resumed", "stopped", "recalled", "reason", "reason_long", "nothing", "reminded", "parcel", "photo",
    "previewed", "submitted", "scheduled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """A notice as this visitor may see it. `whose`: ids of their people on the list, None for everybody."""

    notice: Notice
    whose: Collection[str] | None

    @property
    def role(self) -> Role:
        """`team`: a manager, who sees how their own people stand and no answers."""
        return "all" if self.whose is None else "team"


def seen(visit: Visit, notice_id: str) -> Seen:
    """NotFound for whom it does not concern."""
    with visit.app.engine.connect() as db:
        notice = store.get(db, notice_id)
        if notice is None:
            raise NotFound
        whose = opens.whose(db, visit.person, notice)
    if whose is not None and (not whose or notice.state in opens.DRAFTS):
        raise NotFound
    return Seen(notice, whose)


def shown(visit: Visit, notice_id: str, what: str) -> Seen:
    """The same, and the look is on record."""
    found = seen(visit, notice_id)
    if not (found.notice.author_id == visit.person.id and found.notice.state in opens.DRAFTS):
        with visit.app.engine.connect() as db:
            fresh = not opens.looked_lately(db, visit.person, notice_id, clock.now())
        if fresh:
            with visit.app.context(visit.person) as ctx:
                opens.looked(ctx, notice_id, what)
    return found


def may_open(db: Connection, person: Person) -> bool:
    """HR, and whoever decides about others."""
    return access.is_hr(person) or access.MANAGER in access.roles(db, person)


def status(db: Connection, person: Person, lang: Lang) -> str:
    """For the start page."""
    where = {} if access.is_hr(person) else {"author_id": person.id}
    live = store.newest(db, MOST, state=("sending", "paused", "waiting", "scheduled", "approving"), **where)
    return words.say(lang, "status_live", n=len(live)) if live else words.say(lang, "status_none")


def overview(visit: Visit) -> ResponseReturnValue:
    """`/notices`: HR sees all, an author their own; drafts first."""
    with visit.app.engine.connect() as db:
        if not may_open(db, visit.person):
            raise NotFound
        where = {} if access.is_hr(visit.person) else {"author_id": visit.person.id}
        found = store.newest(db, MOST, **where)
        for_team = [] if access.is_hr(visit.person) else opens.for_team(db, visit.person, MOST)
    own = {each.id for each in found}
    found += [each for each in for_team if each.id not in own]
    drafts = [each for each in found if each.state in opens.DRAFTS]
    rest = [each for each in found if each.state not in opens.DRAFTS]
    return draw(visit, "overview.html", drafts=drafts, rest=rest, cut=len(found) >= MOST, link=opens.work_path)


def one(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """The board of one notice: one query over one index for all numbers."""
    found = shown(visit, notice_id, "notice.board")
    notice = found.notice
    if notice.state in opens.DRAFTS:
        return redirect(opens.work_path(notice), 303)
    with visit.app.engine.connect() as db:
        tally = board.tally(db, notice, found.whose)
    said = request.args.get("said", "")
    values = {"notice": notice, "tally": tally, "role": found.role, "rows": groups(tally)}
    values |= {"percent": charts.percent, "said": said if said in SAID else "", "n": request.args.get("n", "")[:7]}
    values |= {"skipped": request.args.get("skipped", "")[:200], "why": request.args.get("why", "")[:200]}
    return draw(visit, "board.html", buttons=buttons(notice) if found.role == "all" else (), **values)


def groups(tally: board.Tally) -> list[tuple[str, int, int, bool]]:
    """(group, people, width of its bar, is it a trouble); empty troubles are left out, all else is shown."""
    return [
        (name, people, charts.width(people, tally.total), name in BAD)
        for name, people in tally.counts.items()
        if people or name in ("queued", "accepted", "opened", "received", "answered")
    ]


def buttons(notice: Notice) -> tuple[str, ...]:
    """What can be done now."""
    found = {"sending": ("pause", "stop"), "paused": ("resume", "stop"), "sent": ("stop",)}.get(notice.state, ())
    return found if notice.recalled_at else (*found, "recall")


def people(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """The list behind a number. `?in=` names it, `?after=` goes on, `?q=` looks for a name in the whole list."""
    found = shown(visit, notice_id, "notice.people")
    name, after, wanted = (request.args.get(each, "")[:80] for each in ("in", "after", "q"))
    name = name or "all"
    if found.role == "team" and name in board.SAID or board.where_of(name, found.notice.importance) is None:
        raise NotFound
    with visit.app.engine.connect() as db:
        tally = board.tally(db, found.notice, found.whose)
        count = tally.total if name == "all" else tally.waiting if name == "waiting" else tally.counts.get(name, 0)
        if wanted:
            lines = board.found(db, found.notice, wanted, found.whose)
        else:
            lines = board.lines(db, found.notice, name, after=after, whose=found.whose, count=count)
    more = lines[board.PAGE - 1].row.person_id if len(lines) > board.PAGE and not wanted else ""
    values = {"notice": found.notice, "lines": lines[: board.PAGE], "name": name, "count": count, "more": more}
    return draw(visit, "people.html", role=found.role, q=wanted, of=_of(found.role), **values)


def _of(role: Role) -> object:
    """The group of one line, as this role may see it."""

    def named(line: board.Line) -> str:
        name = board.group(line.row.rung, line.row.trouble, line.row.answer)
        return name if role == "all" or name in board.FOR_MANAGERS else "answered"

    return named


def chart(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """How fast people read, and where; for whoever sees everybody. Not on the board: these walk the whole list."""
    found = shown(visit, notice_id, "notice.charts")
    if found.role != "all":
        raise NotFound
    notice = found.notice
    with visit.app.engine.connect() as db:
        tally = board.tally(db, notice)
        opened = board.opened_within(db, notice, charts.SPANS)
        # Departments need a look at every person of the list: at once only where that is quick.
        asked = tally.total <= DIRECT or request.args.get("sites") == "1"
        sites = board.by_site(db, notice) if asked else None
    begun = notice.started_at or clock.now()
    line = charts.curve(opened, tally.total, clock.now() - begun)
    span = functools.partial(words.span, visit.lang)
    half = span(line.half) if line.half else ""
    values = {"curve": line, "half": half, "span": span, "sites": sites, "width": charts.width}
    values |= {"percent": charts.percent, "notice": notice, "tally": tally, "size": (charts.WIDTH, charts.HEIGHT)}
    return draw(visit, "charts.html", **values)
