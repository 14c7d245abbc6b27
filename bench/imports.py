"""A year of a large firm's punches from one file: how long, how much memory, and how long others wait meanwhile.

    python -m bench.imports [rows] [sqlite|postgresql]

ours:  `handlers.missed_punch.imports.load` of a CSV file into SQLite and into PostgreSQL, every row of another minute,
       2,000 people. Beside it its dry run, which only reads, and its undo.
plain: the same file read with `csv` and its times parsed, nothing stored: the floor under any import.

`others wait`: the longest that a writer who wants one row in between had to wait, a try every 50 ms.
"""

from __future__ import annotations

import csv
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from bench.evidence import KINDS, places
from bench.judging import _app
from bench.rounds import Row, apart, own_peak
from bot.db import begin, create_engine
from bot.tables import person
from handlers.missed_punch import imports, tables as t

Result = TypeVar("Result")
PEOPLE = 2_000
FIRST = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


def fill(url: str, folder: str, count: int) -> None:
    """The people, and a file with two punches a day for each of them, in the order of time."""
    path = Path(folder)
    path.mkdir(exist_ok=True)
    with begin(create_engine(url)) as db:
        rows: list[dict[str, object]] = [
            {"id": f"wecom:u{n:06d}", "ref": f"p:{n:024x}", "name": f"员工{n}", "platform": "wecom", "role": "employee"}
            | {"user_id": f"u{n:06d}", "manager_id": None, "site": "wecom/a", "zone": "Asia/Shanghai", "active": True}
            for n in range(PEOPLE)
        ]
        db.execute(sa.insert(person), rows)
    with (path / "punches.csv").open("w", encoding="utf-8") as file:
        file.write("person,at,kind,device\n")
        for number in range(count):
            half, who = divmod(number, PEOPLE)
            at = FIRST + timedelta(hours=9 * (half % 2), days=half // 2 % 150, minutes=half // 300 * 3 + who % 3)
            file.write(f"u{who:06d},{at:%Y-%m-%d %H:%M:%S},{('on', 'off')[half % 2]},gate {who % 40}\n")


class Waiting(threading.Thread):
    """Somebody else who writes all the while; `longest` seconds for one row."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.engine, self.longest, self.over = create_engine(url), 0.0, threading.Event()

    def run(self) -> None:
        """Until `over` is set."""
        while not self.over.wait(0.05):
            begun = time.perf_counter()
            with begin(self.engine) as db:
                db.execute(sa.update(t.feed).values(fetched_at=FIRST))
            self.longest = max(self.longest, time.perf_counter() - begun)


def beside(url: str, task: Callable[[], Result]) -> tuple[Result, float, float]:
    """(what the task returned, its seconds, the longest wait of somebody who writes meanwhile)."""
    other = Waiting(url)
    other.start()
    begun = time.perf_counter()
    found = task()
    spent = time.perf_counter() - begun
    other.over.set()
    other.join()
    return found, spent, other.longest


def measure(url: str, folder: str, count: int, what: str) -> tuple[float, float, float]:
    """(seconds, peak MB, longest wait of another writer) of load, try or undo. AssertionError when a row is missing."""
    app = _app(url, Path(folder) / "keys")
    if what == "undo":
        (batch,) = (each for each in imports.listed(app) if each.state == "done")
        gone, spent, longest = beside(url, lambda: imports.undo(app, batch.id))
        assert gone == (count, 0), gone
        return spent, own_peak(), longest
    file = Path(folder) / "punches.csv"
    report, spent, longest = beside(url, lambda: imports.load(app, file, "wecom", dry_run=what == "try"))
    assert (report.new, report.rejected) == (count, 0), report
    return spent, own_peak(), longest


def plain(folder: str) -> tuple[float, float]:
    """(seconds, peak MB) of reading alone."""
    begun = time.perf_counter()
    with (Path(folder) / "punches.csv").open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            datetime.fromisoformat(cells["at"])
    return time.perf_counter() - begun, own_peak()


NAMES = {"try": "tried out (dry run)", "load": "punches from a file", "undo": "taken back"}


def compare(count: int = 1_000_000, kinds: Sequence[str] = KINDS) -> list[Row]:
    """One dry run, one import and one undo in each database, and the floor beside them; each in its own process."""
    found = []
    with places() as new:
        for kind in kinds:
            url, folder = new(kind)
            apart(fill, url, f"{folder}", count)
            floor, floor_mb = apart(plain, f"{folder}")
            for what, name in NAMES.items():
                spent, peak, longest = apart(measure, url, f"{folder}", count, what)
                note = f"{count:,} rows, {count / spent:,.0f} a second; others wait at most {longest:.2f} s"
                found.append(Row(f"{name} ({kind})", "s", spent, floor, peak, floor_mb, note))
            shutil.rmtree(folder, ignore_errors=True)
    return found


if __name__ == "__main__":
    rows_, kinds_ = sys.argv[1:2] or ["1000000"], sys.argv[2:] or KINDS
    for line in compare(int(rows_[0]), kinds_):
        print(line)
