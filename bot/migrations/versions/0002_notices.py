"""HR notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.db import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "membership",
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "kind", "name"),
    )
    op.create_index("ix_membership_name", "membership", ["kind", "name", "person_id"], unique=False)
    op.create_table(
        "nt_attempt",
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("row_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("pedigree", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "person_id", "step"),
    )
    op.create_index(op.f("ix_nt_attempt_row_id"), "nt_attempt", ["row_id"], unique=False)
    op.create_table(
        "nt_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_nt_file_notice_id"), "nt_file", ["notice_id"], unique=False)
    op.create_table(
        "nt_notice",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("importance", sa.String(length=8), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("deadline", UTCDateTime(), nullable=True),
        sa.Column("quiet", sa.String(length=11), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("send_at", UTCDateTime(), nullable=True),
        sa.Column("send_until", UTCDateTime(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("joiners", sa.String(length=8), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("list_sha256", sa.String(length=64), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("frozen_at", UTCDateTime(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("author_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.String(length=32), nullable=False),
        sa.Column("replaced_id", sa.String(length=32), nullable=False),
        sa.Column("recalled_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("remind_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_nt_notice_state"), "nt_notice", ["state"], unique=False)
    op.create_table(
        "nt_parcel",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("pedigree", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=False),
        sa.Column("scan_at", UTCDateTime(), nullable=True),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("photo", sa.LargeBinary(), nullable=True),
        sa.Column("photo_type", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("company", "number", name="uq_nt_parcel"),
    )
    op.create_index(op.f("ix_nt_parcel_next_at"), "nt_parcel", ["next_at"], unique=False)
    op.create_index(op.f("ix_nt_parcel_notice_id"), "nt_parcel", ["notice_id"], unique=False)
    op.create_table(
        "nt_recipient",
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("accepted_at", UTCDateTime(), nullable=True),
        sa.Column("delivered_at", UTCDateTime(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("shown_at", UTCDateTime(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("signed_at", UTCDateTime(), nullable=True),
        sa.Column("late_joiner", sa.Boolean(), nullable=False),
        sa.Column("left_at", UTCDateTime(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("reminded_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("answered_at IS NULL OR opened_at IS NOT NULL", name="ck_nt_answered"),
        sa.CheckConstraint("opened_at IS NULL OR accepted_at IS NOT NULL", name="ck_nt_opened"),
        sa.CheckConstraint("rung < 3 OR opened_at IS NOT NULL", name="ck_nt_rung_opened"),
        sa.CheckConstraint("rung < 4 OR answered_at IS NOT NULL", name="ck_nt_rung_answered"),
        sa.CheckConstraint("rung < 5 OR signed_at IS NOT NULL", name="ck_nt_rung_signed"),
        sa.CheckConstraint("signed_at IS NULL OR answered_at IS NOT NULL", name="ck_nt_signed"),
        sa.PrimaryKeyConstraint("notice_id", "person_id"),
    )
    op.create_index("ix_nt_recipient_next", "nt_recipient", ["next_at"], unique=False)
    op.create_index("ix_nt_recipient_opened", "nt_recipient", ["notice_id", "opened_at"], unique=False)
    op.create_index("ix_nt_recipient_person", "nt_recipient", ["person_id"], unique=False)
    op.create_index("ix_nt_recipient_state", "nt_recipient", ["notice_id", "rung", "trouble", "answer"], unique=False)
    op.create_table(
        "nt_template",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(length=40), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "nt_text",
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "locale"),
    )
    op.create_table(
        "chat_file",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("matter", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_chat_file_next", "chat_file", ["next_at"], unique=False)
    op.create_index(op.f("ix_chat_file_person_id"), "chat_file", ["person_id"], unique=False)
    op.create_index(op.f("ix_chat_file_desk"), "chat_file", ["desk"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_chat_file_desk"), table_name="chat_file")
    op.drop_index(op.f("ix_chat_file_person_id"), table_name="chat_file")
    op.drop_index("ix_chat_file_next", table_name="chat_file")
    op.drop_table("chat_file")
    op.drop_table("membership")
    op.drop_table("nt_text")
    op.drop_table("nt_template")
    op.drop_index("ix_nt_recipient_state", table_name="nt_recipient")
    op.drop_index("ix_nt_recipient_person", table_name="nt_recipient")
    op.drop_index("ix_nt_recipient_opened", table_name="nt_recipient")
    op.drop_index("ix_nt_recipient_next", table_name="nt_recipient")
    op.drop_table("nt_recipient")
    op.drop_index(op.f("ix_nt_parcel_notice_id"), table_name="nt_parcel")
    op.drop_index(op.f("ix_nt_parcel_next_at"), table_name="nt_parcel")
    op.drop_table("nt_parcel")
    op.drop_index(op.f("ix_nt_notice_state"), table_name="nt_notice")
    op.drop_table("nt_notice")
    op.drop_index(op.f("ix_nt_file_notice_id"), table_name="nt_file")
    op.drop_table("nt_file")
    op.drop_index(op.f("ix_nt_attempt_row_id"), table_name="nt_attempt")
    op.drop_table("nt_attempt")
