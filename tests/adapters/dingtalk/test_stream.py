"""A local gateway speaks the Stream protocol; every frame is acknowledged, also when the handler raises."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from adapters.dingtalk import stream
from bot.card import Card
from bot.errors import PlatformError
from bot.event import Event
from tests.adapters.dingtalk.fakes import Seen, Vendor

CLICK = {"outTrackId": "hz-1", "userId": "u1", "content": '{"cardPrivateData":{"params":{"action":"a~1"}}}'}


def frame(type: str, topic: str, data: object, **headers: str) -> str:
    head = {"messageId": f"id-{topic}", "topic": topic, "time": "1690362102194", **headers}
    return json.dumps({"specVersion": "1.0", "type": type, "headers": head, "data": json.dumps(data)})


class Gateway:
    def __init__(self, vendor: Vendor) -> None:
        self.sockets: queue.Queue[ServerConnection] = queue.Queue()
        self.paths: list[str] = []
        self.server: Server = serve(self.handle, "127.0.0.1", 0)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.socket.getsockname()[1]
        self.opened = 0
        vendor.answers["/v1.0/gateway/connections/open"] = self.open

    def open(self, seen: Seen) -> tuple[int, Any]:
        self.opened += 1
        return 200, {"endpoint": f"ws://127.0.0.1:{self.port}/connect", "ticket": f"t/{self.opened}"}

    def handle(self, socket: ServerConnection) -> None:
        assert socket.request
        self.paths.append(socket.request.path)
        self.sockets.put(socket)
        # The test reads and writes; this thread only keeps the connection open until the other side ends it.
        socket.recv_events_thread.join()


@pytest.fixture
def gateway(vendor: Vendor) -> Iterator[Gateway]:
    found = Gateway(vendor)
    yield found
    found.server.shutdown()


def ask(socket: ServerConnection, message: str) -> dict[str, Any]:
    socket.send(message)
    ack: dict[str, Any] = json.loads(socket.recv(timeout=5))
    ack["data"] = json.loads(ack["data"])
    return ack


def dispatch(event: Event) -> Card | None:
    if event.data.get("type") == "boom" or event.data.get("text") == "boom":
        raise RuntimeError("a bug")
    return Card("好", closed="已选") if event.action == "a" else None


def test_acknowledgements_and_reconnect(gateway: Gateway, settings: Any, vendor: Vendor) -> None:
    stop, pushes = threading.Event(), []
    thread = threading.Thread(target=stream.run, args=(settings, dispatch, stop, lambda: pushes.append(1)))
    thread.start()
    try:
        socket = gateway.sockets.get(timeout=5)
        ping = ask(socket, frame("SYSTEM", "ping", {"opaque": "0d5"}))
        assert (ping["code"], ping["headers"]["messageId"], ping["data"]) == (200, "id-ping", {"opaque": "0d5"})
        good = ask(socket, frame("EVENT", "*", {"userId": ["u"]}, eventType="user_add_org", eventId="e1"))
        assert (good["code"], good["data"]["status"]) == (200, "SUCCESS")
        bad = ask(socket, frame("EVENT", "*", {}, eventType="boom", eventId="e2"))
        assert (bad["code"], bad["data"]["status"]) == (200, "LATER")
        click = ask(socket, frame("CALLBACK", stream.CARD, CLICK))
        assert click["data"]["response"]["cardData"]["cardParamMap"]["tips"] == "已选"
        assert click["headers"] == {"messageId": f"id-{stream.CARD}", "contentType": "application/json"}
        said = {"msgtype": "text", "msgId": "m", "senderStaffId": "u", "text": {"content": "boom"}}
        assert ask(socket, frame("CALLBACK", stream.ROBOT, said))["code"] == 500
        said["text"] = {"content": "你好"}
        assert ask(socket, frame("CALLBACK", stream.ROBOT, said))["data"] == {"response": {}}
        assert ask(socket, frame("CALLBACK", stream.CARD, {}))["code"] == 500
        assert ask(socket, frame("CALLBACK", "/unknown", {}))["code"] == 404
        assert ask(socket, "not json")["code"] == 404
        assert len(pushes) == 5
        socket.send(frame("SYSTEM", "disconnect", {"reason": "connection is expired"}))
        again = gateway.sockets.get(timeout=5)
        assert ask(again, frame("SYSTEM", "ping", {"opaque": "2"}))["data"] == {"opaque": "2"}
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert gateway.paths == ["/connect?ticket=t%2F1", "/connect?ticket=t%2F2"]
    (first, _) = vendor.calls("/v1.0/gateway/connections/open")
    assert first.headers["accept"] == "application/json"
    assert {row["topic"] for row in first.body["subscriptions"]} == {"*", stream.ROBOT, stream.CARD}


def test_slow_handler_is_acknowledged_in_time(gateway: Gateway, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stream._DEADLINE, "card", 0.05)
    stop, free = threading.Event(), threading.Event()

    def slow(event: Event) -> Card | None:
        free.wait(5)
        return None

    thread = threading.Thread(target=stream.run, args=(settings, slow, stop))
    thread.start()
    try:
        assert ask(gateway.sockets.get(timeout=5), frame("CALLBACK", stream.CARD, CLICK))["code"] == 500
    finally:
        free.set()
        stop.set()
        thread.join(10)


def test_backoff_stays_between_one_and_sixty_seconds() -> None:
    for failures in range(1, 40):
        assert 1.0 <= stream.backoff(failures) <= min(60.0, 2.0 ** min(failures, 6))


def test_refused_connection_and_plain_ws_on_a_real_host(
    vendor: Vendor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/v1.0/gateway/connections/open"
    for answer in (
        lambda _: (401, {"code": "x"}),
        lambda _: (200, {}),
        lambda _: (200, b"<xml/>"),
        lambda _: (200, [1]),
    ):
        vendor.answers[path] = answer
        with pytest.raises(PlatformError):
            stream.open_connection(settings)

    class Reply:
        ok = True

        def json(self) -> dict[str, str]:
            return {"endpoint": "ws://evil.example/connect", "ticket": "t"}

    monkeypatch.setattr(stream.requests, "post", lambda *_, **__: Reply())
    settings.dingtalk_api_base = "https://api.dingtalk.com"
    with pytest.raises(PlatformError, match="wss"):
        stream.open_connection(settings)
