"""How many people a second does a performance cycle take through its steps? Beside what the platform lets through.

    python -m bench.cycle [members] [sqlite|postgresql]

One HR, managers of a hundred people each, one goal a person. The steps: members from the organisation; opened and asked
for goals; scoring begun and asked for self-reviews; handed in and built (what the last scorer's [提交] does, for SCORED
people only, because a person does it and not a job); approved by HR in one go, published and asked for an answer. A
personal card is one call of the platform: CEILING of them pass in a second, whatever we do.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import redis
import sqlalchemy as sa

from bench.cockpit import CLAUSES, databases
from bot import embedded, people, router, schema
from bot.app import App
from bot.db import begin, create_engine
from bot.delivery.outbox import BULK
from bot.evidence.keys import load_or_create
from bot.people import People, Person
from bot.ports import DirectoryPerson
from bot.store import RedisStore, new_ref
from bot.tables import approval, approval_seat, approval_step, ask, outbox
from config.settings import load, sandbox_env
from handlers.performance import store, tables as t
from handlers.performance.agreeing import opening
from handlers.performance.preparing import setup, timeline
from handlers.performance.rules.scoring import Line, ReviewDraft
from handlers.performance.scoring import reviews, turns
from handlers.performance.store import Cycle, Dimension
from handlers.performance.telling import release_rows, releasing

CEILING = 10_000 / 60
"""Calls a second of one interface: 10,000 a minute (WeCom, 访问频率限制)."""
TEAM, SCORED = 100, 300
PARTS = (Dimension("a", "A", Decimal(70), Decimal(100)), Dimension("b", "B", Decimal(30), Decimal(100)))
FULL = ReviewDraft((Line("a", Decimal(100)), Line("b", Decimal(100))), "done")


class Bench:
    """One firm on one database; every step says how many people it took along."""

    def __init__(self, url: str, client: redis.Redis, folder: Path, count: int) -> None:
        schema.upgrade(url)
        client.flushall()
        keys = load_or_create(folder / "keys", "bench.example/hr-log/1")
        settings = load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_SECRET_KEY": "0" * 64})
        self.app = App(settings, create_engine(url), client, RedisStore(client), keys, {})
        self.count, self.leads = count, max(1, count // TEAM)
        staff = [DirectoryPerson("hr", "HR"), *(DirectoryPerson(f"m{no}", f"Lead {no}") for no in range(self.leads))]
        for no in range(count):
            place = no % self.leads
            staff.append(DirectoryPerson(f"u{no}", f"Person {no}", f"m{place}", (f"d{place}",)))
        with begin(self.app.engine) as db:
            people.sync(db, "fake", staff, {"hr": "hr"})
        self.cycle = ""

    def person(self, who: str) -> Person:
        """Somebody of the firm."""
        with self.app.engine.connect() as db:
            found = People(db).find("fake", who)
        if found is None:
            raise LookupError(who)
        return found

    def found(self) -> Cycle:
        """The cycle as it is now."""
        with self.app.engine.connect() as db:
            return store.there(store.cycle(db, self.cycle))

    def drafted(self) -> int:
        """Policy, template and the cycle with everybody of the departments."""
        today = datetime.now(UTC).date()
        span = (today - timedelta(days=80), today - timedelta(days=2))
        with self.app.context(self.person("hr")) as ctx:
            policy = setup.create_policy(ctx, "policy", date(2026, 1, 1), CLAUSES)
            template = setup.create_template(ctx, "template", PARTS)
            line = {"": {"self_from": (today - timedelta(days=1)).isoformat()}}
            names = tuple(f"d{no}" for no in range(self.leads))
            draft = setup.CycleDraft(
                "Q", *span, policy.id, template.id, ("self", "manager"), timeline=line, populations={"": names}
            )
            self.cycle = setup.create_cycle(ctx, draft).id
        return self.count

    def opened(self) -> int:
        """Opened by HR, everybody asked for goals by the job."""
        with self.app.context(self.person("hr")) as ctx:
            setup.open_cycle(ctx, self.found())
        return opening.open_waiting(self.app)

    def begun(self) -> int:
        """Goals settled (by the people, elsewhere); scoring begins and everybody is asked for the self-review."""
        with begin(self.app.engine) as db:
            db.execute(sa.update(t.member).where(t.member.c.cycle_id == self.cycle).values(state="running"))
        timeline.advance(self.app)
        turns.turns(self.app)
        return self.count

    def scored(self) -> int:
        """Self-reviews and scores handed in as from the pages, results built and put to HR: for the first people."""
        some = min(SCORED, self.count)
        cycle = self.found()
        for no in range(some):
            one, lead = self.person(f"u{no}"), self.person(f"m{no % self.leads}")
            for side, by in (("self", one), ("manager", lead)):
                with self.app.context(by) as ctx:
                    reviews.save(ctx, cycle, one, side, FULL)
                    reviews.submit(ctx, cycle, one, side)
        return some

    def released(self) -> int:
        """HR approves all of them with one confirmation; the job approves, publishes and asks one by one of record."""
        with self.app.context(self.person("hr")) as ctx:
            cycle = store.there(store.cycle(ctx.db, self.cycle))
            batch = releasing.begin(ctx, cycle, None, releasing.ready(ctx, cycle, None).ready)
        releasing.run(self.app)
        with self.app.engine.connect() as db:
            return release_rows.get(db, batch.id).done

    def steps(self) -> list[tuple[str, Callable[[], int], bool]]:
        """(name, step, whether it ends in a card for each person)."""
        return [
            ("members from the organisation", self.drafted, False),
            ("opened, asked for goals", self.opened, True),
            ("scoring begun, self-reviews asked for", self.begun, True),
            ("two sides handed in, result built", self.scored, False),
            ("approved in one go, published, asked", self.released, True),
        ]


def copied(app: App, cycle_id: str) -> None:
    """The others have handed in as well: rows like those of the first person, whose results wait for HR."""
    with begin(app.engine) as db:
        c, r = t.member.c, t.result.c
        done = sa.select(r.person_id).where(r.cycle_id == cycle_id)
        first = db.execute(sa.select(t.result).where(r.cycle_id == cycle_id).limit(1)).mappings().one()
        todo = (
            db.execute(sa.select(c.person_id).where(c.cycle_id == cycle_id, c.person_id.not_in(done))).scalars().all()
        )
        ids = {person: store.new_id(store.RESULT) for person in todo}
        own = {"person_id": first["person_id"]}
        _like(db, t.result, {"id": first["id"]}, [{"id": ids[each], "person_id": each} for each in todo])
        for table in (t.review, t.line):
            _like(db, table, own, [{"person_id": each} for each in todo])
        old = db.execute(sa.select(approval.c.id).where(approval.c.matter == first["id"])).scalar_one()
        new = {each: new_ref() for each in todo}
        values = [{"id": new[each], "matter": ids[each], "person_id": each} for each in todo]
        _like(db, approval, {"id": old}, values)
        for table in (approval_step, approval_seat):
            _like(db, table, {"approval_id": old}, [{"approval_id": each} for each in new.values()])
        refs = {each: new_ref() for each in todo}
        asked = {"matter": first["id"], "kind": "performance.approval"}
        _like(db, ask, asked, [{"matter": ids[each], "ref": refs[each]} for each in todo])
        card = {"matter": first["id"], "kind": "send"}
        rows = [{"matter": ids[each], "ask_ref": refs[each], "id": new_ref()} for each in todo]
        _like(db, outbox, card, rows)
        db.execute(sa.update(t.member).where(c.cycle_id == cycle_id).values(state="approving", next_at=None))


def _like(db: sa.Connection, table: sa.Table, where: dict[str, str], values: list[dict[str, str]]) -> None:
    rows = db.execute(sa.select(table).where(*(table.c[name] == each for name, each in where.items()))).mappings().all()
    for start in range(0, len(values), 1000):
        some = [{**row, **each} for each in values[start : start + 1000] for row in rows]
        if some:
            db.execute(sa.insert(table), some)


def main() -> None:
    """Measure and print."""
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    wanted = sys.argv[2:] or ["sqlite", "postgresql"]
    router.discover("handlers", "flow")
    with tempfile.TemporaryDirectory(prefix="hz-") as name:
        folder = Path(name)
        process = embedded.start(folder / "r.sock")
        client = redis.Redis(unix_socket_path=str(folder / "r.sock"))
        with databases(folder) as urls:
            for kind in wanted:
                _measure(kind, Bench(urls[kind], client, folder, members))
        client.close()
        process.terminate()
        process.wait(5)
    print(f"a personal card on WeCom: {CEILING:.0f}/s at most, {members:,} people take {members / CEILING:.0f} s")


def _measure(kind: str, bench: Bench) -> None:
    for name, step, sends in bench.steps():
        begun, busy = time.perf_counter(), time.process_time()
        count = step()
        seconds, cpu = time.perf_counter() - begun, time.process_time() - busy
        rate, share = count / seconds, 1000 * cpu / count
        note = f"{rate / CEILING:.1f} x the ceiling" if sends else ""
        print(
            f"{kind:<11} {count:>6} {name:<38} {seconds:>7.2f} s {rate:>8.0f}/s {share:>6.2f} ms CPU  {note}",
            flush=True,
        )
        if step == bench.scored:
            copied(bench.app, bench.cycle)
    with bench.app.engine.connect() as db:
        sent = db.execute(
            sa.select(sa.func.count()).where(outbox.c.priority == BULK, outbox.c.kind == "send")
        ).scalar_one()
    assert sent >= 2 * bench.count, sent
    bench.app.engine.dispose()


if __name__ == "__main__":
    main()
