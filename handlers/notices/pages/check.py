"""Before anything is sent: what is wrong, who gets it, who cannot be reached and why, how long it takes, what would be
dropped. The button to hand it in comes below all of that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from bot import clock, jobs, receipts
from bot.context import Context
from bot.errors import Refused
from bot.locale import speaking
from bot.tables import person as people_table
from bot.web.pages import Visit
from handlers.notices import opens
from handlers.notices.composing import approving, checking, drafts, forecast, schedule
from handlers.notices.composing.forecast import Forecast
from handlers.notices.composing.previewing import phones
from handlers.notices.pages import forms, words
from handlers.notices.pages.compose import editable
from handlers.notices.pages.own import draw, files_of, rich
from handlers.notices.sending import serving
from handlers.notices.store import Notice

NAMES = 200
"""People named of each reason why they cannot be reached; the number is always whole."""
DONE = ("moved", "dropped", "approving", "scheduled", "waiting")


def page(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """`/notices/<id>/check`, for the author, HR and thereby whoever approves."""
    notice = editable(visit, notice_id)
    if notice.state not in opens.DRAFTS:
        return redirect(opens.work_path(notice), 303)
    said = request.args.get("said", "")
    return _shown(visit, notice, said=said if said in DONE else "")


def _shown(
    visit: Visit, notice: Notice, *, refused: str = "", said: str = "", status: int = 200
) -> ResponseReturnValue:
    problems, expected = list[str](), None
    with speaking(visit.lang):
        with visit.app.engine.connect() as db:
            problems = checking.problems(db, notice.id, clock.now())
            files = files_of(db, notice.id)
        try:
            expected = forecast.of(visit.app, notice)
        except ValueError as error:
            problems.append(str(error))
    values = forms.values_of(drafts.draft_of(notice), ZoneInfo(visit.person.zone))
    planned = serving.Planned(notice.importance, expected.people if expected else notice.people, notice.plan)
    shown = phones(visit, values, notice.id, planned)
    texts = [(locale, title, rich(body)) for locale, (title, body) in notice.texts.items()]
    page = draw(
        visit, "check.html", notice=notice, problems=list(dict.fromkeys(problems)), refused=refused.splitlines(),
        expected=expected, names=_names(visit, expected), texts=texts, files=files, phones=shown,
        said=said, two=_two(visit, notice, expected), most=NAMES,
        v=values, open=notice.state in drafts.EDITABLE, own=notice.author_id == visit.person.id,
    )  # fmt: skip
    return make_response(page, status)


def _names(visit: Visit, expected: Forecast | None) -> Mapping[str, str]:
    ids = [each for found in (expected.unreachable.values() if expected else ()) for each in found[:NAMES]]
    c = people_table.c
    with visit.app.engine.connect() as db:
        return {row.id: row.name for row in db.execute(sa.select(c.id, c.name).where(c.id.in_(ids)))}


def submit(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """Hand it in: sent, scheduled, or a second person is asked first."""
    notice = editable(visit, notice_id)
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            state, _asked = approving.submit(ctx, notice_id)
            receipts.give(ctx)
    except Refused as error:
        return _shown(visit, notice, refused=str(error), status=422)
    return _onward(visit, notice_id, state)


def _onward(visit: Visit, notice_id: str, state: str) -> ResponseReturnValue:
    jobs.nudge(visit.app, "drain")
    where = "board" if state == "sending" else "check"
    return redirect(
        f"/notices/{quote(notice_id, safe='')}/{where}?said={'submitted' if where == 'board' else state}", 303
    )


def change(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """One that is scheduled, or missed its time: now, at another time, or not at all."""
    notice, what = editable(visit, notice_id), request.form.get("do", "")
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            state = _changed(ctx, notice, what, ZoneInfo(visit.person.zone))
            receipts.give(ctx)
    except Refused as error:
        return _shown(visit, notice, refused=str(error), status=422)
    except ValueError:
        field = words.say(visit.lang, "f_send_at")
        return _shown(visit, notice, refused=words.say(visit.lang, "unreadable", field=field), status=422)
    return _onward(visit, notice_id, state)


def _changed(ctx: Context, notice: Notice, what: str, zone: ZoneInfo) -> str:
    if what == "now":
        return schedule.send_now(ctx, notice)
    if what == "drop":
        schedule.drop(ctx, notice)
        return "dropped"
    at = datetime.fromisoformat(request.form.get("send_at", "").replace("/", "-")).replace(tzinfo=zone)
    schedule.move(ctx, notice, at.astimezone(UTC))
    return "moved"


def _two(visit: Visit, notice: Notice, expected: Forecast | None) -> bool:
    """Whether somebody else has to agree first."""
    two_from = visit.app.settings.notice_two_from
    return bool(expected and approving.needed(expected.people, notice.importance, two_from))
