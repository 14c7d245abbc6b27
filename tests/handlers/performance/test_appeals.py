"""Appeals: heard by somebody who did not score, with both sides' facts, decided with a reason, in working days."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import people, signing
from bot.card import as_text
from bot.context import Context
from bot.db import begin
from bot.errors import Refused
from bot.event import TEXT
from bot.tables import delegate
from handlers.performance import tables
from handlers.performance.store import Result
from handlers.performance.telling import answering, appeals, results_jobs, uploads
from handlers.performance.telling.uploads import Upload
from tests.handlers.performance.goals_story import D
from tests.handlers.performance.results_story import Month
from tests.world import FIRM, Firm

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PDF = Upload("邮件.pdf", b"%PDF-1.7 a mail")


def appealed(month: Month, *files: Upload) -> tuple[Result, appeals.Appeal]:
    result = month.told()
    with month.ctx("zhang") as ctx:
        answering.take(ctx, result, "appealed", "项目延期因客户需求变更", files)
    month.firm.courier.drain()
    return result, of(month, result)


def of(month: Month, result: Result) -> appeals.Appeal:
    with month.firm.app.engine.connect() as conn:
        found = appeals.of_result(conn, result.id)
    assert found is not None
    return found


def stand_in(month: Month, principal: str, to: str) -> None:
    """A standing wish, in force for as long as the principal is on leave."""
    row = {"id": f"d-{principal}", "person_id": month.person(principal).id, "state": "on"}
    row |= {"delegate_person_id": month.person(to).id}
    with begin(month.firm.app.engine) as connection:
        times = {"since": month.firm.now - timedelta(days=1), "created_at": month.firm.now}
        connection.execute(sa.insert(delegate).values(**row, **times))


def test_both_sides_facts_a_reasoned_outcome_a_new_version_and_pay_that_waits(month: Month) -> None:
    result, appeal = appealed(month, PDF)
    assert appeal.reviewer_id == month.person("stranger").id  # the HR head: neither 李主管 nor whoever approved
    assert month.again(result).state == "appealed" and month.again(result).held
    with month.ctx("zhang") as ctx, pytest.raises(Refused, match="正在处理"):
        answering.take(ctx, result, "received")
    with month.ctx("zhang") as ctx:
        assert signing.must(ctx.db, result.document_ref).state == signing.WITHDRAWN
    card = month.card("stranger", "请处理申诉：张三")
    for words in ("评分方的事实和条款", "项目 A 05-20 才验收", "第 8.3 条", "项目延期因客户需求变更", "邮件.pdf"):
        assert words in as_text(card)
    assert "没有参与评分" in month.last("zhang") and "外人" in month.last("zhang")
    month.tap("stranger", card, "调整")
    assert of(month, result).state == "open"  # a score and a reason are needed
    month.say("stranger", "客户变更属实")
    assert of(month, result).state == "open" and "新的分数和理由" in month.last("stranger")
    month.say("stranger", "72，客户变更属实，已核对邮件")
    found, new = of(month, result), month.newest(result)
    assert (found.state, found.outcome, found.score) == ("decided", "adjusted", D("72.0"))
    assert (new.version, new.state, new.score, new.clause) == (2, "published", D("72.0"), "8.3")
    assert "从 70.5 调整为 72.0。理由：客户变更属实，已核对邮件" in new.text
    assert month.again(result).state == "superseded" and not month.again(result).held
    for who in ("zhang", "li"):
        told = next(each for each in reversed(month.seen(who)) if "申诉结果" in each.title)
        assert "70.5 调整为 72.0" in as_text(told) and "客户变更属实" in as_text(told)
    labels = [each.label for each in month.card("zhang", "绩效结果").buttons]
    assert labels == ["同意并签字", "仅确认收到", "收到但不同意"]
    with month.ctx("zhang") as ctx, pytest.raises(Refused, match="不能再申诉"):
        answering.take(ctx, new, "appealed", "还是不服")
    names = [name for name, _ in (*month.events("appeal."), *month.events("payroll."))]
    assert names == ["appeal.filed", "appeal.decided", "payroll.hold", "payroll.release"]
    assert month.part("appeal.filed", "file 1.sha256").endswith("  邮件.pdf\n")
    assert month.part("appeal.decided", "reason")


@lite
def test_upheld_keeps_the_version_and_asks_again_without_an_appeal(month: Month) -> None:
    result, appeal = appealed(month)
    month.tap("stranger", month.card("stranger", "请处理申诉"), "维持")
    month.say("stranger", "好")
    assert of(month, result).state == "open"
    month.say("stranger", "变更发生在延期之后，邮件日期可查")
    found = month.again(result)
    assert (found.state, found.version, found.held) == ("published", 1, False)
    assert [each.label for each in month.card("zhang", "绩效结果").buttons][-1] == "收到但不同意"
    noted = month.tap("zhang", month.card("zhang", "绩效结果"), "收到但不同意")
    assert month.again(result).answer == "objected" and month.again(result).held
    assert noted and "不同意" in noted.text and "申诉" not in noted.text  # nothing is offered that would be refused
    assert "申诉" not in month.copies("zhang")[-1].text
    with month.ctx("stranger") as ctx, pytest.raises(Refused, match="已经有结果"):
        appeals.decide(ctx, appeal, "upheld", "再说一遍理由")


@lite
@pytest.mark.parametrize(("principal", "to"), [("li", "stranger"), ("stranger", "li")])
def test_nobody_tied_to_the_scorer_by_standing_in_hears_it(month: Month, principal: str, to: str) -> None:
    result = month.told()
    stand_in(month, principal, to)
    with month.ctx("zhang") as ctx:
        answering.take(ctx, result, "appealed", "项目延期因客户需求变更")
    assert of(month, result).reviewer_id == month.person("wang").id


@lite
def test_who_became_the_scorers_stand_in_later_cannot_decide_and_it_goes_to_somebody_else(month: Month) -> None:
    result, appeal = appealed(month)
    stand_in(month, "li", "stranger")
    with month.ctx("stranger") as ctx, pytest.raises(Refused, match="互为代理"):
        appeals.decide(ctx, appeal, "upheld", "变更发生在延期之后")
    for who in ("li", "wang", "zhang"):
        with month.ctx(who) as ctx, pytest.raises(Refused, match="由别人处理"):
            appeals.decide(ctx, appeal, "upheld", "变更发生在延期之后")
    results_jobs.appeals_due(month.firm.app)
    month.firm.courier.drain()
    assert of(month, result).reviewer_id == month.person("wang").id
    assert month.card("wang", "请处理申诉")
    with month.ctx("wang") as ctx, pytest.raises(Refused, match="参与了评分"):
        appeals.reassign(ctx, of(month, result), month.person("li"))
    with month.ctx("wang") as ctx:
        appeals.decide(ctx, of(month, result), "upheld", "变更发生在延期之后")


@lite
def test_without_anybody_neutral_the_appeal_is_not_swallowed(firm: Firm, month: Month) -> None:
    result = month.told()
    with begin(firm.app.engine) as connection:
        people.sync(connection, "fake", FIRM, {})
    with month.ctx("zhang") as ctx, pytest.raises(Refused, match="没有与评分无关的人"):
        answering.take(ctx, result, "appealed", "项目延期因客户需求变更")
    assert month.again(result).state == "published" and not month.events("appeal.")


@lite
def test_after_the_deadline_disagreeing_is_still_possible(month: Month) -> None:
    result = month.told()
    assert result.deadline is not None
    month.firm.now = result.deadline + timedelta(minutes=1)
    month.tap("zhang", month.card("zhang", "绩效结果"), "申诉")
    assert "申诉期已过" in month.last("zhang") and "收到但不同意" in month.last("zhang")
    month.tap("zhang", month.card("zhang", "绩效结果"), "收到但不同意")
    assert month.again(result).answer == "objected"


@lite
def test_tapping_appeal_asks_for_the_reason_and_can_be_left(month: Month) -> None:
    result = month.told()
    card = month.card("zhang", "绩效结果")
    month.tap("zhang", card, "申诉")
    month.tap("zhang", month.card("zhang", "绩效结果"), "不申诉了")
    month.do("zhang", TEXT, text="今天天气不错")
    assert month.again(result).state == "published" and month.again(result).words == ""
    month.tap("zhang", card, "申诉")
    month.say("zhang", "项目延期因客户需求变更，\n邮件在 5 月 6 日")
    assert of(month, result).words == "项目延期因客户需求变更，\n邮件在 5 月 6 日"


@lite
def test_an_appeal_that_waits_is_remembered_and_hr_hears_when_it_is_late(month: Month) -> None:
    result, appeal = appealed(month)
    before = len(month.seen("stranger")), len(month.seen("wang"))
    for moment in (appeal.due_at - timedelta(hours=7), appeal.due_at + timedelta(hours=16)):
        month.firm.now = moment
        for _ in range(2):
            results_jobs.appeals_due(month.firm.app)
        month.firm.courier.drain()
    assert (len(month.seen("stranger")), len(month.seen("wang"))) == (before[0] + 2, before[1] + 1)
    assert [name for name, _ in month.events("appeal.late")] == ["appeal.late"]
    assert of(month, result).state == "open"


def docx(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        for name in names:
            book.writestr(name, "x")
    return buffer.getvalue()


@lite
def test_files_are_told_by_their_bytes_and_a_bad_one_loses_nothing_else(month: Month) -> None:
    result = month.told()
    bad = (
        Upload("证据.pdf", b"MZ\x90\x00 a program"),
        Upload("证据.pdf", b"<html>not a pdf"),
        Upload("run.exe", b"%PDF-1.7"),
        Upload("宏.docx", docx("word/document.xml", "word/vbaProject.bin")),
        Upload("空.pdf", b""),
        Upload("大.pdf", b"%PDF-" + b"0" * (50 << 20)),
    )
    with month.ctx("zhang") as ctx, pytest.raises(Refused) as refused:
        answering.take(ctx, result, "appealed", "项目延期", bad[:5])
    said = str(refused.value)
    assert all(word in said for word in ("可执行", "不符", "不支持", "空的")) and "最多" not in said
    with month.ctx("zhang") as ctx, pytest.raises(Refused, match="超过 10 MB"):
        answering.take(ctx, result, "appealed", "项目延期", bad[5:])
    assert month.firm.rows(tables.file) == [] and month.again(result).state == "published"
    good = (PDF, Upload("../../a.docx", docx("word/document.xml")), Upload("记录.txt", "客户改需求".encode("gb18030")))
    with month.ctx("zhang") as ctx:
        answering.take(ctx, result, "appealed", "项目延期", good)
        kept = uploads.of_matter(ctx, of_now(ctx, result))
    assert sorted(each.name for each in kept) == ["a.docx", "记录.txt", "邮件.pdf"]


def of_now(ctx: Context, result: Result) -> str:
    found = appeals.of_result(ctx.db, result.id)
    assert found is not None
    return found.id
