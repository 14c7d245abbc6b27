"""What is said before sending: it adds up, and it is computed from the vendor's own ceilings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from bot.card import Card
from bot.db import begin
from bot.errors import PlatformError
from bot.ports.crowds import Handed, Outcome, Route
from bot.tables import membership, person
from handlers.notices import tables as tb
from handlers.notices.composing import drafts, forecast
from tests.handlers.notices.office import ID, compose, crowd, get, who
from tests.world import FakePlatform, Firm

ROUTES = {"work": Route("work", 100, per_minute=300, once_a_day=True, per_person=2)}


@dataclass
class Many(FakePlatform):
    """A platform with one way for many and a monthly count."""

    routes: Mapping[str, Route] = field(default_factory=lambda: ROUTES)
    broken: bool = False

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        return Handed(f"m-{key}")

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        return {}

    def recall_many(self, route: str, message_id: str) -> None:
        return

    def quota(self) -> Mapping[str, int]:
        if self.broken:
            raise PlatformError("x", "down")
        return {"api": 4200}


def many(firm: Firm, name: str = "fake") -> Many:
    platform = Many(name=name)
    firm.app.platforms = {name: platform}  # type: ignore[dict-item]
    return platform


def draft(firm: Firm, people: list[str]) -> str:
    with firm.app.context(who(firm, "wang")) as ctx:
        return drafts.create(
            ctx, drafts.Draft({"zh": ("考勤制度", "**第一条** 全文。")}, audience={"into": {"people": people}})
        )


def test_it_adds_up_and_says_who_cannot_be_reached(firm: Firm) -> None:
    many(firm)
    ids = crowd(firm, 650)
    with begin(firm.app.engine) as db:
        db.execute(sa.update(person).where(person.c.id.in_(ids[:3])).values(active=False))
        db.execute(sa.update(person).where(person.c.id.in_(ids[3:10])).values(locale="en"))
        db.execute(sa.insert(membership).values(person_id=ids[0], kind="dept", name="研发"))
    other = crowd(firm, 2, "elsewhere")
    found = forecast.of(firm.app, get(firm, draft(firm, [*ids, *other])))
    assert found.people == 652
    assert {why: len(who_) for why, who_ in found.unreachable.items()} == {"inactive": 1, "left": 2, "platform_off": 2}
    assert found.languages == {("fake", "en"): 7, ("fake", "zh"): 640}
    assert sum(found.languages.values()) + sum(map(len, found.unreachable.values())) == found.people
    part = found.parts[0]
    assert (part.route, part.people, part.minutes, dict(part.quota)) == ("work", 647, 3, {"api": 4200})


def test_a_quota_that_cannot_be_asked_is_unknown_and_not_zero(firm: Firm) -> None:
    many(firm).broken = True
    part = forecast.of(firm.app, get(firm, draft(firm, crowd(firm, 3)))).parts[0]
    assert not part.quota_known


def test_the_same_card_today_would_be_dropped_and_full_days_are_counted(firm: Firm) -> None:
    many(firm)
    ids = crowd(firm, 10)
    first = draft(firm, ids)
    compose(firm, ids, ID)
    rows = [
        {"notice_id": notice_id, "person_id": each, "step": step, "channel": "fake.work",
         "row_id": "r", "state": "accepted",
         "code": "", "at": firm.now, "address": "", "pedigree": ""}
        for notice_id, step, some in ((first, 0, ids[:6]), (ID, 0, ids[:2]), (ID, 50, ids[9:]))
        for each in some
    ]  # fmt: skip
    with begin(firm.app.engine) as db:
        db.execute(sa.insert(tb.attempt), rows)
    part = forecast.of(firm.app, get(firm, first)).parts[0]
    assert (part.same_text, part.capped) == (6, 2)
    another = forecast.of(firm.app, get(firm, draft(firm, ids))).parts[0]
    assert (another.same_text, another.capped) == (0, 2)  # the same text under a number of its own
    firm.pass_time(days=1)
    part = forecast.of(firm.app, get(firm, first)).parts[0]
    assert (part.same_text, part.capped) == (0, 0)


@pytest.mark.parametrize(
    ("route", "people", "expected"),
    [
        (None, 10, None),
        (Route("x", 1000), 10, None),
        (Route("x", 1000, per_minute=10_000), 100_000, 10),
        (Route("x", 20, per_second=10.0), 100_000, 9),
        (Route("x", 20, per_minute=1000, per_second=10.0), 1, 1),
    ],
)
def test_minutes_at_the_ceiling(route: Route | None, people: int, expected: int | None) -> None:
    assert forecast.minutes(route, people) == expected


@pytest.mark.parametrize(("cards_to", "way"), [(4, ""), (3, "work")])
def test_a_draft_is_forecast_by_how_many_it_will_go_to(firm: Firm, cards_to: int, way: str) -> None:
    """Buttons for few, one message for many, by the setting: before there is a list as afterwards."""
    many(firm)
    firm.app.settings = firm.app.settings.model_copy(update={"notice_cards_to": cards_to})
    with firm.app.context(who(firm, "wang")) as ctx:
        words = {"zh": ("考勤制度", "请看。")}
        audience = {"into": {"everybody": True}}
        wanted = drafts.Draft(words, importance="confirm", answers=("received",), audience=audience)
        found = drafts.create(ctx, wanted)
    expected = forecast.of(firm.app, get(firm, found))
    assert expected.people == 4 and [each.route for each in expected.parts] == [way]
