"""DingTalk stand-in: what people send to the robot (docs: download-the-file-content-of-the-robot-receiving-message)."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Response, request

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import media
from adapters.sandbox.state import Json, Person

CODE_LIFE, LINK_LIFE = timedelta(hours=24), timedelta(minutes=15)
"""DingTalk says only that both are temporary; these are assumed."""


class Files:
    """A download code leads to a link, the link to the bytes; the link needs no token."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.new("POST", "/v1.0/robot/messageFiles/download", self.link)
        desk.blueprint.add_url_rule("/media/robot/<key>", "robot_file", self.bytes)

    def link(self, body: Json) -> Json:
        """`{"downloadUrl"}`."""
        if body.get("robotCode") != self.desk.settings.dingtalk_robot_code:
            raise Fail("invalidParameter.robotCode.notExsit", "robot does not exist")
        if media.alive(self.desk.world, "dingtalk", body.get("downloadCode", "")) is None:
            raise Fail("invalidParameter.downloadCode.invalid", "downloadCode is invalid or expired")
        key = secrets.token_urlsafe(24)
        self.desk.world.store("dingtalk.links")[key] = (body["downloadCode"], self.desk.world.now() + LINK_LIFE)
        return {"downloadUrl": f"{request.host_url}media/robot/{key}"}

    def bytes(self, key: str) -> Response:
        """The file, while the link is good."""
        code, until = self.desk.world.store("dingtalk.links").get(key, ("", self.desk.world.now()))
        found = self.desk.world.store("media").get(code)
        if found is None or self.desk.world.now() >= until:
            return Response("expired", 403)
        return Response(found["content"], content_type="application/octet-stream")


def to_robot(desk: Desk, person: Person, message: Json) -> Json:
    """What a person sent to the robot alone (docs: receive-message); `message` holds msgtype and content."""
    settings, now = desk.settings, int(desk.world.now().timestamp() * 1000)
    return {
        **message,
        "msgId": "msg" + secrets.token_urlsafe(16),
        "createAt": now,
        "conversationType": "1",
        "conversationId": f"cid-{person.id}",
        "senderId": f"$:LWCP_v1:${person.id}",
        "senderNick": person.name,
        "senderStaffId": person.id,
        "senderUnionId": f"union-{person.id}",
        "senderCorpId": settings.dingtalk_corp_id,
        "senderPlatform": "Mac",
        "chatbotUserId": "$:LWCP_v1:$bot",
        "chatbotCorpId": settings.dingtalk_corp_id,
        "robotCode": settings.dingtalk_robot_code,
        "isAdmin": False,
        "isInAtList": False,
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=sandbox",
        "sessionWebhookExpiredTime": now + 5_400_000,
    }
