"""DingTalk's error codes turned into what to do. Branches on the code, not the HTTP status (docs: global codes)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot import clock
from bot.errors import PlatformError

TOKEN = frozenset(
    {"40014", "42001", "40001", "41001", "40000", "InvalidAuthentication", "invalidAccessToken", "accesstoken.expired"}
)
CONFIG = frozenset({"40096", "40089", "invalidClientIdOrSecret", "invalid.client", "unknownError"})
DUPLICATE = frozenset({"143106", "param.cardAlreadyExist", "invalidRequest.duplicateClientToken"})
QUOTA = re.compile(r"90020|.*ApiCountLimitForOrg")
PERMISSION = re.compile(r"60011|.*AccessTokenPermissionDenied|apiPermissionDenied|unauthorized\.client")


@dataclass(frozen=True, slots=True)
class Rule:
    """One class of failure: the pattern matches the whole code."""

    pattern: re.Pattern[str]
    hint: str
    permanent: bool = False
    retry_after: float = 5.0
    alarm: bool = False


def _rule(pattern: str, hint: str, *, permanent: bool = False, retry_after: float = 5.0, alarm: bool = False) -> Rule:
    return Rule(re.compile(pattern), hint, permanent, retry_after, alarm)


# fmt: off
_RULES = (
    _rule("|".join(map(re.escape, sorted(TOKEN))), "应用凭证被拒绝", retry_after=5, alarm=True),
    _rule("|".join(map(re.escape, sorted(CONFIG))), "ClientId 或 ClientSecret 不正确", permanent=True, alarm=True),
    _rule(r"60020|.*IpNotInWhiteList", "服务器出口 IP 不在应用白名单", retry_after=600, alarm=True),
    _rule(QUOTA.pattern, "本月接口调用量已用完", retry_after=21600, alarm=True),
    _rule(PERMISSION.pattern, "应用缺少接口权限", permanent=True, alarm=True),
    _rule(r"50002|50004|43007", "此人不在应用可见范围内", permanent=True, alarm=True),
    _rule(r"90018|90002|9000[1-9]|9001[0-4]|Throttling.*|.*QpsLimitFor.*|qps\.exceed\.limit|request\.overlimit|oaplus\.query\.limit"
          r"|send\.too\.fast|.*flowControlError", "调用过快", retry_after=2),
    _rule(r".*QpmLimit.*|too\.many\.people|143103|143104", "本分钟调用过多", retry_after=60),
    _rule(r"410100|660026", "群机器人被限流", retry_after=600),
    _rule(r"-1|500|system\.error|system\.busy|systemError|serviceBusy", "钉钉繁忙", retry_after=5),
    _rule(r"33012|60121|60111|40003|40104|staffId\.notExisted|param\.userIdNotExist",
          "此人不存在或已离职", permanent=True),
    _rule(r"contain\..*|param\.contentUnsafe|1430002|4301\d\d", "内容被钉钉拒绝", permanent=True, alarm=True),
    _rule(r"|".join(map(re.escape, sorted(DUPLICATE))), "已经处理过", permanent=True),
    _rule(r"40078|42008", "授权码已用过或过期，请重新打开页面", permanent=True),
    _rule(r"processQueryKey\.expireTime", "已读状态尚未生成或已过期", retry_after=60),
    _rule(r"chatbotId\.notAllow\.sendOTO|robot\.oto\.notExist|bot\.forbidden\.sendMessage|send\.forbidden",
          "机器人未发布或未开通单聊", permanent=True, alarm=True),
)
# fmt: on
_SCOPE = re.compile(r"\b(qyapi_\w+|[A-Z]\w+(?:\.[A-Z]\w+)+)\b", re.ASCII)
_BUG = "参数不被钉钉接受，请联系开发者"


def to_error(code: str, message: str = "") -> PlatformError:
    """PlatformError for a vendor code. `message` only adds the name of a missing scope, never personal data."""
    for rule in _RULES:
        if rule.pattern.fullmatch(code):
            scope = _SCOPE.search(message) if "权限" in rule.hint else None
            hint = f"{rule.hint}（{scope.group(1)}）" if scope else rule.hint
            wait = min(rule.retry_after, until_next_month(clock.now())) if code == "90020" else rule.retry_after
            return PlatformError(code, hint, permanent=rule.permanent, retry_after=wait, alarm=rule.alarm)
    return PlatformError(code, _BUG, permanent=True, alarm=True)


def until_next_month(now: datetime) -> float:
    """Seconds until the first of next month in `now`'s zone, when the quota starts again."""
    first = (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
    return (first - now).total_seconds()


def code_of(status: int, body: Mapping[str, Any]) -> str:
    """The failing code of a reply, '' for success; errcode 88 wraps the real one in `sub_code`."""
    if "errcode" in body:
        code = str(body["errcode"])
        return "" if code == "0" else str(body.get("sub_code") or code) if code == "88" else code
    return "" if 200 <= status < 300 else str(body.get("code") or status)


def banned(body: Mapping[str, Any] | None) -> bool:
    """The shape of the IP ban: not JSON at all, or `{"status":1111,"punish":"deny"}` (docs: API throttling)."""
    return body is None or body.get("punish") == "deny" or str(body.get("status")) == "1111"


def ban_error() -> PlatformError:
    """All calls rest for five minutes: more than 10,000 in 20 s from one address are refused by the gateway."""
    return PlatformError("ip_banned", "钉钉网关暂时拒绝本服务器", retry_after=300, alarm=True)
