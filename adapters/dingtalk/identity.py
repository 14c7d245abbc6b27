"""Who opens our page. Docs: jsapi requestAuthCode, v2/user/getuserinfo; 登录第三方网站 (oauth2/auth, userAccessToken,
contact/users/me), user/getbyunionid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import mapping, text
from bot.errors import PlatformError

LONGEST = 512
INNER = "0"
"""`contact_type` of getbyunionid: a member of this organisation, not an outside contact."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where browsers sign in, and the organisation whose members may."""

    base: str
    client_id: str
    corp_id: str


def sign_in_url(login: Login, back: str, state: str) -> str:
    """Where to send the browser; it returns to `back` with `authCode` and `state` (1 to 128 letters or digits)."""
    if not re.fullmatch(r"[A-Za-z0-9]{1,128}", state):
        raise ValueError("state must be 1 to 128 letters or digits")
    query = {"redirect_uri": back, "response_type": "code", "client_id": login.client_id, "scope": "openid corpid"}
    query |= {"state": state, "prompt": "consent"}
    if login.corp_id:
        # Only this organisation's accounts are offered; whose they are is asked of the directory all the same.
        query |= {"org_type": "management", "corpId": login.corp_id}
        query |= {"exclusiveLogin": "true", "exclusiveCorpId": login.corp_id}
    return f"{login.base}/oauth2/auth?{urlencode(query).replace('+', '%20')}"


def signed_in(client: Client, args: Mapping[str, str]) -> str:
    """The user id behind `authCode` (a browser came back) or `code` (fetched inside the client).

    PlatformError, permanent for a bad or used code and for somebody who is not a member.
    """
    if args.get("authCode"):
        return by_union_id(client, client.visitor(_code(args["authCode"])))
    return identify(client, _code(args.get("code", "")))


def by_union_id(client: Client, union_id: str) -> str:
    """The member's user id. Permanent PlatformError `not_member` for everybody else."""
    try:
        found = client.oapi("/topapi/user/getbyunionid", {"unionid": union_id}, free=True)
    except PlatformError as error:
        if error.code in ("60121", "33012"):
            raise PlatformError("not_member", "不是本企业成员", permanent=True) from None
        raise
    result = mapping(found.get("result"))
    user = text(result.get("userid"))
    if not user or text(result.get("contact_type", INNER)) != INNER:
        raise PlatformError("not_member", "不是本企业成员", permanent=True)
    return user


def identify(client: Client, code: str) -> str:
    """User id behind a login-free `code` (5 minutes, single use). PlatformError 40078/42008: ask for a new code."""
    user = text(
        mapping(client.oapi("/topapi/v2/user/getuserinfo", {"code": code}, free=True).get("result")).get("userid")
    )
    if not user:
        raise PlatformError("identity.missing", "钉钉没有返回用户身份", permanent=True)
    return user


def _code(given: str) -> str:
    if not 0 < len(given) <= LONGEST or not given.isascii():
        raise PlatformError("40078", "授权码无效，请重新打开页面", permanent=True)
    return given
