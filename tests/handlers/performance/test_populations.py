"""Populations: departments with what is below them, tags, days and template of their own, and nobody in two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, strategies as st

from bot import people
from bot.db import begin
from bot.errors import Refused
from bot.ports import DirectoryPerson
from handlers.performance import store
from handlers.performance.preparing import populations, setup
from handlers.performance.rules.scoring import Line, ReviewDraft
from handlers.performance.scoring import reviews
from tests.handlers.performance.goals_story import BANDS, DIMENSIONS, D, Story, story  # noqa: F401
from tests.handlers.performance.results_story import FULL, Month
from tests.world import FIRM

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAYS = {"": {"goals_by": "2026-06-12"}, "销售": {"goals_by": "2026-06-20"}}
CROWD = (
    DirectoryPerson("s1", "赵一", "li", ("销售",), paths=(("销售", "华东"),)),
    DirectoryPerson("s2", "钱二", "li", ("华东",), paths=(("销售", "华东"),), tags=("关键岗位",)),
    DirectoryPerson("r1", "孙三", "li", ("平台组",), paths=(("研发", "平台组"),), tags=("关键岗位",)),
    DirectoryPerson("o1", "周五", "li", ("行政",)),
)


def draft(story: Story, named: dict[str, tuple[str, ...]]) -> setup.CycleDraft:  # noqa: F811
    """With the firm and CROWD in the directory."""
    with begin(story.firm.app.engine) as db:
        people.sync(db, "fake", [*FIRM, *CROWD], {"wang": "hr"})
    with story.ctx("wang") as ctx:
        policy = setup.create_policy(ctx, "绩效管理制度", date(2026, 1, 1), BANDS)
        template = setup.create_template(ctx, "研发", DIMENSIONS)
    line = {name: DAYS.get(name, {}) for name in ("", *named)}
    span = (date(2026, 4, 1), date(2026, 6, 30), policy.id, template.id)
    return setup.CycleDraft("二季度", *span, timeline=line, populations=named)


def where(story: Story, cycle: store.Cycle) -> dict[str, str]:  # noqa: F811
    with story.ctx() as ctx:
        return {
            each.person_id.removeprefix("fake:"): each.population for each in store.members(ctx.db, cycle_id=cycle.id)
        }


def test_departments_hold_what_is_below_them_and_tags_cross_them(story: Story) -> None:  # noqa: F811
    made = draft(story, {"销售": ("销售",), "": ("行政", "#关键岗位")})
    with story.ctx("wang") as ctx, pytest.raises(Refused, match="同时属于两个人群，请调整：钱二"):
        setup.create_cycle(ctx, made)
    with story.ctx("wang") as ctx:
        cycle = setup.create_cycle(ctx, replace(made, populations={"销售": ("销售",), "": ("行政", "平台组")}))
    assert where(story, cycle) == {"s1": "销售", "s2": "销售", "r1": "", "o1": ""}
    assert cycle.day("销售", "goals_by") == date(2026, 6, 20) and cycle.day("", "goals_by") == date(2026, 6, 12)


@lite
def test_one_that_names_nobody_takes_whoever_is_left_and_there_is_only_one(story: Story) -> None:  # noqa: F811
    made = draft(story, {"": (), "销售": ("销售",)})
    with story.ctx("wang") as ctx:
        cycle = setup.create_cycle(ctx, made)
        with pytest.raises(Refused, match="只能有一个人群不写"):
            setup.create_cycle(ctx, replace(made, populations={"": (), "别的": ()}))
        with pytest.raises(Refused, match="「销售」写在了两个人群里"):
            setup.create_cycle(ctx, replace(made, populations={"": ("销售",), "别的": ("销售",)}))
    found = where(story, cycle)
    assert {who for who, name in found.items() if name == "销售"} == {"s1", "s2"}
    assert {"zhang", "li", "wang", "r1", "o1"} <= {who for who, name in found.items() if name == ""}


@lite
def test_another_template_is_a_cycle_of_its_own_beside_the_first(story: Story) -> None:  # noqa: F811
    made = draft(story, {"": ("行政",), "销售": ("销售",)})
    with story.ctx("wang") as ctx:
        other = setup.create_template(ctx, "销售", (replace(DIMENSIONS[0], weight=D(100)),))
        first, second = setup.create_cycles(ctx, made, {"销售": other.id, "": ""})
    assert (first.name, second.name) == ("二季度", "二季度 · 销售")
    assert (second.template_id, second.day("销售", "goals_by")) == (other.id, date(2026, 6, 20))
    assert where(story, first) == {"o1": ""} and where(story, second) == {"s1": "销售", "s2": "销售"}
    with story.ctx("wang") as ctx, pytest.raises(Refused, match="没有这个模板版本"):
        setup.create_cycles(ctx, made, {"销售": "pt-none"})


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@lite
def test_cycles_come_back_from_a_file_as_they_went_out(story: Story, form: setup.Form) -> None:  # noqa: F811
    made = draft(story, {"": ("行政",), "销售": ("销售", "#没有人")})
    made = replace(made, visibility={"self": ["hr"], "manager": []}, sides=("self", "manager"), appeal_days=7)
    with story.ctx("wang") as ctx:
        old = setup.create_cycle(ctx, made)
        content = setup.export_rows(ctx, None, "cycles", form)
    with story.ctx("wang") as ctx:
        assert setup.import_rows(ctx, None, "cycles", content, dry_run=False) == setup.Imported(2, ())
        new = next(each for each in store.cycles(ctx.db) if each.id != old.id)
    for name in ("name", "starts_on", "ends_on", "policy_id", "template_id", "sides", "visibility", "appeal_days"):
        assert getattr(new, name) == getattr(old, name), name
    assert new.populations == old.populations and where(story, new) == where(story, old)
    assert {name: new.day(name, "goals_by") for name in new.populations} == {
        "": date(2026, 6, 12), "销售": date(2026, 6, 20)
    }  # fmt: skip
    with story.ctx("wang") as ctx:
        again = setup.export_rows(ctx, None, "cycles", form)
        if form == "csv":
            rows = content.decode("utf-8-sig").splitlines()
            assert sorted(again.decode("utf-8-sig").splitlines()[1:]) == sorted(rows[1:] * 2)
            twice = content + content.split(b"\n", 1)[1]
            found = setup.import_rows(ctx, None, "cycles", twice, dry_run=False)
            assert {each.code for each in found.problems} == {"population_row"}


@lite
def test_who_reads_what_before_the_result_is_as_the_cycle_says(story: Story) -> None:  # noqa: F811
    month = Month(story.firm, head=False)
    cycle = month.scoring()
    with month.ctx("zhang") as ctx:
        reviews.save(ctx, cycle, month.person("zhang"), "self", ReviewDraft((Line("result", D(90)),), "草稿"))
    assert read(month, "li", cycle) == [], "nobody else reads a draft"
    month.review(cycle, "zhang", "self", FULL)
    assert read(month, "li", replace(cycle, visibility={"self": []})) == []
    assert read(month, "li", cycle) == ["self"]
    month.review(cycle, "li", "manager", FULL)
    assert read(month, "zhang", cycle) == ["self"]
    assert read(month, "zhang", replace(cycle, visibility={"manager": ["self"]})) == ["self", "manager"]
    month.tap("wang", month.card("wang", "请审批"), "同意")
    assert read(month, "zhang", cycle) == ["self", "manager"]


def read(month: Month, who: str, cycle: store.Cycle) -> list[str]:
    with month.ctx(who) as ctx:
        return [each.side for each in reviews.visible(ctx.db, month.person(who), cycle, month.person("zhang"))]


NAMES = st.lists(st.text("研发销售行政", min_size=1, max_size=3), unique=True, max_size=5)


@given(NAMES, st.sampled_from(["，", ",", "、", "\n", " ; "]))
def test_typed_names_are_read_whatever_stands_between_them(names: list[str], between: str) -> None:
    assert populations.named(between.join([*names, *names])) == tuple(names)
