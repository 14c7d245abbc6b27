"""A year of a large firm's punches from one file: how long, how much memory, and how long others wait meanwhile.

    python -m bench.imports [rows]

ours:  `handlers.missed_punch.imports.load` of a CSV file into SQLite, every row of another minute, 2,000 people.
plain: the same file read with `csv` and its times parsed, nothing stored: the floor under any import.

`others wait`: the longest that a writer who wants one row in between had to wait, a try every 50 ms.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.judging import _app
from bench.rounds import Row, apart, own_peak
from bot.db import begin
from bot.tables import person
from handlers.missed_punch import imports
from handlers.missed_punch import tables as t

PEOPLE = 2_000
FIRST = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


def fill(folder: str, count: int) -> None:
    """The people, and a file with two punches a day for each of them, in the order of time."""
    from bot import schema

    path = Path(folder)
    schema.upgrade(f"sqlite:///{path / 'firm.db'}")
    with begin(sa.create_engine(f"sqlite:///{path / 'firm.db'}")) as db:
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

    def __init__(self, path: str) -> None:
        super().__init__(daemon=True)
        self.engine, self.longest, self.over = _engine(path), 0.0, threading.Event()

    def run(self) -> None:
        """Until `over` is set."""
        while not self.over.wait(0.05):
            begun = time.perf_counter()
            with begin(self.engine) as db:
                db.execute(sa.update(t.feed).values(fetched_at=FIRST))
            self.longest = max(self.longest, time.perf_counter() - begun)


def _engine(path: str) -> sa.Engine:
    from bot.db import create_engine

    return create_engine(f"sqlite:///{path}")


def measure(folder: str, count: int) -> tuple[float, float, float]:
    """(seconds, peak MB, longest wait of another writer). Raises AssertionError when a row is missing."""
    app = _app(f"{folder}/firm.db")
    other = Waiting(f"{folder}/firm.db")
    other.start()
    begun = time.perf_counter()
    report = imports.load(app, Path(folder) / "punches.csv", "wecom")
    spent = time.perf_counter() - begun
    other.over.set()
    other.join()
    assert (report.new, report.rejected) == (count, 0), report
    return spent, own_peak(), other.longest


def plain(folder: str) -> tuple[float, float]:
    """(seconds, peak MB) of reading alone."""
    begun = time.perf_counter()
    with (Path(folder) / "punches.csv").open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            datetime.fromisoformat(cells["at"])
    return time.perf_counter() - begun, own_peak()


def compare(count: int = 1_000_000) -> list[Row]:
    """One import and the floor beside it, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        apart(fill, folder, count)
        floor, floor_mb = apart(plain, folder)
        spent, peak, longest = apart(measure, folder, count)
    note = f"{count:,} rows, {count / spent:,.0f} a second; others wait at most {longest:.2f} s"
    return [Row("punches from a file", "s", spent, floor, peak, floor_mb, note)]


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:2])):
        print(line)
