"""The door for pushed values: signatures, time, replays, and rows that are good or named."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import clock
from bot.errors import BadRequest
from bot.event import Event
from bot.ports import WireRequest
from bot.progress import inbox as progress_inbox
from bot.progress.inbox import signature
from tests.adapters.dingtalk.fakes import Store

ROW = {"key": "APP-1", "done": "3", "target": 5, "at": "2026-06-11T09:00:00+08:00"}


class Direct:
    """The door alone, without web process and database: (status, answer) of what is pushed, and the events."""

    def __init__(self, secret: str = "s" * 32) -> None:
        self.inbox, self.secret = progress_inbox.Inbox(secret, Store()), secret.encode()
        self.now, self.came = datetime(2026, 6, 11, 1, 16, tzinfo=UTC), list[Event]()

    def push(self, body: object, stamp: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = stamp or str(int(self.now.timestamp()))
        signed = {"x-huizhi-timestamp": at, "x-huizhi-signature": f"sha256={signature(self.secret, at, raw)}"}
        return self.send(raw, signed | {name.replace("_", "-"): value for name, value in headers.items()})

    def send(self, raw: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        try:
            reply = self.inbox.receive(WireRequest("POST", {}, headers, raw), self.came.append)
        except BadRequest as refused:
            return refused.status, {}
        return reply.status, json.loads(reply.body)


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> Direct:
    made = Direct()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


def test_numbers_stay_exact(direct: Direct) -> None:
    assert direct.push(b'[{"key":"a","done":0.1,"target":1e3,"at":"2026-06-11T01:00:00Z"}]')[0] == 200
    assert (direct.came[0].data["done"], direct.came[0].data["target"]) == ("0.1", "1000")


BAD: list[tuple[str, dict[str, object]]] = [
    ("done", {"done": -1}),
    ("done", {"done": True}),
    ("done", {"done": "0.1234567"}),
    ("done", {"done": "1" * 30}),
    ("done", {"done": "NaN"}),
    ("done", {"done": None}),
    ("target", {"target": 0}),
    ("target", {"target": "x"}),
    ("at", {"at": "2026-06-11T09:00:00"}),
    ("at", {"at": 1781139600}),
    ("at", {"at": "2026-06-11T09:30:00+08:00"}),
    ("key", {"key": ""}),
    ("key", {"key": "a\0b"}),
    ("key", {"key": "\ud800"}),
    ("key", {"key": "k" * 201}),
    ("key", {"key": 7}),
    ("who", {"who": "x"}),
    ("", {"\ud800": "x"}),
]


def test_good_rows_are_taken_and_bad_ones_named(direct: Direct) -> None:
    status, said = direct.push([*(ROW | change for _, change in BAD), "text", {}, ROW])
    assert (status, said["accepted"], len(direct.came)) == (207, 1, 1)
    assert [each["field"] for each in said["errors"]] == [*(field for field, _ in BAD), "", "key"]
    assert [each["row"] for each in said["errors"]] == list(range(1, len(BAD) + 3))
    assert all(each["error"] for each in said["errors"])
    assert direct.push([ROW | {"done": -1}])[0] == 422


@pytest.mark.parametrize("body", [b"", b"x", b"{}", b"[]", b"[NaN]", json.dumps([ROW] * 501).encode(), b"[" * 9999])
def test_what_is_no_list_of_rows_is_answered_clearly(direct: Direct, body: bytes) -> None:
    status, said = direct.push(body)
    assert status == 400 and said["errors"][0]["error"]
    assert direct.came == []


def test_a_replay_is_refused(direct: Direct) -> None:
    assert [direct.push([ROW])[0] for _ in range(3)] == [200, 409, 409]
    direct.now += timedelta(seconds=301)
    assert direct.push([ROW], str(int(direct.now.timestamp()) - 301))[0] == 401
    assert len(direct.came) == 1


@pytest.mark.parametrize("seconds", [-301, 301, -86400])
def test_only_five_minutes_either_way(direct: Direct, seconds: int) -> None:
    now = int(direct.now.timestamp())
    assert direct.push([ROW], str(now + seconds))[0] == 401
    assert direct.push([ROW], str(now + (300 if seconds > 0 else -300)))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [{"x_huizhi_signature": each} for each in ("", "sha256=", "sha256=é", "0" * 64)]
    + [{"x_huizhi_timestamp": each} for each in ("", "1e9", "-1", "٣", "9" * 13, "1781140561")],
)
def test_a_wrong_signature_opens_nothing(direct: Direct, headers: dict[str, str]) -> None:
    assert direct.push([ROW], **headers)[0] == 401
    assert direct.came == []


def test_neither_the_body_nor_the_time_can_be_changed_under_a_signature(direct: Direct) -> None:
    at = str(int(direct.now.timestamp()))
    raw = json.dumps([ROW]).encode()
    head = {"x-huizhi-timestamp": at, "x-huizhi-signature": f"sha256={signature(direct.secret, at, raw)}"}
    assert direct.send(raw.replace(b'"3"', b'"5"'), head)[0] == 401
    assert direct.send(b"0." + raw, head | {"x-huizhi-timestamp": at[:-1]})[0] == 401
    assert direct.send(raw, head)[0] == 200


def test_too_long_is_refused_before_anything_is_read(direct: Direct) -> None:
    assert direct.push(b"[" + b" " * progress_inbox.MOST_BYTES + b"]")[0] == 413
