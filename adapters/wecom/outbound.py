"""Sending, updating, recalling. Docs: message/send (90236), update_template_card (94888), recall (94867)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from adapters.wecom import render
from adapters.wecom.client import Client
from adapters.wecom.errors import error
from bot.card import Card
from bot.errors import PlatformError
from bot.ports import Sent

DUPLICATE_WINDOW = 14_400
"""Seconds, the vendor's maximum: an identical request inside it is dropped, so a retry does not say things twice."""
NO_CALLBACK = "43012"
"""The app has no receive-message URL: a card whose buttons call back is refused, one that opens a page is not."""
PAGE = "/todo?p=wecom"
USER = re.compile(r"(?!@all$)[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Outbound:
    """One person per message: each message then owns one update code (docs: response_code, 72 h, single use)."""

    def __init__(self, client: Client, page: str = "") -> None:
        self._client, self._page = client, page

    def send(self, to: str, card: Card, key: str) -> Sent:
        """`key` is the idempotency key of what is said; it becomes the card's task id.

        Raises PlatformError; permanent when the person cannot be reached. `raw` keeps WeCom's answer and the task id.
        """
        check_user(to)
        task = render.task_id(key)
        try:
            answer = self._post(to, render.message(card, task), key)
        except PlatformError as refused:
            if refused.code != NO_CALLBACK:
                raise
            answer = self._post(to, render.message(card, task, render.LINKS, self._page), key)
        if answer.get("invaliduser"):
            raise error(81013)
        if answer.get("unlicenseduser"):
            raise PlatformError("unlicenseduser", "成员没有接口许可，消息未送达", permanent=True, alarm=True)
        return Sent(str(answer.get("msgid", "")), str(answer.get("response_code") or ""), {**answer, "task_id": task})

    def _post(self, to: str, body: render.Wire, key: str) -> dict[str, Any]:
        return self._client.post("message/send", {
            "touser": to, "agentid": self._client.agent_id, **body,
            "enable_duplicate_check": 1, "duplicate_check_interval": duplicate_window(body, key),
        })  # fmt: skip

    def update(self, to: str, card: Card, sent: Sent) -> Sent:
        """Replaces the card for `to`. The code is used up by this, so the returned Sent has none.

        Raises PlatformError "60140" (permanent) without a usable code: send a new card then.
        """
        check_user(to)
        if not sent.update_token:
            raise error(60140)
        task = str(sent.raw.get("task_id") or render.task_id(sent.message_id))
        answer = self._client.post("message/update_template_card", {
            "userids": [to], "agentid": self._client.agent_id, "response_code": sent.update_token,
            "template_card": render.replacement(card, task),
        })  # fmt: skip
        if answer.get("invaliduser"):
            raise error(81013)
        return Sent(sent.message_id, "", {**answer, "task_id": task})

    def recall(self, sent: Sent) -> None:
        """Takes the message back for everyone; possible within 24 h (42052 afterwards, permanent)."""
        if not sent.message_id:
            raise PlatformError("no_message_id", "没有消息编号，不能撤回", permanent=True)
        self._client.post("message/recall", {"msgid": sent.message_id})


def check_user(to: str) -> None:
    """One user id and nothing else: `|` would address several people and `@all` the whole company."""
    if not USER.fullmatch(to):
        raise PlatformError("40003", "成员账号格式不正确", permanent=True)


def duplicate_window(body: render.Wire, key: str) -> int:
    """A card is unique through its task id. Two equal texts with different keys must both arrive, and WeCom compares
    the whole request, so for texts the window itself (3 to 4 hours) differs by key."""
    if body["msgtype"] == "template_card":
        return DUPLICATE_WINDOW
    return DUPLICATE_WINDOW - int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 3600
