"""Business continuity after two days: who is asked, what waits for the person, and that one "no" ends it."""

from __future__ import annotations

import pytest

from bot import asks, people
from bot.asks import Ask
from bot.card import as_text
from bot.db import begin, metadata
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson, Shift
from handlers.missed_punch import pending
from tests.handlers.missed_punch.story import DAY, NINE, Story
from tests.handlers.missed_punch.test_runs import WORK, _shift, go
from tests.world import FIRM

EVERYBODY = [
    *FIRM,
    DirectoryPerson("chen", "陈总监", "", ("人事",)),
    DirectoryPerson("zhao", "赵IT", "", ("信息",)),
    DirectoryPerson("xiao", "小周", "zhang", ("研发",)),
]
ROLES = {"wang": "hr", "chen": "hr_head"}
TITLE = "重要事项接管：张三"


def staff(story: Story, roles: dict[str, str]) -> None:
    with begin(story.firm.app.engine) as connection:
        people.sync(connection, "fake", EVERYBODY, roles)


@pytest.fixture
def two_days(story: Story) -> Story:
    """Thursday and Friday without a word; it is 09:16 on Friday."""
    staff(story, ROLES | {"zhao": "it"})
    story.firm.platform.shift_list = [_shift(ahead) for ahead in WORK]
    go(story, 0, "9:16")
    go(story, 1, "9:16")
    return story


def asked(story: Story) -> list[str]:
    return [who for who in ("li", "chen", "wang", "zhao", "zhang", "stranger") if TITLE in story.titles(who)]


def events(story: Story) -> list[str]:
    return [str(row["type"]) for row in story.firm.rows(ev_event) if str(row["type"]).startswith("continuity.")]


def test_the_manager_the_head_and_it_are_asked_and_two_of_them_decide(two_days: Story) -> None:
    story = two_days
    assert asked(story) == []
    go(story, 1, "14:01")
    assert asked(story) == ["li", "chen", "zhao"]
    story.tap("zhao", "同意接管")
    assert "continuity.on" not in events(story)
    story.tap("li", "同意接管")
    assert events(story) == ["continuity.asked", "continuity.agreed", "continuity.agreed", "continuity.on"]
    story.tap("zhao", "恢复")
    assert events(story)[-1] == "continuity.ended"
    go(story, 1, "15:01")
    assert [story.titles(who).count(TITLE) for who in ("li", "chen", "zhao")] == [2, 1, 2]  # asked once per run


def test_without_it_hr_is_asked_as_before(two_days: Story) -> None:
    staff(two_days, ROLES)
    go(two_days, 1, "14:01")
    assert asked(two_days) == ["li", "chen", "wang"]


def test_the_one_who_is_missing_is_never_asked_about_themself(two_days: Story) -> None:
    staff(two_days, ROLES | {"zhang": "it"})
    go(two_days, 1, "14:01")
    assert asked(two_days) == ["li", "chen", "wang"]


def test_one_who_sees_no_need_ends_it_for_all(two_days: Story) -> None:
    story = two_days
    go(story, 1, "14:01")
    story.tap("li", "同意接管")
    story.tap("chen", "不需要")
    assert events(story) == ["continuity.asked", "continuity.agreed", "continuity.declined"]
    for who in ("li", "chen", "zhao"):
        assert story.copies(who)[-1] == "不需要"
    before = len(story.firm.platform.sent)
    story.tap("zhao", "同意接管")  # an old copy
    assert "continuity.on" not in events(story) and events(story).count("continuity.agreed") == 1
    go(story, 1, "15:01")
    assert [TITLE in card.title for _, card, _ in story.firm.platform.sent[before:]].count(True) == 0


def test_no_after_both_agreed_comes_too_late(two_days: Story) -> None:
    story = two_days
    go(story, 1, "14:01")
    card = next(card for card in story.seen("chen") if card.title == TITLE)
    story.tap("li", "同意接管")
    story.tap("zhao", "同意接管")
    story.do("chen", card.buttons[1].action, card.buttons[1].ref)
    assert "continuity.declined" not in events(story)


def test_a_stranger_and_a_colleagues_card_decide_nothing(two_days: Story) -> None:
    go(two_days, 1, "14:01")
    card = next(card for card in two_days.seen("li") if card.title == TITLE)
    for who in ("stranger", "wang", "zhang"):
        for button in card.buttons:
            two_days.do(who, button.action, button.ref)
    assert events(two_days) == ["continuity.asked"]


def test_what_waits_is_told_in_counts_without_a_private_word(two_days: Story) -> None:
    story = two_days
    story.firm.platform.shift_list.append(Shift("xiao", DAY, NINE, NINE.replace(hour=10), "x"))
    with begin(story.firm.app.engine) as db:
        for number in range(3):
            new = Ask(f"secret{number}", "performance.result", f"r{number}", "fake:zhang", "open", None)
            asks.insert(db, [asks.row_of(new, story.firm.now, None)])
    go(story, 1, "14:01")
    text = as_text(next(card for card in story.seen("zhao") if card.title == TITLE))
    assert "待批" in text and "待答" in text and "3" in text and "下属" in text
    assert "绩效" not in text and "performance" not in text


def test_approvals_only_they_can_decide_are_named_by_kind(story: Story) -> None:
    """张三 is 小周's manager: her request for a correction waits for him."""
    staff(story, ROLES)
    story.firm.platform.shift_list = [Shift("xiao", DAY, NINE, NINE.replace(hour=10), "x")]
    story.tick("9:16")
    story.write("xiao", "忘打卡 8:58")
    with story.firm.app.engine.connect() as db:
        found, own = pending.of(db, "fake:zhang"), pending.of(db, "fake:xiao")
    assert found == pending.Pending({"补卡": 1}, 0, 0, 1) and own.own == 1


def _notice(story: Story, number: int, **values: object) -> None:
    """A notice to 张三, as the notices room keeps it: read through its tables, nothing of it is imported here."""
    tables = {table.name: table for table in metadata.sorted_tables}
    row: dict[str, object] = {"id": f"nt-{number}", "state": "sending", "importance": "confirm", "answers": "[]"}
    row |= {"audience": "{}", "author_id": "fake:wang", "created_at": story.firm.now} | values
    person = {"notice_id": row["id"], "person_id": "fake:zhang", "platform": "fake", "user_id": "zhang"}
    with begin(story.firm.app.engine) as db:
        db.execute(tables["nt_notice"].insert().values(**row))
        db.execute(tables["nt_recipient"].insert().values(**person))


def test_notices_that_wait_are_counted_too(two_days: Story) -> None:
    """What was recalled, superseded, only informs or has not gone out does not wait for anybody."""
    story = two_days
    _notice(story, 1)
    _notice(story, 2, importance="sign", author_id="fake:zhang")
    _notice(story, 3, recalled_at=story.firm.now)
    _notice(story, 4, replaced_id="nt-1")
    _notice(story, 5, importance="inform", author_id="fake:zhang", state="sent")
    _notice(story, 6, state="scheduled", author_id="fake:zhang")
    with story.firm.app.engine.connect() as db:
        assert dict(pending.of(db, "fake:zhang").others) == {"待确认通知": 2, "在办通知": 2}
        assert dict(pending.of(db, "fake:li").others) == {}
    go(story, 1, "14:01")
    card = next(card for card in story.seen("zhao") if card.title == TITLE)
    assert [(fact.label, fact.value) for fact in card.facts if "通知" in fact.label] == [
        ("待确认通知", "2"),
        ("在办通知", "2"),
    ]
    with begin(story.firm.app.engine) as db:
        recipient = next(table for table in metadata.sorted_tables if table.name == "nt_recipient")
        done = {"accepted_at": story.firm.now, "opened_at": story.firm.now, "answered_at": story.firm.now, "rung": 4}
        done |= {"delivered_at": story.firm.now, "answer": "received"}
        db.execute(recipient.update().where(recipient.c.notice_id == "nt-1").values(**done))
    with story.firm.app.engine.connect() as db:
        assert pending.of(db, "fake:zhang").others["待确认通知"] == 1
