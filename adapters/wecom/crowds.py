"""One application message to many members. Docs: message/send (90236), frequency (90454), recall (94867).

WeCom keeps no reading of application messages, so nothing can be asked afterwards. A card that calls back goes to many
with one task id; each tap brings its own update code, so that one person's copy can still be closed alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from adapters.wecom import render
from adapters.wecom.client import Client
from adapters.wecom.errors import error
from adapters.wecom.outbound import NO_CALLBACK, USER, duplicate_window
from bot.card import Card
from bot.errors import PlatformError
from bot.ports.crowds import Handed, Outcome, Route

MOST = 1000
"""Members per call (docs: 90236, touser)."""
RECALL = timedelta(hours=24)
ROUTES: Mapping[str, Route] = MappingProxyType({"shared": Route("shared", MOST, recall_for=RECALL)})
"""Beyond 30 a minute or 1000 an hour per member WeCom drops without an error; the app has accounts x 200 a day."""
MALFORMED, INVALID, UNLICENSED, TOO_MANY, ALL_INVALID = "40003", "invaliduser", "unlicenseduser", 40032, "81013"


class Crowd:
    """See bot.ports.crowds.Crowds. `page` is the personal page for cards that cannot call back."""

    routes = ROUTES

    def __init__(self, client: Client, page: str = "") -> None:
        self._client, self._page = client, page

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        """`refused` holds WeCom's list ("invaliduser", "unlicenseduser"), "40003" for what is no user id and was not
        asked, "81013" when nobody at all could be reached.

        A repetition with the same `key`, people and card within about four hours is swallowed by WeCom, which still
        answers with a message id; recalling that one takes nothing back. `raw` holds the answer and the card's
        `task_id`; its `response_code` closes everybody's copy once, within 72 h.
        """
        _check(route, to)
        refused = {user: MALFORMED for user in to if not USER.fullmatch(user)}
        known: dict[str, list[str]] = {}
        for user in to:
            if user not in refused:
                known.setdefault(user.casefold(), []).append(user)
        if not known:
            return Handed("", refused)
        asked, task = [spelled[0] for spelled in known.values()], render.task_id(key)
        answer = self._sent(asked, card, task, key)
        if answer is None:
            return Handed("", refused | {user: ALL_INVALID for users in known.values() for user in users})
        for name in (INVALID, UNLICENSED):
            for user in str(answer.get(name) or "").split("|"):
                refused |= dict.fromkeys(known.get(user.casefold(), ()), name)
        return Handed(str(answer.get("msgid") or ""), refused, {**answer, "task_id": task})

    def _sent(self, to: list[str], card: Card, task: str, key: str) -> dict[str, Any] | None:
        """WeCom's answer; None when it found nobody."""
        try:
            try:
                return self._post(to, render.message(card, task), key)
            except PlatformError as refused:
                if refused.code != NO_CALLBACK:
                    raise
            return self._post(to, render.message(card, task, render.LINKS, self._page), key)
        except PlatformError as refused:
            if refused.code != ALL_INVALID:
                raise
            return None

    def _post(self, to: list[str], body: render.Wire, key: str) -> dict[str, Any]:
        return self._client.post("message/send", {
            "touser": "|".join(to), "agentid": self._client.agent_id, **body,
            "enable_duplicate_check": 1, "duplicate_check_interval": duplicate_window(body, key),
        })  # fmt: skip

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """Nothing: WeCom has no read receipt and no list of what arrived."""
        _check(route, ())
        return {}

    def recall_many(self, route: str, message_id: str) -> None:
        """From everybody, within 24 h (42052 afterwards, permanent); not out of the WeChat plugin."""
        _check(route, ())
        if not message_id:
            raise PlatformError("no_message_id", "没有消息编号，不能撤回", permanent=True)
        self._client.post("message/recall", {"msgid": message_id})


def _check(route: str, to: Sequence[str]) -> None:
    if route not in ROUTES:
        raise PlatformError("no_route", "企业微信没有这条路线", permanent=True, alarm=True)
    if len(to) > MOST:
        raise error(TOO_MANY)
