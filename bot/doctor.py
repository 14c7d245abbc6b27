"""`huizhi doctor`: one finding per thing that can be wrong, each with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot import clock, progress, router
from bot.app import App, build
from bot.delivery import custody_reports
from bot.errors import BotError
from bot.evidence.tsa_doctor import tsa_findings
from bot.ports import Finding
from bot.schema import state
from config.settings import Settings, SettingsError, load

REVIVE = "启动 redis-server 或检查 REDIS_URL / start redis-server or check REDIS_URL"


def examine(env: Mapping[str, str]) -> list[Finding]:
    """Everything, in order of dependence; later checks are skipped when settings are unusable."""
    try:
        settings = load(env)
    except SettingsError as error:
        return [
            Finding("settings", False, problem, "修正该环境变量后重试 / fix this variable")
            for problem in error.problems
        ]
    findings = [
        Finding("settings", True, f"{', '.join(settings.platforms)} · {settings.timezone}"),
        _database(settings),
    ]
    try:
        app = build(settings)
    except (BotError, OSError, SQLAlchemyError) as error:
        return [*findings, Finding("start", False, str(error), "见上面的提示 / see the hint")]
    findings += [_redis(app), _keys(settings), _clock(), _reachable(settings)]
    findings += tsa_findings(app)
    if findings[1].ok:
        for module in router.discover("handlers", "doctor"):
            findings += module.findings(app)  # type: ignore[attr-defined]
    findings += [*_told(app, "progress", progress.findings), *_told(app, "reports", custody_reports.findings)]
    for name, platform in app.platforms.items():
        try:
            findings += platform.doctor()
        except RedisError as error:
            findings.append(Finding(name, None, f"not checked without Redis ({type(error).__name__})", REVIVE))
    return findings


def _told(app: App, name: str, told: Callable[[App], list[Finding]]) -> list[Finding]:
    try:
        return told(app)
    except RedisError as error:
        return [Finding(name, None, f"not checked without Redis ({type(error).__name__})", REVIVE)]


def _database(settings: Settings) -> Finding:
    try:
        found, wanted = state(settings.database_url)
    except SQLAlchemyError as error:
        return Finding(
            "database",
            False,
            type(error).__name__,
            "检查 DATABASE_URL 与数据库服务 / check DATABASE_URL and the server",
        )
    if found != wanted:
        return Finding(
            "database",
            False,
            f"schema {found or 'empty'}, wanted {wanted}",
            "运行 huizhi db upgrade / run huizhi db upgrade",
        )
    return Finding("database", True, f"schema {found}")


def _redis(app: App) -> Finding:
    try:
        app.store.ping()
    except RedisError as error:
        return Finding("redis", False, type(error).__name__, REVIVE)
    return Finding("redis", True, "answers")


def _keys(settings: Settings) -> Finding:
    folder = Path(settings.key_dir)
    loose = [each.name for each in folder.glob("*.pem") if each.stat().st_mode & 0o077]
    if loose:
        return Finding("keys", False, f"readable by others: {', '.join(loose)}", f"chmod 600 {folder}/*.pem")
    return Finding("keys", True, str(folder))


def _clock() -> Finding:
    moved = clock.offset()
    if moved:
        return Finding(
            "clock",
            None,
            f"moved by {moved:.0f} s (rehearsal)",
            "取消 HUIZHI_CLOCK_FILE / unset HUIZHI_CLOCK_FILE",
        )
    return Finding("clock", True, datetime.now(UTC).isoformat(timespec="seconds"))


def _reachable(settings: Settings) -> Finding:
    advice = "回调地址要能从公网访问；只用钉钉 Stream 可忽略 / callbacks need a public address, Stream does not"
    if not settings.public_url.startswith(("http://", "https://")):
        return Finding("public_url", False, "neither http nor https", advice)
    try:
        with urlopen(f"{settings.public_url}/healthz", timeout=3) as answer:  # noqa: S310 - scheme was checked above
            remote = parsedate_to_datetime(answer.headers.get("Date", "")) if answer.headers.get("Date") else None
    except (URLError, OSError, ValueError) as error:
        return Finding("public_url", None, f"{settings.public_url}: {type(error).__name__}", advice)
    skew = abs((datetime.now(UTC) - remote).total_seconds()) if remote else 0
    return Finding(
        "public_url",
        skew < 60,
        f"{settings.public_url} answers, clock skew {skew:.0f} s",
        "校准服务器时钟 / set up NTP",
    )
