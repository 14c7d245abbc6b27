"""DingTalk stand-in: refusals in the shape of either host (docs: global error codes, API throttling)."""

from __future__ import annotations

from adapters.dingtalk.sandbox_desk import new_error, old_error
from adapters.sandbox.state import Json

NEW = {
    "expired_token": ("InvalidAuthentication", "不合法的access_token", 400),
    "rate_limit": ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "请求被限流", 403),
    "no_permission": ("Forbidden.AccessDenied.AccessTokenPermissionDenied", "应用尚未开通所需的权限", 403),
    "ip_untrusted": ("Forbidden.AccessDenied.IpNotInWhiteList", "访问ip不在白名单之中,request ip=203.0.113.9", 403),
    "no_callback": ("invalidParameter", "callback is not registered", 400),
}
OLD = {
    "expired_token": (42001, "access_token已过期"),
    "rate_limit": (90018, "您的服务器调用钉钉开放平台当前接口的qps超过限制"),
    "no_permission": (60011, "没有调用该接口的权限,权限点qyapi_get_attendance_data"),
    "ip_untrusted": (60020, "访问ip不在白名单之中,request ip=203.0.113.9"),
    "no_callback": (71006, "回调地址不存在"),
}
GATEWAY = {"40000", "40001", "40014", "41001", "42001", "60011", "60020", "90002", "90018", "90020"}
"""Codes the legacy gateway wraps in errcode 88."""
SCOPES = ["Card.Instance.Write"]


def refusal(kind: str, path: str, code: str) -> tuple[Json, int]:
    """(body, HTTP status) of one injected fault."""
    if path.startswith("/v1.0/"):
        name, text, status = NEW.get(kind, (code, "refused on request", 403 if code.startswith("Forbidden") else 400))
        more = {"accessdenieddetail": {"requiredScopes": SCOPES}} if kind == "no_permission" else {}
        return {**new_error(name, text), **more}, status
    number, words = OLD.get(kind, (int(code) if code.lstrip("-").isdigit() else -1, "refused on request"))
    return old_error(number, words, wrapped=str(number) in GATEWAY), 200
