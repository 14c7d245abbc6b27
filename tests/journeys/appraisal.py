"""The performance story from D-270 to D-6 on phones and on the real pages, each as its person's browser: set up by HR,
goals agreed by both, a score with reasons, an appeal that is heard."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from bot import freshness
from handlers.performance import store
from handlers.performance.agreeing import opening
from handlers.performance.preparing import timeline
from handlers.performance.scoring import turns
from handlers.performance.store import Cycle, Result
from handlers.performance.telling import results_jobs
from tests.journeys.desks import Desk
from tests.journeys.theatre import STAFF, Theatre

Enter = Callable[..., Theatre]
D = Decimal
COCKPIT = "/performance/cockpit"
POLICY = {
    "name": "绩效管理制度", "since": "2025-01-01",
    "c.0.no": "7", "c.0.text": "得分 75 以上，绩效工资全额", "c.0.at_least": "75", "c.0.band": "合格",
    "c.0.consequence": "绩效工资全额", "c.0.factor": "1",
    "c.1.no": "8", "c.1.text": "得分 60 至 75，当月绩效减半", "c.1.at_least": "60", "c.1.below": "75",
    "c.1.band": "待改进", "c.1.consequence": "当月绩效减半", "c.1.factor": "0.5",
    "c.2.no": "9", "c.2.text": "得分 60 以下，当月绩效为零", "c.2.at_least": "0", "c.2.below": "60",
    "c.2.band": "不合格", "c.2.consequence": "无绩效工资", "c.2.factor": "0",
}  # fmt: skip
TEMPLATE = {
    "name": "研发", "places": "0", "d.0.code": "out", "d.0.name": "交付", "d.0.weight": "60", "d.0.max": "100",
    "d.1.code": "team", "d.1.name": "协作", "d.1.weight": "40", "d.1.max": "100",
}  # fmt: skip
PROJECTS = "项目 A 交付 80 %、项目 B 50 %（A-17、B-04）"
SELF = {"out.points": "85", "team.points": "90", "comment": "客户三次变更需求"}
SEVENTY = {
    "out.points": "62", "out.0.deduction": "38", "out.0.fact": PROJECTS, "out.0.clause": "8",
    "team.points": "82", "team.0.deduction": "18", "team.0.fact": "评审缺席 2 次", "team.0.clause": "8",
}  # fmt: skip
"""62 × 60 % + 82 × 40 % = 70."""
MAIL = b"%PDF-1.7 the customer's three changes"
WORDS = "项目延期因客户需求变更"


@dataclass
class Play:
    """The cycle behind the phones and the browsers."""

    theatre: Theatre

    def desk(self, user: str) -> Desk:
        """Somebody follows a link on their own phone, signed in anew: months lie between the visits."""
        return Desk(self.theatre.bot, self.theatre.phone(user).browse("/performance"))

    def rules(self) -> None:
        """HR writes down policy and template."""
        wang = self.desk("wang")
        wang.press(f"{COCKPIT}/new/policy", "保存版本", POLICY)
        wang.press(f"{COCKPIT}/new/template", "保存版本", TEMPLATE)

    def quarter(self, name: str, starts_on: date, ends_on: date, goals_by: str) -> Cycle:
        wang = self.desk("wang")
        form: dict[str, str | list[str]]
        form = {"name": name, "starts_on": f"{starts_on}", "ends_on": f"{ends_on}", "sides": ["self", "manager"]}
        form |= {"departments": "研发部", "goals_by": goals_by}
        made = wang.press(f"{COCKPIT}/new/cycle", "创建草稿", form)
        here = made.url.removeprefix(self.theatre.bot).partition("?")[0]
        wang.press(here, "开启周期")
        self.jobs()
        with self.theatre.app.engine.connect() as conn:
            return store.there(store.cycle(conn, here.rsplit("/", 1)[1]))

    def jobs(self) -> None:
        for job in (opening.open_waiting, timeline.advance, turns.turns, results_jobs.answers):
            job(self.theatre.app)
        results_jobs.appeals_due(self.theatre.app)
        self.theatre.courier.drain()

    def at(self, moment: str) -> None:
        self.theatre.at(moment, jobs=False)
        self.jobs()

    def result(self, cycle: Cycle) -> Result:
        """The newest of 张三."""
        with self.theatre.app.engine.connect() as conn:
            return store.results(conn, cycle_id=cycle.id, person_id=f"{self.theatre.platform}:zhangsan")[0]


def first_quarter(play: Play) -> None:
    """D-270: the goal is proposed and confirmed by both on the page."""
    theatre = play.theatre
    cycle = play.quarter("2025 年第三季度", date(2025, 9, 1), date(2025, 11, 30), "2025-09-30")
    mine = f"/performance/{cycle.id}/{theatre.platform}:zhangsan"
    goal = {"text": "交付 3 个项目", "kind": "numeric", "weight": "100", "target": "3", "unit": "个"}
    play.desk("zhangsan").press(f"{mine}/goal", "提出，请双方确认", goal | {"due_on": "2025-11-30"})
    with theatre.app.engine.connect() as conn:
        (found,) = store.goals(conn, cycle_id=cycle.id)
    here = f"/performance/goals/{found.id}"
    play.desk("zhangsan").press(here, "确认第 1 版")
    assert "确认第 1 版" not in play.desk("zhangsan").get(here) and theatre.events("goal.agreed") == []
    play.desk("li").press(here, "确认第 1 版")
    assert len(theatre.events("goal.confirmed")) == 2 and theatre.one("goal.agreed")


def second_quarter(play: Play) -> Cycle:
    """D-90: in chat; the manager's edit voids the first pair, and is visible on both phones."""
    theatre = play.theatre
    zhang, li = theatre.phone("zhangsan"), theatre.phone("li")
    cycle = play.quarter("2026 年 5 月", date(2026, 3, 1), date(2026, 5, 31), "2026-03-31")
    zhang.say("我的目标：交付 3 个项目，权重 100，5月31日前")
    zhang.click("2026 年 5 月", "确认")
    li.click("请确认 张三 的目标 1", "提出修改")
    li.say("交付 2 个项目，权重 100，5月31日前")
    assert theatre.one("goal.voided").source["voided"] == "employee"
    for phone in (zhang, li):
        phone.click("交付 2 个项目", "确认")
    same = {each.parts["goal"] for each in theatre.events("goal.confirmed")[-2:]}
    assert len(same) == 1 and len(theatre.events("goal.agreed")) == 2
    with theatre.app.engine.connect() as conn:
        found = next(each for each in store.goals(conn, cycle_id=cycle.id) if each.person_id.endswith("zhangsan"))
    rows = f"key,done,target,at\n{found.id},1,2,2026-03-12 09:00\n".encode()
    here = f"{COCKPIT}/{cycle.id}"
    assert "已导入 1 行" in play.desk("wang").press(here, "导入", {"kind": "progress"}, {"file": ("p.csv", rows)}).text
    return cycle


def scored(play: Play, cycle: Cycle) -> None:
    """D-10: self-review, the manager's score with a fact and a clause for every deduction, HR's approval in chat."""
    theatre = play.theatre
    form = f"/performance/{cycle.id}/{theatre.platform}:zhangsan/score"
    play.desk("zhangsan").press(form, "提交", SELF)
    play.jobs()
    theatre.phone("li").find("请为 张三 评分")
    li = play.desk("li")
    bare = {name: value for name, value in SEVENTY.items() if not name.endswith("clause")}
    refused = li.press(form, "提交", bare, status=422)
    assert refused.text.count("需要写明依据的条款") == 2 and PROJECTS in refused.text
    shown = li.press(form, "预览", SEVENTY)
    assert "62/100×60% + 82/100×40% = 70 → 70" in shown.text and "待改进" in shown.text
    li.press(form, "提交", SEVENTY)
    theatre.courier.drain()
    play.at("06-01 14:02")
    theatre.phone("wang").click("请审批 张三 的绩效结果", "同意")


def appealed(play: Play, cycle: Cycle) -> None:
    """D-9 to D-6: with a file, on the page; heard by 陈总, decided with a reason."""
    theatre, first = play.theatre, play.result(cycle)
    here = f"/performance/results/{first.id}"
    play.desk("zhangsan").press(here, "申诉", {"words": WORDS}, {"files": ("客户邮件.pdf", MAIL)})
    theatre.courier.drain()
    card = theatre.phone("chen").find("请处理申诉：张三", "维持")
    assert PROJECTS in card.text and WORDS in card.text and "06-05 18:00" in card.text and "客户邮件.pdf" in card.text
    filed = theatre.one("appeal.filed")
    assert filed.parts["words"] == WORDS and filed.source["reviewer"] == theatre.ref("chen")
    there = f"/performance/appeals/{filed.source['appeal']}"
    assert play.desk("li").get(there).count(WORDS) == 0
    play.at("06-05 11:00")  # D-6
    chen = play.desk("chen")
    page = chen.get(there)
    file = re.search(r'"(/performance/files/[^"]+)"', page)
    assert file and chen.raw(file[1]).content == MAIL and PROJECTS in page and WORDS in page
    decision = {"outcome": "adjusted", "score": "72", "reason": "变更属实，但验收仍晚于计划"}
    empty = chen.press(there, "作出决定", decision | {"reason": ""}, status=422)
    assert 'value="72"' in empty.text
    chen.press(there, "作出决定", decision)
    theatre.courier.drain()
    for user in ("zhangsan", "li"):
        assert "从 70 调整为 72" in theatre.phone(user).find("申诉结果").text


def up_to_the_outcome(enter: Enter, platform: str) -> tuple[Play, Cycle, Result]:
    """D-270 to D-6: the result as it stands after the appeal."""
    theatre = enter(platform)
    theatre.people(*STAFF)
    freshness.use(freshness.DEFAULT)
    play = Play(theatre)
    theatre.now = datetime(2025, 9, 15, 2, 0, tzinfo=UTC)  # D-269, a Monday: the first quarter opens
    play.rules()
    first_quarter(play)
    play.at("03-13 10:00")  # D-90
    cycle = second_quarter(play)
    play.at("06-01 09:30")  # D-10
    scored(play, cycle)
    card = theatre.phone("zhangsan").find("绩效结果：2026 年 5 月", "申诉")
    assert [label for _, label in card.buttons][:4] == ["同意并签字", "仅确认收到", "收到但不同意", "申诉"]
    assert PROJECTS in card.text and "当月绩效减半" in card.text
    first = play.result(cycle)
    assert first.score == D(70) and "数据过期，不计分" in first.text
    play.at("06-01 14:20")
    assert "62/100×60%" in play.desk("zhangsan").get(f"/performance/results/{first.id}")
    assert theatre.one("result.opened").clock == "06-01 14:20"
    play.at("06-02 10:00")  # D-9
    appealed(play, cycle)
    return play, cycle, play.result(cycle)
