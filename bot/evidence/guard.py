"""What the database itself refuses: rewriting and deleting records of the log.

Defence in depth only: whoever owns the database can remove the triggers. What they did then shows in the signed
checkpoints, the audit and the copies in other hands. Erasure (contents and salts to NULL) stays possible.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

_FIXED: dict[str, tuple[str, ...]] = {
    "ev_event": (
        "n", "event_id", "type", "at_ms", "seen_ms", "actor", "subject", "object_id", "object_seq",
        "entry", "leaf_hash", "epoch", "promise",
    ),
    "ev_part": ("event_id", "position", "name", "media_type", "length", "commitment"),
    "ev_checkpoint": ("epoch", "size", "root", "note", "created_ms"),
    "ev_token": ("epoch", "size", "authority", "token", "gen_ms"),
    "ev_cosignature": ("epoch", "size", "witness", "line"),
    "ev_epoch": ("epoch", "origin", "log_vkey", "promise_vkey", "began_ms", "reason"),
    "ev_tile": ("epoch", "level", "n"),
}  # fmt: skip
_ERASABLE = {"ev_event": ("envelope", "salt"), "ev_part": ("salt", "content", "sealed_for")}
_ONCE = {"ev_event": ("log_index",), "ev_epoch": ("ended_ms",)}
# Keys by which SQLite's REPLACE would silently delete another row: its delete triggers do not fire for that.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ev_event": (("event_id",), ("n",), ("object_id", "object_seq")),
    "ev_part": (("event_id", "position"),),
    "ev_checkpoint": (("epoch", "size"),),
    "ev_token": (("epoch", "size", "authority"),),
    "ev_cosignature": (("epoch", "size", "witness"),),
    "ev_epoch": (("epoch",), ("origin",)),
    "ev_tile": (("epoch", "level", "n"),),
}
_WORDS = "存证记录不可改动 / evidence records cannot be changed"
_FUNCTION = "huizhi_guard"


def install(connection: Connection) -> None:
    """Create the triggers (SQLite, PostgreSQL); the tables exist. Repeating it is harmless.

    A refused statement raises IntegrityError.
    """
    remove(connection)
    make = _postgresql if connection.dialect.name == "postgresql" else _sqlite
    for statement in make():
        connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Drop the triggers, as whoever owns the database could."""
    on_table = connection.dialect.name == "postgresql"
    for table in _FIXED:
        for event in ("update", "delete", "insert", "truncate"):
            name = f"{_FUNCTION}_{table}_{event}"
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{f' ON {table}' if on_table else ''}")
    if on_table:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {_FUNCTION}()")


def _forbidden(table: str, differs: str, start: str) -> str:
    """The condition, in SQL, under which an update of `table` is refused."""
    tests = [f"NEW.{name} {differs} OLD.{name}" for name in _FIXED[table]]
    tests += [f"(NEW.{name} IS NOT NULL AND NEW.{name} {differs} OLD.{name})" for name in _ERASABLE.get(table, ())]
    tests += [f"(OLD.{name} IS NOT NULL AND NEW.{name} {differs} OLD.{name})" for name in _ONCE.get(table, ())]
    if table == "ev_tile":
        tests.append(start)
    return " OR ".join(tests)


def _sqlite() -> Sequence[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    made = []
    for table in _FIXED:
        grown = "substr(NEW.data, 1, length(OLD.data)) IS NOT OLD.data"
        when = _forbidden(table, "IS NOT", grown)
        if table == "ev_event":  # UPDATE OR REPLACE would push out the row that has this place
            taken = (
                "SELECT 1 FROM ev_event e WHERE e.epoch = NEW.epoch AND e.log_index = NEW.log_index AND e.n <> NEW.n"
            )
            when += f" OR (OLD.log_index IS NULL AND EXISTS ({taken}))"
        made.append(f"CREATE TRIGGER {_FUNCTION}_{table}_update BEFORE UPDATE ON {table} WHEN {when} {refuse}")
        made.append(f"CREATE TRIGGER {_FUNCTION}_{table}_delete BEFORE DELETE ON {table} {refuse}")
        made.append(f"CREATE TRIGGER {_FUNCTION}_{table}_insert BEFORE INSERT ON {table} WHEN {_taken(table)} {refuse}")
    return made


def _taken(table: str) -> str:
    tests = ["NEW.log_index IS NOT NULL"] if table == "ev_event" else []
    for columns in _KEYS[table]:
        same = " AND ".join(f"t.{name} = NEW.{name}" for name in columns)
        tests.append(f"EXISTS (SELECT 1 FROM {table} t WHERE {same})")  # noqa: S608 - names of ours
    return " OR ".join(tests)


def _postgresql() -> Sequence[str]:
    raise_it = f"RAISE EXCEPTION '{_WORDS}' USING ERRCODE = 'integrity_constraint_violation';"
    made = [
        f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN {raise_it} END $body$",
    ]
    for table in _FIXED:
        when = _forbidden(table, "IS DISTINCT FROM", "substring(NEW.data FROM 1 FOR length(OLD.data)) <> OLD.data")
        made.append(
            f"CREATE TRIGGER {_FUNCTION}_{table}_update BEFORE UPDATE ON {table}"
            f" FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {_FUNCTION}()"
        )
        for event, level in (("delete", "ROW"), ("truncate", "STATEMENT")):
            made.append(
                f"CREATE TRIGGER {_FUNCTION}_{table}_{event} BEFORE {event.upper()} ON {table}"
                f" FOR EACH {level} EXECUTE FUNCTION {_FUNCTION}()"
            )
    made.append(
        f"CREATE TRIGGER {_FUNCTION}_ev_event_insert BEFORE INSERT ON ev_event"
        f" FOR EACH ROW WHEN (NEW.log_index IS NOT NULL) EXECUTE FUNCTION {_FUNCTION}()"
    )
    return made
