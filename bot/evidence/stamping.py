"""Trusted time for the log: which checkpoint needs an RFC 3161 token, getting it, and writing down when that fails.

An authority stamps the newest checkpoint once an hour while the log grows, and at the next run when something
irrevocable happened (`due.HIGH_STAKES`). One token covers everything before it, so after an outage the next one closes
the gap; only the window of the events in between is wider.

Each token is itself followed by an event, `anchor.stamped`, that holds the token's digest: the checkpoint stamped next
is thereby proven younger than this token. `anchor.*` events never make a stamp due, so a log in which nothing else
happens comes to rest.
"""

from __future__ import annotations

import hashlib
import importlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection, Engine, Row, Table, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot import clock
from bot.db import begin
from bot.errors import Misconfigured, PlatformError
from bot.evidence import log as evidence_log
from bot.evidence.due import ANCHOR, HOUR, Due, due_for
from bot.evidence.keys import Keys
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_authority, ev_token
from bot.evidence.tokens import Token, TokenError, load_roots, make_request, printable, read_response
from bot.ports import TimeStamper
from bot.store import new_ref
from config.settings import Settings

if TYPE_CHECKING:
    from bot.app import App

logger = structlog.get_logger("huizhi.tsa")
SECONDS = 15.0
"""Between two runs; with sequencing every second a high-stakes event has its token well within a minute."""
LEASE = 60_000
FIRST_PAUSE, LONGEST_PAUSE = 30_000, 600_000
"""Milliseconds between attempts while an authority fails: doubled each time, up to ten minutes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt. `gen_ms` is the authority's time in Unix ms, None when it failed; `error` then says why."""

    authority: str
    epoch: int
    size: int
    gen_ms: int | None = None
    error: str = ""


def stamp(app: App) -> list[Outcome]:
    """The job: every authority of the settings. Misconfigured when their roots cannot be read."""
    stampers = stampers_of(app.settings)
    if not stampers:
        return []
    roots = roots_of(app.settings)
    return [each for stamper in stampers for each in stamp_due(app.engine, app.keys, [stamper], roots, now=clock.now())]


def stampers_of(settings: Settings) -> list[TimeStamper]:
    """The authorities of the settings; empty without HUIZHI_TSA. The adapter is found by name, as platforms are."""
    if not settings.tsa:
        return []
    found: list[TimeStamper] = importlib.import_module("adapters.timestamp").build(settings)
    return found


def roots_of(settings: Settings) -> bytes:
    """The PEM bytes behind HUIZHI_TSA_ROOTS, known to hold certificates. Misconfigured otherwise."""
    try:
        roots_pem = Path(settings.tsa_roots).read_bytes()
    except OSError as error:
        raise Misconfigured(
            f"时间戳根证书文件无法读取（{error.strerror}），请检查 HUIZHI_TSA_ROOTS。"
            f" The file of HUIZHI_TSA_ROOTS cannot be read ({error.strerror})."
        ) from error
    load_roots(roots_pem)
    return roots_pem


def stamp_due(
    engine: Engine, keys: Keys, stampers: Sequence[TimeStamper], roots_pem: bytes, now: datetime
) -> list[Outcome]:
    """Ask each authority for the one token it owes most, if any. Failures are results and events, not exceptions.

    The network is only used between transactions, under a lease, so that several workers do not ask twice.
    Raises Misconfigured when `roots_pem` holds no certificate.
    """
    load_roots(roots_pem)
    done = []
    for stamper in stampers:
        due = _claim(engine, keys, stamper.name, milliseconds(now))
        if due:
            done.append(_attempt(engine, keys, stamper, due, roots_pem, now=now))
    return done


def _claim(engine: Engine, keys: Keys, name: str, now_ms: int) -> Due | None:
    """What to stamp, if it is due, may be tried, and no other worker is at it."""
    with engine.connect() as conn:
        state = _state(conn, name)
        if state and not _may(state.next_ms, now_ms):
            return None
        due = due_for(conn, keys.epoch, name, now_ms)
    if due is None:
        return None
    with begin(engine) as conn:
        _insert_new(conn, ev_authority, {"name": name, "failures": 0, "next_ms": 0})
        # A pause that ends later than any real one was set before the clock was put back.
        free = or_(ev_authority.c.next_ms <= now_ms, ev_authority.c.next_ms > now_ms + HOUR)
        taken = update(ev_authority).where(ev_authority.c.name == name, free).values(next_ms=now_ms + LEASE)
        return due if conn.execute(taken).rowcount == 1 else None


def _may(next_ms: int, now_ms: int) -> bool:
    return next_ms <= now_ms or next_ms > now_ms + HOUR


def _attempt(engine: Engine, keys: Keys, stamper: TimeStamper, due: Due, roots_pem: bytes, *, now: datetime) -> Outcome:
    digest, nonce = hashlib.sha256(due.note.encode()).digest(), secrets.randbits(63)
    try:
        token = read_response(stamper.ask(make_request(digest, nonce)), digest, nonce, roots_pem)
    except PlatformError as error:
        return _failed(engine, keys, stamper.name, due, ("unreachable", str(error), error.retry_after), now=now)
    except TokenError as error:
        return _failed(engine, keys, stamper.name, due, (error.kind, error.detail, 0.0), now=now)
    return _stamped(engine, keys, stamper.name, due, token, now=now)


def _stamped(engine: Engine, keys: Keys, name: str, due: Due, token: Token, *, now: datetime) -> Outcome:
    row = {"epoch": due.epoch, "size": due.size, "authority": name, "token": token.token, "chain": token.chain_pem}
    row |= {"gen_ms": token.gen_ms, "received_ms": milliseconds(now)}
    facts = {"epoch": str(due.epoch), "size": str(due.size), "gen": _utc(token.gen_ms), "serial": str(token.serial)}
    facts |= {"by": token.authority, "token_sha256": hashlib.sha256(token.token).hexdigest()}
    with begin(engine) as conn:
        if _insert_new(conn, ev_token, row):
            state = _state(conn, name, lock=True)
            if state and state.failures:
                since = {"since": _utc(state.failing_ms), "failures": str(state.failures)}
                _record(conn, keys, "anchor.tsa_recovered", name, since, now=now)
            _record(conn, keys, "anchor.stamped", name, facts, now=now)
        clean = {"failures": 0, "failing_ms": None, "reported_ms": None, "next_ms": 0}
        conn.execute(update(ev_authority).where(ev_authority.c.name == name).values(clean))
    logger.info("tsa.stamped", authority=name, epoch=due.epoch, size=due.size)
    return Outcome(name, due.epoch, due.size, token.gen_ms)


def _failed(engine: Engine, keys: Keys, name: str, due: Due, why: tuple[str, str, float], *, now: datetime) -> Outcome:
    """Count it, set the pause, and say so in the log: at once, then once an hour while it lasts."""
    (kind, detail, retry_after), now_ms = why, milliseconds(now)
    with begin(engine) as conn:
        state = _state(conn, name, lock=True)
        failures = (state.failures if state else 0) + 1
        since = state.failing_ms if state and state.failing_ms is not None else now_ms
        reported = state.reported_ms if state else None
        if reported is None or now_ms - reported >= HOUR:
            facts = {"kind": kind, "detail": printable(detail), "since": _utc(since), "failures": str(failures)}
            _record(conn, keys, "anchor.tsa_failed", name, facts, now=now)
            reported = now_ms
        bad = {"failures": failures, "failing_ms": since, "reported_ms": reported}
        bad["next_ms"] = now_ms + pause_ms(failures, retry_after)
        conn.execute(update(ev_authority).where(ev_authority.c.name == name).values(bad))
    logger.warning("tsa.failed", authority=name, kind=kind, failures=failures)
    return Outcome(name, due.epoch, due.size, error=f"{kind}: {printable(detail)}")


def pause_ms(failures: int, retry_after: float = 0.0) -> int:
    """Milliseconds until the next attempt after so many failures in a row; never over ten minutes."""
    doubled = FIRST_PAUSE << min(failures - 1, 10)
    return min(max(doubled, int(retry_after * 1000)), LONGEST_PAUSE)


def _state(conn: Connection, name: str, *, lock: bool = False) -> Row[Any] | None:
    query = select(ev_authority).where(ev_authority.c.name == name)
    return conn.execute(query.with_for_update() if lock else query).one_or_none()


def _insert_new(conn: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Insert unless the key exists; whether it was new. On PostgreSQL it waits for a competitor's outcome."""
    write = postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
    new = write.values(dict(row)).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return conn.execute(new).first() is not None


def _record(conn: Connection, keys: Keys, type: str, name: str, facts: Mapping[str, str], *, now: datetime) -> None:
    evidence_log.append(
        conn,
        keys,
        event_id=f"evt_{new_ref()}",
        type=type,
        at=now,
        seen=now,
        actor="p:system",
        subject="p:none",
        object_id=f"{ANCHOR[:-1]}:{name}",
        parts=[],
        source={"authority": name, **facts},
    )


def _utc(unix_ms: int) -> str:
    return evidence_log.stamp(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=unix_ms))
