"""Calls that have come in and are not answered yet, whether or not their caller lives. /_sandbox/calls lists them."""

from __future__ import annotations

import itertools
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.serving import ThreadedWSGIServer

from adapters.sandbox.state import World

_NUMBERS = itertools.count(1)


class Server(ThreadedWSGIServer):
    """Numbers each call when it is accepted, in the order of coming, until its connection closes."""

    world: World

    def process_request(self, request: Any, client_address: Any) -> None:
        """One more."""
        with self.world.lock:
            self.world.calls[request] = next(_NUMBERS)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """One fewer."""
        super().shutdown_request(request)
        with self.world.lock:
            self.world.calls.pop(request, None)


def add(routes: Blueprint, world: World) -> None:
    """`{"open": [17, 19]}`, the asking one among them: whatever was sent before the question was asked is there."""

    @routes.get("/calls")
    def calls() -> ResponseReturnValue:
        with world.lock:
            return jsonify(open=sorted(world.calls.values()))
