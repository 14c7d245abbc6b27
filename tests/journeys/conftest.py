from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from adapters.sandbox.app import Running, start
from bot import clock, router
from bot.app import App
from bot.db import create_engine
from bot.evidence.keys import load_or_create
from bot.rehearsal import free_port
from bot.store import RedisStore
from bot.tables import failed
from config.settings import load, sandbox_env
from tests.adapters.mail.test_mail import Sink
from tests.adapters.sms import gateway
from tests.adapters.sms.gateway import Gateway
from tests.databases import Databases
from tests.journeys.theatre import Theatre, local, platform_of


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Running]:
    running = start(load(sandbox_env("http://127.0.0.1:1")))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def sms() -> Iterator[Gateway]:
    with gateway.running() as found:
        yield found


@pytest.fixture(scope="session")
def mails() -> Iterator[Sink]:
    server = socket.create_server(("127.0.0.1", 0))
    found = Sink(server)
    thread = threading.Thread(target=found.serve, daemon=True)
    thread.start()
    yield found
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


@pytest.fixture
def journey_database(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> str:
    """SQLite, or PostgreSQL for a test that is parametrised with it; empty."""
    kind = getattr(request, "param", "sqlite")
    return databases.sqlite(tmp_path / "journey.db") if kind == "sqlite" else databases.postgresql()


@pytest.fixture
def enter(
    sandbox: Running,
    sms: Gateway,
    mails: Sink,
    journey_database: str,
    redis_socket: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Theatre]]:
    """Builds a theatre of one platform; afterwards no event may have failed inside."""
    made: list[Theatre] = []
    client = redis.Redis(unix_socket_path=str(redis_socket))

    def build(platform: str, roles: str = "wang=hr,chen=hr_head", **more: str) -> Theatre:
        client.flushall()
        sandbox.world.reset()
        sandbox.courier.held.clear()
        sms.seen.clear()
        mails.mails.clear()
        named = ",".join(f"{platform}:{each}" for each in roles.split(","))
        channels = {"HUIZHI_SMS_URL": sms.url, "HUIZHI_SMTP_URL": mails.url, "HUIZHI_SMTP_FROM": "hr@example.cn"}
        chosen = {"HUIZHI_PLATFORMS": platform, "HUIZHI_ROLES": named, "HUIZHI_CHECKPOINT_TO": ""}
        port = free_port()
        chosen["HUIZHI_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        voice = {"HUIZHI_VOICE": "wecom"} if platform == "wecom" else {}
        settings = load(sandbox_env(sandbox.url) | channels | chosen | voice | more)
        router.discover("handlers", "flow")
        store: Any = RedisStore(client)
        keys = load_or_create(tmp_path / "keys", "story.example/hr-log/1")
        there = {platform: platform_of(platform, settings, store)}
        app = App(settings, create_engine(journey_database), client, store, keys, there)
        theatre = Theatre(platform, sandbox, app, sms, mails, local("06-10 18:00"), port)
        monkeypatch.setattr(clock, "now", lambda: theatre.now)
        made.append(theatre)
        return theatre

    yield build
    for each in made:
        broken = each.rows(failed)
        each.stop()
        each.app.engine.dispose()
        assert broken == []
    client.close()
