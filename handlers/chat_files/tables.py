"""Files that were announced in the chat. Their bytes are in the log, sealed for their sender, and nowhere else."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from bot.db import PERSON, UTCDateTime, metadata

chat_file = Table(
    "chat_file",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("person_id", String(40), nullable=False, index=True, info=PERSON),
    Column("kind", String(10), nullable=False),
    Column("name", String(200), nullable=False),
    Column("key", Text, nullable=False),  # the platform's, empty once it is of no more use
    Column("sent_at", UTCDateTime, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, kept, refused, lost
    Column("attempts", Integer, nullable=False),
    Column("next_at", UTCDateTime),  # empty: nothing more to do
    Column("desk", String(40), nullable=False, index=True),  # where HR looks at it, with others of the same moment
    Column("matter", String(64), nullable=False),  # what the evidence is about
    Column("event_id", String(64), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("code", String(80), nullable=False),
    Index("ix_chat_file_next", "next_at"),
)
