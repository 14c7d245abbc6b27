"""Tables of the log. Times are integer Unix milliseconds (UTC): one meaning on every database.

Erasable columns (envelope, salt, content) are nullable; everything the tree needs is not.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

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
    Column("log_index", BigInteger, unique=True),
    Column("promise", Text, nullable=False),
    Index("ev_event_object", "object_id", "object_seq", unique=True),
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
)

ev_object = Table(
    "ev_object",
    metadata,
    Column("object_id", String(64), primary_key=True),
    Column("head_seq", Integer, nullable=False),
    Column("head_leaf", LargeBinary),
)

# One row, id 1.
ev_head = Table(
    "ev_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
)

ev_checkpoint = Table(
    "ev_checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

# c2sp.org/tlog-tiles: up to 256 hashes of 32 bytes; level L holds roots of 256**L leaves.
ev_tile = Table(
    "ev_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)
