"""A large firm's attendance is written part by part: others are served in between, and a crash costs nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import people, router
from bot.db import begin
from bot.ports import DirectoryPerson, Leave, Punch, Shift
from handlers.missed_punch import rules, tables as t
from handlers.missed_punch.attendance import expected, keeping
from handlers.missed_punch.attendance.fetching import poll
from handlers.missed_punch.ladder import scan
from tests.handlers.missed_punch.story import DAY, NINE
from tests.world import FakePlatform, Firm

CROWD, PART = 11, 3
END = NINE + rules.GRACE


def gather(firm: Firm) -> None:
    """A crowd with shifts, the first two on leave, everybody at the door before nine but the last one."""
    router.discover("handlers", "flow")
    staff = [DirectoryPerson(f"u{n}", f"员工{n:03}", "", (f"站点{n}",)) for n in range(CROWD)]
    with begin(firm.app.engine) as connection:
        people.sync(connection, "fake", staff, {})
    firm.platform.shift_list = [Shift(f"u{n}", DAY, NINE, NINE + timedelta(hours=9)) for n in range(CROWD)]
    firm.platform.leave_list = [Leave(f"u{n}", NINE, NINE + timedelta(hours=9), "annual", False) for n in range(2)]
    firm.platform.punch_list = [Punch(f"u{n}", NINE - timedelta(minutes=n), "on", "door") for n in range(CROWD - 1)]
    firm.now = END - timedelta(seconds=20)


def stored(firm: Firm) -> tuple[Any, ...]:
    def who(table: sa.Table) -> list[str]:
        return sorted(str(row["person_id"]) for row in firm.rows(table))

    return who(t.shift), who(t.leave), who(t.punch), who(t.record)


def test_many_parts_store_what_one_would(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PART", PART)
    gather(firm)
    poll(firm.app)
    everybody = sorted(f"fake:u{n}" for n in range(CROWD))
    punched = sorted(f"fake:u{n}" for n in range(CROWD - 1))
    assert stored(firm) == (everybody, ["fake:u0", "fake:u1"], punched, punched)
    before = stored(firm)
    firm.now += timedelta(seconds=30)
    poll(firm.app)
    assert stored(firm) == before
    firm.now = END + timedelta(seconds=1)
    scan.scan(firm.app)
    assert [row["person_id"] for row in firm.rows(t.case)] == [f"fake:u{CROWD - 1}"]


@pytest.mark.parametrize("where", ["write_shifts", "write_leaves"])
def test_what_breaks_off_between_parts_is_done_again(firm: Firm, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(keeping, "PART", PART)
    gather(firm)
    real, left = getattr(expected, where), [2]

    def breaking(*given: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("the process ends here")
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(expected, where, breaking)
        with pytest.raises(RuntimeError):
            poll(firm.app)
    half = stored(firm)
    assert (len(half[0]), half[2]) == (2 * PART, [])
    assert firm.rows(t.feed) == []
    scan.scan(firm.app)
    assert firm.rows(t.case) == []
    poll(firm.app)
    assert len(stored(firm)[0]) == CROWD and len(stored(firm)[2]) == CROWD - 1


def test_others_are_served_between_two_parts(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PART", PART)
    gather(firm)
    real, seen = expected.write_shifts, list[int]()

    def watching(*given: Any) -> None:
        with firm.app.engine.connect() as other:
            seen.append(other.execute(sa.select(sa.func.count()).select_from(t.shift)).scalar_one())
        real(*given)

    monkeypatch.setattr(expected, "write_shifts", watching)
    poll(firm.app)
    assert seen[:4] == [0, PART, 2 * PART, 3 * PART]


def test_namesakes_are_compared_however_many_there_are(firm: Firm) -> None:
    """Same name and overlapping hours on two platforms: one finding for the later account; the rest is coincidence."""
    router.discover("handlers", "flow")
    other = FakePlatform()
    other.name = "other"
    plans = {"fake": ("张伟", "张伟", "李娜", "王芳"), "other": ("张伟", "李娜", "赵敏")}
    hours = {("fake", 2): timedelta(hours=12)}  # 李娜 works nights there
    with begin(firm.app.engine) as db:
        for platform, names in plans.items():
            people.sync(db, platform, [DirectoryPerson(f"u{n}", name) for n, name in enumerate(names)], {})
            for n in range(len(names)):
                start = NINE + hours.get((platform, n), timedelta())
                row = {"person_id": f"{platform}:u{n}", "platform": platform, "user_id": f"u{n}", "day": DAY}
                times = {"early_at": start, "start_at": start, "end_at": start + timedelta(hours=8)}
                db.execute(sa.insert(t.shift), row | times)
    with firm.app.context() as ctx:
        expected.find_twins(ctx, DAY)
        expected.find_twins(ctx, DAY)
    told = [(row["kind"], row["person_id"]) for row in firm.rows(t.finding)]
    assert told == [("twin", "other:u0")]
