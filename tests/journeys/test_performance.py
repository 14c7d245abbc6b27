"""The story from D-270 to D-1 on phones: goals agreed by both, a score with reasons, an appeal that is heard, and three
ways in which D-5 may go. What is handed over describes each differently, and calls neither silence nor disagreement a
consent."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot import freshness, signing, signing_flow
from bot.context import Context
from bot.evidence.meaning import meaning
from bot.evidence.sequencer import sequence
from bot.handover import export_person
from bot.signing_flow import Answer, Attempt, Seat
from handlers.performance import opening, progress, results_jobs, reviews, setup, store, tables, timeline
from handlers.performance.rules_scoring import Line, ReviewDraft
from handlers.performance.store import Clause, Cycle, Dimension, Result
from tests.journeys.theatre import STAFF, Theatre

Enter = Callable[..., Theatre]
BOTH = pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
D = Decimal
CLAUSES = (
    Clause("7", "得分 75 以上，绩效工资全额", D(75), None, "合格", "绩效工资全额", D(1)),
    Clause("8", "得分 60 至 75，当月绩效减半", D(60), D(75), "待改进", "当月绩效减半", D("0.5")),
    Clause("9", "得分 60 以下，当月绩效为零", D(0), D(60), "不合格", "无绩效工资", D(0)),
)
SELF = ReviewDraft((Line("out", D(85)), Line("team", D(90))), "客户三次变更需求")
PROJECTS = "项目 A 交付 80 %、项目 B 50 %（A-17、B-04）"
SEVENTY = ReviewDraft((Line("out", D(62), D(38), PROJECTS, "8"), Line("team", D(82), D(18), "评审缺席 2 次", "8")), "")
"""62 × 60 % + 82 × 40 % = 70."""


class Play:
    """The cycle behind the phones."""

    def __init__(self, theatre: Theatre) -> None:
        self.theatre, self.app = theatre, theatre.app

    @contextmanager
    def ctx(self, user: str) -> Iterator[Context]:
        with self.app.context() as ctx:
            person = ctx.people.find(self.theatre.platform, user)
        with self.app.context(person) as ctx:
            yield ctx

    def quarter(self, name: str, starts_on: date, ends_on: date, goals_by: str) -> Cycle:
        with self.ctx("wang") as ctx:
            policy = setup.create_policy(ctx, "绩效管理制度", date(2025, 1, 1), CLAUSES)
            parts = (Dimension("out", "交付", D(60), D(100)), Dimension("team", "协作", D(40), D(100)))
            template = setup.create_template(ctx, "研发", parts, 0)
            draft = setup.CycleDraft(name, starts_on, ends_on, policy.id, template.id, ("self", "manager"))
            made = setup.create_cycle(ctx, replace(draft, timeline={"": {"goals_by": goals_by}}))
            others = tables.member.c.person_id != f"{self.theatre.platform}:zhangsan"
            ctx.db.execute(tables.member.delete().where(tables.member.c.cycle_id == made.id, others))
            made = setup.open_cycle(ctx, made)
        self.jobs()
        return made

    def jobs(self) -> None:
        for job in (opening.open_waiting, timeline.advance, results_jobs.turns, results_jobs.answers):
            job(self.app)
        results_jobs.appeals_due(self.app)
        self.theatre.courier.drain()

    def at(self, moment: str) -> None:
        self.theatre.at(moment, jobs=False)
        self.jobs()

    def review(self, cycle: Cycle, user: str, side: str, draft: ReviewDraft) -> None:
        with self.ctx(user) as ctx:
            person = ctx.people.find(self.theatre.platform, "zhangsan")
            assert person
            reviews.save(ctx, cycle, person, side, draft)
            reviews.submit(ctx, cycle, person, side)
        self.theatre.courier.drain()

    def result(self, cycle: Cycle) -> Result:
        with self.app.engine.connect() as conn:
            return store.results(conn, cycle_id=cycle.id, person_id=f"{self.theatre.platform}:zhangsan")[0]

    def sign(self, result: Result) -> Answer:
        seat = Seat("phone", self.theatre.now)
        with self.ctx("zhangsan") as ctx:
            token = signing_flow.show(ctx, signing.must(ctx.db, result.document_ref), seat)
        with self.ctx("zhangsan") as ctx:
            answer = signing_flow.sign(ctx, result.document_ref, seat, Attempt(token, "typed", "张三"), strict=False)
        self.theatre.courier.drain()
        return answer


def up_to_the_outcome(enter: Enter, platform: str) -> tuple[Play, Cycle, Result]:
    """D-90 to D-6: the result as it stands after the appeal."""
    theatre = enter(platform)
    theatre.people(*STAFF)
    freshness.use(freshness.DEFAULT)
    play = Play(theatre)
    zhang, li, chen, wang = (theatre.phone(each) for each in ("zhangsan", "li", "chen", "wang"))
    theatre.now = datetime(2025, 9, 15, 2, 0, tzinfo=UTC)  # D-269, a Monday: the first quarter opens
    play.quarter("2025 年第三季度", date(2025, 9, 1), date(2025, 11, 30), "2025-09-30")
    zhang.say("我的目标：交付 3 个项目，权重 100，11月30日前")
    zhang.click("请确认您的目标 1", "确认")
    li.click("请确认 张三 的目标 1", "确认")
    assert len(theatre.events("goal.confirmed")) == 2 and theatre.one("goal.agreed")
    play.at("03-13 10:00")  # D-90
    cycle = play.quarter("2026 年 5 月", date(2026, 3, 1), date(2026, 5, 31), "2026-03-31")
    zhang.say("我的目标：交付 3 个项目，权重 100，5月31日前")
    zhang.click("2026 年 5 月", "确认")
    li.click("请确认 张三 的目标 1", "提出修改")
    li.say("交付 2 个项目，权重 100，5月31日前")
    assert theatre.one("goal.voided").source["voided"] == "employee"  # the edit is visible on both phones
    for phone in (zhang, li):
        phone.click("交付 2 个项目", "确认")
    same = {each.source["sha256"] for each in theatre.events("goal.confirmed")[-2:]}
    assert len(same) == 1 and len(theatre.events("goal.agreed")) == 2
    with play.ctx("wang") as ctx:
        found = store.goals(ctx.db, cycle_id=cycle.id)[0]
        rows = f"key,done,target,at\n{found.id},1,2,2026-03-12 09:00\n"
        progress.import_file(ctx, cycle, rows.encode(), dry_run=False)
    play.at("06-01 09:30")  # D-10
    play.review(cycle, "zhangsan", "self", SELF)
    play.jobs()
    li.find("请为 张三 评分")
    play.review(cycle, "li", "manager", SEVENTY)
    play.at("06-01 14:02")
    wang.click("请审批 张三 的绩效结果", "同意")
    card = zhang.find("绩效结果：2026 年 5 月", "申诉")
    assert [label for _, label in card.buttons][:4] == ["同意并签字", "仅确认收到", "收到但不同意", "申诉"]
    assert PROJECTS in card.text and "当月绩效减半" in card.text
    first = play.result(cycle)
    assert first.score == D(70) and "数据过期，不计分" in first.text
    play.at("06-01 14:20")
    page = zhang.browse("/me").get(f"{theatre.bot}/performance/results/{first.id}", timeout=10)
    assert page.status_code == 200 and "62/100×60%" in page.text
    assert theatre.one("result.opened").clock == "06-01 14:20"
    play.at("06-02 10:00")  # D-9
    zhang.click("绩效结果：2026 年 5 月", "申诉")
    zhang.say("项目延期因客户需求变更")
    card = chen.find("请处理申诉：张三", "维持")
    assert PROJECTS in card.text and "项目延期因客户需求变更" in card.text and "06-05 18:00" in card.text
    filed = theatre.one("appeal.filed")
    assert filed.parts["words"] == "项目延期因客户需求变更" and filed.source["reviewer"] == theatre.ref("chen")
    play.at("06-05 11:00")  # D-6
    chen.click("请处理申诉：张三", "调整")
    chen.say("72，变更属实，但验收仍晚于计划")
    for phone in (zhang, li):
        assert "从 70 调整为 72" in phone.find("申诉结果").text
    return play, cycle, play.result(cycle)


def handed_over(play: Play, folder: Path) -> str:
    """The lines about results in the case file of 张三, as a stranger reads them."""
    while sequence(play.app.engine, play.app.keys, play.theatre.now) is not None:
        continue
    out = folder / "case.zip"
    assert export_person(play.app, play.theatre.platform, "zhangsan", out) > 0
    with zipfile.ZipFile(out) as book:
        types = re.findall(r"  (result\.[a-z_]+)  ", book.read("timeline.zh.txt").decode())
    found = [meaning(each) for each in types]
    assert found and all(each.known for each in found)
    return "\n".join(f"{each.title_zh}：{each.proves_zh}" for each in found)


def consents(text: str) -> list[str]:
    """Lines that say, without a `not`, that the person agreed; HR's own approval is none of the person's."""
    return [line for line in text.splitlines() if not line.startswith("审批")
            and "同意" in re.sub(r"不(?:是|等于)?(?:本人的)?同意", "", line)]  # fmt: skip


@BOTH
def test_a_signs(enter: Enter, platform: str, tmp_path: Path) -> None:
    play, cycle, result = up_to_the_outcome(enter, platform)
    play.at("06-06 10:00")  # D-5
    labels = [label for _, label in play.theatre.phone("zhangsan").find("绩效结果：2026 年 5 月", "收到").buttons]
    assert "申诉" not in labels
    assert play.sign(result) is Answer.SIGNED
    play.at("06-10 17:40")
    assert play.result(cycle).answer == "signed"
    text = handed_over(play, tmp_path)
    assert "签署了结果" in text and "同意结果" in text and consents(text)
    assert play.theatre.events("payroll.hold")[-1].at < play.theatre.events("payroll.release")[-1].at


@BOTH
def test_b_stays_silent(enter: Enter, platform: str, tmp_path: Path) -> None:
    play, cycle, result = up_to_the_outcome(enter, platform)
    for day in ("06-06 10:00", "06-08 11:00", "06-11 11:00", "06-12 18:30", "06-15 10:00"):
        play.at(day)
    found = play.result(cycle)
    assert (found.id, found.state, found.answer) == (result.id, "published", "")
    assert "不会被当作同意" in play.theatre.phone("zhangsan").find("绩效结果等您看一看").text
    text = handed_over(play, tmp_path)
    assert "结果没有答复" in text and not consents(text)
    assert "签署了结果" not in text and "仅确认收到结果" not in text


@BOTH
def test_c_received_but_disagrees(enter: Enter, platform: str, tmp_path: Path) -> None:
    play, cycle, result = up_to_the_outcome(enter, platform)
    play.at("06-06 10:00")
    zhang = play.theatre.phone("zhangsan")
    zhang.click("绩效结果：2026 年 5 月", "收到但不同意")
    zhang.say("延期不是我造成的")
    play.at("06-10 17:40")
    found = play.result(cycle)
    assert (found.answer, found.words, found.held) == ("objected", "延期不是我造成的", True)
    assert play.theatre.events("payroll.hold")[-1].source["factor"] == "0.5"
    text = handed_over(play, tmp_path)
    assert "收到结果但不同意" in text and not consents(text)
    assert "签署了结果" not in text and "结果没有答复" not in text
