"""The Stream door: a process of its own that hands every frame to the same `to_events` as HTTP.

Frames are the SDK's; the loop is ours, because the SDK (0.24.3) acknowledges events with a wrong body, not at all when
a handler raises, opens connections without time limit inside the loop and takes its host from the environment.
Docs: stream protocol. Deadlines there: events and robot messages 3 s, card clicks 2 s.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

import requests
import structlog
import websockets
from dingtalk_stream import frames
from websockets.asyncio.client import ClientConnection, connect

from adapters.dingtalk import events, render
from bot.card import Card
from bot.errors import BotError, PlatformError
from bot.ports import Dispatch

if TYPE_CHECKING:
    from config.settings import Settings

ROBOT, CARD = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
_KINDS: dict[str, events.Kind] = {ROBOT: "robot", CARD: "card"}
_DEADLINE = {"card": 1.8, "robot": 2.7, "event": 2.7}
_PENDING = 100
_log = structlog.get_logger(__name__)


def run(
    settings: Settings, dispatch: Dispatch, stop: threading.Event, pushed: Callable[[], object] = lambda: None
) -> None:
    """Receives until `stop` is set, reconnecting with back-off for ever. `pushed` meters what the quota counts."""
    asyncio.run(_Stream(settings, dispatch, stop, pushed).serve())


def open_connection(settings: Settings) -> str:
    """The URI of a new connection with its single-use ticket (90 s). Blocking; PlatformError when refused."""
    base = settings.dingtalk_api_base.rstrip("/")
    topics = [{"type": "EVENT", "topic": "*"}, *({"type": "CALLBACK", "topic": topic} for topic in _KINDS)]
    body = {
        "clientId": settings.dingtalk_client_id,
        "clientSecret": settings.dingtalk_client_secret,
        "ua": "huizhi/0.1",
        "localIp": "127.0.0.1",
        "subscriptions": topics,
    }
    try:
        # Without Accept the answer may be XML.
        reply = requests.post(
            f"{base}/v1.0/gateway/connections/open",
            json=body,
            headers={"Accept": "application/json"},
            timeout=(3.05, 10),
            allow_redirects=False,
        )
        value: Any = reply.json()
        if not reply.ok:
            raise PlatformError("stream.refused", f"HTTP {reply.status_code}", retry_after=10)
        endpoint, ticket = str(value["endpoint"]), str(value["ticket"])
    except requests.RequestException as error:
        raise PlatformError("stream.network", type(error).__name__) from None
    except (ValueError, KeyError, TypeError):
        raise PlatformError("stream.refused", "unreadable reply") from None
    # The ticket is a credential: plain ws only where the whole platform is a plain http sandbox.
    if urlsplit(endpoint).scheme != "wss" and urlsplit(base).scheme != "http":
        raise PlatformError("stream.refused", "endpoint is not wss")
    return f"{endpoint}?ticket={quote_plus(ticket)}"


def backoff(failures: int) -> float:
    """Seconds to wait after `failures` in a row: random in [1, 2^n], never above 60, so that processes spread."""
    return random.uniform(1.0, max(1.0, min(60.0, 2.0 ** min(failures, 6))))  # noqa: S311


class _Stream:
    def __init__(
        self, settings: Settings, dispatch: Dispatch, stop: threading.Event, pushed: Callable[[], object]
    ) -> None:
        self._settings, self._dispatch, self._stop, self._pushed = settings, dispatch, stop, pushed
        self._template = settings.dingtalk_card_template_id

    async def serve(self) -> None:
        """Connect, serve, reconnect. A connection asked to end is replaced at once, unless they keep ending at once."""
        failures = 0
        while not self._stop.is_set():
            started, asked = time.monotonic(), False
            try:
                uri = await asyncio.to_thread(open_connection, self._settings)
                asked = await self._connection(uri)
            except (OSError, PlatformError, websockets.WebSocketException) as error:
                _log.warning("dingtalk.stream_lost", error=type(error).__name__)
            failures = 0 if time.monotonic() - started > 60 else failures + 1
            if not (asked and failures <= 1):
                await self._rest(backoff(failures))

    async def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stop.is_set() and time.monotonic() < until:
            await asyncio.sleep(0.1)

    async def _connection(self, uri: str) -> bool:
        """One connection until it ends; True when the server asked us to open another."""
        async with connect(uri, open_timeout=10, ping_interval=60, max_size=2**20, proxy=None) as socket:
            watch = asyncio.create_task(self._close_on_stop(socket))
            tasks: set[asyncio.Task[None]] = set()
            room = asyncio.Semaphore(_PENDING)
            try:
                async for raw in socket:
                    frame = _frame(raw)
                    if frame.get("type") == "SYSTEM" and _headers(frame).get("topic") == "disconnect":
                        return True
                    await room.acquire()
                    task = asyncio.create_task(self._answer(socket, frame))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                    task.add_done_callback(lambda _: room.release())
                return False
            finally:
                watch.cancel()
                # The server waits ten quiet seconds: acknowledgements under way still arrive.
                if tasks:
                    await asyncio.wait(tasks, timeout=3)

    async def _close_on_stop(self, socket: ClientConnection) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(0.1)
        await socket.close()

    async def _answer(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        ack = await self._acknowledgement(frame)
        try:
            await socket.send(json.dumps(ack.to_dict(), ensure_ascii=False))
        except websockets.ConnectionClosed:
            _log.warning("dingtalk.stream_ack_lost")

    def _shown(self, frame: dict[str, Any], card: Card) -> dict[str, Any]:
        """The clicked card's new state, in the variables of the template it was created with."""
        return render.answer(card, render.template_of(str(_data(frame).get("outTrackId", "")), self._template))

    async def _acknowledgement(self, frame: dict[str, Any]) -> frames.AckMessage:
        headers, kind = _headers(frame), frame.get("type")
        ack = _ack(str(headers.get("messageId") or ""))
        if kind == "SYSTEM":
            ack.data = _data(frame)
        elif kind == "EVENT":
            good, _ = await self._handle("event", frame, headers)
            ack.data = {"status": "SUCCESS" if good else "LATER", "message": "ok" if good else "later"}
        elif kind == "CALLBACK" and (topic := _KINDS.get(str(headers.get("topic")))):
            good, card = await self._handle(topic, frame, headers)
            ack.code = ack.STATUS_OK if good else ack.STATUS_SYSTEM_EXCEPTION
            ack.message = "OK" if good else "error"
            ack.data = {"response": self._shown(frame, card) if card and topic == "card" else {}}
        else:
            ack.code, ack.message, ack.data = ack.STATUS_NOT_IMPLEMENT, "no handler", {"response": {}}
        return ack

    async def _handle(
        self, kind: events.Kind, frame: dict[str, Any], headers: dict[str, Any]
    ) -> tuple[bool, Card | None]:
        """(done, card for the answer). Never raises: every frame gets its acknowledgement in time."""
        work = asyncio.to_thread(self._work, kind, frame, headers)
        try:
            return True, await asyncio.wait_for(work, _DEADLINE[kind])
        except TimeoutError:
            _log.warning("dingtalk.stream_slow", kind=kind)
        except BotError as error:
            _log.warning("dingtalk.stream_refused", kind=kind, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a bug must be acknowledged as failure, or the vendor waits for nothing
            _log.error("dingtalk.stream_failed", kind=kind, error=type(error).__name__)
        return False, None

    def _work(self, kind: events.Kind, frame: dict[str, Any], headers: dict[str, Any]) -> Card | None:
        payload, card = _data(frame), None
        if events.counts(kind, payload, headers):
            self._pushed()
        for event in events.to_events(
            kind, payload, headers, json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace")
        ):
            card = self._dispatch(event)
        return card


def _ack(message_id: str) -> frames.AckMessage:
    ack = frames.AckMessage()
    ack.headers.message_id, ack.headers.content_type, ack.message = (
        message_id,
        frames.Headers.CONTENT_TYPE_APPLICATION_JSON,
        "OK",
    )
    return ack


def _frame(raw: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


def _headers(frame: dict[str, Any]) -> dict[str, Any]:
    value = frame.get("headers")
    return value if isinstance(value, dict) else {}


def _data(frame: dict[str, Any]) -> dict[str, Any]:
    """`data` is always a JSON string on the wire."""
    value = frame.get("data")
    return _frame(value) if isinstance(value, str) else {}
