"""A quarter at the small firm: people's phones, HR's desk and the record behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bot import freshness, router
from bot.card import Card, as_text
from bot.context import Context
from bot.db import begin
from bot.event import TEXT
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.vault import open_vault
from bot.people import People, Person
from bot.tables import failed
from handlers.performance import store, tables
from handlers.performance.agreeing import goals, opening
from handlers.performance.preparing import setup
from handlers.performance.rules import GoalDraft
from handlers.performance.store import Clause, Cycle, Dimension, Goal
from tests.world import Firm

D = Decimal
BANDS = (
    Clause("8.1", "九十分以上为优秀", D(90), None, "优秀", "全额奖金", D(1)),
    Clause("8.2", "七十五分以上为合格", D(75), D(90), "合格", "全额奖金", D(1)),
    Clause("8.3", "不足七十五分减半", D(0), D(75), "待改进", "奖金减半", D("0.5")),
)
DIMENSIONS = (Dimension("result", "结果", D(70), D(100)), Dimension("team", "协作", D(30), D(100)))
LINE = {"": {"goals_by": "2026-06-12", "self_from": "2026-07-01", "self_by": "2026-07-05"}}
PROJECTS = GoalDraft("交付 3 个项目", D(40), "numeric", D(3), "个", date(2026, 6, 30), "result")


class Story:
    """The firm with one policy, one template and one quarter."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm

    @contextmanager
    def ctx(self, who: str = "") -> Iterator[Context]:
        with self.firm.app.context(self.person(who) if who else None) as ctx:
            yield ctx

    def person(self, who: str) -> Person:
        with self.firm.app.engine.connect() as conn:
            found = People(conn).find("fake", who)
        assert found is not None
        return found

    def cycle(self, populations: Mapping[str, tuple[str, ...]] | None = None) -> Cycle:
        """A draft; without populations everybody of 研发 who has a manager: that is 张三, whom 李主管 scores."""
        with self.ctx("wang") as ctx:
            policy = setup.create_policy(ctx, "绩效管理制度", date(2026, 1, 1), BANDS)
            template = setup.create_template(ctx, "研发", DIMENSIONS)
            draft = setup.CycleDraft(
                "2026 年第二季度",
                date(2026, 4, 1),
                date(2026, 6, 30),
                policy.id,
                template.id,
                timeline=LINE,
                populations=populations or {"": ("研发",)},
            )
            made = setup.create_cycle(ctx, draft)
            mine = (tables.member.c.cycle_id == made.id, tables.member.c.person_id == "fake:li")
            ctx.db.execute(sa.delete(tables.member).where(*mine))
            return made

    def opened(self) -> Cycle:
        made = self.cycle()
        with self.ctx("wang") as ctx:
            made = setup.open_cycle(ctx, made)
        self.work()
        return made

    def work(self) -> None:
        opening.open_waiting(self.firm.app)
        self.firm.courier.drain()

    def proposed(self, cycle: Cycle, draft: GoalDraft = PROJECTS, by: str = "zhang", reason: str = "") -> Goal:
        with self.ctx(by) as ctx:
            found = goals.propose(ctx, cycle, self.person("zhang"), draft, reason)
        self.firm.courier.drain()
        return found

    def agreed(self, cycle: Cycle, draft: GoalDraft = PROJECTS) -> Goal:
        found = self.proposed(cycle, draft)
        for who in ("zhang", "li"):
            with self.ctx(who) as ctx:
                found = goals.confirm(ctx, found, found.sha256)
        self.firm.courier.drain()
        return found

    def goal(self, goal_id: str) -> Goal:
        with self.firm.app.engine.connect() as conn:
            return store.there(store.goal(conn, goal_id))

    def member(self, cycle: Cycle, who: str = "zhang") -> store.Member:
        with self.firm.app.engine.connect() as conn:
            return store.there(store.member(conn, cycle.id, self.person(who).id))

    def seen(self, who: str) -> list[Card]:
        return [card for to, card, _ in self.firm.platform.sent if to == who]

    def last(self, who: str) -> str:
        return as_text(self.seen(who)[-1])

    def copies(self, who: str) -> list[Card]:
        return [card for to, card, _ in self.firm.platform.updated if to == who]

    def card(self, who: str, title: str) -> Card:
        return next(card for card in reversed(self.seen(who)) if title in card.title and card.buttons)

    def tap(self, who: str, card: Card, label: str) -> Card | None:
        button = next(each for each in card.buttons if each.label == label)
        return self.do(who, button.action, button.ref)

    def do(self, who: str, action: str, ref: str = "", **data: str) -> Card | None:
        card = self.firm.dispatch(self.firm.event(who, action, ref, **data))
        self.firm.courier.drain()
        return card

    def say(self, who: str, text: str) -> str:
        self.do(who, TEXT, text=text)
        return self.last(who)

    def events(self, prefix: str) -> list[tuple[str, dict[str, str]]]:
        with self.firm.app.engine.connect() as conn:
            where = ev_event.c.type.startswith(prefix)
            rows = conn.execute(sa.select(ev_event).where(where).order_by(ev_event.c.n)).all()
        return [(row.type, json.loads(row.envelope)["source"]) for row in rows]

    def part(self, type: str, name: str) -> str:
        return self.parts(type, name)[0]

    def parts(self, type: str, name: str) -> list[str]:
        """The newest first."""
        joined = sa.select(ev_part).join(ev_event, ev_event.c.event_id == ev_part.c.event_id)
        with begin(self.firm.app.engine) as conn:
            where = (ev_event.c.type == type, ev_part.c.name == name)
            vault = open_vault(self.firm.app.keys.key_dir)
            rows = conn.execute(joined.where(*where).order_by(ev_event.c.n.desc())).all()
            return [(vault.open_part(conn, row) or b"").decode() for row in rows]


@pytest.fixture
def story(firm: Firm) -> Iterator[Story]:
    """10:16 on a working Thursday in June; afterwards no event may have failed inside."""
    router.discover("handlers", "flow")
    freshness.use(freshness.DEFAULT)
    firm.pass_time(hours=1)
    yield Story(firm)
    assert firm.rows(failed) == []
