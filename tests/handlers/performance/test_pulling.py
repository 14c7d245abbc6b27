"""Goals of the room pulled over HTTP by the real adapters: Jira as Cloud (REST v3) and as Server (REST v2), DingTalk
projects. What fails leaves every value as it was; what is old is grey on the page and never scored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
import requests

from adapters.dingtalk.sandbox_project import PROJECT
from adapters.sandbox.app import Running, start
from bot import freshness
from config.settings import load, sandbox_env
from handlers.performance import doctor, tables
from handlers.performance.measuring import pulling
from handlers.performance.preparing import setup, timeline
from handlers.performance.store import Cycle
from tests.handlers.performance.goals_story import PROJECTS
from tests.handlers.performance.results_story import SEVENTY, Month
from tests.web.appraisal import month, office, text
from tests.web.office import Office

__all__ = ["month", "office"]
D = Decimal
DINGTALK = replace(PROJECTS, text="上线结算接口", weight=D(40), source="dingtalk", source_key=f"project:{PROJECT}")
JIRA = replace(PROJECTS, weight=D(60), source="jira", source_key="project:APP")
TASKS = ("62c25e0000000000000000b1", "62c25e0000000000000000b2", "62c25e0000000000000000b3")


@pytest.fixture(scope="module", params=["cloud", "server"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[tuple[Running, str]]:
    running = start(load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_JIRA_DEPLOYMENT": request.param}))
    yield running, request.param
    running.stop()


@dataclass
class Pulled:
    """A cycle in which 张三 has one goal in Jira and one in DingTalk projects."""

    office: Office
    month: Month
    url: str
    cycle: Cycle

    def do(self, what: str, **body: Any) -> None:
        reply = requests.post(f"{self.url}/_sandbox/{what}", json=body, timeout=10)
        assert reply.status_code == 200, reply.text

    def pull(self) -> None:
        pulling.pull(self.month.firm.app)
        pulling.watch(self.month.firm.app)
        self.month.firm.courier.drain()

    def values(self) -> dict[str, tuple[object, object, object]]:
        """source -> (done, target, problem) of the newest value."""
        rows = sorted(self.month.firm.rows(tables.progress), key=lambda each: str(each["at"]))
        return {str(each["source"]): (each["done"], each["target"], each["problem"]) for each in rows}

    def attained(self) -> str:
        return self.month.member(self.cycle).attainment

    def page(self) -> str:
        return text(self.office.browser("zhang"), "/performance")


@pytest.fixture
def pulled(sandbox: tuple[Running, str], office: Office, month: Month) -> Pulled:  # noqa: F811
    running, deployment = sandbox
    running.world.reset()
    settings = load(sandbox_env(running.url) | {"HUIZHI_JIRA_DEPLOYMENT": deployment})
    month.firm.app.settings = settings
    freshness.use(freshness.DEFAULT)
    month.firm.pass_time(hours=1)
    cycle = month.cycle()
    with month.ctx("wang") as ctx:
        setup.open_cycle(ctx, cycle)
    month.work()
    for draft in (JIRA, DINGTALK):
        month.agreed(cycle, replace(draft, due_on=cycle.ends_on))
    found = Pulled(office, month, running.url, cycle)
    for key in ("APP-1", "APP-2", "APP-3", "APP-4", "APP-5"):
        found.do("jira/issues", key=key, updated="2026-06-10T18:00:00.000+0800")
    for task in TASKS:
        found.do("dingtalk/tasks", task=task, updated="2026-06-09T02:00:00.000Z")
    return found


def test_values_of_both_systems_come_with_the_source_s_own_time(pulled: Pulled) -> None:
    pulled.pull()
    assert pulled.values() == {"jira": ("2", "5", ""), "dingtalk": ("1", "3", "")}
    assert pulled.attained() == "37.3"  # 40 % × 60 + 33.3 % × 40
    page = pulled.page()
    assert "40 %" in page and "33.3 %" in page and "2026-06-10 18:00" in page and "2026-06-09 10:00" in page
    assert "Jira" in page and "过期" not in page
    recorded = [source for name, source in pulled.month.events("progress.recorded")]
    assert {each["source"] for each in recorded} == {"jira", "dingtalk"} and len(recorded) == 2
    assert "APP-3" in pulled.month.part("progress.recorded", "raw") or PROJECT in pulled.month.part(
        "progress.recorded", "raw"
    )
    pulled.do("jira/issues", key="APP-3", status="Done", updated="2026-06-11T09:00:00.000+0800")
    pulled.do("dingtalk/tasks", task=TASKS[1], isDone=True, updated="2026-06-11T01:00:00.000Z")
    pulled.pull()
    assert pulled.values() == {"jira": ("3", "5", ""), "dingtalk": ("2", "3", "")}
    assert all(each.ok for each in doctor.findings(pulled.month.firm.app))


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        ("faults", {"kind": "expired_token", "match": "rest/api"}, "http_401"),
        ("faults", {"kind": "rate_limit", "match": "rest/api"}, "http_429"),
        ("faults", {"kind": "http_500", "match": "rest/api"}, "http_500"),
        ("jira/switches", {"kind": "html"}, "garbled"),
        ("jira/delete", {"name": "APP"}, "jira.gone"),
    ],
    ids=["401", "429", "500", "html", "deleted"],
)
def test_what_jira_answers_instead_costs_no_value(pulled: Pulled, what: str, body: dict[str, Any], code: str) -> None:
    pulled.pull()
    pulled.do(what, **body)
    pulled.pull()
    assert pulled.values() == {"jira": ("2", "5", code), "dingtalk": ("1", "3", "")}
    assert pulled.attained() == "37.3" and "40 %" in pulled.page()
    found = {each.check: each for each in doctor.findings(pulled.month.firm.app)}
    assert found["goal source: jira"].ok is None and "1 个读取有问题" in found["goal source: jira"].detail
    assert found["goal source: dingtalk"].ok is True
    assert [name for name, _ in pulled.month.events("progress.recorded")] == ["progress.recorded"] * 2


def test_a_deleted_dingtalk_project_costs_no_value(pulled: Pulled) -> None:
    pulled.pull()
    pulled.do("dingtalk/projects/delete", project=PROJECT)
    pulled.pull()
    jira, (done, target, problem) = pulled.values()["jira"], pulled.values()["dingtalk"]
    assert jira == ("2", "5", "") and (done, target) == ("1", "3") and problem
    assert pulled.attained() == "37.3"


def test_what_grew_old_is_grey_and_never_scored(pulled: Pulled) -> None:
    pulled.pull()
    pulled.month.firm.pass_time(days=8)  # both are a week old; ten days are allowed
    pulled.do("jira/issues", key="APP-3", status="Done", updated="2026-06-18T09:00:00.000+0800")
    pulled.month.firm.pass_time(days=4)  # a Tuesday: the project's value is 13 days old by now
    pulled.pull()
    assert pulled.attained() == "60.0"  # Jira alone
    page = pulled.page()
    assert page.count('class="stale"') == 1 and "数据过期，不计分" in page and "33.3 %" in page
    told = [each.title for each in pulled.month.seen("zhang")]
    assert told.count("目标进度需要更新") == 1
    pulled.pull()
    assert [each.title for each in pulled.month.seen("zhang")].count("目标进度需要更新") == 1
    # The result says so beside the value, and no number of it comes from there.
    cycle = pulled.cycle
    timeline.advance(pulled.month.firm.app)
    pulled.month.turns()
    result = pulled.month.scored(cycle, SEVENTY)
    assert re.search(r"上线结算接口：.*数据过期，不计分", result.text) and result.score == D("70.5")
    assert not re.search(r"交付 3 个项目：.*数据过期", result.text)
