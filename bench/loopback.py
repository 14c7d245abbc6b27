"""A platform for measuring: a loopback server with a latency and a ceiling, and our side of it over `requests`."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from bot.card import Card
from bot.errors import PlatformError
from bot.ports import Sent
from bot.ports.crowds import Handed, Outcome, Route

LATENCY = 0.03
PER_CALL = 1000
WINDOW = 10.0
"""Seconds in which the stand-in counts, as vendors count minutes."""
URGENT = "urgent"


@dataclass(slots=True)
class Stand:
    """The stand-in: what it took, by key; `ceiling` calls a second. `people` counts repetitions, `once` does not."""

    ceiling: float
    taken: Counter[str] = field(default_factory=Counter)
    people: int = 0
    once: int = 0
    refused: int = 0
    first: float = 0.0
    last: float = 0.0
    urgent: list[float] = field(default_factory=list)
    recent: deque[float] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, call: Mapping[str, Any]) -> bool:
        """False above the ceiling."""
        now = time.time()
        with self.lock:
            while self.recent and self.recent[0] <= now - WINDOW:
                self.recent.popleft()
            if len(self.recent) >= self.ceiling * WINDOW:
                self.refused += 1
                return False
            self.recent.append(now)
            self.taken[call["key"]] += 1
            self.people += call["people"]
            self.once += call["people"] if self.taken[call["key"]] == 1 else 0
            self.first, self.last = self.first or now, now
            if call["title"].startswith(URGENT):
                self.urgent.append(now - float(call["title"].split()[1]))
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was killed in mid-call: the message was taken all the same."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def standing(stand: Stand) -> Iterator[str]:
    """Its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(length := int(self.headers["Content-Length"]))
            if len(body) < length:
                self.close_connection = True  # the worker was killed in the middle of asking: nothing was taken
                return
            call = json.loads(body)
            ok = stand.take(call)
            time.sleep(LATENCY)
            body = json.dumps({"errcode": 0 if ok else 45009, "msgid": call["key"]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send"
    finally:
        server.shutdown()
        server.server_close()


class Loopback:
    """A platform whose vendor is the stand-in; its route takes `per_call` people at once."""

    name = "loopback"

    def __init__(self, url: str, per_call: int = PER_CALL) -> None:
        self.routes: Mapping[str, Route] = {"shared": Route("shared", per_call)}
        self._url, self._session = url, requests.Session()
        self._session.mount("http://", requests.adapters.HTTPAdapter(pool_connections=64, pool_maxsize=64))

    def send(self, to: str, card: Card, key: str) -> Sent:
        return Sent(self._post(card, key, 1))

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        return Handed(self._post(card, key, len(to)))

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        return {}

    def recall_many(self, route: str, message_id: str) -> None:
        raise PlatformError("no", permanent=True)

    def _post(self, card: Card, key: str, people: int) -> str:
        answer = self._session.post(self._url, json={"key": key, "people": people, "title": card.title}, timeout=10)
        said = answer.json()
        if said["errcode"]:
            raise PlatformError(str(said["errcode"]), retry_after=1)
        return str(said["msgid"])
