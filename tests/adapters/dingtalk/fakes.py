"""A store in memory and an HTTP server on port 0 that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Store:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def set(self, key: str, value: str, ttl: float) -> None:
        assert ttl > 0
        self.values[key] = value

    def compare_and_delete(self, key: str, value: str) -> None:
        if self.values.get(key) == value:
            del self.values[key]

    @contextmanager
    def lock(self, name: str, ttl: float) -> Iterator[None]:
        yield

    def count(self, key: str, ttl: float) -> int:
        self.values[key] = str(int(self.values.get(key, "0")) + 1)
        return int(self.values[key])


Answer = Callable[["Seen"], tuple[int, Any]]


class Seen:
    def __init__(self, method: str, path: str, headers: dict[str, str], body: dict[str, Any]) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body


class Vendor:
    """`answers[path]` is a reply object, or a function of the request returning (status, object or bytes)."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: dict[str, Any] = {}
        self.tokens = 0
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                path = self.path.split("?")[0]
                seen = Seen(
                    self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(raw or b"{}")
                )
                vendor.seen.append(seen)
                status, value = vendor.reply(path, seen)
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def reply(self, path: str, seen: Seen) -> tuple[int, Any]:
        if path == "/v1.0/oauth2/accessToken" and path not in self.answers:
            self.tokens += 1
            return 200, {"accessToken": f"t{self.tokens}", "expireIn": 7200}
        answer = self.answers.get(path, {"errcode": 22})
        return answer(seen) if callable(answer) else (200, answer)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def calls(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.split("?")[0] == path]
