"""Answers and openings, from a card, a page or words: one function for each, so that all count alike.

Every answer that reaches us is recorded as it was given, late or not; what a person may be shown as is decided by the
ladder alone. Nobody answers for somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.card import Card
from bot.context import Context
from bot.delivery import outbox
from bot.errors import Refused
from bot.locale import speaking, t
from bot.people import Person
from bot.tables import outbox as said
from bot.wire import dump_card
from handlers.notices import cards, store, tables as tb
from handlers.notices.receiving import hearing
from handlers.notices.rules import ANSWERS, Fact
from handlers.notices.sending import plan, serving
from handlers.notices.store import Notice, Recipient

WORDS = "notices.words"
"""Kind of the question for somebody's own words."""
LONGEST = 2000
Kind = Literal["taken", "again", "late", "recalled", "replaced", "not_offered", "not_yours", "unread"]
NEED_TEXT = ("received", "agreed")
"""What nobody can say of a text that they were not shown."""
RECORDED = ("taken", "late", "recalled", "replaced")
NOT_FOR_OTHERS = "不能替别人同意。对方没有答复，就是没有答复；制度写明可以视为送达的，请引用条款，会标明「视为收到」。"
SAY_WHICH = "请写明依据的制度条款，「视为收到」必须说明凭什么。"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an answer; `card` says it to the person, in the language being spoken."""

    kind: Kind
    card: Card

    @property
    def recorded(self) -> bool:
        """Is there a record of it?"""
        return self.kind in RECORDED


def take(
    ctx: Context, notice: Notice, person: Person, answer: str, words: str = "", *, source: str = "card",
    at: datetime | None = None,
) -> Taken:  # fmt: skip
    """Record `answer` (one of ANSWERS) of `person`, with their own words. `source`: card, page, words.

    `at`: when it happened, as the platform says. Raises nothing: what cannot be taken is said politely. 收到 and 同意
    need that the whole text was shown: on the page, or on the card itself where it fits (then the answer shows it).
    """
    title = notice.said(person.locale)[0]
    row = store.recipient(ctx.db, notice.id, person.id)
    if row is None:
        return Taken("not_yours", cards.not_yours())
    if answer not in ANSWERS or answer not in notice.answers:
        return Taken("not_offered", cards.not_offered(title))
    words, when = words.strip()[:LONGEST], min(at or ctx.now, ctx.now)
    if not row.shown_at:
        if source != "page" and cards.whole(serving.shown_of(ctx, notice, row.locale, 0)):
            _shown(ctx, notice, person, source, when)
        elif answer in NEED_TEXT:
            return Taken("unread", cards.read_first(title, ctx.page(f"/notices/{notice.id}", person)))
    new = hearing.learn(ctx, notice.id, person.id, Fact("acknowledged", when, answer))
    if not new and _said_before(row, answer) and not words:
        return Taken("again", cards.already(title, answer))
    kind, note = _standing(ctx, notice)
    _record(ctx, notice, person, answer, words, {"ch": source, "standing": kind}, when)
    if words:
        _keep_words(ctx, notice, person, row, words)
    _settle(ctx, notice, person)
    if answer in ("objected", "appealed"):
        _tell_author(ctx, notice, person, answer, words)
    link = ctx.page(f"/notices/{notice.replaced_id}", person) if kind == "replaced" else ""
    return Taken(kind, cards.taken(title, answer, note, words, link))


def _said_before(row: Recipient, answer: str) -> bool:
    return row.answer == answer


def _standing(ctx: Context, notice: Notice) -> tuple[Kind, str]:
    """How the notice stands when an answer arrives, and the sentence that says so."""
    if notice.replaced_id:
        return "replaced", t(cards.REPLACED)
    if notice.recalled_at:
        return "recalled", t(cards.RECALLED)
    if notice.state == "closed" or (notice.deadline and notice.deadline < ctx.now):
        return "late", t(cards.LATE)
    return "taken", ""


def _record(
    ctx: Context, notice: Notice, person: Person, answer: str, words: str, source: dict[str, str], at: datetime
) -> None:
    title, body = notice.said(person.locale)
    parts: dict[str, str | bytes] = {"answer": cards.LABELS[answer], "title": title, "text": body}
    parts |= {"words": words} if words else {}
    source = source | {"version": str(notice.version)}
    ctx.record(hearing.SAID[answer], notice.id, subject=person, parts=parts, source=source, at=at)


def _keep_words(ctx: Context, notice: Notice, person: Person, row: Recipient, words: str) -> None:
    kept = "\n".join(each for each in (row.words, words) if each)
    _update(ctx, notice, person, words=kept[-4 * LONGEST :])


def _update(ctx: Context, notice: Notice, person: Person, **values: object) -> None:
    r = tb.recipient.c
    ctx.db.execute(sa.update(tb.recipient).where(r.notice_id == notice.id, r.person_id == person.id).values(**values))


def _settle(ctx: Context, notice: Notice, person: Person) -> None:
    """Whoever has done what was asked is left in peace."""
    row = store.recipient(ctx.db, notice.id, person.id)
    if row and row.next_at and plan.satisfied(notice.importance, row.receipt):
        _update(ctx, notice, person, next_at=None)


def _tell_author(ctx: Context, notice: Notice, person: Person, answer: str, words: str) -> None:
    author = ctx.people.get(notice.author_id)
    if author and author.active and author.id != person.id:
        title, link = notice.said(author.locale)[0], ctx.page(f"/notices/{notice.id}/board", author)
        ctx.say(author, lambda: cards.told(title, person.name, answer, words, link), store.desk(notice.id))


def say_words(ctx: Context, notice: Notice, person: Person, answer: str, words: str, at: datetime) -> Card:
    """The person's own words after the tap: kept beside the answer, in full, and the author hears them."""
    words = words.strip()[:LONGEST]
    row = store.recipient(ctx.db, notice.id, person.id)
    if row is None:
        return cards.not_yours()
    _record(ctx, notice, person, answer, words, {"ch": "words"}, min(at, ctx.now))
    _keep_words(ctx, notice, person, row, words)
    _tell_author(ctx, notice, person, answer, words)
    return cards.words_kept(notice.said(person.locale)[0], words)


def opened(ctx: Context, notice: Notice, person: Person, source: str = "page", at: datetime | None = None) -> bool:
    """The whole text was shown to the signed-in person. True the first time, which is recorded; also of a notice that
    was recalled or closed: what was read was read."""
    before = store.recipient(ctx.db, notice.id, person.id)
    if before is None or before.shown_at:
        return False
    _shown(ctx, notice, person, source, min(at or ctx.now, ctx.now))
    _settle(ctx, notice, person)
    if before.step or before.trouble:
        _in_the_morning(ctx, notice, person)
    return True


def _shown(ctx: Context, notice: Notice, person: Person, source: str, at: datetime) -> None:
    hearing.learn(ctx, notice.id, person.id, Fact("opened", at))
    _update(ctx, notice, person, shown_at=at)
    title, body = notice.said(person.locale)
    origin = {"ch": source, "version": str(notice.version), "recalled": str(bool(notice.recalled_at)).lower()}
    parts: dict[str, str | bytes] = {"title": title, "text": body}
    ctx.record("notice.content_shown", notice.id, subject=person, parts=parts, source=origin, at=at)


def _in_the_morning(ctx: Context, notice: Notice, person: Person) -> None:
    """We had looked for this person: the author hears that they opened it, not before their own quiet hours end."""
    author = ctx.people.get(notice.author_id)
    if author is None or not author.active or author.id == person.id:
        return
    when = ctx.now.astimezone(ZoneInfo(person.zone)).strftime("%m-%d %H:%M")
    with speaking(author.locale):
        body = dump_card(cards.opened_after(notice.said(author.locale)[0], person.name, when))
    row_id = outbox.queue(ctx.db, ctx.now, "send", author.platform, author, store.desk(notice.id), body)
    if until := plan.quiet_until(ctx.now, author.zone, plan.quiet(notice.quiet) or plan.QUIET):
        ctx.db.execute(sa.update(said).where(said.c.id == row_id).values(due=until))


def on_behalf(ctx: Context, notice: Notice, person: Person, answer: str, clause: str = "") -> None:
    """An operator wants to enter something for a silent person: an answer is refused, always.

    `answer` "deemed" with the policy's clause is stamped 视为收到 on record; it is no rung and no answer.
    """
    if answer != "deemed":
        raise Refused(t(NOT_FOR_OTHERS))
    if not clause.strip():
        raise Refused(t(SAY_WHICH))
    if store.recipient(ctx.db, notice.id, person.id) is None:
        raise Refused(t("这个人不在名单上。"))
    parts = {"clause": clause.strip()[:LONGEST], "stamp": "视为收到"}
    ctx.record("notice.deemed_received", notice.id, subject=person, parts=parts)
