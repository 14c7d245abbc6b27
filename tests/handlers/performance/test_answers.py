"""Four answers that stay four: by card, by words, on the page; twice, too late, about an old version."""

from __future__ import annotations

import re

import pytest

from bot import signing
from bot.card import as_text
from bot.errors import Refused
from bot.evidence.meaning import meaning
from bot.signing import refusal as signing_refusal
from bot.signing.flow import Answer, decline
from handlers.performance.telling import answering, results
from tests.handlers.performance.results_story import Month

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def kinds(month: Month) -> list[str]:
    return [name for name, _ in month.events("result.")][3:]


def test_received_only_is_not_agreement_and_may_be_followed_by_a_signature(month: Month) -> None:
    result = month.told()
    card = month.card("zhang", "绩效结果")
    month.tap("zhang", card, "仅确认收到")
    assert month.again(result).answer == "received" and month.again(result).state == "answered"
    copy = month.copies("zhang")[-1]
    assert copy.closed == "仅确认收到" and "不表示同意" in copy.text
    month.tap("zhang", card, "仅确认收到")
    assert "已经答复过：仅确认收到" in month.last("zhang")
    assert month.sign(result) is Answer.SIGNED
    found = month.again(result)
    assert (found.state, found.answer) == ("final", "signed")
    assert kinds(month) == ["result.received", "result.signed", "result.agreed"]
    month.tap("zhang", card, "收到但不同意")
    assert "已经签字" in month.last("zhang") and month.again(result).answer == "signed"
    assert month.sign(result) is Answer.ALREADY


def test_disagreement_is_kept_word_for_word_and_holds_the_contested_part(month: Month) -> None:
    result = month.told()
    month.tap("zhang", month.card("zhang", "绩效结果"), "收到但不同意")
    assert month.again(result).answer == "objected" and month.again(result).held
    said = "项目 A 的延期是客户改需求造成的，\n邮件在 5 月 6 日"
    month.say("zhang", said)
    assert month.again(result).words == said and month.part("result.words_added", "words") == said
    assert said in as_text(month.seen("wang")[-1]) and said not in "".join(map(as_text, month.seen("li")))
    assert kinds(month) == ["result.objected", "result.words_added"]
    held = month.events("payroll.")
    assert [name for name, _ in held] == ["payroll.hold"]
    assert (held[0][1]["clause"], held[0][1]["factor"], held[0][1]["why"]) == ("8.3", "0.5", "objected")
    with month.ctx("wang") as ctx:
        results.release(ctx, result, "已按邮件核对并和本人谈过")
    assert [name for name, _ in month.events("payroll.")] == ["payroll.hold", "payroll.release"]
    assert month.again(result).answer == "objected"  # not held any more is not agreed


@lite
def test_answers_in_words_and_what_cannot_follow(month: Month) -> None:
    result = month.told()
    assert "收到但不同意" in month.say("zhang", "收到但不同意：分数算错了")
    assert month.again(result).words == "分数算错了"
    with month.ctx("zhang") as ctx, pytest.raises(Refused, match="仍然有效"):
        answering.take(ctx, result, "received")
    for who in ("li", "wang", "stranger"):
        with month.ctx(who) as ctx, pytest.raises(Refused, match="只能由本人"):
            answering.take(ctx, result, "received")
    with month.ctx("zhang") as ctx, pytest.raises(Refused, match="4000"):
        answering.take(ctx, result, "objected", "长" * 4001)


@lite
def test_opening_the_page_is_recorded_once_and_only_for_oneself(month: Month) -> None:
    result = month.told()
    for who in ("wang", "zhang", "zhang"):
        with month.ctx(who) as ctx:
            answering.opened(ctx, month.again(result))
    assert kinds(month) == ["result.opened"] and month.again(result).opened_at == month.firm.now
    assert month.again(result).answer == ""


@lite
def test_not_signing_is_not_an_answer_and_a_witnessed_refusal_is_no_consent(month: Month) -> None:
    result = month.told()
    with month.ctx("zhang") as ctx:
        document = signing.must(ctx.db, result.document_ref)
        assert decline(ctx, document.ref, "先想一想") is Answer.DECLINED
    assert month.again(result).answer == "" and month.part("result.not_signed", "words") == "先想一想"
    with month.ctx("wang") as ctx:
        signing_refusal.ask_witnesses(
            ctx, document.ref, [month.person("li"), month.person("stranger")], "6 月 11 日在三楼"
        )
    month.firm.courier.drain()
    for who in ("li", "stranger"):
        month.tap(who, month.card(who, "请确认您看到的"), "我在场，属实")
    assert month.again(result).answer == "refused"
    assert kinds(month) == ["result.not_signed", "result.refusal_witnessed"]
    assert not month.events("result.agreed")
    with month.ctx("zhang") as ctx:  # a fresh paper, should the person change their mind
        assert answering.signing_path(ctx, result) != signing.path(document)
    assert month.sign(result) is Answer.SIGNED and month.again(result).answer == "signed"


@lite
def test_an_old_version_takes_no_answer_and_the_new_one_comes_again(month: Month) -> None:
    result = month.told()
    old = month.card("zhang", "绩效结果")
    month.say("zhang", "申诉：项目延期因客户需求变更")
    month.tap("stranger", month.card("stranger", "请处理申诉"), "调整")
    month.say("stranger", "72，客户变更属实")
    new = month.newest(result)
    assert (new.version, new.state, str(new.score)) == (2, "published", "72.0")
    before = len(month.seen("zhang"))
    month.tap("zhang", old, "仅确认收到")
    assert month.again(result).state == "superseded" and month.again(new).answer == ""
    assert len(month.seen("zhang")) == before + 1 and "72.0" in month.last("zhang")
    with month.ctx("zhang") as ctx, pytest.raises(Refused):
        answering.signing_path(ctx, result)
    assert month.sign(new) is Answer.SIGNED


def test_no_record_of_silence_or_disagreement_is_called_a_consent() -> None:
    types = ("received", "objected", "appealed", "unanswered", "deemed", "not_signed", "refusal_witnessed", "opened")
    for name in types:
        found = meaning(f"result.{name}")
        assert found.known
        said = found.title_zh + "；" + found.proves_zh
        assert "同意" not in re.sub(r"不(?:是|等于)?同意", "", said), said
        assert "签署了" not in said and "已签" not in said
    assert "同意" in meaning("result.agreed").title_zh
