"""The alarm clock. RQ carries names, never data: a job says which sweep is due, the database says what to do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import Event as Flag, Thread

import redis
import structlog
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from bot import anchors, clock, people, router
from bot.app import App, current
from bot.db import begin
from bot.delivery import custody, custody_reports
from bot.delivery.deliver import Courier
from bot.dispatch import Dispatcher
from bot.evidence import restamp, retention, revocation, selfaudit, stamping
from bot.evidence.sequencer import sequence
from bot.signing import copy as signing_copy

log = structlog.get_logger("huizhi.jobs")
QUEUE = "huizhi"
MARK_MS = 2000
BACKLOG = 200
INLINE = 3
"""Events answered at the same time in one process before further ones are stored first."""
JOB_SECONDS = 3600
"""A long drain must not be cut in the middle of a send by RQ's default of three minutes."""
IDLE = 0.25
"""Seconds after which a worker's courier looks for itself: a nudge may wait behind a long job."""
JOIN_SECONDS = 20
Job = Callable[[App], object]
_own: dict[str, Flag] = {}
"""Jobs that have a thread of their own in this process; the flag wakes it."""


def dispatcher(app: App) -> Dispatcher:
    """The hall behind every door of this process."""
    return Dispatcher(app, lambda: nudge(app, "drain"), inline=INLINE, late=lambda: nudge(app, "inbox"))


def nudge(app: App, name: str) -> None:
    """Ask for `name` soon; nudges before it starts are one job. A missing Redis only costs speed: the scheduler asks
    again every second. The mark is short-lived, because the worker that should clear it may have been killed."""
    try:
        queue = Queue(QUEUE, connection=app.redis, serializer=JSONSerializer)
        if app.redis.set(f"huizhi:nudge:{name}", "1", nx=True, px=MARK_MS) and queue.count < BACKLOG:
            queue.enqueue("bot.jobs.run", name, result_ttl=0, failure_ttl=3600, job_timeout=JOB_SECONDS)
    except redis.RedisError as error:
        log.warning("nudge.lost", job=name, error=type(error).__name__)


def run(name: str, app: App | None = None) -> None:
    """One named job in this process. The nudge mark goes first, so that work arriving meanwhile asks again."""
    app = app or current()
    app.redis.delete(f"huizhi:nudge:{name}")
    table()[name][1](app)
    if name != "drain":
        nudge(app, "drain")


def run_here(name: str, app: App) -> None:
    """The job itself, now, in the caller's thread."""
    table()[name][1](app)


def table() -> dict[str, tuple[float, Job]]:
    """name -> (seconds between runs, job): the core's and every handler's `JOBS`."""
    jobs: dict[str, tuple[float, Job]] = {
        "drain": (1.0, _drain),
        "inbox": (1.0, _answer_waiting),
        "sequence": (1.0, _sequence),
        custody.JOB: (custody.SECONDS, _harvest),
        "people": (300.0, sync_people),
        "checkpoint": (60.0, anchors.post),
        "audit": (86_400.0, selfaudit.audit),
        "retention": (retention.EVERY, retention.expire),
        "stamp": (stamping.SECONDS, stamping.stamp),
        "restamp": (restamp.EVERY, restamp.restamp),
        revocation.JOB: (revocation.SECONDS, revocation.collect),
        custody_reports.JOB: (custody_reports.SECONDS, _reports),
        signing_copy.JOB: (signing_copy.SECONDS, signing_copy.make_due),
    }
    for module in router.discover("handlers", "jobs"):
        prefix = getattr(module, "__package__", "").rsplit(".", 1)[-1]
        jobs |= {f"{prefix}.{name}": each for name, each in getattr(module, "JOBS", {}).items()}
    return jobs


def prompt() -> dict[str, tuple[float, Job]]:
    """name -> (seconds between looks, job): every handler's `PROMPT`. Each looks for itself whether anything is due, as
    cheaply as it can, in every worker; a long job in the queue does not hold it up."""
    found: dict[str, tuple[float, Job]] = {}
    for module in router.discover("handlers", "jobs"):
        prefix = getattr(module, "__package__", "").rsplit(".", 1)[-1]
        found |= {f"{prefix}.{name}": each for name, each in getattr(module, "PROMPT", {}).items()}
    return found


def _answer_waiting(app: App) -> int:
    return dispatcher(app).answer_waiting()


def _reports(app: App) -> int:
    return custody_reports.collect(app, dispatcher(app))


def _drain(app: App) -> int:
    return 0 if _woken("drain") else Courier(app, dispatcher(app)).drain()


def _harvest(app: App) -> int:
    return 0 if _woken(custody.JOB) else custody.harvest(app)


def _woken(name: str) -> bool:
    if name in _own:
        _own[name].set()
    return name in _own


def _sequence(app: App) -> None:
    while sequence(app.engine, app.keys, clock.now()) is not None:
        continue


def sync_people(app: App) -> None:
    """Every platform's directory into `person`."""
    for name, platform in app.platforms.items():
        found = platform.people()
        roles = {user: role for user, role in app.settings.roles.items() if user.startswith(f"{name}:")}
        with begin(app.engine) as connection:
            count = people.sync(connection, name, found, {user.split(":", 1)[1]: role for user, role in roles.items()})
        log.info("people.synced", platform=name, count=count)


def work(app: App, *, burst: bool = False) -> None:
    """The worker process: preloaded, no fork per job (a job costs milliseconds instead of half a second).

    Sending and asking for receipts have a thread each: a broadcast of an hour must not hold up the other jobs. So has
    what must be prompt, see `prompt`.
    """
    queue = Queue(QUEUE, connection=app.redis, serializer=JSONSerializer)
    stop = Flag()
    courier = Courier(app, dispatcher(app))
    runs: dict[str, tuple[float, Callable[[], object]]] = {
        "drain": (IDLE, lambda: courier.drain(stop)),
        custody.JOB: (custody.SECONDS, lambda: custody.harvest(app)),
    }
    runs |= {name: (seconds, functools.partial(job, app)) for name, (seconds, job) in prompt().items()}
    threads = [] if burst else [Thread(target=_side, args=(name, *run, stop), name=name) for name, run in runs.items()]
    _own.update({} if burst else {name: Flag() for name in runs})
    for thread in threads:
        thread.start()
    try:
        SimpleWorker([queue], connection=app.redis, serializer=JSONSerializer).work(
            burst=burst, logging_level="WARNING"
        )
    finally:
        stop.set()
        for flag in _own.values():
            flag.set()
        for thread in threads:
            thread.join(JOIN_SECONDS)
        _own.clear()


def _side(name: str, seconds: float, run: Callable[[], object], stop: Flag) -> None:
    """Run when woken or after `seconds`, until `stop`; whatever happens, again."""
    while not stop.is_set():
        _own[name].wait(seconds)
        _own[name].clear()
        try:
            run()
        except Exception as error:  # noqa: BLE001 - the database or Redis may be gone for a while
            log.error("job.failed", job=name, error=type(error).__name__)
            stop.wait(1.0)


def schedule(app: App, stop: Flag) -> None:
    """The scheduler process: nudges each job when its interval has passed, on the (possibly moved) clock."""
    last: dict[str, float] = {}
    while not stop.is_set():
        now = clock.now().timestamp()
        for name, (seconds, _job) in table().items():
            if abs(now - last.get(name, 0.0)) >= seconds:
                last[name] = now
                nudge(app, name)
        stop.wait(0.25 if clock.offset() else 1.0)
