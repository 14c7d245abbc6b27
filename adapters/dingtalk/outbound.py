"""Cards and messages to people. Docs: create-and-deliver-cards, robot one-to-one batch messages, read status."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from adapters.dingtalk import render
from adapters.dingtalk.client import Client
from adapters.dingtalk.errors import to_error
from adapters.dingtalk.wire import items, mapping, text
from bot.card import Card
from bot.errors import PlatformError
from bot.ports import Sent, SharedStore

PLAIN = "md-"
"""Prefix of a message id that is a processQueryKey of a plain message, not an outTrackId."""
ROUTE = "huizhi"
PAGE = "/todo?p=dingtalk"
"""The personal page: everything that waits for whoever signs in there."""
_BATCH = 20
_MISSING = "dingtalk:missing:"
_NO_TEMPLATE = frozenset({"param.templateNotExist", "param.templateUnpublished"})


@dataclass(frozen=True, slots=True)
class Outlet:
    """How this app speaks: robot, template ('' = public), door for clicks, secret that signs HTTP card callbacks."""

    robot_code: str
    template: str = ""
    mode: Literal["stream", "http"] = "stream"
    public_url: str = ""
    secret: str = ""


class Outbound:
    """Sends, updates and recalls; every method raises PlatformError and retries nothing itself."""

    def __init__(self, client: Client, store: SharedStore, outlet: Outlet) -> None:
        self._client, self._store, self._outlet = client, store, outlet

    def send(self, to: str, card: Card, key: str) -> Sent:
        """Delivers `card` to user id `to` once per (`to`, `key`): by our own template, else by the public one, else as
        an action card whose link opens the personal page.

        `Sent.message_id` is the outTrackId, `raw["carrierId"]` the processQueryKey that read events name.
        """
        for template in dict.fromkeys((self._outlet.template or render.PUBLIC_TEMPLATE, render.PUBLIC_TEMPLATE)):
            if self._store.get(_MISSING + template):
                continue
            try:
                return self._card(to, card, track_id(to, key, template), template)
            except PlatformError as error:
                if error.code not in _NO_TEMPLATE:
                    raise
                # Asked again in an hour: every refused attempt may count against the month.
                self._store.set(_MISSING + template, error.code, 3600.0)
        return self._plain(to, card)

    def _card(self, to: str, card: Card, track: str, template: str) -> Sent:
        try:
            reply = self._client.api(
                "POST", "/v1.0/card/instances/createAndDeliver", self._order(to, card, track, template)
            )
        except PlatformError as error:
            if error.code == "param.cardAlreadyExist":
                return Sent(track, raw={"template": template, "repeated": True})
            raise
        result = mapping(reply.get("result"))
        deliveries = [mapping(row) for row in items(result.get("deliverResults"))]
        if reply.get("success") is False or not deliveries:
            raise PlatformError("card.undelivered", "钉钉没有给出投递结果", retry_after=30)
        for row in deliveries:
            if row.get("success") is not True:
                raise _undelivered(text(row.get("errorMsg")))
        return Sent(track, raw={"template": template, "carrierId": text(deliveries[0].get("carrierId"))})

    def update(self, to: str, card: Card, sent: Sent) -> Sent:
        """Shows `card` in place of the sent one, for every viewer. A plain message cannot change: another follows."""
        if sent.message_id.startswith(PLAIN):
            return self._plain(to, card)
        template = str(sent.raw.get("template") or render.template_of(sent.message_id, self._outlet.template))
        body = {"outTrackId": sent.message_id, "userIdType": 1, **render.answer(card, template)}
        self._client.api("PUT", "/v1.0/card/instances", body)
        return sent

    def recall(self, sent: Sent) -> None:
        """Within 24 h (docs: batchRecall). A card whose processQueryKey is unknown is emptied instead."""
        query = _query_key(sent)
        if not query:
            self.update("", Card("此消息已撤回", closed="已撤回"), sent)
            return
        body = {"robotCode": self._outlet.robot_code, "processQueryKeys": [query]}
        reply = self._client.api("POST", "/v1.0/robot/otoMessages/batchRecall", body)
        if reason := text(mapping(reply.get("failedResult")).get(query)):
            raise to_error(reason)

    def read_status(self, sent: Sent) -> dict[str, bool]:
        """`{user_id: read}` within 24 h of sending; without a read time. Unknown words count as not read.

        The key of a card is its carrierId, which the docs imply but never show for IM_ROBOT cards.
        """
        query = _query_key(sent)
        if not query:
            return {}
        asked = {"robotCode": self._outlet.robot_code, "processQueryKey": query}
        rows = items(
            self._client.api("GET", "/v1.0/robot/oToMessages/readStatus", query=asked).get("messageReadInfoList")
        )
        found = [row for row in map(mapping, rows) if row.get("userId")]
        return {text(row["userId"]): text(row.get("readStatus")).upper() == "READ" for row in found}

    def batch_send(
        self, to: Sequence[str], key: str, params: Mapping[str, str]
    ) -> tuple[list[str], dict[str, PlatformError]]:
        """A plain message to many, 20 a call: (processQueryKeys, failures by user id). 200 is not delivery."""
        queries: list[str] = []
        failed: dict[str, PlatformError] = {}
        for start in range(0, len(to), _BATCH):
            body = {
                "robotCode": self._outlet.robot_code,
                "userIds": list(to[start : start + _BATCH]),
                "msgKey": key,
                "msgParam": json.dumps(params, ensure_ascii=False),
            }
            reply = self._client.api("POST", "/v1.0/robot/oToMessages/batchSend", body)
            queries.append(text(reply.get("processQueryKey")))
            failed |= {text(one): to_error("staffId.notExisted") for one in items(reply.get("invalidStaffIdList"))}
            failed |= {text(one): to_error("send.too.fast") for one in items(reply.get("flowControlledStaffIdList"))}
            failed |= {text(one): to_error("send.forbidden") for one in items(reply.get("filteredStaffIdList"))}
        return queries, failed

    def _plain(self, to: str, card: Card) -> Sent:
        page = f"{self._outlet.public_url.rstrip('/')}{PAGE}" if self._outlet.public_url else ""
        queries, failed = self.batch_send([to], *render.plain_message(card, page))
        if failed:
            raise next(iter(failed.values()))
        return Sent(PLAIN + queries[0], raw={"template": "", "carrierId": queries[0]})

    def _order(self, to: str, card: Card, track: str, template: str) -> dict[str, Any]:
        return {
            "cardTemplateId": template,
            "outTrackId": track,
            "userIdType": 1,
            "cardData": {"cardParamMap": render.params(card, template)},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{to}",
            "imRobotOpenSpaceModel": {
                "supportForward": False,
                "lastMessageI18n": {"ZH_CN": card.title[:60]},
                "notification": {"alertContent": card.title[:60], "notificationOff": False},
            },
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self._outlet.robot_code},
            **self._callback(),
        }

    def _callback(self) -> dict[str, str]:
        if self._outlet.mode == "stream":
            return {"callbackType": "STREAM"}
        self.register()
        return {"callbackType": "HTTP", "callbackRouteKey": ROUTE}

    def register(self) -> None:
        """Names our HTTP door for card clicks, once a day; the app's secret signs them (docs: callbacks/register)."""
        mark = f"dingtalk:route:{urlsplit(self._outlet.public_url).netloc}"
        if self._store.get(mark):
            return
        url = f"{self._outlet.public_url.rstrip('/')}/callbacks/dingtalk/cards"
        body = {"callbackRouteKey": ROUTE, "callbackUrl": url, "apiSecret": self._outlet.secret, "forceUpdate": True}
        self._client.api("POST", "/v1.0/card/callbacks/register", body)
        self._store.set(mark, "1", 86400.0)


def _query_key(sent: Sent) -> str:
    if sent.message_id.startswith(PLAIN):
        return sent.message_id.removeprefix(PLAIN)
    return str(sent.raw.get("carrierId") or "")


def track_id(to: str, key: str, template: str = render.PUBLIC_TEMPLATE) -> str:
    """Our outTrackId: 43 characters, the same for every retry of one message to one person (vendor limit 64).

    Its prefix tells which template shows the card: later only the id is known, and the variables differ.
    """
    prefix = render.PUBLIC_TRACK if template == render.PUBLIC_TEMPLATE else render.OWN_TRACK
    return prefix + hashlib.sha256(f"{to}\n{key}".encode()).hexdigest()[:40]


def _undelivered(message: str) -> PlatformError:
    """deliverResults carry free text; a known code in it decides, anything else is tried again later."""
    if "userid" in message.lower() and "not exist" in message.lower():
        return to_error("param.userIdNotExist")
    known = to_error(message.split(":", 1)[0].strip()) if message else None
    if known and not (known.permanent and known.alarm):
        return known
    return PlatformError("card.undelivered", "卡片没有投递成功", retry_after=60)
