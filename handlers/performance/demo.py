"""`make demo`, continued: one result that is signed, one that is received but disputed, on the two platforms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot import clock, signing, signing_flow
from bot.app import App, build
from bot.context import Context
from bot.people import Person
from bot.signing_flow import Attempt, Seat
from config.settings import load
from handlers.performance import goals, opening, reviews, setup, store, tables, timeline
from handlers.performance.rules import GoalDraft
from handlers.performance.rules_scoring import Line, ReviewDraft
from handlers.performance.store import Clause, Cycle, Dimension

if TYPE_CHECKING:
    from bot.rehearsal import Stage

Say = Callable[[str], object]
D = Decimal
CLOCK = "HUIZHI_CLOCK_FILE"
NAME, POLICY = "2026 年 5 月", "绩效管理制度"
STARTS, ENDS = date(2026, 5, 1), date(2026, 6, 10)
CLAUSES = (
    Clause("7", "得分 75 以上，绩效工资全额", D(75), None, "合格", "绩效工资全额", D(1)),
    Clause("8", "得分不足 75，当月绩效减半", D(0), D(75), "待改进", "当月绩效减半", D("0.5")),
)
DIMENSIONS = (Dimension("out", "交付", D(60), D(100)), Dimension("team", "协作", D(40), D(100)))
OWN = ReviewDraft((Line("out", D(90)), Line("team", D(90))), "客户三次变更需求")
FACT = "项目 A 05-20 才验收，晚 12 天（A-17）"
GIVEN = ReviewDraft((Line("out", D(60), D(40), FACT, "8"), Line("team", D(85), D(15), "评审缺席 2 次", "8")), "")
WORDS = "延期是客户改需求造成的，邮件在 5 月 6 日"


@dataclass(frozen=True, slots=True)
class Cast:
    """Account ids on one platform and names as read."""

    platform: str
    user: str
    name: str
    boss: str


SIGNS = Cast("wecom", "zhangsan", "张三", "li")
DISPUTES = Cast("dingtalk", "zhou", "周小云", "sun")
HR = ("wecom", "wang")


def play(stage: Stage, say: Say) -> None:
    """After the missed punches, the same morning. What is done on pages is done here by the same functions."""
    with _moved(stage):
        app = build(load(os.environ | dict(stage.environment)))
        try:
            _play(stage, say, app)
        finally:
            app.engine.dispose()


@contextmanager
def _moved(stage: Stage) -> Iterator[None]:
    """This process goes by the stage's clock, too."""
    before = os.environ.get(CLOCK)
    os.environ[CLOCK] = str(stage.environment.get(CLOCK, ""))
    try:
        yield
    finally:
        if before is None:
            del os.environ[CLOCK]
        else:
            os.environ[CLOCK] = before


def _play(stage: Stage, say: Say, app: App) -> None:
    say(f"\n[bold]绩效结果 · {NAME}[/bold]（企业微信：张三；钉钉：周小云）")
    cycle = _cycle(app)
    for cast in (SIGNS, DISPUTES):
        _scored(app, cycle, cast)
        stage.phone(HR[1]).click(f"请审批 {cast.name} 的绩效结果", "同意")
        card = stage.phone(cast.user).wait(f"绩效结果：{NAME}", button="收到但不同意").get("card") or {}
        say(f"{cast.name} ← {card.get('title')}：70.0，扣分都写明了事实和条款；四个按钮，不回复不等于同意")
    _sign(app, cycle, SIGNS)
    stage.phone(SIGNS.user).wait("您同意并签字")
    say("张三 → 看完全文后签字：同意并签字，加封副本随时可取")
    phone = stage.phone(DISPUTES.user)
    phone.click(f"绩效结果：{NAME}", "收到但不同意")
    phone.wait("想说明哪里不同意")
    phone.say(WORDS)
    stage.phone(HR[1]).wait(WORDS)
    say(f"周小云 → 收到但不同意：「{WORDS}」；原话保留，有争议的部分暂缓计薪，任何地方都不称为同意")
    stage.settle()


@contextmanager
def _as(app: App, platform: str, user: str) -> Iterator[tuple[Context, Person]]:
    with app.context() as ctx:
        person = store.there(ctx.people.find(platform, user))
    with app.context(person) as ctx:
        yield ctx, person


def _cycle(app: App) -> Cycle:
    """Policy, template, a cycle with the two, one goal each that both sides confirmed; scoring has begun."""
    with _as(app, *HR) as (ctx, _hr):
        policy = setup.create_policy(ctx, POLICY, date(2026, 1, 1), CLAUSES)
        template = setup.create_template(ctx, "研发", DIMENSIONS)
        days = {"": {"goals_by": "2026-06-11", "self_from": "2026-06-11"}}
        draft = setup.CycleDraft(NAME, STARTS, ENDS, policy.id, template.id, ("self", "manager"), timeline=days)
        made = setup.create_cycle(ctx, draft)
        wanted = [store.there(ctx.people.find(each.platform, each.user)).id for each in (SIGNS, DISPUTES)]
        c = tables.member.c
        ctx.db.execute(sa.delete(tables.member).where(c.cycle_id == made.id, c.person_id.not_in(wanted)))
        made = setup.open_cycle(ctx, made)
    opening.open_waiting(app)
    for cast in (SIGNS, DISPUTES):
        _agreed(app, made, cast)
    timeline.advance(app)
    return made


def _agreed(app: App, cycle: Cycle, cast: Cast) -> None:
    with _as(app, cast.platform, cast.user) as (ctx, person):
        goal = goals.propose(ctx, cycle, person, GoalDraft("交付 3 个项目", D(100), "numeric", D(3), "个", ENDS))
    for user in (cast.user, cast.boss):
        with _as(app, cast.platform, user) as (ctx, _actor):
            goal = goals.confirm(ctx, goal, goal.sha256)


def _scored(app: App, cycle: Cycle, cast: Cast) -> None:
    with _as(app, cast.platform, cast.user) as (ctx, person):
        reviews.save(ctx, cycle, person, "self", OWN)
        reviews.submit(ctx, cycle, person, "self")
    with _as(app, cast.platform, cast.boss) as (ctx, _boss):
        reviews.save(ctx, cycle, person, "manager", GIVEN)
        reviews.submit(ctx, cycle, person, "manager")


def _sign(app: App, cycle: Cycle, cast: Cast) -> None:
    seat = Seat("demo", clock.now())
    with _as(app, cast.platform, cast.user) as (ctx, person):
        result = store.results(ctx.db, cycle_id=cycle.id, person_id=person.id)[0]
        token = signing_flow.show(ctx, signing.must(ctx.db, result.document_ref), seat)
    with _as(app, cast.platform, cast.user) as (ctx, person):
        signing_flow.sign(ctx, result.document_ref, seat, Attempt(token, "typed", person.name), strict=False)
