"""Documents to sign, what was shown of them, signatures, codes and witnesses. All times are aware UTC."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, false

from bot.db import UTCDateTime, metadata

document = Table(
    "document",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("matter", String(60), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("person_id", String(40), nullable=False, index=True),
    Column("title", String(200), nullable=False),
    Column("blocks", Text, nullable=False),  # JSON: [heading, text] or [heading, [[label, value], …]]
    Column("attachments", Text, nullable=False),  # JSON: [name, sha256, bytes, path]
    Column("content", LargeBinary, nullable=False),  # the exact bytes that are signed
    Column("sha256", String(64), nullable=False),
    Column("high_stakes", Boolean, nullable=False),
    Column("state", String(20), nullable=False),  # open signed declined refused_witnessed superseded withdrawn
    Column("superseded_by", String(32), nullable=False, server_default=""),
    Column("words", Text, nullable=False, server_default=""),  # why declined or withdrawn; erased with the person
    Column("provider", String(20), nullable=False, server_default=""),  # a licensed one, when it was handed there
    Column("flow_id", String(80), nullable=False, server_default=""),
    Column("zone", String(40), nullable=False),  # the person's, for every time shown
    Column("prepared_at", UTCDateTime, nullable=False),
    Column("opened_at", UTCDateTime),
    Column("decided_at", UTCDateTime),
    UniqueConstraint("matter", "person_id", "kind", "version"),
)
Index("ix_document_flow", document.c.provider, document.c.flow_id)

showing = Table(
    "document_showing",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of what the form holds
    Column("document_ref", String(32), nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sid", String(40), nullable=False),
    Column("shown_at", UTCDateTime, nullable=False),
    Column("used_at", UTCDateTime),
)

signature = Table(
    "signature",
    metadata,
    Column("document_ref", String(32), primary_key=True),  # of two devices in the same second one gets in
    Column("person_id", String(40), nullable=False, index=True),
    Column("how", String(10), nullable=False),  # drawn typed provider
    Column("account", String(120), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("marks", Text, nullable=False),  # strokes, or the typed name; erased with the person
    Column("second_factor", String(10), nullable=False),  # none chat sms
    Column("signed_in_at", UTCDateTime),
    Column("shown_at", UTCDateTime),
    Column("seen_to_end", Boolean, nullable=False, server_default=false()),
    Column("at", UTCDateTime, nullable=False),
    Column("zone", String(40), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("pdf", LargeBinary),
    Column("pdf_sha256", String(64), nullable=False, server_default=""),
    Column("sealed_at", UTCDateTime, index=True),
)

code = Table(
    "signing_code",
    metadata,
    Column("document_ref", String(32), primary_key=True),
    Column("sid", String(40), primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("channel", String(10), nullable=False),  # chat sms
    Column("sent_at", UTCDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
)

witness = Table(
    "refusal_witness",
    metadata,
    Column("document_ref", String(32), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("asked_by", String(40), nullable=False),
    Column("state", String(10), nullable=False),  # asked confirmed denied
    Column("how", Text, nullable=False),  # what HR says happened, shown to the witness; erased with the person
    Column("asked_at", UTCDateTime, nullable=False),
    Column("answered_at", UTCDateTime),
)
