"""An import whose process is killed between or inside its parts: nothing half-written, nothing doubled, it goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from bot.cli import attendance as cli_attendance
from bot.db import begin
from bot.evidence.tables import ev_event
from handlers.missed_punch import imports, tables as t
from handlers.missed_punch.attendance import sources
from handlers.missed_punch.attendance.sources import Record
from handlers.missed_punch.imports import trial as import_trial
from tests.handlers.missed_punch.story import at
from tests.world import Firm

PART, ROWS, DAY = 3, 14, timedelta(days=1)
DIE = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from bot import clock, router
from bot.app import App
from bot.db import create_engine
from bot.evidence.keys import load_or_create
from handlers.missed_punch import imports
from handlers.missed_punch.attendance import late, sources
from tests.world import FakePlatform

url, keys, now, what, given, parts, inside = sys.argv[1:]
router.discover("handlers", "flow")
clock.now = lambda: datetime.fromisoformat(now)
settings = SimpleNamespace(timezone="Asia/Shanghai", public_url="https://hr.example.com")
app = App(settings, create_engine(url), None, None, load_or_create(Path(keys), "test.example/hr-log/1"),
          {"fake": FakePlatform()})
imports.PART = 3
room, name = (late, "settle") if what == "load" else (sources, "undo")
real, left = getattr(room, name), [int(parts)]

def die(*given):
    left[0] -= 1
    if left[0] < 0:
        if inside == "inside":
            real(*given)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)

setattr(room, name, die)
imports.load(app, Path(given)) if what == "load" else imports.undo(app, given)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """14 punches of two readers: rows 5 and 12 are of one moment; one is about nobody, one in the future."""
    path = tmp_path / "june.csv"
    lines = [f"{('zhang', 'li')[n % 2]},2026-06-{n % 9 + 1:02} 0{n % 4 + 5}:0{n % 7}:00,,door" for n in range(ROWS - 3)]
    lines += [lines[4].replace("door", "gate"), "ghost,2026-06-01 08:00,,door", "zhang,2026-07-01 08:00,,door"]
    path.write_text("person,at,kind,device\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones."""
    monkeypatch.setattr(imports, "PART", PART)


def killed(firm: Firm, url: str, keys: Path, *what: str) -> None:
    """A process that dies in the middle: `load` or `undo`, the file or batch, after how many parts, where."""
    given = [url, str(keys), firm.now.isoformat(), *what]
    done = subprocess.run([sys.executable, "-c", DIE, *given], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def kept(firm: Firm) -> list[tuple[Any, ...]]:
    return sorted((row["person_id"], row["at"], row["kind"], row["source"]) for row in firm.rows(t.punch))


def counts(report: imports.Report) -> tuple[int, ...]:
    return report.new, report.merged, report.known, report.future, report.rejected


def kinds(firm: Firm) -> list[object]:
    return [row["type"] for row in firm.rows(ev_event) if str(row["type"]).startswith("attendance.import")]


@pytest.mark.parametrize("where", ["before", "inside"])
@pytest.mark.parametrize("after", [0, 2])
def test_a_killed_import_goes_on_where_it_was(
    firm: Firm, database_url: str, tmp_path: Path, file: Path, after: int, where: str
) -> None:
    dry = imports.load(firm.app, file, dry_run=True)
    killed(firm, database_url, tmp_path / "keys", "load", str(file), str(after), where)
    (batch,) = firm.rows(t.batch)
    assert (batch["state"], batch["taken"], batch["added"]) == ("loading", after * PART, after * PART)
    assert len(firm.rows(t.record)) == after * PART and kinds(firm) == []
    told: list[int] = []
    report = imports.load(firm.app, file, told=told.append)
    assert (report.batch, report.resumed) == (batch["id"], after * PART)
    assert counts(report) == counts(dry) == (11, 1, 0, 1, 2)
    assert told[0] == (after + 1) * PART and told[-1] == ROWS
    (whole,) = firm.rows(t.batch)
    assert (whole["state"], whole["added"], whole["rejected"]) == ("done", 11, 2)
    assert kinds(firm) == ["attendance.imported"]
    again = imports.load(firm.app, file)
    assert (again.new, again.known, again.resumed) == (0, 13, 0) and len(kept(firm)) == 11
    assert imports.undo(firm.app, report.batch)[0] == 11 and firm.rows(t.record) == []


def test_what_a_killed_import_left_is_taken_back_and_so_is_a_killed_undo(
    firm: Firm, database_url: str, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begin(firm.app.engine) as db:
        sources.add(db, [Record("fake:zhang", at("8:55"), "other", "ATM", "0" * 64)], firm.now)
    before = kept(firm)
    killed(firm, database_url, tmp_path / "keys", "load", str(file), "3", "inside")
    batch = str(firm.rows(t.batch)[0]["id"])
    monkeypatch.setattr("bot.cli.attendance.application", lambda: firm.app)
    listed = CliRunner().invoke(cli_attendance.attendance, ["imports"])
    assert (listed.exit_code, batch in listed.output, "loading" in listed.output) == (1, True, True)
    killed(firm, database_url, tmp_path / "keys", "undo", batch, "1", "inside")
    assert len(kept(firm)) == len(before) + 2 * PART and firm.rows(t.batch)[0]["state"] == "undoing"
    out = CliRunner().invoke(cli_attendance.attendance, ["undo", batch]).output
    assert "removed 6" in out and kept(firm) == before
    assert kinds(firm) == ["attendance.import_undone"]
    shown = json.loads(CliRunner().invoke(cli_attendance.attendance, ["imports", "--json"]).output)
    assert [(row["state"], row["taken"]) for row in shown] == [("undone", 9)]
    assert counts(imports.load(firm.app, file)) == (11, 1, 0, 1, 2)


def test_a_half_undone_file_that_is_loaded_again_is_whole(
    firm: Firm, database_url: str, tmp_path: Path, file: Path
) -> None:
    first = imports.load(firm.app, file)
    killed(firm, database_url, tmp_path / "keys", "undo", first.batch, "2", "before")
    report = imports.load(firm.app, file)
    assert counts(report) == (11, 1, 0, 1, 2) and report.batch != first.batch
    assert {row["batch_id"] for row in firm.rows(t.record)} == {report.batch}


def test_of_two_that_go_on_with_one_batch_one_does(firm: Firm, file: Path) -> None:
    def meanwhile(taken: int) -> None:
        if taken == PART:
            imports.load(firm.app, file)

    with pytest.raises(imports.Elsewhere):
        imports.load(firm.app, file, told=meanwhile)
    assert [(row["state"], row["added"], row["rejected"]) for row in firm.rows(t.batch)] == [("done", 11, 2)]
    assert len(kept(firm)) == 11 and kinds(firm) == ["attendance.imported"]


def test_a_dry_run_counts_what_the_load_then_does_and_writes_nothing(
    firm: Firm, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begin(firm.app.engine) as db:
        for source, moment in (
            ("file:door", at("5:00") - 10 * DAY),
            ("ATM", at("7:02") + timedelta(seconds=30) - 8 * DAY),
        ):
            sources.add(db, [Record("fake:zhang", moment, "other", source, "0" * 64)], firm.now)

    def nobody(*_given: object) -> None:
        raise AssertionError("a dry run takes no write transaction")

    with monkeypatch.context() as held:
        held.setattr(type(firm.app), "context", nobody)
        dry = imports.load(firm.app, file, dry_run=True)
    assert dry.batch == "" and firm.rows(t.batch) == [] and len(firm.rows(t.record)) == 2
    assert counts(dry) == counts(imports.load(firm.app, file)) == (9, 2, 1, 1, 2)


def test_the_copy_for_a_dry_run_is_nobody_elses(firm: Firm) -> None:
    with import_trial.scratch() as db:
        sources.add(db, [Record("fake:zhang", at("8:55"), "other", "ATM")], firm.now)
        assert db.execute(sa.select(sa.func.count()).select_from(t.punch)).scalar_one() == 1
    assert firm.rows(t.punch) == []
