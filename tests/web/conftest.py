from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from werkzeug.test import TestResponse

import adapters.dingtalk
import adapters.wecom
from bot import people, router
from bot.app import App
from bot.card import Card
from bot.context import Context
from bot.db import begin, create_engine
from bot.dispatch import Dispatcher
from bot.event import Event
from bot.evidence.keys import load_or_create
from bot.people import People
from bot.ports import DirectoryPerson
from bot.store import RedisStore
from bot.web.server import create_app
from config.settings import load, sandbox_env
from tests.databases import Databases
from tests.web import envelopes

STAFF = (DirectoryPerson("zhang-san", "张三", "li-lei"), DirectoryPerson("li-lei", "李雷"))
NOWHERE = "http://127.0.0.1:1"
ACTION = "webtest.yes"


class Web:
    """The web process with both real adapters; requests are signed with the sandbox's invented secrets."""

    def __init__(self, database_url: str, keys: Path, client: redis.Redis) -> None:
        self.settings = settings = load(sandbox_env(NOWHERE))
        store = RedisStore(client)
        platforms = {
            "wecom": adapters.wecom.build(settings, store),
            "dingtalk": adapters.dingtalk.build(settings, store),
        }
        engine = create_engine(database_url)
        self.app = App(settings, engine, client, store, load_or_create(keys, "test.example/hr-log/1"), platforms)
        self.nudges = 0
        self.http = create_app(self.app, Dispatcher(self.app, self._nudged)).test_client()
        with begin(engine) as connection:
            for name in platforms:
                people.sync(connection, name, STAFF, {})

    def _nudged(self) -> None:
        self.nudges += 1

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with self.app.engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]

    def ask(self, platform: str, user_id: str) -> str:
        """An open question to one person; returns its ref."""
        with self.app.context() as ctx:
            person = People(ctx.db).find(platform, user_id)
            assert person
            return ctx.ask(person, "webtest", "matter-1", lambda ref: Card("问题", "请回答"))

    def wecom_url(self, sealed: str, **more: str) -> dict[str, str]:
        signature = envelopes.sha1(self.settings.wecom_token, "1", "n", sealed)
        return {"msg_signature": signature, "timestamp": "1", "nonce": "n", **more}

    def wecom(self, message: bytes, corp: str = "", padding: bytes | None = None, **query: str) -> TestResponse:
        """A sealed WeCom push; `query` overrides arguments."""
        key, owner = self.settings.wecom_encoding_aes_key, corp or self.settings.wecom_corp_id
        sealed = envelopes.seal(key, owner, message, padding)
        body = envelopes.xml(Encrypt=sealed)
        return self.http.post("/callbacks/wecom", query_string=self.wecom_url(sealed) | query, data=body)

    def events(self, payload: object, owner: str = "", padding: bytes | None = None, **query: str) -> TestResponse:
        """A sealed DingTalk event push; `payload` bytes are sent as they are."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sealed = envelopes.seal(
            self.settings.dingtalk_aes_key, owner or self.settings.dingtalk_client_id, body, padding
        )
        now = envelopes.stamp()
        signature = envelopes.sha1(self.settings.dingtalk_token, now, "n", sealed)
        args = {"msg_signature": signature, "timestamp": now, "nonce": "n"} | query
        return self.http.post("/callbacks/dingtalk/events", query_string=args, json={"encrypt": sealed})

    def robot(self, payload: object, hours_ago: float = 0, **head: str) -> TestResponse:
        """A signed robot message."""
        now, secret = envelopes.stamp(hours_ago), self.settings.dingtalk_client_secret
        headers = {"timestamp": now, "sign": envelopes.hmac64(secret, f"{now}\n{secret}")} | head
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.http.post("/callbacks/dingtalk/robot", data=body, headers=headers)

    def cards(self, payload: object, hours_ago: float = 0, **head: str) -> TestResponse:
        """A signed card click."""
        now = envelopes.stamp(hours_ago)
        signature = envelopes.hmac64(self.settings.dingtalk_client_secret, now)
        headers = {"x-ddpaas-signature-timestamp": now, "x-ddpaas-signature": signature} | head
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.http.post("/callbacks/dingtalk/cards", data=body, headers=headers)


def yes(event: Event, ctx: Context) -> Card | None:
    """Answers its ask; a second answer is told what stands."""
    return Card("收到", "已记下" if ctx.answer(ctx.asked(event.ref).ref, "yes") else "早已记下", closed="已回答")


@pytest.fixture
def web(database_url: str, tmp_path: Path, redis_socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The web process on a fresh database and a real Redis."""
    router.discover("handlers", "flow")
    monkeypatch.setitem(router.routes.flows, ACTION, yes)
    client = redis.Redis(unix_socket_path=str(redis_socket))
    client.flushall()
    world = Web(database_url, tmp_path / "keys", client)
    yield world
    world.app.engine.dispose()
    client.close()


@pytest.fixture
def lonely(tmp_path: Path, databases: Databases) -> Iterator[Web]:
    """The web process whose Redis is not there."""
    url = databases.sqlite(tmp_path / "lonely.db")
    router.discover("handlers", "flow")
    client = redis.Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    world = Web(url, tmp_path / "keys", client)
    yield world
    world.app.engine.dispose()
    client.close()
