"""The leaver's link: how somebody who is no longer on any platform opens their own record.

HR states how the identity was checked and opens a link; the person opens it and gives a second factor, a code of six
digits. The database knows neither the link nor the code: of the first it keeps a hash, of the second a hash keyed with
the first, so that its few possibilities cannot be tried without the link. All times are aware UTC.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import access
from bot.addresses import Confirmed, confirmed
from bot.context import Context
from bot.delivery import channels
from bot.errors import Refused
from bot.locale import speaking, t
from bot.people import Person
from bot.store import new_ref
from bot.tables import leaver_link as table

HOWS: Mapping[str, str] = {
    "id_in_person": "当面看了身份证件",
    "id_in_video": "视频通话里看了身份证件",
    "known_mobile": "拨打已知手机号，由本人接听",
    "representative": "代理人持授权委托书",
}
"""How an identity was checked, by code, and in the words that are kept."""
HAND = "hand"
WAYS = ("sms", "mail", HAND)
LONGEST_NOTE = 300
State = Literal["open", "expired", "revoked", "locked", "back"]

NOT_HR = "只有 HR 可以为离职人员开通查看链接。"
STILL_HERE = "{name} 仍在职，可以直接用工作账号打开自己的记录，不需要链接。"
CHOOSE = "请选择身份核验方式和验证码的交付方式。"
WHO_ACTS = "由代理人办理时，请在备注里写明代理人姓名和授权委托书。"
NOTE_LONG = "备注请控制在 {most} 字以内。"
UNREACHABLE = "这个地址没有确认过，或对应的通道没有开通。请换一种方式交付验证码。"
OPENED = (
    "【回执】原单位 HR 已为您开通查看本人记录的链接，{day} 前有效，验证码由 HR 直接交给您。"
    "如果您没有提出过，请联系原单位 HR。"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What HR states when opening a link: `how` one of HOWS, `way` one of WAYS, `note` in their own words."""

    how: str
    way: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """Shown once. `code` only when it is to be handed over by hand."""

    id: str
    token: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is kept; see the table."""

    id: str
    person_id: str
    opened_by: str
    how: str
    way: str
    token_hash: str
    state: str
    opened_at: datetime
    expires_at: datetime
    code_hash: str
    code_until: datetime | None
    tries: int
    sends: int
    sent_at: datetime | None
    used_at: datetime | None
    closed_at: datetime | None


def matter(person: Person) -> str:
    """What everything about a person's links is recorded under."""
    return f"leaver:{person.ref}"


def open_link(ctx: Context, person: Person, wish: Wish, reach: Mapping[str, Confirmed], days: int) -> Opened:
    """HR (`ctx.actor`) opens a link that works for `days`; an earlier one stops working. `reach`: way -> address.

    Refused with what to do when the actor is not HR, the person has not left, or something is not stated.
    """
    _check(ctx, person, wish, reach)
    for old in of(ctx.db, person):
        revoke(ctx, person, old.id)
    token, code = secrets.token_urlsafe(32), new_code() if wish.way == HAND else ""
    link_id, expires = f"lk-{new_ref()}", ctx.now + timedelta(days=days)
    by = ctx.actor.id if ctx.actor else ""
    row = {"id": link_id, "person_id": person.id, "opened_by": by, "how": wish.how, "way": wish.way, "state": "open"}
    row |= {"token_hash": _hash(token), "code_hash": seal(token, code) if code else ""}
    until = {"opened_at": ctx.now, "expires_at": expires, "code_until": expires if code else None}
    ctx.db.execute(sa.insert(table).values(**row, **until))
    said = {"how.txt": HOWS[wish.how]} | ({"note": wish.note} if wish.note else {})
    checked = {"how": wish.how, "until": expires.isoformat()}
    record(ctx, "identity.verified", person, link_id, said, **checked)
    record(ctx, "identity.link_opened", person, link_id, way=wish.way, until=expires.isoformat())
    if code:
        record(ctx, "identity.code_handed", person, link_id)
        _tell_opened(ctx, person, reach, expires)
    return Opened(link_id, token, code, expires)


def must_be_hr(ctx: Context) -> None:
    """Refused unless the actor is HR."""
    if ctx.actor is None or not access.is_hr(ctx.actor):
        raise Refused(t(NOT_HR))


def _check(ctx: Context, person: Person, wish: Wish, reach: Mapping[str, Confirmed]) -> None:
    must_be_hr(ctx)
    if person.active:
        raise Refused(t(STILL_HERE, name=person.name))
    if wish.how not in HOWS or wish.way not in WAYS:
        raise Refused(t(CHOOSE))
    if wish.how == "representative" and sum(char.isalnum() for char in wish.note) < 2:
        raise Refused(t(WHO_ACTS))
    if len(wish.note) > LONGEST_NOTE:
        raise Refused(t(NOTE_LONG, most=LONGEST_NOTE))
    if wish.way != HAND and wish.way not in reach:
        raise Refused(t(UNREACHABLE))


def _tell_opened(ctx: Context, person: Person, reach: Mapping[str, Confirmed], expires: datetime) -> None:
    """A code in HR's hands could also be used by HR: the person hears of it wherever they can be reached."""
    with speaking(person.locale):
        text = t(OPENED, day=f"{expires:%Y-%m-%d}")
    for each in reach.values():
        channels.queue(ctx, person, each.channel, each.to, text, matter(person))


def revoke(ctx: Context, person: Person, link_id: str) -> bool:
    """The link stops working at once; False when it had already."""
    mine = (table.c.id == link_id, table.c.person_id == person.id, table.c.state == "open")
    done = ctx.db.execute(sa.update(table).where(*mine).values(state="revoked", closed_at=ctx.now)).rowcount == 1
    if done:
        record(ctx, "identity.link_revoked", person, link_id)
    return done


def of(db: Connection, person: Person) -> list[Link]:
    """The person's links that are open by name; some may have run out. Newest first."""
    where = (table.c.person_id == person.id, table.c.state == "open")
    rows = db.execute(sa.select(table).where(*where).order_by(table.c.opened_at.desc(), table.c.id)).mappings()
    return [Link(**row) for row in rows]


def get(db: Connection, link_id: str) -> Link | None:
    """The link, or None."""
    row = db.execute(sa.select(table).where(table.c.id == link_id)).mappings().first()
    return Link(**row) if row else None


def find(db: Connection, token: str) -> Link | None:
    """The link behind the secret of an address; None for one that never was."""
    row = db.execute(sa.select(table).where(table.c.token_hash == _hash(token))).mappings().first()
    return Link(**row) if row and hmac.compare_digest(row["token_hash"], _hash(token)) else None


def state_of(link: Link, person: Person | None, now: datetime) -> State:
    """`back`: the person is with the firm again and signs in like everybody."""
    if link.state == "locked":
        return "locked"
    if link.state != "open" or person is None:
        return "revoked"
    if now >= link.expires_at:
        return "expired"
    return "back" if person.active else "open"


def tell(ctx: Context, person: Person, text: str, about: str) -> None:
    """Say a translated text on every channel that the person confirmed; what is not set up is left out by itself."""
    with speaking(person.locale):
        said = t(text)
    for each in confirmed(ctx.db, person, ctx.now).values():
        channels.queue(ctx, person, each.channel, each.to, said, about)


def record(
    ctx: Context, type: str, person: Person, link_id: str, parts: Mapping[str, str] | None = None, **source: str
) -> None:
    """About a link: who it is for, which it is, and codes; never an address, a secret or a code."""
    ctx.record(type, matter(person), subject=person, parts=parts, source={"link": link_id, **source})


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def seal(token: str, code: str) -> str:
    """What is kept of a code; without the link it cannot be tried."""
    return hmac.new(token.encode(), code.encode(), hashlib.sha256).hexdigest()
