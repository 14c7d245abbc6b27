"""Rows of missed-punch check-ins. All times are aware UTC; `day` is the local working day of the shift."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Table, Text, UniqueConstraint

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
    # Flexible hours: the start of the core time, from which somebody is missing. Empty: `start_at`.
    Column("core_at", UTCDateTime),
    # The first moment whose arrival belongs to the next shift. Empty: `end_at`.
    Column("until_at", UTCDateTime),
    UniqueConstraint("person_id", "start_at", name="uq_mp_shift"),
    Index("ix_mp_shift_platform_day", "platform", "day", "person_id"),
)
_FLEXIBLE = shift.c.core_at.is_not(None)
Index("ix_mp_shift_core", shift.c.core_at, sqlite_where=_FLEXIBLE, postgresql_where=_FLEXIBLE)
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
    # When was each device last used?
    Index("ix_mp_punch_at_source", "at", "source"),
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
record = Table(
    "mp_record",
    metadata,
    # One row of one source about a punch; `mp_punch` holds what its records agree on.
    Column("id", Integer, primary_key=True),
    # Empty: kept, but no proof of presence (a time that lay in the future when it was fetched).
    Column("punch_id", Integer, index=True),
    Column("person_id", String(64), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("source", String(64), nullable=False),
    Column("fetched_at", UTCDateTime, nullable=False),
    Column("raw_sha256", String(64), nullable=False, default=""),
    Column("batch_id", String(32), index=True),
    UniqueConstraint("person_id", "at", "source", name="uq_mp_record"),
)
batch = Table(
    "mp_batch",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("file", String(200), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("platform", String(32), nullable=False, default=""),
    Column("state", String(8), nullable=False),  # loading | done | undoing | undone
    # Rows of the file below its heading that are in: a process that dies is gone on with from here.
    Column("taken", Integer, nullable=False, default=0),
    Column("added", Integer, nullable=False, default=0),
    Column("merged", Integer, nullable=False, default=0),
    Column("known", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False, default=0),
    Column("loaded_at", UTCDateTime, nullable=False),
    Column("undone_at", UTCDateTime),
)
statutory = Table(
    "mp_calendar",
    metadata,
    # A published year, loaded by command: the days that differ from Monday-to-Friday.
    Column("day", Date, primary_key=True),
    Column("year", Integer, nullable=False, index=True),
    Column("kind", String(8), nullable=False),  # holiday | workday
    Column("name", String(40), nullable=False, default=""),
)
fetch = Table(
    "mp_fetch",
    metadata,
    # What was fetched for everybody of a platform and time zone on a local day; `rows` of the last answer.
    Column("platform", String(32), primary_key=True),
    Column("what", String(8), primary_key=True),  # shifts | leaves | late
    Column("zone", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("rows", Integer, nullable=False),
)
slip = Table(
    "mp_slip",
    metadata,
    # A request in the platform's own approval app; `read_at` empty: an event came and it has to be looked up.
    Column("platform", String(32), primary_key=True),
    Column("number", String(128), primary_key=True),
    Column("person_id", String(64), nullable=False, default="", index=True),
    Column("state", String(12), nullable=False, default=""),
    Column("about", String(12), nullable=False, default=""),
    Column("kind", String(64), nullable=False, default=""),
    Column("start_at", UTCDateTime),
    Column("end_at", UTCDateTime),
    Column("changed_at", UTCDateTime, nullable=False),
    Column("read_at", UTCDateTime),
)
finding = Table(
    "mp_finding",
    metadata,
    # "<kind>:<platform>:<what it is about>:<day>": each thing is told once a day.
    Column("key", String(200), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("person_id", String(64), nullable=False, default=""),
    Column("detail", String(200), nullable=False, default=""),
    Column("found_at", UTCDateTime, nullable=False),
    Column("told_at", UTCDateTime, index=True),
)
contact = Table(
    "mp_contact",
    metadata,
    Column("person_id", String(64), primary_key=True),
    # Addresses the person gave for being reached beside the chat; empty: none.
    Column("mobile", String(32), nullable=False, default=""),
    Column("email", String(120), nullable=False, default=""),
    # "22:00-07:00" in the person's own wall clock; empty: the firm's.
    Column("quiet", String(11), nullable=False, default=""),
    Column("profile", String(32), nullable=False, default=""),
    Column("joined_on", Date),
    Column("leaving_on", Date),
    # Whom to ask in an emergency; only ever used when `kin_agreed_at` is set and a human approved it that day.
    Column("kin_name", String(80), nullable=False, default=""),
    Column("kin_phone", String(32), nullable=False, default=""),
    Column("kin_agreed_at", UTCDateTime),
)
letter = Table(
    "mp_letter",
    metadata,
    # 限期返岗通知书 of one case. `text` is what was approved, word for word; `sha256` is of its UTF-8.
    Column("id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False, unique=True),
    Column("person_id", String(64), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("drafted_at", UTCDateTime, nullable=False),
    Column("sent_at", UTCDateTime, index=True),
    Column("sent_by", String(64), nullable=False, default=""),
    Column("chat_ref", String(64), nullable=False, default=""),
    Column("courier", String(40), nullable=False, default=""),
    Column("opened_at", UTCDateTime),
    # When HR heard that it was opened, and that the chat did not take it.
    Column("opened_told_at", UTCDateTime),
    Column("failed_told_at", UTCDateTime),
)
