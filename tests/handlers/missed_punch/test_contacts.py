"""Other channels, quiet hours and the emergency contact: only with consent, only by a human's decision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot import installed, people, router
from bot.card import as_text
from bot.db import begin
from bot.delivery.channels import REPORT
from bot.event import Event
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson
from bot.tables import failed, outbox
from handlers.missed_punch import tables as t
from handlers.missed_punch.ladder import contacts, reach
from handlers.missed_punch.ladder.contacts import CALLS, Wish, may_call, registration, understand
from tests.adapters.sms.gateway import Gateway, running
from tests.handlers.missed_punch.story import Story, at
from tests.world import FIRM, Firm


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("提醒手机 138 0000 0000", "mobile", ("13800000000",)),
        ("reminder phone 13800000000", "mobile", ("13800000000",)),
        ("提醒邮箱：a.b@example.cn", "email", ("a.b@example.cn",)),
        ("免打扰 22:00-7:30", "quiet", ("22:00-07:30",)),
        ("quiet hours 21:00 to 6:00", "quiet", ("21:00-06:00",)),
        ("紧急联系人 张母，13800000000", "kin", ("张母", "13800000000")),
        ("emergency contact Li Mei 13800000000", "kin", ("Li Mei", "13800000000")),
        ("删除紧急联系人", "kin_off", ()),
        ("我的提醒方式", "state", ()),
    ],
)
def test_words(text: str, kind: str, values: tuple[str, ...]) -> None:
    assert understand(text) == Wish(kind, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["堵车，9:40 到", "在医院 13800000000", "免打扰 25:00-7:00", "免打扰 7:00-7:00", "1", ""]
)
def test_other_words_are_left_alone(text: str) -> None:
    assert understand(text) is None


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    understand(text)
    registration(text)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("10:40 朝阳派出所 回执 2026-1234", ()),
        ("11点20 已到城关派出所报警，受理号A20260612001", ()),
        ("10:40 在住处敲门无人 编号 无号码", ()),
        ("reported 10:40 at Chaoyang police station, receipt 2026-77", ()),
        ("10:40 朝阳派出所", ("编号",)),
        ("已经报警了", ("时间", "地点", "编号")),
    ],
)
def test_the_register_asks_for_what_is_missing(text: str, missing: tuple[str, ...]) -> None:
    assert registration(text).missing == missing


@given(st.lists(st.integers(0, 2000), max_size=30))
def test_the_call_budget_is_never_exceeded(minutes: list[int]) -> None:
    made: list[datetime] = []
    for minute in sorted(minutes):
        now = at("0:00") + timedelta(minutes=minute)
        if may_call(now, made):
            made.append(now)
    for most, span in CALLS:
        assert all(sum(first <= each < first + span for each in made) <= most for first in made)
    assert made or not minutes


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as found:
        yield found


@pytest.fixture
def with_sms(firm: Firm, gateway: Gateway) -> Iterator[Story]:
    """The firm with an SMS gateway and an HR head."""
    router.discover("handlers", "flow")
    with begin(firm.app.engine) as connection:
        everybody = [*FIRM, DirectoryPerson("chen", "陈总监", "", ("人事",))]
        people.sync(connection, "fake", everybody, {"wang": "hr", "chen": "hr_head"})
    firm.app.settings = firm.app.settings.model_copy(update={"sms_url": gateway.url, "sms_token": "secret"})
    yield Story(firm)
    assert firm.rows(failed) == []


def types(story: Story) -> list[str]:
    return [str(row["type"]) for row in story.firm.rows(ev_event)]


def test_the_second_card_comes_with_an_sms_in_other_words(with_sms: Story, gateway: Gateway) -> None:
    story = with_sms
    story.firm.now = at("8:00")
    story.write("zhang", "提醒手机 13800000000")
    assert story.titles("zhang") == ["我的提醒方式"]
    story.tick("9:16")
    assert gateway.seen == []
    story.tick("9:46")
    ((number, text),) = gateway.texts
    assert number == "13800000000" and text not in as_text(story.seen("zhang")[-1])
    row = next(each for each in story.firm.rows(outbox) if each["kind"] == "channel")
    assert (row["state"], row["message_id"]) == ("sent", "g-1")
    event = Event("sms", "r1", "", REPORT, story.firm.now, "", {"message_id": "g-1", "state": "delivered"}, b"{}")
    story.firm.dispatch(event)
    assert "delivery.delivered" in types(story)


def test_a_sign_of_life_stops_the_sms_that_is_not_out_yet(with_sms: Story, gateway: Gateway) -> None:
    story = with_sms
    story.firm.now = at("8:00")
    story.write("zhang", "提醒手机 13800000000")
    story.tick("9:16")
    gateway.answers = [(503, "later")]
    story.tick("9:46")
    tried = len(gateway.seen)
    assert tried
    gateway.answers = [(200, "{}")]
    story.firm.now = at("9:47")
    story.write("zhang", "在路上")
    story.tick("10:16")
    assert len(gateway.seen) == tried
    row = next(each for each in story.firm.rows(outbox) if each["kind"] == "channel")
    assert row["state"] == "stopped"


def test_a_dead_channel_holds_up_nothing(with_sms: Story, gateway: Gateway) -> None:
    story = with_sms
    gateway.answers = [(400, "no")]
    story.firm.now = at("8:00")
    story.write("zhang", "提醒手机 13800000000")
    for clock in ("9:16", "9:46", "10:16", "11:16"):
        story.tick(clock)
    assert len(gateway.seen) == 1
    assert len(story.titles("zhang")) == 3 and len(story.titles("wang")) == 1
    assert "delivery.failed" in types(story)


def agree(story: Story) -> None:
    story.firm.now = at("8:00")
    story.write("zhang", "紧急联系人 张母 13900000000")
    story.tap("zhang", "同意登记")
    assert story.copies("zhang")[-1] == "已同意"


def silence(story: Story, *clocks: str) -> None:
    for clock in ("9:16", "9:46", "10:16", "11:16", *clocks):
        story.tick(clock)


def test_nothing_is_used_before_the_consent_and_nothing_after_its_withdrawal(with_sms: Story) -> None:
    story = with_sms
    story.firm.now = at("8:00")
    story.write("zhang", "紧急联系人 张母 13900000000")
    assert not kept(story).kin
    story.tap("zhang", "不登记")
    assert kept(story).kin_phone == ""
    agree(story)
    assert kept(story).kin
    story.write("zhang", "删除紧急联系人")
    assert not kept(story).kin
    silence(story, "17:01")
    assert story.titles("wang") == ["请关心一下张三"]
    assert "checkin.rung_skipped" in types(story)
    assert story.titles("chen") == ["张三 仍无消息，建议报警或走访"]  # branch 11: the next rung comes earlier


def kept(story: Story) -> contacts.Contact:
    with story.firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        assert person is not None
        return reach.contact_of(ctx.db, person.id)


def test_the_emergency_contact_is_asked_by_hr_and_told_one_sentence(with_sms: Story, gateway: Gateway) -> None:
    story = with_sms
    agree(story)
    silence(story, "16:59")
    assert len(story.titles("wang")) == 1
    story.tick("17:01")
    assert story.titles("wang")[-1] == "要联系张三的紧急联系人吗？"
    assert gateway.seen == []
    story.tap("wang", "同意联系")
    assert gateway.texts == [("13900000000", "您好，请协助联系张三，并请转告方便时与单位联系报个平安。谢谢。")]
    story.write("wang", "不在家，不清楚")
    assert story.seen("wang")[-1].quote == "不在家，不清楚"
    hearsay = next(row for row in story.firm.rows(ev_event) if row["type"] == "contact.answered")
    assert '"weight":"hearsay"' in str(hearsay["envelope"]).replace(" ", "")
    story.tick("34:31")
    _registered(story)


def _registered(story: Story) -> None:
    story.tap("chen", "登记报警")
    story.write("chen", "10:40 朝阳派出所")
    assert "编号" in story.seen("chen")[-1].text
    story.write("chen", "10:40 朝阳派出所 回执 2026-1234")
    assert story.copies("chen")[-1] == "已登记"
    case = story.case()
    assert (case["state"], case["outcome"]) == ("waiting", "")
    assert "朝阳派出所" in str(case["timeline"])
    story.write("zhang", "我没事")
    assert story.case()["state"] == "alive"


def test_wait_asks_again_in_an_hour_and_reached_ends_it(with_sms: Story, gateway: Gateway) -> None:
    story = with_sms
    agree(story)
    silence(story, "17:01")
    story.tap("wang", "再等")
    story.tick("17:30")
    asked = [each for each in story.titles("wang") if "紧急联系人" in each]
    assert len(asked) == 1
    story.tick("18:02")
    story.tap("wang", "已联系上")
    story.tick("34:31")
    assert story.titles("chen") == [] and gateway.seen == []


def test_a_sign_of_life_takes_the_question_about_the_contact_back(with_sms: Story, gateway: Gateway) -> None:
    story = with_sms
    agree(story)
    silence(story, "17:01")
    story.write("zhang", "我没事")
    assert story.copies("wang")[-1] == "已有平安信号"
    story.tap("wang", "同意联系")
    assert gateway.seen == []


def test_quiet_hours_hold_the_ladder_and_keep_its_distances(with_sms: Story) -> None:
    story = with_sms
    story.firm.now = at("8:00")
    story.write("li", "免打扰 10:00-13:00")
    silence(story)
    assert [each for each in story.titles("li") if "知道情况" in each] == []
    assert story.titles("wang") == []
    story.tick("13:01")
    assert [each for each in story.titles("li") if "知道情况" in each]
    story.tick("13:59")
    assert story.titles("wang") == []
    story.tick("14:02")
    assert story.titles("wang") == ["请关心一下张三"]


def test_a_first_day_is_hrs_question_not_the_newcomers(with_sms: Story) -> None:
    story = with_sms
    with story.firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        assert person is not None
        reach.keep(ctx.db, person.id, joined_on=date(2026, 6, 11))
    story.tick("9:16")
    story.tick("9:40")
    assert story.titles("zhang") == []
    assert story.titles("wang") == ["张三 第一天上班，没有打卡记录"]
    story.tap("wang", "情况正常")
    story.tick("9:41")
    assert len(story.titles("zhang")) == 1
    missed = next(row for row in story.firm.rows(ev_event) if row["type"] == "expectation.missed")
    assert "guard.newly_joined" in str(missed)


def test_unknown_reports_change_nothing(story: Story) -> None:
    event = Event("sms", "r1", "", REPORT, story.firm.now, "", {"message_id": "nobody", "state": "delivered"}, b"{}")
    story.firm.dispatch(event)
    assert story.firm.rows(ev_event) == []
    assert story.firm.rows(t.contact) == []
    assert installed.channels(story.firm.app.settings, story.firm.app.store) == {}
