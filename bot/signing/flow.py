"""Opening, signing and declining a document. One signature at most, and only of what was shown in this very session."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from bot import signing
from bot.card import Button, Card
from bot.context import Context
from bot.evidence.log import stamp
from bot.locale import t
from bot.people import Person
from bot.signing import code as signing_code, refusal, rules
from bot.signing.rules import Problem
from bot.signing.store import DECLINED, OPEN, SIGNED, SUPERSEDED, WITHDRAWN, WITNESSED, Document
from bot.signing.tables import document as table, showing, signature

FRESH = timedelta(minutes=5)
"""How old a sign-in may be when the stakes are high."""
KEPT = timedelta(hours=8)
"""How long a page that was opened may be signed: as long as an unused session lives."""
WORDS = 2000
"""What the button stands for; recorded with the signature."""
NOT_SIGNED = "《{title}》没有签名。这是您的选择，您的话会原样保留。改变主意或想谈一谈，请联系 HR，可以重新发给您。"
DONE = "您已签署《{title}》第 {version} 版。加封的副本可以随时打开，请保存一份；公司手里的是同一份。"


class Answer(StrEnum):
    """What came of a press of the button; every one has its sentence on the page."""

    SIGNED = "signed"
    DECLINED = "declined"
    ALREADY = "already"
    WAS_DECLINED = "was_declined"
    WAS_WITNESSED = "was_witnessed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    OLD_PAGE = "old_page"
    ALTERED = "altered"
    SIGN_IN = "sign_in"
    CODE_NEEDED = "code_needed"
    CODE_WRONG = "code_wrong"
    CODE_SPENT = "code_spent"
    EMPTY = "empty"
    DOT = "dot"
    SMALL = "small"
    GARBLED = "garbled"
    NAME = "name"
    ELSEWHERE = "elsewhere"


OVER = {SIGNED: Answer.ALREADY, DECLINED: Answer.WAS_DECLINED, WITNESSED: Answer.WAS_WITNESSED,
        SUPERSEDED: Answer.SUPERSEDED, WITHDRAWN: Answer.WITHDRAWN}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seat:
    """The session at which somebody sits; `began` is the sign-in, UTC."""

    sid: str
    began: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the form brought. `how` is drawn or typed; `marks` the strokes or the name; `code` the second factor."""

    token: str
    how: str
    marks: str
    code: str = ""
    seen_to_end: bool = False


def show(ctx: Context, document: Document, seat: Seat) -> str:
    """The whole document is being rendered: a token that can sign exactly this text, once, in this session only.

    Records `document.opened` the first time.
    """
    token = secrets.token_hex(32)
    mine = (showing.c.document_ref == document.ref, showing.c.used_at.is_(None))
    ctx.db.execute(sa.delete(showing).where(*mine, showing.c.shown_at < ctx.now - KEPT))
    row: dict[str, object] = {"token": _digest(token), "document_ref": document.ref, "sha256": document.sha256}
    row |= {"version": document.version, "sid": seat.sid, "shown_at": ctx.now}
    ctx.db.execute(sa.insert(showing).values(row))
    first = sa.update(table).where(table.c.ref == document.ref, table.c.opened_at.is_(None))
    if ctx.db.execute(first.values(opened_at=ctx.now)).rowcount == 1:
        source, parts = _source(document, ctx.actor), {"sha256": document.sha256}
        ctx.record("document.opened", document.matter, subject=ctx.actor, parts=parts, source=source)
    return token


def sign(ctx: Context, ref: str, seat: Seat, attempt: Attempt, *, strict: bool) -> Answer:
    """Take the signature, or say why not. Nothing is raised: a wrong code must stay counted.

    `strict`: the sign-in must be fresh and a code right. The caller checked that `ctx.actor` is the document's person.
    """
    document, actor = _locked(ctx, ref), signing.actor_of(ctx)
    if document.state != OPEN:
        return OVER[document.state]
    shown_at = _shown(ctx, document, seat, attempt.token)
    if shown_at is None:
        return Answer.OLD_PAGE
    if not intact(document):
        return Answer.ALTERED
    if problem := _marks(attempt, actor):
        return Answer(problem.value)
    factor = "none"
    if strict:
        if ctx.now - seat.began > FRESH:
            return Answer.SIGN_IN
        found = signing_code.check(ctx, document.ref, seat.sid, attempt.code)
        if isinstance(found, signing_code.No):
            return Answer(found.value)
        factor = found
    return _take(ctx, document, seat, attempt, shown_at, factor)


def decline(ctx: Context, ref: str, words: str) -> Answer:
    """The person chooses not to sign, in their own words or without any."""
    document, words = _locked(ctx, ref), words.strip()[:WORDS]
    if document.state != OPEN:
        return OVER[document.state]
    signing.move(ctx.db, ref, (OPEN,), state=DECLINED, words=words, decided_at=ctx.now)
    parts = _parts(document) | ({"words": words} if words else {})
    source = _source(document, ctx.actor)
    ctx.record("document.declined", document.matter, subject=ctx.actor, parts=parts, source=source)
    if ctx.actor:
        ctx.say(ctx.actor, lambda: not_signed(document, words), document.matter)
    signing.heard(ctx, _locked(ctx, ref), None)
    return Answer.DECLINED


def enter(
    ctx: Context, document: Document, person: Person, row: dict[str, object], parts: dict[str, str | bytes]
) -> bool:
    """Write the one signature with its evidence and tell the feature. False when the document was decided before."""
    if not signing.move(ctx.db, document.ref, (OPEN,), state=SIGNED, decided_at=ctx.now):
        return False
    factor, how = str(row["second_factor"]), str(row["how"])
    source = _source(document, person) | {"how": how, "second_factor": factor}
    source |= {name: stamp(at) for name in ("shown_at", "signed_in_at") if isinstance(at := row.get(name), datetime)}
    parts = _parts(document) | {"statement": rules.STATEMENT} | parts
    event_id = ctx.record("document.signed", document.matter, subject=person, parts=parts, source=source)
    base: dict[str, object] = {"document_ref": document.ref, "person_id": person.id, "sha256": document.sha256}
    base |= {"version": document.version, "at": ctx.now, "zone": document.zone, "event_id": event_id}
    ctx.db.execute(sa.insert(signature).values(base | row))
    written = signing.signature_of(ctx.db, document.ref)
    ctx.close(f"refusal:{document.ref}", lambda _person, _ask: refusal.over())
    signing.heard(ctx, signing.must(ctx.db, document.ref), written)
    return True


def not_signed(document: Document, words: str) -> Card:
    """To whoever chose not to sign."""
    return Card(t("已记下：您没有签名"), t(NOT_SIGNED, title=document.title), quote=words)


def done(document: Document, copy: str) -> Card:
    """To whoever signed; `copy` is the address of the sealed copy."""
    # A button and not the card's link: the receipt then stands by itself instead of below these words.
    buttons = (Button(t("打开我的副本"), url=copy, style="primary"),) if copy else ()
    return Card(t("已签署"), t(DONE, title=document.title, version=document.version), buttons=buttons)


def intact(document: Document) -> bool:
    """The stored bytes are still those that were fixed, and the page shows nothing else."""
    same = rules.exact(document.title, document.version, document.blocks, document.attachments)
    return same == document.content and rules.digest(document.content) == document.sha256


def _take(ctx: Context, document: Document, seat: Seat, attempt: Attempt, shown_at: datetime, factor: str) -> Answer:
    actor = signing.actor_of(ctx)
    ctx.db.execute(sa.update(showing).where(showing.c.token == _digest(attempt.token)).values(used_at=ctx.now))
    row: dict[str, object] = {"how": attempt.how, "account": f"{actor.platform}:{actor.user_id}"[:120]}
    row |= {"marks": attempt.marks.strip(), "second_factor": factor, "signed_in_at": seat.began, "shown_at": shown_at}
    row |= {"seen_to_end": attempt.seen_to_end}
    if not enter(ctx, document, actor, row, {"signature": attempt.marks.strip()}):
        return Answer.ALREADY
    return Answer.SIGNED


def _marks(attempt: Attempt, person: Person) -> Problem | None:
    if attempt.how == "typed":
        return rules.typed(attempt.marks, person.name)
    if attempt.how != "drawn":
        return Problem.EMPTY
    found = rules.strokes(attempt.marks)
    return found if isinstance(found, Problem) else rules.drawn(found)


def _shown(ctx: Context, document: Document, seat: Seat, token: str) -> datetime | None:
    """When this token's page showed this very text in this session; None: it did not, or it has signed already."""
    row = ctx.db.execute(sa.select(showing).where(showing.c.token == _digest(token))).mappings().first()
    if row is None or row["used_at"] is not None or ctx.now - row["shown_at"] > KEPT:
        return None
    mine = row["document_ref"] == document.ref and hmac.compare_digest(row["sid"], seat.sid)
    same = row["sha256"] == document.sha256 and row["version"] == document.version
    shown_at: datetime = row["shown_at"]
    return shown_at if mine and same else None


def _locked(ctx: Context, ref: str) -> Document:
    """The document, for us alone until commit: two devices in the same second come one after the other."""
    ctx.db.execute(sa.select(table.c.ref).where(table.c.ref == ref).with_for_update())
    return signing.must(ctx.db, ref)


def _source(document: Document, person: Person | None) -> dict[str, str]:
    account = f"{person.platform}:{person.user_id}"[:120] if person else ""
    found = {"document": document.ref, "version": str(document.version), "kind": document.kind}
    return found | {"ch": person.platform if person else "", "account": account}


def _parts(document: Document) -> dict[str, str | bytes]:
    return {"document": document.content, "sha256": document.sha256}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
