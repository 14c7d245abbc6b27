"""`huizhi approvals`: the simulator and the check, on both databases."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner

from bot import people
from bot.approvals import data as approvals_data
from bot.approvals.rows import Approval, insert
from bot.cli import approvals as cli_approvals
from bot.db import begin, metadata
from bot.errors import Misconfigured
from bot.tables import delegate
from tests.world import FIRM, Firm

SHIPPED = approvals_data.text("")


def run(firm: Firm, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(cli_approvals, "application", lambda: firm.app)
    monkeypatch.setattr(cli_approvals, "settings", lambda: firm.app.settings)
    result = CliRunner().invoke(cli_approvals.approvals, list(arguments))
    return result.exit_code, result.output


def test_the_simulator_says_who_in_which_order_and_why(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    with begin(firm.app.engine) as connection:
        people.sync(connection, "fake", FIRM, {"wang": "hr", "stranger": "hr_head"})
    asked = (
        "simulate",
        "--kind",
        "leave",
        "--person",
        "fake:zhang",
        "--day",
        "2026-06-11",
        "--fact",
        "days=4",
        "--json",
    )
    code, output = run(firm, monkeypatch, *asked)
    found = json.loads(output)
    assert code == 0
    assert [(step["role"], step["asked"], step["because"]) for step in found["steps"]] == [
        ("manager", ["李主管"], "上级安排工作"),
        ("hr_head", ["外人"], "超过 3 天"),
    ]
    assert found["steps"][0]["then"] == ["skip_level", "hr"]
    assert run(firm, monkeypatch, *asked[:-1])[1].splitlines()[1] == "1. 李主管（manager：上级安排工作）"


def test_the_simulator_knows_stand_ins_and_counts_earlier_requests(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    with begin(firm.app.engine) as connection:
        row = {"id": "d1", "person_id": "fake:li", "delegate_person_id": "fake:stranger", "state": "on"}
        since, until = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC)
        connection.execute(sa.insert(delegate).values(**row, since=since, until=until, created_at=since))
        for number in range(3):
            known = Approval(
                f"a{number}", "correction", f"m{number}", "fake:zhang", date(2026, 6, number + 1), {}, {}, 1, 0,
                "approved", False, since, since, "fake:li", "",
            )  # fmt: skip
            insert(connection, known, [])
    asked = ("simulate", "--kind", "correction", "--person", "fake:zhang", "--day", "2026-06-11", "--json")
    found = json.loads(run(firm, monkeypatch, *asked)[1])
    assert found["facts"]["count"] == 4 and found["bulk"] is False
    assert [step["asked"] for step in found["steps"]] == [["外人 代 李主管"], ["王HR"]]
    assert found["steps"][0]["how"] == ["李主管 不在", "按 李主管 的安排由别人代理"]
    later = json.loads(run(firm, monkeypatch, *(*asked[:6], "2026-07-11", "--json"))[1])
    assert [step["asked"] for step in later["steps"]] == [["李主管"]]


def test_wrong_use_is_said(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    base = ("simulate", "--day", "2026-06-11", "--kind")
    assert run(firm, monkeypatch, *base, "correction", "--person", "fake:nobody")[0] == 1
    assert run(firm, monkeypatch, *base, "moods", "--person", "fake:zhang")[0] == 2
    assert run(firm, monkeypatch, *base, "leave", "--person", "fake:zhang", "--fact", "mood=2")[0] == 2


def test_the_check_names_what_is_wrong(firm: Firm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(firm, monkeypatch, "check")[0] == 0
    broken = tmp_path / "chains.toml"
    broken.write_text(SHIPPED.replace('skip_level = "hr"', 'skip_level = "manager"'), encoding="utf-8")
    code, output = run(firm, monkeypatch, "check", str(broken), "--json")
    assert code == 1 and "goes round in a circle" in json.loads(output)["problems"][0]
    with pytest.raises(Misconfigured, match="circle"):
        approvals_data.use(str(broken))
    with pytest.raises(Misconfigured, match="cannot be read"):
        approvals_data.use(str(tmp_path / "missing.toml"))
    assert approvals_data.version_at(firm.now, "Asia/Shanghai").number == 1


@pytest.mark.filterwarnings("ignore:.*ix_person_folded")  # SQLite cannot read back an index on lower()
def test_the_migration_makes_the_tables_the_code_knows(firm: Firm) -> None:
    mine = {"approval", "approval_step", "approval_seat", "approval_bulk", "delegate"}
    with firm.app.engine.connect() as connection:
        changes = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [change for change in changes if mine.intersection(str(change).split("'"))] == []
