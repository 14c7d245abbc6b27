"""/letters/<id>: the notice as it was sent. Opened by its person it is a sign of life, and on record as no more."""

from __future__ import annotations

from zoneinfo import ZoneInfo

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
    "letter_opened": (
        "首次打开：{time}（{zone}，按本系统的时钟），已记录。打开不等于同意。",
        "First opened {time} ({zone}, by this system's clock); on record. Opening is not agreeing.",
    ),
    "letter_unopened": ("本人还没有打开。", "The person has not opened it yet."),
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
        found = letters.get(ctx.db, letter_id) or found  # with the time of opening that was written just now
    number = 0 if visit.lang == "zh" else 1
    said = {name: pair[number] for name, pair in WORDS.items()}
    said["letter_opened"] = _opened(visit, found, said)
    title, _, body = (found.text or said["letter_erased"]).partition("\n")
    return visit.page("missed_punch/letter.html", title=title, body=body, letter=found, own=own, said=said)


def _opened(visit: Visit, found: letters.Letter, said: dict[str, str]) -> str:
    """When our page was drawn for the person, on the reader's own clock and with its zone."""
    if found.opened_at is None:
        return said["letter_unopened"]
    offset = f"{found.opened_at.astimezone(ZoneInfo(visit.person.zone)):%z}"
    zone = f"{visit.person.zone}, UTC{offset[:3]}:{offset[3:]}"
    return said["letter_opened"].format(time=visit.time(found.opened_at), zone=zone)
