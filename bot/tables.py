"""Tables of the core: people, inbox, asks, outbox, failed events, matters."""

from __future__ import annotations

import sqlalchemy as sa

from bot.db import UTCDateTime, metadata

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("ref", sa.String(40), nullable=False, unique=True),  # random pseudonym: what the evidence log knows
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("user_id", sa.String(80), nullable=False),
    sa.Column("manager_id", sa.String(40)),
    sa.Column("role", sa.String(20), nullable=False, server_default="employee"),
    sa.Column("site", sa.String(80), nullable=False, server_default=""),
    sa.Column("zone", sa.String(40), nullable=False, server_default="Asia/Shanghai"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("locale", sa.String(5), nullable=False, server_default="zh"),
    sa.UniqueConstraint("platform", "user_id"),
)

membership = sa.Table(
    "membership",
    metadata,
    sa.Column("person_id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(4), primary_key=True),  # dept | tag
    sa.Column("name", sa.String(160), primary_key=True),  # a department's path is joined by "/": 研发/平台组
    sa.Index("ix_membership_name", "kind", "name", "person_id"),
)

# Every inbound event looks its person up by the folded id.
sa.Index("ix_person_folded", person.c.platform, sa.func.lower(person.c.user_id))
# Few people have a role and a manager has few reports; both are asked for on nearly every page.
sa.Index("ix_person_role", person.c.role)
sa.Index("ix_person_manager", person.c.manager_id)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("platform", sa.String(20), primary_key=True),
    sa.Column("event_id", sa.String(200), primary_key=True),
    sa.Column("received_at", UTCDateTime, nullable=False),
    sa.Column("action", sa.String(80), nullable=False),
    sa.Column("state", sa.String(10), nullable=False, server_default="done"),  # waiting | done
    sa.Column("event", sa.Text),  # only while it waits
)

# Few rows wait at any time, and those are looked for every second.
sa.Index("ix_inbox_waiting", inbox.c.received_at, sqlite_where=inbox.c.state == "waiting",
         postgresql_where=inbox.c.state == "waiting")  # fmt: skip

ask = sa.Table(
    "ask",
    metadata,
    sa.Column("ref", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("matter", sa.String(60), nullable=False, index=True),
    sa.Column("person_id", sa.String(40), nullable=False, index=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("answer", sa.String(80)),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("deadline", UTCDateTime),
    sa.Column("answered_at", UTCDateTime),
)

# Whoever approves for many has answered thousands: what is open is found without looking at those.
sa.Index("ix_ask_open", ask.c.person_id, ask.c.kind,
         sqlite_where=ask.c.state == "open", postgresql_where=ask.c.state == "open")  # fmt: skip

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),  # send | update | interim | request | channel | crowd
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("person_id", sa.String(40)),
    sa.Column("user_id", sa.String(80), nullable=False, server_default=""),
    sa.Column("matter", sa.String(60), nullable=False),
    sa.Column("ask_ref", sa.String(32)),
    sa.Column("of", sa.String(32)),  # update: the outbox id of the card it changes
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False, index=True),  # queued held kept sending sent stopped failed
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due", UTCDateTime, nullable=False),
    sa.Column("lease", UTCDateTime),
    sa.Column("message_id", sa.String(200)),
    sa.Column("update_token", sa.Text, nullable=False, server_default=""),
    sa.Column("error", sa.String(300)),
    sa.Column("ambiguous", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("sent_at", UTCDateTime),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default="0"),  # 0 goes first
    sa.Column("people", sa.Integer, nullable=False, server_default="1"),  # how many it is for
    sa.Column("route", sa.String(20), nullable=False, server_default=""),  # crowd: the platform's way
    sa.Column("crowd", sa.Text),  # crowd: JSON {"locale", "to": [[pseudonym, user id], ...]}
)

# Few rows wait or are in flight at any time, however many were sent: each look at them costs what they are, not more.
sa.Index("ix_outbox_queued", outbox.c.platform, outbox.c.priority, outbox.c.due, outbox.c.id,
         sqlite_where=outbox.c.state == "queued", postgresql_where=outbox.c.state == "queued")  # fmt: skip
sa.Index("ix_outbox_sending", outbox.c.lease,
         sqlite_where=outbox.c.state == "sending", postgresql_where=outbox.c.state == "sending")  # fmt: skip
sa.Index("ix_outbox_matter", outbox.c.matter, outbox.c.state, outbox.c.people)
sa.Index("ix_outbox_ask", outbox.c.ask_ref,
         sqlite_where=outbox.c.ask_ref.is_not(None), postgresql_where=outbox.c.ask_ref.is_not(None))  # fmt: skip
sa.Index("ix_outbox_of", outbox.c.of,
         sqlite_where=outbox.c.of.is_not(None), postgresql_where=outbox.c.of.is_not(None))  # fmt: skip
sa.Index("ix_outbox_message", outbox.c.message_id,
         sqlite_where=outbox.c.message_id.is_not(None), postgresql_where=outbox.c.message_id.is_not(None))  # fmt: skip
sa.Index("ix_outbox_channel", outbox.c.person_id, outbox.c.platform, outbox.c.created_at,
         sqlite_where=outbox.c.kind == "channel", postgresql_where=outbox.c.kind == "channel")  # fmt: skip

outbox_pause = sa.Table(
    "outbox_pause",
    metadata,
    sa.Column("matter", sa.String(60), primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),  # held | cancelled
    sa.Column("at", UTCDateTime, nullable=False),
)

outbox_harvest = sa.Table(
    "outbox_harvest",
    metadata,
    sa.Column("row_id", sa.String(32), primary_key=True),  # a sent outbox row whose results are still to be collected
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("route", sa.String(20), nullable=False),
    sa.Column("matter", sa.String(60), nullable=False),
    sa.Column("sent_at", UTCDateTime, nullable=False),
    sa.Column("due", UTCDateTime),  # empty: closed
    sa.Column("known_until", UTCDateTime, nullable=False),  # afterwards the platform has forgotten
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),  # in a row
    sa.Column("warned", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("known", sa.Text, nullable=False, server_default="{}"),  # JSON {pseudonym: [state, time, code]}
)

_open = outbox_harvest.c.due.is_not(None)
sa.Index("ix_outbox_harvest_due", outbox_harvest.c.due, sqlite_where=_open, postgresql_where=_open)

outbox_read = sa.Table(
    "outbox_read",
    metadata,
    sa.Column("platform", sa.String(20), primary_key=True),
    sa.Column("message_id", sa.String(200), primary_key=True),
    sa.Column("person_id", sa.String(40), primary_key=True),
    sa.Column("at", UTCDateTime, nullable=False),  # the platform's time
    sa.Column("seen_at", UTCDateTime, nullable=False),
    sa.Column("waiting", sa.Boolean, nullable=False),  # the message itself is not written back yet
)

sa.Index("ix_outbox_read_waiting", outbox_read.c.seen_at,
         sqlite_where=outbox_read.c.waiting, postgresql_where=outbox_read.c.waiting)  # fmt: skip

failed = sa.Table(
    "failed",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("event_id", sa.String(200), nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("error", sa.String(300), nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Column("replayed_at", UTCDateTime),
)

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("matter", sa.String(60), nullable=False, index=True),  # taken back, it may be asked for again
    sa.Column("person_id", sa.String(40), nullable=False, index=True),
    sa.Column("day", sa.Date, nullable=False),  # the local day it is about
    sa.Column("facts", sa.Text, nullable=False),  # JSON: numbers the chain asked for
    sa.Column(
        "details", sa.Text, nullable=False, server_default="{}"
    ),  # JSON of the kind's own; erased with the person
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("state", sa.String(10), nullable=False, index=True),  # open approved rejected withdrawn elsewhere
    sa.Column("bulk", sa.Boolean, nullable=False),
    sa.Column("opened_at", UTCDateTime, nullable=False),
    sa.Column("decided_at", UTCDateTime),
    sa.Column("decided_by", sa.String(40), nullable=False, server_default=""),
    sa.Column("behalf_person_id", sa.String(40), nullable=False, server_default=""),
)

approval_step = sa.Table(
    "approval_step",
    metadata,
    sa.Column("approval_id", sa.String(32), primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True),
    sa.Column("role", sa.String(12), nullable=False),
    sa.Column("asked_role", sa.String(12), nullable=False),  # after an escalation another one than `role`
    sa.Column("state", sa.String(10), nullable=False, index=True),  # waiting open approved rejected skipped over
    sa.Column("asked_at", UTCDateTime),
    sa.Column("remind_at", UTCDateTime),
    sa.Column("escalate_at", UTCDateTime),
    sa.Column("decided_at", UTCDateTime),
    sa.Column("decided_by", sa.String(40), nullable=False, server_default=""),
    sa.Column("behalf_person_id", sa.String(40), nullable=False, server_default=""),
)

approval_seat = sa.Table(
    "approval_seat",
    metadata,
    sa.Column("approval_id", sa.String(32), primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.String(40), primary_key=True),  # may decide the step
    sa.Column("behalf_person_id", sa.String(40), nullable=False, server_default=""),  # in whose place
)

approval_bulk = sa.Table(
    "approval_bulk",
    metadata,
    sa.Column("matter", sa.String(60), primary_key=True),  # the summary card
    sa.Column("ask_ref", sa.String(32), primary_key=True),  # one of the questions it stands for
)

delegate = sa.Table(
    "delegate",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("person_id", sa.String(40), nullable=False, index=True),
    sa.Column("delegate_person_id", sa.String(40), nullable=False, index=True),
    sa.Column("state", sa.String(10), nullable=False),  # asked on ended
    sa.Column("since", UTCDateTime, nullable=False),
    sa.Column("until", UTCDateTime),  # empty: whenever the principal is on leave, and only then
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("ended_at", UTCDateTime),
)

leaver_link = sa.Table(
    "leaver_link",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("person_id", sa.String(40), nullable=False, index=True),
    sa.Column("opened_by", sa.String(40), nullable=False),
    sa.Column("how", sa.String(20), nullable=False),  # the identity was checked
    sa.Column("way", sa.String(8), nullable=False),  # the code takes: sms | mail | hand
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("state", sa.String(8), nullable=False),  # open revoked locked
    sa.Column("opened_at", UTCDateTime, nullable=False),
    sa.Column("expires_at", UTCDateTime, nullable=False),
    sa.Column("code_hash", sa.String(64), nullable=False, server_default=""),  # keyed with the token
    sa.Column("code_until", UTCDateTime),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),  # wrong codes in a row
    sa.Column("sends", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sent_at", UTCDateTime),
    sa.Column("used_at", UTCDateTime),
    sa.Column("closed_at", UTCDateTime),
)
