"""Notices, the frozen list of their people, and every attempt to reach one. All times are aware UTC."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.db import PERSON, UTCDateTime, metadata

notice = Table(
    "nt_notice",
    metadata,
    Column("id", String(32), primary_key=True),  # `nt-…`: also the matter and the evidence object
    # draft approving scheduled waiting(its window was missed: the author is asked) sending paused stopped sent closed
    Column("state", String(12), nullable=False, index=True),
    Column("importance", String(8), nullable=False),  # inform read confirm sign
    Column("answers", Text, nullable=False),  # JSON list of received agreed objected appealed, as offered
    Column("basis", Text, nullable=False, default=""),  # the clause or law the notice rests on
    Column("deadline", UTCDateTime),
    Column("quiet", String(11), nullable=False, default=""),  # "22:00-07:00" on the reader's wall clock; empty: firm's
    Column("urgent", Boolean, nullable=False, default=False),
    Column("send_at", UTCDateTime),  # scheduled; empty: as soon as approved
    Column("send_until", UTCDateTime),  # later than this the author is asked instead
    Column("audience", Text, nullable=False),  # JSON, see audience.py
    Column("joiners", String(8), nullable=False, default="none"),  # none | deadline: joiners get it until then
    Column("plan", Text, nullable=False, default="[]"),  # JSON service plan: channels in order with their delays
    Column("list_sha256", String(64), nullable=False, default=""),
    Column("people", Integer, nullable=False, default=0),
    Column("frozen_at", UTCDateTime),
    Column("started_at", UTCDateTime),
    Column("ended_at", UTCDateTime),
    Column("author_id", String(40), nullable=False, info=PERSON),
    Column("created_at", UTCDateTime, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("replaces_id", String(32), nullable=False, default=""),  # the notice this one supersedes
    Column("replaced_id", String(32), nullable=False, default=""),  # the one that superseded it
    Column("recalled_at", UTCDateTime),
    Column("reason", String(200), nullable=False, default=""),  # why paused, stopped or recalled
    Column("remind_by", String(40), nullable=False, default="", info=PERSON),  # asked in chat to remind
)
text = Table(
    "nt_text",
    metadata,
    Column("notice_id", String(32), primary_key=True),
    Column("locale", String(5), primary_key=True),
    Column("title", String(120), nullable=False),
    Column("body", Text, nullable=False),  # our small markdown, see richtext.py
    Column("sha256", String(64), nullable=False),  # of title, line feed, body
)
file = Table(
    "nt_file",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("notice_id", String(32), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
template = Table(
    "nt_template",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("body", Text, nullable=False),  # JSON: a draft without audience and times
    Column("author_id", String(40), nullable=False, info=PERSON),
    Column("updated_at", UTCDateTime, nullable=False),
)
recipient = Table(
    "nt_recipient",
    metadata,
    Column("notice_id", String(32), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("user_id", String(80), nullable=False),
    Column("locale", String(5), nullable=False, default="zh"),
    Column("rung", Integer, nullable=False, default=0),  # rules.RUNGS: 0 queued 1 accepted 2 delivered 3 opened 4 … 5
    Column("trouble", String(10), nullable=False, default=""),  # rejected dropped expired unknown unreachable; "" none
    Column("answer", String(12), nullable=False, default=""),  # received agreed objected appealed signed declined
    Column("words", Text, nullable=False, default=""),  # an objection in their own words
    Column("accepted_at", UTCDateTime),
    Column("delivered_at", UTCDateTime),
    Column("opened_at", UTCDateTime),  # as the platform says, or shown
    Column("shown_at", UTCDateTime),  # the whole text, to the signed-in person: on our page or on a card that holds it
    Column("answered_at", UTCDateTime),
    Column("signed_at", UTCDateTime),
    Column("late_joiner", Boolean, nullable=False, default=False),
    Column("left_at", UTCDateTime),
    Column("step", Integer, nullable=False, default=0),  # of the service plan, taken so far
    Column("next_at", UTCDateTime),
    Column("reminded_at", UTCDateTime),
    # Signed implies acknowledged implies opened implies accepted: what breaks it cannot be stored.
    CheckConstraint("opened_at IS NULL OR accepted_at IS NOT NULL", name="ck_nt_opened"),
    CheckConstraint("answered_at IS NULL OR opened_at IS NOT NULL", name="ck_nt_answered"),
    CheckConstraint("signed_at IS NULL OR answered_at IS NOT NULL", name="ck_nt_signed"),
    CheckConstraint("rung < 3 OR opened_at IS NOT NULL", name="ck_nt_rung_opened"),
    CheckConstraint("rung < 4 OR answered_at IS NOT NULL", name="ck_nt_rung_answered"),
    CheckConstraint("rung < 5 OR signed_at IS NOT NULL", name="ck_nt_rung_signed"),
    Index("ix_nt_recipient_state", "notice_id", "rung", "trouble", "answer"),
    Index("ix_nt_recipient_next", "next_at"),
    Index("ix_nt_recipient_opened", "notice_id", "opened_at"),
    Index("ix_nt_recipient_person", "person_id"),
)
attempt = Table(
    "nt_attempt",
    metadata,
    Column("notice_id", String(32), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("step", Integer, primary_key=True),  # of the service plan; 0 is the first send
    Column("channel", String(24), nullable=False),  # wecom.shared wecom.card dingtalk.work … sms mail voice courier
    Column("row_id", String(32), nullable=False, index=True),  # outbox row that carries it
    # queued accepted delivered opened | rejected dropped expired unknown stopped
    Column("state", String(10), nullable=False),
    Column("code", String(60), nullable=False, default=""),
    Column("at", UTCDateTime, nullable=False),
    Column("address", String(120), nullable=False, default=""),
    Column("pedigree", String(200), nullable=False, default=""),  # who confirmed the address, when, under which consent
)
parcel = Table(
    "nt_parcel",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("notice_id", String(32), nullable=False, index=True),
    Column("person_id", String(40), nullable=False),
    Column("company", String(40), nullable=False),
    Column("number", String(40), nullable=False),
    Column("address", String(200), nullable=False),
    Column("pedigree", String(200), nullable=False, default=""),
    Column("state", String(16), nullable=False),  # posted moving arrived signed_self signed_other returned unknown
    Column("signed_by", String(80), nullable=False, default=""),
    Column("scan_at", UTCDateTime),
    Column("next_at", UTCDateTime, index=True),
    Column("photo", LargeBinary),
    Column("photo_type", String(40), nullable=False, default=""),
    UniqueConstraint("company", "number", name="uq_nt_parcel"),
)
