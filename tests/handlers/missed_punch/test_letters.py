"""The return-to-work notice: what its person may answer, what HR hears of it, and what is left after an erasure."""

from __future__ import annotations

import hashlib

import pytest

from bot import people
from bot.card import as_text
from bot.db import begin
from bot.evidence.forget import forget
from bot.evidence.tables import ev_event
from bot.locale import LOCALES, speaking
from bot.ports import DirectoryPerson
from bot.tables import person
from handlers.missed_punch import tables as t
from handlers.missed_punch.cards import ladder as cards_ladder
from handlers.missed_punch.clause import cites, line, parse, with_clause
from tests.handlers.missed_punch.story import Story
from tests.handlers.missed_punch.test_runs import WORK, _shift, go
from tests.world import FIRM

EVERYBODY = [*FIRM, DirectoryPerson("chen", "陈总监", "", ("人事",))]


@pytest.fixture
def silent(story: Story) -> Story:
    """Three working days without a word; the notice is drafted."""
    with begin(story.firm.app.engine) as connection:
        people.sync(connection, "fake", EVERYBODY, {"wang": "hr", "chen": "hr_head"})
    story.firm.platform.shift_list = [_shift(ahead) for ahead in WORK]
    for ahead in (0, 1, 4):
        go(story, ahead, "9:16")
    return story


@pytest.fixture
def served(silent: Story) -> Story:
    """Approved and sent."""
    silent.tap("chen", "批准草稿")
    silent.tap("chen", "现在发送")
    assert silent.seen("zhang")[-1].title == "限期返岗通知书"
    return silent


def events(story: Story, prefix: str = "") -> list[str]:
    return [str(row["type"]) for row in story.firm.rows(ev_event) if str(row["type"]).startswith(prefix)]


def told(story: Story, who: str, word: str) -> list[str]:
    return [as_text(card) for card in story.seen(who) if word in as_text(card)]


def press(story: Story, label: str) -> None:
    """A tap on the letter itself, also on an old copy of it."""
    letter = next(card for card in reversed(story.seen("zhang")) if card.title == "限期返岗通知书" and card.buttons)
    button = next(each for each in letter.buttons if each.label == label)
    story.do("zhang", button.action, button.ref)


def test_a_reason_in_ones_own_words_goes_to_hr_and_to_nobody_else(served: Story) -> None:
    press(served, "无法返岗，说明原因")
    assert served.seen("zhang")[-1].title == "请直接回复一句话"
    served.write("zhang", "老家房子漏水，下周一才能回来")
    assert told(served, "wang", "老家房子漏水") and not told(served, "li", "老家房子漏水")
    assert events(served, "letter.")[-1] == "letter.answered"
    assert served.copies("zhang")[-2:] == ["已记下", "已记下"]
    before = len(events(served, "letter."))
    served.write("zhang", "老家房子漏水，下周一才能回来")
    assert len(events(served, "letter.")) == before  # the question was answered: it takes no second reason
    assert "waiting" not in {row["state"] for row in served.firm.rows(t.case)}


def test_the_reason_may_be_left_unsaid_and_the_letter_can_still_be_answered(served: Story) -> None:
    press(served, "无法返岗，说明原因")
    served.tap("zhang", "先不说")
    assert served.copies("zhang")[-1] == "先不说" and "letter.answered" not in events(served)
    press(served, "我已收到")
    assert "letter.acknowledged" in events(served)
    press(served, "无法返岗，说明原因")
    served.write("zhang", "其实是家里有事")
    assert "letter.answered" not in events(served)  # too late: what was answered stands


def test_asked_twice_for_the_reason_there_is_one_question(served: Story) -> None:
    press(served, "无法返岗，说明原因")
    press(served, "无法返岗，说明原因")
    served.write("zhang", "票买不到")
    assert events(served).count("letter.answered") == 1
    assert len(told(served, "wang", "票买不到")) == 1


def test_a_reason_that_is_a_call_for_help_pages_a_human(served: Story) -> None:
    press(served, "无法返岗，说明原因")
    served.write("zhang", "我撑不下去了")
    assert len(told(served, "wang", "我撑不下去了")) == 2  # the answer, and the call
    assert events(served).count("checkin.escalated") >= 1 and "letter.answered" in events(served)


def test_in_difficulty_hr_is_paged_once_and_the_ladder_rests(served: Story) -> None:
    before = len(served.seen("wang"))
    press(served, "我遇到困难")
    news = served.seen("wang")[before:]
    assert [card.title for card in news if card.buttons], "somebody has to take it"
    assert served.copies("zhang")[-1] == "我遇到困难"
    assert "letter.acknowledged" in events(served)
    assert not [card for card in served.seen("li") if "困难" in as_text(card)]
    press(served, "我遇到困难")
    assert len(served.seen("wang")) == before + len(news)
    assert {row["state"] for row in served.firm.rows(t.case)} == {"alive"}


def test_received_first_and_in_difficulty_later_is_heard_all_the_same(served: Story) -> None:
    press(served, "我已收到")
    before = len(served.seen("wang"))
    press(served, "我遇到困难")
    assert [card for card in served.seen("wang")[before:] if card.buttons]


def test_nobody_else_can_answer_the_letter(served: Story) -> None:
    letter, before = served.seen("zhang")[-1], events(served, "letter.")
    assert [each.label for each in letter.buttons] == ["我已收到", "我遇到困难", "无法返岗，说明原因"]
    for button in letter.buttons:
        for who in ("li", "wang", "stranger"):
            served.do(who, button.action, button.ref)
    assert events(served, "letter.") == before


def clause(story: Story, text: str) -> None:
    """The administrator sets it, or has not."""
    story.firm.app.settings = story.firm.app.settings.model_copy(update={"attendance_clause": text})


def test_the_draft_and_the_letter_cite_the_clause_word_for_word(served: Story) -> None:
    wanted = "依据《考勤制度》v4 第12条：「收到返岗通知后三个工作日仍未返岗，属于严重违纪」。"
    assert told(served, "chen", wanted) and told(served, "zhang", wanted)
    assert wanted in str(served.firm.rows(t.letter)[0]["text"])


def test_without_a_clause_the_draft_says_so_and_cannot_be_approved(silent: Story) -> None:
    text = str(silent.firm.rows(t.letter)[0]["text"])
    assert "依据《考勤制度》" in text
    clause(silent, "")
    silent.tap("chen", "批准草稿")
    assert told(silent, "chen", "还没有配置考勤制度条款，草稿不能批准")
    assert "absence.letter_approved" not in events(silent)
    clause(silent, "员工手册|2026版|第7条|三日内应当返岗或说明情况")  # the firm's policy changed after the draft
    silent.tap("chen", "批准草稿")
    assert "absence.letter_approved" not in events(silent)  # the new words are read first
    draft = [card for card in silent.seen("chen") if "员工手册" in as_text(card)]
    silent.tap("chen", "批准草稿")
    assert draft and "absence.letter_approved" in events(silent)
    row = silent.firm.rows(t.letter)[0]
    assert "依据《员工手册》2026版 第7条：「三日内应当返岗或说明情况」。" in str(row["text"])
    assert "考勤制度" not in str(row["text"])  # of the two clauses only the one in force
    assert row["sha256"] == hashlib.sha256(str(row["text"]).encode()).hexdigest()


def test_a_draft_without_a_clause_names_what_is_missing() -> None:
    for locale in LOCALES:
        with speaking(locale):
            text = cards_ladder.letter_text("张三", ["06-11"], "06-18 18:00", line(None))
            assert line(None) in text
        found = parse("考勤制度|v4|第12条|原文|有竖线")
        assert found and found.words == "原文|有竖线"
        after = with_clause(text, found)
        assert cites(after, found) and line(None) not in after and not cites(text, found)
    assert parse("") is None


def erase(story: Story) -> None:
    with begin(story.firm.app.engine) as connection:
        ref = next(row["ref"] for row in story.firm.rows(person) if row["id"] == "fake:zhang")
        forget(connection, str(ref))


def test_an_erased_person_leaves_no_words_of_the_letter(served: Story) -> None:
    served.write("wang", "EMS EB123456789CN")
    before = served.firm.rows(t.letter)[0]
    assert "张三" in str(before["text"]) and before["courier"] == "EB123456789CN"
    erase(served)
    after = served.firm.rows(t.letter)[0]
    assert (after["text"], after["courier"]) == ("", "")
    assert (after["sha256"], after["sent_at"]) == (before["sha256"], before["sent_at"])  # what proves stays
    assert str(after["person_id"]).startswith("erased:")


def test_a_draft_whose_person_was_erased_cannot_be_sent(silent: Story) -> None:
    silent.tap("chen", "批准草稿")
    offer = next(card for card in silent.seen("chen") if "确认送达方式" in card.title)
    erase(silent)
    button = next(each for each in offer.buttons if each.label == "现在发送")
    silent.do("chen", button.action, button.ref)
    assert silent.firm.rows(t.letter)[0]["sent_at"] is None and not events(silent, "letter.")
