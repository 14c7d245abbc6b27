"""HR approves many with one confirmation: each on record by itself, nobody twice, not what HR may not decide."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from bot import people, router
from bot.app import App
from bot.card import as_text
from bot.context import Context
from bot.db import begin, create_engine
from bot.errors import Refused
from bot.evidence.keys import load_or_create
from bot.evidence.tables import ev_event, ev_part
from bot.ports import DirectoryPerson
from bot.signing.tables import document
from bot.store import RedisStore
from bot.tables import ask, outbox as outbox_table
from config.settings import load, sandbox_env
from handlers.performance import store, tables
from handlers.performance.preparing import timeline
from handlers.performance.rules import results as rules_results
from handlers.performance.rules.release import Waiting, why_apart
from handlers.performance.scoring import reviews
from handlers.performance.telling import release_rows, release_work, releasing
from tests.handlers.performance.results_story import FULL, SEVENTY, Month
from tests.world import FIRM

HEAD = False
CREW = [f"u{no}" for no in range(7)]
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def scored(month: Month, crew: list[str] = CREW) -> store.Cycle:
    """Everybody of the crew has a result that waits for HR; the last one's is lower."""
    more = [DirectoryPerson(each, f"员工{each}", "li", ("研发",)) for each in crew]
    with begin(month.firm.app.engine) as db:
        people.sync(db, "fake", [*FIRM, *more], {"wang": "hr", "stranger": "hr_head"})
    cycle = month.cycle()
    with begin(month.firm.app.engine) as db:
        db.execute(sa.update(tables.member).values(state="running"))
        db.execute(sa.update(tables.cycle).values(state="running"))
    timeline.advance(month.firm.app)
    month.turns()
    for who in crew:
        for by, side in ((who, "self"), ("li", "manager")):
            with month.ctx(by) as ctx:
                draft = SEVENTY if side == "manager" and who == crew[-1] else FULL
                reviews.save(ctx, cycle, month.person(who), side, draft)
                reviews.submit(ctx, cycle, month.person(who), side)
    return cycle


def confirmed(month: Month, cycle: store.Cycle, count: int, **which: Any) -> release_rows.Release:
    with month.ctx("wang") as ctx:
        return releasing.begin(ctx, cycle, None, count, **which)


def state(month: Month, release: release_rows.Release) -> release_rows.Release:
    with month.firm.app.engine.connect() as db:
        return release_rows.get(db, release.id)


def kinds(month: Month) -> dict[tuple[str, str], int]:
    """(type, object) -> how often it is on record."""
    with month.firm.app.engine.connect() as db:
        rows = db.execute(
            sa.select(ev_event.c.type, ev_event.c.object_id, sa.func.count()).group_by(
                ev_event.c.type, ev_event.c.object_id
            )
        )
        return {(type, matter): count for type, matter, count in rows}


def test_one_confirmation_tells_everybody_with_their_own_record(month: Month) -> None:
    cycle = scored(month)
    with month.ctx("wang") as ctx:
        found = releasing.ready(ctx, cycle, None)
        assert found.ready == len(CREW) and found.bands == {"优秀": 6, "待改进": 1} and not found.apart
        with pytest.raises(Refused, match="7"):
            releasing.begin(ctx, cycle, None, 6)
    release = confirmed(month, cycle, len(CREW))
    with month.ctx("wang") as ctx, pytest.raises(Refused, match="处理中"):
        releasing.begin(ctx, cycle, None, len(CREW))
    assert releasing.run(month.firm.app) == len(CREW) and releasing.run(month.firm.app) == 0
    now = state(month, release)
    assert (now.state, now.total, now.done, now.apart) == ("done", 7, 7, 0)
    every = kinds(month)
    with month.firm.app.engine.connect() as db:
        results = store.results(db, cycle_id=cycle.id)
    for each in results:
        assert each.state == "published" and each.document_ref and each.deadline and each.next_at
        assert each.sha256 == rules_results.digest(each.text)
        for type in ("result.approved", "result.published", "document.prepared"):
            assert every[type, each.id] == 1
    month.firm.courier.drain()
    told = month.card(CREW[-1], "绩效结果：2026 年 5 月")
    assert [each.label for each in told.buttons] == ["同意并签字", "仅确认收到", "收到但不同意", "申诉"]
    assert "70.5" in as_text(told) and "不会被当作同意" in as_text(told)
    assert "已批准并告知" in month.last("wang") and "不等于本人同意" in month.last("wang")
    assert {row["answer"] for row in month.firm.rows(ask) if row["kind"] == "performance.approval"} >= {"agree"}
    assert not [row for row in month.firm.rows(ask) if row["kind"] == "performance.approval" and row["state"] == "open"]


@lite
def test_together_or_one_by_one_leaves_the_same(month: Month) -> None:
    """Two ways lead to a told result; whoever reads the record or the card cannot tell which was taken."""
    cycle = scored(month, CREW[:3])
    alone, together = (f"fake:{each}" for each in CREW[:2])
    month.firm.courier.drain()
    month.tap("wang", month.card("wang", f"员工{CREW[0]}"), "同意")
    confirmed(month, cycle, 1, only=[together])
    assert releasing.run(month.firm.app) == 1
    month.firm.courier.drain()

    def left(person_id: str) -> list[object]:
        result = next(row for row in month.firm.rows(tables.result) if row["person_id"] == person_id)
        member = next(row for row in month.firm.rows(tables.member) if row["person_id"] == person_id)
        paper = next(row for row in month.firm.rows(document) if row["ref"] == result["document_ref"])
        own = ("id", "person_id", "text", "sha256", "document_ref", "next_at")
        events = [each for each in month.firm.rows(ev_event) if each["object_id"] == result["id"]]
        parts = [
            (each["type"], sorted(json.loads(each["envelope"])["source"]), [
                (part["name"], part["media_type"])
                for part in month.firm.rows(ev_part) if part["event_id"] == each["event_id"]
            ])
            for each in events if each["type"] in ("result.approved", "document.prepared", "result.published")
        ]  # fmt: skip
        card = month.card(person_id.split(":")[1], "绩效结果：2026 年 5 月")
        return [
            {name: value for name, value in result.items() if name not in own},
            {name: value for name, value in member.items() if name not in ("person_id", "next_at")},
            {name: paper[name] for name in ("kind", "version", "state", "zone", "high_stakes", "attachments")},
            sorted(parts), [each.label for each in card.buttons], [each.label for each in card.facts],
            card.footer.partition("指纹")[0],
        ]  # fmt: skip

    assert left(alone) == left(together)


@lite
def test_what_changed_meanwhile_and_what_is_their_own_stays_apart(month: Month) -> None:
    cycle = scored(month)
    with month.ctx("wang") as ctx:
        by = {each.person_id: each for each in store.results(ctx.db, cycle_id=cycle.id)}
    release = confirmed(month, cycle, 3, only=[f"fake:{each}" for each in CREW[:3]])
    month.firm.courier.drain()
    month.tap("wang", month.card("wang", f"员工{CREW[0]}"), "同意")  # one by one, before the job came to it
    with begin(month.firm.app.engine) as db:
        other = sa.update(tables.result).where(tables.result.c.id == by[f"fake:{CREW[1]}"].id)
        db.execute(other.values(sha256="0" * 64))
    assert releasing.run(month.firm.app) == 1
    now = state(month, release)
    assert (now.state, now.done, now.apart) == ("done", 1, 2)
    why = {row["result_id"]: row["why"] for row in month.firm.rows(tables.release_item)}
    assert why[by[f"fake:{CREW[0]}"].id] == "decided" and why[by[f"fake:{CREW[1]}"].id] == "changed"
    with month.ctx("li") as ctx, pytest.raises(Refused):
        releasing.begin(ctx, cycle, None, 4)
    assert kinds(month)["result.published", by[f"fake:{CREW[0]}"].id] == 1


@lite
def test_who_is_no_longer_hr_releases_nothing_more(month: Month) -> None:
    cycle = scored(month, CREW[:2])
    release = confirmed(month, cycle, 2)
    with begin(month.firm.app.engine) as db:
        more = [DirectoryPerson(each, f"员工{each}", "li", ("研发",)) for each in CREW[:2]]
        people.sync(db, "fake", [*FIRM, *more], {"stranger": "hr"})
    assert releasing.run(month.firm.app) == 0
    assert (state(month, release).state, state(month, release).apart) == ("done", 2)


def test_why_one_stays_apart() -> None:
    good = Waiting("p", "approving", "x", True, True, {("hr", "")}, {"boss"})
    changes: dict[str, dict[str, Any]] = {
        "": {},
        "decided": {"open": False},
        "changed": {"sha256": "y"},
        "own": {"person_id": "hr"},
        "scored": {"scored_by": {"hr"}},
        "steps": {"last_step": False},
        "seat": {"seats": {("hr", "somebody")}},
    }
    names = Waiting.__dataclass_fields__
    for reason, change in changes.items():
        one = Waiting(**{name: getattr(good, name) for name in names} | change)
        assert why_apart(one, "hr", "x") == reason


def _killed(url: str, keys: Path, socket: str, chunks: int) -> None:
    """A worker of its own that dies by SIGKILL in its chunk number `chunks`, after everything was written."""
    client = redis.Redis(unix_socket_path=socket)
    settings = load(sandbox_env("http://127.0.0.1:1"))
    app = App(settings, create_engine(url), client, RedisStore(client), load_or_create(keys, "test.example/hr-log/1"))
    router.discover("handlers", "flow")
    releasing.CHUNK, publish, count = 2, release_work.publish, 0

    def dying(ctx: Context, cycle: store.Cycle, chunk: release_rows.Chunk, ids: Sequence[str]) -> None:
        nonlocal count
        count += 1
        publish(ctx, cycle, chunk, ids)
        if count == chunks:
            os.kill(os.getpid(), signal.SIGKILL)

    release_work.publish = dying
    releasing.run(app)


def test_killed_in_the_middle_it_goes_on_and_nobody_is_told_twice(
    month: Month, database_url: str, tmp_path: Path, redis_socket: Path
) -> None:
    cycle = scored(month)
    release = confirmed(month, cycle, len(CREW))
    for _ in range(2):  # dies in its second chunk, and the one that takes over dies in its second as well
        worker = multiprocessing.get_context("spawn").Process(
            target=_killed, args=(database_url, tmp_path / "keys", str(redis_socket), 2)
        )
        worker.start()
        worker.join(60)
        assert worker.exitcode == -signal.SIGKILL
    assert (state(month, release).state, state(month, release).done) == ("open", 4)
    assert releasing.run(month.firm.app) == 3
    assert (state(month, release).state, state(month, release).done) == ("done", 7)
    with month.firm.app.engine.connect() as db:
        ids = [each.id for each in store.results(db, cycle_id=cycle.id, state="published")]
        sent = (outbox_table.c.matter.in_(ids), outbox_table.c.person_id.startswith("fake:u"))
        told = db.execute(sa.select(sa.func.count()).where(*sent, outbox_table.c.kind == "send")).scalar()
        papers = db.execute(sa.select(sa.func.count()).where(document.c.matter.in_(ids))).scalar()
    every = kinds(month)
    assert len(ids) == told == papers == 7
    assert all(every[type, each] == 1 for each in ids for type in ("result.approved", "result.published"))
