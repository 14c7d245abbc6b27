"""Rows of documents and signatures. Nothing here decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot.signing.rules import Attachment, Block, loaded
from bot.signing.tables import document, signature

OPEN, SIGNED, DECLINED, WITNESSED = "open", "signed", "declined", "refused_witnessed"
SUPERSEDED, WITHDRAWN = "superseded", "withdrawn"


@dataclass(frozen=True, slots=True)
class Document:
    """A text fixed for one person to sign. `state`: open, signed, declined, refused_witnessed, superseded, withdrawn.

    `sha256` is that of `content`, the exact bytes. Times UTC; `zone` is the person's.
    """

    ref: str
    matter: str
    kind: str
    version: int
    person_id: str
    title: str
    blocks: tuple[Block, ...]
    attachments: tuple[Attachment, ...]
    content: bytes
    sha256: str
    high_stakes: bool
    state: str
    superseded_by: str
    words: str
    provider: str
    flow_id: str
    zone: str
    prepared_at: datetime
    opened_at: datetime | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Signature:
    """`how`: drawn, typed or provider. `marks`: the strokes or the typed name. `second_factor`: none, chat or sms.

    `pdf_sha256` is empty until the sealed copy was made. Times UTC; `zone` is the person's.
    """

    document_ref: str
    person_id: str
    how: str
    account: str
    sha256: str
    version: int
    marks: str
    second_factor: str
    signed_in_at: datetime | None
    shown_at: datetime | None
    seen_to_end: bool
    at: datetime
    zone: str
    event_id: str
    pdf_sha256: str
    sealed_at: datetime | None


_SIGNATURE = [signature.c[name] for name in Signature.__dataclass_fields__]


def get(conn: Connection, ref: str) -> Document | None:
    """The document of a ref; None for one that does not exist."""
    row = conn.execute(sa.select(document).where(document.c.ref == ref)).mappings().first()
    return _document(row) if row else None


def must(conn: Connection, ref: str) -> Document:
    """The same where it is known to exist. LookupError otherwise."""
    found = get(conn, ref)
    if found is None:
        raise LookupError("there is no such document")
    return found


def of_matter(conn: Connection, matter: str) -> list[Document]:
    """Every document of a matter, in every state, the oldest version first."""
    order = (document.c.person_id, document.c.kind, document.c.version)
    rows = conn.execute(sa.select(document).where(document.c.matter == matter).order_by(*order)).mappings()
    return [_document(row) for row in rows]


def of_flow(conn: Connection, provider: str, flow_id: str) -> Document | None:
    """The document behind a licensed provider's flow."""
    where = (document.c.provider == provider, document.c.flow_id == flow_id)
    row = conn.execute(sa.select(document).where(*where)).mappings().first()
    return _document(row) if row and flow_id else None


def signature_of(conn: Connection, ref: str) -> Signature | None:
    """The one signature of a document, if it is signed."""
    row = conn.execute(sa.select(*_SIGNATURE).where(signature.c.document_ref == ref)).mappings().first()
    return Signature(**row) if row else None


def move(conn: Connection, ref: str, states: Sequence[str], **values: object) -> bool:
    """Change a document that is in one of `states`; False when somebody was first."""
    where = (document.c.ref == ref, document.c.state.in_(states))
    return conn.execute(sa.update(document).where(*where).values(**values)).rowcount == 1


def _document(row: RowMapping) -> Document:
    values = dict(row)
    values["blocks"] = loaded(values["blocks"])
    values["attachments"] = tuple(Attachment(*each) for each in json.loads(values["attachments"] or "[]"))
    values["content"] = bytes(values["content"])
    return Document(**values)
