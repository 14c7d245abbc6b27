"""Group chats of the app. Docs: appchat/send (90248), appchat/create (90245): the app must have made the chat."""

from __future__ import annotations

import re

from adapters.wecom.client import Client
from bot.errors import PlatformError
from bot.ports import Sent

TEXT_BYTES = 2048
_CHAT = re.compile(r"[0-9A-Za-z]{1,32}")
_UNKNOWN = "40050"


def post(client: Client, chat: str, text: str) -> Sent:
    """Plain text to everybody in `chat`. The vendor gives no message id and compares nothing: a repetition is shown.

    PlatformError; permanent when the chat does not exist or the text is over 2048 bytes, which would be cut.
    """
    if not _CHAT.fullmatch(chat):
        raise PlatformError(_UNKNOWN, "群聊编号应为至多 32 位字母或数字", permanent=True)
    if len(text.encode()) > TEXT_BYTES:
        raise PlatformError("too_long", "群消息超过 2048 字节", permanent=True)
    body = {"chatid": chat, "msgtype": "text", "text": {"content": text}, "safe": 0}
    try:
        return Sent("", raw=client.post("appchat/send", body))
    except PlatformError as refused:
        if refused.code != _UNKNOWN:
            raise
        hint = "群聊不存在，或不是由本应用创建；请核对 HUIZHI_CHECKPOINT_CHATS"
        raise PlatformError(_UNKNOWN, hint, permanent=True, alarm=True) from refused
