"""What `huizhi doctor` says about trusted time. Each authority is asked for one token about random bytes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.errors import Misconfigured, PlatformError
from bot.evidence.log import milliseconds
from bot.evidence.stamping import roots_of, stampers_of
from bot.evidence.tokens import TokenError, make_request, read_response
from bot.ports import Finding, TimeStamper

if TYPE_CHECKING:
    from bot.app import App

MAX_SKEW = 5.0
"""Seconds our clock may differ from the authority's."""
NONE = "没有可信时间，存证报告会注明。向时间戳机构开通后设置 HUIZHI_TSA / reports will say so; set HUIZHI_TSA"
REACH = "检查 HUIZHI_TSA 的地址、网络与账号 / check the address in HUIZHI_TSA, the network and the account"
REFUSED = "机构拒绝签发，请凭上述原因联系它 / the authority refused; ask it, quoting the reason"
TRUST = "核对 HUIZHI_TSA_ROOTS 是否为该机构的根证书 / check that HUIZHI_TSA_ROOTS holds this authority's root"
ANSWER = "对方返回的不是本次请求的时间戳，核对地址 / this is no token for our request; check the address"
CLOCK = "校准服务器时钟 / set up NTP"
ADVICE = {"refused": REFUSED, "untrusted": TRUST, "unreadable": ANSWER, "mismatch": ANSWER}


def tsa_findings(app: App) -> list[Finding]:
    """One finding per authority of the settings, or one that says why there is none."""
    if not app.settings.tsa:
        return [Finding("tsa", None, "no time-stamping authority", NONE)]
    try:
        roots_pem = roots_of(app.settings)
    except Misconfigured as error:
        return [Finding("tsa", False, str(error), TRUST)]
    return [examine(stamper, roots_pem) for stamper in stampers_of(app.settings)]


def examine(stamper: TimeStamper, roots_pem: bytes, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Finding:
    """Is it there, does its token verify, does its clock agree with `now`, which is the unmoved one."""
    check, digest, nonce = f"tsa {stamper.name}", secrets.token_bytes(32), secrets.randbits(63)
    before = milliseconds(now())
    try:
        answer = stamper.ask(make_request(digest, nonce))
        after = milliseconds(now())
        token = read_response(answer, digest, nonce, roots_pem)
    except PlatformError as error:
        return Finding(check, False, str(error), REACH)
    except TokenError as error:
        return Finding(check, False, str(error), ADVICE[error.kind])
    skew = max(before - token.gen_ms, token.gen_ms - after, 0) / 1000
    detail = f"{token.authority}, clock differs by {skew:.1f} s"
    return Finding(check, skew <= MAX_SKEW, detail, "" if skew <= MAX_SKEW else CLOCK)
