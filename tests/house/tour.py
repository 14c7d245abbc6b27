"""One click, watched: `python -m tests.house.tour > docs/tour.md`.

The real WeCom adapter, the web process, the database and the worker's courier run here in one process in front of the
sandbox, which seals and posts the click as the vendor would. A profile hook writes down which functions were entered.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any
from unittest.mock import patch

import requests
import sqlalchemy as sa
import structlog
from werkzeug.serving import WSGIRequestHandler, make_server

import adapters.wecom
from adapters.sandbox.app import Running, start
from bot import jobs
from bot.app import App, build
from bot.delivery.deliver import Courier
from bot.dispatch import Dispatcher
from bot.schema import upgrade
from bot.tables import failed
from bot.web.server import create_app
from config.settings import load, sandbox_env
from tests.adapters.wecom.fake import Store
from tests.house.tour_page import Seen, page

ROOT = Path(__file__).parents[2]
MOMENT = "2026-06-11T09:16:10"
EMPLOYEE, BUTTON = "zhangsan", "忘打卡"


@dataclass(slots=True)
class Watch:
    """`steps`: module:function of this repository, in the order in which they were first entered."""

    steps: list[str] = field(default_factory=list)
    on: bool = False

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self.on or event != "call" or not frame.f_code.co_filename.startswith(str(ROOT)):
            return
        name = frame.f_code.co_qualname.replace(".<locals>", "")
        step = f"{frame.f_globals.get('__name__', '')}:{name}"
        if step not in self.steps:
            self.steps.append(step)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing: the tour is all that is written."""


def watch() -> Seen:
    """Plays the morning until the check-in card is on the phone, then watches one click until everything is said."""
    watching = Watch()
    threading.setprofile(watching)
    try:
        with TemporaryDirectory() as folder, patch.dict(os.environ, {"HUIZHI_CLOCK_FILE": f"{folder}/clock"}):
            return _play(Path(folder), watching)
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]
        sys.setprofile(None)


def _play(folder: Path, watching: Watch) -> Seen:
    sandbox = start(load(sandbox_env("http://127.0.0.1:1")))
    app = _bot(folder, sandbox)
    dispatch = Dispatcher(app, lambda: None)
    with _web(app, dispatch) as url:
        sandbox.point_to(url)
        _morning(app, sandbox)
        courier = Courier(app, dispatch)
        courier.drain()
        bubble = sandbox.world.find(EMPLOYEE).bubbles[-1]  # type: ignore[union-attr]
        asked = bubble.card["title"]
        key = next(each["key"] for each in bubble.card["buttons"] if each["label"] == BUTTON)
        watching.on = True
        _tell(sandbox, "click", user=EMPLOYEE, bubble=bubble.id, key=key)
        sys.setprofile(watching)
        courier.drain()
        sys.setprofile(None)
        watching.on = False
        with app.engine.connect() as connection:
            broken = connection.execute(sa.select(failed.c.error)).scalars().all()
        if broken:
            raise RuntimeError(f"the click failed inside: {', '.join(broken)}; this is not the tour to write down")
        shown = sandbox.world.find(EMPLOYEE).bubbles  # type: ignore[union-attr]
        after = tuple(each.card.get("title") or each.text.split("\n", 1)[0] for each in shown)
    sandbox.stop()
    app.engine.dispose()
    app.redis.close()
    return Seen(tuple(watching.steps), asked, after)


def _bot(folder: Path, sandbox: Running) -> App:
    url = f"sqlite:///{folder}/huizhi.db"
    upgrade(url)
    # Redis is not needed for one process: the platform's shared memory is a dictionary here.
    environment = sandbox_env(sandbox.url) | {
        "HUIZHI_PLATFORMS": "wecom",
        "HUIZHI_ROLES": "wecom:wang=hr",
        "HUIZHI_KEY_DIR": f"{folder}/keys",
        "DATABASE_URL": url,
        "REDIS_URL": f"unix://{folder}/none.sock",
        "HUIZHI_SENDERS": "1",  # one after the other: the steps keep their order
    }
    settings = load({name: text for name, text in environment.items() if name != "HUIZHI_CHECKPOINT_TO"})
    app = build(settings)
    app.platforms = {"wecom": adapters.wecom.build(settings, Store())}
    return app


@contextmanager
def _web(app: App, dispatch: Dispatcher) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(app, dispatch), request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _morning(app: App, sandbox: Running) -> None:
    """Everybody has punched but one; the scheduler's jobs ran."""
    _tell(sandbox, "clock", at="2026-06-11T08:50:00")
    for person in sandbox.world.on("wecom"):
        if person.id != EMPLOYEE:
            _tell(sandbox, "punch", user=person.id)
    jobs.run_here("people", app)
    for at in ("2026-06-11T09:14:00", MOMENT):
        _tell(sandbox, "clock", at=at)
        for name in ("poll", "scan", "climb"):
            jobs.run_here(f"missed_punch.{name}", app)


def _tell(sandbox: Running, what: str, **body: Any) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/{what}", json=body, timeout=10)
    assert answer.ok, answer.text


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print(page(watch()), end="")
