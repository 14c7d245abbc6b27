"""The performance cycle. All times are aware UTC; numbers that matter are Decimal, kept as text."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from bot.db import PERSON, UTCDateTime, metadata

policy = Table(
    "pf_policy",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("since", Date, nullable=False),
    # JSON list of {no, text, at_least, below, band, consequence, factor}: see store.Clause
    Column("clauses", Text, nullable=False),
    Column(
        "deemed_clause", String(20), nullable=False, default=""
    ),  # the clause a deemed receipt rests on; empty: none
    Column("sha256", String(64), nullable=False),
    UniqueConstraint("name", "version", name="uq_pf_policy"),
)
template = Table(
    "pf_template",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("dimensions", Text, nullable=False),  # JSON: [{"code", "name", "weight" (of 100), "max"}]
    Column("places", Integer, nullable=False, default=1),  # decimals of a score; halves are rounded up
    UniqueConstraint("name", "version", name="uq_pf_template"),
)
cycle = Table(
    "pf_cycle",
    metadata,
    Column("id", String(32), primary_key=True),  # `pc-…`
    Column("name", String(80), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("state", String(10), nullable=False, index=True),  # draft goals running scoring results closed
    Column("policy_id", String(32), nullable=False),
    Column("template_id", String(32), nullable=False),
    Column("sides", String(60), nullable=False, default="self,manager,hr"),
    Column("visibility", Text, nullable=False, default="{}"),  # JSON: side -> sides that may read it before the result
    Column("timeline", Text, nullable=False, default="{}"),  # JSON: population -> {"goals_by", "self_by", … ISO days}
    Column("populations", Text, nullable=False, default="{}"),  # JSON: population -> departments and #tags
    Column("appeal_days", Integer, nullable=False, default=5),  # working days
    Column("created_by", String(40), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
)
member = Table(
    "pf_member",
    metadata,
    Column("cycle_id", String(32), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("population", String(40), nullable=False, default=""),
    Column("department", String(80), nullable=False, default=""),  # as it was when the cycle opened
    Column("scorer_id", String(40), nullable=False, index=True, info=PERSON),
    Column("state", String(12), nullable=False),  # goals running self manager hr approving published answered final
    Column("score", String(12), nullable=False, default=""),  # of the newest result, for the boards
    Column("answer", String(12), nullable=False, default=""),
    Column("attainment", String(12), nullable=False, default=""),  # percent from fresh progress; empty: not known
    Column("next_at", UTCDateTime),
    Column("reminded_at", UTCDateTime),
    Index("ix_pf_member_state", "cycle_id", "state", "department"),
    Index("ix_pf_member_person", "person_id"),
    Index("ix_pf_member_next", "next_at"),
)
goal = Table(
    "pf_goal",
    metadata,
    Column("id", String(32), primary_key=True),  # `pg-…`: also the matter and the evidence object
    Column("cycle_id", String(32), nullable=False),
    Column("person_id", String(40), nullable=False),
    Column("no", Integer, nullable=False),
    Column("version", Integer, nullable=False),  # the newest
    Column("state", String(10), nullable=False),  # proposed agreed dropped
    Index("ix_pf_goal_person", "cycle_id", "person_id"),
)
goal_version = Table(
    "pf_goal_version",
    metadata,
    Column("goal_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("kind", String(10), nullable=False),  # numeric milestone
    Column("target", String(24), nullable=False, default=""),
    Column("unit", String(20), nullable=False, default=""),
    Column("weight", String(12), nullable=False),
    Column("due_on", Date),
    Column("dimension", String(20), nullable=False, default=""),
    Column("source", String(24), nullable=False, default=""),  # jira dingtalk webhook file; empty: by hand
    Column("source_key", String(400), nullable=False, default=""),
    Column("sha256", String(64), nullable=False),  # of the exact text both sides confirm
    Column("reason", String(400), nullable=False, default=""),  # of a change in mid-period
    Column("proposed_by", String(40), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
)
confirmation = Table(
    "pf_confirmation",
    metadata,
    Column("goal_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("side", String(10), primary_key=True),  # employee manager
    Column("person_id", String(40), nullable=False),
    Column("behalf_person_id", String(40), nullable=False, default=""),
    Column("sha256", String(64), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("voided_at", UTCDateTime),
)
progress = Table(
    "pf_progress",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("goal_id", String(32), nullable=False),
    Column("source", String(24), nullable=False),
    Column("done", String(24), nullable=False),
    Column("target", String(24), nullable=False),
    Column("at", UTCDateTime, nullable=False),  # the source's own time
    Column("fetched_at", UTCDateTime, nullable=False),
    Column("raw_sha256", String(64), nullable=False, default=""),
    Column("problem", String(60), nullable=False, default=""),  # why the newest asking brought nothing
    UniqueConstraint("goal_id", "source", "at", "done", name="uq_pf_progress"),
)
nudge = Table(
    "pf_nudge",
    metadata,
    Column("id", String(32), primary_key=True),  # `pn-…`
    Column("goal_id", String(32), nullable=False, index=True),
    Column("person_id", String(40), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("need", String(16), nullable=False, default=""),  # nothing people money priority target talk; empty: silent
    Column("words", Text, nullable=False, default=""),
    Column("answered_at", UTCDateTime),
    Column("task_state", String(10), nullable=False, default=""),  # open offered refused done
    Column("task_words", Text, nullable=False, default=""),
    Column("task_by", String(40), nullable=False, default=""),
    Column("task_at", UTCDateTime),
)
review = Table(
    "pf_review",
    metadata,
    Column("cycle_id", String(32), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("side", String(8), primary_key=True),  # self manager hr
    Column("version", Integer, primary_key=True),
    Column("by_id", String(40), nullable=False, info=PERSON),
    Column("behalf_person_id", String(40), nullable=False, default=""),
    Column("state", String(10), nullable=False),  # draft submitted
    Column("comment", Text, nullable=False, default=""),
    Column("score", String(12), nullable=False, default=""),
    Column("reason", String(400), nullable=False, default=""),  # of a version after the first
    Column("saved_at", UTCDateTime, nullable=False),
    Column("submitted_at", UTCDateTime),
    Column("event_id", String(64)),
    # The spread of 20,000 scores is read from the index alone.
    Index("ix_pf_review_spread", "cycle_id", "side", "state", "person_id", "version", "score"),
)
line = Table(
    "pf_line",
    metadata,
    Column("cycle_id", String(32), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("side", String(8), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("dimension", String(20), nullable=False),
    Column("points", String(12), nullable=False),  # given, of the dimension's maximum
    Column("deduction", String(12), nullable=False, default="0"),
    Column("fact", Text, nullable=False, default=""),  # what happened, when, project or goal id
    Column("clause", String(20), nullable=False, default=""),
    Column("goal_id", String(32), nullable=False, default=""),
)
result = Table(
    "pf_result",
    metadata,
    Column("id", String(32), primary_key=True),  # `pr-…`: also the matter and the evidence object
    Column("cycle_id", String(32), nullable=False),
    Column("person_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("score", String(12), nullable=False),
    Column("band", String(40), nullable=False),
    Column("clause", String(20), nullable=False),
    Column("consequence", Text, nullable=False),
    Column("text", Text, nullable=False),  # the exact document shown
    Column("sha256", String(64), nullable=False),
    # approving published answered appealed final superseded returned
    Column("state", String(12), nullable=False, index=True),
    Column("answer", String(12), nullable=False, default=""),  # signed received objected appealed; deemed is its own
    Column("words", Text, nullable=False, default=""),
    Column("document_ref", String(64), nullable=False, default=""),
    Column("held", Boolean, nullable=False, default=False),  # the contested part waits in payroll
    Column("deemed_clause", String(20), nullable=False, default=""),
    Column("published_at", UTCDateTime),
    Column("opened_at", UTCDateTime),
    Column("answered_at", UTCDateTime),
    Column("deadline", UTCDateTime),
    Column("next_at", UTCDateTime, index=True),
    UniqueConstraint("cycle_id", "person_id", "version", name="uq_pf_result"),
)
appeal = Table(
    "pf_appeal",
    metadata,
    Column("id", String(32), primary_key=True),  # `pa-…`
    Column("result_id", String(32), nullable=False, unique=True),
    Column("words", Text, nullable=False),
    Column("state", String(10), nullable=False, index=True),  # open decided withdrawn
    Column("reviewer_id", String(40), nullable=False, info=PERSON),
    Column("due_at", UTCDateTime, nullable=False),
    Column("outcome", String(10), nullable=False, default=""),  # upheld adjusted
    Column("score", String(12), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("decided_by", String(40), nullable=False, default=""),
    Column("behalf_person_id", String(40), nullable=False, default=""),
    Column("decided_at", UTCDateTime),
    Column("reminded_at", UTCDateTime),
)
file = Table(
    "pf_file",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("matter", String(32), nullable=False, index=True),
    Column("person_id", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("at", UTCDateTime, nullable=False),
)
release = Table(
    "pf_release",
    metadata,
    Column("id", String(32), primary_key=True),  # `pb-…`: also the matter and the evidence object
    Column("cycle_id", String(32), nullable=False, index=True),
    Column("department", String(80)),  # empty: chosen over all departments
    Column("by_id", String(40), nullable=False, info=PERSON),
    Column("state", String(10), nullable=False, index=True),  # open done
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, default=0),
    Column("apart", Integer, nullable=False, default=0),  # to be decided one by one, see release_item.why
    Column("created_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
)
release_item = Table(
    "pf_release_item",
    metadata,
    Column("release_id", String(32), primary_key=True),
    Column("result_id", String(32), primary_key=True),
    Column("sha256", String(64), nullable=False),  # of the document that was confirmed: another one is left alone
    Column("state", String(10), nullable=False),  # waiting done apart
    Column("why", String(12), nullable=False, default=""),  # decided own scored steps seat changed
    Index("ix_pf_release_item_state", "release_id", "state", "result_id"),
)
