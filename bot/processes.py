"""The processes: web, worker, scheduler, stream, and `run`, which supervises all of them on one machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from bot import embedded, jobs
from bot.app import App
from bot.ports import Listening
from bot.web.server import create_app

log = structlog.get_logger("huizhi.processes")


def stop_flag() -> threading.Event:
    """Set by SIGTERM or SIGINT."""
    flag = threading.Event()

    def set_flag(_signal: int, _frame: FrameType | None) -> None:
        flag.set()

    signal.signal(signal.SIGTERM, set_flag)
    signal.signal(signal.SIGINT, set_flag)
    return flag


def web(app: App, host: str, port: int) -> None:
    """Serve callbacks with gunicorn's threaded worker; one process is enough for a firm, more share the database."""
    from gunicorn.app.base import BaseApplication

    wsgi = create_app(app, jobs.dispatcher(app))

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {
                "bind": f"{host}:{port}",
                "workers": 1,
                "threads": 16,
                "worker_class": "gthread",
                "accesslog": None,
            }
            for key, value in {**options, "errorlog": "-", "loglevel": "warning", "graceful_timeout": 10}.items():
                self.cfg.set(key, value)

        def load(self) -> object:
            app.engine.dispose()
            return wsgi

    Server().run()


def stream(app: App, stop: threading.Event) -> int:
    """Hold every platform's outgoing connection that has one (DingTalk Stream); returns how many there were."""
    dispatch = jobs.dispatcher(app)
    listening = [(name, platform.listen) for name, platform in app.platforms.items() if isinstance(platform, Listening)]
    threads = [
        threading.Thread(target=listen, args=(dispatch, stop), name=name, daemon=True) for name, listen in listening
    ]
    for thread in threads:
        thread.start()
    while threads and not stop.is_set():
        stop.wait(0.5)
    for thread in threads:
        thread.join(5)
    return len(threads)


@dataclass(slots=True)
class Fleet:
    """Child processes that live and die together. `env` is added to ours."""

    env: Mapping[str, str]
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    arguments: dict[str, Sequence[str]] = field(default_factory=dict)
    output: Path | None = None

    def redis(self, socket: Path) -> None:
        """An embedded Redis, when REDIS_URL is not set."""
        self.children["redis"] = embedded.start(socket)

    def start(self, *names: str, extra: Sequence[str] = ()) -> None:
        """`huizhi <name> <extra>` as a child in its own process group."""
        for name in names:
            self.arguments[name] = extra
            target = (self.output / f"{name}.log").open("ab") if self.output else None
            command = [sys.executable, "-m", "bot.cli", name, *extra]
            self.children[name] = subprocess.Popen(
                command,
                env=os.environ | dict(self.env),
                stdout=target,
                stderr=target,
                start_new_session=True,
                preexec_fn=embedded.die_with_parent,
            )
            if target:
                target.close()

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: a child that died is started again, with a pause so that a broken one does not spin."""
        while not stop.wait(1.0):
            for name, child in list(self.children.items()):
                if name != "redis" and child.poll() is not None:
                    log.error("process.restarted", name=name, code=child.returncode)
                    self.start(name, extra=self.arguments[name])

    def stop(self) -> None:
        """Ask everybody to finish, Redis last; kill who does not within ten seconds."""
        store = {name: child for name, child in self.children.items() if name == "redis"}
        _finish({name: child for name, child in self.children.items() if name not in store})
        _finish(store)
        self.children.clear()


def _finish(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """All are asked before the first is waited for: together they take as long as the slowest."""
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + 10
    for name, child in children.items():
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("process.killed", name=name)
            child.kill()
            child.wait(5)
