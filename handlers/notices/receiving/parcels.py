"""The paper copy: its number, its way, a photo of the receipt, and what the courier's words mean for the ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot import router
from bot.context import Context
from bot.errors import PlatformError, Refused
from bot.locale import t
from bot.people import Person
from bot.ports.courier import Courier, Scan
from bot.store import new_ref
from handlers.notices import cards, store, tables as tb
from handlers.notices.receiving import hearing, parcel_rules
from handlers.notices.rules import Fact
from handlers.notices.sending import climbing
from handlers.notices.store import Notice

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.notices")
LARGEST = 5 << 20
EVERY = timedelta(hours=2)
FIRST = 200
"""Attempts by courier are numbered from here."""


def add(ctx: Context, notice: Notice, person: Person, company: str, number: str, address: str, pedigree: str) -> str:
    """The copy was handed to a courier; returns the parcel's id. `pedigree`: who confirmed the address, when, under
    which consent. Refused for what is no number, an address of unknown origin, or a number that is known."""
    number, company = number.strip().upper(), company.strip()[:40]
    if not parcel_rules.NUMBER.fullmatch(number):
        raise Refused(t("「{number}」不像快递单号，请核对后再填。", number=number[:40]))
    if not address.strip() or not pedigree.strip():
        raise Refused(t("请填写地址，并写明是谁、什么时候确认的。"))
    if store.recipient(ctx.db, notice.id, person.id) is None:
        raise Refused(t("这个人不在名单上。"))
    p = tb.parcel.c
    if ctx.db.execute(sa.select(p.id).where(p.company == company, p.number == number)).first():
        raise Refused(t("这个快递单号已经登记过。"))
    parcel_id = f"ntp-{new_ref()}"[:32]
    row = {"id": parcel_id, "notice_id": notice.id, "person_id": person.id, "company": company, "number": number}
    row |= {"address": address.strip()[:200], "pedigree": pedigree.strip()[:200], "state": "posted"}
    ctx.db.execute(sa.insert(tb.parcel).values(**row, next_at=ctx.now + EVERY))
    a = tb.attempt.c
    mine = (a.notice_id == notice.id, a.person_id == person.id, a.step >= FIRST)
    count = ctx.db.execute(sa.select(sa.func.count()).select_from(tb.attempt).where(*mine)).scalar_one()
    climbing.attempt(
        ctx, notice, person, FIRST + count, "courier", parcel_id, address.strip(), pedigree.strip(), state="accepted"
    )
    parts: dict[str, str | bytes] = {"number": number, "address": address.strip(), "pedigree": pedigree.strip()}
    ctx.record("notice.posted", notice.id, subject=person, parts=parts, source={"ch": company or "courier"})
    return parcel_id


def photo(ctx: Context, parcel_id: str, content: bytes) -> None:
    """Keep the photo of the posting receipt. Refused for what is no JPEG or PNG by its own bytes, or too large."""
    kind = parcel_rules.photo_type(content)
    if not kind or len(content) > LARGEST:
        raise Refused(t("请上传 5 MB 以内的 JPEG 或 PNG 照片。"))
    row = get(ctx.db, parcel_id)
    if row is None:
        raise Refused(t("没有找到这个快递。"))
    ctx.db.execute(sa.update(tb.parcel).where(tb.parcel.c.id == parcel_id).values(photo=content, photo_type=kind))
    subject = ctx.people.get(row["person_id"])
    ctx.record(
        "notice.parcel_photo", row["notice_id"], subject=subject, parts={"photo": content}, source={"type": kind}
    )


def get(db: Connection, parcel_id: str) -> Mapping[str, Any] | None:
    """The parcel's row."""
    row = db.execute(sa.select(tb.parcel).where(tb.parcel.c.id == parcel_id)).mappings().first()
    return dict(row) if row else None


def of_person(db: Connection, notice_id: str, person_id: str) -> list[Mapping[str, Any]]:
    """A person's parcels of a notice."""
    p = tb.parcel.c
    rows = db.execute(sa.select(tb.parcel).where(p.notice_id == notice_id, p.person_id == person_id).order_by(p.id))
    return [dict(row) for row in rows.mappings()]


def couriers(app: App) -> dict[str, Courier]:
    """name -> source of tracks, of those that are set up."""
    found: dict[str, Courier] = {}
    for module in router.discover("adapters", "courier"):
        courier: Courier | None = module.build(app.settings, app.store)  # type: ignore[attr-defined]
        if courier is not None:
            found[courier.name] = courier
    return found


def track(app: App, known: Mapping[str, Courier] | None = None) -> int:
    """Job: ask about parcels that are due; how many."""
    known = couriers(app) if known is None else known
    with app.context() as ctx:
        due = sa.select(tb.parcel).where(tb.parcel.c.next_at <= ctx.now).order_by(tb.parcel.c.next_at).limit(100)
        rows = [dict(row) for row in ctx.db.execute(due).mappings()]
    for row in rows:
        source = known.get(row["company"]) or next(iter(known.values()), None)
        try:
            scans = source.track(_asked(row)) if source else []
        except PlatformError as error:
            log.warning("parcel.not_tracked", parcel=row["id"], code=error.code)
            scans = []
        with app.context() as ctx:
            heard(ctx, row["id"], scans)
    return len(rows)


def _asked(row: Mapping[str, Any]) -> str:
    return f"{row['company']}:{row['number']}" if row["company"] else str(row["number"])


def heard(ctx: Context, parcel_id: str, scans: Sequence[Scan]) -> None:
    """Keep what the courier says; each state is recorded once. Signed by somebody else is told to the author."""
    row = get(ctx.db, parcel_id)
    if row is None:
        return
    state = parcel_rules.state_of(scans) if scans else row["state"]
    next_at = None if parcel_rules.final(state) else ctx.now + EVERY
    if state == row["state"]:
        _change(ctx, parcel_id, next_at=next_at)
        return
    newest = max(scans, key=lambda each: each.at)
    by = {"own": "本人", "other": "他人"}.get(newest.signed_by, "")
    _change(ctx, parcel_id, state=state, signed_by=by, scan_at=newest.at, next_at=next_at)
    subject, notice = ctx.people.get(row["person_id"]), store.get(ctx.db, row["notice_id"])
    parts = {"track": "\n".join(f"{each.at.isoformat()} {each.words}" for each in scans)}
    source = {"ch": row["company"] or "courier", "state": state, "number": row["number"]}
    ctx.record(f"notice.parcel_{state}", row["notice_id"], subject=subject, parts=parts, source=source, at=newest.at)
    if parcel_rules.proves(state):
        told = {row["person_id"]: (Fact("delivered", hearing.since(newest.at, ctx.now)), source)}
        hearing.learn_many(ctx, row["notice_id"], told)
    author = ctx.people.get(notice.author_id) if notice else None
    if state == "signed_other" and notice and author and subject:
        name, title = subject.name, notice.said(author.locale)[0]
        ctx.say(author, lambda: cards.courier_other(title, name, by), store.desk(notice.id))


def _change(ctx: Context, parcel_id: str, **values: object) -> None:
    ctx.db.execute(sa.update(tb.parcel).where(tb.parcel.c.id == parcel_id).values(**values))
