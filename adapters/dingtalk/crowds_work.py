"""Work notices to at most 100 named people. Docs: asynchronous-sending-of-enterprise-session-messages,
the-query-and-modification-of-the-work-notification (getsendprogress, getsendresult, recall).

The same words reach a person once a day and at most 500 notices do, beyond which DingTalk answers 0 and drops; who was
dropped and why stands in getsendresult, for 24 h and only for sends to at most 100 people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from adapters.dingtalk.client import Client
from adapters.dingtalk.render import MESSAGE, clip, in_app, markdown
from adapters.dingtalk.wire import items, mapping, text
from bot.card import Button, Card, reduce
from bot.errors import PlatformError
from bot.ports.crowds import Handed, Outcome, Route

PATH = "/topapi/message/corpconversation/"
BYTES, LABEL, URL = 2048, 20, 500
"""Of `msg` as JSON, of a link's label in characters, of its address."""
DAY = timedelta(hours=24)
_FINISHED, _LATE, _INVALID = "2", "400002", "invalid"
_DROPPED = "1431", "1432", "1430003"
"""Beginnings of the codes for too fast, too many today, said already, held back by the system; the others (1430…) are
about the words or the receiver."""


class Work:
    """A message id is the task id."""

    route = Route(
        "work", 100, per_minute=5000, per_second=20, tells="whether", known_for=DAY, recall_for=DAY, once_a_day=True,
        per_person=500,
    )  # fmt: skip

    def __init__(self, client: Client, agent: str, page: str) -> None:
        self._client, self._agent, self._page = client, int(agent), page

    def send(self, to: Sequence[str], card: Card, key: str) -> Handed:
        """Nobody is refused here: whom DingTalk does not know or does not serve is only told by `outcomes`."""
        if bad := next((user for user in to if "," in user), ""):
            return self._without(bad, to, card, key)
        body = {"agent_id": self._agent, "userid_list": ",".join(to), "msg": message(card, self._page)}
        reply = self._client.oapi(PATH + "asyncsend_v2", body)
        task = text(reply.get("task_id"))
        if not task:
            raise PlatformError("task.missing", "钉钉没有给出任务编号", retry_after=30)
        return Handed(task, raw=reply)

    def _without(self, bad: str, to: Sequence[str], card: Card, key: str) -> Handed:
        """A comma would address somebody else."""
        rest = [user for user in to if user != bad]
        handed = self.send(rest, card, key) if rest else Handed("")
        return Handed(handed.message_id, {**handed.refused, bad: "33012"}, handed.raw)

    def outcomes(self, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """Nothing until DingTalk has worked through the task; permanent PlatformError after 24 h."""
        asked = {"agent_id": self._agent, "task_id": _number(message_id)}
        progress = mapping(self._ask("getsendprogress", asked).get("progress"))
        if text(progress.get("status")) != _FINISHED:
            return {}
        return dict(_outcomes(mapping(self._ask("getsendresult", asked).get("send_result"))))

    def recall(self, message_id: str) -> None:
        """Within 24 h, from everybody."""
        self._ask("recall", {"agent_id": self._agent, "msg_task_id": _number(message_id)})

    def _ask(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._client.oapi(PATH + name, body)
        except PlatformError as error:
            if error.code != _LATE:
                raise
            raise PlatformError(_LATE, "超过 24 小时，或没有这个任务", permanent=True) from None


def _outcomes(result: Mapping[str, Any]) -> Iterator[tuple[str, Outcome]]:
    """The weakest first: a person in two lists counts as what is worst for the claim that it arrived."""
    yield from _each(result, "read_user_id_list", Outcome("opened"))
    yield from _each(result, "unread_user_id_list", Outcome("unopened"))
    yield from _each(result, "failed_user_id_list", Outcome("rejected", code="failed"))
    yield from _each(result, "invalid_user_id_list", Outcome("rejected", code=_INVALID))
    yield from _each(result, "forbidden_user_id_list", Outcome("dropped", code="forbidden"))
    for row in map(mapping, items(result.get("forbidden_list"))):
        code = text(row.get("code"))
        state: Literal["dropped", "rejected"] = "dropped" if code.startswith(_DROPPED) else "rejected"
        users = row.get("userid")
        for user in users if isinstance(users, list) else text(users).split(","):
            yield text(user), Outcome(state, code=code)


def _each(result: Mapping[str, Any], name: str, outcome: Outcome) -> Iterator[tuple[str, Outcome]]:
    for user in items(result.get(name)):
        yield text(user), outcome


def _number(message_id: str) -> int:
    if not message_id.isascii() or not message_id.isdigit():
        raise PlatformError("no_message_id", "没有任务编号", permanent=True)
    return int(message_id)


def message(card: Card, page: str = "") -> dict[str, Any]:
    """`msg` of asyncsend_v2 within 2048 bytes: an action card when there is something to open, else markdown."""
    small = reduce(card, MESSAGE, page)
    links = [button for button in small.buttons if len(in_app(button.url)) <= URL]
    told = [f"{button.label}：{button.url}" for button in small.buttons if button not in links]
    body, room = "\n\n".join((markdown(small, whole=True), *told)), BYTES
    while True:
        made = _message(clip(small.title, 200) or "通知", clip(body, room), links)
        if _size(made) <= BYTES or room < 200:
            return made
        room = room * 4 // 5  # quotes and line ends grow in JSON, so the room is found by trying


def _message(title: str, body: str, links: Sequence[Button]) -> dict[str, Any]:
    if not links:
        return {"msgtype": "markdown", "markdown": {"title": title, "text": body}}
    first = {"single_title": links[0].label[:LABEL] or "查看", "single_url": in_app(links[0].url)}
    rows = [{"title": link.label[:LABEL] or "查看", "action_url": in_app(link.url)} for link in links]
    several = {"btn_orientation": "0", "btn_json_list": rows}
    card = {"title": title, "markdown": body, **(first if len(links) == 1 else several)}
    return {"msgtype": "action_card", "action_card": card}


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
