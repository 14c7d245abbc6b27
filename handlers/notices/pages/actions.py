"""What an author or HR does on the board: remind, pause, go on, stop, recall, replace, take away. Each asks first."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import clock, jobs, receipts
from bot.context import Context
from bot.db import begin
from bot.errors import Refused
from bot.evidence import audit
from bot.locale import speaking
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.notices import cards, exports, store
from handlers.notices.composing import drafts
from handlers.notices.pages import words
from handlers.notices.pages.board import Seen, seen
from handlers.notices.sending import recall, reminding, sending
from handlers.notices.store import Notice

LONGEST = 200
"""Characters of a reason, as the form says; a longer one is sent back and never cut."""


def _whole(visit: Visit, notice_id: str) -> Notice:
    found: Seen = seen(visit, notice_id)
    if found.role != "all":
        raise NotFound
    return found.notice


def _back(notice_id: str, said: str, **more: str) -> ResponseReturnValue:
    here = f"/notices/{quote(notice_id, safe='')}/board"
    return redirect(f"{here}?{urlencode({'said': said, **{k: v for k, v in more.items() if v}})}", 303)


def pause(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """[暂停]: nothing more goes out until somebody goes on."""
    return _do(visit, notice_id, "paused")


def resume(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """[继续]: where it was."""
    return _do(visit, notice_id, "resumed")


def stop(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """[停止]: for good."""
    return _do(visit, notice_id, "stopped")


def take_back(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """[撤回]: where the platforms can; readers of the link are told why."""
    return _do(visit, notice_id, "recalled")


def _do(visit: Visit, notice_id: str, what: str) -> ResponseReturnValue:
    notice, reason = _whole(visit, notice_id), request.form.get("reason", "").strip()
    if len(reason) < 2 and what != "resumed":
        return _back(notice_id, "reason")
    if len(reason) > LONGEST:
        return _back(notice_id, "reason_long")
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.person.locale):
            done = _done(ctx, notice, what, reason)
            if done:
                receipts.give(ctx)
    except Refused as error:
        return _back(notice_id, "nothing", why=str(error))
    jobs.nudge(visit.app, "drain")
    return _back(notice_id, what if done else "nothing")


def _done(ctx: Context, notice: Notice, what: str, reason: str) -> bool:
    if what == "paused":
        return sending.pause(ctx, notice, reason)
    if what == "resumed":
        return sending.resume(ctx, notice)
    if what == "stopped":
        return sending.stop(ctx, notice, reason)
    recall.recall(ctx, notice, reason)
    return True


def remind(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """One more message, in other words, to those who have not done what was asked; says who was left out and why."""
    found = seen(visit, notice_id)
    one = request.form.get("person", "")
    people = [one] if one and (found.whose is None or one in found.whose) else None if not one else []
    if people is None and found.whose is not None:
        people = list(found.whose)
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.person.locale):
            done = reminding.remind(ctx, found.notice, people, platforms=visit.app.platforms)
            receipts.give(ctx)
    except Refused as error:
        return _back(notice_id, "nothing", why=str(error))
    jobs.nudge(visit.app, "drain")
    skipped = ",".join(f"{why}:{len(ids)}" for why, ids in sorted(done.skipped.items()))
    return _back(notice_id, "reminded", n=str(done.count), skipped=skipped)


def export(visit: Visit, notice_id: str, kind: str) -> ResponseReturnValue:
    """The list as CSV or XLSX, by a form: taking names away is on record before the file exists."""
    notice = _whole(visit, notice_id)
    if kind not in ("csv", "xlsx"):
        raise NotFound
    app = visit.app
    if kind == "xlsx" and notice.people > exports.MOST_XLSX:
        return _back(notice_id, "nothing", why=words.say(visit.lang, "too_long", n=exports.MOST_XLSX))
    with begin(app.engine) as db:
        audit.exported(db, app.keys, by=visit.person.ref, subjects=[], what=f"notice:{notice_id}", now=clock.now())
    with app.engine.connect() as db:
        data = exports.table(db, notice, kind, visit.lang, ZoneInfo(visit.person.zone))
    types = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    return attached(data, f"{cards.number(notice_id)}.{kind}", types[kind])


def duplicate(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """A draft with the same words; with `replace` it will take the place of this one."""
    notice = _whole(visit, notice_id)
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.person.locale):
            new_id = drafts.duplicate(ctx, notice_id)
            if request.form.get("replace") == "1" and not notice.replaced_id:
                copy = store.get(ctx.db, new_id)
                if copy:
                    drafts.edit(ctx, new_id, replace(drafts.draft_of(copy), replaces_id=notice_id))
            receipts.give(ctx)
    except Refused as error:
        return _back(notice_id, "nothing", why=str(error))
    return redirect(f"/notices/{quote(new_id, safe='')}/edit?said=copied", 303)
