"""Who opened our page inside the DingTalk client. Docs: jsapi requestAuthCode, v2/user/getuserinfo."""

from __future__ import annotations

from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import mapping, text
from bot.errors import PlatformError


def identify(client: Client, code: str) -> str:
    """User id behind a login-free `code` (5 minutes, single use). PlatformError 40078/42008: ask for a new code."""
    user = text(
        mapping(client.oapi("/topapi/v2/user/getuserinfo", {"code": code}, free=True).get("result")).get("userid")
    )
    if not user:
        raise PlatformError("identity.missing", "钉钉没有返回用户身份", permanent=True)
    return user
