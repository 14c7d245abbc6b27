"""The sealed copy of what was signed: made at once, made again after a crash, the same bytes for everybody."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from bot import clock, installed, signing
from bot.errors import PlatformError
from bot.evidence.stamping import roots_of, stampers_of
from bot.people import People, Person
from bot.signing.store import Document, Signature
from bot.signing.tables import signature as table

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.signing")
JOB, SECONDS = "signed_copies", 5.0
BATCH = 50


def copy_of(app: App, ref: str) -> bytes | None:
    """The sealed copy, made now if it is not there yet; None for a document that nobody signed.

    With a time-stamping authority set up the first call waits for it, within its time limit. PlatformError when the
    file is a licensed provider's and cannot be fetched.
    """
    with app.engine.connect() as conn:
        kept = conn.execute(sa.select(table.c.pdf).where(table.c.document_ref == ref)).scalar()
        document, made = signing.get(conn, ref), signing.signature_of(conn, ref)
        person = People(conn).get(document.person_id) if document else None
    if kept is not None:
        return bytes(kept)
    if document is None or made is None or person is None or not document.content:
        return None
    return _keep(app, document, _made(app, document, made, person))


def make_due(app: App) -> int:
    """The job: every signature that has no copy yet; how many were made. One that fails does not hold up the others."""
    waiting = (
        sa.select(table.c.document_ref).where(table.c.sealed_at.is_(None)).order_by(table.c.at.desc()).limit(BATCH)
    )
    with app.engine.connect() as conn:
        refs = list(conn.execute(waiting).scalars())
    done = 0
    for ref in refs:
        try:
            done += copy_of(app, ref) is not None
        except PlatformError as error:
            log.warning("signing.copy_waits", document=ref, code=error.code)
    return done


def _made(app: App, document: Document, made: Signature, person: Person) -> bytes:
    if made.how == "provider":
        provider = installed.signing_providers(app.settings).get(document.provider)
        if provider is None:
            raise PlatformError("provider_off", document.provider)
        return provider.file(document.flow_id)
    from bot.evidence.report import Sealing  # loads typesetter and fonts: only for whoever makes a copy
    from bot.evidence.signed import sealed_copy

    roots = roots_of(app.settings) if app.settings.tsa else b""
    sealing = Sealing(app.keys.key_dir, stampers_of(app.settings), roots)
    return sealed_copy(document, made, person.name, sealing, clock.now())


def _keep(app: App, document: Document, pdf: bytes) -> bytes:
    """Store it unless another process was first; then its bytes are the copy."""
    digest = hashlib.sha256(pdf).hexdigest()
    with app.context() as ctx:
        mine = sa.update(table).where(table.c.document_ref == document.ref, table.c.sealed_at.is_(None))
        if ctx.db.execute(mine.values(pdf=pdf, pdf_sha256=digest, sealed_at=ctx.now)).rowcount != 1:
            kept = ctx.db.execute(sa.select(table.c.pdf).where(table.c.document_ref == document.ref)).scalar()
            return bytes(kept) if kept is not None else pdf
        subject = ctx.people.get(document.person_id)
        parts, source = {"copy_sha256": digest}, {"document": document.ref, "bytes": str(len(pdf))}
        ctx.record("document.copy_sealed", document.matter, subject=subject, parts=parts, source=source)
    return pdf
