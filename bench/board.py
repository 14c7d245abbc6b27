"""The board of a notice to a large list, through the web process as a browser meets it.

    python -m bench.board [people] [rounds] [postgresql url]

Three pages are asked for by a signed-in HR person: the board, whose counts add up to the list to the last person, the
list behind one of its numbers, and the curve of time-to-read (departments of a list this long are counted on request).
SQLite always; PostgreSQL with a URL of a server that may create a database, or with `pgserver` installed. A third of
the list has opened the text, some answered, some were dropped; every person has an attempt. The limit is 300 ms for
the median.
"""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis
import sqlalchemy as sa

from bench.rounds import median
from bot import embedded
from bot.app import App
from bot.db import begin, create_engine
from bot.evidence.keys import load_or_create
from bot.people import sync
from bot.ports import DirectoryPerson
from bot.schema import upgrade
from bot.store import RedisStore
from bot.tables import person as people_table
from bot.web.server import create_app
from bot.web.session import Sessions
from config.settings import load, sandbox_env
from handlers.notices import tables as t

ID, LIMIT, BEGUN = "nt-bench", 300.0, datetime(2026, 6, 11, 1, 0, tzinfo=UTC)
STANDINGS = ((0, "", ""), (1, "", ""), (1, "", ""), (3, "", ""), (4, "", "received"), (4, "", "objected"),
             (1, "dropped", ""), (0, "unreached", ""), (2, "", ""), (3, "", ""))  # fmt: skip
RARE = (4, "", "appealed")
"""One in twenty: at 300,000 people a list just below the size from which the whole list is walked instead."""


def _rows(first: int, last: int) -> Iterator[tuple[dict[str, object], dict[str, object], dict[str, object]]]:
    for n in range(first, last):
        rung, trouble, answer = RARE if n % 20 == 3 else STANDINGS[n * 7 % len(STANDINGS)]
        person, user = f"wecom:u{n:06d}", f"u{n:06d}"
        at = BEGUN + timedelta(seconds=n % 86_400)
        who: dict[str, object] = {
            "id": person,
            "ref": f"p:{n:024x}",
            "name": f"员工{n}",
            "platform": "wecom",
            "user_id": user,
        }
        who |= {
            "role": "employee",
            "site": f"wecom/部门{n % 40}",
            "zone": "Asia/Shanghai",
            "active": True,
            "locale": "zh",
        }
        stands: dict[str, object] = {"notice_id": ID, "person_id": person, "platform": "wecom", "user_id": user}
        stands |= {"rung": rung, "trouble": trouble, "answer": answer, "accepted_at": at if rung else None}
        stands |= {"opened_at": at if rung >= 3 else None, "answered_at": at if rung >= 4 else None}
        tried = {"notice_id": ID, "person_id": person, "step": 0, "channel": "wecom.shared", "row_id": f"r{n // 1000}"}
        yield who, stands, tried | {"state": "accepted", "at": at}


def fill(engine: sa.Engine, people: int) -> None:
    """The notice, its list and an attempt for everybody."""
    with begin(engine) as db:
        sync(db, "wecom", [DirectoryPerson("hr", "HR")], {"hr": "hr"})
        values: dict[str, object] = {
            "id": ID,
            "state": "sent",
            "importance": "confirm",
            "answers": '["received"]',
            "audience": "{}",
        }
        values |= {"people": people, "started_at": BEGUN, "author_id": "wecom:hr", "created_at": BEGUN}
        db.execute(sa.insert(t.notice).values(values))
        db.execute(sa.insert(t.text).values(notice_id=ID, locale="zh", title="考勤制度", body="正文", sha256="0" * 64))
    for first in range(0, people, 10_000):
        who, stands, tried = zip(*_rows(first, min(first + 10_000, people)), strict=True)
        with begin(engine) as db:
            db.execute(sa.insert(people_table), list(who))
            db.execute(sa.insert(t.recipient), list(stands))
            db.execute(sa.insert(t.attempt), list(tried))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(sa.text("ANALYZE"))


@contextmanager
def _app(url: str, folder: Path) -> Iterator[App]:
    socket = Path(f"/tmp/huizhi-bench-{uuid.uuid4().hex[:8]}/r.sock")  # noqa: S108 - a socket's path must be short
    process = embedded.start(socket)
    client = redis.Redis(unix_socket_path=str(socket))
    settings = load(sandbox_env("http://127.0.0.1:1"))
    keys = load_or_create(folder / "keys", "bench.example/hr-log/1")
    app = App(settings, create_engine(url), client, RedisStore(client), keys, {})
    yield app
    app.engine.dispose()
    client.close()
    process.terminate()
    process.wait(5)


def measure(url: str, folder: Path, people: int, count: int) -> dict[str, list[float]]:
    """Page -> milliseconds of each round. AssertionError when a page is wrong or its sum is not the list."""
    upgrade(url)
    with _app(url, folder) as app:
        fill(app.engine, people)
        web = create_app(app, lambda *_: None)  # no door is opened here
        client = web.test_client()
        sessions = Sessions(app.settings.secret_key, app.store, secure=False)
        now = datetime.now(UTC)
        client.set_cookie(sessions.name, sessions.dump(sessions.start("wecom:hr", now), now))
        pages = {"board": "board", "small list": "people?in=appealed", "large list": "people?in=accepted"}
        pages["charts"] = "charts"
        spent: dict[str, list[float]] = {name: [] for name in pages}
        for _ in range(count + 1):  # the first one is thrown away: it compiles templates
            for name, path in pages.items():
                app.redis.flushall()  # the person's limit of pages a minute is not what is measured
                begun = time.perf_counter()
                answer = client.get(f"/notices/{ID}/{path}")
                spent[name].append(1000 * (time.perf_counter() - begun))
                assert answer.status_code == 200, answer.status_code
                if name == "board":
                    assert "合计，与名单一致" in answer.text
                    assert f"<b>{people}</b>" in answer.text
        return {name: each[1:] for name, each in spent.items()}


def compare(people: int = 300_000, count: int = 7, postgresql: str = "") -> Iterator[str]:
    """Lines to print. AssertionError when a median is over the limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = [f"sqlite:///{folder}/board.db", *_postgresql(folder, postgresql)]
        for url in urls:
            for page, each in measure(url, folder, people, count).items():
                kind = sa.make_url(url).get_backend_name()
                yield f"notice {page:<10} {kind:<10} {median(each):7.1f} ms  max {max(each):7.1f} ms  {people:,} people"
                assert median(each) < LIMIT, f"{page} takes {median(each):.0f} ms on {kind}"


def _postgresql(folder: Path, url: str) -> Sequence[str]:
    if not url:
        from pgserver import postgres_server  # a real server without root; part of the development tools

        server = tempfile.mkdtemp(prefix="huizhi-pg-")
        url = postgres_server.get_server(server, cleanup_mode="delete").get_uri()
    name = f"board{uuid.uuid4().hex[:8]}"
    admin = create_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return [sa.make_url(url).set(database=name).render_as_string(hide_password=False)]


if __name__ == "__main__":
    people, rounds, server, *_ = [*sys.argv[1:], *("300000", "7", "")[len(sys.argv[1:]) :]]
    for line in compare(int(people), int(rounds), server):
        print(line, flush=True)
