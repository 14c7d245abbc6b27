"""A running sandbox, and a bot that only writes down what reaches it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
import requests
from flask import Flask, request
from werkzeug.serving import make_server

from adapters import dingtalk, wecom
from adapters.dingtalk.platform import DingTalk
from adapters.sandbox.app import Running, start
from adapters.wecom.platform import WeCom
from bot.store import RedisStore
from config.settings import Settings, load, sandbox_env
from tests.sandbox.walk import BOT, Walk

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SETTINGS: dict[str, Any] = {
    "environment": "development", "timezone": "Asia/Shanghai", "platforms": ("wecom", "dingtalk"),
    "wecom_corp_id": "wwcorp", "wecom_agent_id": 1000002, "wecom_secret": "s3cret", "wecom_token": "tok123",
    "wecom_encoding_aes_key": KEY, "dingtalk_client_id": "dingapp", "dingtalk_client_secret": "dsecret",
    "dingtalk_corp_id": "dingcorp", "dingtalk_agent_id": "1", "dingtalk_robot_code": "dingapp",
    "dingtalk_card_template_id": "own.schema", "dingtalk_mode": "stream", "dingtalk_token": "dtok",
    "dingtalk_aes_key": KEY,
}  # fmt: skip


class Bot:
    """Answers 200 and remembers. `answer` is the body of the next answers."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answer, self.statuses = "", []
        app = Flask("bot")

        @app.post("/callbacks/<path:path>")
        def take(path: str) -> tuple[str, int]:
            self.got.append({"path": path, "args": request.args.to_dict(), "body": request.get_data(),
                             "headers": dict(request.headers)})  # fmt: skip
            return self.answer, self.statuses.pop(0) if self.statuses else 200

        @app.post("/channels/<path:path>")
        def report(path: str) -> tuple[str, int]:
            return take(f"channels/{path}")

        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Client:
    """Calls the sandbox as an adapter would."""

    def __init__(self, running: Running) -> None:
        self.base, self.world, self.running, self.tokens = running.url, running.world, running, {}

    def sandbox(self, what: str, method: str = "POST", **body: Any) -> Any:
        return requests.request(method, f"{self.base}/_sandbox/{what}", json=body or None, timeout=10).json()

    def wecom(self, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        if "w" not in self.tokens:
            got = requests.get(
                self.base + "/cgi-bin/gettoken", {"corpid": "wwcorp", "corpsecret": "s3cret"}, timeout=10
            )
            self.tokens["w"] = got.json()["access_token"]
        query["access_token"] = self.tokens["w"]
        method = "GET" if body is None else "POST"
        return requests.request(method, f"{self.base}/cgi-bin/{path}", params=query, json=body, timeout=10).json()

    def ding_token(self) -> str:
        if "d" not in self.tokens:
            body = {"appKey": "dingapp", "appSecret": "dsecret"}
            self.tokens["d"] = requests.post(self.base + "/v1.0/oauth2/accessToken", json=body, timeout=10).json()[
                "accessToken"
            ]
        return self.tokens["d"]

    def new(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> requests.Response:
        head = {"x-acs-dingtalk-access-token": self.ding_token()}
        return requests.request(method, self.base + path, json=body, params=query, headers=head, timeout=10)

    def old(self, path: str, body: dict[str, Any]) -> Any:
        return requests.post(self.base + path, params={"access_token": self.ding_token()}, json=body, timeout=10).json()

    def bubbles(self, user: str) -> list[dict[str, Any]]:
        people = self.sandbox("phones", "GET")["people"]
        return next(each["bubbles"] for each in people if each["id"] == user)


@pytest.fixture(scope="session")
def bot() -> Iterator[Bot]:
    running = Bot()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def running(bot: Bot) -> Iterator[Running]:
    sandbox = start(SimpleNamespace(**SETTINGS), bot_url=bot.url)  # type: ignore[arg-type]
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(running: Running, bot: Bot, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("HUIZHI_CLOCK_FILE", str(tmp_path / "clock"))
    running.world.reset()
    running.courier.held.clear()
    bot.got.clear()
    bot.statuses.clear()
    bot.answer = ""
    return Client(running)


@pytest.fixture(scope="session")
def walk_settings(walked: Running) -> Settings:
    return load(sandbox_env(walked.url) | {"HUIZHI_PUBLIC_URL": BOT})


@pytest.fixture(scope="session")
def walked() -> Iterator[Running]:
    running = start(load(sandbox_env("http://127.0.0.1:1")), bot_url=BOT)
    yield running
    running.stop()


@pytest.fixture
def walk(
    walked: Running, walk_settings: Settings, redis_socket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Walk]:
    monkeypatch.setenv("HUIZHI_CLOCK_FILE", str(tmp_path / "clock"))
    client = redis.Redis(unix_socket_path=str(redis_socket))
    client.flushall()
    walked.world.reset()
    first, second = wecom.build(walk_settings, RedisStore(client)), dingtalk.build(walk_settings, RedisStore(client))
    assert isinstance(first, WeCom) and isinstance(second, DingTalk)
    yield Walk(walked, first, second)
    first._client._session.close()
    second.client._session.close()
    client.close()
