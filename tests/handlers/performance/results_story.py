"""A month that is being scored: the review of 李主管 about 张三, HR's approval, and what 张三 answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from bot import people, signing
from bot.db import begin
from bot.signing import flow as signing_flow
from bot.signing.flow import Answer, Attempt, Seat
from handlers.performance import store, tables
from handlers.performance.preparing import setup, timeline
from handlers.performance.rules.scoring import Line, ReviewDraft
from handlers.performance.scoring import reviews, turns
from handlers.performance.store import Clause, Cycle, Result
from tests.handlers.performance.goals_story import BANDS, DIMENSIONS, PROJECTS, D, Story
from tests.world import FIRM, Firm

DEEMED = Clause("20", "告知后五个工作日内没有答复的，视为收到")
FULL = ReviewDraft((Line("result", D(100)), Line("team", D(100))), "都完成了")
LATE = Line("result", D(60), D(40), "项目 A 05-20 才验收，晚 12 天（A-17）", "8.3")
SEVENTY = ReviewDraft((LATE, Line("team", D(95), D(5), "两次评审没有到场（05-12、05-19）", "8.2")), "辛苦了")
"""70.5: 60 × 70 % + 95 × 30 %."""


class Month(Story):
    """`sides` of the cycle; with `head` there is an HR head, 外人, beside 王HR."""

    def __init__(self, firm: Firm, sides: tuple[str, ...] = ("self", "manager"), head: bool = True) -> None:
        super().__init__(firm)
        self.sides = sides
        if head:
            with begin(firm.app.engine) as connection:
                people.sync(connection, "fake", FIRM, {"wang": "hr", "stranger": "hr_head"})

    def cycle(self, populations: Mapping[str, tuple[str, ...]] | None = None, deemed: str = "") -> Cycle:
        line = {"": {"self_from": "2026-06-11", "self_by": "2026-06-15"}}
        with self.ctx("wang") as ctx:
            policy = setup.create_policy(ctx, "绩效管理制度", date(2026, 1, 1), (*BANDS, DEEMED), deemed)
            template = setup.create_template(ctx, "研发", DIMENSIONS)
            draft = setup.CycleDraft(
                "2026 年 5 月", date(2026, 5, 1), date(2026, 6, 10), policy.id, template.id, self.sides,
                timeline=line, populations=populations or {"": ("研发",)},
            )  # fmt: skip
            made = setup.create_cycle(ctx, draft)
            mine = (tables.member.c.cycle_id == made.id, tables.member.c.person_id == "fake:li")
            ctx.db.execute(sa.delete(tables.member).where(*mine))
            return made

    def scoring(self, deemed: str = "") -> Cycle:
        """Goals agreed, scoring begun, 张三 asked for his own review."""
        made = self.cycle(deemed=deemed)
        with self.ctx("wang") as ctx:
            made = setup.open_cycle(ctx, made)
        self.work()
        self.agreed(made, replace(PROJECTS, weight=D(100), due_on=date(2026, 6, 10)))
        timeline.advance(self.firm.app)
        self.turns()
        with self.firm.app.engine.connect() as conn:
            return store.there(store.cycle(conn, made.id))

    def turns(self) -> None:
        turns.turns(self.firm.app)
        self.firm.courier.drain()

    def review(self, cycle: Cycle, who: str, side: str, draft: ReviewDraft = FULL) -> reviews.Review:
        with self.ctx(who) as ctx:
            reviews.save(ctx, cycle, self.person("zhang"), side, draft)
            found = reviews.submit(ctx, cycle, self.person("zhang"), side)
        self.firm.courier.drain()
        return found

    def scored(self, cycle: Cycle, draft: ReviewDraft = SEVENTY) -> Result:
        """Both sides submitted; the result waits for HR."""
        self.review(cycle, "zhang", "self")
        self.review(cycle, "li", "manager", draft)
        return self.result(cycle)

    def told(self, deemed: str = "") -> Result:
        """HR agreed, 张三 has the card."""
        cycle = self.scoring(deemed)
        self.scored(cycle)
        self.tap("wang", self.card("wang", "请审批"), "同意")
        return self.result(cycle)

    def result(self, cycle: Cycle) -> Result:
        """The newest."""
        with self.firm.app.engine.connect() as conn:
            return store.results(conn, cycle_id=cycle.id, person_id=self.person("zhang").id)[0]

    def newest(self, result: Result) -> Result:
        """Of the same cycle."""
        with self.firm.app.engine.connect() as conn:
            return store.results(conn, cycle_id=result.cycle_id, person_id=result.person_id)[0]

    def again(self, result: Result) -> Result:
        with self.firm.app.engine.connect() as conn:
            return store.there(store.result(conn, result.id))

    def sign(self, result: Result) -> Answer:
        """On the page: shown, then signed with the typed name."""
        seat = Seat("s1", self.firm.now)
        with self.ctx("zhang") as ctx:
            document = signing.must(ctx.db, self.again(result).document_ref)
            token = signing_flow.show(ctx, document, seat)
        with self.ctx("zhang") as ctx:
            answer = signing_flow.sign(ctx, document.ref, seat, Attempt(token, "typed", "张三"), strict=False)
        self.firm.courier.drain()
        return answer
