"""DingTalk stand-in: how fast and how much (docs: how-to-process-api-throttling, billing-model)."""

from __future__ import annotations

from adapters.dingtalk.sandbox_desk import Fail
from adapters.sandbox.ceilings import SECOND, counted, limit, over
from adapters.sandbox.state import World

QPS = 20
"""Calls of one interface in a second, standard edition."""


class Ceilings:
    """20 calls a second of one interface; calls of a month only when /_sandbox/ceilings sets `dingtalk_month`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def call(self, path: str, *, old: bool = False) -> None:
        """Fail in the shape of the host that owns the path."""
        world = self.world
        if over(world, f"dingtalk {path}", limit(world, "dingtalk_qps", QPS), SECOND):
            if old:
                raise Fail(90018, "您的服务器调用钉钉开放平台当前接口的qps超过限制", wrapped=True)
            raise Fail("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "请求被限流", 403)
        most = limit(world, "dingtalk_month", 0)
        if most and counted(world, "dingtalk", world.now(), "%Y-%m") > most:
            if old:
                raise Fail(90020, "企业本月调用量超过限制", wrapped=True)
            raise Fail("Forbidden.AccessDenied.ApiCountLimitForOrg", "企业本月调用量超过限制", 403)
