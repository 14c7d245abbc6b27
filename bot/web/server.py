"""Flask in front of the doors: size limit, vendor status codes, health and metrics. No vendor, no HR matter."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from bot.app import App
from bot.errors import BadRequest
from bot.evidence.tables import ev_event
from bot.ports import Dispatch, Door, Platform, WireReply, WireRequest
from bot.store import new_ref
from bot.tables import failed, outbox
from bot.web import security, site

log = structlog.get_logger("huizhi.web")
MAX_BODY = 256 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(app: App, dispatch: Dispatch) -> Flask:
    """The WSGI application: one route per door of every platform, /healthz, /readyz, /metrics, and the pages."""
    web = Flask("huizhi", static_folder=None)
    # One byte more than allowed: an upload of undeclared length is silently cut here, and the cut must be noticed.
    web.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    registry = CollectorRegistry()
    callbacks = Counter(
        "huizhi_callbacks", "Inbound callbacks by door and status", ["door", "status"], registry=registry
    )
    for name, (method, path), door in app.doors():
        view = _view(door, dispatch, callbacks.labels, path)
        web.add_url_rule(path, endpoint=f"{name} {method} {path}", view_func=view, methods=[method])
    _operations(web, app, registry)
    site.install(web, app)
    web.after_request(_harden)
    return web


def _view(door: Door, dispatch: Dispatch, count: Callable[[str, str], Counter], path: str) -> Callable[[], Response]:
    def view() -> Response:
        try:
            reply = door(_wire(), dispatch)
        except BadRequest as error:
            log.warning("callback.refused", door=path, reason=error.reason, status=error.status)
            reply = WireReply(error.status, b"refused")
        except Exception as error:  # noqa: BLE001 - the vendor gets a 5xx and repeats; nothing was written
            error_id = new_ref()
            log.error("callback.lost", door=path, error=type(error).__name__, error_id=error_id)
            reply = WireReply(503, f"try again ({error_id[:8]})".encode())
        count(path, str(reply.status)).inc()
        return Response(reply.body, reply.status, content_type=reply.content_type)

    return view


def _wire() -> WireRequest:
    if (request.content_length or 0) > MAX_BODY:
        raise BadRequest("body too large", 413)
    try:
        body = request.get_data(cache=False)
    except HTTPException as error:  # the sender went away in the middle
        raise BadRequest(error.name.lower(), error.code or 400) from None
    if len(body) > MAX_BODY:
        raise BadRequest("body too large", 413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return WireRequest(request.method, request.args.to_dict(), headers, body)


def _operations(web: Flask, app: App, registry: CollectorRegistry) -> None:
    waiting = Gauge("huizhi_outbox", "Outbox rows by state", ["state"], registry=registry)
    lost = Gauge("huizhi_failed_events", "Events kept for replay", registry=registry)
    pending = Gauge("huizhi_evidence_pending", "Evidence events not yet in the tree", registry=registry)
    quota = Gauge(
        "huizhi_platform_quota_used", "Calls and pushes used this month", ["platform", "kind"], registry=registry
    )

    @web.get("/healthz")
    def healthz() -> Response:
        return Response("ok", content_type="text/plain")

    @web.get("/readyz")
    def readyz() -> Response:
        problems = [name for name, check in (("database", _database), ("redis", _redis)) if not check(app)]
        return Response("ready" if not problems else "not ready: " + ", ".join(problems), 503 if problems else 200)

    @web.get("/metrics")
    def metrics() -> Response:
        try:
            with app.engine.connect() as connection:
                waiting.clear()
                for state, count in connection.execute(
                    sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)
                ):
                    waiting.labels(state).set(count)
                lost.set(
                    connection.execute(sa.select(sa.func.count()).where(failed.c.replayed_at.is_(None))).scalar_one()
                )
                unsequenced = sa.select(sa.func.count()).select_from(ev_event).where(ev_event.c.log_index.is_(None))
                pending.set(connection.execute(unsequenced).scalar_one())
        except SQLAlchemyError as error:  # half the numbers would look like an empty queue
            log.error("metrics.database", error=type(error).__name__)
            return Response("database unavailable", 503, content_type="text/plain")
        quota.clear()  # without Redis the month's use is unknown, which an old number would hide
        for name, platform in app.platforms.items():
            for kind, used in _quota(platform).items():
                quota.labels(name, kind).set(used)
        return Response(generate_latest(registry), content_type="text/plain; version=0.0.4")


def _quota(platform: Platform) -> dict[str, int]:
    """What the platform metered this month; nothing when it meters nothing or Redis is away."""
    try:
        used: dict[str, int] = getattr(platform, "quota", dict)()
    except RedisError as error:
        log.warning("metrics.quota", platform=platform.name, error=type(error).__name__)
        return {}
    return used


def _database(app: App) -> bool:
    try:
        with app.engine.connect() as connection:
            connection.execute(sa.select(1))
    except SQLAlchemyError as error:
        log.error("readyz.database", error=type(error).__name__)
        return False
    return True


def _redis(app: App) -> bool:
    try:
        return app.store.ping()
    except RedisError as error:
        log.error("readyz.redis", error=type(error).__name__)
        return False


def _harden(response: Response) -> Response:
    if g.get("page"):
        return security.harden(response, long=g.get("long", False))
    response.headers.extend(HEADERS)
    return response
