"""Cycles: what is wrong is said at once, files change all or nothing, thousands are asked in steps, days count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot import people
from bot.db import begin
from bot.delivery import outbox
from bot.errors import Refused
from bot.ports import DirectoryPerson
from bot.tables import ask, delegate, outbox as outbox_table
from handlers.performance import reminding, store, tables
from handlers.performance.agreeing import opening
from handlers.performance.preparing import setup, timeline
from handlers.performance.rules import policy as rules_policy
from handlers.performance.store import Clause
from tests.handlers.performance.goals_story import BANDS, DIMENSIONS, PROJECTS, Story, story  # noqa: F401
from tests.world import FIRM

D = Decimal


def test_a_policy_with_a_hole_and_a_template_that_does_not_add_up_are_refused(story: Story) -> None:  # noqa: F811
    with story.ctx("wang") as ctx:
        holed = (replace(BANDS[0], at_least=D(95)), *BANDS[1:])
        with pytest.raises(Refused, match="90–95 没有对应的等级"):
            setup.create_policy(ctx, "制度", date(2026, 1, 1), holed)
        with pytest.raises(Refused, match="现在是 70"):
            setup.create_template(ctx, "模板", DIMENSIONS[:1])
        with pytest.raises(Refused, match="视为"):
            setup.create_policy(ctx, "制度", date(2026, 1, 1), BANDS, "9.9")
        first = setup.create_policy(ctx, "制度", date(2026, 1, 1), BANDS, "8.3")
        second = setup.create_policy(ctx, "制度", date(2026, 1, 1), BANDS)
        assert (first.version, second.version) == (1, 2) and first.sha256 != second.sha256
        assert store.policy(ctx.db, first.id) == first and first.clauses == BANDS
    with story.ctx("li") as ctx, pytest.raises(Refused):
        setup.create_policy(ctx, "制度", date(2026, 1, 1), BANDS)


def test_opening_needs_people_and_scorers_and_asks_once(story: Story) -> None:  # noqa: F811
    cycle = story.cycle({"": ("研发", "人事")})
    with story.ctx("wang") as ctx:
        assert [(each.code, each.value) for each in setup.problems(ctx, cycle)] == [("no_scorer", "王HR")]
        with pytest.raises(Refused, match="没有评分人：王HR"):
            setup.open_cycle(ctx, cycle)
        setup.import_rows(ctx, cycle, "members", "账号,评分人\nwang,li\n".encode(), dry_run=False)
        opened = setup.open_cycle(ctx, cycle)
    assert opened.state == "goals"
    with story.ctx("wang") as ctx, pytest.raises(Refused):
        setup.open_cycle(ctx, opened)
    story.work()
    story.work()
    assert [each.title for each in story.seen("zhang")] == ["请提出您的目标"]
    assert len(story.seen("wang")) == 1 and story.seen("stranger") == []
    assert [kind for kind, _ in story.events("cycle.opened")] == ["cycle.opened"]


def test_nobody_scores_themselves_and_files_are_all_or_nothing(story: Story) -> None:  # noqa: F811
    cycle = story.cycle()
    with story.ctx("wang") as ctx:
        data = "账号,评分人\nzhang,zhang\nnobody,li\nstranger,wang\n".encode()
        found = setup.import_rows(ctx, cycle, "members", data, dry_run=False)
        assert [(each.row, each.code) for each in found.problems] == [(2, "own_scorer"), (3, "person_unknown")]
        assert found.taken == 1 and len(store.members(ctx.db, cycle_id=cycle.id)) == 1
        tried = setup.import_rows(ctx, cycle, "members", "账号\nstranger\n".encode())
        assert (tried.taken, tried.problems) == (1, ()) and len(store.members(ctx.db, cycle_id=cycle.id)) == 1
        with pytest.raises(Refused, match="找不到表头"):
            setup.import_rows(ctx, cycle, "members", b"a,b\n1,2\n")
    with story.ctx("zhang") as ctx, pytest.raises(Refused):
        setup.import_rows(ctx, cycle, "members", b"")


GOALS = "账号,目标,目标值,单位,权重,截止,进度来源,来源编号\nzhang,交付 3 个项目,3,个,40,2026-06-30,jira,project:APP\n"


def test_goals_from_a_file_are_proposals_both_sides_are_asked_about(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    with story.ctx("wang") as ctx:
        rows = GOALS + "zhang,太重,1,个,70,2026-06-30,,\nli,不在,1,个,x,2026-06-30,,\n"
        found = setup.import_rows(ctx, cycle, "goals", rows.encode(), dry_run=False)
        assert {(each.row, each.code) for each in found.problems} == {
            (3, "weights_over"),
            (4, "no_number"),
            (4, "not_member"),
        }
        assert store.goals(ctx.db, cycle_id=cycle.id) == []
        assert setup.import_rows(ctx, cycle, "goals", GOALS.encode("gb18030"), dry_run=False).taken == 1
    story.work()
    story.work()
    assert [each.title for each in story.seen("li")] == ["请确认 张三 的目标 1"]
    assert len([each for each in story.seen("zhang") if "请确认" in each.title]) == 1
    assert [kind for kind, _ in story.events("goal.")] == ["goal.proposed"]
    for form in ("csv", "xlsx"):
        with story.ctx("wang") as ctx:
            again = setup.export_rows(ctx, cycle, "goals", form)
            same = setup.import_rows(ctx, cycle, "goals", again, dry_run=False)
            assert (same.taken, same.problems) == (1, ()) and len(store.goals(ctx.db, cycle_id=cycle.id)) == 1


def test_cycles_go_out_and_come_in_and_are_copied(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.agreed(cycle)
    with story.ctx("wang") as ctx:
        text = setup.export_rows(ctx, None, "cycles", "csv").decode("utf-8-sig")
        assert "2026 年第二季度,2026-04-01,2026-06-30,绩效管理制度,研发" in text
        bad = setup.import_rows(ctx, None, "cycles", text.replace("2026-06-12", "2026-13-12").encode(), dry_run=False)
        assert [(each.row, each.code) for each in bad.problems] == [(2, "timeline")]
        assert setup.import_rows(ctx, None, "cycles", text.encode(), dry_run=False).taken == 1
        new = setup.copy_cycle(ctx, cycle, "第三季度", date(2026, 7, 1), date(2026, 9, 30), goals=True)
        assert new.timeline[""]["self_from"] == "2026-09-30" and new.state == "draft"
        [goal] = store.goals(ctx.db, cycle_id=new.id)
        assert (goal.text, goal.state, goal.due_on) == (PROJECTS.text, "proposed", date(2026, 9, 29))
    assert story.copies("zhang")[-1].closed == "双方已确认"  # nothing is asked for a draft
    with story.ctx("wang") as ctx:
        clash = setup.copy_cycle(ctx, cycle, "重叠", date(2026, 6, 1), date(2026, 9, 30))
        assert [each.code for each in setup.problems(ctx, clash)] == ["person_open"]


def test_days_of_the_timeline_begin_scoring_for_whoever_is_ready(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.agreed(cycle, replace(PROJECTS, weight=D(100)))
    with story.ctx() as ctx:
        timeline.step(ctx, cycle, date(2026, 6, 30))
        assert store.there(store.cycle(ctx.db, cycle.id)).state == "running"
        timeline.step(ctx, cycle, date(2026, 7, 1))
        assert store.there(store.cycle(ctx.db, cycle.id)).state == "scoring"
        timeline.step(ctx, cycle, date(2026, 7, 2))
    assert story.member(cycle).state == "self"
    assert len(story.events("cycle.scoring")) == 1


def test_whose_goals_are_not_settled_is_not_scored_on_them(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.agreed(cycle)
    with story.ctx() as ctx:
        timeline.step(ctx, cycle, date(2026, 7, 5))
    assert story.member(cycle).state == "goals"


def test_reminders_skip_leave_the_evening_and_the_same_day(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.proposed(cycle)
    with story.ctx("wang") as ctx:
        assert reminding.remind(ctx, cycle, "goals") == reminding.Reminded(2)
        assert reminding.remind(ctx, cycle, "goals") == reminding.Reminded(0, recent=2)
    story.firm.courier.drain()
    assert "张三" in story.last("li") and "约定的日子" not in story.last("li")
    story.firm.pass_time(days=1, hours=12)
    with story.ctx("wang") as ctx:
        assert reminding.remind(ctx, cycle, "goals") == reminding.Reminded(0, resting=2)
    story.firm.pass_time(hours=60)  # Monday 10:16, the day has passed
    with story.ctx("li") as ctx:
        assert reminding.remind(ctx, cycle, "goals", [story.person("zhang").id]).sent == 2
    story.firm.courier.drain()
    assert "约定的日子已过" in story.last("zhang")
    with story.ctx("stranger") as ctx, pytest.raises(Refused):
        reminding.remind(ctx, cycle, "goals")


def test_reminders_by_themselves_begin_before_the_day(story: Story) -> None:  # noqa: F811
    story.opened()
    assert reminding.by_itself(story.firm.app) == 1
    assert reminding.by_itself(story.firm.app) == 0


def test_thousands_are_asked_in_steps_of_500_behind_everything_else(story: Story) -> None:  # noqa: F811
    many = [*FIRM, *(DirectoryPerson(f"u{n}", f"员工{n}", "li", ("研发",)) for n in range(1100))]
    with begin(story.firm.app.engine) as db:
        people.sync(db, "fake", many, {"wang": "hr"})
    cycle = story.cycle()
    with story.ctx("wang") as ctx:
        setup.open_cycle(ctx, cycle)
    assert opening.open_waiting(story.firm.app) == 1101
    assert opening.open_waiting(story.firm.app) == 0
    with story.firm.app.engine.connect() as db:
        rows = db.execute(sa.select(outbox_table.c.priority, sa.func.count()).group_by(outbox_table.c.priority)).all()
        assert (outbox.BULK, 1101) in [tuple(each) for each in rows]
        assert db.execute(sa.select(sa.func.count(ask.c.matter.distinct()))).scalar() == 1101
        assert db.execute(sa.select(sa.func.count()).where(tables.member.c.next_at.is_not(None))).scalar() == 0


def test_a_stand_in_who_is_the_member_is_passed_over(story: Story) -> None:  # noqa: F811
    now = story.firm.now
    with story.ctx() as ctx:
        row = {"id": "dg-1", "person_id": "fake:li", "delegate_person_id": "fake:zhang", "state": "on"}
        span = {"since": now - timedelta(days=1), "until": now + timedelta(days=5), "created_at": now}
        ctx.db.execute(sa.insert(delegate).values(**row, **span))
    story.proposed(story.opened())
    assert [each.title for each in story.seen("li") if "请确认" in each.title] == ["请确认 张三 的目标 1"]


SCORES = st.lists(st.decimals(min_value="0.1", max_value="99.9", places=1), unique=True, max_size=6).map(sorted)


def bands(cuts: list[Decimal]) -> list[Clause]:
    edges = [D(0), *cuts, None]
    pairs = list(zip(edges, edges[1:], strict=False))
    return [Clause(str(n), "条文", low, high, f"等级{n}") for n, (low, high) in enumerate(pairs)]


@given(SCORES)
def test_bands_without_gap_and_overlap_are_good_and_hold_each_score_once(cuts: list[Decimal]) -> None:
    clauses = bands(cuts)
    assert rules_policy.clause_problems(clauses, "") == []
    for score in (D(0), D("37.5"), D(100), *cuts):
        low = [each for each in clauses if (each.at_least or 0) <= score and (each.below is None or score < each.below)]
        assert len(low) == 1


@given(SCORES.filter(lambda cuts: len(cuts) > 1), st.sampled_from(["band_gap", "band_overlap"]))
def test_any_gap_or_overlap_is_found(cuts: list[Decimal], kind: str) -> None:
    clauses = bands(cuts)
    by = D("0.05") if kind == "band_gap" else D("-0.05")
    clauses[1] = replace(clauses[1], at_least=(clauses[1].at_least or D(0)) + by)
    assert kind in [each.code for each in rules_policy.clause_problems(clauses, "")]
