"""The performance cycle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.db import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "pf_appeal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reviewer_id", sa.String(length=40), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("score", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("behalf_person_id", sa.String(length=40), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("reminded_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("result_id"),
    )
    op.create_index(op.f("ix_pf_appeal_state"), "pf_appeal", ["state"], unique=False)
    op.create_table(
        "pf_confirmation",
        sa.Column("goal_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("behalf_person_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("voided_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("goal_id", "version", "side"),
    )
    op.create_table(
        "pf_cycle",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("policy_id", sa.String(length=32), nullable=False),
        sa.Column("template_id", sa.String(length=32), nullable=False),
        sa.Column("sides", sa.String(length=60), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("timeline", sa.Text(), nullable=False),
        sa.Column("populations", sa.Text(), nullable=False),
        sa.Column("appeal_days", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_pf_cycle_state"), "pf_cycle", ["state"], unique=False)
    op.create_table(
        "pf_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("matter", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_pf_file_matter"), "pf_file", ["matter"], unique=False)
    op.create_table(
        "pf_goal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("cycle_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_pf_goal_person", "pf_goal", ["cycle_id", "person_id"], unique=False)
    op.create_table(
        "pf_goal_version",
        sa.Column("goal_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target", sa.String(length=24), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("weight", sa.String(length=12), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("source_key", sa.String(length=400), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("goal_id", "version"),
    )
    op.create_table(
        "pf_line",
        sa.Column("cycle_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("points", sa.String(length=12), nullable=False),
        sa.Column("deduction", sa.String(length=12), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("clause", sa.String(length=20), nullable=False),
        sa.Column("goal_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("cycle_id", "person_id", "side", "version", "no"),
    )
    op.create_table(
        "pf_member",
        sa.Column("cycle_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("population", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("scorer_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("score", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("attainment", sa.String(length=12), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("reminded_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("cycle_id", "person_id"),
    )
    op.create_index("ix_pf_member_next", "pf_member", ["next_at"], unique=False)
    op.create_index("ix_pf_member_person", "pf_member", ["person_id"], unique=False)
    op.create_index(op.f("ix_pf_member_scorer_id"), "pf_member", ["scorer_id"], unique=False)
    op.create_index("ix_pf_member_state", "pf_member", ["cycle_id", "state", "department"], unique=False)
    op.create_table(
        "pf_nudge",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("goal_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("need", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("task_state", sa.String(length=10), nullable=False),
        sa.Column("task_words", sa.Text(), nullable=False),
        sa.Column("task_by", sa.String(length=40), nullable=False),
        sa.Column("task_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_pf_nudge_goal_id"), "pf_nudge", ["goal_id"], unique=False)
    op.create_table(
        "pf_policy",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("clauses", sa.Text(), nullable=False),
        sa.Column("deemed_clause", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", "version", name="uq_pf_policy"),
    )
    op.create_table(
        "pf_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("goal_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("done", sa.String(length=24), nullable=False),
        sa.Column("target", sa.String(length=24), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("fetched_at", UTCDateTime(), nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False),
        sa.Column("problem", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("goal_id", "source", "at", "done", name="uq_pf_progress"),
    )
    op.create_table(
        "pf_release",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("cycle_id", sa.String(length=32), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=True),
        sa.Column("by_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("apart", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_pf_release_cycle_id"), "pf_release", ["cycle_id"], unique=False)
    op.create_index(op.f("ix_pf_release_state"), "pf_release", ["state"], unique=False)
    op.create_table(
        "pf_release_item",
        sa.Column("release_id", sa.String(length=32), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("release_id", "result_id"),
    )
    op.create_index(
        "ix_pf_release_item_state", "pf_release_item", ["release_id", "state", "result_id"], unique=False
    )
    op.create_table(
        "pf_result",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("cycle_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", sa.String(length=12), nullable=False),
        sa.Column("band", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=20), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("document_ref", sa.String(length=64), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("deemed_clause", sa.String(length=20), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("deadline", UTCDateTime(), nullable=True),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cycle_id", "person_id", "version", name="uq_pf_result"),
    )
    op.create_index(op.f("ix_pf_result_next_at"), "pf_result", ["next_at"], unique=False)
    op.create_index(op.f("ix_pf_result_state"), "pf_result", ["state"], unique=False)
    op.create_table(
        "pf_review",
        sa.Column("cycle_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.String(length=40), nullable=False),
        sa.Column("behalf_person_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("score", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("cycle_id", "person_id", "side", "version"),
    )
    op.create_index(
        "ix_pf_review_spread",
        "pf_review",
        ["cycle_id", "side", "state", "person_id", "version", "score"],
        unique=False,
    )
    op.create_table(
        "pf_template",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", "version", name="uq_pf_template"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("pf_template")
    op.drop_index("ix_pf_review_spread", table_name="pf_review")
    op.drop_table("pf_review")
    op.drop_index(op.f("ix_pf_result_state"), table_name="pf_result")
    op.drop_index(op.f("ix_pf_result_next_at"), table_name="pf_result")
    op.drop_table("pf_result")
    op.drop_index("ix_pf_release_item_state", table_name="pf_release_item")
    op.drop_table("pf_release_item")
    op.drop_index(op.f("ix_pf_release_state"), table_name="pf_release")
    op.drop_index(op.f("ix_pf_release_cycle_id"), table_name="pf_release")
    op.drop_table("pf_release")
    op.drop_table("pf_progress")
    op.drop_table("pf_policy")
    op.drop_index(op.f("ix_pf_nudge_goal_id"), table_name="pf_nudge")
    op.drop_table("pf_nudge")
    op.drop_index("ix_pf_member_state", table_name="pf_member")
    op.drop_index(op.f("ix_pf_member_scorer_id"), table_name="pf_member")
    op.drop_index("ix_pf_member_person", table_name="pf_member")
    op.drop_index("ix_pf_member_next", table_name="pf_member")
    op.drop_table("pf_member")
    op.drop_table("pf_line")
    op.drop_table("pf_goal_version")
    op.drop_index("ix_pf_goal_person", table_name="pf_goal")
    op.drop_table("pf_goal")
    op.drop_index(op.f("ix_pf_file_matter"), table_name="pf_file")
    op.drop_table("pf_file")
    op.drop_index(op.f("ix_pf_cycle_state"), table_name="pf_cycle")
    op.drop_table("pf_cycle")
    op.drop_table("pf_confirmation")
    op.drop_index(op.f("ix_pf_appeal_state"), table_name="pf_appeal")
    op.drop_table("pf_appeal")
