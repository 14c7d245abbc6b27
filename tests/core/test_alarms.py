"""What only an administrator can put right is told to people, once a day, whatever number of messages it stops."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot import people
from bot.card import Card, as_text
from bot.db import begin
from bot.delivery.outbox import MAX_ATTEMPTS
from bot.errors import PlatformError
from bot.ports import DirectoryPerson
from bot.tables import outbox, person
from tests.world import FIRM, Firm

QUOTA = PlatformError("90020", "本月接口调用量已用完", retry_after=21600, alarm=True)


def say(firm: Firm, count: int = 1) -> None:
    with firm.app.context() as ctx:
        zhang = ctx.people.find("fake", "zhang")
        assert zhang
        for number in range(count):
            ctx.say(zhang, Card("通知", str(number)), f"case:{number}")


def alarms(firm: Firm) -> list[tuple[str, str]]:
    rows = [row for row in firm.rows(outbox) if str(row["matter"]).startswith("alarm:")]
    return [(str(row["person_id"]), str(row["body"])) for row in rows]


def test_many_refusals_are_one_card_to_hr(firm: Firm) -> None:
    say(firm, 5)
    firm.platform.fail = [QUOTA] * 5
    firm.courier.drain()
    ((who, body),) = alarms(firm)
    assert who == "fake:wang" and "本月接口调用量已用完" in body and "90020" in body and "不会丢失" in body
    firm.pass_time(seconds=301)
    firm.courier.drain()
    assert sorted(to for to, _card, _key in firm.platform.sent) == ["wang", *["zhang"] * 5]  # nothing was lost


def test_the_same_again_is_told_the_next_day_and_another_at_once(firm: Firm) -> None:
    for hours, error in ((0, QUOTA), (1, QUOTA), (1, PlatformError("48002", "没有权限", permanent=True, alarm=True))):
        firm.pass_time(hours=hours)
        say(firm)
        firm.platform.fail = [error]
        firm.courier.drain()
    assert len(alarms(firm)) == 2
    firm.pass_time(hours=24)
    say(firm)
    firm.platform.fail = [QUOTA]
    firm.courier.drain()
    assert len(alarms(firm)) == 3


def test_a_refusal_that_stays_is_not_told_about_itself(firm: Firm) -> None:
    say(firm)
    firm.platform.fail = [QUOTA] * 100
    for _ in range(MAX_ATTEMPTS + 2):
        firm.courier.drain()
        firm.pass_time(seconds=301)
    assert len(alarms(firm)) == 1
    assert {row["state"] for row in firm.rows(outbox)} == {"failed"}


@pytest.mark.parametrize("code", ["50001", "60111"])
def test_what_passes_or_concerns_one_person_is_no_alarm(firm: Firm, code: str) -> None:
    say(firm)
    firm.platform.fail = [PlatformError(code, "此人不可用", permanent=code == "60111")]
    firm.courier.drain()
    assert alarms(firm) == []


def test_the_head_reads_it_in_their_language(firm: Firm) -> None:
    with begin(firm.app.engine) as connection:
        heads = [*FIRM, DirectoryPerson("chen", "陈总监")]
        people.sync(connection, "fake", heads, {"wang": "hr", "chen": "hr_head"})
        connection.execute(sa.update(person).where(person.c.id == "fake:chen").values(locale="en"))
    say(firm)
    firm.platform.fail = [QUOTA]
    firm.courier.drain()
    firm.courier.drain()
    ((to, card, _key),) = [each for each in firm.platform.sent if each[0] in ("chen", "wang")]
    assert to == "chen" and "refuses our messages" in card.title and "code 90020" in as_text(card)
