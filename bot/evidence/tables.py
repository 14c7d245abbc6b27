"""Tables of the log. Times are integer Unix milliseconds (UTC): one meaning on every database.

Erasable columns (envelope, salt, content) are nullable; everything the tree needs is not.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.db import metadata

_Serial = BigInteger().with_variant(Integer, "sqlite")

# `n` only orders what is pending; the database hands it out with holes, so it is never the place in the log.
ev_event = Table(
    "ev_event",
    metadata,
    Column("n", _Serial, primary_key=True, autoincrement=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("type", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("object_seq", Integer, nullable=False),
    Column("envelope", LargeBinary),
    Column("salt", LargeBinary),
    Column("entry", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False, server_default="1"),
    Column("log_index", BigInteger),
    Column("promise", Text, nullable=False),
    UniqueConstraint("epoch", "log_index"),
    Index("ev_event_object", "object_id", "object_seq", unique=True),
    Index("ev_event_subject", "subject"),
    Index("ev_event_actor", "actor"),
)

ev_part = Table(
    "ev_part",
    metadata,
    Column("event_id", String(64), ForeignKey("ev_event.event_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("media_type", String(120), nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("content", LargeBinary),
    # Pseudonym whose data key encrypts `content` and `salt`; NULL: stored as they are. The commitment is over the plain
    # bytes of both.
    Column("sealed_for", String(64)),
)

# Data keys, wrapped by the key file; destroying `wrapped` makes everything sealed for the person unreadable for good.
ev_subject_key = Table(
    "ev_subject_key",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("wrapped", LargeBinary),
    Column("made_ms", BigInteger, nullable=False),
    Column("destroyed_ms", BigInteger),
)

ev_object = Table(
    "ev_object",
    metadata,
    Column("object_id", String(64), primary_key=True),
    Column("head_seq", Integer, nullable=False),
    Column("head_leaf", LargeBinary),
)

# One row, id 1: the newest epoch's head.
ev_head = Table(
    "ev_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False, server_default="1"),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
)

# A log that cannot go on (old backup, lost key) is followed by one with another origin; each has its own keys.
ev_epoch = Table(
    "ev_epoch",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(200), nullable=False, unique=True),
    Column("log_vkey", Text, nullable=False),
    Column("promise_vkey", Text, nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("reason", Text, nullable=False, server_default=""),
)

ev_checkpoint = Table(
    "ev_checkpoint",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False, server_default="1"),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

# One signature line of a witness over a checkpoint; kept apart so that the note's bytes never change.
ev_cosignature = Table(
    "ev_cosignature",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", String(200), primary_key=True),
    Column("line", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

# RFC 3161 tokens over the SHA-256 of a checkpoint's note, exactly as the authority sent them.
ev_token = Table(
    "ev_token",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("authority", String(80), primary_key=True),
    Column("token", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),  # PEM certificates
    Column("gen_ms", BigInteger, nullable=False),  # the authority's time
    Column("received_ms", BigInteger, nullable=False),
)

# How each time-stamping authority is doing: who may ask it when, and since when it fails.
ev_authority = Table(
    "ev_authority",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_ms", BigInteger),
    Column("reported_ms", BigInteger),
    Column("next_ms", BigInteger, nullable=False),
)

# Where a checkpoint was shown to somebody who keeps a copy of their own: chat, mail, witness.
ev_anchor = Table(
    "ev_anchor",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("target", String(200), nullable=False),
    Column("posted_ms", BigInteger, nullable=False),
    Index("ev_anchor_size", "epoch", "size"),
)

# Checkpoint lines on their way into group chats (`platform:chat`); the id is the idempotency key.
ev_post = Table(
    "ev_post",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("target", String(200), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(10), nullable=False),  # queued sent replaced refused
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_ms", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Index("ev_post_state", "state"),
)

# Sealed reports by the digest of what they say: sealing is not repeatable, handing out the same file is.
ev_report = Table(
    "ev_report",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("pdf", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("about", Text, nullable=False),  # pseudonyms it names, each between blanks: erasing one takes it along
)

# While a hold lasts nothing about the person is erased.
ev_hold = Table(
    "ev_hold",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by", String(64), nullable=False),
    Column("placed_ms", BigInteger, nullable=False),
    Column("released_ms", BigInteger),
    Index("ev_hold_subject", "subject"),
)

# Erasures whose bytes may still lie in free pages, dead rows or the journal of the database.
ev_scrub = Table(
    "ev_scrub",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("made_ms", BigInteger, nullable=False),
)

# c2sp.org/tlog-tiles: up to 256 hashes of 32 bytes; level L holds roots of 256**L leaves.
ev_tile = Table(
    "ev_tile",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False, server_default="1"),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)
