"""Beside every self-audit: which programs ran, and how far our clock was from the outside one.

Whether electronic data are genuine also depends on whether the system worked normally and watched for its own errors
(最高人民法院关于民事诉讼证据的若干规定, art. 93 (1)-(3)).
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from importlib import metadata, resources
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine

from bot.db import begin
from bot.evidence.keys import Keys
from bot.evidence.log import Part, append
from bot.evidence.tables import ev_token
from bot.store import new_ref

log = structlog.get_logger("huizhi.health")
TYPE, OBJECT = "system.health", "system:health"
MOST_MS = 60_000
"""Milliseconds by which our clock may differ from an authority's; more is also a warning."""


def record(engine: Engine, keys: Keys, now: datetime) -> dict[str, Any]:
    """Write the event `system.health` and return what it says. Names nobody."""
    with begin(engine) as conn:
        body = state(conn)
        off = [abs(each["ours_ahead_ms"]) for each in body["clocks"]]
        source = {"clock_ms": str(max(off)) if off else "unknown", "ok": str(max(off, default=0) <= MOST_MS).lower()}
        content = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1).encode()
        append(
            conn, keys, event_id=f"health_{new_ref()}", type=TYPE, at=now, seen=now, actor="p:system",
            subject="p:none", object_id=OBJECT, parts=[Part("health.json", "application/json", content)], source=source,
        )  # fmt: skip
    if max(off, default=0) > MOST_MS:
        log.warning("clock.drift", milliseconds=max(off), advice="校准服务器时钟 / set up NTP")
    return body


def state(conn: Connection) -> dict[str, Any]:
    """`clocks`: of each authority's newest token, its time and by how many milliseconds ours was ahead of it (less than
    zero: behind; the few seconds a request takes are in it). Empty without an authority."""
    newest = sa.select(ev_token.c.authority, sa.func.max(ev_token.c.gen_ms).label("gen_ms"))
    latest = newest.group_by(ev_token.c.authority).subquery()
    same = (ev_token.c.authority == latest.c.authority) & (ev_token.c.gen_ms == latest.c.gen_ms)
    rows = conn.execute(
        sa.select(ev_token.c.authority, ev_token.c.gen_ms, sa.func.min(ev_token.c.received_ms).label("received_ms"))
        .join(latest, same)
        .group_by(ev_token.c.authority, ev_token.c.gen_ms)
        .order_by(ev_token.c.authority)
    )
    clocks = [
        {"authority": row.authority, "gen_ms": row.gen_ms, "ours_ahead_ms": row.received_ms - row.gen_ms}
        for row in rows
    ]
    verifier = resources.files("bot.evidence").joinpath("verify.py").read_bytes()
    return {
        "version": metadata.version("huizhi"),
        "verifier_sha256": hashlib.sha256(verifier).hexdigest(),
        "database": conn.dialect.name,
        "clocks": clocks,
    }
