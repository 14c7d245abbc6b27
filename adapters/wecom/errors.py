"""WeCom's return codes -> what the caller should do (docs: 全局错误码, page 90313).

The text WeCom sends along changes and may name people, so it is neither branched on nor passed on; only the caller IP
(60020) and the trace number that WeCom's support asks for are taken out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.errors import PlatformError

TOKEN_DEAD = frozenset({40014, 42001})
"""Fetch the token again once and replay once."""
SECRET_WRONG = 40001
"""Never repeated in a loop: wrong secrets in a row make WeCom block the caller's IP for an hour."""
USER_UNKNOWN = "301021"
NO_APPROVAL = frozenset({"301055", "301056"})
CONFIGURATION_PAUSE = 600.0

_RETRY = {
    -1: (5.0, "企业微信系统繁忙"),
    6000: (5.0, "数据版本冲突"),
    40014: (30.0, "access_token 失效，刷新后仍被拒绝"),
    42001: (30.0, "access_token 过期，刷新后仍被拒绝"),
    45009: (60.0, "接口调用超过频率限制"),
    45033: (10.0, "接口并发超过限制"),
    301022: (30.0, "打卡系统暂时不可用"),
    301057: (30.0, "审批提交失败"),
}
_PERSON = {
    40003: "成员账号不存在",
    46004: "成员已不存在",
    60111: "成员账号不存在或不在可见范围",
    43004: "成员未绑定微信",
    50002: "成员不在应用可见范围",
    60011: "成员不在应用可见范围",
    60021: "成员不在应用可见范围",
    60136: "记录不存在",
    81013: "接收人全部无效或不在应用可见范围",
    84061: "不存在客户关系",
    301021: "打卡系统中没有这名成员",
    60140: "卡片更新凭证无效、已过期（72 小时）或已用过，请另发新卡片",
    42052: "消息发出超过 24 小时，不能撤回",
    301079: "与已有考勤审批时间重叠",
    301080: "补卡班次无效",
    301081: "补卡时间不在允许范围内",
    301082: "补卡日期无效",
    301083: "补卡参数无效，例如时间在将来",
    301099: "打卡规则不允许补迟到卡",
    301100: "打卡规则不允许这次补卡",
    301101: "打卡规则不允许补早退卡",
    301102: "打卡规则不允许补缺卡",
    301103: "打卡规则不允许补此类异常",
    301104: "打卡规则不允许这次补卡",
    301105: "打卡规则不允许这次补卡",
    40029: "登录授权码无效，请重新打开页面",
    42003: "登录授权码已过期，请重新打开页面",
    42022: "登录授权码已用过，请重新打开页面",
    84014: "身份票据已过期，请重新打开页面",
    84015: "身份票据无效，请重新打开页面",
}
_CONFIGURATION = {
    40001: "应用 Secret 错误、已重置或应用被停用，请核对 WECOM_SECRET",
    40013: "企业 ID 错误，请核对 WECOM_CORP_ID",
    41002: "缺少企业 ID，请核对 WECOM_CORP_ID",
    41004: "缺少应用 Secret，请核对 WECOM_SECRET",
    40056: "应用 AgentId 错误，请核对 WECOM_AGENT_ID",
    301002: "AgentId 与 Secret 不属于同一应用",
    43012: "应用未设置接收消息的回调地址，请在应用的「接收消息」中配置",
    48002: "应用没有此接口的权限，请在对应系统应用的「可调用接口的应用」中添加本应用",
    48006: "应用因长期不活跃被收回权限",
    48009: "通讯录接口不允许从新 IP 读取详情",
    50001: "跳转域名不是应用的可信域名",
    80001: "可信域名未通过校验",
    85004: "可信域名设置有误",
    85005: "可信域名未通过校验",
    85008: "可信域名未通过校验",
    50003: "应用已被停用",
    60003: "部门不存在，请重新同步通讯录",
    60123: "部门不存在，请重新同步通讯录",
    60020: "服务器出口 IP 不在企业可信 IP 中，请在应用详情页添加",
    60031: "应用接口已被禁用",
    93000: "群机器人地址无效",
    93004: "群机器人已停用",
    93008: "机器人不在群中",
    301026: "审批模板不可用",
    301055: "应用没有审批数据权限，请在审批应用中授权",
    301056: "审批应用未启用",
    701008: "缺少接口许可",
}


def error(code: int, message: str = "") -> PlatformError:
    """The exception for a non-zero errcode. Unknown codes are treated as our own mistake: permanent, with alarm."""
    trace = re.search(r"hint: ?\[([\w-]+)\]", message)
    tail = f"（企业微信追踪号 {trace[1]}）" if trace else ""
    if code in _RETRY:
        after, hint = _RETRY[code]
        return PlatformError(str(code), hint + tail, retry_after=after)
    if code in _PERSON:
        return PlatformError(str(code), _PERSON[code] + tail, permanent=True)
    if code in _CONFIGURATION:
        hint = _CONFIGURATION[code]
        seen = re.search(r"from ip: ?([0-9a-fA-F.:]+)", message) if code == 60020 else None
        hint += f"：{seen[1].rstrip('.')}" if seen else ""
        return PlatformError(str(code), hint + tail, retry_after=CONFIGURATION_PAUSE, alarm=True)
    return PlatformError(str(code), "请求被企业微信拒绝，属于程序或参数问题" + tail, permanent=True, alarm=True)


def known() -> Iterable[int]:
    """Every code with an entry of its own, for the table test."""
    return (*_RETRY, *_PERSON, *_CONFIGURATION)
