"""Group chats in which the app's robot is a member. Docs: the-robot-sends-a-group-message (groupMessages/send)."""

from __future__ import annotations

import json

from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import text as word
from bot.errors import PlatformError
from bot.ports import Sent

PARAM_BYTES = 15_000


def post(client: Client, robot: str, chat: str, text: str) -> Sent:
    """Plain text to everybody in `chat` (an openConversationId); `message_id` is the processQueryKey.

    The vendor compares nothing: a repetition is shown. PlatformError; permanent when the text is over the vendor's
    15,000 bytes or the robot is not in such a group.
    """
    param = json.dumps({"content": text}, ensure_ascii=False)
    if len(param.encode()) > PARAM_BYTES:
        raise PlatformError("too_long", "群消息超过 15000 字节", permanent=True)
    body = {"robotCode": robot, "openConversationId": chat, "msgKey": "sampleText", "msgParam": param}
    reply = client.api("POST", "/v1.0/robot/groupMessages/send", body)
    return Sent(word(reply.get("processQueryKey")), raw=reply)
