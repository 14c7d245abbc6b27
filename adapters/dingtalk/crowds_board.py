"""Company announcements: the one way with an official time of reading per person.

Docs: blackboard/create (names no id), blackboard/listids, get_blackboard, query-bulletin-read-unread-persons-list,
blackboard/delete. They are made in the name of an announcement administrator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import flag, items, mapping, moment, text
from bot import clock
from bot.card import Can, Card, as_text, reduce
from bot.errors import PlatformError
from bot.ports import SharedStore
from bot.ports.crowds import Handed, Outcome, Route

PEOPLE, IDS, READERS = 1000, 30, 500
"""Receivers by name, ids a page, readers a page."""
SPAN = timedelta(days=180)
TEXT = Can(buttons=0, facts=20, update=False, callbacks=False)
_CHINA = ZoneInfo("Asia/Shanghai")
"""DingTalk's own clock in texts without a zone."""
_PAGES = 20
_TITLE = 60
AUTHOR = "人力资源"
_TRIED, _CLAIMED, _DAY = "dingtalk:board:tried:", "dingtalk:board:id:", 86_400.0


class Board:
    """A message id is the announcement's."""

    route = Route("board", PEOPLE, per_second=20, tells="when", known_for=SPAN, recall_for=SPAN)

    def __init__(self, client: Client, store: SharedStore, operator: str, page: str) -> None:
        self._client, self._store, self._operator, self._page = client, store, operator, page

    def send(self, to: Sequence[str], card: Card, key: str) -> Handed:
        """Creates it once: an announcement that already carries this key's number is found instead.

        The number stands under the text, because DingTalk tells no id and two chunks have the same words.
        """
        number, (title, content) = _number(key, to), written(card, self._page)
        if self._store.get(_TRIED + number) and (found := self._found(number)):
            return Handed(found, raw={"number": number, "repeated": True})
        self._store.set(_TRIED + number, "1", _DAY)
        order = {
            "operation_userid": self._operator,
            "author": AUTHOR,
            "private_level": 0,
            "ding": False,
            "blackboard_receiver": {"userid_list": list(to)},
            "title": title,
            "content": f"{content}\n{number}",
        }
        reply = self._client.oapi("/topapi/blackboard/create", {"create_request": order})
        if found := self._found(number):
            return Handed(found, raw={**reply, "number": number})
        # Not shown by the list yet; the next attempt with this key finds it and creates no second one.
        raise PlatformError("board.unlisted", "公告已创建，编号尚未可查", retry_after=10)

    def outcomes(self, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """opened with DingTalk's own time, or unopened. Who is missing was not reached, or not yet."""
        return dict(self._readers(message_id))

    def recall(self, message_id: str) -> None:
        """Deletes it, for everybody; possible for its sender and for main administrators."""
        body = {"blackboard_id": message_id, "operation_userid": self._operator}
        self._client.oapi("/topapi/blackboard/delete", body)

    def _readers(self, board: str) -> Iterator[tuple[str, Outcome]]:
        asked = {"operationUserId": self._operator, "blackboardId": board, "maxResults": str(READERS)}
        token = ""
        for _ in range(_PAGES):
            query = asked | ({"nextToken": token} if token else {})
            reply = self._client.api("GET", "/v1.0/blackboard/readers", query=query)
            for row in map(mapping, items(reply.get("users"))):
                opened = flag(row.get("read"))
                at = moment(row.get("readTimestamp")) if opened else None
                yield text(row.get("userId")), Outcome("opened" if opened else "unopened", at)
            token = text(reply.get("nextToken"))
            if not token:
                return

    def _found(self, number: str) -> str:
        """The id of the announcement that carries `number`, among those of the last day; "" when there is none."""
        for board in self._ids(clock.now()):
            if self._store.get(_CLAIMED + board) not in (None, number):
                continue
            query = {"operationUserId": self._operator, "blackboardId": board}
            one = self._client.api("GET", "/v1.0/blackboard/get_blackboard", query=query)
            if number in text(one.get("content") or mapping(one.get("result")).get("content")):
                self._store.set(_CLAIMED + board, number, 2 * _DAY)
                return board
        return ""

    def _ids(self, now: datetime) -> Iterator[str]:
        window = {"start_time": _text(now - timedelta(days=1)), "end_time": _text(now + timedelta(minutes=2))}
        for page in range(1, _PAGES + 1):
            asked: dict[str, Any] = {"operation_userid": self._operator, "page_size": IDS, "page": page, **window}
            found = items(self._client.oapi("/topapi/blackboard/listids", {"query_request": asked}).get("result"))
            yield from map(text, found)
            if len(found) < IDS:
                return


def written(card: Card, page: str) -> tuple[str, str]:
    """(title, content) of the announcement, without its number."""
    small = reduce(card, TEXT)
    return small.title[:_TITLE] or "公告", as_text(small) + (f"\n{page}" if page else "")


def _number(key: str, to: Sequence[str]) -> str:
    return "HZ-" + hashlib.sha256("\n".join([key, *to]).encode("utf-8", "replace")).hexdigest()[:12].upper()


def _text(at: datetime, zone: tzinfo = _CHINA) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
