"""The second factor for what must not be signed by whoever found an unlocked phone: six digits, few tries, one text.

In chat the code reaches the same account that signed in: it shows that the chat itself is open to the signer, not that
another device is. By SMS it needs the number that a feature knows (`phone_of`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.card import Card
from bot.context import Context
from bot.delivery import channels
from bot.locale import t
from bot.people import Person
from bot.signing import actor_of
from bot.signing.store import Document
from bot.signing.tables import code as table

VALID, AGAIN, TRIES = timedelta(minutes=10), timedelta(minutes=1), 5
TEXT = "验证码 {code}，用于签署《{title}》，10 分钟内有效。只有您自己会用到它，请不要告诉任何人，包括公司的人。"
Phone = Callable[[Connection, Person], str]
_phones: list[Phone] = []


class No(StrEnum):
    """Why a code does not open anything."""

    NEEDED = "code_needed"
    WRONG = "code_wrong"
    SPENT = "code_spent"


def phone_of(lookup: Phone) -> Phone:
    """Register who knows the mobile number of a person (empty: not this one)."""
    if lookup not in _phones:
        _phones.append(lookup)
    return lookup


def number(conn: Connection, person: Person) -> str:
    """The person's mobile number; empty when nobody knows it."""
    return next((found for lookup in _phones if (found := lookup(conn, person))), "")


def send(ctx: Context, document: Document, sid: str, way: str) -> bool:
    """A new code for this document in this session; False when the last one is less than a minute old.

    `way` is chat or sms; without a known number the chat is used, and that is what is recorded.
    """
    person = actor_of(ctx)
    mine = (table.c.document_ref == document.ref, table.c.sid == sid)
    last = ctx.db.execute(sa.select(table.c.sent_at).where(*mine)).scalar()
    if last is not None and ctx.now - last < AGAIN:
        return False
    digits, salt = f"{secrets.randbelow(1_000_000):06d}", secrets.token_hex(16)
    phone = number(ctx.db, person) if way == "sms" else ""
    channel = "sms" if phone else "chat"
    row = {"document_ref": document.ref, "sid": sid, "salt": salt, "digest": _digest(salt, digits)}
    ctx.db.execute(sa.delete(table).where(*mine))
    ctx.db.execute(sa.insert(table).values(row | {"channel": channel, "sent_at": ctx.now, "tries": 0}))
    if phone:
        channels.queue(ctx, person, "sms", phone, t(TEXT, code=digits, title=document.title), document.matter)
    else:
        ctx.say(person, lambda: Card(t("签名验证码"), t(TEXT, code=digits, title=document.title)), document.matter)
    source = {"document": document.ref, "version": str(document.version), "ch": channel}
    ctx.record("document.code_sent", document.matter, subject=person, source=source)
    return True


def check(ctx: Context, ref: str, sid: str, given: str) -> str | No:
    """How the right code was sent (chat or sms), used up by this; otherwise what is wrong, and the try counts."""
    mine = (table.c.document_ref == ref, table.c.sid == sid)
    row = ctx.db.execute(sa.select(table).where(*mine).with_for_update()).mappings().first()
    digits = "".join(given.split())
    if row is None or not digits:
        return No.NEEDED
    if row["tries"] >= TRIES or ctx.now - row["sent_at"] > VALID:
        return No.SPENT
    if not hmac.compare_digest(_digest(row["salt"], digits), row["digest"]):
        ctx.db.execute(sa.update(table).where(*mine).values(tries=table.c.tries + 1))
        return No.SPENT if row["tries"] + 1 >= TRIES else No.WRONG
    ctx.db.execute(sa.delete(table).where(*mine))
    return str(row["channel"])


def _digest(salt: str, digits: str) -> str:
    return hashlib.sha256(f"{salt}:{digits}".encode()).hexdigest()
