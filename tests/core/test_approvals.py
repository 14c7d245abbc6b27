"""Chains as data, who decides, working time, what somebody writes to name a stand-in. Pure parts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from bot.approvals import ROLES, Role, in_force, parse, plain, plan, problems
from bot.approvals.delegates_words import wish
from bot.approvals.hours import after, next_day_over, within
from bot.approvals.who import Org, Seat, choose

SHIPPED = resources.files("bot.approvals").joinpath("approvals.toml").read_text(encoding="utf-8")
HOURS = (time(9), time(18))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def weekday(day: date) -> bool:
    return day.weekday() < 5


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_the_shipped_data_is_sound_and_says_what_the_rules_say() -> None:
    version = parse(SHIPPED)[0]
    correction, leave = version.chains["correction"], version.chains["leave"]
    assert [each.who for each in plan(correction, {"count": 3})] == ["manager"]
    assert [each.who for each in plan(correction, {"count": 4})] == ["manager", "hr"]
    assert [each.who for each in plan(leave, {"days": 3})] == ["manager"]
    assert [each.who for each in plan(leave, {"days": 4})] == ["manager", "hr_head"]
    assert plain(correction, {"count": 3}) and not plain(correction, {"count": 4})
    assert not plain(correction, {"count": 1, "clashes": 1}) and not plain(leave, {"days": 1})


def test_the_version_of_a_day() -> None:
    second = SHIPPED.replace("number = 1", "number = 2").replace("since = 2026-01-01", "since = 2026-07-01")
    versions = parse(SHIPPED + second)
    days = (date(2025, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    assert [in_force(versions, day).number for day in days] == [1, 1, 2]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('who = "hr_head"', 'who = "boss"', "unknown role 'boss'"),
        ("at_least = 4", "about = 4", "a condition has a fact and one of"),
        ('fact = "days"', 'fact = "moods"', "unknown fact 'moods'"),
        ('skip_level = "hr"', 'skip_level = "manager"', "goes round in a circle"),
        ('hr_head = "hr"', "", "hr_head does not end at hr"),
        ('hr_head = "hr"', 'hr_head = "hr"\nhr = "manager"', "hr is the end"),
        ("limit = 3", "limit = 0", "limit must be"),
        ('["09:00", "18:00"]', '["18:00", "09:00"]', "hours end before they begin"),
        ("remind = 4", "remind = 0", "remind must be"),
        ("since = 2026-01-01", 'since = "soon"', "since must be a day"),
        ("\n[[version]]", "\n[[versions]]", "no [[version]]"),
        ("number = 1", "number = ", "not TOML"),
    ],
)
def test_wrong_data_is_named(old: str, new: str, says: str) -> None:
    found = problems(SHIPPED.replace(old, new, 1))
    assert any(says in each for each in found), found
    with pytest.raises(ValueError, match="."):
        parse(SHIPPED.replace(old, new, 1))


def test_an_empty_chain_and_one_that_may_ask_nobody_are_named() -> None:
    head = SHIPPED[: SHIPPED.index("[version.chain.correction]")]
    condition = '{ who = "hr", when = { fact = "days", more_than = 1 } }'
    found = problems(f"{head}[version.chain.a]\nstep = []\n[version.chain.b]\nstep = [{condition}]\n")
    assert found == [
        "version 1, a: empty chain",
        "version 1, b: every step has a condition, so there may be nobody to ask",
    ]
    assert problems(SHIPPED + SHIPPED)[:1] == ["two versions share a number"]


ORG = Org(
    managers={"zhang": "li", "li": "zhao", "zhao": None, "wang": None, "chen": None},
    active=frozenset({"zhang", "li", "zhao", "wang", "chen"}),
    hr=("wang",),
    heads=("chen",),
)


def org(**changes: object) -> Org:
    values = {name: getattr(ORG, name) for name in Org.__dataclass_fields__} | changes
    return Org(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "subject", "role", "seats", "why"),
    [
        (org(), "zhang", "manager", [Seat("li")], []),
        (org(), "zhang", "skip_level", [Seat("zhao")], []),
        (org(), "zhang", "hr_head", [Seat("chen")], []),
        (org(away={"li"}), "zhang", "manager", [Seat("zhao")], ["away"]),
        (org(away={"li"}, delegates={"li": "wang"}), "zhang", "manager", [Seat("wang", "li")], ["away", "stand_in"]),
        # the stand-in's own stand-in, and A -> B -> A
        (org(away={"li", "zhao"}, delegates={"li": "zhao", "zhao": "chen"}), "zhang", "manager", [Seat("chen", "li")],
         None),
        (org(away={"li", "zhao"}, delegates={"li": "zhao", "zhao": "li"}), "zhang", "manager", [Seat("wang")], None),
        # whoever asks is never their own stand-in approver
        (org(away={"li"}, delegates={"li": "zhang"}), "zhang", "manager", [Seat("zhao")], ["away", "stand_in_subject"]),
        # no manager, a loop, oneself as manager, a manager who left
        (org(), "zhao", "manager", [Seat("wang")], ["no_manager"]),
        (org(managers={"zhang": "li", "li": "zhang"}, away={"li"}), "zhang", "manager", [Seat("wang")], None),
        (org(managers={"zhang": "zhang"}), "zhang", "manager", [Seat("wang")], ["no_manager"]),
        (org(active=frozenset({"zhang", "zhao", "wang"})), "zhang", "manager", [Seat("zhao")], []),
        # HR about HR, HR away, nobody left
        (org(), "wang", "hr", [Seat("chen")], []),
        (org(away={"wang"}), "zhang", "hr", [Seat("chen")], []),
        (org(away={"wang", "chen"}), "zhang", "hr", [Seat("wang"), Seat("chen")], ["queue"]),
        (org(hr=(), heads=()), "zhao", "manager", [], ["no_manager", "queue"]),
    ],
)  # fmt: skip
def test_who_decides(found: Org, subject: str, role: Role, seats: list[Seat], why: list[str] | None) -> None:
    chosen = choose(found, subject, role)
    assert list(chosen.seats) == seats
    if why is not None:
        assert [what for what, _ in chosen.why] == why


def test_whoever_decided_an_earlier_step_is_not_asked_again() -> None:
    assert choose(ORG, "zhang", "manager", {"li"}).seats == (Seat("zhao"),)
    assert choose(org(heads=()), "zhang", "hr", {"wang"}).seats == ()


names = st.sampled_from("abcdefg")
some = st.frozensets(names)


@st.composite
def orgs(draw: st.DrawFn) -> Org:
    return Org(
        managers=draw(st.dictionaries(names, st.none() | names)),
        active=draw(some),
        hr=tuple(sorted(draw(st.frozensets(names, max_size=3)))),
        heads=tuple(sorted(draw(st.frozensets(names, max_size=2)))),
        away=draw(some),
        delegates=draw(st.dictionaries(names, names)),
    )


@given(orgs(), names, st.sampled_from(ROLES), st.frozensets(names, max_size=2))
def test_never_the_subject_and_always_somebody_while_hr_has_anybody(
    found: Org, subject: str, role: Role, but: frozenset[str]
) -> None:
    chosen = choose(found, subject, role, but)
    people = [seat.person for seat in chosen.seats]
    assert subject not in people and not but.intersection(people)
    assert set(people) <= found.active
    assert len(people) == len(set(people))
    for seat in chosen.seats:
        assert not seat.behalf or (seat.behalf in found.away and seat.behalf != seat.person)
    able = {each for each in found.hr + found.heads if each in found.active and each != subject and each not in but}
    if able:
        assert people, "somebody of HR could have decided"
    if not people:
        assert ("queue", "") in chosen.why


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-06-11 09:30", 4, "2026-06-11 13:30"),
        ("2026-06-11 16:00", 4, "2026-06-12 11:00"),
        ("2026-06-12 20:00", 4, "2026-06-15 13:00"),  # Friday night, over the weekend
        ("2026-06-13 10:00", 0, "2026-06-15 09:00"),
        ("2026-06-11 07:00", 9, "2026-06-11 18:00"),
    ],
)
def test_working_hours(start: str, hours: float, due: str) -> None:
    found = after(local(start), hours, "Asia/Shanghai", HOURS, weekday)
    assert found == local(due) and found.tzinfo is UTC


def test_the_next_working_day_is_over_when_work_ends() -> None:
    assert next_day_over(local("2026-06-12 10:00"), "Asia/Shanghai", HOURS, weekday) == local("2026-06-15 18:00")
    assert within(local("2026-06-12 09:00"), "Asia/Shanghai", HOURS, weekday)
    assert not within(local("2026-06-12 08:59"), "Asia/Shanghai", HOURS, weekday)
    assert not within(local("2026-06-13 10:00"), "Asia/Shanghai", HOURS, weekday)


@given(st.integers(0, 330 * 24 * 60), st.floats(0, 40), st.sampled_from(["Europe/Berlin", "Asia/Shanghai"]))
def test_a_moment_of_working_time_never_lies_outside_it(minute: int, hours: float, zone: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    found = after(start, hours, zone, HOURS, weekday)
    assert within(found, zone, HOURS, weekday)
    assert found - start >= timedelta(hours=hours) - timedelta(seconds=1)


NOW = local("2026-06-11 10:00")


@pytest.mark.parametrize(
    ("text", "name", "since", "until"),
    [
        ("我休假到6月20日，由王HR代理", "王HR", None, "2026-06-21"),
        ("我6月15日到6月20号出差，请 李主管 代批", "李主管", "2026-06-15", "2026-06-21"),
        ("休假时由王HR代理", "王HR", None, None),
        ("请假到2026年12月31日 由wang代我审批", "wang", None, "2027-01-01"),
        ("I'm away until June 20, Wang covers for me", "Wang", None, "2026-06-21"),
        ("on leave 6/15 to 6/20, delegate to wang", "wang", "2026-06-15", "2026-06-21"),
        ("12月30日到1月3日休假，由王HR代理", "王HR", "2026-12-30", "2027-01-04"),
    ],
)
def test_words_that_name_a_stand_in(text: str, name: str, since: str | None, until: str | None) -> None:
    found = wish(text, NOW)
    assert found is not None and found.name == name
    assert found.since == (local(f"{since} 00:00") if since else None)
    assert found.until == (local(f"{until} 00:00") if until else None)


@pytest.mark.parametrize(
    "text", ["我休假到6月20日", "由王HR代理公司出席", "忘打卡 9:02", "请王HR代批", "休假到6月31日，由王HR代理"]
)
def test_other_words_are_left_alone(text: str) -> None:
    assert wish(text, NOW) is None
