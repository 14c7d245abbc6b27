"""Jira's stand-in, as Cloud and as Server, and the real adapter in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from adapters.jira.progress import Jira, build
from adapters.sandbox.app import Running, start
from config.settings import Settings, load, sandbox_env
from tests.adapters.dingtalk.fakes import Store


@dataclass
class Place:
    """One sandbox; `source` reads it with the settings given, `do` speaks to its control plane."""

    running: Running
    settings: Settings

    def source(self, store: Store | None = None, **changed: Any) -> Jira:
        settings = self.settings.model_copy(update={"jira_base": self.running.url} | changed)
        found = build(settings, store or Store())
        assert found is not None
        return found

    def do(self, what: str, method: str = "POST", **body: Any) -> Any:
        reply = requests.request(method, f"{self.running.url}/_sandbox/{what}", json=body or None, timeout=10)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def calls(self) -> list[dict[str, Any]]:
        return [each for each in self.do("wire", "GET") if each["vendor"] == "jira"]


@pytest.fixture(scope="session", params=["cloud", "server"])
def started(request: pytest.FixtureRequest) -> Iterator[Place]:
    settings = load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_JIRA_DEPLOYMENT": request.param})
    running = start(settings)
    yield Place(running, settings)
    running.stop()


@pytest.fixture
def place(started: Place) -> Place:
    started.running.world.reset()
    return started
