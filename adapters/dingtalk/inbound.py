"""The three HTTP doors: verify, then parse, then dispatch, then acknowledge. An exception of dispatch leaves as 5xx."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from adapters.dingtalk import crypto, render
from adapters.dingtalk.events import Kind, counts, to_events
from adapters.dingtalk.wire import LIMIT, parse_object
from bot.card import Card
from bot.errors import BadRequest, Misconfigured
from bot.ports import Dispatch, Door, WireReply, WireRequest

PREFIX = "/callbacks/dingtalk"


class Inbound:
    """`pushed` is called once for every push that counts against the month; `template` renders card answers."""

    def __init__(
        self, callback: crypto.Callback | None, secret: str, template: str, pushed: Callable[[], object]
    ) -> None:
        self._callback, self._secret, self._template, self._pushed = callback, secret, template, pushed

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """(method, path) -> door. Doors raise BadRequest 413 too long, 401 bad signature, 400 malformed."""
        return {
            ("POST", f"{PREFIX}/events"): self.events,
            ("POST", f"{PREFIX}/robot"): self.robot,
            ("POST", f"{PREFIX}/cards"): self.cards,
        }

    def events(self, request: WireRequest, dispatch: Dispatch) -> WireReply:
        """Encrypted event push; the answer is the encrypted `success` (docs: http-callback-overview)."""
        if self._callback is None:
            raise Misconfigured("DINGTALK_TOKEN and DINGTALK_AES_KEY are needed for the HTTP event push")
        args = request.args
        encrypted = parse_object(_limited(request.body)).get("encrypt")
        if not isinstance(encrypted, str) or not encrypted:
            raise BadRequest("encrypt is missing")
        signature = args.get("signature") or args.get("msg_signature", "")
        stamp = args.get("timestamp") or args.get("timeStamp", "")
        message, owner = self._callback.open(signature, stamp, args.get("nonce", ""), encrypted)
        payload = parse_object(message)
        # Real HTTP headers are outside the signature: never let them speak for the event.
        self._hand_over("event", payload, {}, message, dispatch)
        return _json(self._callback.success(owner))

    def robot(self, request: WireRequest, dispatch: Dispatch) -> WireReply:
        """Robot message. Answers `empty`: what is to be said goes through the outbox (docs: receive-message)."""
        body, head = _limited(request.body), request.headers
        crypto.check(crypto.robot_signature, self._secret, head.get("timestamp", ""), head.get("sign", ""))
        self._hand_over("robot", parse_object(body), {}, body, dispatch)
        return _json({"msgtype": "empty"})

    def cards(self, request: WireRequest, dispatch: Dispatch) -> WireReply:
        """Card click; the returned card replaces the clicked one at once (docs: event-callback-card)."""
        body, head = _limited(request.body), request.headers
        stamp = head.get("x-ddpaas-signature-timestamp", "")
        crypto.check(crypto.timestamp_signature, self._secret, stamp, head.get("x-ddpaas-signature", ""))
        payload = parse_object(body)
        card = self._hand_over("card", payload, {"time": stamp}, body, dispatch)
        shown_by = render.template_of(str(payload.get("outTrackId", "")), self._template)
        return _json(render.answer(card, shown_by) if card else {})

    def _hand_over(
        self, kind: Kind, payload: Mapping[str, Any], headers: Mapping[str, object], raw: bytes, dispatch: Dispatch
    ) -> Card | None:
        if counts(kind, payload, headers):
            self._pushed()
        card = None
        for event in to_events(kind, payload, headers, raw):
            card = dispatch(event)
        return card


def _limited(body: bytes) -> bytes:
    if len(body) > LIMIT:
        raise BadRequest("body too long", 413)
    return body


def _json(value: object) -> WireReply:
    return WireReply(200, json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8")
