"""The return-to-work notice from draft to sent: its row, the ways it goes, and what HR is told about them later.

Nothing here sends by itself: a human approves the draft, and sends it with a second tap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import addresses
from bot.context import Context
from bot.delivery import channels
from bot.errors import Refused
from bot.locale import speaking, t as say
from bot.people import Person
from bot.store import new_ref
from bot.tables import outbox
from handlers.missed_punch import clause, store, tables as t
from handlers.missed_punch.cards import ladder as cards_ladder, letter as cards_letter
from handlers.missed_punch.ladder import reach, steps
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App

SERVED, COURIER, WHY = "missed_punch.letter_served", "missed_punch.letter_courier", "missed_punch.letter_reason"
NO_CLAUSE = (
    "还没有配置考勤制度条款，草稿不能批准。请让管理员设置 HUIZHI_ATTENDANCE_CLAUSE（制度|版本|条款号|原文），再来批准。"
)
NAMES = {"sms": "短信", "mail": "邮件", "chat": "工作聊天", "ems": "快递"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One row; times are UTC. `text` and `courier` are empty once the person was erased."""

    id: str
    case_id: str
    person_id: str
    text: str
    sha256: str
    drafted_at: datetime
    sent_at: datetime | None
    sent_by: str
    chat_ref: str
    courier: str
    opened_at: datetime | None
    opened_told_at: datetime | None
    failed_told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Way:
    """A channel beside the chat. `since`: when the person gave the address; `how`: confirmed or registered."""

    channel: str
    to: str
    how: str
    since: datetime | None

    def shown(self, zone: str, now: datetime) -> str:
        """The address, mostly hidden, and where it is from."""
        masked = addresses.Confirmed(self.channel, self.to, self.since or now).masked
        day = f" {self.since.astimezone(ZoneInfo(zone)):%m-%d}" if self.since else ""
        return f"{masked}（{self.how}{day}）"


def draft(ctx: Context, case: Case, text: str, digest: str) -> None:
    """Keep the words that will be approved."""
    row = {"id": f"mpl-{new_ref()}"[:32], "case_id": case.id, "person_id": case.person_id}
    ctx.db.execute(sa.insert(t.letter).values(**row, text=text, sha256=digest, drafted_at=ctx.now))


def ground(ctx: Context) -> str:
    """What a new draft says about its ground."""
    return clause.line(clause.parse(ctx.settings.attendance_clause))


def cite(ctx: Context, case: Case, person: Person) -> bool:
    """Before a draft is approved: True when it cites the firm's clause as configured now.

    False: it did not; the clause is in it now and the new words were said to the actor. Refused without a clause.
    """
    letter, wanted = of_case(ctx.db, case.id), clause.parse(ctx.settings.attendance_clause)
    if letter is None:
        return True
    if wanted is None:
        raise Refused(say(NO_CLAUSE))
    if clause.cites(letter.text, wanted):
        return True
    text = clause.with_clause(letter.text, wanted)
    digest = hashlib.sha256(text.encode()).hexdigest()
    change(ctx.db, letter, text=text, sha256=digest)
    ctx.record("absence.letter_drafted", case.id, subject=person, parts={"letter": text}, source={"sha256": digest})
    if ctx.actor:
        ctx.say(ctx.actor, lambda: cards_ladder.letter_draft(person.name, text), case.id)
    return False


def of_case(db: Connection, case_id: str) -> Letter | None:
    """The letter of a case."""
    return _one(db, t.letter.c.case_id == case_id)


def get(db: Connection, letter_id: str) -> Letter | None:
    """The letter of a page's address."""
    return _one(db, t.letter.c.id == letter_id)


def _one(db: Connection, where: sa.ColumnElement[bool]) -> Letter | None:
    row = db.execute(sa.select(t.letter).where(where)).mappings().first()
    return Letter(**row) if row else None


def change(db: Connection, letter: Letter, *where: sa.ColumnElement[bool], **values: Any) -> bool:
    """Conditional: of two in the same moment one returns True."""
    found = sa.update(t.letter).where(t.letter.c.id == letter.id, *where).values(**values)
    return db.execute(found).rowcount == 1


def ways(ctx: Context, person: Person) -> list[Way]:
    """SMS and mail: the address confirmed for documents, else the one given for reminders."""
    kept, confirmed = reach.contact_of(ctx.db, person.id), addresses.confirmed(ctx.db, person, ctx.now)
    found = []
    for channel, own in (("sms", kept.mobile), ("mail", kept.email)):
        if agreed := confirmed.get(channel):
            found.append(Way(channel, agreed.to, "本人确认", agreed.at))
        elif own:
            found.append(Way(channel, own, "本人登记", None))
    return found


def offer(ctx: Context, case: Case, person: Person, actor: Person) -> None:
    """The draft is approved: show how it would go."""
    if of_case(ctx.db, case.id) is None:
        return
    beside = [(NAMES[each.channel], each.shown(person.zone, ctx.now)) for each in ways(ctx, person)]
    listed = [("工作聊天", person.user_id), *beside, ("快递", "EMS")]
    steps.ask(ctx, actor, steps.LETTER_SEND, case, lambda ref: cards_letter.offer(ref, person.name, listed))


def send(ctx: Context, letter: Letter, case: Case, person: Person, actor: Person) -> bool:
    """All ways at once; the letter's hash and the pedigree of each address are on record. False: sent before."""
    if not change(ctx.db, letter, t.letter.c.sent_at.is_(None), sent_at=ctx.now, sent_by=actor.id):
        return False
    page = ctx.page(f"/letters/{letter.id}", person)
    card = cards_letter.served
    ctx.say(person, lambda: cards_letter.whole(letter.text), case.id)
    ref = ctx.ask(person, SERVED, case.id, lambda ref: card(ref, letter.text, letter.sha256, page))
    change(ctx.db, letter, chat_ref=ref)
    _attempt(ctx, letter, person, "chat", f"{person.platform}:{person.user_id}", "平台账号")
    for way in ways(ctx, person):
        with speaking(person.locale):
            short = way.channel == "sms"
            digest = letter.sha256
            said = cards_letter.sms(person.name, digest) if short else cards_letter.mail(letter.text, digest)
        channels.queue(ctx, person, way.channel, way.to, said, case.id)
        since = f" {way.since.isoformat()}" if way.since else ""
        _attempt(ctx, letter, person, way.channel, way.to, way.how + since)
    for each in steps.hr_people(ctx, person):
        steps.ask(ctx, each, COURIER, case, lambda ref: cards_letter.courier(ref, person.name, letter.sha256))
    return True


def _attempt(ctx: Context, letter: Letter, person: Person, channel: str, address: str, pedigree: str) -> None:
    parts = {"address": address, "pedigree": pedigree, "letter": letter.text}
    source = {"ch": channel, "sha256": letter.sha256}
    ctx.record("letter.attempted", letter.case_id, subject=person, parts=parts, source=source)


def posted(ctx: Context, letter: Letter, person: Person, number: str) -> None:
    """HR handed the paper copy to the courier."""
    change(ctx.db, letter, courier=number)
    parts = {"number": number, "pedigree": "通信地址（本人确认的或劳动合同上的）", "letter": letter.text}
    source = {"ch": "ems", "sha256": letter.sha256}
    ctx.record("letter.attempted", letter.case_id, subject=person, parts=parts, source=source)


def opened(ctx: Context, letter: Letter, person: Person) -> None:
    """The person's own account shows the letter: a sign of life, once."""
    if not change(ctx.db, letter, t.letter.c.opened_at.is_(None), opened_at=ctx.now):
        return
    ctx.record("letter.opened", letter.case_id, subject=person, source={"sha256": letter.sha256})
    for case in store.open_of(ctx.db, person.id):
        if case.state == "waiting":
            steps.stop(ctx, case, person, ctx.now)
            ctx.record("checkin.sign_of_life", case.id, subject=person, source={"action": "letter opened"})


def follow(app: App) -> None:
    """Tell HR, outside quiet hours, that a letter was opened, or that the chat did not take it."""
    with app.context() as ctx:
        news = sa.or_(
            sa.and_(t.letter.c.opened_at.is_not(None), t.letter.c.opened_told_at.is_(None)),
            t.letter.c.failed_told_at.is_(None),
        )
        found = ctx.db.execute(sa.select(t.letter.c.id).where(t.letter.c.sent_at.is_not(None), news)).scalars().all()
    for letter_id in found:
        with app.context() as ctx:
            letter = get(ctx.db, letter_id)
            case = store.get(ctx.db, letter.case_id) if letter else None
            person = ctx.people.get(letter.person_id) if letter else None
            if letter and case and person:
                _news(ctx, letter, case, person)


def _news(ctx: Context, letter: Letter, case: Case, person: Person) -> None:
    hr = {each.id: each for each in steps.hr_people(ctx, person)}
    sender = ctx.people.get(letter.sent_by)
    people = list((hr | ({sender.id: sender} if sender and sender.active else {})).values())
    if reach.held(ctx, reach.plan(ctx, case, person).profile, people):
        return
    if letter.opened_at and letter.opened_told_at is None:
        change(ctx.db, letter, opened_told_at=ctx.now)
        when = letter.opened_at.astimezone(ZoneInfo(person.zone)).strftime("%m-%d %H:%M")
        for each in people:
            ctx.say(each, lambda: cards_letter.opened(person.name, when), case.id)
    if letter.failed_told_at is None and (why := _refused(ctx.db, letter)):
        change(ctx.db, letter, failed_told_at=ctx.now)
        others = _others(ctx, person)
        for each in people:
            ctx.say(each, lambda: cards_letter.unreached(person.name, why, others), case.id)
        ctx.record("letter.unreached", case.id, subject=person, parts={"why": why}, source={"ch": person.platform})


def _refused(db: Connection, letter: Letter) -> str:
    """Why the chat did not take the letter; empty while it may have."""
    where = (outbox.c.ask_ref == letter.chat_ref, outbox.c.kind == "send", outbox.c.state == "failed")
    return str(db.execute(sa.select(outbox.c.error).where(*where)).scalar_one_or_none() or "")[:120]


def _others(ctx: Context, person: Person) -> Sequence[str]:
    return [*(NAMES[each.channel] for each in ways(ctx, person)), "快递"]
