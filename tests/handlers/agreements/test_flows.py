"""The two consents from the first question to withdrawal and renewal, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot import db, people
from bot.card import as_text
from bot.evidence.erase import erase_person
from bot.evidence.standing import standing
from bot.tables import person
from handlers.agreements import jobs, rules, wording
from handlers.agreements.tables import consent
from tests.handlers.agreements.story import Story
from tests.world import FIRM

DELIVERY, SIGNING = "电子送达地址", "电子签名与存证方式？"


def test_everybody_is_asked_once_with_the_whole_text_first(story: Story) -> None:
    story.work()
    story.work()
    cards = story.seen("zhang")
    assert len([card for card in cards if card.buttons]) == 2
    shown = "".join(card.text for card in cards if not card.buttons)
    kept = {str(row["kind"]): str(row["text"]) for row in story.firm.rows(consent) if row["person_id"] == "fake:zhang"}
    for text in kept.values():
        assert "".join(text.split()) in "".join(shown.split())
    assert str(story.firm.app.keys.log_vkey) in kept["esign"] and "fake:zhang" in kept["edelivery"]
    assert wording.log_of("", str(story.firm.app.keys.log_vkey)).fingerprint in kept["esign"]
    assert [state.valid for state in story.states("zhang")] == [False, False]
    assert len(story.firm.rows(consent)) == 2 * len(FIRM)


def test_agreeing_records_the_exact_text(story: Story) -> None:
    story.work()
    story.tap("zhang", DELIVERY, "同意并确认")
    story.tap("zhang", SIGNING, "同意并确认")
    delivery, signing = story.states("zhang")
    assert delivery.valid and signing.valid
    assert delivery.expires_at == story.firm.now + timedelta(days=365)
    events = story.events("zhang")
    assert [each[0] for each in events] == ["consent.edelivery_confirmed", "consent.esign_agreed"]
    assert events[0][1]["expires"] == "2027-06-11T02:16:00.000Z"
    assert events[1][1]["log_key"] == str(story.firm.app.keys.log_vkey)
    texts = {str(row["kind"]): row["text"] for row in story.firm.rows(consent) if row["person_id"] == "fake:zhang"}
    assert story.parts("consent.esign_agreed")["text"].decode() == texts["esign"]
    assert story.parts("consent.edelivery_confirmed")["said"].decode() == "同意并确认"
    assert story.copies("zhang") == ["已同意并确认", "已同意并确认"]
    assert story.say("zhang", "我的同意").count("有效至 2027-06-11") == 2


def test_a_second_click_a_stranger_and_a_stale_card_change_nothing(story: Story) -> None:
    story.work()
    story.tap("zhang", DELIVERY, "同意并确认", as_="stranger")
    assert "不属于您" in story.last("stranger")
    story.tap("zhang", DELIVERY, "同意并确认")
    story.tap("zhang", DELIVERY, "同意并确认")
    story.tap("zhang", DELIVERY, "暂不同意")
    assert "已经答复过" in story.last("zhang")
    story.do("zhang", "agreements.agree", "0123456789abcdef01234567")
    story.do("zhang", "agreements.agree", "")
    # The ref of another kind of question does not open this one.
    story.tap("zhang", SIGNING, "同意并确认")
    story.say("zhang", "修改地址")
    story.do("zhang", "agreements.agree", story.ref("zhang", "请直接回复新的地址"))
    assert [each[0] for each in story.events("zhang")] == ["consent.edelivery_confirmed", "consent.esign_agreed"]
    assert story.events("stranger") == [] and story.states("stranger")[0].state == "asked"


def test_a_no_is_respected(story: Story) -> None:
    story.work()
    card = story.tap("zhang", SIGNING, "暂不同意")
    assert card is not None and "没有关系" in as_text(card)
    assert story.states("zhang")[1].state == "refused"
    story.firm.pass_time(days=1)
    sent = len(story.seen("zhang"))
    story.work()
    assert len(story.seen("zhang")) == sent
    assert "工作时间" in story.say("zhang", "签署同意书")
    story.work()
    story.tap("zhang", SIGNING, "同意并确认")
    assert story.states("zhang")[1].valid
    assert [each[0] for each in story.events("zhang")] == ["consent.refused", "consent.esign_agreed"]


def test_an_address_is_read_back_before_it_counts(story: Story) -> None:
    story.work()
    story.tap("zhang", DELIVERY, "修改地址")
    story.tap("zhang", DELIVERY, "修改地址")
    assert [card.title for card in story.seen("zhang")].count("请直接回复新的地址") == 1
    assert "新地址" not in story.say("zhang", "嗯")  # other words stay other words
    story.say("zhang", "手机 13800000000，地址：上海市浦东新区世纪路 8 号 302 室")
    facts = {fact.label: fact.value for card in story.seen("zhang") if card.buttons for fact in card.facts}
    assert (facts["手机"], facts["通信地址"]) == ("13800000000", "上海市浦东新区世纪路 8 号 302 室")
    assert not story.states("zhang")[0].valid
    story.tap("zhang", DELIVERY, "同意并确认")
    state = story.states("zhang")[0]
    assert state.valid and state.scope is not None and state.scope["mobile"] == "13800000000"
    assert "13800000000" in story.parts("consent.edelivery_confirmed")["text"].decode()
    assert all("13800000000" not in value for _type, source in story.events("zhang") for value in source.values())
    # Later changes: the confirmed address counts until the new one is confirmed.
    story.say("zhang", "修改地址")
    story.say("zhang", "a@b.example")
    assert story.states("zhang")[0].scope == state.scope
    story.tap("zhang", DELIVERY, "同意并确认")
    now = story.states("zhang")[0].scope
    assert now is not None and (now["mobile"], now["email"]) == ("13800000000", "a@b.example")
    assert "新地址" not in story.say("zhang", "13900000000")  # nobody asked for it


def test_keeping_the_address(story: Story) -> None:
    story.work()
    story.tap("zhang", DELIVERY, "修改地址")
    story.tap("zhang", "请直接回复新的地址", "不改了")
    assert "新地址" not in story.say("zhang", "13800000000")
    story.tap("zhang", DELIVERY, "同意并确认")
    assert story.states("zhang")[0].valid


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("撤回电子送达同意", (False, True)),
        ("withdraw signature consent", (True, False)),
        ("撤回全部同意", (False, False)),
    ],
)
def test_withdrawal_in_words(story: Story, words: str, left: tuple[bool, bool]) -> None:
    story.work()
    for title in (DELIVERY, SIGNING):
        story.tap("zhang", title, "同意并确认")
    assert "已撤回" in story.say("zhang", words)
    assert tuple(state.valid for state in story.states("zhang")) == left
    assert story.parts("consent.withdrawn")["said"].decode() == words
    assert "目前没有" in story.say("zhang", words) or left == (False, False)
    count = len(story.events("zhang"))
    story.say("zhang", words)
    assert len(story.events("zhang")) == count
    sent = len(story.seen("zhang"))
    story.work()
    assert len(story.seen("zhang")) == sent


def test_a_year_later(story: Story) -> None:
    story.work()
    for title in (DELIVERY, SIGNING):
        story.tap("zhang", title, "同意并确认")
    story.firm.now = datetime(2027, 5, 12, 2, 16, tzinfo=UTC)  # Wednesday, thirty days before
    story.work()
    assert [card.title for card in story.seen("zhang") if card.buttons].count("请确认您的电子送达地址") == 2
    assert all(state.valid for state in story.states("zhang"))
    story.tap("zhang", DELIVERY, "同意并确认")
    story.firm.now = datetime(2027, 6, 11, 2, 16, tzinfo=UTC)
    assert [state.valid for state in story.states("zhang")] == [True, False]
    story.work()
    assert [(type, source.get("reason")) for type, source in story.events("zhang")][-1] == ("consent.expired", "time")
    assert [state.state for state in story.states("zhang")] == ["agreed", "asked"]
    assert "已满一年" in "".join(card.title for card in story.seen("zhang"))


def test_another_account_is_asked_again(story: Story) -> None:
    story.work()
    story.tap("zhang", DELIVERY, "同意并确认")
    with db.begin(story.firm.app.engine) as conn:
        conn.execute(sa.update(person).where(person.c.user_id == "zhang").values(user_id="zhang2"))
    assert not story.states("zhang2")[0].valid
    story.work()
    assert story.events("zhang2")[-1][1]["reason"] == "account"
    story.tap("zhang2", DELIVERY, "同意并确认")
    assert story.states("zhang2")[0].valid


def test_quiet_hours_and_the_daily_cap(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "DAILY_CAP", 3)
    morning = story.firm.now
    for moment in (morning - timedelta(minutes=30), morning + timedelta(days=2), datetime(2027, 10, 1, 3, tzinfo=UTC)):
        story.firm.now = moment  # before ten; Saturday; a national day of a year not published yet is only a Friday
        assert jobs.ask(story.firm.app) == (3 if moment.year == 2027 else 0)
    assert jobs.ask(story.firm.app) == 0
    story.firm.pass_time(days=3)
    assert jobs.ask(story.firm.app) == 1


def test_a_text_that_was_altered_is_not_signed(story: Story) -> None:
    story.work()
    with db.begin(story.firm.app.engine) as conn:
        conn.execute(sa.update(consent).values(text=consent.c.text + "我同意降薪"))
    story.tap("zhang", DELIVERY, "同意并确认")
    assert "请勿签署" in story.last("zhang") and not story.states("zhang")[0].valid


def test_every_room_can_read_it_from_the_log(story: Story) -> None:
    def now() -> list[tuple[str, bool]]:
        ref = story.person("zhang").ref
        with story.firm.app.engine.connect() as conn:
            found = [standing(conn, ref, kind, story.firm.now) for kind in rules.KINDS]
        return [(each.state, each.valid) for each in found]

    assert now() == [("none", False), ("none", False)]
    story.work()
    story.tap("zhang", DELIVERY, "同意并确认")
    story.tap("zhang", SIGNING, "暂不同意")
    assert now() == [("confirmed", True), ("refused", False)]
    story.firm.pass_time(hours=1)
    story.say("zhang", "撤回电子送达同意")
    assert now() == [("withdrawn", False), ("refused", False)]
    assert [each.valid for each in story.states("zhang")] == [False, False]


def test_full_text_on_request(story: Story) -> None:
    assert "目前没有" in story.say("zhang", "同意书全文")
    assert "目前没有" in story.say("zhang", "修改地址")
    assert story.say("zhang", "我的同意").count("尚未签署") == 2
    story.work()
    before = len(story.seen("zhang"))
    story.say("zhang", "full text")
    assert len(story.seen("zhang")) > before + 4


def test_an_erased_person_leaves_no_address(story: Story) -> None:
    story.work()
    story.tap("zhang", DELIVERY, "修改地址")
    story.say("zhang", "13800000000")
    story.tap("zhang", DELIVERY, "同意并确认")
    ref = story.person("zhang").ref
    with db.begin(story.firm.app.engine) as conn:
        people.sync(conn, "fake", [each for each in FIRM if each.user_id != "zhang"], {})
        later = story.firm.now + timedelta(days=1100)
        assert erase_person(conn, story.firm.app.keys, subject=ref, now=later, by="p:hr", request_event="e").done
    left = [row for row in story.firm.rows(consent) if "erased" in str(row["person_id"])]
    assert len(left) == 3
    assert all("1380" not in str(row) and "张三" not in str(row) for row in left)
