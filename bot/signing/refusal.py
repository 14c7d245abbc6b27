"""A refusal in person, written down by HR and confirmed by two people who were there. It never becomes a signature."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import access, signing
from bot.card import Button, Card, Fact
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import Gone, erases, on
from bot.signing.store import DECLINED, OPEN, WITNESSED, Document
from bot.signing.tables import document, showing, signature, witness

ASK = "signing.witness"
NEEDED = 2
HOW = 1000
OVER = "这件事已经有了结果，不再需要见证。谢谢您。"
ASKED = "HR 请您作为在场的人确认一件事。只确认您亲眼看到的；不在场或不属实，请直接选另一个按钮，没有任何影响。"
TOLD = (
    "公司记下：您当面没有签署《{title}》，有两位在场的人确认。这不是您的签名，也不表示您同意其中的内容。"
    "如与事实不符，请直接回复说明，您的话会一并保留。"
)
STANDS = "两位在场的人已确认：《{title}》当面没有签署。这不等于本人同意，也不是签名。"
DENIED = "{name} 没有确认当时在场，或认为记录与事实不符。拒签见证没有成立，可以另请一位在场的人。"


def ask_witnesses(ctx: Context, ref: str, people: Iterable[Person], how: str) -> None:
    """HR says what happened and who was there; each is asked in chat. Refused, in the reader's words, if it cannot be.

    Called by HR (`ctx.actor`); two different people, neither HR's own nor the person it is about.
    """
    actor, found, how = ctx.actor, signing.get(ctx.db, ref), how.strip()[:HOW]
    if actor is None or found is None or not access.is_hr(actor):
        raise Refused(t("只有 HR 可以记录当面拒签。"))
    if found.state not in (OPEN, DECLINED):
        raise Refused(t(OVER))
    if not how:
        raise Refused(t("请写明时间、地点和经过。"))
    chosen = {each.id: each for each in people}
    if len(chosen) != NEEDED or chosen.keys() & {actor.id, found.person_id}:
        raise Refused(t("请选两位在场的同事，不能是您自己，也不能是本人。"))
    if not all(each.active for each in chosen.values()):
        raise Refused(t("见证人须是在职的同事。"))
    _start(ctx, found, list(chosen.values()), how)


def _start(ctx: Context, found: Document, people: list[Person], how: str) -> None:
    actor, subject = signing.actor_of(ctx), ctx.people.get(found.person_id)
    facts = (subject.name if subject else "", found.title, actor.name)
    ctx.close(f"refusal:{found.ref}", lambda _person, _ask: over(), kinds=(ASK,))
    ctx.db.execute(sa.delete(witness).where(witness.c.document_ref == found.ref))
    for each in people:
        row = {"document_ref": found.ref, "person_id": each.id, "asked_by": actor.id, "state": "asked"}
        ctx.db.execute(sa.insert(witness).values(row | {"how": how, "asked_at": ctx.now}))
        ctx.ask(each, ASK, f"refusal:{found.ref}", lambda ref: question(ref, *facts, how))
    names = "、".join(each.name for each in people)
    parts = {"how": how, "witnesses": names}
    ctx.record("document.witnesses_asked", found.matter, subject=subject, parts=parts, source=_source(found))


@on("signing.witness_yes")
def confirm(event: Event, ctx: Context) -> Card | None:
    """[我在场，属实]: the second of two makes the refusal a witnessed one."""
    return _answer(event, ctx, "confirmed")


@on("signing.witness_no")
def deny(event: Event, ctx: Context) -> Card | None:
    """[不在场或不属实]: recorded; HR is told, and nothing more follows from it."""
    return _answer(event, ctx, "denied")


def _answer(event: Event, ctx: Context, state: str) -> Card | None:
    ask = ctx.asked(event.ref)
    ref = ask.matter.removeprefix("refusal:")
    ctx.db.execute(sa.select(document.c.ref).where(document.c.ref == ref).with_for_update())
    found, actor = signing.get(ctx.db, ref), ctx.actor
    if found is None or actor is None or ask.kind != ASK or found.state not in (OPEN, DECLINED):
        raise Refused(t(OVER))
    if not ctx.answer(ask.ref, state):
        raise Refused(t(OVER))
    mine = (witness.c.document_ref == ref, witness.c.person_id == actor.id)
    ctx.db.execute(sa.update(witness).where(*mine).values(state=state, answered_at=ctx.now))
    how = ctx.db.execute(sa.select(witness.c.how).where(*mine)).scalar() or ""
    kind = "document.witness_confirmed" if state == "confirmed" else "document.witness_denied"
    subject = ctx.people.get(found.person_id)
    ctx.record(kind, found.matter, subject=subject, parts={"how": how}, source=_source(found))
    _follow(ctx, found, state)
    if state == "denied" or _confirmed(ctx.db, ref) >= NEEDED:
        ctx.close(ask.matter, lambda person, _ask: _closing(ctx.db, ref, person), kinds=(ASK,))
    return answered(state)


def _closing(db: Connection, ref: str, person: Person) -> Card:
    """What a witness's card shows in the end: their own answer, or that they are not needed."""
    mine = (witness.c.document_ref == ref, witness.c.person_id == person.id)
    state = db.execute(sa.select(witness.c.state).where(*mine)).scalar()
    return answered(state) if state in ("confirmed", "denied") else over()


def _follow(ctx: Context, found: Document, state: str) -> None:
    """Both were there: the refusal stands. One was not: HR hears it."""
    asked_by = ctx.db.execute(sa.select(witness.c.asked_by).where(witness.c.document_ref == found.ref)).scalar()
    hr, actor, subject = ctx.people.get(asked_by), signing.actor_of(ctx), ctx.people.get(found.person_id)
    if state == "denied":
        if hr:
            ctx.say(hr, lambda: Card(t("见证没有成立"), t(DENIED, name=actor.name)), found.matter)
        return
    if _confirmed(ctx.db, found.ref) < NEEDED:
        return
    signing.move(ctx.db, found.ref, (OPEN, DECLINED), state=WITNESSED, decided_at=ctx.now)
    parts: dict[str, str | bytes] = {"document": found.content, "sha256": found.sha256}
    ctx.record("document.refusal_witnessed", found.matter, subject=subject, parts=parts, source=_source(found))
    if subject and subject.active:
        ctx.say(subject, lambda: Card(t("拒签见证"), t(TOLD, title=found.title)), found.matter)
    if hr and hr.active:
        ctx.say(hr, lambda: Card(t("拒签见证"), t(STANDS, title=found.title)), found.matter)
    signing.heard(ctx, signing.must(ctx.db, found.ref), None)


def question(ref: str, name: str, title: str, hr: str, how: str) -> Card:
    """What a witness is asked: who, which paper, what HR wrote down. Not what the paper says."""
    facts = (Fact(t("谁"), name), Fact(t("文件"), title), Fact(t("记录人"), hr))
    yes = Button(t("我在场，属实"), "signing.witness_yes", ref, "primary")
    no = Button(t("不在场或不属实"), "signing.witness_no", ref)
    return Card(t("请确认您看到的"), t(ASKED), facts, how, (yes, no))


def answered(state: str) -> Card:
    """To a witness."""
    words = t("已记下：您在场，所述属实。") if state == "confirmed" else t("已记下：您不在场，或所述与您看到的不同。")
    return Card(t("谢谢您的确认"), words, closed=t("已回答"))


def over() -> Card:
    """To a witness who is not needed any more."""
    return Card(t("不再需要见证"), t(OVER), closed=t("已结束"))


def _confirmed(db: Connection, ref: str) -> int:
    where = (witness.c.document_ref == ref, witness.c.state == "confirmed")
    return int(db.execute(sa.select(sa.func.count()).select_from(witness).where(*where)).scalar_one())


def _source(found: Document) -> dict[str, str]:
    return {"document": found.ref, "version": str(found.version)}


@erases
def forget(db: Connection, gone: Gone) -> list[str]:
    """Texts, handwriting and copies of the person go; that there was a document, and what became of it, stays.

    The evidence of these matters belongs to whoever opened them, who names them when a person is erased. Returned are
    only the matters of the questions to witnesses: those name the person, too.
    """
    refs = sa.select(document.c.ref).where(document.c.person_id == gone.person_id)
    asked = sa.select(witness.c.document_ref).where(witness.c.document_ref.in_(refs)).distinct()
    matters = [f"refusal:{each}" for each in db.execute(asked).scalars()]
    db.execute(sa.update(witness).where(witness.c.document_ref.in_(refs)).values(how=""))
    db.execute(sa.delete(showing).where(showing.c.document_ref.in_(refs)))
    blank = {"title": "", "blocks": "[]", "attachments": "[]", "content": b"", "sha256": "", "words": ""}
    mine = document.c.person_id == gone.person_id
    db.execute(sa.update(document).where(mine).values(**blank))
    sealed = sa.func.coalesce(signature.c.sealed_at, signature.c.at)  # nothing is left to make a copy of
    ink = {"marks": "", "account": "", "sha256": "", "pdf": None, "pdf_sha256": "", "sealed_at": sealed}
    db.execute(sa.update(signature).where(signature.c.person_id == gone.person_id).values(**ink))
    return matters
