"""A scripted WeCom on a free loopback port, and a shared store in a dictionary."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from adapters.wecom.client import Client

Answer = dict[str, Any] | tuple[int, bytes]
Script = Callable[["Call"], Answer]


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


class Store:
    """bot.ports.SharedStore without expiry; `ttls` keeps what was asked for."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.ttls: dict[str, float] = {}
        self.locks: list[str] = []

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def set(self, key: str, value: str, ttl: float) -> None:
        self.values[key], self.ttls[key] = value, ttl

    def compare_and_delete(self, key: str, value: str) -> None:
        if self.values.get(key) == value:
            del self.values[key]

    @contextmanager
    def lock(self, name: str, ttl: float) -> Iterator[None]:
        self.locks.append(name)
        yield

    def count(self, key: str, ttl: float) -> int:
        self.values[key] = str(int(self.values.get(key, "0")) + 1)
        return int(self.values[key])


@dataclass
class Vendor:
    """`script` answers everything but gettoken, which hands out token-1, token-2, …"""

    script: Script = lambda call: {}
    token_answer: Answer | None = None
    calls: list[Call] = field(default_factory=list)
    tokens: int = 0
    store: Store = field(default_factory=Store)
    client: Client = field(init=False)

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        if call.path != "gettoken":
            return self.script(call)
        self.tokens += 1
        return self.token_answer or {"access_token": f"token-{self.tokens}", "expires_in": 7200}

    def paths(self) -> list[str]:
        return [call.path for call in self.calls]


@contextmanager
def vendor() -> Iterator[Vendor]:
    this = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = parts.path.removeprefix("/cgi-bin/")
            answer = this.answer(Call(self.command, path, dict(parse_qsl(parts.query)), body))
            if isinstance(answer, tuple):
                status, raw = answer
            else:
                status, raw = 200, json.dumps({"errcode": 0, "errmsg": "ok", **answer}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    this.client = Client(f"http://127.0.0.1:{server.server_port}", "ww1", 1000002, "s3cret", this.store)
    try:
        yield this
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
