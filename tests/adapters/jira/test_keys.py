"""The pure parts: what keys can mean, how long to wait, what a status means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from adapters.jira import keys
from adapters.jira.client import pause, refusal
from adapters.jira.progress import added
from bot.errors import PlatformError

NOW = datetime(2026, 6, 11, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "42"}, 42),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "99999999"}, 3600),
        ({"Retry-After": "Thu, 11 Jun 2026 01:17:00 GMT"}, 60),
        ({"Retry-After": "Thu, 11 Jun 2020 01:17:00 GMT"}, 1),
        ({"Retry-After": "soon"}, 30),
        ({"X-RateLimit-Reset": "2026-06-11T01:18Z"}, 120),
        ({}, 30),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert pause(headers, NOW) == seconds


@given(st.integers(100, 599), st.booleans())
def test_only_2xx_is_no_refusal(code: int, seraph: bool) -> None:
    headers = {"X-Seraph-LoginReason": "OK"} if seraph else {}
    if 200 <= code < 300:
        refusal(code, headers)
        return
    with pytest.raises(PlatformError) as found:
        refusal(code, headers)
    assert found.value.permanent == (code < 500)


@given(st.text(min_size=1, max_size=60))
def test_a_quoted_text_cannot_end_its_string(text: str) -> None:
    inner = keys.quoted(text)[1:-1]
    ends = [
        at for at, mark in enumerate(inner) if mark == '"' and (len(inner[:at]) - len(inner[:at].rstrip("\\"))) % 2 == 0
    ]
    assert ends == []
    assert (len(inner) - len(inner.rstrip("\\"))) % 2 == 0


@given(st.text(max_size=80), st.booleans())
def test_a_key_means_something_or_is_refused_for_good(key: str, server: bool) -> None:
    found: keys.Wanted | PlatformError
    try:
        found = keys.wanted(key, points=False, server=server)
    except PlatformError as error:
        found = error
    if isinstance(found, PlatformError):
        assert (found.code, found.permanent, found.alarm) == ("key", True, False)
    else:
        assert bool(found.issue) != bool(found.queries)


def test_points_without_estimates_are_no_value() -> None:
    with pytest.raises(PlatformError, match="no_points"):
        added([], points=True)
