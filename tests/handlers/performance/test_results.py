"""From a draft to a result that its person was told: order, secrecy, versions, approval, silence. On both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot import people
from bot.approvals.sweep import sweep
from bot.card import as_text
from bot.db import begin
from bot.errors import Refused
from bot.evidence.meaning import meaning
from handlers.performance import tables, who_waits
from handlers.performance.rules import results as rules_results
from handlers.performance.rules.scoring import Line, ReviewDraft
from handlers.performance.scoring import reviews
from handlers.performance.store import Cycle
from handlers.performance.telling import results, results_jobs
from tests.handlers.performance.goals_story import D
from tests.handlers.performance.results_story import FULL, LATE, SEVENTY, Month
from tests.world import FIRM, Firm

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def visible(month: Month, who: str, cycle: Cycle) -> list[tuple[str, int]]:
    with month.ctx(who) as ctx:
        found = reviews.visible(ctx.db, month.person(who), cycle, month.person("zhang"))
    return [(each.side, each.version) for each in found]


def test_a_score_with_reasons_reaches_its_person_after_hr_agreed(month: Month) -> None:
    cycle = month.scoring()
    assert "请写自评" in month.seen("zhang")[-1].title
    month.review(cycle, "zhang", "self")
    month.turns()
    assert "请为 张三 评分" in month.seen("li")[-1].title
    found = month.review(cycle, "li", "manager", SEVENTY)
    assert found.score == D("70.5") and found.state == "submitted" and found.version == 1
    result = month.result(cycle)
    assert (result.state, result.band, result.clause, result.score) == ("approving", "待改进", "8.3", D("70.5"))
    assert not [card for card in month.seen("zhang") if "绩效结果" in card.title]
    asked = month.card("wang", "请审批 张三 的绩效结果")
    assert "项目 A 05-20 才验收" in asked.quote and "第 8.3 条" in asked.quote
    month.tap("wang", asked, "同意")
    told = month.card("zhang", "绩效结果：2026 年 5 月")
    text = as_text(told)
    for words in ("70.5", "奖金减半", "第 8.3 条", "扣 40 分", "项目 A", "四个按钮意思不同", "不会被当作同意"):
        assert words in text
    labels = [each.label for each in told.buttons]
    assert labels == ["同意并签字", "仅确认收到", "收到但不同意", "申诉"]
    result = month.result(cycle)
    assert result.state == "published" and result.sha256 == rules_results.digest(result.text)
    assert "60/100×70% + 95/100×30% = 70.5 → 70.5" in result.text and "没有答复不等于同意" in result.text
    assert month.part("result.published", "result") == result.text
    kinds = [name for name, _ in month.events("re") if name.startswith(("result.", "review."))]
    assert kinds == ["review.submitted"] * 2 + ["result.submitted", "result.approved", "result.published"]


@lite
def test_order_is_kept_and_nobody_scores_themselves(month: Month) -> None:
    cycle, zhang = month.scoring(), month.person("zhang")
    for who, side, word in (
        ("li", "manager", "还没轮到"),
        ("stranger", "manager", "没有权限"),
        ("li", "self", "没有权限"),
        ("zhang", "manager", "不能给自己评分"),
        ("wang", "hr", "没有权限"),  # this cycle has no such side
    ):
        with month.ctx(who) as ctx, pytest.raises(Refused, match=word):
            reviews.save(ctx, cycle, zhang, side, FULL)
    month.firm.pass_time(days=6)  # 自评 was due on the 15th
    month.review(cycle, "li", "manager", SEVENTY)
    assert "期限内没有提交" in month.result(cycle).text


@lite
def test_nothing_is_submitted_without_facts_and_clauses_and_the_draft_stays(month: Month) -> None:
    cycle, zhang = month.scoring(), month.person("zhang")
    month.review(cycle, "zhang", "self")
    bare = ReviewDraft((Line("result", D(60)), Line("team", D(90), D(10), "迟到", "99")), "留着")
    with month.ctx("li") as ctx:
        reviews.save(ctx, cycle, zhang, "manager", bare)
    with month.ctx("li") as ctx, pytest.raises(Refused) as refused:
        reviews.submit(ctx, cycle, zhang, "manager")
    said = str(refused.value)
    assert all(word in said for word in ("扣 40 分需要写明事实", "扣 40 分需要写明依据", "没有条款「99」", "第 2 行"))
    with month.ctx("li") as ctx:
        kept = reviews.visible(ctx.db, month.person("li"), cycle, zhang)[-1]
    assert kept.state == "draft" and kept.comment == "留着" and kept.lines[0].points == D(60)
    assert [name for name, _ in month.events("review.")] == ["review.submitted"]


@lite
def test_who_may_read_what_before_the_result(month: Month) -> None:
    cycle = month.scoring()
    with month.ctx("zhang") as ctx:
        reviews.save(ctx, cycle, month.person("zhang"), "self", FULL)
    assert visible(month, "zhang", cycle) == [("self", 1)]
    assert visible(month, "li", cycle) == visible(month, "wang", cycle) == []  # a draft is its author's
    month.review(cycle, "zhang", "self")
    month.review(cycle, "li", "manager", SEVENTY)
    assert visible(month, "zhang", cycle) == [("self", 1)]
    assert visible(month, "li", cycle) == visible(month, "wang", cycle) == [("self", 1), ("manager", 1)]
    month.tap("wang", month.card("wang", "请审批"), "同意")
    assert visible(month, "zhang", cycle) == [("self", 1), ("manager", 1)]
    assert visible(month, "stranger", cycle) == visible(month, "zhang", cycle)  # the HR head reads like HR
    with begin(month.firm.app.engine) as connection:
        people.sync(connection, "fake", FIRM, {"wang": "hr"})
    assert visible(month, "stranger", cycle) == []


def test_sent_back_with_a_reason_a_new_version_with_a_reason_and_the_first_one_stays(month: Month) -> None:
    cycle, zhang = month.scoring(), month.person("zhang")
    first = month.scored(cycle)
    with month.ctx("li") as ctx, pytest.raises(Refused, match="现在不能评分"):
        reviews.save(ctx, cycle, zhang, "manager", SEVENTY)
    month.tap("wang", month.card("wang", "请审批"), "退回")
    assert month.result(cycle).state == "approving"  # no reason yet, so nothing is decided
    month.say("wang", "项目 B 的日期请再核对")
    assert month.again(first).state == "returned"
    assert "项目 B 的日期请再核对" in as_text(month.seen("li")[-1])
    again = replace(SEVENTY, lines=(replace(LATE, points=D(70), deduction=D(30)), SEVENTY.lines[1]))
    with month.ctx("li") as ctx:
        reviews.save(ctx, cycle, zhang, "manager", again)
    with month.ctx("li") as ctx, pytest.raises(Refused, match="需要写明原因"):
        reviews.submit(ctx, cycle, zhang, "manager")
    made = month.review(cycle, "li", "manager", replace(again, reason="日期核对后少扣 10 分"))
    assert made.version == 2 and ("manager", 1) in visible(month, "wang", cycle)
    second = month.result(cycle)
    assert (second.version, second.state, second.score) == (2, "approving", D("77.5"))
    assert month.again(first).score == D("70.5")
    month.tap("wang", month.card("wang", "请审批"), "同意")
    assert month.result(cycle).state == "published"


def test_publishing_without_an_approval_is_refused_and_two_taps_are_one_result(month: Month) -> None:
    cycle = month.scoring()
    found = month.scored(cycle)
    with month.ctx("wang") as ctx, pytest.raises(Refused, match="没有通过审批"):
        results.publish(ctx, found)
    card = month.card("wang", "请审批")
    month.tap("wang", card, "同意")
    month.tap("wang", card, "同意")
    assert [name for name, _ in month.events("result.published")] == ["result.published"]
    with month.ctx("wang") as ctx:
        assert results.publish(ctx, month.again(found)).state == "published"
        with pytest.raises(Refused, match="申诉"):
            results.build(ctx, cycle, month.person("zhang"))


@lite
def test_who_scored_does_not_approve(firm: Firm, month: Month) -> None:
    cycle = month.scoring()
    with month.ctx("wang") as ctx:
        mine = tables.member.c.cycle_id == cycle.id
        ctx.db.execute(sa.update(tables.member).where(mine).values(scorer_id=month.person("wang").id))
    month.review(cycle, "zhang", "self")
    month.review(cycle, "wang", "manager", SEVENTY)
    assert not [card for card in month.seen("wang") if "请审批" in card.title]
    month.tap("stranger", month.card("stranger", "请审批"), "同意")
    assert month.result(cycle).state == "published"
    sweep(firm.app)


@lite
def test_silence_is_reminded_kindly_and_stays_silence(month: Month) -> None:
    result = month.told()
    before = len(month.seen("zhang"))
    month.firm.pass_time(days=1, hours=1)
    results_jobs.answers(month.firm.app)
    results_jobs.answers(month.firm.app)
    month.firm.courier.drain()
    assert len(month.seen("zhang")) == before + 1 and "不会被当作同意" in month.last("zhang")
    month.firm.pass_time(days=20)
    results_jobs.answers(month.firm.app)
    results_jobs.answers(month.firm.app)
    found = month.again(result)
    assert (found.state, found.answer, found.words) == ("published", "", "")
    assert [name for name, _ in month.events("result.")][-2:] == ["result.reminded", "result.unanswered"]
    said = meaning("result.unanswered")
    assert "不是同意" in str(said)


@lite
def test_treat_as_agreed_is_refused_without_a_clause(month: Month) -> None:
    result = month.told()
    month.firm.pass_time(days=20)
    for clause in ("", "20", "8.3"):
        with month.ctx("wang") as ctx, pytest.raises(Refused, match="不能当作同意"):
            results.deem(ctx, result, clause)
    assert month.again(result).answer == ""
    assert not month.events("result.deemed")


@lite
def test_with_a_clause_it_is_deemed_received_never_agreed(month: Month) -> None:
    result = month.told(deemed="20")
    with month.ctx("wang") as ctx, pytest.raises(Refused, match="在此之前"):
        results.deem(ctx, result, "20")
    month.firm.pass_time(days=20)
    with month.ctx("li") as ctx, pytest.raises(Refused, match="HR"):
        results.deem(ctx, result, "20")
    with month.ctx("wang") as ctx, pytest.raises(Refused, match=r"8\.3"):
        results.deem(ctx, result, "8.3")
    with month.ctx("wang") as ctx:
        found = results.deem(ctx, result, "20")
    month.firm.courier.drain()
    assert (found.answer, found.deemed_clause) == ("deemed", "20")
    card = month.seen("zhang")[-1]
    assert card.closed == "视为收到" and "不表示您同意，也不是签字" in card.text
    assert month.events("result.deemed")[0][1]["clause"] == "20"
    assert not month.events("result.signed") + month.events("result.agreed")
    with month.ctx("wang") as ctx, pytest.raises(Refused, match="视为收到"):
        results.deem(ctx, result, "20")
    month.say("zhang", "收到但不同意：我那时在住院")  # still possible, and it counts
    assert month.again(result).answer == "objected"


@lite
def test_who_has_not_signed_or_scored_asked_in_chat(month: Month) -> None:
    cycle = month.scoring()
    month.review(cycle, "zhang", "self")
    month.say("wang", "谁还没打分？")
    card = month.card("wang", "2026 年 5 月")
    assert "张三（等 李主管）" in as_text(card)
    month.review(cycle, "li", "manager", SEVENTY)
    month.tap("wang", month.card("wang", "请审批"), "同意")
    for who, said in (("wang", "谁还没答复绩效？"), ("li", "who has not answered")):
        month.say(who, said)
        assert "张三" in as_text(month.card(who, "2026 年 5 月"))
    before = len(month.seen("zhang"))
    month.tap("wang", month.card("wang", "2026 年 5 月"), "提醒他们")
    assert len(month.seen("zhang")) == before + 1
    assert "只有 HR 和主管" in month.say("zhang", "谁还没签？")
    for said in ("谁还没签？", "谁没签字", "who has not signed?", "谁还没签绩效结果"):
        assert who_waits.SIGN.match(said)


def test_who_is_below_70_per_cent_asked_in_chat(month: Month) -> None:
    cycle = month.scoring()
    assert "没有人低于 70 %" in month.say("wang", "谁低于70%？")  # what is unknown is not low
    with begin(month.firm.app.engine) as db:
        db.execute(sa.update(tables.member).values(attainment="66.7"))
    for said in ("哪些部门达成率低于 70%", "谁的达成率不到70", "who is below 70%?"):
        answer = month.say("wang", said)
        assert "研发" in answer and "1 / 1" in answer and "66.7 %" in answer and "张三" in answer
    assert f"%2Fperformance%2Fcockpit%2F{cycle.id}%2Fpeople%3Fstate%3Dlow" in month.seen("wang")[-1].link
    assert "张三" in month.say("li", "谁低于70%") and "cockpit" not in month.seen("li")[-1].link
    assert "只有 HR 和主管" in month.say("zhang", "谁低于70%？")
    assert not who_waits.LOW.match("低于70%") and not who_waits.LOW.match("我低于 70% 是因为客户改需求")
