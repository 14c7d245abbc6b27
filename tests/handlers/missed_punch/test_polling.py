"""Calls are made as seldom as the ladder allows, and bad data accuses nobody."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from adapters.dingtalk.attendance import DingTalkAttendance
from adapters.wecom.attendance import WeComAttendance
from bot import people
from bot.card import as_text
from bot.db import begin
from bot.errors import PlatformError
from bot.evidence.tables import ev_event
from bot.ports import Leave, Limits, Punch, Shift
from handlers.missed_punch import doctor, rules, tables as t
from handlers.missed_punch.attendance import polling
from handlers.missed_punch.attendance.polling import LEAD, REFRESH, Question, asks, forecast
from tests.handlers.missed_punch.feed import run_at
from tests.handlers.missed_punch.story import DAY, NINE, Story, at
from tests.world import FakePlatform

FREE, COUNTED = Limits(), Limits(50, 50, 100, 5000, pushes=True)
DUE = at("9:15")


@dataclass
class Counting:
    """The attendance of a fake platform that writes down every call and how many people it was about."""

    inner: FakePlatform
    limits: Limits
    calls: list[tuple[str, int]] = field(default_factory=list)
    down: bool = False

    def shifts(self, user_ids: Any, day: date) -> list[Shift]:
        return list(self._call("shifts", user_ids, self.inner.shifts(user_ids, day)))

    def punches(self, user_ids: Any, since: datetime, until: datetime) -> list[Punch]:
        return list(self._call("punches", user_ids, self.inner.punches(user_ids, since, until)))

    def leaves(self, user_ids: Any, since: datetime, until: datetime) -> list[Leave]:
        return list(self._call("leaves", user_ids, self.inner.leaves(user_ids, since, until)))

    def _call(self, what: str, user_ids: Any, found: list[Any]) -> list[Any]:
        self.calls.append((what, len(user_ids)))
        if self.down:
            raise PlatformError("-1")
        return found

    def taken(self) -> list[tuple[str, int]]:
        calls, self.calls = self.calls, []
        return calls


def watch(story: Story, monkeypatch: pytest.MonkeyPatch, limits: Limits) -> Counting:
    counting = Counting(story.firm.platform, limits)
    monkeypatch.setattr(FakePlatform, "attendance", counting)
    return counting


def kinds(story: Story) -> list[object]:
    return sorted(str(row["kind"]) for row in story.firm.rows(t.finding))


def test_both_platforms_say_what_asking_costs() -> None:
    assert WeComAttendance.limits == Limits(100, 100, 100)
    assert DingTalkAttendance.limits == COUNTED
    assert polling.metered(COUNTED) and not polling.metered(FREE)
    assert LEAD <= rules.FEED_SLACK and REFRESH < rules.FEED_MAX_AGE


def test_nothing_is_asked_about_before_the_end_of_grace_is_near() -> None:
    question = Question("a", DUE)
    for limits in (FREE, COUNTED):
        assert asks([question], None, DUE - LEAD - timedelta(seconds=1), limits) == []
        assert asks([question], DUE - timedelta(hours=1), DUE - LEAD, limits) == [question]


def test_while_a_case_is_open_a_counted_platform_is_asked_only_before_the_next_step() -> None:
    case = Question("a", DUE, case=True, next_at=DUE + timedelta(minutes=30))
    feed = DUE
    minutes = [n for n in range(40) if asks([case], feed, DUE + timedelta(minutes=n), COUNTED)]
    assert minutes[0] == 29
    assert asks([case], DUE + timedelta(minutes=29), DUE + timedelta(minutes=30), COUNTED) == []
    assert asks([replace(case, next_at=None)], feed, DUE + timedelta(hours=5), COUNTED) == []
    assert [n for n in range(1, 5) if asks([case], feed, DUE + timedelta(minutes=n), FREE)] == [1, 2, 3, 4]


@given(st.lists(st.integers(0, 1400), min_size=1, max_size=8), st.integers(0, 59))
def test_whoever_is_due_has_been_looked_at_within_the_slack(starts: list[int], phase: int) -> None:
    """With a look every 30 s, at the end of each grace the feed is young enough to decide."""
    dues = [NINE + timedelta(minutes=start) for start in starts]
    feed: datetime | None = None
    now = NINE - timedelta(minutes=5) + timedelta(seconds=phase)
    pending = sorted(dues)
    while pending:
        found = [Question(str(due), due) for due in dues if due - LEAD <= now < due + timedelta(minutes=2)]
        if asks(found, feed, now, COUNTED):
            feed = now
        if now >= pending[0]:
            assert feed is not None and feed >= pending.pop(0) - rules.FEED_SLACK
        now += timedelta(seconds=30) if not pending or now > pending[0] - timedelta(minutes=5) else timedelta(minutes=4)


@pytest.mark.parametrize(
    ("people_count", "starts", "fits"), [(50, 1, True), (500, 2, True), (1500, 3, False), (0, 0, True)]
)
def test_the_forecast_counts_calls_against_the_budget(people_count: int, starts: int, fits: bool) -> None:
    found = forecast(people_count, starts, COUNTED)
    assert found.total == found.shifts + found.leaves + found.punches + found.late
    assert (found.fits, found.budget) == (fits, 5000)
    assert forecast(people_count, starts, FREE).fits


def test_a_quiet_day_of_a_counted_platform_costs_a_handful_of_calls(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = watch(story, monkeypatch, COUNTED)
    for minute in range(0, 600, 10):
        if minute == 50:
            story.firm.platform.punch_list = [Punch("zhang", at("8:50"), "on", "ATM")]
        run_at(story, at("8:00") + timedelta(minutes=minute))
    taken = calls.taken()
    assert [what for what, _ in taken].count("punches") == 2  # yesterday's late uploads, and once before the question
    assert len(taken) <= 8
    assert story.titles("zhang") == []


def test_one_missing_person_is_asked_about_alone(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = watch(story, monkeypatch, FREE)
    story.firm.platform.shift_list += [Shift(who, DAY, NINE, at("18:00")) for who in ("li", "wang", "stranger")]
    story.firm.platform.punch_list = [Punch(who, at("8:50"), "on", "ATM") for who in ("li", "wang", "stranger")]
    run_at(story, at("9:00"))
    run_at(story, at("9:14"))
    calls.taken()
    run_at(story, at("9:16"))
    assert calls.taken() == [("punches", 1), ("shifts", 1), ("leaves", 1)]
    assert len(story.titles("zhang")) == 1


def test_flexible_hours_wait_for_the_core_time(story: Story) -> None:
    story.firm.platform.shift_list = [Shift("zhang", DAY, NINE, at("18:00"), "p", core=at("10:00"))]
    run_at(story, at("9:20"))
    run_at(story, at("10:14"))
    assert story.titles("zhang") == []
    run_at(story, at("10:16"))
    assert len(story.titles("zhang")) == 1


def test_each_half_of_a_split_day_has_its_own_question(story: Story) -> None:
    story.firm.platform.shift_list = [
        Shift("zhang", DAY, NINE, at("12:00"), "a"),
        Shift("zhang", DAY, at("13:00"), at("18:00"), "b"),
    ]
    story.firm.platform.punch_list = [Punch("zhang", at("8:50"), "on", "ATM"), Punch("zhang", at("10:30"), "on", "ATM")]
    run_at(story, at("9:16"))
    assert story.titles("zhang") == []
    run_at(story, at("13:16"))
    assert len(story.titles("zhang")) == 1


def test_a_night_shift_of_somebody_abroad_is_asked_about_in_their_own_day(story: Story) -> None:
    """22:00 to 06:00 in New York, on the last day of a month."""
    with begin(story.firm.app.engine) as db:
        db.execute(people.table.update().where(people.table.c.user_id == "zhang").values(zone="America/New_York"))
    start = datetime(2026, 7, 1, 2, tzinfo=UTC)
    story.firm.platform.shift_list = [Shift("zhang", date(2026, 6, 30), start, start + timedelta(hours=8))]
    run_at(story, start - timedelta(hours=1))
    run_at(story, start + timedelta(minutes=16))
    assert story.titles("zhang") == ["晚上好，还没看到你的打卡，一切还好吗？"]
    assert [row["day"] for row in story.firm.rows(t.shift)] == [date(2026, 6, 30)]


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        ([("9:00", "8:00")], ["ends_first"]),
        ([("9:00", "18:00"), ("10:00", "19:00")], ["overlap"]),
        ([("9:00", "18:00"), ("9:00", "17:00")], ["overlap"]),
        ([("9:00", "18:00"), ("9:00", "18:00")], []),
    ],
)
def test_a_plan_that_contradicts_itself_asks_nobody_and_tells_the_administrator_once(
    story: Story, plan: list[tuple[str, str]], found: list[str]
) -> None:
    story.firm.platform.shift_list = [Shift("zhang", DAY, at(start), at(end)) for start, end in plan]
    for clock in ("9:16", "9:40", "10:30", "12:00"):
        run_at(story, at(clock))
    assert kinds(story) == found
    assert bool(story.titles("zhang")) == (not found)
    told = [card for card in story.seen("wang") if "需要核对" in card.title]
    assert len(told) == len(found)
    assert all("张三" in as_text(card) for card in told)
    types = [row["type"] for row in story.firm.rows(ev_event)]
    assert types.count("attendance.finding") == len(found)


def test_a_punch_from_the_future_is_a_finding_and_no_sign_of_presence(story: Story) -> None:
    story.firm.platform.punch_list = [Punch("zhang", at("9:40"), "on", "ATM", b"raw")]
    run_at(story, at("9:16"))
    assert kinds(story) == ["future"]
    assert len(story.titles("zhang")) == 1
    run_at(story, at("9:41"))  # the hour it claimed has come; it was still told beforehand
    assert story.case()["state"] == "waiting"
    assert [(row["punch_id"], len(str(row["raw_sha256"]))) for row in story.firm.rows(t.record)] == [(None, 64)]


def test_two_sources_of_one_punch_are_one_with_both_kept(story: Story) -> None:
    moment = at("8:55")
    story.firm.platform.punch_list = [
        Punch("zhang", moment, "other", "ATM", b"one"),
        Punch("zhang", moment + timedelta(seconds=45), "on", "MAP", b"two"),
    ]
    run_at(story, at("9:14"))
    run_at(story, at("9:20"))
    assert [(row["at"], row["kind"], row["source"]) for row in story.firm.rows(t.punch)] == [(moment, "on", "ATM")]
    assert sorted(str(row["source"]) for row in story.firm.rows(t.record)) == ["ATM", "MAP"]


def test_an_answer_that_is_empty_where_there_were_rows_is_trouble_with_the_feed(story: Story) -> None:
    yesterday, platform = timedelta(days=1), story.firm.platform
    shifts = [Shift(who, DAY, NINE, at("18:00")) for who in ("zhang", "li")]
    platform.shift_list = shifts + [
        replace(each, day=DAY - yesterday, start=each.start - yesterday, end=each.end - yesterday) for each in shifts
    ]
    platform.punch_list = [Punch(each.user_id, at("8:55") - yesterday, "on", "ATM") for each in shifts]
    run_at(story, at("9:16") - yesterday)
    platform.punch_list = []  # answers with success, and knows nothing any more
    for clock in ("9:16", "9:18", "9:40", "11:30"):
        run_at(story, at(clock))
    assert kinds(story) == ["empty"]
    assert (story.titles("zhang"), story.titles("li")) == ([], [])
    assert "考勤数据中断" in story.titles("wang")
    platform.punch_list = [Punch("li", at("8:55"), "on", "ATM")]
    run_at(story, at("11:40"))
    assert len(story.titles("zhang") + story.titles("wang")) == 3  # the fault is over: the true absence is found


def test_no_shifts_on_a_workday_after_days_with_shifts_is_trouble_too(story: Story) -> None:
    run_at(story, at("9:16") - timedelta(days=1))
    with begin(story.firm.app.engine) as db:
        db.execute(t.fetch.update().values(rows=4))
    story.firm.platform.shift_list = []
    for clock in ("9:16", "9:18", "9:40"):
        run_at(story, at(clock))
    assert kinds(story) == ["empty"]
    assert "考勤数据中断" in story.titles("wang")


def test_a_weekend_without_shifts_is_no_trouble(story: Story) -> None:
    run_at(story, at("9:16"))
    story.firm.platform.shift_list = []
    run_at(story, at("9:16") + timedelta(days=2))
    assert kinds(story) == []


def test_the_same_name_at_the_same_time_on_two_platforms_is_a_finding(story: Story) -> None:
    other = FakePlatform("other", shift_list=[Shift("zs", DAY, at("9:30"), at("18:00"))])
    story.firm.app.platforms = {**story.firm.app.platforms, "other": other}
    with begin(story.firm.app.engine) as db:
        people.sync(db, "other", [replace(people.DirectoryPerson("zs", "张三"), manager="")], {})
    run_at(story, at("9:10"))
    assert kinds(story) == ["twin"]


def test_an_outage_from_the_first_minute_of_the_day_is_told(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = watch(story, monkeypatch, FREE)
    calls.down = True
    for clock in ("6:00", "6:02", "9:16", "9:18"):
        run_at(story, at(clock))
    assert story.titles("wang") == ["考勤数据中断"]
    assert story.titles("zhang") == []


def test_the_doctor_shows_the_plan_and_what_waits(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    watch(story, monkeypatch, COUNTED)
    story.firm.platform.shift_list.append(Shift("li", DAY, at("9:00"), at("8:00")))
    run_at(story, at("9:16"))
    found = {each.check: each for each in doctor.findings(story.firm.app)}
    assert "/ 5000" in found["attendance plan: fake"].detail
    assert found["attendance plan: fake"].ok
    assert (found["attendance data: fake"].ok, "ends_first: 1" in found["attendance data: fake"].detail) == (
        False,
        True,
    )
    assert found["statutory calendar"].ok
