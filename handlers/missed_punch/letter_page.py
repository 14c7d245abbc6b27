"""/letters/<id>: the notice as it was sent. Opened by its person it is a sign of life, and on record as no more."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import access
from bot.people import People
from bot.web.pages import Visit
from handlers.missed_punch import letters

WORDS = {
    "letter_kind": (
        "看到这封信就好，我们很惦记您。打开不等于同意其中内容；有困难请在聊天里点「我遇到困难」或回复一句话。",
        "We are glad that you see this. Opening it is not agreeing; if you are in difficulty, say so in the chat.",
    ),
    "letter_opened": ("打开时间已记录", "The time of opening is on record"),
    "letter_erased": ("内容已按本人的要求删除", "The contents were erased as the person asked"),
    "proof": ("附上证明材料", "Add a proof"),
    "letter_hash": ("全文校验值", "Hash of the text"),
}


def letter(visit: Visit, letter_id: str) -> ResponseReturnValue:
    """For the person it is addressed to, and for HR; for everybody else it does not exist."""
    with visit.app.engine.connect() as db:
        found = letters.get(db, letter_id)
        person = People(db).get(found.person_id) if found else None
    own = found is not None and found.person_id == visit.person.id
    if found is None or person is None or found.sent_at is None or not (own or access.is_hr(visit.person)):
        raise NotFound
    with visit.app.context(visit.person) as ctx:
        if own:
            letters.opened(ctx, found, person)
        else:
            access.viewed(ctx, person, f"letter:{found.id}")
    number = 0 if visit.lang == "zh" else 1
    said = {name: pair[number] for name, pair in WORDS.items()}
    title, _, body = (found.text or said["letter_erased"]).partition("\n")
    return visit.page("missed_punch/letter.html", title=title, body=body, letter=found, own=own, said=said)
