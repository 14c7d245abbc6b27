"""Documents to sign, and signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.db import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "document",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("blocks", sa.Text(), nullable=False),
        sa.Column("attachments", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("high_stakes", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("superseded_by", sa.String(length=32), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("provider", sa.String(length=20), server_default="", nullable=False),
        sa.Column("flow_id", sa.String(length=80), server_default="", nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("prepared_at", UTCDateTime(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("ref"),
        sa.UniqueConstraint("matter", "person_id", "kind", "version"),
    )
    op.create_index(op.f("ix_document_matter"), "document", ["matter"], unique=False)
    op.create_index(op.f("ix_document_person_id"), "document", ["person_id"], unique=False)
    op.create_index("ix_document_flow", "document", ["provider", "flow_id"], unique=False)
    op.create_table(
        "document_showing",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("document_ref", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=40), nullable=False),
        sa.Column("shown_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index(op.f("ix_document_showing_document_ref"), "document_showing", ["document_ref"], unique=False)
    op.create_table(
        "signature",
        sa.Column("document_ref", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("second_factor", sa.String(length=10), nullable=False),
        sa.Column("signed_in_at", UTCDateTime(), nullable=True),
        sa.Column("shown_at", UTCDateTime(), nullable=True),
        sa.Column("seen_to_end", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sealed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("document_ref"),
    )
    op.create_index(op.f("ix_signature_person_id"), "signature", ["person_id"], unique=False)
    op.create_index(op.f("ix_signature_sealed_at"), "signature", ["sealed_at"], unique=False)
    op.create_table(
        "signing_code",
        sa.Column("document_ref", sa.String(length=32), nullable=False),
        sa.Column("sid", sa.String(length=40), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("document_ref", "sid"),
    )
    op.create_table(
        "refusal_witness",
        sa.Column("document_ref", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("document_ref", "person_id"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("refusal_witness", "signing_code", "signature", "document_showing", "document"):
        op.drop_table(name)
