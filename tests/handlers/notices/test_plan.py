"""The service plan: graded, each person on their own schedule, and never a consent by silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot import absence_facts, addresses
from bot.addresses import Confirmed
from bot.db import begin
from bot.tables import outbox, person
from handlers.notices import tables as tb
from handlers.notices.receiving import answers
from handlers.notices.rules import Fact, Receipt, learn
from handlers.notices.sending import climbing, plan
from handlers.notices.sending.plan import UNREACHABLE, Move, Standing
from tests.handlers.notices import office
from tests.world import Firm

NOON = datetime(2026, 6, 11, 4, tzinfo=UTC)
NIGHT = datetime(2026, 6, 11, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
STEPS = plan.steps_of((), "confirm")


def standing(receipt: Receipt | None = None, **values: object) -> Standing:
    known: dict[str, object] = {"importance": "confirm", "step": 0, "zone": "Asia/Shanghai"}
    known |= {"ways": frozenset({"chat", "mail", "manager"})}
    return Standing(receipt or Receipt(accepted_at=NOON), **(known | values))  # type: ignore[arg-type]


def test_the_default_plan_goes_from_gentle_to_loud() -> None:
    assert [each.channel for each in STEPS] == ["chat", "sms", "mail", "manager", "call"]
    assert [each.channel for each in plan.steps_of((), "inform")] == ["mail"]  # for whom the chat did not take


@pytest.mark.parametrize(
    "written", [[{"channel": "call"}, {"channel": "chat"}], [{"channel": "chat", "after_hours": -1}]]
)
def test_a_plan_that_turns_the_order_or_time_round_is_refused(written: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="gentle"):
        plan.steps_of(written, "confirm")


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        (standing(), NOON, Move("act", "chat", 1, NOON + timedelta(hours=24))),
        (
            standing(step=1),
            NOON,
            Move("act", "mail", 3, NOON + timedelta(hours=24), (("sms", UNREACHABLE),)),
        ),
        (standing(), NIGHT, Move("wait", step=0, at=datetime(2026, 6, 12, 0, tzinfo=UTC))),
        (standing(away_until=NOON + timedelta(days=3)), NOON, Move("wait", step=0, at=NOON + timedelta(days=3))),
        (standing(over=True), NOON, Move("done", step=0)),
        (standing(step=5), NOON, Move("done", step=5)),
    ],
)
def test_moves(known: Standing, now: datetime, expected: Move) -> None:
    assert plan.next_move(STEPS, known, now) == expected


@pytest.mark.parametrize(
    ("importance", "kind", "answer", "enough"),
    [
        ("inform", "accepted", "", True),
        ("read", "accepted", "", False),
        ("read", "delivered", "", False),
        ("read", "opened", "", True),
        ("confirm", "opened", "", False),
        ("confirm", "acknowledged", "objected", True),
        ("sign", "acknowledged", "received", False),
        ("sign", "acknowledged", "declined", True),
        ("sign", "signed", "signed", True),
    ],
)
def test_what_is_enough(importance: str, kind: str, answer: str, enough: bool) -> None:
    assert plan.satisfied(importance, learn(Receipt(), Fact(kind, NOON, answer))) is enough


@given(st.integers(0, 500_000), st.times(), st.times())
def test_the_end_of_quiet_hours_is_ahead_and_no_longer_quiet(minutes: int, start: object, end: object) -> None:
    now = NOON + timedelta(minutes=minutes)
    until = plan.quiet_until(now, "Asia/Shanghai", (start, end))  # type: ignore[arg-type]
    if until is not None:
        assert now < until <= now + timedelta(days=1)
        assert plan.quiet_until(until, "Asia/Shanghai", (start, end)) is None  # type: ignore[arg-type]


def climb(firm: Firm) -> None:
    climbing.climb(firm.app)
    firm.courier.drain()


def test_one_who_never_opens_is_followed_up_by_every_way_in_order(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = {"mail": Confirmed("mail", "zhang@example.com", office.at(firm))}
    monkeypatch.setattr(addresses, "reachable", lambda *_: mail)
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    for _ in range(5):
        firm.pass_time(hours=24)
        climb(firm)
    rows = {each["step"]: each for each in office.attempts(firm)}
    assert {number: each["channel"] for number, each in rows.items()} == {
        0: "fake.card", 1: "fake.card", 3: "mail", 4: "manager"
    }  # fmt: skip
    assert rows[3]["address"] == "z***@example.com"
    assert "本人在送达地址确认书上确认 2026-06-11" in rows[3]["pedigree"]
    told = [card for user, card, _ in firm.platform.sent if user == "li"]
    assert len(told) == 1
    assert "张三" in told[0].text
    found = office.row(firm, "fake:zhang")
    assert (found.next_at, found.answer, found.opened_at) == (None, "", None)
    assert office.events(firm, "notice.step_skipped")


def test_whoever_opened_or_is_on_leave_or_asleep_is_left_in_peace(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    office.compose(firm, ["fake:zhang", "fake:li"], importance="read")
    office.send(firm)
    with firm.app.context(office.who(firm, "li")) as ctx:
        assert answers.opened(ctx, office.get(firm), office.who(firm, "li"))
    away = {"fake:zhang"}
    monkeypatch.setattr(absence_facts, "on_leave", lambda _db, ids, _now: away & set(ids))
    firm.pass_time(hours=24)
    climb(firm)
    assert len(firm.platform.handed) == 1
    away.clear()
    firm.pass_time(hours=13)  # 22:16 there
    climb(firm)
    assert len(firm.platform.handed) == 1
    firm.pass_time(hours=10)
    climb(firm)
    assert [users for _, users, _, _ in firm.platform.handed[1:]] == [("zhang",)]


def test_somebody_deleted_from_the_directory_falls_to_the_other_channels_at_once(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = {"mail": Confirmed("mail", "zhang@example.com", office.at(firm))}
    monkeypatch.setattr(addresses, "reachable", lambda *_: mail)
    with begin(firm.app.engine) as db:
        db.execute(sa.update(person).where(person.c.id == "fake:zhang").values(active=False))
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    climb(firm)
    assert [each["channel"] for each in office.attempts(firm, step=3)] == ["mail"]
    assert [each["platform"] for each in firm.rows(outbox) if each["kind"] == "channel"] == ["mail"]


def test_at_the_deadline_silence_stays_silence(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang", "fake:li"], deadline=firm.now + timedelta(hours=2))
    office.send(firm)
    firm.dispatch(firm.event("li", "notices.received", office.ID))
    firm.pass_time(hours=3)
    assert climbing.close_due(firm.app) == 1
    silent = office.row(firm, "fake:zhang")
    assert (silent.trouble, silent.answer, silent.rung) == ("expired", "", 1)
    assert office.row(firm, "fake:li").answer == "received"
    assert len(office.events(firm, "notice.expired")) == 1
    assert office.get(firm).state == "closed"
    assert climbing.close_due(firm.app) == 0
    assert len(office.events(firm, "notice.expired")) == 1


def test_a_late_opening_ends_the_search_and_tells_the_author_in_the_morning(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"], importance="read")
    office.send(firm)
    firm.pass_time(hours=24)
    climb(firm)
    firm.pass_time(hours=14, minutes=25)  # 23:41 in Shanghai
    with firm.app.context(office.who(firm, "zhang")) as ctx:
        assert answers.opened(ctx, office.get(firm), office.who(firm, "zhang"))
        assert not answers.opened(ctx, office.get(firm), office.who(firm, "zhang"))
    firm.courier.drain()
    assert not [card for user, card, _ in firm.platform.sent if user == "wang"]
    firm.pass_time(hours=8, minutes=20)
    firm.courier.drain()
    told = [card for user, card, _ in firm.platform.sent if user == "wang"]
    assert ["23:41" in each.text for each in told] == [True]
    assert office.row(firm, "fake:zhang").next_at is None
    assert [each[0] for each in _counts(firm)] == [3]


def _counts(firm: Firm) -> list[tuple[object, ...]]:
    with firm.app.engine.connect() as db:
        return [tuple(each) for each in db.execute(sa.select(tb.recipient.c.rung, tb.recipient.c.answer))]
