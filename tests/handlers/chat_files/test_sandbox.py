"""The whole way on both platforms: a phone sends, the platform pushes, the file is fetched over HTTP and kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
import sqlalchemy as sa

from adapters import dingtalk, wecom
from adapters.sandbox.app import Running, start
from bot import clock, router
from bot.app import App
from bot.db import create_engine
from bot.delivery.deliver import Courier
from bot.dispatch import Dispatcher
from bot.evidence.keys import load_or_create
from bot.jobs import sync_people
from bot.ports import WireRequest
from bot.store import RedisStore
from bot.tables import failed
from config.settings import load, sandbox_env
from handlers.chat_files import fetching
from handlers.chat_files.tables import chat_file
from tests.handlers.chat_files.hand import PDF, PNG
from tests.sandbox.conftest import Bot

STAFF = {"wecom": "zhangsan", "dingtalk": "sun"}
HR = {"wecom": "wang", "dingtalk": "wu"}


class Stage:
    """The bot between the sandbox's phones."""

    def __init__(self, sandbox: Running, app: App, bot: Bot) -> None:
        self.sandbox, self.app, self.bot = sandbox, app, bot
        self.dispatch = Dispatcher(app, lambda: None)
        self.courier = Courier(app, self.dispatch)
        sync_people(app)

    def hand(self, platform: str, kind: str, name: str, content: bytes) -> None:
        form = {"user": STAFF[platform], "platform": platform, "kind": kind}
        file = {"file": (name, io.BytesIO(content))}
        assert requests.post(f"{self.sandbox.url}/_sandbox/hand", data=form, files=file, timeout=10).status_code == 200
        self.heard(self.bot.got[-1])

    def heard(self, got: dict[str, Any]) -> None:
        """The push through the real door."""
        heads = {name.lower(): value for name, value in got["headers"].items()}
        path = f"/callbacks/{got['path']}"
        doors = {at: door for _, at, door in self.app.doors()}
        door = doors["POST", path]
        assert door(WireRequest("POST", got["args"], heads, got["body"]), self.dispatch).status == 200

    def work(self) -> int:
        done = fetching.fetch_due(self.app)
        self.courier.drain()
        return done

    def phone(self, user: str) -> str:
        people = requests.get(f"{self.sandbox.url}/_sandbox/phones", timeout=10).json()["people"]
        return str(next(each["bubbles"] for each in people if each["id"] == user))

    def rows(self) -> list[dict[str, Any]]:
        with self.app.engine.connect() as db:
            return [dict(row) for row in db.execute(sa.select(chat_file).order_by(chat_file.c.sent_at)).mappings()]


@pytest.fixture
def stage(database_url: str, tmp_path: Path, redis_socket: Path) -> Iterator[Stage]:
    router.discover("handlers", "flow")
    bot = Bot()
    sandbox = start(load(sandbox_env("http://127.0.0.1:1")), bot_url=bot.url)
    client = redis.Redis(unix_socket_path=str(redis_socket))
    client.flushall()
    settings, store = load(sandbox_env(sandbox.url)), RedisStore(client)
    there = {"wecom": wecom.build(settings, store), "dingtalk": dingtalk.build(settings, store)}
    keys = load_or_create(tmp_path / "keys", "test.example/hr-log/1")
    found = Stage(sandbox, App(settings, create_engine(database_url), client, store, keys, there), bot)
    yield found
    with found.app.engine.connect() as db:
        assert db.execute(sa.select(failed.c.error)).all() == []
    found.app.engine.dispose()
    sandbox.stop()
    bot.stop()
    client.close()


def test_on_both_platforms_it_is_kept_once_and_hr_is_asked(stage: Stage) -> None:
    for platform, user in STAFF.items():
        stage.hand(platform, "image", "IMG_1.png", PNG)
        stage.heard(stage.bot.got[-1])  # the platform pushes the very message again
        assert stage.work() == 1
        assert "已收到您发的图片" in stage.phone(user) and "在聊天里发来了文件" in stage.phone(HR[platform])
        stage.hand(platform, "file", "说明.pdf", PDF)
        assert stage.work() == 1 and "说明.pdf" in stage.phone(user)
    assert [(row["state"], row["size"]) for row in stage.rows()] == [("kept", len(PNG)), ("kept", len(PDF))] * 2


def test_on_both_platforms_what_is_unfit_or_too_late_is_said(stage: Stage) -> None:
    for platform, user in STAFF.items():
        stage.hand(platform, "file", "大.pdf", b"%PDF-" + b"x" * (10 << 20))
        stage.hand(platform, "file", "看看.pdf", b"MZ\x90\0program")
        assert stage.work() == 2
        assert "超过 10 MB" in stage.phone(user) and "可执行的程序" in stage.phone(user)
        stage.hand(platform, "image", "IMG_1.png", PNG)
        for each in stage.sandbox.world.store("media").values():
            each["until"] = clock.now() - timedelta(seconds=1)
        assert stage.work() == 1 and "请再发一次" in stage.phone(user)
    assert {row["state"] for row in stage.rows()} == {"refused", "lost"}


def test_a_platform_that_refuses_for_a_while_is_asked_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, path in (("wecom", "media/get"), ("dingtalk", "messageFiles")):
        stage.hand(platform, "image", "IMG_1.png", PNG)
        fault = {"kind": "rate_limit", "times": 1, "match": path}
        assert requests.post(f"{stage.sandbox.url}/_sandbox/faults", json=fault, timeout=10).status_code == 200
        assert stage.work() == 0
    later = clock.now() + timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert stage.work() == 2 and {row["state"] for row in stage.rows()} == {"kept"}
