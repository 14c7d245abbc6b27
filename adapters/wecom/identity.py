"""Who opens a page: OAuth inside WeCom. Docs: 构造网页授权链接 (91022), 获取访问用户身份 (91023)."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from adapters.wecom.client import Client
from bot.errors import PlatformError

OAUTH_BASE = "https://open.weixin.qq.com"


class Identity:
    """Silent sign-in (snsapi_base). It proves the account holder's client, not the person."""

    def __init__(self, client: Client, oauth_base: str = OAUTH_BASE) -> None:
        self._client, self._base = client, oauth_base.rstrip("/")

    def authorize_url(self, state: str, redirect: str) -> str:
        """Where to send the browser. `state`: 1 to 128 letters or digits, else ValueError."""
        if not re.fullmatch(r"[A-Za-z0-9]{1,128}", state):
            raise ValueError("state must be 1 to 128 letters or digits")
        query = urlencode({
            "appid": self._client.corp_id, "redirect_uri": redirect, "response_type": "code",
            "scope": "snsapi_base", "state": state, "agentid": str(self._client.agent_id),
        })  # fmt: skip
        return f"{self._base}/connect/oauth2/authorize?{query}#wechat_redirect"

    def exchange(self, code: str) -> str:
        """The user id behind a one-time code (5 minutes). Permanent PlatformError for a bad code or a non-member.

        WeCom also answers for members outside the app's visible range: the caller authorises.
        """
        if not 0 < len(code.encode()) <= 512:
            raise PlatformError("40029", "登录授权码无效，请重新打开页面", permanent=True)
        user = self._client.get("auth/getuserinfo", {"code": code}).get("userid")
        if not isinstance(user, str) or not user or "/" in user:  # "corp/user" is a member of a linked corp
            raise PlatformError("not_member", "不是本企业成员", permanent=True)
        return user
