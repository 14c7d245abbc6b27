"""/chat-files/<desk>: what somebody sent, for HR, and for the sender. Every download is on record."""

from __future__ import annotations

from urllib.parse import quote

import sqlalchemy as sa
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import access
from bot.evidence.tables import ev_part
from bot.people import People, Person
from bot.web import record
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.chat_files import keeping, store
from handlers.chat_files.store import Sent

WORDS = {
    "title": ("聊天里发来的文件", "Files sent in the chat"),
    "by": ("{name} 发来，{time}", "Sent by {name}, {time}"),
    "private": (
        "可能有个人健康等敏感信息，请只在办理这件事时使用，不要转给经理。每次打开都会留下记录，本人可见。",
        "They may hold sensitive personal information, such as health. Use them for this matter only and do not pass "
        "them to managers. Every opening is recorded, and the person can see that.",
    ),
    "own": (
        "这是您发来的文件，原样保存。只有您和 HR 能打开。",
        "You sent these. They are kept as they came; only you and HR can open them.",
    ),
    "open": ("下载", "Download"),
    "bytes": ("{n} 字节", "{n} bytes"),
}  # fmt: skip


def page(visit: Visit, desk: str) -> str:
    """The list, without contents."""
    found, person = _found(visit, desk)
    number = 0 if visit.lang == "zh" else 1
    words = {name: pair[number] for name, pair in WORDS.items()}
    own = person.id == visit.person.id
    return visit.page("chat_files/files.html", w=words, files=found, subject=person, own=own, path=quote(desk))


def file(visit: Visit, desk: str, file_id: str) -> ResponseReturnValue:
    """One file, always as a download: nothing of it runs in our pages."""
    found, person = _found(visit, desk)
    row = next((each for each in found if each.id == file_id), None)
    if row is None:
        raise NotFound
    with visit.app.context(visit.person) as ctx:
        access.viewed(ctx, person, f"file:{row.id}")
    with visit.app.engine.connect() as db:
        mine = (ev_part.c.event_id == row.event_id, ev_part.c.name == keeping.part_of(row.name))
        part = db.execute(sa.select(ev_part).where(*mine)).first()
        content = record.reader(visit.app)(db, part) if part else None
    if content is None:  # erased since
        raise NotFound
    return attached(content, row.name, row.media_type.partition(";")[0])


def _found(visit: Visit, desk: str) -> tuple[list[Sent], Person]:
    """The files and their sender, for HR and the sender; for everybody else they do not exist."""
    with visit.app.engine.connect() as db:
        found = store.on_desk(db, desk)
        person = People(db).get(found[0].person_id) if found else None
    if person is None or not (access.is_hr(visit.person) or visit.person.id == person.id):
        raise NotFound
    return found, person
