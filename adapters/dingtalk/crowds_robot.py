"""The robot's chat as a way to many: plain messages, 20 people a call, and single interactive cards.

Docs: chatbots-send-one-on-one-chat-messages-in-batches, chatbot-batch-query-the-read-status-of-messages, batchRecall.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from adapters.dingtalk import render
from adapters.dingtalk.client import Client
from adapters.dingtalk.errors import to_error
from adapters.dingtalk.outbound import Outbound
from adapters.dingtalk.wire import items, mapping, text
from bot import clock
from bot.card import Card
from bot.errors import PlatformError
from bot.ports import SharedStore
from bot.ports.crowds import Handed, Outcome, Route

DAY = timedelta(hours=24)
_YOUNG = "dingtalk:query:"
_LATE = "processQueryKey.expireTime"
_REFUSALS = {
    "invalidStaffIdList": "staffId.notExisted",
    "flowControlledStaffIdList": "send.too.fast",
    "filteredStaffIdList": "send.forbidden",
}
"""Lists of a 200 answer -> code: whoever is in them was not reached; "send.too.fast" can be tried again."""


class Robot:
    """A message id is a processQueryKey, the name that read events carry too."""

    route = Route("robot", 20, per_second=20, tells="whether", known_for=DAY, recall_for=DAY)

    def __init__(self, client: Client, store: SharedStore, robot: str, page: str) -> None:
        self._client, self._page, self._reads = client, page, Reads(client, store, robot)
        self._robot = robot

    def send(self, to: Sequence[str], card: Card, key: str) -> Handed:
        """Buttons that would call back become words and a link to the personal page."""
        kind, params = render.plain_message(card, self._page)
        body = {"robotCode": self._robot, "userIds": list(to), "msgKey": kind}
        reply = self._client.api(
            "POST", "/v1.0/robot/oToMessages/batchSend", {**body, "msgParam": json.dumps(params, ensure_ascii=False)}
        )
        refused = {text(user): code for name, code in _REFUSALS.items() for user in items(reply.get(name))}
        query = text(reply.get("processQueryKey"))
        if not query and not set(to) <= refused.keys():
            raise PlatformError("query.missing", "钉钉没有给出消息编号", retry_after=30)
        self._reads.sent(query)
        return Handed(query, {user: refused[user] for user in to if user in refused}, reply)

    def outcomes(self, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """See Reads.status."""
        return self._reads.status(message_id)

    def recall(self, message_id: str) -> None:
        """See Reads.recall."""
        self._reads.recall(message_id)


class SingleCard:
    """An interactive card for one person. The message id is its carrierId, `raw["track"]` the outTrackId for updates.

    That a carrierId can be asked for like a processQueryKey is implied by the pages and shown nowhere.
    """

    route = Route("card", 1, per_second=20, tells="whether", known_for=DAY, recall_for=DAY)

    def __init__(self, client: Client, store: SharedStore, robot: str, single: Outbound) -> None:
        self._single, self._reads, self._store = single, Reads(client, store, robot), store

    def send(self, to: Sequence[str], card: Card, key: str) -> Handed:
        """See Outbound.send; a person who cannot be reached is refused by code."""
        try:
            sent = self._single.send(to[0], card, key)
        except PlatformError as error:
            if not error.permanent or error.alarm:
                raise
            return Handed("", {to[0]: error.code})
        track, carrier = sent.message_id, text(sent.raw.get("carrierId"))
        mark = f"dingtalk:carrier:{track}"
        if carrier:
            self._store.set(mark, carrier, DAY.total_seconds())
            self._reads.sent(carrier)
        return Handed(carrier or self._store.get(mark) or track, raw={**sent.raw, "track": track})

    def outcomes(self, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """Nothing for a card whose carrierId is unknown (created by a call whose answer was lost)."""
        return {} if _is_track(message_id) else self._reads.status(message_id)

    def recall(self, message_id: str) -> None:
        """See Reads.recall; permanent for a card whose carrierId is unknown."""
        if _is_track(message_id):
            raise PlatformError("carrier.missing", "没有消息编号，不能撤回", permanent=True)
        self._reads.recall(message_id)


class Reads:
    """What the robot's chat tells about its own messages, for 24 h."""

    def __init__(self, client: Client, store: SharedStore, robot: str) -> None:
        self._client, self._store, self._robot = client, store, robot

    def sent(self, query: str) -> None:
        """Remembers for a day that this key is young: the vendor has one code for "not yet" and for "too late"."""
        if query:
            self._store.set(_YOUNG + query, f"{clock.now().timestamp():.0f}", DAY.total_seconds())

    def _young(self, query: str) -> bool:
        sent = self._store.get(_YOUNG + query)
        return sent is not None and clock.now().timestamp() - float(sent) < DAY.total_seconds()

    def status(self, query: str) -> Mapping[str, Outcome]:
        """opened or unopened, without a time: readTimestamp is documented as not supported yet. Any word but READ is
        unopened. What was read before a recall stays opened; code "RECALLED" tells that the message is gone.
        """
        asked = {"robotCode": self._robot, "processQueryKey": query}
        try:
            reply = self._client.api("GET", "/v1.0/robot/oToMessages/readStatus", query=asked)
        except PlatformError as error:
            if error.code != _LATE:
                raise
            if self._young(query):
                return {}
            raise PlatformError(_LATE, "超过 24 小时，钉钉不再提供已读状态", permanent=True) from None
        code = "RECALLED" if text(reply.get("sendStatus")).upper() == "RECALLED" else ""
        rows = [mapping(row) for row in items(reply.get("messageReadInfoList"))]
        return {
            text(row.get("userId")): Outcome("opened" if _read(row) else "unopened", code=code)
            for row in rows
            if row.get("userId")
        }

    def recall(self, query: str) -> None:
        """Within 24 h; leaves no trace in the chat. Permanent PlatformError afterwards."""
        if not query:
            raise PlatformError("no_message_id", "没有消息编号，不能撤回", permanent=True)
        body = {"robotCode": self._robot, "processQueryKeys": [query]}
        reply = self._client.api("POST", "/v1.0/robot/otoMessages/batchRecall", body)
        if reason := text(mapping(reply.get("failedResult")).get(query)):
            error = to_error(reason)
            late = error.code == _LATE and not self._young(query)
            raise PlatformError(reason, "钉钉没有撤回", permanent=late or error.permanent, retry_after=60)


def _read(row: Mapping[str, object]) -> bool:
    return text(row.get("readStatus")).upper() == "READ"


def _is_track(message_id: str) -> bool:
    return message_id.startswith((render.OWN_TRACK, render.PUBLIC_TRACK))
