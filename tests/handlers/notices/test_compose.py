"""Written in chat, checked by a second person, sent; asked about, reminded, paused and stopped in chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot import people
from bot.db import begin
from bot.errors import Refused
from bot.ports import DirectoryPerson
from bot.tables import person
from handlers.notices import store, tables as tb
from handlers.notices.composing import approving, drafts, schedule, second, second_rules as rules_second
from tests.handlers.notices.chat import Chat
from tests.handlers.notices.office import carry, crowd, events, get, who
from tests.world import FIRM, Firm


def newest(firm: Firm) -> store.Notice:
    with firm.app.engine.connect() as db:
        return store.newest(db, 1)[0]


def test_a_notice_is_written_aimed_and_sent_in_chat(firm: Firm) -> None:
    chat = Chat(firm)
    assert "怎样发通知" in chat.say("wang", "发通知")
    assert "没有选择对象" in chat.say("wang", "发通知 端午放假\n**6 月 19 日**放假。")
    chat.tap("wang", "提交")
    assert newest(firm).state == "draft"
    chat.tap("wang", "发给全公司")
    assert "没有选择对象" not in chat.last("wang")
    assert "企业微信：放得下" in chat.say("wang", "预览")
    assert "通知｜端午放假" in [card.title for card in chat.seen("wang")]
    chat.tap("wang", "提交")
    assert "共 4 人" in chat.last("wang")
    carry(firm)
    handed = firm.platform.handed
    assert sorted(user for _, to, _, _ in handed for user in to) == ["li", "stranger", "wang", "zhang"]
    assert all("端午放假" in card.title for _, _, card, _ in handed)


def test_only_hr_and_managers_write_and_managers_to_their_team(firm: Firm) -> None:
    chat = Chat(firm)
    firm.dispatch(firm.event("zhang", "chat.text", text="发通知 假的\n正文"))
    assert firm.rows(tb.notice) == []
    chat.say("li", "发通知 周会\n周五十点。")
    chat.tap("li", "发给全公司")
    assert "自己的团队" in chat.last("li")
    chat.tap("li", "发给我的团队")
    chat.tap("li", "提交")
    assert newest(firm).people == 1
    foreign = drafts_of_hr(firm)
    with firm.app.context(who(firm, "li")) as ctx, pytest.raises(Refused, match="没有找到"):
        drafts.mine(ctx, foreign)


def drafts_of_hr(firm: Firm) -> str:
    with firm.app.context(who(firm, "wang")) as ctx:
        return drafts.create(ctx, drafts.Draft({"zh": ("x", "y")}))


def signable(firm: Firm) -> str:
    with begin(firm.app.engine) as db:
        people.sync(db, "fake", (*FIRM, DirectoryPerson("chen", "陈HR")), {"wang": "hr", "chen": "hr"})
    draft = drafts.Draft({"zh": ("员工手册", "全文")}, importance="sign", basis="劳动合同法第四条",
                         audience={"into": {"people": ["fake:zhang"]}})  # fmt: skip
    with firm.app.context(who(firm, "wang")) as ctx:
        notice_id = drafts.create(ctx, draft)
        state, asked = approving.submit(ctx, notice_id)
    assert (state, [each.name for each in asked]) == ("approving", ["陈HR"])
    firm.courier.drain()
    return notice_id


def test_a_signature_needs_a_second_person_and_goes_out_once(firm: Firm) -> None:
    chat, notice_id = Chat(firm), signable(firm)
    asked = next(card for card in chat.seen("chen") if any(each.label == "同意发送" for each in card.buttons))
    assert asked.link.endswith("check")  # all that is known of it, and nothing to be changed there
    with firm.app.context(who(firm, "wang")) as ctx, pytest.raises(Refused, match="已经提交"):
        drafts.edit(ctx, notice_id, drafts.Draft({"zh": ("别的", "别的")}))
    chat.tap("chen", "同意发送", as_="wang")
    assert get(firm, notice_id).state == "approving"
    chat.tap("chen", "同意发送")
    chat.tap("chen", "同意发送")
    assert (get(firm, notice_id).state, len(firm.rows(tb.recipient))) == ("sending", 1)
    assert "正在发送" in chat.last("wang")


def test_what_comes_back_can_be_changed_and_is_asked_about_afresh(firm: Firm) -> None:
    chat, notice_id = Chat(firm), signable(firm)
    chat.tap("chen", "先不发")
    assert "直接回复原因" in chat.last("chen") and get(firm, notice_id).state == "approving"
    assert "直接回复原因" in chat.say("chen", "。")
    assert get(firm, notice_id).state == "approving"
    chat.say("chen", "第三条的日期写错了")
    assert get(firm, notice_id).state == "draft"
    assert "退回草稿" in chat.last("wang") and "第三条的日期写错了" in chat.last("wang")
    assert len(events(firm, "notice.returned")) == 1
    with firm.app.context(who(firm, "wang")) as ctx:
        assert approving.submit(ctx, notice_id)[0] == "approving"
    firm.courier.drain()
    chat.tap("chen", "同意发送")
    assert get(firm, notice_id).state == "sending"


def test_who_was_asked_why_not_may_still_agree(firm: Firm) -> None:
    chat, notice_id = Chat(firm), signable(firm)
    chat.tap("chen", "先不发")
    chat.tap("chen", "同意发送")
    assert get(firm, notice_id).state == "sending"
    chat.say("chen", "其实第三条不对")
    assert (get(firm, notice_id).state, events(firm, "notice.returned")) == ("sending", [])


def growing(firm: Firm, before: int, after: int) -> tuple[Chat, str]:
    """Scheduled for later when it went to `before` people of the team; it goes to `after` by then."""
    chat = Chat(firm)
    with begin(firm.app.engine) as db:
        people.sync(db, "fake", (*FIRM, DirectoryPerson("chen", "陈HR")), {"wang": "hr", "chen": "hr"})
    ids = crowd(firm, after)
    hire(firm, ids[:before])
    draft = drafts.Draft({"zh": ("放假", "全文")}, audience={"into": {"team_of": ["fake:li"]}},
                         send_at=firm.now + timedelta(hours=1))  # fmt: skip
    with firm.app.context(who(firm, "wang")) as ctx:
        notice_id = drafts.create(ctx, draft)
        state, _ = approving.submit(ctx, notice_id)
    firm.courier.drain()
    if state == "approving":
        chat.tap("chen", "同意发送")
    assert get(firm, notice_id).state == "scheduled"
    hire(firm, ids[before:])
    firm.pass_time(hours=1, minutes=1)
    assert schedule.due(firm.app) == 1
    firm.courier.drain()
    return chat, notice_id


def hire(firm: Firm, ids: list[str]) -> None:
    with begin(firm.app.engine) as db:
        db.execute(sa.update(person).where(person.c.id.in_(ids)).values(manager_id="fake:li"))


@pytest.mark.parametrize(("before", "after", "state"), [(10, 30, "sending"), (60, 64, "sending"), (30, 60, "approving"),
                                                        (60, 80, "approving")])  # fmt: skip
def test_more_people_than_were_agreed_to_are_asked_about_again(firm: Firm, before: int, after: int, state: str) -> None:
    chat, notice_id = growing(firm, before, after)
    assert get(firm, notice_id).state == state
    if state == "approving":
        assert firm.rows(tb.recipient) == [] and "比核对时多" in chat.last("wang")
        chat.tap("chen", "同意发送")
        assert get(firm, notice_id).state == "sending"
    assert len(firm.rows(tb.recipient)) == get(firm, notice_id).people > before


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_what_was_agreed_to_is_not_asked_again(agreed: int, people: int) -> None:
    assert not rules_second.again(max(agreed, people, 1), people, "inform")
    assert not rules_second.again(agreed, people, "inform") or rules_second.needed(people, "inform")


def test_the_firm_decides_who_writes_how_large_and_from_how_many(firm: Firm) -> None:
    chat = Chat(firm)
    changed = {"notice_two_from": 4, "notice_managers": "no", "notice_files": 1, "notice_file_mb": 1}
    firm.app.settings = firm.app.settings.model_copy(update=changed)
    chat.say("li", "发通知 周会\n周五十点。")
    assert firm.rows(tb.notice) == []
    notice_id = drafts_of_hr(firm)
    with firm.app.context(who(firm, "wang")) as ctx:
        assert second.wanted(ctx, get(firm, notice_id), 4) and not second.wanted(ctx, get(firm, notice_id), 3)
        with pytest.raises(Refused, match="超过 1 MB"):
            drafts.attach(ctx, notice_id, "大.txt", b"x" * (1 << 20) + b"x")
        drafts.attach(ctx, notice_id, "a.txt", b"x")
        with pytest.raises(Refused, match="最多 1 个"):
            drafts.attach(ctx, notice_id, "b.txt", b"x")


def test_who_has_not_answered_and_steering(firm: Firm) -> None:
    chat = Chat(firm)
    draft = drafts.Draft({"zh": ("考勤制度", "全文")}, importance="confirm", answers=("received",),
                         audience={"into": {"people": ["fake:zhang", "fake:li"]}})  # fmt: skip
    with firm.app.context(who(firm, "wang")) as ctx:
        notice_id = drafts.create(ctx, draft)
        approving.submit(ctx, notice_id)
    carry(firm)
    answer = chat.say("wang", "谁还没签《考勤制度》？")
    assert "还有 2 人" in answer and "张三" in answer
    assert "已暂停" in chat.say("wang", "暂停通知《考勤制度》") or get(firm, notice_id).state == "sent"
    firm.pass_time(hours=5)
    if get(firm, notice_id).state == "paused":
        chat.say("wang", "继续通知《考勤制度》")
        carry(firm)
    chat.say("wang", 'who has not confirmed "考勤制度"')
    chat.tap("wang", "提醒他们")
    assert "已提醒 2 人" in chat.last("wang")
    assert "没有找到" in chat.say("wang", "谁没确认《不存在》")
    before = len(chat.seen("zhang"))
    firm.dispatch(firm.event("zhang", "chat.text", text="全部停止"))
    assert len(chat.seen("zhang")) >= before and get(firm, notice_id).state != "stopped"


def test_the_emergency_stop(firm: Firm) -> None:
    chat = Chat(firm)
    chat.say("wang", "发通知 端午放假\n放假。")
    chat.tap("wang", "发给全公司")
    chat.tap("wang", "提交")
    assert "已停止 1 份" in chat.say("wang", "全部停止")
    assert newest(firm).state == "stopped"


def test_copies_and_templates_have_the_words_and_not_the_times(firm: Firm) -> None:
    draft = drafts.Draft({"zh": ("制度", "全文"), "en": ("Policy", "All")}, answers=("received",), basis="第四条",
                         send_at=firm.now, audience={"into": {"everybody": True}})  # fmt: skip
    with firm.app.context(who(firm, "wang")) as ctx:
        notice_id = drafts.create(ctx, draft)
        drafts.attach(ctx, notice_id, "制度.pdf", b"%PDF-1.7")
        with pytest.raises(Refused, match="不符"):
            drafts.attach(ctx, notice_id, "制度.pdf", b"PNG")
        copy = store.get(ctx.db, drafts.duplicate(ctx, notice_id))
        first = drafts.save_template(ctx, "制度模板", draft)
        assert drafts.save_template(ctx, "制度模板", draft) == first
        kept = drafts.templates(ctx.db)
    assert copy and copy.send_at is None and copy.texts == draft.texts and copy.audience == draft.audience
    assert len(firm.rows(tb.file)) == 2
    assert [(each.name, each.draft.texts, each.draft.audience) for each in kept] == [("制度模板", draft.texts, {})]
