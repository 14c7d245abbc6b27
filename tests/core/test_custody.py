"""The receipt custodian: in time, news only, through outages, and unknown where it stayed unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.app import App
from bot.card import Card
from bot.context import Context
from bot.db import begin
from bot.delivery import crowds, custody, deliver, outbox
from bot.delivery.moves import Result
from bot.delivery.outbox import Row
from bot.errors import PlatformError
from bot.evidence.tables import ev_event
from bot.people import sync
from bot.ports import DirectoryPerson
from bot.ports.crowds import Outcome
from bot.router import routes
from bot.tables import outbox as outbox_table, outbox_harvest, outbox_read
from bot.wire import dump_card
from tests.world import START, Firm

STAFF = [DirectoryPerson(f"u{n}", f"员工{n}", "", ("门店",)) for n in range(3)]
Heard = list[dict[str, tuple[str, str]]]


@pytest.fixture
def heard(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What the harvester of `crowd:` was told: person id -> (state, code)."""
    told: Heard = []

    def harvester(ctx: Context, row: Row, outcomes: dict[str, Outcome]) -> None:
        told.append({person: (what.state, what.code) for person, what in outcomes.items()})

    monkeypatch.setattr(routes, "harvesters", {"crowd:": harvester})
    with begin(firm.app.engine) as connection:
        sync(connection, "fake", [*STAFF, DirectoryPerson("wang", "王HR")], {"wang": "hr"})
    return told


def send(firm: Firm, matter: str = "crowd:1") -> str:
    people = [(f"fake:{each.user_id}", each.user_id) for each in STAFF]
    with firm.app.context() as ctx:
        (row_id,) = crowds.queue(ctx, firm.platform, "shared", people, Card("通知"), matter)
    firm.courier.drain()
    return row_id


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def ask_after(firm: Firm, **delta: float) -> int:
    firm.pass_time(**delta)
    return custody.harvest(firm.app)


def test_a_dropped_message_is_found_after_a_minute_and_only_news_is_told(firm: Firm, heard: Heard) -> None:
    send(firm)
    assert ask_after(firm, seconds=59) == 0
    firm.platform.known = {"u0": Outcome("dropped", code="143106"), "u1": Outcome("unopened")}
    assert ask_after(firm, seconds=1) == 1
    assert heard == [{"fake:u0": ("dropped", "143106"), "fake:u1": ("unopened", "")}]
    assert ask_after(firm, minutes=4) == 1
    firm.platform.known |= {"u1": Outcome("opened"), "u2": Outcome("opened")}
    assert ask_after(firm, minutes=5) == 1
    assert heard[1:] == [{"fake:u1": ("opened", ""), "fake:u2": ("opened", "")}]
    assert ask_after(firm, hours=20) == 0  # nothing is open any more
    assert [row["due"] for row in firm.rows(outbox_harvest)] == [None]


def test_before_the_window_shuts_it_asks_again_and_what_stayed_open_is_unknown(firm: Firm, heard: Heard) -> None:
    send(firm)
    for minute in range(1, 24 * 60 + 2, 1):
        if minute in (1, 5, 10) or minute % 30 == 0 or minute > 24 * 60 - 2:
            firm.now = START + timedelta(minutes=minute)
            firm.platform.known = {"u1": Outcome("unopened")} if minute >= 24 * 60 - 40 else {}
            custody.harvest(firm.app)
    assert heard == [
        {"fake:u1": ("unopened", "")},
        {"fake:u0": ("unknown", "expired"), "fake:u2": ("unknown", "expired")},
    ]
    assert [row["due"] for row in firm.rows(outbox_harvest)] == [None]


def test_an_outage_alarms_once_and_loses_nothing(firm: Firm, heard: Heard) -> None:
    send(firm)
    send(firm)
    firm.platform.fail = [PlatformError("-1", retry_after=5)] * 2
    ask_after(firm, minutes=1)
    assert not [row for row in firm.rows(ev_event) if row["type"] == custody.AT_RISK]  # there is time yet
    firm.platform.fail = [PlatformError("-1", retry_after=5)] * 4
    ask_after(firm, hours=22.5)
    ask_after(firm, minutes=10)
    assert [row["type"] for row in firm.rows(ev_event)] == [custody.AT_RISK]
    firm.courier.drain()
    assert [(to, card.title) for to, card, _ in firm.platform.sent] == [("wang", "回执快要取不到了")]
    firm.platform.known = {each.user_id: Outcome("opened") for each in STAFF}
    ask_after(firm, minutes=10)
    assert [set(each.values()) for each in heard] == [{("opened", "")}] * 2


def test_the_window_opens_when_the_platform_took_it_not_when_that_could_be_written(
    firm: Firm, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away for twenty minutes: sent then, seen now, and the vendor's day began then."""
    written = deliver.write

    def later(app: App, results: Sequence[Result]) -> int:
        if results:
            firm.pass_time(minutes=20)
        return written(app, results)

    monkeypatch.setattr(deliver, "write", later)
    with firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        outbox.queue(ctx.db, ctx.now, "send", "fake", person, "probe:1", dump_card(Card("通知")))
    row_id = send(firm)
    (harvest,) = firm.rows(outbox_harvest)
    assert (harvest["sent_at"], harvest["known_until"]) == (START, START + timedelta(hours=24))
    assert {row["id"]: row["sent_at"] for row in firm.rows(outbox_table)}[row_id] == START
    (event,) = [row for row in firm.rows(ev_event) if row["type"] == "delivery.accepted"]
    assert (event["at_ms"], event["seen_ms"]) == (millis(START), millis(START + timedelta(minutes=20)))


def test_too_late_is_unknown_at_once_and_said_so(firm: Firm, heard: Heard) -> None:
    send(firm)
    firm.platform.fail = [PlatformError("expireTime", permanent=True)]
    ask_after(firm, hours=30)
    assert heard == [{f"fake:u{n}": ("unknown", "expired") for n in range(3)}]
    assert ask_after(firm, hours=1) == 0


def test_a_custodian_that_dies_is_followed_by_the_next(
    firm: Firm, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nobody catches it, as nobody catches kill -9."""

    def die(*_: object) -> None:
        raise Killed

    send(firm)
    firm.platform.known = {"u0": Outcome("opened")}
    with monkeypatch.context() as patch:
        patch.setattr(custody, "_keep", die)
        with pytest.raises(Killed):
            ask_after(firm, minutes=1)
    assert ask_after(firm, minutes=1) == 0
    assert ask_after(firm, minutes=2) == 1
    assert heard == [{"fake:u0": ("opened", "")}]


def test_a_features_error_holds_up_nobody_else_and_is_tried_again(
    firm: Firm, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _ = send(firm), send(firm)
    sound, broken = routes.harvesters["crowd:"], [True]

    def harvester(ctx: Context, row: Row, outcomes: dict[str, Outcome]) -> None:
        if row.id == bad and broken:
            raise RuntimeError("a bug in a feature")
        sound(ctx, row, outcomes)

    monkeypatch.setitem(routes.harvesters, "crowd:", harvester)
    firm.platform.known = {each.user_id: Outcome("opened") for each in STAFF}
    ask_after(firm, minutes=1)
    open_ = [row["row_id"] for row in firm.rows(outbox_harvest) if row["due"]]
    assert open_ == [bad]
    broken.clear()
    assert ask_after(firm, minutes=3) == 1
    assert [row["due"] for row in firm.rows(outbox_harvest)] == [None, None]


def test_personal_cards_are_asked_about_and_chat_is_not(firm: Firm, heard: Heard) -> None:
    with firm.app.context() as ctx:
        person = ctx.people.find("fake", "u0")
        assert person
        outbox.queue(ctx.db, ctx.now, "send", "fake", person, "crowd:2", dump_card(Card("绩效")))
        ctx.say(person, Card("你好"), "chat")
    firm.courier.drain()
    firm.platform.known = {"u0": Outcome("opened")}
    assert ask_after(firm, minutes=1) == 1
    assert heard == [{"fake:u0": ("opened", "")}]


def test_a_read_event_brings_the_platforms_time_once(firm: Firm, heard: Heard) -> None:
    row_id = send(firm)
    moment = firm.now + timedelta(seconds=7)
    firm.pass_time(minutes=3)
    event = firm.event("u1", "receipt.read", message_id=f"m-{row_id}")
    for name in ("r1", "r1", "r2"):
        firm.dispatch(event.__class__("fake", name, "u1", event.action, moment, "", event.data, b"raw"))
    assert heard == [{"fake:u1": ("opened", "")}]
    assert [row["at"] for row in firm.rows(outbox_read)] == [moment]
    firm.dispatch(firm.event("wang", "receipt.read", message_id=f"m-{row_id}"))  # not one of them
    assert len(heard) == 1


def test_a_read_event_before_our_own_write_back_is_not_lost(firm: Firm, heard: Heard) -> None:
    inner = firm.platform.send_many

    def send_many(route: str, to: list[str], card: Card, key: str) -> object:
        firm.dispatch(firm.event("u2", "receipt.read", message_id=f"m-{key}"))
        return inner(route, to, card, key)

    firm.platform.send_many = send_many  # type: ignore[method-assign, assignment]
    send(firm)
    assert heard == []
    assert ask_after(firm, seconds=10) == 0
    assert heard == [{"fake:u2": ("opened", "")}]
    firm.platform.fail = [PlatformError("expireTime", permanent=True)]
    ask_after(firm, hours=25)
    assert heard[1:] == [{"fake:u0": ("unknown", "expired"), "fake:u1": ("unknown", "expired")}]


def test_a_read_event_of_nobodys_message_goes_after_a_while(firm: Firm, heard: Heard) -> None:
    firm.dispatch(firm.event("u0", "receipt.read", message_id="m-unknown"))
    ask_after(firm, days=7)
    assert len(firm.rows(outbox_read)) == 1
    ask_after(firm, days=2)
    assert firm.rows(outbox_read) == []


@given(st.floats(0, 24 * 3600, exclude_max=True), st.integers(0, 9), st.sampled_from([0.5, 1, 24, 72, 168]))
def test_the_next_question_is_always_later_and_never_after_the_window(
    passed: float, failures: int, window: float
) -> None:
    sent, until, now = START, START + timedelta(hours=window), START + timedelta(seconds=passed)
    following = custody.again(sent, until, now, failures)
    assert following <= until
    assert following > now or now >= until
    if not failures and now < until - custody.LAST:
        assert following <= until - custody.LAST  # one question is always asked shortly before it shuts
        assert following - now <= custody.EVERY
