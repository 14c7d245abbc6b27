"""Any punch belongs to exactly one shift: never to two, never to none inside a shift's window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, strategies as st

from handlers.missed_punch.attendance.assign import EARLY, LATE, Kind, Slot, arrivals, assign, departures, faults

ZONES = st.sampled_from(
    ["Asia/Shanghai", "Asia/Urumqi", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]
)
KINDS = st.sampled_from(["on", "off", "other"])
# Month ends, a leap day, New Year, and the nights on which clocks change in the zones above.
NIGHTS = st.sampled_from(
    [
        (2026, 1, 31, 22),
        (2028, 2, 28, 23),
        (2026, 12, 31, 18),
        (2026, 3, 7, 20),
        (2026, 10, 24, 21),
        (2026, 10, 31, 22),
        (2026, 4, 4, 19),
        (2026, 6, 11, 9),
    ]
)


@st.composite
def weeks(draw: st.DrawFn) -> list[Slot]:
    """Shifts of one person one after the other, some touching, some overnight, several a day, in one time zone."""
    zone = ZoneInfo(draw(ZONES))
    year, month, day, hour = draw(NIGHTS)
    at = datetime(year, month, day, hour, tzinfo=zone).astimezone(UTC)
    slots = []
    for gap, length in draw(
        st.lists(st.tuples(st.integers(0, 20 * 60), st.integers(1, 14 * 60)), min_size=1, max_size=6)
    ):
        at += timedelta(minutes=gap)
        slots.append(Slot(at.astimezone(zone), (at + timedelta(minutes=length)).astimezone(zone)))
        at += timedelta(minutes=length)
    return slots


def inside(at: datetime, slot: Slot) -> bool:
    return slot.start.astimezone(UTC) - EARLY <= at < slot.end.astimezone(UTC) + LATE


def local(day: int, hour: int, minute: int, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


@given(weeks(), KINDS, st.integers(-2000, 9000))
@example(  # between two windows of one gap a punch once belonged to nobody
    slots=[
        Slot(local(31, 22, 0, month=1), local(31, 22, 1, month=1)),
        Slot(local(1, 8, 53), local(1, 22, 53)),
        Slot(local(2, 5, 40), local(2, 5, 41)),
    ],
    kind="on",
    minute=1719,
)
def test_exactly_one_shift_inside_any_window_and_none_outside_all(slots: list[Slot], kind: Kind, minute: int) -> None:
    at = slots[0].start.astimezone(UTC) + timedelta(minutes=minute)
    owners = [
        n for n, w in enumerate(departures(slots) if kind == "off" else arrivals(slots)) if w.since <= at < w.until
    ]
    assert len(owners) == any(inside(at, slot) for slot in slots)
    assert assign(at, kind, slots) == (owners[0] if owners else None)


@given(weeks(), KINDS, st.integers(0, 9000), ZONES, st.randoms(use_true_random=False))
def test_neither_the_order_of_the_plan_nor_the_zone_of_the_punch_matters(
    slots: list[Slot], kind: Kind, minute: int, zone: str, random: object
) -> None:
    at = slots[0].start.astimezone(UTC) + timedelta(minutes=minute)
    shuffled = list(slots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = assign(at, kind, slots), assign(at.astimezone(ZoneInfo(zone)), kind, shuffled)
    assert (None if first is None else slots[first]) == (None if second is None else shuffled[second])


@given(weeks(), st.integers(0, 5))
def test_who_comes_in_time_and_leaves_in_time_has_the_shift_they_worked(slots: list[Slot], which: int) -> None:
    index = which % len(slots)
    assert assign(slots[index].start, "on", slots) == index
    assert assign(slots[index].end, "off", slots) == index


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 2000)), min_size=1, max_size=6),
    KINDS,
    st.integers(-500, 7000),
)
@example([(0, 600), (0, 600), (0, 600)], "other", 30)
def test_even_plans_that_contradict_themselves_give_a_punch_to_one_shift(
    plan: list[tuple[int, int]], kind: Kind, minute: int
) -> None:
    base = datetime(2026, 10, 25, tzinfo=UTC)
    slots = [Slot(base + timedelta(minutes=a), base + timedelta(minutes=a + b)) for a, b in plan]
    at = base + timedelta(minutes=minute)
    found = departures(slots) if kind == "off" else arrivals(slots)
    assert sum(each.since <= at < each.until for each in found) <= 1


@given(weeks())
def test_an_orderly_plan_has_no_fault(slots: list[Slot]) -> None:
    assert faults(slots) == {}


@pytest.mark.parametrize(
    ("plan", "wrong"),
    [
        ([(9, 8)], {0: "ends_first"}),
        ([(9, 9)], {0: "ends_first"}),
        ([(9, 34)], {0: "too_long"}),
        ([(9, 18), (17, 20)], {0: "overlap", 1: "overlap"}),
        ([(9, 18), (9, 18)], {0: "overlap", 1: "overlap"}),
        ([(8, 20), (9, 10), (11, 12), (20, 22)], {0: "overlap", 1: "overlap", 2: "overlap"}),
        ([(17, 12), (9, 18)], {0: "ends_first"}),
    ],
)
def test_a_plan_that_contradicts_itself_is_named(plan: list[tuple[int, int]], wrong: dict[int, str]) -> None:
    base = datetime(2026, 6, 11, tzinfo=UTC)
    assert faults([Slot(base + timedelta(hours=a), base + timedelta(hours=b)) for a, b in plan]) == wrong


def test_a_split_day_gives_each_half_its_own_arrival() -> None:
    base = datetime(2026, 6, 11, tzinfo=UTC)
    day = [Slot(base + timedelta(hours=a), base + timedelta(hours=b)) for a, b in ((8, 12), (13, 17), (17, 21))]

    def owner(hour: float, kind: Kind) -> int | None:
        return assign(base + timedelta(hours=hour), kind, day)

    assert [owner(hour, "on") for hour in (4.9, 5, 8, 11.9, 12.4, 12.5, 16.4, 16.5, 26.9, 27)] == [
        None, 0, 0, 0, 0, 1, 1, 2, 2, None,
    ]  # fmt: skip
    assert [owner(hour, "off") for hour in (12, 12.4, 12.6, 17.4, 17.5)] == [0, 0, 1, 1, 2]


def test_the_repeated_hour_of_a_clock_change_is_two_different_hours() -> None:
    """22:00–02:30 on the night Berlin turns back: 02:15 happens twice, and only the first is inside the shift."""
    zone = ZoneInfo("Europe/Berlin")
    night = Slot(datetime(2026, 10, 24, 22, tzinfo=zone), datetime(2026, 10, 25, 2, 30, tzinfo=zone))
    assert faults([night]) == {}
    assert assign(datetime(2026, 10, 25, 8, 15, tzinfo=zone), "off", [night]) is None  # 02:30 was seven hours ago
    assert assign(datetime(2026, 10, 25, 7, 15, tzinfo=zone), "off", [night]) == 0
