"""Fetching what channels leave somewhere (bounces in a mailbox), one channel's failure apart from the others'."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError

from bot import clock, installed
from bot.app import App
from bot.errors import PlatformError
from bot.ports import Channel, Dispatch, Finding
from bot.ports.reports import Collecting

log = structlog.get_logger("huizhi.reports")
JOB, SECONDS = "reports", 300.0
LATE = timedelta(minutes=15)
"""Without a run for so long the collecting itself is what is wrong."""
_KEPT = 7 * 86_400.0
_ADVICE = "检查该渠道收取回执的地址、账号和网络 / check the address and account its reports are fetched from"
_WORKER = "检查 worker 与 scheduler 是否在运行 / check that the worker and the scheduler run"


def collect(app: App, dispatch: Dispatch, known: Mapping[str, Channel] | None = None) -> int:
    """Ask every channel that is `Collecting` for new reports; how many came.

    `known`: name -> channel, those that are set up when omitted. A channel that fails is logged by its name and the
    kind of failure alone, kept for `findings`, and asked again next time.
    """
    total = 0
    for name, channel in (installed.channels(app.settings, app.store) if known is None else known).items():
        if isinstance(channel, Collecting):
            count, code = _one(name, channel, dispatch)
            total += count
            _keep(app, name, code)
    return total


def _one(name: str, channel: Collecting, dispatch: Dispatch) -> tuple[int, str]:
    try:
        return channel.collect(dispatch), ""
    except PlatformError as error:
        log.warning("reports.failed", channel=name, code=error.code, alarm=error.alarm)
        return 0, error.code
    except Exception as error:  # noqa: BLE001 - a mailbox with one odd message must not hold up the other channels
        # Its text may quote somebody's mail: the kind is enough to look for it.
        log.error("reports.broken", channel=name, error=type(error).__name__)
        return 0, type(error).__name__


def _keep(app: App, name: str, code: str) -> None:
    told = json.dumps({"at": clock.now().isoformat(), "code": code})
    try:
        app.store.set(_key(name), told, _KEPT)
    except RedisError as error:
        log.warning("reports.unkept", channel=name, error=type(error).__name__)


def _key(name: str) -> str:
    return f"huizhi:reports:{name}"


def findings(app: App, known: Mapping[str, Channel] | None = None) -> list[Finding]:
    """For the doctor: how the last fetching of each channel's reports went. RedisError when Redis is away."""
    every = installed.channels(app.settings, app.store) if known is None else known
    return [_finding(app, name) for name, each in every.items() if isinstance(each, Collecting)]


def _finding(app: App, name: str) -> Finding:
    check, told = f"{name} 回执 / reports", app.store.get(_key(name))
    if told is None:
        return Finding(check, None, "还没有收取过 / not fetched yet", _WORKER)
    last = json.loads(told)
    at = datetime.fromisoformat(last["at"])
    if last["code"]:
        return Finding(check, False, f"{at:%Y-%m-%d %H:%M} UTC: {last['code']}", _ADVICE)
    if clock.now() - at > LATE:
        return Finding(check, False, f"最近一次 / last {at:%Y-%m-%d %H:%M} UTC", _WORKER)
    return Finding(check, True, f"{at:%Y-%m-%d %H:%M} UTC")
