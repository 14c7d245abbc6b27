"""A stand-in for an SMS gateway: takes the JSON of the default template, shows it on a phone, reports later."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from adapters.sandbox import letters
from adapters.sandbox.aside import Aside
from adapters.sandbox.state import Letter, World
from adapters.sandbox.vendor import Courier, Parcel

if TYPE_CHECKING:
    from config.settings import Settings

NAME: Final = "sms"
PATH = "/sms/send"


class Gateway:
    """A number that belongs to nobody fails (空号); one lost by a fault is never reported."""

    def __init__(self, world: World, bot: Courier, token: str, report_token: str) -> None:
        self.world, self._bot, self._token, self._report_token = world, bot, token, report_token

    def send(self) -> ResponseReturnValue:
        """202 with the gateway's own number; the same `id` is one message."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return {"error": "token"}, 401
        body: Any = request.get_json(force=True, silent=True)
        if not isinstance(body, dict) or not body.get("to") or not body.get("text"):
            return {"error": "to and text are required"}, 400
        to, key = str(body["to"]), str(body.get("id") or self.world.next())
        known = self.world.store("sms")
        with self.world.lock:
            repeated = key in known
            number = str(known.setdefault(key, f"sms-{len(known) + 1}"))
        if not repeated:
            self._deliver(to, str(body["text"]), number)
        return {"message_id": number}, 202

    def _deliver(self, to: str, text: str, number: str) -> None:
        person, where = letters.owner(self.world, NAME, to), f"{PATH} {to}"
        reached = [person] if person else []
        failed = not reached or bool(self.world.hit("invalid_user", where, reached))
        if not failed and self.world.hit("drop_silently", where, reached):
            return
        if person and not failed:
            letters.lay(self.world, person, Letter(number, NAME, to, "", text, self.world.now()))
        if self._report_token:
            letters.later(lambda: self.report(number, "UNDELIV" if failed else "DELIVRD"))

    def report(self, number: str, word: str) -> None:
        """What became of it, to the bot's door."""
        shown = {"id": number, "state": word, "at": self.world.now().isoformat(timespec="seconds")}
        headers = {"Authorization": f"Bearer {self._report_token}", "Content-Type": "application/json"}
        parcel = Parcel(self._bot.url + "/channels/sms/report", {}, headers, json.dumps(shown).encode(), shown)
        self._bot.deliver(NAME, number, lambda: self._bot.post(NAME, parcel))


def build(settings: Settings, world: World, bot: Courier) -> Aside:
    """For the shell."""
    gateway, routes = Gateway(world, bot, *_tokens(settings)), Blueprint("sms", __name__)
    routes.add_url_rule(PATH, "send", gateway.send, methods=["POST"])
    return Aside(NAME, routes, ("/sms/",))


def _tokens(settings: Settings) -> tuple[str, str]:
    return getattr(settings, "sms_token", ""), getattr(settings, "sms_report_token", "")
