"""Rows of missed-punch check-ins. All times are aware UTC; `day` is the local working day of the shift."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Integer, String, Table, Text, UniqueConstraint

from bot.db import UTCDateTime, metadata

shift = Table(
    "mp_shift",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("user_id", String(128), nullable=False),
    Column("day", Date, nullable=False),
    # The earliest punch that still belongs to the shift: a column, because date arithmetic differs between databases.
    Column("early_at", UTCDateTime, nullable=False),
    Column("start_at", UTCDateTime, nullable=False, index=True),
    Column("end_at", UTCDateTime, nullable=False),
    Column("plan_ref", String(128), nullable=False, default=""),
    Column("site", String(128), nullable=False, default=""),
    UniqueConstraint("person_id", "start_at", name="uq_mp_shift"),
)
punch = Table(
    "mp_punch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", String(64), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("source", String(64), nullable=False),
    Column("fetched_at", UTCDateTime, nullable=False),
    Column("raw_sha256", String(64), nullable=False, default=""),
    UniqueConstraint("person_id", "at", "source", name="uq_mp_punch"),
)
leave = Table(
    "mp_leave",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", String(64), nullable=False),
    Column("start_at", UTCDateTime, nullable=False),
    Column("end_at", UTCDateTime, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("pending", Boolean, nullable=False, default=False),
    UniqueConstraint("person_id", "start_at", "end_at", "kind", name="uq_mp_leave"),
)
feed = Table(
    "mp_feed",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("fetched_at", UTCDateTime, nullable=False),
)
case = Table(
    "mp_case",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(64), nullable=False, index=True),
    Column("shift_id", Integer, nullable=False, unique=True),
    Column("state", String(16), nullable=False, index=True),
    Column("rung", Integer, nullable=False),
    # The end of grace the rungs count from; later than the shift's own when a guard held us back.
    Column("base_at", UTCDateTime, nullable=False),
    Column("next_at", UTCDateTime, index=True),
    Column("opened_at", UTCDateTime, nullable=False),
    # First card to the employee; empty when a downtime made the ladder start higher.
    Column("asked_at", UTCDateTime),
    # The last answer that can still be undone.
    Column("replied_at", UTCDateTime),
    # When the first person other than the employee was asked; an event dated before it earns an apology.
    Column("escalated_at", UTCDateTime),
    Column("timeline", Text, nullable=False, default=""),
    Column("reason", String(32), nullable=False, default=""),
    Column("words", Text, nullable=False, default=""),
    Column("claimed_at", UTCDateTime),
    Column("outcome", String(32), nullable=False, default=""),
    Column("decided_by", String(64), nullable=False, default=""),
    Column("decided_at", UTCDateTime),
)
notice = Table(
    "mp_notice",
    metadata,
    # "feed:<platform>:<day>", "storm:<platform>:<site>:<day>", "calendar:<year>": one card per key.
    Column("key", String(255), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("first_at", UTCDateTime, nullable=False),
    Column("last_at", UTCDateTime, nullable=False),
    Column("told_at", UTCDateTime),
    Column("decision", String(16), nullable=False, default=""),
    Column("decided_by", String(64), nullable=False, default=""),
    Column("decided_at", UTCDateTime),
)
