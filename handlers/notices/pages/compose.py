"""Writing a notice: what can be stored is stored, all that is wrong is said at once, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import receipts
from bot.errors import Refused
from bot.locale import speaking
from bot.sheets import BadFile
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.notices import opens, store
from handlers.notices.composing import attachments, audience, drafts, richtext
from handlers.notices.composing.previewing import NEW, phones, send_preview
from handlers.notices.pages import forms, words
from handlers.notices.pages.board import may_open
from handlers.notices.pages.own import draw, files_of
from handlers.notices.sending import plan
from handlers.notices.store import Notice

MOST = attachments.COUNT * attachments.SIZE + (1 << 20)
"""Bytes of the form with its files."""
ROWS = 50
SAID = ("saved", "copied", "template", "previewed", "changed")


def new(visit: Visit) -> ResponseReturnValue:
    """`/notices/new`, empty or from a template (`?from=`)."""
    with visit.app.engine.connect() as db:
        if not may_open(db, visit.person):
            raise NotFound
        chosen = request.args.get("from", "")
        known = {each.id: each.draft for each in drafts.templates(db)} if chosen else {}
    draft = known.get(chosen) or drafts.Draft({})
    return _form(visit, None, forms.values_of(draft, _zone(visit)))


def edit(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """A draft as it is stored."""
    notice = editable(visit, notice_id)
    return _form(visit, notice, forms.values_of(drafts.draft_of(notice), _zone(visit)))


def editable(visit: Visit, notice_id: str) -> Notice:
    """NotFound for whom it does not concern."""
    with visit.app.engine.connect() as db:
        notice = store.get(db, notice_id)
        if notice is None or not opens.may_compose(db, visit.person, notice):
            raise NotFound
    return notice


def _zone(visit: Visit) -> ZoneInfo:
    return ZoneInfo(visit.person.zone)


def _form(
    visit: Visit, notice: Notice | None, values: forms.Values, problems: Sequence[str] = (), status: int = 200,
    rows: Sequence[tuple[int, str]] = (),
) -> ResponseReturnValue:  # fmt: skip
    with visit.app.engine.connect() as db:
        files = files_of(db, notice.id) if notice else []
        choices = {"depts": audience.names(db, "dept"), "tag_names": audience.names(db, "tag")}
        known = drafts.templates(db)
    said = request.args.get("said", "") if request.method == "GET" else ""
    listed = len((notice.audience.get("into") or {}).get("people", ())) if notice else 0
    page = draw(
        visit, "compose.html", notice=notice, v=values | {"listed": listed}, problems=problems, files=files,
        said=said if said in SAID else "", rows=rows[:ROWS], more_rows=max(len(rows) - ROWS, 0), templates=known,
        phones=phones(visit, values, notice.id if notice else NEW), platforms=list(visit.app.platforms),
        channels=plan.ORDER,
        plan_open=any(values[f"plan_{each}"] for each in plan.ORDER),
        locked=bool(notice and notice.state not in drafts.EDITABLE), most=visit.app.settings.notice_file_mb, **choices,
    )  # fmt: skip
    return make_response(page, status)


def save(visit: Visit, notice_id: str = "") -> ResponseReturnValue:
    """Store the draft, its files and its list; then what the button says."""
    notice = editable(visit, notice_id) if notice_id else None
    values, rows, problems = forms.typed(request.form), list[tuple[int, str]](), list[str]()
    people = _people(visit, notice, rows, problems)
    values["replaces_id"] = _may_replace(visit, values["replaces_id"])
    draft, wrong = forms.draft_of(values, _zone(visit), people, visit.person.id)
    problems += [words.say(visit.lang, "unreadable", field=words.say(visit.lang, f"f_{each}")) for each in wrong]
    with speaking(visit.lang):
        problems += dict.fromkeys(filter(None, (richtext.title_problem(title) for title, _ in draft.texts.values())))
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            if notice:
                drafts.edit(ctx, notice.id, draft)
            else:
                notice_id = drafts.create(ctx, draft)
            receipts.give(ctx)
    except Refused as error:
        return _form(visit, notice, values, [*problems, str(error)], 422, rows)
    problems += _attach(visit, notice_id)
    notice = editable(visit, notice_id)
    if problems or rows:
        return _form(visit, notice, values, problems, 422, rows)
    return _then(visit, notice, request.form.get("do", "save"), draft)


def _may_replace(visit: Visit, notice_id: str) -> str:
    """Only what one may compose can be replaced; a forged id is dropped."""
    with visit.app.engine.connect() as db:
        old = store.get(db, notice_id) if notice_id else None
        return old.id if old and opens.may_compose(db, visit.person, old) else ""


def _then(visit: Visit, notice: Notice, wanted: str, draft: drafts.Draft) -> ResponseReturnValue:
    here = f"/notices/{quote(notice.id, safe='')}"
    if wanted == "check":
        return redirect(f"{here}/check", 303)
    if wanted == "preview":
        send_preview(visit, notice)
        return redirect(f"{here}/edit?said=previewed", 303)
    if wanted == "template":
        name = request.form.get("template_name", "").strip() or (notice.title if notice.texts else "")
        try:
            with visit.app.context(visit.person) as ctx, speaking(visit.lang):
                drafts.save_template(ctx, name, draft)
        except Refused as error:
            return _form(visit, notice, forms.typed(request.form), [str(error)], 422)
        return redirect(f"{here}/edit?said=template", 303)
    return redirect(f"{here}/edit?said=saved", 303)


def _people(visit: Visit, notice: Notice | None, rows: list[tuple[int, str]], problems: list[str]) -> Sequence[str]:
    """Ids of the uploaded list, or of the one there is. Rows that are wrong are said; the others count."""
    kept: Sequence[str] = (notice.audience.get("into") or {}).get("people", ()) if notice else ()
    if request.form.get("forget_list") == "1":
        kept = ()
    upload = request.files.get("list")
    if not upload or not upload.filename:
        return kept
    try:
        with visit.app.engine.connect() as db, speaking(visit.lang):
            found = audience.imported(db, upload.read())
    except (BadFile, ValueError) as error:
        problems.append(f"{upload.filename[:80]}: {error}")
        return kept
    rows += found.errors
    return list(dict.fromkeys([*kept, *found.people]))


def _attach(visit: Visit, notice_id: str) -> list[str]:
    """Each file for itself: one bad file costs no other."""
    problems = []
    for each in request.files.getlist("files"):
        if each.filename:
            try:
                with visit.app.context(visit.person) as ctx, speaking(visit.lang):
                    drafts.attach(ctx, notice_id, each.filename, each.read())
            except Refused as error:
                problems.append(str(error))
    for file_id in request.form.getlist("drop"):
        try:
            with visit.app.context(visit.person) as ctx, speaking(visit.lang):
                drafts.detach(ctx, notice_id, file_id)
        except Refused as error:
            problems.append(str(error))
    return problems


def example(visit: Visit) -> ResponseReturnValue:
    """An empty list to fill in."""
    return attached("\ufeff账号,平台,姓名,备注\r\n".encode(), "list.csv", "text/csv; charset=utf-8")
