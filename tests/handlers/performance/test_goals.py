"""Goals: both sides confirm one text, an edit voids that visibly, an old card confirms nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot.errors import Refused
from bot.evidence.tables import ev_event, ev_part
from bot.tables import delegate
from handlers.performance import rules, tables
from handlers.performance.agreeing import goals, said
from handlers.performance.rules import GoalDraft
from tests.handlers.performance.goals_story import PROJECTS, Story, story  # noqa: F401

D = Decimal


def test_a_goal_said_in_chat_counts_once_both_have_confirmed_the_same_text(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    assert "请提出您的目标" in story.last("zhang")
    said_back = story.say("zhang", "我的目标：交付 3 个项目，权重 40，6月20日前")
    assert "双方确认之前不生效" in said_back
    assert "交付 3 个项目" in story.last("li") and "3 个" in story.last("li") and "2026-06-20" in story.last("li")
    mine, his = story.card("zhang", "请确认您的目标 1"), story.card("li", "请确认 张三 的目标 1")
    half = story.tap("zhang", mine, "确认")
    assert half is not None and half.closed == "您已确认" and "李主管" in half.text
    assert story.member(cycle).state == "goals"
    done = story.tap("li", his, "确认")
    assert done is not None and done.closed == "双方已确认"
    assert "双方已确认" in [each.closed for each in story.copies("zhang")]
    kinds = [kind for kind, _ in story.events("goal.")]
    assert kinds == ["goal.proposed", "goal.confirmed", "goal.confirmed", "goal.agreed"]
    said = story.parts("goal.confirmed", "goal")
    assert len(said) == 2 and set(said) == {story.part("goal.agreed", "goal")} and "交付 3 个项目" in said[0]
    assert {source["side"] for kind, source in story.events("goal.confirmed")} == {"employee", "manager"}


def test_the_log_alone_gives_no_text_away_to_somebody_who_guesses_it(story: Story) -> None:  # noqa: F811
    goal = story.agreed(story.opened())
    with story.ctx("li") as ctx:
        goals.edit(ctx, goal, replace(PROJECTS, text="交付 4 个项目"), "客户加了一个")
    assert hashlib.sha256(story.part("goal.agreed", "goal").encode()).hexdigest() == goal.sha256
    envelopes = "".join(
        str(row["envelope"]) for row in story.firm.rows(ev_event) if str(row["type"]).startswith("goal.")
    )
    assert goal.id in envelopes and goal.sha256 not in envelopes and story.goal(goal.id).sha256 not in envelopes
    commitments = [bytes(row["commitment"]) for row in story.firm.rows(ev_part) if row["name"] == "goal"]  # type: ignore[call-overload]
    assert len(set(commitments)) == len(commitments) >= 5  # each with a salt of its own, though the text is the same


def test_settled_goals_of_a_hundred_make_the_person_ready(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.agreed(cycle)
    assert story.member(cycle).state == "goals"
    rest = story.agreed(cycle, GoalDraft("上线新系统", D(60), "milestone", due_on=date(2026, 6, 20)))
    assert story.member(cycle).state == "running"
    with story.ctx("li") as ctx, pytest.raises(Refused, match="原因"):
        goals.edit(ctx, rest, replace(rules.due(PROJECTS, None), text="别的", weight=D(60)))
    with story.ctx("li") as ctx:
        goals.drop(ctx, rest, "客户取消了")
    assert story.member(cycle).state == "goals" and story.goal(rest.id).state == "dropped"
    assert story.part("goal.dropped", "reason") == "客户取消了"


def test_an_edit_voids_both_confirmations_and_shows_what_changed(story: Story) -> None:  # noqa: F811
    goal = story.agreed(story.opened())
    old = story.card("zhang", "请确认您的目标 1")
    story.tap("li", story.card("li", "请确认 张三 的目标 1"), "提出修改")
    assert "期中修改" in story.last("li")
    assert "原因" in story.say("li", "权重改为 50")  # no reason given: refused, and the question stays
    story.say("li", "权重改为 50，原因：范围扩大")
    new = story.goal(goal.id)
    assert (new.version, new.state, new.weight, new.text) == (2, "proposed", D(50), "交付 3 个项目")
    for who in ("zhang", "li"):
        assert "之前的确认已作废" in as_seen(story, who) and "权重：40 → 50" in as_seen(story, who)
        assert "已有新版本" in [each.closed for each in story.copies(who)]
    assert ("goal.voided", "employee,manager") in [(k, s.get("voided", "")) for k, s in story.events("goal.")]
    rows = story.firm.rows(tables.confirmation)
    assert len(rows) == 2 and all(row["voided_at"] for row in rows)
    before = len(story.seen("zhang"))
    stale = story.tap("zhang", old, "确认")
    assert stale is not None and "没有替您确认" in stale.text
    assert len(story.seen("zhang")) == before + 1 and "请确认您的目标 1" in story.last("zhang")
    assert len(story.firm.rows(tables.confirmation)) == 2


def as_seen(story: Story, who: str) -> str:  # noqa: F811
    return "\n".join(each.title + each.text for each in story.seen(who))


def test_of_two_changes_at_once_one_wins_and_the_other_is_told(story: Story) -> None:  # noqa: F811
    goal = story.proposed(story.opened())
    with story.ctx("zhang") as ctx:
        goals.edit(ctx, goal, replace(PROJECTS, weight=D(30)))
    with story.ctx("li") as ctx, pytest.raises(Refused, match="刚刚被改动"):
        goals.edit(ctx, goal, replace(PROJECTS, weight=D(20)))
    with story.ctx("li") as ctx, pytest.raises(Refused, match="新版本"):
        goals.confirm(ctx, goal, goal.sha256)
    assert story.goal(goal.id).weight == D(30)


def test_a_second_tap_and_a_wrong_hash_confirm_nothing(story: Story) -> None:  # noqa: F811
    goal = story.proposed(story.opened())
    mine = story.card("zhang", "请确认您的目标 1")
    story.tap("zhang", mine, "确认")
    again = story.tap("zhang", mine, "确认")
    assert again is not None and again.closed == "您已确认"
    with story.ctx("zhang") as ctx, pytest.raises(Refused, match="已经代表这一方"):
        goals.confirm(ctx, goal, goal.sha256)
    with story.ctx("li") as ctx, pytest.raises(Refused):
        goals.confirm(ctx, goal, "0" * 64)
    assert len(story.firm.rows(tables.confirmation)) == 1


def test_who_may(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    goal = story.proposed(cycle, by="wang")  # HR may propose, but both sides still confirm
    for who in ("wang", "stranger"):
        with story.ctx(who) as ctx, pytest.raises(Refused):
            goals.confirm(ctx, goal, goal.sha256)
    with story.ctx("stranger") as ctx, pytest.raises(Refused):
        goals.propose(ctx, cycle, story.person("zhang"), PROJECTS)
    mine = story.card("zhang", "请确认您的目标 1")
    story.tap("stranger", mine, "确认")
    assert story.firm.rows(tables.confirmation) == []


def test_a_stand_in_confirms_in_the_place_of_the_manager(story: Story) -> None:  # noqa: F811
    now = story.firm.now
    stand_in = {"id": "dg-1", "person_id": "fake:li", "delegate_person_id": "fake:stranger", "state": "on"}
    with story.ctx() as ctx:
        span = {"since": now - timedelta(days=1), "until": now + timedelta(days=5), "created_at": now}
        ctx.db.execute(sa.insert(delegate).values(**stand_in, **span))
    goal = story.proposed(story.opened())
    assert not [each for each in story.seen("li") if "请确认" in each.title]
    story.tap("stranger", story.card("stranger", "请确认 张三 的目标 1"), "确认")
    [row] = story.firm.rows(tables.confirmation)
    assert (row["side"], row["person_id"], row["behalf_person_id"]) == ("manager", "fake:stranger", "fake:li")
    assert dict(story.events("goal.confirmed")[0][1])["for"] == story.person("li").ref
    assert story.goal(goal.id).state == "proposed"


def test_weights_days_and_targets_are_checked_with_every_problem_at_once(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.proposed(cycle)
    wrong = GoalDraft("x", D(70), "numeric", None, due_on=date(2026, 8, 1), dimension="nix")
    with story.ctx("zhang") as ctx, pytest.raises(Refused) as refused:
        goals.propose(ctx, cycle, story.person("zhang"), wrong)
    for part in ("2 到", "目标值", "不在考核期内", "没有维度", "超出 10"):
        assert part in str(refused.value)


def test_lists_in_chat(story: Story) -> None:  # noqa: F811
    cycle = story.opened()
    story.proposed(cycle)
    assert "交付 3 个项目" in story.say("zhang", "我的绩效") and "60 %" in story.last("zhang")
    for who in ("li", "wang"):
        story.say(who, "谁还没定目标？")
        assert any("张三" in each.text and each.buttons for each in story.seen(who))
    before = len(story.seen("stranger"))
    story.say("stranger", "谁还没定目标？")
    assert all("张三" not in each.text for each in story.seen("stranger")[before:])
    done = story.tap("wang", story.card("wang", cycle.name), "提醒他们")
    assert done is not None and "已提醒 2 人" in done.text
    assert "权重合计应为 100" in story.last("zhang")


def test_hearing_english(story: Story) -> None:  # noqa: F811
    story.opened()
    story.say("zhang", "English")
    assert "Sent to both sides" in story.say("zhang", "My goal: deliver 3 projects, weight 40, by 2026-06-20")
    assert "Please confirm your goal 1" in [each.title for each in story.seen("zhang")]


START, END = date(2026, 4, 1), date(2026, 6, 30)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "交付 3 个项目，权重 40，6月20日前",
            GoalDraft("交付 3 个项目", D(40), "numeric", D(3), "个", date(2026, 6, 20)),
        ),
        ("上线新系统，截止2026-05-01", GoalDraft("上线新系统", D(100), "milestone", None, "", date(2026, 5, 1))),
        ("毛利率达到 12.5%，权重30%", GoalDraft("毛利率达到 12.5%", D(30), "numeric", D("12.5"), "%")),
    ],
)
def test_words_become_a_goal(words: str, expected: GoalDraft) -> None:
    assert said.goal(words, START, END, D(100)).draft == expected


@pytest.mark.parametrize("words", ["谁还没确认目标？", "还有谁没定目标", "who has not confirmed goals?"])
def test_ways_of_asking_who_has_not_confirmed(words: str) -> None:
    assert said.PENDING.match(words) and not said.PENDING.match(f"《制度》{words}")


def test_words_change_only_what_they_name() -> None:
    found = said.goal("目标值改为 2 个，原因：少了一个客户", START, END, D(0), PROJECTS)
    assert found.draft == replace(PROJECTS, target=D(2)) and found.reason == "少了一个客户"


TEXTS = st.text(min_size=2, max_size=60).filter(lambda each: len(each.strip()) > 1)


@given(
    TEXTS,
    st.decimals(min_value="0.01", max_value="100", places=2),
    st.decimals(min_value="0.1", max_value="999", places=3),
)
def test_one_meaning_has_one_hash(text: str, weight: Decimal, target: Decimal) -> None:
    draft = GoalDraft(text, weight, "numeric", target, "个")
    same = GoalDraft(f"  {text}\r\n", weight * D("1.000"), "numeric", target * D("1.00"), " 个 ")
    assert rules.digest(draft) == rules.digest(same) == rules.digest(rules.tidy(draft))
    assert rules.digest(replace(draft, weight=weight + 1)) != rules.digest(draft)
    assert not rules.changes(rules.tidy(draft), rules.tidy(same))


@given(st.lists(st.decimals(min_value="0.01", max_value="100", places=2), max_size=8))
def test_weights_add_up_exactly_or_say_by_how_much(weights: list[Decimal]) -> None:
    assert rules.over([*weights, -rules.over(weights)]) == 0


@given(TEXTS, TEXTS)
def test_no_field_can_pose_as_another(key: str, text: str) -> None:
    one = GoalDraft(text, D(1), "numeric", D(1), source="webhook", source_key=f"{key}\n\n{text}")
    other = GoalDraft(f"{text}\n\n{text}", D(1), "numeric", D(1), source="webhook", source_key=key)
    assert rules.tidy(one) == rules.tidy(other) or rules.digest(one) != rules.digest(other)
