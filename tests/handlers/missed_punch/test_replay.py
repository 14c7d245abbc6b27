"""The time machine: a month that is over through the rules once more, and nothing is sent."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

from bot.cli import attendance as cli_attendance
from bot.tables import ask, outbox
from handlers.missed_punch import replay
from handlers.missed_punch.ladder import reach, rungs as ladder
from handlers.missed_punch.replay import cost as replay_cost, hindsight as replay_rules
from handlers.missed_punch.replay.hindsight import Day, change, play
from tests.handlers.missed_punch.feed import run_at
from tests.handlers.missed_punch.story import DAY, NINE, Story, at

SHIPPED = resources.files("handlers.missed_punch.ladder").joinpath("profiles.toml").read_text(encoding="utf-8")
LATER = SHIPPED.replace('channels = ["again", "sms"], after = 30', 'channels = ["again"], after = 45')
END = NINE + timedelta(days=30)


def day(**changed: object) -> Day:
    plain: dict[str, object] = {"person_id": "p", "day": DAY, "site": "fake/研发", "zone": "Asia/Shanghai"}
    return Day(**(plain | {"start": NINE, "end": NINE + timedelta(hours=9)} | changed))  # type: ignore[arg-type]


def times(found: Day, until: datetime = END) -> list[str]:
    steps = play(found, reach.versions(), lambda each: each.weekday() < 5, until).steps
    return [f"{step.who} {step.at + timedelta(hours=8):%d %H:%M}" for step in steps]


def test_silence_climbs_all_rungs_somebody_can_take() -> None:
    assert times(day()) == [
        "employee 11 09:15", "employee 11 09:45", "manager 11 10:15", "hr 11 11:15", "hr_head 12 10:30",
    ]  # fmt: skip
    assert "emergency 11 17:00" in times(day(kin=True))
    assert not any(each.startswith("manager") for each in times(day(managed=False)))


@pytest.mark.parametrize(
    ("facts", "last"),
    [
        ({"came": at("9:10")}, None),
        ({"came": at("9:50")}, "employee 11 09:45"),
        ({"answered_after": timedelta(minutes=5)}, "employee 11 09:15"),
        ({"leaves": ((at("10:00"), at("18:00")),)}, "employee 11 09:45"),
    ],
)
def test_whatever_stops_the_ladder_stops_it_here(facts: dict[str, object], last: str | None) -> None:
    found = times(day(**facts))
    assert (found[-1] if found else None) == last


@pytest.mark.parametrize(
    ("facts", "guard"),
    [
        ({"kind": "holiday"}, "hold_holiday"),
        ({"kind": "unknown"}, "hold_calendar"),
        ({"leaves": ((at("8:00"), at("18:00")),)}, "hold_leave"),
        ({"expected": 15, "missing": 14}, "hold_site"),
    ],
)
def test_a_guard_that_holds_is_named(facts: dict[str, object], guard: str) -> None:
    found = play(day(**facts), reach.versions(), lambda _day: True, END)
    assert (found.held, found.steps) == (guard, ())


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_after_a_sign_of_life_there_is_no_step_and_rungs_only_go_up(came: int, until: int) -> None:
    sign, end = NINE + timedelta(minutes=came), NINE + timedelta(minutes=until)
    steps = play(day(came=sign, kin=True), reach.versions(), lambda each: each.weekday() < 5, end).steps
    assert all(step.at < sign and step.at <= end for step in steps)
    assert [step.rung for step in steps] == sorted({step.rung for step in steps})


def test_what_changed_is_said_in_minutes() -> None:
    assert (change(NINE, NINE), change(None, NINE), change(NINE, None)) == ("same", "added", "dropped")
    assert (change(NINE, at("9:30")), change(at("9:30"), NINE), change(None, None)) == ("+30", "-30", "")


@pytest.fixture
def month(story: Story) -> Story:
    """Zhang was silent until 10:20 on 11 June, and the month is over."""
    for clock in ("9:16", "9:46", "10:16"):
        story.tick(clock)
    story.firm.now = at("10:20")
    story.write("zhang", "没事，睡过头了")
    story.firm.now = datetime(2026, 7, 2, 1, tzinfo=UTC)
    return story


def test_the_rules_in_force_replay_what_happened_and_a_draft_shows_its_difference(month: Story) -> None:
    before = (len(month.firm.rows(outbox)), len(month.firm.rows(ask)))
    found = replay.run(month.firm.app, "2026-06")
    assert [(line.who, line.then, line.in_force, line.change) for line in found.lines] == [
        ("employee", "06-11 09:16", "06-11 09:15", "same"),
        ("employee", "06-11 09:46", "06-11 09:45", "same"),
        ("manager", "06-11 10:16", "06-11 10:15", "same"),
    ]
    draft = replay.run(month.firm.app, "2026-06", LATER)
    assert [line.change for line in draft.lines] == ["same", "+15", "same"]
    assert draft.lines[1].draft == "06-11 10:00"
    assert draft.cost["in_force"].messages == {"card": 3, "sms": 1} and draft.cost["draft"].messages == {"card": 3}
    assert (len(month.firm.rows(outbox)), len(month.firm.rows(ask))) == before


def test_months_without_shifts_and_drafts_that_cannot_be_used(month: Story) -> None:
    assert replay.run(month.firm.app, "2026-05").lines == ()
    with pytest.raises(replay.BadRules, match="no \\[\\[version\\]\\]"):
        replay.run(month.firm.app, "2026-06", "")
    with pytest.raises(ValueError, match="isoformat|month"):
        replay.run(month.firm.app, "2026-13")


def test_the_command(month: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_attendance, "application", lambda: month.firm.app)
    file = tmp_path / "new.toml"
    file.write_text(LATER, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli_attendance.replay_month, list(arguments))
        return result.exit_code, result.output

    code, output = run("2026-06", "--rules", str(file), "--json")
    assert code == 0 and [line["change"] for line in json.loads(output)["lines"]] == ["same", "+15", "same"]
    code, output = run("2026-06", "--rules", str(file), "--csv", "--changed")
    assert output.splitlines()[0].lstrip("\ufeff").startswith("day,person,name")
    assert len(output.splitlines()) == 2 and "'+15" in output
    code, output = run("2026-06")
    assert code == 0 and "06-11 09:15" in output and "没有发送" in output
    assert "in_force: card=3 sms=1; fake: 6 次调用 / calls" in output
    file.write_text("[[version]]\nnumber = 1\n", encoding="utf-8")
    assert run("2026-06", "--rules", str(file))[0] == 1
    assert run("June")[0] == 2


def test_quiet_hours_hold_a_rung_and_the_later_ones_keep_their_distance() -> None:
    version = ladder.parse(SHIPPED)
    late = day(start=at("20:50"), end=at("23:59"), day=date(2026, 6, 11))
    steps = replay_rules.play(late, version, lambda each: each.weekday() < 5, END).steps
    boss = next(step for step in steps if step.who == "manager")
    assert f"{boss.at + timedelta(hours=8):%d %H:%M}" == "12 07:00"
    assert next(step for step in steps if step.who == "hr").at - boss.at == timedelta(hours=1)


def test_a_month_of_a_story_leaves_no_trace(month: Story) -> None:
    run_at(month, month.firm.now)
    events = len(month.firm.platform.sent)
    replay.run(month.firm.app, "2026-06", LATER)
    run_at(month, month.firm.now)
    assert len(month.firm.platform.sent) == events


def test_cards_are_counted_against_a_month_where_the_vendor_counts_calls() -> None:
    sent = {
        "draft": Counter({("dingtalk", "card"): 100, ("wecom", "card"): 5, ("dingtalk", "sms"): 7}),
        "then": Counter(),
    }
    found = replay_cost.costs(sent, {"dingtalk": 10_000, "wecom": None})
    assert found["draft"] == replay_cost.Cost(
        {"card": 105, "sms": 7}, {"dingtalk": 200, "wecom": 10}, {"dingtalk": 2.0}
    )
    assert found["draft"].told() == "card=105 sms=7; dingtalk: 200 次调用 / calls, 2.00 %; wecom: 10 次调用 / calls"
    assert found["then"].told() == "0"
