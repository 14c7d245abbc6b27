"""The product in one process: real adapters, the sandbox over HTTP, sinks for SMS and mail, time that stands still.

Nothing waits: a journey moves the clock and every job that is due runs, every message goes out, every click comes in.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import requests
import sqlalchemy as sa
from werkzeug.serving import BaseWSGIServer, make_server

from adapters.sandbox.app import Running
from bot.app import App
from bot.delivery.deliver import Courier
from bot.dispatch import Dispatcher
from bot.evidence.tables import ev_event, ev_part
from bot.jobs import sync_people
from bot.web.record import reader
from bot.web.server import create_app
from handlers.missed_punch.jobs import JOBS
from tests.adapters.mail.test_mail import Sink
from tests.adapters.sms.gateway import Gateway
from tests.journeys.phones import Phone, Recorded

ZONE = ZoneInfo("Asia/Shanghai")
D0 = "2026-06-11"
STAFF = (
    {"id": "zhangsan", "name": "张三", "manager": "li", "department": "研发部"},
    {"id": "zhou", "name": "周工", "manager": "li", "department": "研发部"},
    {"id": "he", "name": "何工", "manager": "li", "department": "研发部"},
    {"id": "li", "name": "李总监", "manager": "chen", "department": "研发部"},
    {"id": "wang", "name": "王HR", "manager": "chen", "department": "人力资源部"},
    {"id": "chen", "name": "陈总", "manager": "", "department": "人力资源部"},
    {"id": "zhao", "name": "赵IT", "manager": "chen", "department": "信息技术部"},
)
"""The people of the story; everybody but 张三 is at work."""


def local(text: str) -> datetime:
    """`06-11 09:16:04`, or `09:16` on day 0, in Shanghai as UTC."""
    day, _, clock = text.rpartition(" ")
    return datetime.fromisoformat(f"2026-{day or D0[5:]}T{clock}").replace(tzinfo=ZONE).astimezone(UTC)


@dataclass
class Theatre:
    """`now` is the clock of everything in this process."""

    platform: str
    running: Running
    app: App
    gateway: Gateway
    sink: Sink
    now: datetime
    port: int
    closers: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dispatch = Dispatcher(self.app, lambda: None)
        self.courier = Courier(self.app, self.dispatch)
        web = create_app(self.app, self.dispatch)
        self.server: BaseWSGIServer = make_server("127.0.0.1", self.port, web, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.running.point_to(self.bot)

    @property
    def bot(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        for close in self.closers:
            close()

    def ask(self, what: str, **body: Any) -> Any:
        """The sandbox's control plane."""
        reply = requests.post(f"{self.running.url}/_sandbox/{what}", json=body, timeout=10)
        assert reply.ok, reply.text
        return reply.json()

    def people(self, *rows: dict[str, Any]) -> None:
        """Who there is, and into the directory."""
        self.ask("people", people=[{"platform": self.platform, **row} for row in rows])
        sync_people(self.app)

    def at(self, moment: str, *, jobs: bool = True) -> None:
        """Go there; what is due happens."""
        self.now = local(moment)
        if jobs:
            self.run()

    def through(self, *moments: str) -> None:
        for moment in moments:
            self.at(moment)

    def run(self) -> None:
        """Every job of the room once, then everything is said."""
        for _seconds, job in JOBS.values():
            job(self.app)
        self.courier.drain()

    def punch(self, *users: str) -> None:
        for user in users:
            self.ask("punch", user=user)

    def everybody_but(self, *absent: str) -> None:
        with self.running.world.lock:
            users = [each.id for each in self.running.world.people if each.id not in absent]
        self.punch(*users)
        self.courier.drain()

    def phone(self, user: str) -> Phone:
        return Phone(self, user)

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with self.app.engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]

    def events(self, *types: str) -> list[Recorded]:
        """What is on record, oldest first; `types` empty: everything."""
        read = reader(self.app)
        with self.app.engine.connect() as db:
            found = []
            for row in db.execute(sa.select(ev_event).order_by(ev_event.c.n)):
                if types and row.type not in types:
                    continue
                parts = db.execute(sa.select(ev_part).where(ev_part.c.event_id == row.event_id)).all()
                texts = {part.name: (read(db, part) or b"").decode(errors="replace") for part in parts}
                at = datetime.fromtimestamp(row.at_ms / 1000, ZONE)
                found.append(Recorded(row.type, at, row.actor, json.loads(row.envelope).get("source", {}), texts))
        return found

    def one(self, type: str) -> Recorded:
        """The only event of its kind."""
        found = self.events(type)
        assert len(found) == 1, [each.type for each in self.events()]
        return found[0]

    def types(self) -> list[str]:
        return [each.type for each in self.events()]

    def ref(self, user: str) -> str:
        with self.app.context() as ctx:
            found = ctx.people.find(self.platform, user)
            assert found
            return found.ref

    def said(self, *, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        """(who, title) of everything the bot said on phones, oldest first by phone; receipts left out."""
        return [
            (user, each.title)
            for user in sorted({person.id for person in self.running.world.people} - set(but))
            for each in self.phone(user).all()
        ]

    def wire(self, *paths: str) -> list[dict[str, Any]]:
        """Calls of the adapters whose path holds one of `paths`."""
        with self.running.world.lock:
            return [each for each in self.running.world.wire if any(path in str(each.get("path")) for path in paths)]


def platform_of(name: str, settings: Any, store: Any) -> Any:
    """The adapter as the product builds it."""
    return importlib.import_module(f"adapters.{name}").build(settings, store)
