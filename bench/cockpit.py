"""How fast are HR's pages of a performance cycle? Through Flask's test client, on SQLite and on PostgreSQL.

    python -m bench.cockpit [members] [rounds]

Every page is asked for in full, with its session, its rights and its record of who looked; the median of `rounds` is
shown. The cycle has people in every state, scores of two sides and progress of most; each page has to stay under LIMIT.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pgserver
import redis
import sqlalchemy as sa
from flask.testing import FlaskClient

from bench.rounds import median
from bot import clock, embedded, people, schema
from bot.app import App
from bot.db import begin, create_engine
from bot.dispatch import Dispatcher
from bot.evidence.keys import load_or_create
from bot.people import People
from bot.ports import DirectoryPerson
from bot.store import RedisStore
from bot.tables import approval, approval_seat, approval_step
from bot.web.server import create_app
from bot.web.session import Sessions
from config.settings import load, sandbox_env
from handlers.performance import board, tables as t
from handlers.performance.preparing import setup
from handlers.performance.store import Clause, Dimension

LIMIT = 0.3
TEAMS = 200
PAGES = {
    "cockpit": "/performance/cockpit",
    "cycle": "/performance/cockpit/{cycle}",
    "list": "/performance/cockpit/{cycle}/people?state=unsigned",
    "low of a department": "/performance/cockpit/{cycle}/people?state=low&site=d17",
    "calibration (manager)": "/performance/cockpit/{cycle}/calibration?state=manager",
    "calibration (results)": "/performance/cockpit/{cycle}/calibration?state=result&site=d17",
    "approve many": "/performance/cockpit/{cycle}/release",
    "form of a cycle": "/performance/cockpit/new/cycle",
    "my performance": "/performance",
}
CLAUSES = (
    Clause("1", "below sixty", None, Decimal(60), "C"),
    Clause("2", "sixty and more", Decimal(60), None, "A", factor=Decimal(1)),
)


def fill(app: App, members: int) -> str:
    """A cycle of so many people in TEAMS departments; returns its id."""
    staff = [DirectoryPerson("hr", "HR")] + [DirectoryPerson(f"m{no}", f"Lead {no}", "hr") for no in range(TEAMS)]
    staff += [DirectoryPerson(f"u{no}", f"Person {no}", f"m{no % TEAMS}", (f"d{no % TEAMS}",)) for no in range(members)]
    with begin(app.engine) as db:
        people.sync(db, "fake", staff, {"hr": "hr"})
    with app.engine.connect() as db:
        hr = People(db).find("fake", "hr")
    with app.context(hr) as ctx:
        policy = setup.create_policy(ctx, "policy", date(2026, 1, 1), CLAUSES)
        parts = (Dimension("a", "A", Decimal(70), Decimal(100)), Dimension("b", "B", Decimal(30), Decimal(100)))
        template = setup.create_template(ctx, "template", parts)
        draft = setup.CycleDraft(
            "June", date(2026, 6, 1), date(2026, 6, 30), policy.id, template.id, ("self", "manager")
        )
        cycle = setup.create_cycle(ctx, draft)
        _stand(ctx.db, cycle.id)
    return cycle.id


def _stand(db: sa.Connection, cycle_id: str) -> None:
    """Everybody somewhere: states, answers, scores, attainment, and the reviews behind them."""
    ids = db.execute(sa.select(t.member.c.person_id).order_by(t.member.c.person_id)).scalars().all()
    now, states, reviews = datetime.now(UTC), [], []
    for no, person in enumerate(ids):
        name = board.GROUPS[no % len(board.GROUPS)]
        answer = name if name in board.ANSWERS else ""
        score, attainment = str(40 + no % 600 / Decimal(10)), str(no % 1200 / Decimal(10)) if no % 9 else ""
        row = {"who": person, "state": "answered" if answer else name, "answer": answer}
        states.append(row | {"score": score if no % 5 else "", "attainment": attainment})
        for side in ("self", "manager"):
            key = {"cycle_id": cycle_id, "person_id": person, "side": side, "version": 1, "by_id": person}
            reviews.append(key | {"state": "submitted", "score": score, "saved_at": now, "submitted_at": now})
    names = ("state", "answer", "score", "attainment")
    change = sa.update(t.member).where(t.member.c.person_id == sa.bindparam("who"))
    db.execute(
        change.values({name: sa.bindparam(f"new_{name}") for name in names}),
        [{"who": row["who"]} | {f"new_{name}": row[name] for name in names} for row in states],
    )
    for start in range(0, len(reviews), 1000):
        db.execute(sa.insert(t.review), reviews[start : start + 1000])
    _wait(db, cycle_id, now)
    db.execute(sa.update(t.cycle).values(state="scoring"))


def _wait(db: sa.Connection, cycle_id: str, now: datetime) -> None:
    """Whoever is in `approving` has a result that waits for HR."""
    c = t.member.c
    found = db.execute(sa.select(c.person_id).where(c.cycle_id == cycle_id, c.state == "approving")).scalars().all()
    text = dict.fromkeys(("band", "clause", "consequence", "text", "sha256", "answer", "words"), "x")
    result = text | {"cycle_id": cycle_id, "version": 1, "score": "80", "state": "approving"}
    asked = {"kind": "performance_result", "day": now.date(), "facts": "{}", "version": 1, "step": 0, "state": "open"}
    asked |= {"bulk": False, "opened_at": now}
    step, seat = {"no": 0, "role": "hr", "asked_role": "hr", "state": "open"}, {"no": 0, "person_id": "fake:hr"}
    ids = {person: f"pr-{no}" for no, person in enumerate(found)}
    db.execute(sa.insert(t.result), [result | {"id": ids[each], "person_id": each} for each in found])
    requests = [asked | {"id": ids[each], "matter": ids[each], "person_id": each} for each in found]
    db.execute(sa.insert(approval), requests)
    db.execute(sa.insert(approval_step), [step | {"approval_id": each} for each in ids.values()])
    db.execute(sa.insert(approval_seat), [seat | {"approval_id": each} for each in ids.values()])


def browser(app: App) -> FlaskClient:
    """HR, signed in."""
    web = create_app(app, Dispatcher(app, lambda: None)).test_client()
    sessions = Sessions(app.settings.secret_key, app.store, secure=False)
    with app.engine.connect() as db:
        hr = People(db).find("fake", "hr")
    if hr is None:
        raise LookupError("no HR")
    now = clock.now()
    web.set_cookie(sessions.name, sessions.dump(sessions.start(hr.id, now - timedelta(seconds=1)), now))
    return web


def measure(url: str, client: redis.Redis, folder: Path, members: int, rounds: int) -> dict[str, float]:
    """Median seconds by page."""
    schema.upgrade(url)
    client.flushall()
    keys = load_or_create(folder / "keys", "bench.example/hr-log/1")
    settings = load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_SECRET_KEY": "0" * 64})
    app = App(settings, create_engine(url), client, RedisStore(client), keys, {})
    cycle = fill(app, members)
    web, found = browser(app), dict[str, float]()
    for name, path in PAGES.items():
        times = []
        for _ in range(rounds + 1):
            client.flushall()  # the limit of a person's pages in a minute is not what is measured
            begun = time.perf_counter()
            answer = web.get(path.format(cycle=cycle))
            times.append(time.perf_counter() - begun)
            assert answer.status_code == 200, (name, answer.status_code)
        found[name] = median(times[1:])
    app.engine.dispose()
    return found


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """A fresh database of each kind."""
    with tempfile.TemporaryDirectory(prefix="huizhi-pg-") as place:
        server = pgserver.get_server(place, cleanup_mode="delete")
        url = sa.make_url(server.get_uri())
        yield {"sqlite": f"sqlite:///{folder}/bench.db", "postgresql": url.render_as_string(hide_password=False)}
        server.cleanup()


def main() -> None:
    """Measure and print; a page over LIMIT ends it with an AssertionError."""
    given = [int(each) for each in sys.argv[1:3]]
    members, rounds = (*given, *(20_000, 7)[len(given) :])
    with tempfile.TemporaryDirectory(prefix="hz-") as name:
        folder = Path(name)
        process = embedded.start(folder / "r.sock")
        client = redis.Redis(unix_socket_path=str(folder / "r.sock"))
        slow = []
        with databases(folder) as urls:
            for kind, url in urls.items():
                for page, seconds in measure(url, client, folder, members, rounds).items():
                    print(f"{kind:<11} {members:>6} members   {page:<24} {seconds * 1000:>7.1f} ms", flush=True)
                    slow += [f"{kind} {page}"] if seconds > LIMIT else []
        client.close()
        process.terminate()
        process.wait(5)
    assert not slow, slow


if __name__ == "__main__":
    main()
