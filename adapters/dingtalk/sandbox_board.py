"""DingTalk stand-in: company announcements (docs: blackboard/create, listids, get_blackboard, readers, delete)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from adapters.dingtalk.sandbox_ceilings import Ceilings
from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox.state import Json

CREATE = {"operation_userid", "author", "private_level", "ding", "blackboard_receiver", "title", "content"}
OPTIONAL = {"push_top", "category_id", "coverpic_mediaid"}
PEOPLE, PAGE, READERS = 1000, 30, 500
SPAN = timedelta(days=180)
ADMINS = ("wu", "sun")
"""Who may announce in the invented firm: HR and the shop's manager."""


class Board:
    """Announcements by id. Creating one tells no id; who read it, and when, is asked afterwards."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world, self.ceilings = desk, desk.world, Ceilings(desk.world)
        desk.old("POST", "/topapi/blackboard/create", self.create)
        desk.old("POST", "/topapi/blackboard/listids", self.list)
        desk.old("POST", "/topapi/blackboard/delete", self.delete)
        desk.new("GET", "/v1.0/blackboard/get_blackboard", self.details)
        desk.new("GET", "/v1.0/blackboard/readers", self.readers)

    def _store(self) -> Json:
        return self.world.store("dingtalk.boards")

    def create(self, body: Json) -> Json:
        """`result` true and nothing else."""
        asked = body.get("create_request")
        if not isinstance(asked, dict) or set(asked) - CREATE - OPTIONAL:
            raise Fail(40035, "create_request is missing or has an unknown field")
        self._admin(asked.get("operation_userid"))
        self.ceilings.call("/topapi/blackboard/create", old=True)
        if not asked.get("title") or not asked.get("content") or asked.get("private_level") not in (0, 20):
            raise Fail(40035, "title, content and private_level (0 or 20) are required")
        users = (asked.get("blackboard_receiver") or {}).get("userid_list")
        if not isinstance(users, list) or not 1 <= len(users) <= PEOPLE:
            raise Fail(40035, f"userid_list names 1 to {PEOPLE} people")
        known = [person for user in dict.fromkeys(users) if (person := self.desk.person(user))]
        board = uuid.uuid4().hex
        lost = self.world.hit("drop_silently", "/topapi/blackboard/create " + asked["title"], known)
        for person in known:
            if person.id not in lost:
                self.world.put(person, "card", card=_view(asked), board=board)
        self._store()[board] = {**asked, "at": self.world.now(), "users": [person.id for person in known]}
        return {"result": True}

    def list(self, body: Json) -> Json:
        """Ids in a window of at most 180 days, youngest first."""
        asked = body.get("query_request")
        if not isinstance(asked, dict):
            raise Fail(40035, "query_request is missing")
        self._admin(asked.get("operation_userid"))
        self.ceilings.call("/topapi/blackboard/listids", old=True)
        start, end = self.desk.text_time(asked.get("start_time")), self.desk.text_time(asked.get("end_time"))
        size, page = int(asked.get("page_size") or 0), int(asked.get("page") or 0)
        if not 1 <= size <= PAGE or page < 1 or not timedelta(0) <= end - start <= SPAN:
            raise Fail(40035, "page_size is 1 to 30, page begins with 1, the window has at most 180 days")
        rows = [id for id, row in self._store().items() if start <= row["at"] <= end]
        return {"result": list(reversed(rows))[(page - 1) * size : page * size]}

    def details(self, query: Json) -> Json:
        """One announcement."""
        self._new_admin(query.get("operationUserId"))
        self.ceilings.call("/v1.0/blackboard/get_blackboard")
        id, row = self._one(query)
        read = sum(bool(bubble.data.get("read")) for _, bubble in self.world.copies("board", id))
        named = {"blackboardId": id, "title": row["title"], "content": row["content"], "author": row.get("author", "")}
        counts = {"readCount": read, "unReadCount": len(row["users"]) - read}
        return {**named, **counts, "gmtCreate": _text(row["at"]), "senderStaffId": row["operation_userid"]}

    def readers(self, query: Json) -> Json:
        """Everybody it went to, with the time at which they opened it."""
        self._new_admin(query.get("operationUserId"))
        self.ceilings.call("/v1.0/blackboard/readers")
        id, row = self._one(query)
        most, start = int(query.get("maxResults") or 0), int(query.get("nextToken") or 0)
        if not 1 <= most <= READERS:
            raise Fail("invalidParameter.maxResults", "maxResults is 1 to 500")
        read = {person.id: bubble.data.get("read_at") for person, bubble in self.world.copies("board", id)}
        users = row["users"][start : start + most]
        more = {"nextToken": str(start + most)} if start + most < len(row["users"]) else {}
        return {"users": [_reader(user, read.get(user)) for user in users], **more}

    def delete(self, body: Json) -> Json:
        """By the sender or a main administrator."""
        self._admin(body.get("operation_userid"))
        id = str(body.get("blackboard_id", ""))
        if self._store().pop(id, None) is None:
            raise Fail(400002, "公告不存在")
        for _, bubble in self.world.copies("board", id):
            bubble.state = "recalled"
        return {"result": True}

    def _one(self, query: Json) -> tuple[str, Json]:
        id = str(query.get("blackboardId", ""))
        if id not in self._store():
            raise Fail("invalidParameter.blackboardId", "no such announcement")
        return id, self._store()[id]

    def _admin(self, user: Any) -> None:
        if user not in ADMINS or self.desk.person(user) is None:
            raise Fail(50004, "没有公告管理权限")

    def _new_admin(self, user: Any) -> None:
        if user not in ADMINS or self.desk.person(user) is None:
            raise Fail("accessDenied", "没有公告管理权限", 403)


def _reader(user: str, at: datetime | None) -> Json:
    row: Json = {"userId": user, "read": "true" if at else "false"}
    return {**row, "readTimestamp": int(at.timestamp() * 1000)} if at else row


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _view(asked: Json) -> Json:
    return {"title": asked["title"], "text": asked["content"], "facts": [], "quote": "", "buttons": [],
            "footer": "公告", "closed": ""}  # fmt: skip
