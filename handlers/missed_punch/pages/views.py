"""The absence pages: the board, one's own cases, one case with its timeline, and the buttons on it."""

from __future__ import annotations

import functools
from collections.abc import Collection
from urllib.parse import quote

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot import access, clock, receipts
from bot.errors import Refused
from bot.evidence import audit
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_event
from bot.locale import speaking
from bot.people import People, Person
from bot.web import record
from bot.web.pages import Visit
from bot.web.words import Lang
from handlers.missed_punch import proofs
from handlers.missed_punch.flow import case as flow_case
from handlers.missed_punch.ladder import standing
from handlers.missed_punch.pages import board, shapes, timeline, words as page_words
from handlers.missed_punch.pages.board import Line

SAID = (
    "held",
    "quiet",
    "resumed",
    "advanced",
    "stopped",
    "reason",
    "reason_long",
    "late",
    "moved",
    "blind",
    "nothing",
    "punched",
    "leave",
)
BOARD = "access:absences"
"""The matter under which looks at the whole board are on record: it is about nobody in particular."""


def may_open(db: Connection, person: Person) -> bool:
    """The board is for HR and for whoever decides about others."""
    return access.is_hr(person) or access.MANAGER in access.roles(db, person)


def whose(db: Connection, viewer: Person) -> Collection[str] | None:
    """Ids of those whose cases `viewer` may see; None: everybody's."""
    return None if access.is_hr(viewer) else [each.id for each in access.visible(db, viewer, limit=1000)]


def draw(visit: Visit, template: str, **values: object) -> str:
    """A page of this room, with its words `w` beside the core's."""
    lang = visit.lang
    helpers = {
        "w": functools.partial(page_words.say, lang),
        "state_name": functools.partial(page_words.state, lang),
        "state_hint": functools.partial(page_words.hint, lang),
        "worry": standing.worry,
        "when": lambda moment: shapes.when(visit, moment),
        "reached": standing.reached,
        "now": clock.now(),
        "age": lambda moment: shapes.age(lang, clock.now() - moment),
        "said_by": lambda line, own: shapes.said_by(visit, line, own),
        "channel": lambda name: shapes.channel(visit, name),
    }
    return visit.page(f"missed_punch/{template}", **helpers, **values)


def feeds(visit: Visit, db: Connection) -> board.Feeds:
    """How well we see right now."""
    return board.feeds(db, clock.now(), visit.app.platforms)


def overview(visit: Visit) -> ResponseReturnValue:
    """Everybody without a word, what comes next, and who is in, out or unknown. `?site=`, `?state=` narrow it."""
    now, site, state = clock.now(), request.args.get("site", "")[:128], request.args.get("state", "")
    with visit.app.engine.connect() as db:
        if not may_open(db, visit.person):
            raise NotFound
        people, known = whose(db, visit.person), feeds(visit, db)
        lines, present = board.open_lines(db, now, known, people), board.presence(db, now, known, people)
    _looked_at_board(visit)
    sites = sorted({line.case.site for line in lines})
    found = [line for line in lines if (not site or line.case.site == site) and (not state or line.state == state)]
    filters = {"site": site, "state": state, "sites": sites, "states": standing.FILTERS}
    cases = {line.case.person_id: line.case.id for line in reversed(lines)}
    shown = {"lines": found[: board.MOST], "cut": len(lines) > board.MOST, "most": board.MOST, "cases": cases}
    return draw(
        visit, "board.html", present=present, bars=[shapes.bar(each.counts) for each in present], **shown, **filters
    )


def mine(visit: Visit) -> str:
    """One's own cases, open and past."""
    with visit.app.engine.connect() as db:
        lines = board.of_person(db, feeds(visit, db), visit.person.id)
    closed = [line for line in lines if line.case.state == "closed"]
    return draw(visit, "mine.html", open=[line for line in lines if line not in closed], closed=closed)


def one(visit: Visit, case_id: str) -> ResponseReturnValue:
    """One case. For whom it does not concern the page does not exist; the look is recorded."""
    subject, role = _reader(visit, case_id)
    if role != "own":
        with visit.app.engine.connect() as db:
            fresh = not access.seen_lately(db, visit.person, subject, f"case:{case_id}", milliseconds(clock.now()))
        if fresh:
            with visit.app.context(visit.person) as ctx:
                access.viewed(ctx, subject, f"case:{case_id}")
    with visit.app.engine.connect() as db, speaking(visit.lang):
        line = board.one(db, feeds(visit, db), case_id)
        if line is None:
            raise NotFound
        told = timeline.story(db, case_id, subject, visit.person, role, record.reader(visit.app))
        first = _first(db, line)
    said = request.args.get("said", "")
    values = {"line": line, "case": line.case, "subject": subject, "role": role, "story": told, "first": first}
    buttons = _buttons(line) if role == "hr" and line.case.state == "waiting" else ()
    seen = flow_case.mark(line.case, line.last)
    back = "/absences/mine" if role == "own" else "/absences"
    words = {"said": said if said in SAID else "", "buttons": buttons, "seen": seen, "back": back}
    values["files"] = any(isinstance(item, timeline.Happened) and item.type in proofs.TYPES for item in told.items)
    return draw(visit, "case.html", is_sent=_is_sent, **words, **values)


def hold(visit: Visit, case_id: str) -> ResponseReturnValue:
    """[暂停]: nothing goes out by itself until HR goes on."""
    return _press(visit, case_id, "hold")


def resume(visit: Visit, case_id: str) -> ResponseReturnValue:
    """[继续]: the ladder goes on, the pause does not count."""
    return _press(visit, case_id, "resume")


def advance(visit: Visit, case_id: str) -> ResponseReturnValue:
    """[提前]: the next step now, after a last look for a punch or a leave."""
    return _press(visit, case_id, "advance")


def stop(visit: Visit, case_id: str) -> ResponseReturnValue:
    """[停止]: nobody is asked any more."""
    return _press(visit, case_id, "stop")


def _press(visit: Visit, case_id: str, what: flow_case.What) -> ResponseReturnValue:
    """What a button does and its receipt are one transaction. Back to the page with what came of it."""
    _subject, role = _reader(visit, case_id)
    if role != "hr":
        raise NotFound
    seen, reason = request.form.get("seen", ""), request.form.get("reason", "")
    here = f"/absences/{quote(case_id, safe='')}"
    if len(reason.strip()) > flow_case.LONGEST:
        return redirect(f"{here}?said=reason_long", 303)
    if what == "advance" and _blind(visit, case_id):
        return redirect(f"{here}?said=blind", 303)
    with visit.app.context(visit.person) as ctx, speaking(visit.person.locale):
        try:
            outcome = flow_case.act(ctx, case_id, what, seen, reason)
        except Refused:
            raise NotFound from None
        receipts.give(ctx)
    return redirect(f"{here}?said={outcome.key}", 303)


def _blind(visit: Visit, case_id: str) -> bool:
    """A punch may be waiting behind a broken feed: nobody is asked about it until we can see again."""
    with visit.app.engine.connect() as db:
        line = board.one(db, feeds(visit, db), case_id)
    return line is not None and line.state == "unknown"


def _reader(visit: Visit, case_id: str) -> tuple[Person, timeline.Role]:
    """Whom the case is about, and as what the visitor reads it."""
    with visit.app.engine.connect() as db:
        line = board.one(db, feeds(visit, db), case_id)
        subject = People(db).get(line.case.person_id) if line else None
        if subject is None or not access.may_see(db, visit.person, subject):
            raise NotFound
    if subject.id == visit.person.id:
        return subject, "own"
    return subject, "hr" if access.is_hr(visit.person) else "manager"


def _buttons(line: Line) -> tuple[flow_case.What, ...]:
    """What HR can do now."""
    found: list[flow_case.What] = ["resume" if line.held else "hold"] if line.held or line.case.next_at else []
    if found and line.state != "unknown":
        found.append("advance")
    return (*found, "stop")


def _first(db: Connection, line: Line) -> dict[str, object] | None:
    """Who took the newest step, for whoever came second."""
    if line.last is None:
        return None
    names = record.names_of(db, {line.last.actor})
    what = flow_case.TYPES[line.last.type]
    return {"name": names.get(line.last.actor, ""), "at": record.moment(line.last.at_ms), "what": what}


def _looked_at_board(visit: Visit) -> None:
    """Who saw the whole board is on record too, at most once in ten minutes."""
    since = milliseconds(clock.now() - access.AGAIN)
    columns = (ev_event.c.object_id == BOARD, ev_event.c.actor == visit.person.ref, ev_event.c.seen_ms > since)
    with visit.app.engine.connect() as db:
        if db.execute(sa.select(ev_event.c.n).where(*columns).limit(1)).first():
            return
    with visit.app.context(visit.person) as ctx:
        ctx.record(audit.VIEWED, BOARD, source={"what": "page:absences"})


def _is_sent(item: object) -> bool:
    return isinstance(item, timeline.Sent)


def status(db: Connection, person: Person, lang: Lang) -> str:
    """For the start page of those who may open the board."""
    count = board.silent(db, whose(db, person))
    return page_words.say(lang, "status_open", n=count) if count else page_words.say(lang, "status_none")


def status_mine(db: Connection, person: Person, lang: Lang) -> str:
    """For the start page of everybody else."""
    count = sum(line.case.state != "closed" for line in board.of_person(db, {}, person.id))
    return page_words.say(lang, "status_mine", n=count) if count else page_words.say(lang, "status_mine_none")
