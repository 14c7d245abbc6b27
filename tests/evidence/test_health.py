"""How far our clock is off is on record every night, measured by somebody else's."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from adapters.timestamp.client import Stamper
from bot import clock
from bot.app import App
from bot.evidence import health
from bot.evidence.keys import Keys
from bot.evidence.selfaudit import audit
from bot.evidence.tables import ev_event, ev_part
from tests.evidence import tsa
from tests.evidence.stamped_log import Log
from tests.house.tree import ROOT


def recorded(engine: Engine) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """(source, contents) of every `system.health`, oldest first."""
    query = sa.select(ev_event.c.envelope, ev_part.c.content).join(ev_part, ev_part.c.event_id == ev_event.c.event_id)
    with engine.connect() as conn:
        rows = conn.execute(query.where(ev_event.c.type == health.TYPE).order_by(ev_event.c.object_seq)).all()
    return [(json.loads(row.envelope)["source"], json.loads(row.content)) for row in rows]


def test_every_audit_says_how_the_clock_is(
    engine: Engine, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = cast(App, SimpleNamespace(engine=engine, keys=keys))
    now = datetime.now(UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert audit(app).ok
    with tsa.authority(tmp_path / "tsa") as authority:
        log = Log(engine, keys, [Stamper("tsa1", authority.url)], authority.roots_path.read_bytes())
        log.happen("notice.refused", now)
        log.run(now)
        assert audit(app).ok
        late = now - timedelta(hours=2)  # our clock is set back
        log.happen("notice.refused", late)
        log.run(late)
    assert audit(app).ok
    none, good, bad = recorded(engine)
    assert none[0]["clock_ms"] == "unknown" and none[1]["clocks"] == []
    assert good[0]["ok"] == "true" and [each["authority"] for each in good[1]["clocks"]] == ["tsa1"]
    assert abs(good[1]["clocks"][0]["ours_ahead_ms"]) < 30_000
    assert bad[0]["ok"] == "false" and -7_260_000 < bad[1]["clocks"][0]["ours_ahead_ms"] < -7_140_000
    verifier = (ROOT / "bot/evidence/verify.py").read_bytes()
    assert good[1]["verifier_sha256"] == hashlib.sha256(verifier).hexdigest() and good[1]["version"]
