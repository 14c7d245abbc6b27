"""Guards and rungs as tables, and what must hold for all inputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from handlers.missed_punch import rules
from handlers.missed_punch.attendance.calendar import Book
from handlers.missed_punch.rules import Facts, guards, storm

START = datetime(2026, 6, 11, 1, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=15, seconds=30)
FINE = Facts(now=NOW, start=START, end=START + timedelta(hours=9), feed_at=NOW - timedelta(seconds=40), expected=30)


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({}, "ask"),
        ({"feed_at": None}, "hold_feed"),
        ({"feed_at": NOW - timedelta(minutes=10, seconds=1)}, "hold_feed"),
        ({"feed_at": START + timedelta(minutes=10)}, "wait_feed"),
        ({"day": "holiday"}, "hold_holiday"),
        ({"day": "unknown"}, "hold_calendar"),
        ({"punched": True}, "hold_punched"),
        ({"leave": "年假"}, "hold_leave"),
        ({"leave": "事假", "leave_pending": True}, "hold_leave"),
        ({"start": START + timedelta(minutes=1)}, "hold_over"),
        ({"end": NOW}, "hold_over"),
        ({"expected": 15, "missing": 14}, "hold_site"),
        ({"expected": 4, "missing": 2}, "hold_site"),
        ({"expected": 4, "missing": 1}, "ask"),
        ({"expected": 3, "missing": 3}, "ask"),
        ({"expected": 15, "missing": 14, "storm_cleared": True}, "ask"),
        ({"feed_at": None, "leave": "年假", "day": "holiday"}, "hold_feed"),
    ],
)
def test_guards(changes: dict[str, object], action: str) -> None:
    verdict = guards(replace(FINE, **changes))  # type: ignore[arg-type]
    assert verdict.action == action
    assert verdict.asks == (action == "ask")


def test_guard_values_are_kept_as_seen() -> None:
    values = guards(FINE).values
    assert values["feed_age_seconds"] == "40"
    assert values["site_present_percent"] == "96"
    assert values["grace_minutes"] == "15"


@given(st.integers(0, 500), st.integers(0, 500))
def test_storm_needs_a_site_and_half_of_it(expected: int, missing: int) -> None:
    assert storm(expected, missing) == (expected >= 4 and missing * 2 >= expected)


@given(st.integers(-120, 1200), st.booleans())
def test_nobody_is_asked_before_grace_or_on_an_old_feed(minutes: int, stale: bool) -> None:
    now = START + timedelta(minutes=minutes)
    feed = now - (timedelta(minutes=11) if stale else timedelta(0))
    verdict = guards(replace(FINE, now=now, feed_at=feed))
    if verdict.asks:
        assert not stale
        assert START + rules.GRACE <= now < FINE.end


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 6, 11), "work"),
        (date(2026, 6, 13), "work"),
        (date(2026, 6, 19), "holiday"),
        (date(2026, 10, 1), "holiday"),
        (date(2200, 1, 1), "unknown"),
    ],
)
def test_days(day: date, kind: str) -> None:
    assert Book({}, frozenset(), {}).kind(day) == kind
