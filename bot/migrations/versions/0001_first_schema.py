"""first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.db
from bot.evidence import guard

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ask",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=80), nullable=True),
        sa.Column("created_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("deadline", bot.db.UTCDateTime(), nullable=True),
        sa.Column("answered_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("ref"),
    )
    op.create_index(op.f("ix_ask_matter"), "ask", ["matter"], unique=False)
    op.create_index(op.f("ix_ask_person_id"), "ask", ["person_id"], unique=False)
    where = sa.text("state = 'open'")
    op.create_index(
        "ix_ask_open", "ask", ["person_id", "kind"], unique=False, sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("asked_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("decided_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("expires_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consent_person", "consent", ["person_id", "kind"], unique=False)
    op.create_table(
        "ev_anchor",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("posted_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ev_anchor_size", "ev_anchor", ["epoch", "size"], unique=False)
    op.create_table(
        "ev_post",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ev_post_state", "ev_post", ["state"], unique=False)
    op.create_table(
        "ev_checkpoint",
        sa.Column("epoch", sa.Integer(), server_default="1", autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "size"),
    )
    op.create_table(
        "ev_cosignature",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "size", "witness"),
    )
    op.create_table(
        "ev_epoch",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("log_vkey", sa.Text(), nullable=False),
        sa.Column("promise_vkey", sa.Text(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("epoch"),
        sa.UniqueConstraint("origin"),
    )
    op.create_table(
        "ev_event",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("object_seq", sa.Integer(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="1", nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=True),
        sa.Column("promise", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
        sa.UniqueConstraint("epoch", "log_index"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index("ev_event_actor", "ev_event", ["actor"], unique=False)
    op.create_index("ev_event_object", "ev_event", ["object_id", "object_seq"], unique=True)
    op.create_index("ev_event_subject", "ev_event", ["subject"], unique=False)
    op.create_table(
        "ev_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="1", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ev_hold",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=64), nullable=False),
        sa.Column("placed_ms", sa.BigInteger(), nullable=False),
        sa.Column("released_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ev_hold_subject", "ev_hold", ["subject"], unique=False)
    op.create_table(
        "ev_scrub",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ev_object",
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("head_seq", sa.Integer(), nullable=False),
        sa.Column("head_leaf", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("object_id"),
    )
    op.create_table(
        "ev_report",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "ev_subject_key",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "ev_tile",
        sa.Column("epoch", sa.Integer(), server_default="1", autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "level", "n"),
    )
    op.create_table(
        "ev_authority",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_ms", sa.BigInteger(), nullable=True),
        sa.Column("reported_ms", sa.BigInteger(), nullable=True),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "ev_token",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("authority", sa.String(length=80), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("gen_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "size", "authority"),
    )
    op.create_table(
        "failed",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("replayed_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "inbox",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("received_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="done", nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "event_id"),
    )
    still = sa.text("state = 'waiting'")
    op.create_index("ix_inbox_waiting", "inbox", ["received_at"], sqlite_where=still, postgresql_where=still)
    op.create_table(
        "mp_case",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("base_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("next_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("opened_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("asked_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("replied_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("escalated_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("timeline", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("claimed_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("shift_id"),
    )
    op.create_index(op.f("ix_mp_case_next_at"), "mp_case", ["next_at"], unique=False)
    op.create_index(op.f("ix_mp_case_person_id"), "mp_case", ["person_id"], unique=False)
    op.create_index(op.f("ix_mp_case_state"), "mp_case", ["state"], unique=False)
    op.create_table(
        "mp_slip",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("start_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("end_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("changed_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("read_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "number"),
    )
    op.create_index(op.f("ix_mp_slip_person_id"), "mp_slip", ["person_id"], unique=False)
    op.create_table(
        "mp_contact",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("mobile", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=120), nullable=False),
        sa.Column("quiet", sa.String(length=11), nullable=False),
        sa.Column("profile", sa.String(length=32), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("leaving_on", sa.Date(), nullable=True),
        sa.Column("kin_name", sa.String(length=80), nullable=False),
        sa.Column("kin_phone", sa.String(length=32), nullable=False),
        sa.Column("kin_agreed_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "mp_feed",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", bot.db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("platform"),
    )
    op.create_table(
        "mp_leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("start_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("end_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "start_at", "end_at", "kind", name="uq_mp_leave"),
    )
    op.create_table(
        "mp_letter",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("drafted_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("sent_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("sent_by", sa.String(length=64), nullable=False),
        sa.Column("chat_ref", sa.String(length=64), nullable=False),
        sa.Column("courier", sa.String(length=40), nullable=False),
        sa.Column("opened_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("opened_told_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("failed_told_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id"),
    )
    op.create_index(op.f("ix_mp_letter_person_id"), "mp_letter", ["person_id"], unique=False)
    op.create_index(op.f("ix_mp_letter_sent_at"), "mp_letter", ["sent_at"], unique=False)
    op.create_table(
        "mp_notice",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("first_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("last_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("told_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "mp_punch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("fetched_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "at", "source", name="uq_mp_punch"),
    )
    op.create_index("ix_mp_punch_at_source", "mp_punch", ["at", "source"], unique=False)
    op.create_table(
        "mp_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("punch_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("fetched_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "at", "source", name="uq_mp_record"),
    )
    op.create_index(op.f("ix_mp_record_batch_id"), "mp_record", ["batch_id"], unique=False)
    op.create_index(op.f("ix_mp_record_punch_id"), "mp_record", ["punch_id"], unique=False)
    op.create_table(
        "mp_batch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("loaded_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("undone_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_mp_batch_sha256"), "mp_batch", ["sha256"], unique=False)
    op.create_table(
        "mp_calendar",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_index(op.f("ix_mp_calendar_year"), "mp_calendar", ["year"], unique=False)
    op.create_table(
        "mp_fetch",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "what", "zone", "day"),
    )
    op.create_table(
        "mp_finding",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("found_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("told_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(op.f("ix_mp_finding_told_at"), "mp_finding", ["told_at"], unique=False)
    op.create_table(
        "mp_shift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("early_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("start_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("end_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("plan_ref", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("core_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("until_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "start_at", name="uq_mp_shift"),
    )
    op.create_index(op.f("ix_mp_shift_start_at"), "mp_shift", ["start_at"], unique=False)
    flexible = sa.text("core_at IS NOT NULL")
    op.create_index("ix_mp_shift_core", "mp_shift", ["core_at"], sqlite_where=flexible, postgresql_where=flexible)
    op.create_index("ix_mp_shift_platform_day", "mp_shift", ["platform", "day", "person_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("user_id", sa.String(length=80), server_default="", nullable=False),
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("ask_ref", sa.String(length=32), nullable=True),
        sa.Column("of", sa.String(length=32), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", bot.db.UTCDateTime(), nullable=False),
        sa.Column("lease", bot.db.UTCDateTime(), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("update_token", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("ambiguous", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("sent_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("people", sa.Integer(), server_default="1", nullable=False),
        sa.Column("route", sa.String(length=20), server_default="", nullable=False),
        sa.Column("crowd", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_outbox_state"), "outbox", ["state"], unique=False)
    op.create_index("ix_outbox_matter", "outbox", ["matter", "state", "people"], unique=False)
    for name, columns, clause in (
        ("ix_outbox_queued", ["platform", "priority", "due", "id"], "state = 'queued'"),
        ("ix_outbox_sending", ["lease"], "state = 'sending'"),
        ("ix_outbox_ask", ["ask_ref"], "ask_ref IS NOT NULL"),
        ("ix_outbox_of", ["of"], '"of" IS NOT NULL'),
        ("ix_outbox_message", ["message_id"], "message_id IS NOT NULL"),
        ("ix_outbox_channel", ["person_id", "platform", "created_at"], "kind = 'channel'"),
    ):
        op.create_index(
            name, "outbox", columns, unique=False, sqlite_where=sa.text(clause), postgresql_where=sa.text(clause)
        )
    op.create_table(
        "outbox_pause",
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", bot.db.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("matter"),
    )
    op.create_table(
        "outbox_harvest",
        sa.Column("row_id", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("route", sa.String(length=20), nullable=False),
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("sent_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("due", bot.db.UTCDateTime(), nullable=True),
        sa.Column("known_until", bot.db.UTCDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("known", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("row_id"),
    )
    op.create_index(
        "ix_outbox_harvest_due",
        "outbox_harvest",
        ["due"],
        unique=False,
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_table(
        "outbox_read",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("seen_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "message_id", "person_id"),
    )
    op.create_index(
        "ix_outbox_read_waiting",
        "outbox_read",
        ["seen_at"],
        unique=False,
        sqlite_where=sa.text("waiting"),
        postgresql_where=sa.text("waiting"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("manager_id", sa.String(length=40), nullable=True),
        sa.Column("role", sa.String(length=20), server_default="employee", nullable=False),
        sa.Column("site", sa.String(length=80), server_default="", nullable=False),
        sa.Column("zone", sa.String(length=40), server_default="Asia/Shanghai", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("locale", sa.String(length=5), server_default="zh", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("platform", "user_id"),
        sa.UniqueConstraint("ref"),
    )
    op.create_table(
        "ev_part",
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_for", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["ev_event.event_id"],
        ),
        sa.PrimaryKeyConstraint("event_id", "position"),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("opened_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("decided_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=40), server_default="", nullable=False),
        sa.Column("behalf_person_id", sa.String(length=40), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_approval_matter"), "approval", ["matter"], unique=False)
    op.create_index(op.f("ix_approval_person_id"), "approval", ["person_id"], unique=False)
    op.create_index(op.f("ix_approval_state"), "approval", ["state"], unique=False)
    op.create_table(
        "approval_step",
        sa.Column("approval_id", sa.String(length=32), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("asked_role", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("remind_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("escalate_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("decided_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=40), server_default="", nullable=False),
        sa.Column("behalf_person_id", sa.String(length=40), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("approval_id", "no"),
    )
    op.create_index(op.f("ix_approval_step_state"), "approval_step", ["state"], unique=False)
    op.create_table(
        "approval_seat",
        sa.Column("approval_id", sa.String(length=32), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("behalf_person_id", sa.String(length=40), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("approval_id", "no", "person_id"),
    )
    op.create_table(
        "approval_bulk",
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("ask_ref", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("matter", "ask_ref"),
    )
    op.create_table(
        "delegate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("delegate_person_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", bot.db.UTCDateTime(), nullable=False),
        sa.Column("until", bot.db.UTCDateTime(), nullable=True),
        sa.Column("created_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("ended_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_delegate_person_id"), "delegate", ["person_id"], unique=False)
    op.create_index(op.f("ix_delegate_delegate_person_id"), "delegate", ["delegate_person_id"], unique=False)
    op.create_table(
        "leaver_link",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("opened_by", sa.String(length=40), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("opened_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("expires_at", bot.db.UTCDateTime(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("code_until", bot.db.UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sends", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("used_at", bot.db.UTCDateTime(), nullable=True),
        sa.Column("closed_at", bot.db.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(op.f("ix_leaver_link_person_id"), "leaver_link", ["person_id"], unique=False)
    op.create_index("ix_person_role", "person", ["role"])
    op.create_index("ix_person_manager", "person", ["manager_id"])
    op.create_index("ix_person_folded", "person", ["platform", sa.text("lower(user_id)")])
    guard.install(op.get_bind())


def downgrade() -> None:
    guard.remove(op.get_bind())
    for name in ("leaver_link", "delegate", "approval_bulk", "approval_seat", "approval_step", "approval"):
        op.drop_table(name)
    for name in ("ix_person_folded", "ix_person_manager", "ix_person_role"):
        op.drop_index(name, table_name="person")
    op.drop_table("ev_part")
    op.drop_table("person")
    for name in ("outbox_read", "outbox_harvest", "outbox_pause", "outbox"):
        op.drop_table(name)
    op.drop_index("ix_mp_shift_platform_day", table_name="mp_shift")
    op.drop_index("ix_mp_shift_core", table_name="mp_shift")
    op.drop_index(op.f("ix_mp_shift_start_at"), table_name="mp_shift")
    op.drop_table("mp_shift")
    for name in ("mp_letter", "mp_finding", "mp_fetch", "mp_calendar", "mp_batch", "mp_record"):
        op.drop_table(name)
    op.drop_index("ix_mp_punch_at_source", table_name="mp_punch")
    op.drop_table("mp_punch")
    op.drop_table("mp_notice")
    op.drop_table("mp_leave")
    op.drop_table("mp_feed")
    op.drop_table("mp_contact")
    op.drop_index(op.f("ix_mp_case_state"), table_name="mp_case")
    op.drop_index(op.f("ix_mp_case_person_id"), table_name="mp_case")
    op.drop_index(op.f("ix_mp_case_next_at"), table_name="mp_case")
    op.drop_table("mp_case")
    op.drop_index("ix_inbox_waiting", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("failed")
    op.drop_table("ev_token")
    op.drop_table("ev_authority")
    op.drop_table("ev_tile")
    op.drop_table("ev_subject_key")
    op.drop_table("ev_report")
    op.drop_table("ev_object")
    op.drop_table("ev_scrub")
    op.drop_index("ev_hold_subject", table_name="ev_hold")
    op.drop_table("ev_hold")
    op.drop_table("ev_head")
    op.drop_index("ev_event_subject", table_name="ev_event")
    op.drop_index("ev_event_object", table_name="ev_event")
    op.drop_index("ev_event_actor", table_name="ev_event")
    op.drop_table("ev_event")
    op.drop_table("ev_epoch")
    op.drop_table("ev_cosignature")
    op.drop_table("ev_checkpoint")
    op.drop_index("ev_post_state", table_name="ev_post")
    op.drop_table("ev_post")
    op.drop_index("ev_anchor_size", table_name="ev_anchor")
    op.drop_table("ev_anchor")
    op.drop_index("ix_consent_person", table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_ask_person_id"), table_name="ask")
    op.drop_index(op.f("ix_ask_matter"), table_name="ask")
    op.drop_table("ask")
