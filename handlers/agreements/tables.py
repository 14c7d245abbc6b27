"""Consents of people, one row per asking. All times are aware UTC."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from bot.db import UTCDateTime, metadata

consent = Table(
    "consent",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(40), nullable=False),
    Column("kind", String(20), nullable=False),  # edelivery | esign
    Column("state", String(12), nullable=False),  # asked | agreed | refused | withdrawn | expired | superseded
    Column("version", Integer, nullable=False),  # of the wording
    Column("text", Text, nullable=False),  # exactly what was shown
    Column("text_sha256", String(64), nullable=False),
    Column("scope", Text, nullable=False),  # JSON: addresses, log key
    Column("asked_at", UTCDateTime, nullable=False),
    Column("decided_at", UTCDateTime),
    Column("expires_at", UTCDateTime),
    Column("event_id", String(64)),  # the evidence of the decision
    Index("ix_consent_person", "person_id", "kind"),
)
