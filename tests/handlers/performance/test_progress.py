"""Progress: from the signed door, from files, from sources that fail; what is old is grey and never scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from bot.errors import PlatformError, Refused
from bot.event import Event
from bot.ports import Finding
from bot.ports.progress import Progress
from bot.progress import inbox as progress_inbox
from bot.progress.rows import Pushed
from handlers.performance import doctor, tables
from handlers.performance.measuring import progress, pulling
from handlers.performance.rules.progress import Value, attainment, fresh, percent
from tests.handlers.performance.goals_story import PROJECTS, Story, story  # noqa: F401

D = Decimal
PUSHED = replace(PROJECTS, source="webhook", source_key="sales-q2")
JIRA = replace(PROJECTS, source="jira", source_key="project:APP")


@dataclass
class Source:
    """A system that answers what it is told to."""

    name: str = "jira"
    answers: dict[str, Progress | PlatformError] = field(default_factory=dict)
    broken: PlatformError | None = None
    asked: list[Sequence[str]] = field(default_factory=list)

    def progress(self, keys: Sequence[str]) -> Mapping[str, Progress | PlatformError]:
        self.asked.append(keys)
        if self.broken:
            raise self.broken
        return self.answers

    def doctor(self) -> list[Finding]:
        return []


def push(story: Story, done: str, target: str = "3", ago: float = 0) -> None:  # noqa: F811
    at = story.firm.now - timedelta(days=ago)
    story.firm.dispatch(progress_inbox.to_event(Pushed("sales-q2", D(done), D(target), at)))
    story.firm.courier.drain()


def test_a_pushed_value_counts_against_the_agreed_target(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    goal = story.agreed(cycle, PUSHED)
    push(story, "1.5", target="1.5")  # whoever pushes does not move the goal posts
    push(story, "1.5", target="1.5")
    assert story.member(cycle).attainment == "50.0"
    [(kind, source)] = story.events("progress.")
    assert kind == "progress.recorded" and source["done"] == "1.5" and source["source"] == "webhook"
    assert "sales-q2" in story.part("progress.recorded", "value")
    push(story, "1", ago=2)  # an older value that comes late changes nothing
    assert story.member(cycle).attainment == "50.0"
    assert "50 %" in story.say("zhang", "我的绩效")
    with story.ctx() as ctx:
        assert progress.latest(ctx.db, [goal])[goal.id].target == D(3)


def test_a_person_cannot_say_what_only_the_door_says(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.agreed(cycle, PUSHED)
    data = {"key": "sales-q2", "done": "3", "target": "3", "at": story.firm.now.isoformat()}
    story.do("zhang", progress_inbox.PUSHED, **data)
    story.firm.dispatch(Event("fake", "forged", "", progress_inbox.PUSHED, story.firm.now, "", data))
    assert story.firm.rows(tables.progress) == [] and story.member(cycle).attainment == ""


def test_stale_values_are_grey_never_scored_and_said_once(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.agreed(cycle, PUSHED)
    push(story, "1.5", ago=9)
    assert story.member(cycle).attainment == "50.0"
    story.firm.pass_time(days=4)  # Monday
    pulling.watch(story.firm.app)
    pulling.watch(story.firm.app)
    story.firm.courier.drain()
    assert story.member(cycle).attainment == ""
    assert [each.title for each in story.seen("zhang")].count("目标进度需要更新") == 1
    assert [kind for kind, _ in story.events("progress.stale")] == ["progress.stale"]
    assert "数据过期，不计分" in story.say("zhang", "我的绩效")
    push(story, "3")
    assert story.member(cycle).attainment == "100.0"


def test_sources_are_asked_and_their_failures_leave_the_values_as_they_are(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.agreed(cycle, JIRA)
    source, at = Source(), story.firm.now - timedelta(days=1)
    source.answers = {"project:APP": PlatformError("project.gone", permanent=True)}
    pulling.pull_from(story.firm.app, "jira", source)
    [row] = story.firm.rows(tables.progress)
    assert (row["done"], row["problem"]) == ("", "project.gone") and story.member(cycle).attainment == ""
    source.answers = {"project:APP": Progress("project:APP", D(12), D(20), at, b"{}")}
    pulling.pull_from(story.firm.app, "jira", source)
    assert story.member(cycle).attainment == "60.0"
    source.broken = PlatformError("unauthorized", permanent=True, alarm=True)
    pulling.pull_from(story.firm.app, "jira", source)
    newest = max(story.firm.rows(tables.progress), key=lambda each: str(each["at"]))
    assert (newest["done"], newest["problem"], newest["at"]) == ("12", "unauthorized", at)
    assert story.member(cycle).attainment == "60.0"
    [finding] = doctor.findings(story.firm.app)
    assert finding.ok is None and "1 个读取有问题" in finding.detail
    source.broken = None
    pulling.pull_from(story.firm.app, "jira", source)
    assert len(story.firm.rows(tables.progress)) == 2 and len(story.events("progress.recorded")) == 1
    [finding] = doctor.findings(story.firm.app)
    assert (finding.check, finding.ok) == ("goal source: jira", True)


def test_a_file_is_read_dry_and_then_taken(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    goal = story.agreed(cycle, replace(PROJECTS, source="file", source_key="p1"))
    data = f"key,done,target,at\np1,1,3,2026-06-10\nzz,1,3,2026-06-10\n{goal.id},x,3,2026-06-10\n".encode()
    with story.ctx("wang") as ctx:
        tried = progress.import_file(ctx, cycle, data)
        assert tried.taken == 1 and {each.code for each in tried.problems} == {"said", "no_goal"}
        assert story.firm.rows(tables.progress) == []
    with story.ctx("wang") as ctx:
        assert progress.import_file(ctx, cycle, data, dry_run=False).taken == 1
    assert story.member(cycle).attainment == "33.3"
    with story.ctx("li") as ctx, pytest.raises(Refused):
        progress.import_file(ctx, cycle, data)


NOW = datetime(2026, 6, 11, 2, 0, tzinfo=UTC)
AMOUNTS = st.decimals(min_value=0, max_value=1000, places=2)
AGES = st.integers(min_value=0, max_value=40)


def value(done: Decimal, age: int) -> Value:
    at = NOW - timedelta(days=age)
    return Value(done, D(100), at, at)


@given(st.lists(st.tuples(st.integers(1, 100), AMOUNTS, AGES), min_size=1, max_size=8))
def test_attainment_rests_on_fresh_values_only(goals: list[tuple[int, Decimal, int]]) -> None:
    every = [(D(weight), value(done, age)) for weight, done, age in goals]
    young = [(weight, each) for weight, each in every if fresh(each, NOW, 10)]
    found = attainment(every, NOW, 10)
    assert found == attainment(young, NOW, 10)
    assert (found is None) == (not young) and (found is None or 0 <= found <= 100)


def test_what_is_finished_does_not_grow_old_while_somebody_still_looks() -> None:
    old = NOW - timedelta(days=30)
    assert fresh(Value(D(3), D(3), old, NOW), NOW, 10)
    assert not fresh(Value(D(3), D(3), old, NOW, "task.gone"), NOW, 10)
    assert not fresh(Value(D(3), D(3), old, old), NOW, 10)
    assert not fresh(Value(D(2), D(3), old, NOW), NOW, 10)
    assert percent(D(2), D(3)) == D("66.7") and percent(D(1), D(0)) is None
