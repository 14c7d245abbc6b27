"""Four answers that stay different, from card, page and words; late ones too; and nobody answers for somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import signing
from bot.db import begin
from bot.errors import Refused
from bot.signing import flow as signing_flow
from bot.tables import failed
from handlers.notices import cards, tables as tb
from handlers.notices.receiving import answers, hearing
from handlers.notices.rules import Fact
from handlers.notices.sending import recall
from tests.handlers.notices import office
from tests.world import Firm


def said(firm: Firm, user: str) -> list[str]:
    firm.courier.drain()
    return [f"{card.title} {card.text} {card.quote}" for to, card, _ in firm.platform.sent if to == user]


def take(firm: Firm, user: str, answer: str, words: str = "") -> answers.Taken:
    who = office.who(firm, user)
    with firm.app.context(who) as ctx:
        answers.opened(ctx, office.get(firm), who)
        return answers.take(ctx, office.get(firm), who, answer, words, source="page")


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        ("received", "notice.acknowledged"),
        ("agreed", "notice.agreed"),
        ("objected", "notice.objected"),
        ("appealed", "notice.appealed"),
    ],
)
def test_each_button_is_its_own_record(firm: Firm, answer: str, event: str) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    firm.dispatch(firm.event("zhang", f"notices.{answer}", office.ID))
    found = office.row(firm, "fake:zhang")
    assert (found.rung, found.answer) == (4, answer)
    assert len(office.events(firm, event)) == 1
    others = {"notice.acknowledged", "notice.agreed", "notice.objected", "notice.appealed"} - {event}
    assert not [each for other in others for each in office.events(firm, other)]
    assert firm.rows(failed) == []


def test_an_objection_counts_at_once_and_its_words_follow_and_reach_the_author(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    firm.dispatch(firm.event("zhang", "notices.objected", office.ID))
    assert office.row(firm, "fake:zhang").answer == "objected"
    firm.dispatch(firm.event("zhang", "chat.text", text="第三条与合同不符"))
    assert office.row(firm, "fake:zhang").words == "第三条与合同不符"
    assert any("第三条与合同不符" in each for each in said(firm, "wang"))
    assert firm.rows(failed) == []


def test_the_same_answer_again_is_said_and_leaves_no_second_record(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    assert take(firm, "zhang", "received").kind == "taken"
    assert take(firm, "zhang", "received").kind == "again"
    assert len(office.events(firm, "notice.acknowledged")) == 1


def test_receipt_then_appeal_are_both_on_record_and_the_appeal_shows(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    take(firm, "zhang", "received")
    assert take(firm, "zhang", "appealed", "请复核").recorded
    assert office.row(firm, "fake:zhang").answer == "appealed"
    assert len(office.events(firm, "notice.acknowledged")) == len(office.events(firm, "notice.appealed")) == 1


def test_agreeing_after_an_objection_is_recorded_and_hides_nothing(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    take(firm, "zhang", "objected", "不同意第三条")
    assert take(firm, "zhang", "agreed").recorded
    assert office.row(firm, "fake:zhang").answer == "objected"
    assert len(office.events(firm, "notice.agreed")) == 1


def test_a_stranger_learns_and_records_nothing(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    firm.dispatch(firm.event("stranger", "notices.received", office.ID))
    assert all("考勤制度" not in each for each in said(firm, "stranger"))
    assert not office.events(firm, "notice.acknowledged")
    with firm.app.context(office.who(firm, "stranger")) as ctx:
        assert not answers.opened(ctx, office.get(firm), office.who(firm, "stranger"))
    assert not office.events(firm, "notice.content_shown")


def test_an_answer_that_is_not_offered_is_not_recorded(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"], answers='["received"]')
    office.send(firm)
    assert take(firm, "zhang", "agreed").kind == "not_offered"
    assert take(firm, "zhang", "whatever").kind == "not_offered"
    assert office.row(firm, "fake:zhang").answer == ""


def test_late_recalled_and_replaced_answers_are_recorded_and_say_so(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"], deadline=firm.now + timedelta(hours=1))
    office.send(firm)
    firm.pass_time(hours=2)
    late = take(firm, "zhang", "received")
    assert (late.kind, cards.LATE in late.card.text) == ("late", True)
    with firm.app.context() as ctx:
        recall.recall(ctx, office.get(firm), "文字有误")
    assert take(firm, "zhang", "objected", "看不懂").kind == "recalled"
    newer = office.compose(firm, ["fake:zhang"], "nt-000000000000000000000002")
    with firm.app.context() as ctx:
        recall.supersede(ctx, office.get(firm), newer)
    assert take(firm, "zhang", "appealed", "仍然申诉").kind == "replaced"
    assert office.row(firm, "fake:zhang").answer == "appealed"
    assert office.row(firm, "fake:zhang", newer.id).answer == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [("收到", "received"), ("同意", "agreed"), ("有异议 第三条", "objected"), ("appeal too harsh", "appealed")],
)
def test_words_answer_like_the_button(firm: Firm, text: str, answer: str) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    firm.dispatch(firm.event("zhang", "chat.text", text=text))
    assert office.row(firm, "fake:zhang").answer == answer


def test_words_about_something_else_or_that_fit_two_notices_decide_nothing(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    firm.dispatch(firm.event("zhang", "chat.text", text="收到，明天到"))
    assert office.row(firm, "fake:zhang").answer == ""
    other = "nt-000000000000000000d4e5f6"
    office.compose(firm, ["fake:zhang"], other)
    office.send(firm, other)
    firm.dispatch(firm.event("zhang", "chat.text", text="收到"))
    assert office.row(firm, "fake:zhang").answer == office.row(firm, "fake:zhang", other).answer == ""
    assert any("有 2 份通知" in each for each in said(firm, "zhang"))
    firm.dispatch(firm.event("zhang", "chat.text", text="收到 d4e5f6"))
    assert office.row(firm, "fake:zhang", other).answer == "received"
    assert office.row(firm, "fake:zhang").answer == ""


def test_treat_as_agreed_is_refused_and_deemed_receipt_needs_its_clause(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    who = office.who(firm, "zhang")
    with firm.app.context(office.who(firm, "wang")) as ctx:
        for answer, clause, why in (("agreed", "考勤制度第五条", "不能替别人同意"), ("deemed", " ", "条款")):
            with pytest.raises(Refused, match=why):
                answers.on_behalf(ctx, office.get(firm), who, answer, clause)
        answers.on_behalf(ctx, office.get(firm), who, "deemed", "考勤制度第五条")
    found = office.row(firm, "fake:zhang")
    assert (found.answer, found.rung) == ("", 1)
    assert len(office.events(firm, "notice.deemed_received")) == 1


def test_declining_to_sign_is_an_answer_and_no_signature(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"], importance="sign", answers="[]")
    office.send(firm)
    who = office.who(firm, "zhang")
    with firm.app.context() as ctx:
        document = signing.prepare(ctx, who, office.ID, "考勤制度", [("text", "全文")], kind="notice")
    with firm.app.context(who) as ctx:
        assert signing_flow.decline(ctx, document.ref, "先不签") is signing_flow.Answer.DECLINED
    found = office.row(firm, "fake:zhang")
    assert (found.answer, found.rung, found.signed_at) == ("declined", 4, None)


def test_whoever_had_read_it_hears_that_it_is_withdrawn_and_nobody_else(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang", "fake:li"])
    office.send(firm)
    who = office.who(firm, "zhang")
    with firm.app.context(who) as ctx:
        assert answers.opened(ctx, office.get(firm), who)
    with firm.app.context() as ctx:
        recall.recall(ctx, office.get(firm), "文字有误")
    recall.carry(firm.app)
    recall.carry(firm.app)
    assert [each for each in said(firm, "zhang") if "已撤回" in each and "文字有误" in each]
    assert len([each for each in said(firm, "zhang") if "已撤回" in each]) == 1
    assert not [each for each in said(firm, "li") if "已撤回" in each]


@pytest.mark.parametrize("how", ["card", "words", "page"])
def test_nobody_confirms_a_text_that_was_not_shown_to_them(firm: Firm, how: str) -> None:
    """A longer text has no buttons in chat; a tap on an old card, words or a forged form are answered politely."""
    office.compose(firm, ["fake:zhang"])
    with begin(firm.app.engine) as db:
        db.execute(sa.update(tb.text).values(body="第一条，" + "请看全文。" * 40))
    office.send(firm)
    assert [(to, card.buttons) for _, to, card, _ in firm.platform.handed] == [(("zhang",), ())]

    who = office.who(firm, "zhang")
    with firm.app.context(who) as ctx:
        taken = answers.take(ctx, office.get(firm), who, "received", source=how)
    assert (taken.kind, taken.recorded) == ("unread", False)
    found = office.row(firm, "fake:zhang")
    assert (found.rung, found.answer) == (1, "") and not office.events(firm, "notice.acknowledged")

    assert take(firm, "zhang", "received").kind == "taken"
    order = [each for each in office.types(firm) if each in ("notice.content_shown", "notice.acknowledged")]
    assert order == ["notice.content_shown", "notice.acknowledged"]


def test_a_short_text_is_whole_on_its_card_and_the_answer_shows_that_it_was_seen(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    firm.dispatch(firm.event("zhang", "notices.received", office.ID))
    order = [each for each in office.types(firm) if each in ("notice.content_shown", "notice.acknowledged")]
    assert order == ["notice.content_shown", "notice.acknowledged"]
    with firm.app.context(office.who(firm, "zhang")) as ctx:
        assert not answers.opened(ctx, office.get(firm), office.who(firm, "zhang"))  # once is enough


def test_what_the_platform_lists_as_read_is_not_the_full_text_shown(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    with firm.app.context() as ctx:
        hearing.learn_many(ctx, office.ID, {"fake:zhang": (Fact("opened", firm.now), {"ch": "fake"})})
    assert office.events(firm, "notice.platform_read") and not office.events(firm, "notice.content_shown")
    with firm.app.context(office.who(firm, "zhang")) as ctx:
        assert answers.opened(ctx, office.get(firm), office.who(firm, "zhang"))
    assert len(office.events(firm, "notice.content_shown")) == 1
