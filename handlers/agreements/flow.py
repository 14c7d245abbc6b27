"""Buttons and words of the two consents. Each decision is recorded with the exact text it is about."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.evidence.log import stamp
from bot.people import Person
from bot.router import Gone, erases, on, words
from handlers.agreements import cards, rules, store, wording
from handlers.agreements.rules import KINDS, Kind
from handlers.agreements.store import Consent
from handlers.agreements.tables import consent as table

_TYPES: dict[Kind, str] = {"edelivery": "consent.edelivery_confirmed", "esign": "consent.esign_agreed"}
_MOVED = (
    "这份同意书已经答复过或已更新，回复「我的同意」查看现在的状态。 Already answered or replaced; reply “my consents”."
)


def _opened(event: Event, ctx: Context, kind: str) -> tuple[Ask, Consent, Person]:
    ask = ctx.asked(event.ref)
    found = store.get(ctx.db, ask.matter)
    if found is None or ctx.actor is None or ask.kind != kind or found.person_id != ctx.actor.id:
        raise Refused(_MOVED)
    return ask, found, ctx.actor


def _open_one(event: Event, ctx: Context) -> tuple[Ask, Consent, Person]:
    ask, found, person = _opened(event, ctx, store.ASK)
    if ask.state != "open" or found.state != "asked" or found.scope.get("account") != store.account(person):
        raise Refused(_MOVED)
    if wording.digest(found.text) != found.text_sha256:
        raise Refused(
            "这份同意书的文字与发出时不一致，请勿签署，并联系 HR。 The text was altered; do not sign, tell HR."
        )
    return ask, found, person


@on("agreements.agree")
def agree(event: Event, ctx: Context) -> Card | None:
    """[同意并确认]: valid from now until the day the text names; an older consent of the kind gives way."""
    ask, found, person = _open_one(event, ctx)
    if not ctx.answer(ask.ref, "agree"):
        raise Refused(_MOVED)
    event_id = _record(ctx, event, _TYPES[found.kind], found, person, cards.AGREE)
    _end(ctx, person, found.kind, "superseded")
    store.move(ctx.db, found.id, ("asked",), state="agreed", decided_at=ctx.now, event_id=event_id)
    until = str(store.local_day(found.expires_at or ctx.now, person))
    return _show(ctx, found, cards.agreed(found.kind, until))


@on("agreements.refuse")
def refuse(event: Event, ctx: Context) -> Card | None:
    """[暂不同意]: recorded and respected; also ends an older consent of the kind."""
    ask, found, person = _open_one(event, ctx)
    if not ctx.answer(ask.ref, "refuse"):
        raise Refused(_MOVED)
    event_id = _record(ctx, event, "consent.refused", found, person, cards.REFUSE)
    _end(ctx, person, found.kind, "superseded")
    store.move(ctx.db, found.id, ("asked",), state="refused", decided_at=ctx.now, event_id=event_id)
    return _show(ctx, found, cards.refused(found.kind))


@on("agreements.change")
def change(event: Event, ctx: Context) -> Card | None:
    """[修改地址]: the question stays open, the next message is read as the address."""
    _ask, found, person = _open_one(event, ctx)
    if found.kind != "edelivery":
        raise Refused(_MOVED)
    _want_address(ctx, person, found.id)
    return None


@on("agreements.keep")
def keep(event: Event, ctx: Context) -> Card | None:
    """[不改了]."""
    ask, found, _person = _opened(event, ctx, store.ADDRESS)
    if not ctx.answer(ask.ref, "keep"):
        raise Refused(_MOVED)
    ctx.close(found.id, lambda _person, _ask: cards.kept(), kinds=(store.ADDRESS,))
    return cards.kept()


@words
def said(event: Event, ctx: Context) -> Card | None:
    """Withdrawal, state, full text, a new address; None for everything else."""
    person, text = ctx.actor, event.data.get("text", "")
    if person is None:
        return None
    wish = rules.wish(text)
    if wish.startswith("withdraw"):
        kinds = KINDS if wish == "withdraw_all" else tuple(kind for kind in KINDS if wish.endswith(kind))
        return _withdraw(ctx, event, person, kinds, text)
    if wish == "state":
        return _standing(ctx, person)
    if wish == "full_text":
        return _full_text(ctx, person)
    if wish == "sign":
        return _sign_again(ctx, person)
    if wish == "change":
        newest = next(iter(store.of(ctx.db, person.id, "edelivery")), None)
        return cards.nothing() if newest is None else _want_address(ctx, person, newest.id)
    return _new_address(ctx, person, text)


def _record(ctx: Context, event: Event, type: str, found: Consent, person: Person, said: str) -> str:
    source = {"kind": found.kind, "version": str(found.version), "ch": person.platform, "event": event.id[:100]}
    if type in _TYPES.values() and found.expires_at:
        source["expires"] = stamp(found.expires_at)
    if "log_key" in found.scope:
        source["log_key"] = found.scope["log_key"]
    # The text is a part, salted: a bare hash of somebody's address in the envelope could be guessed back.
    parts = {"text": found.text, "said": said}
    return ctx.record(type, f"consent:{person.ref}", subject=person, parts=parts, source=source, at=event.at)


def _end(ctx: Context, person: Person, kind: Kind, state: str) -> None:
    for old in store.of(ctx.db, person.id, kind):
        store.move(ctx.db, old.id, ("agreed",), state=state)


def _show(ctx: Context, found: Consent, card: Card) -> Card:
    ctx.close(found.id, lambda _person, _ask: card)
    return card


def _withdraw(ctx: Context, event: Event, person: Person, kinds: Iterable[Kind], text: str) -> Card:
    done: list[Kind] = []
    for kind in kinds:
        for found in store.of(ctx.db, person.id, kind):
            if found.state not in ("agreed", "asked"):
                continue
            event_id = _record(ctx, event, "consent.withdrawn", found, person, text)
            ended = {"state": "withdrawn", "decided_at": ctx.now, "event_id": event_id}
            if store.move(ctx.db, found.id, (found.state,), **ended):
                ctx.close(found.id, lambda _person, _ask: cards.withdrawn([kind]))  # noqa: B023 - called at once
                done += [kind] if kind not in done else []
    return cards.withdrawn(done) if done else cards.nothing()


def _standing(ctx: Context, person: Person) -> Card:
    states = store.state_of(ctx.db, person, ctx.now)
    days = {each.kind: str(store.local_day(each.expires_at, person)) for each in states if each.expires_at}
    return cards.standing(states, store.known_addresses(ctx.db, person), days)


def _full_text(ctx: Context, person: Person) -> Card:
    shown = [found[0] for kind in KINDS if (found := store.of(ctx.db, person.id, kind))]
    for each in shown:
        store.show(ctx, person, each.kind, each.text, each.id)
    return _standing(ctx, person) if shown else cards.nothing()


def _sign_again(ctx: Context, person: Person) -> Card:
    """A no is taken back: the next asking in working hours includes this person."""
    for kind in KINDS:
        for found in store.of(ctx.db, person.id, kind):
            store.move(ctx.db, found.id, ("refused", "withdrawn"), state="superseded")
    return cards.coming()


def _want_address(ctx: Context, person: Person, consent_id: str) -> Card:
    """Ask once; a second tap finds the question still open."""
    waiting = ctx.open_asks(person.id, store.ADDRESS)
    if not waiting:
        ctx.ask(person, store.ADDRESS, consent_id, cards.address_wanted)
        return Card("修改地址", "请直接回复新的手机号、邮箱或通信地址。")
    return cards.address_wanted(waiting[0].ref)


def _new_address(ctx: Context, person: Person, text: str) -> Card | None:
    """Read back what was understood, in a new text with a new question; nothing counts until that is confirmed."""
    waiting = ctx.open_asks(person.id, store.ADDRESS)
    new = rules.understand(text) if waiting else None
    if new is None:
        return None
    for each in waiting:
        ctx.answer(each.ref, "address")
        ctx.close(each.matter, lambda _person, _ask: cards.replaced(), kinds=(store.ADDRESS,))
    where = rules.merged(store.known_addresses(ctx.db, person), new)
    store.ask(ctx, person, "edelivery", where=where)
    return Card("收到新地址", "请看更新后的确认书，核对无误后点「同意并确认」才生效。")


@erases
def forget(db: Connection, gone: Gone) -> list[str]:
    """Texts and addresses go; that there was a consent, and when, stays."""
    mine = table.c.person_id == gone.person_id
    matters = list(db.execute(sa.select(table.c.id).where(mine)).scalars())
    db.execute(sa.update(table).where(mine).values(text="", text_sha256="", scope="{}"))
    return matters
