"""DingTalk stand-in: Stream mode (docs: Stream protocol; open a connection, frames, acknowledgements)."""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox.state import Json

TICKET_LIFE = timedelta(seconds=90)
ACK_SECONDS = 3.0
PING_SECONDS = 60.0


class Waiting:
    """One frame on its way: the acknowledgement, or None when it never came."""

    def __init__(self) -> None:
        self.came, self.ack = threading.Event(), None

    ack: Json | None


class Stream:
    """The gateway: single-use tickets, one push to one connection, acknowledgements by messageId."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        self.connections: list[ServerConnection] = []
        self.waiting: dict[str, Waiting] = {}
        self.lock, self.closing = threading.Lock(), threading.Event()
        self.url, self.server = "", None
        desk.new("POST", "/v1.0/gateway/connections/open", self.open, token=False)

    server: Server | None

    def start(self) -> str:
        """Listens on a free loopback port; returns ws://…"""
        self.server = serve(self._session, "127.0.0.1", 0, ping_interval=None)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}/connect"
        threading.Thread(target=self.server.serve_forever, name="dingtalk-stream", daemon=True).start()
        threading.Thread(target=self._ping, name="dingtalk-ping", daemon=True).start()
        return self.url

    def stop(self) -> None:
        self.closing.set()
        with self.lock:
            open_now = list(self.connections)
        for connection in open_now:
            connection.close()
        if self.server is not None:
            self.server.shutdown()

    def open(self, body: Json) -> Json:
        """No app token is involved; the ticket lives 90 s and opens one socket."""
        known = self.desk.settings
        right = secrets.compare_digest(
            str(body.get("clientSecret", "")).encode(), known.dingtalk_client_secret.encode()
        )
        if body.get("clientId") != known.dingtalk_client_id or not right:
            raise Fail("authFailed", "鉴权失败", 401)
        if not isinstance(body.get("subscriptions"), list):
            raise Fail("invalidParameter", "subscriptions is required")
        ticket = str(uuid.uuid4())
        self.world.store("dingtalk.tickets")[ticket] = self.world.now() + TICKET_LIFE
        return {"endpoint": self.url, "ticket": ticket}

    def _session(self, connection: ServerConnection) -> None:
        target = connection.request.path if connection.request else ""
        ticket = parse_qs(urlsplit(target).query).get("ticket", [""])[0]
        until = self.world.store("dingtalk.tickets").pop(ticket, None)
        if until is None or until <= self.world.now():
            self.world.log(
                {
                    "direction": "stream",
                    "vendor": "dingtalk",
                    "method": "WS",
                    "path": "/connect",
                    "request": None,
                    "status": 401,
                    "response": "ticket is unknown, used or expired",
                }
            )
            connection.close(1008, "invalid ticket")
            return
        with self.lock:
            self.connections.append(connection)
        self.world.log(
            {
                "direction": "stream",
                "vendor": "dingtalk",
                "method": "WS",
                "path": "/connect",
                "request": None,
                "status": 101,
                "response": "connected",
            }
        )
        try:
            for message in connection:
                self._acknowledged(message)
        except ConnectionClosed:
            self.world.log(
                {
                    "direction": "stream",
                    "vendor": "dingtalk",
                    "method": "WS",
                    "path": "/connect",
                    "request": None,
                    "status": 0,
                    "response": "connection lost",
                }
            )
        finally:
            with self.lock:
                self.connections.remove(connection)

    def _acknowledged(self, message: str | bytes) -> None:
        try:
            ack = json.loads(message)
            waiting = self.waiting.pop(ack["headers"]["messageId"], None)
        except (ValueError, KeyError, TypeError):
            self.world.log(
                {
                    "direction": "stream",
                    "vendor": "dingtalk",
                    "method": "UP",
                    "path": "?",
                    "request": None,
                    "status": 400,
                    "response": str(message)[:500],
                }
            )
            return
        if waiting is not None:
            waiting.ack = ack
            waiting.came.set()

    def connected(self) -> bool:
        return bool(self.connections)

    def push(self, kind: str, topic: str, data: Json, **event: str) -> Json:
        """One frame to the youngest connection; {"status", "answer"} of its acknowledgement, status 0 = none in 3 s."""
        waiting, message = Waiting(), uuid.uuid4().hex
        now = str(int(self.world.now().timestamp() * 1000))
        headers = {
            "appId": self.desk.settings.dingtalk_client_id,
            "connectionId": "",
            "contentType": "application/json",
            "messageId": message,
            "time": now,
            "topic": topic,
            **event,
        }
        frame = {"specVersion": "1.0", "type": kind, "headers": headers, "data": json.dumps(data, ensure_ascii=False)}
        with self.lock:
            connection = self.connections[-1] if self.connections else None
        result: Json = {"status": 0, "answer": "no connection"}
        if connection is not None:
            self.waiting[message] = waiting
            try:
                connection.send(json.dumps(frame, ensure_ascii=False))
                came = waiting.came.wait(ACK_SECONDS)
                result = _result(waiting.ack) if came else {"status": 0, "answer": "no acknowledgement in time"}
            except ConnectionClosed:
                result = {"status": 0, "answer": "connection closed"}
            self.waiting.pop(message, None)
        if topic != "ping":
            self.world.log(
                {
                    "direction": "stream",
                    "vendor": "dingtalk",
                    "method": kind,
                    "path": topic,
                    "request": data,
                    "status": result["status"],
                    "response": result["answer"],
                }
            )
        return result

    def disconnect(self) -> None:
        """What the gateway does now and then: asks every client to come back with a new ticket, then closes."""
        with self.lock:
            open_now = list(self.connections)
        headers = {
            "topic": "disconnect",
            "messageId": uuid.uuid4().hex,
            "contentType": "application/json",
            "time": str(int(time.time() * 1000)),
        }
        frame = {
            "specVersion": "1.0",
            "type": "SYSTEM",
            "headers": headers,
            "data": json.dumps({"reason": "connection is expired"}),
        }
        for connection in open_now:
            connection.send(json.dumps(frame))
            connection.close()

    def _ping(self) -> None:
        while not self.closing.wait(PING_SECONDS):
            if self.connected():
                self.push("SYSTEM", "ping", {"opaque": uuid.uuid4().hex})


def _result(ack: Json | None) -> Json:
    try:
        answer: Any = json.loads((ack or {}).get("data") or "null")
    except ValueError:
        answer = (ack or {}).get("data")
    return {"status": int((ack or {}).get("code", 0)), "answer": answer}
