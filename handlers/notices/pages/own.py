"""What an employee opens from chat: the whole text first, then the answers, then a copy to take away.

Bound to the account that signed in: whoever has only the link sees nothing. Looking is recorded once.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

import sqlalchemy as sa
from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot import clock, receipts, signing
from bot.locale import speaking
from bot.people import Person
from bot.signing.tables import document
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.notices import cards, copies, opens, store, tables as t
from handlers.notices.composing import richtext
from handlers.notices.pages import words as page_words
from handlers.notices.receiving import answers
from handlers.notices.rules import ANSWERS
from handlers.notices.store import Notice, Recipient

OUT = ("sending", "paused", "sent", "stopped", "closed")
"""States in which a notice has gone out, at least to some."""
KINDS = ("taken", "again", "late", "recalled", "replaced", "not_offered", "unread", "words", "failed")


def draw(visit: Visit, template: str, **values: object) -> str:
    """A page of this room, with its words `w` beside the core's."""
    helpers: dict[str, object] = {"w": functools.partial(page_words.say, visit.lang), "short": cards.number}
    helpers |= {"channel": functools.partial(page_words.channel, visit.lang), "now": clock.now()}
    return visit.page(f"notices/{template}", **helpers, **values)


def files_of(db: Connection, notice_id: str) -> list[store.File]:
    """The attachments, without their contents."""
    c = t.file.c
    found = sa.select(c.id, c.name, c.media_type, c.sha256, c.size).where(c.notice_id == notice_id)
    return [store.File(*row) for row in db.execute(found.order_by(c.name, c.id))]


def rich(body: str) -> Markup:
    """An author's text for a page."""
    return Markup(richtext.html(body))  # noqa: S704 - richtext escapes every character of the author


def reader(visit: Visit) -> Person:
    """The visitor as reader of the language on the page: what was shown in English is recorded in English."""
    return replace(visit.person, locale=visit.lang)


def mine(visit: Visit, db: Connection, notice_id: str) -> tuple[Notice, Recipient] | None:
    """The notice and the visitor's row, once it has gone out; else None."""
    notice = store.get(db, notice_id)
    row = store.recipient(db, notice_id, visit.person.id) if notice else None
    return (notice, row) if notice and row and notice.state in OUT else None


def nothing(visit: Visit) -> ResponseReturnValue:
    """The same page whether there is no such notice or it is somebody else's."""
    return make_response(draw(visit, "nothing.html"), 404)


def page(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """`/notices/<id>`. Authors, HR and managers who are not on the list are sent to the board."""
    with visit.app.engine.connect() as db:
        found, notice = mine(visit, db, notice_id), store.get(db, notice_id)
        if found is None and notice and opens.may_board(db, visit.person, notice):
            return redirect(opens.work_path(notice), 303)
    if found is None:
        return nothing(visit)
    notice, row = found
    if not notice.recalled_at and not row.shown_at:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            answers.opened(ctx, notice, reader(visit), "page")
        with visit.app.engine.connect() as db:
            row = store.recipient(db, notice_id, visit.person.id) or row
    return _shown(visit, notice, row, request.args.get("said", ""))


def _shown(visit: Visit, notice: Notice, row: Recipient, said: str, tried: Mapping[str, str] | None = None) -> str:
    title, body = notice.said(visit.lang)
    with visit.app.engine.connect() as db:
        files = files_of(db, notice.id)
        board = opens.may_board(db, visit.person, notice)
        newer = store.get(db, notice.replaced_id) if notice.replaced_id else None
        on_newer = bool(newer and newer.state in OUT and store.recipient(db, newer.id, visit.person.id))
        paper = paper_of(db, notice.id, visit.person) if notice.importance == "sign" else None
        given = copies.given(visit, db, notice.id, visit.person) if row.answered_at else []
    over = bool(notice.state == "closed" or (notice.deadline and notice.deadline < clock.now()))
    values: dict[str, object] = {"title": title, "html": rich(body), "files": files}
    values |= {"given": given, "hash": page_words.text_hash(title, body)}
    values |= {"notice": notice, "row": row, "over": over, "board": board, "newer": newer if on_newer else None}
    values |= {"offered": [each for each in ANSWERS if each in notice.answers], "document": paper}
    values |= {"said": said if said in KINDS else "", "tried": dict(tried or {})}
    return draw(visit, "own.html", **values)


def answer(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """One of the buttons. An objection or an appeal needs words of one's own; what was typed is never lost."""
    given, words = request.form.get("answer", ""), request.form.get("words", "").strip()
    with visit.app.engine.connect() as db:
        found = mine(visit, db, notice_id)
    if found is None:
        return nothing(visit)
    notice, row = found
    if given in ("objected", "appealed") and (not words or len(words) > answers.LONGEST):
        return make_response(_shown(visit, notice, row, "words", {"answer": given, "words": words}), 422)
    with visit.app.context(visit.person) as ctx, speaking(visit.lang):
        taken = answers.take(ctx, notice, reader(visit), given, words, source="page")
        if taken.recorded:
            receipts.give(ctx)
    return redirect(f"/notices/{quote(notice_id, safe='')}?said={taken.kind}", 303)


def attachment(visit: Visit, notice_id: str, file_id: str) -> ResponseReturnValue:
    """An attachment, for whoever may read the notice. Always a download: nothing of it runs in our pages."""
    with visit.app.engine.connect() as db:
        notice = store.get(db, notice_id)
        allowed = mine(visit, db, notice_id) or (notice and opens.may_compose(db, visit.person, notice))
        where = (t.file.c.id == file_id, t.file.c.notice_id == notice_id)
        row = db.execute(sa.select(t.file).where(*where)).mappings().first() if allowed else None
    if row is None:
        raise NotFound
    return attached(bytes(row["content"]), row["name"], row["media_type"])


def copy(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """The text, its hash and the person's own receipts as one file. That it was handed over is recorded once."""
    with visit.app.engine.connect() as db:
        found = mine(visit, db, notice_id)
        if found is None:
            return nothing(visit)
        told = copies.text(visit, db, *found, files_of(db, notice_id))
        handed = copies.handed(db, notice_id, visit.person)
    if not handed:
        with visit.app.context(visit.person) as ctx:
            title, body = found[0].said(visit.lang)
            source = {"ch": "page", "sha256": page_words.text_hash(title, body)}
            ctx.record("notice.copy_delivered", notice_id, subject=visit.person, source=source)
    return attached(told.encode(), f"{cards.number(notice_id)}.txt", "text/plain; charset=utf-8")


def paper_of(db: Connection, notice_id: str, person: Person) -> signing.Document | None:
    """The newest document that this person is asked to sign for the notice."""
    c = document.c
    where = (c.matter == notice_id, c.person_id == person.id)
    ref = db.execute(sa.select(c.ref).where(*where).order_by(c.version.desc()).limit(1)).scalar()
    return signing.get(db, ref) if ref else None


def sign(visit: Visit, notice_id: str) -> ResponseReturnValue:
    """To the signing page, where the exact text is fixed for this one person."""
    with visit.app.engine.connect() as db:
        found = mine(visit, db, notice_id)
    if found is None or found[0].importance != "sign" or found[0].recalled_at:
        return nothing(visit)
    notice, _row = found
    with visit.app.context(visit.person) as ctx, speaking(visit.lang):
        paper = paper_of(ctx.db, notice_id, visit.person)
        if paper is None:
            title, body = notice.said(visit.lang)
            blocks = [(page_words.say(visit.lang, "text"), body)]
            paper = signing.prepare(ctx, visit.person, notice_id, title, blocks, kind="notice")
    return redirect(signing.path(paper), 303)
