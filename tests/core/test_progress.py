"""Progress from other systems: sources found by name, pushed values, and the rule whom a failure concerns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import redis
from werkzeug.test import TestResponse

from bot import progress
from bot.card import Card
from bot.context import Context
from bot.errors import PlatformError
from bot.event import Event
from bot.ports.progress import Progress
from bot.progress import gather, inbox as progress_inbox
from bot.progress.inbox import PATH, PUSHED, signature
from bot.router import routes
from bot.tables import failed
from bot.web.server import create_app
from config.settings import load, sandbox_env
from tests.world import Firm

AT = datetime(2026, 6, 11, 1, tzinfo=UTC)
ROW = {"key": "APP-1", "done": "3", "target": 5, "at": "2026-06-11T09:00:00+08:00"}


def answer(key: str) -> Progress:
    return Progress(key, Decimal(1), Decimal(2), AT)


def test_sources_are_found_by_name_and_only_when_set_up(firm: Firm) -> None:
    env = sandbox_env("http://127.0.0.1:1")
    assert set(progress.sources(load(env), firm.app.store)) == {"dingtalk", "jira"}
    bare = load(env | {"HUIZHI_JIRA_BASE": "", "HUIZHI_PLATFORMS": "wecom"})
    assert progress.sources(bare, firm.app.store) == {}


def test_findings_name_every_source_and_whether_values_may_be_pushed(firm: Firm) -> None:
    found = {each.check: each for each in progress.findings(firm.app)}
    assert found["Jira"].ok is False and "HUIZHI_JIRA_BASE" in found["Jira"].advice  # nobody at port 1
    assert found["进度推送 / pushed progress"].ok is True
    closed = replace(firm.app, settings=firm.app.settings.model_copy(update={"progress_secret": "", "jira_base": ""}))
    (*_, pushed) = progress.findings(closed)
    assert pushed.ok is None and "HUIZHI_PROGRESS_SECRET" in pushed.detail


def failing(**wrong: PlatformError) -> tuple[list[str], Any]:
    asked: list[str] = []

    def ask(key: str) -> Progress:
        asked.append(key)
        if key in wrong:
            raise wrong[key]
        return answer(key)

    return asked, ask


GONE, AWAY = PlatformError("gone", permanent=True), PlatformError("away", retry_after=9)
NO_RIGHT = PlatformError("config", permanent=True, alarm=True)


def test_what_is_permanent_concerns_its_key_alone() -> None:
    asked, ask = failing(b=GONE)
    assert gather(["a", "b", "c", "a"], ask) == {"a": answer("a"), "b": GONE, "c": answer("c")}
    assert asked == ["a", "b", "c"]


@pytest.mark.parametrize("error", [AWAY, NO_RIGHT])
def test_what_concerns_the_system_stops_the_asking(error: PlatformError) -> None:
    asked, ask = failing(b=error)
    assert gather(["a", "b", "c"], ask) == {"a": answer("a"), "b": error, "c": error}
    assert asked == ["a", "b"]
    with pytest.raises(PlatformError) as found:
        gather(["b", "c"], ask)
    assert found.value is error


class Door:
    """The web process with the door in it, the real dispatcher behind it, and a flow that writes down what came."""

    def __init__(self, firm: Firm, secret: str) -> None:
        self.firm, self.secret, self.came = firm, secret.encode(), list[Event]()
        self.app = replace(firm.app, settings=firm.app.settings.model_copy(update={"progress_secret": secret}))
        self.web = create_app(self.app, firm.dispatch).test_client()

    def flow(self, event: Event, ctx: Context) -> Card | None:
        self.came.append(event)
        return None

    def push(self, body: object, stamp: str = "", **headers: str) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = stamp or str(int(self.firm.now.timestamp()))
        signed = {"X-Huizhi-Timestamp": at, "X-Huizhi-Signature": f"sha256={signature(self.secret, at, raw)}"}
        return self.web.post(
            PATH, data=raw, headers=signed | {name.replace("_", "-"): v for name, v in headers.items()}
        )


@pytest.fixture
def door(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    made = Door(firm, "s" * 32)
    monkeypatch.setitem(routes.flows, PUSHED, made.flow)
    yield made
    assert firm.rows(failed) == []


def test_a_signed_value_becomes_one_event(door: Door) -> None:
    reply = door.push([ROW])
    assert (reply.status_code, reply.json) == (200, {"accepted": 1, "errors": []})
    (event,) = door.came
    assert (event.platform, event.actor, event.action, event.at) == ("progress", "", PUSHED, AT)
    assert event.data == {"key": "APP-1", "done": "3", "target": "5", "at": "2026-06-11T01:00:00+00:00"}
    assert json.loads(event.raw) == event.data


def test_the_same_value_again_is_taken_once_and_a_correction_is_taken(door: Door) -> None:
    door.push([ROW])
    door.firm.pass_time(seconds=1)
    assert door.push([ROW]).status_code == 200
    assert len(door.came) == 1
    assert door.push([ROW | {"done": 4}]).status_code == 200
    assert [each.data["done"] for each in door.came] == ["3", "4"]


def test_without_a_secret_everything_is_refused(firm: Firm) -> None:
    closed = Door(firm, "")
    assert closed.push([ROW]).status_code == 403
    assert closed.web.get(PATH).status_code in (404, 405)


def test_when_nothing_could_be_written_the_repetition_is_welcome(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = progress_inbox.build(door.app.settings.model_copy(update={"progress_secret": "s" * 32}), door.app.store)
    broken = [True]

    def dispatch(event: Event) -> None:
        if broken:
            raise redis.ConnectionError("away")
        door.came.append(event)

    door.app.platforms = {progress_inbox.NAME: inbox}  # type: ignore[dict-item]
    door.web = create_app(door.app, dispatch).test_client()
    assert door.push([ROW]).status_code == 503
    broken.clear()
    assert [door.push([ROW]).status_code for _ in range(2)] == [200, 409]
    assert len(door.came) == 1
