"""钉钉项目: the real adapter against the sandbox over HTTP, the documented sample, and what may go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given, strategies as st

from adapters.dingtalk import progress as module
from adapters.dingtalk.attendance import OPERATOR
from adapters.dingtalk.client import Client
from adapters.dingtalk.progress import Projects, build, parsed
from adapters.dingtalk.sandbox_project import PROJECT
from adapters.sandbox.app import Running, start
from bot.errors import PlatformError
from bot.ports.progress import Progress
from config.settings import load, sandbox_env
from tests.adapters.dingtalk.fakes import Seen, Store, Vendor

SAMPLE: dict[str, Any] = json.loads(
    (Path(module.__file__).parent / "samples" / "progress" / "tasks.json").read_text(encoding="utf-8")
)
TASKS = f"/v1.0/project/users/wu/projectIds/{PROJECT}/tasks"
A, B, C = (f"62c25e0000000000000000b{each}" for each in (1, 2, 3))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    running = start(load(sandbox_env("http://127.0.0.1:1")))
    yield running
    running.stop()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def projects(sandbox: Running, store: Store) -> Projects:
    sandbox.world.reset()
    found = build(load(sandbox_env(sandbox.url)), store)
    assert found is not None
    return found


def do(sandbox: Running, what: str, **body: Any) -> Any:
    reply = requests.post(f"{sandbox.url}/_sandbox/{what}", json=body, timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.json()


def read(source: Projects, key: str) -> Progress:
    found = source.progress([key])[key]
    assert isinstance(found, Progress), found
    return found


def refused(source: Projects, key: str) -> PlatformError:
    found = source.progress([key])[key]
    assert isinstance(found, PlatformError), found
    return found


@pytest.mark.parametrize(
    ("key", "done", "target"),
    [
        (f"project:{PROJECT}", 1, 3),
        (f"points:project:{PROJECT}", 3, 10),
        (f"task:{PROJECT}/{B}", 60, 100),
        (f"task:{PROJECT}/{A}", 100, 100),
        (f"tql:{PROJECT}/isDone=false AND progress>=10", 0, 1),
        (f"points:tql:{PROJECT}/content~接口 ORDER BY dueDate", 0, 5),
    ],
)
def test_every_kind_of_key(projects: Projects, key: str, done: int, target: int) -> None:
    found = read(projects, key)
    assert (found.done, found.target) == (Decimal(done), Decimal(target))


def test_the_source_time_is_the_newest_change(projects: Projects, sandbox: Running) -> None:
    for task, at in ((A, "2026-06-10T01:00:00.000Z"), (B, "2026-06-11T01:16Z"), (C, "2026-06-01T01:00:00.000Z")):
        do(sandbox, "dingtalk/tasks", task=task, updated=at)
    found = read(projects, f"project:{PROJECT}")
    assert found.at == datetime(2026, 6, 11, 1, 16, tzinfo=UTC) and found.at.tzinfo is UTC
    assert B.encode() in found.raw
    assert read(projects, f"task:{PROJECT}/{C}").at == datetime(2026, 6, 1, 1, tzinfo=UTC)


def test_pages_are_followed_and_one_project_is_fetched_once(
    projects: Projects, sandbox: Running, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    found = projects.progress([f"project:{PROJECT}", f"task:{PROJECT}/{A}", f"task:{PROJECT}/{C}"])
    assert all(isinstance(each, Progress) for each in found.values())
    assert store.values[next(name for name in store.values if name.startswith("dingtalk:calls"))] == "2"


def test_what_was_deleted_is_told_per_key(projects: Projects, sandbox: Running) -> None:
    do(sandbox, "dingtalk/tasks", project="aa11", task="1")
    do(sandbox, "dingtalk/tasks", project="aa11", task="2", isArchived=True)
    do(sandbox, "dingtalk/projects/delete", project=PROJECT)
    keys = [f"project:{PROJECT}", "task:aa11/2", "task:aa11/9", "tql:aa11/nonsense", "points:tql:aa11/isDone=true", "?"]
    found = projects.progress([*keys, "project:aa11"])
    assert isinstance(found["project:aa11"], Progress) and found["project:aa11"].target == 1
    codes = {key: each.code for key, each in found.items() if isinstance(each, PlatformError)}
    assert codes == dict(
        zip(keys, ["project.not.exist", "task.gone", "task.gone", "param.error", "task.gone", "key"], strict=True)
    )
    assert all(each.permanent and not each.alarm for each in found.values() if isinstance(each, PlatformError))


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [("http_500", False), ("rate_limit", False), ("no_permission", True), ("ip_untrusted", False)],
)
def test_a_failure_of_the_whole_system_is_raised(
    projects: Projects, sandbox: Running, fault: str, permanent: bool
) -> None:
    do(sandbox, "faults", kind=fault, match="projectIds")
    with pytest.raises(PlatformError) as found:
        projects.progress([f"project:{PROJECT}", "project:aa11"])
    assert found.value.permanent == permanent


def test_an_expired_token_is_renewed(projects: Projects, sandbox: Running) -> None:
    do(sandbox, "faults", kind="expired_token", match="projectIds")
    assert read(projects, f"project:{PROJECT}").target == 3


def test_in_whose_name(sandbox: Running, store: Store) -> None:
    sandbox.world.reset()
    settings = load(sandbox_env(sandbox.url) | {"DINGTALK_PROJECT_USER": ""})
    source = build(settings, store)
    assert source is not None
    with pytest.raises(PlatformError, match="operator.unknown") as unknown:
        source.progress([f"project:{PROJECT}"])
    assert not unknown.value.permanent
    assert [each.ok for each in source.doctor()] == [None]
    store.set(OPERATOR, "wu", 60.0)
    assert read(source, f"project:{PROJECT}").target == 3
    stranger = build(settings.model_copy(update={"dingtalk_project_user": "nobody"}), store)
    assert stranger is not None
    with pytest.raises(PlatformError, match="DINGTALK_PROJECT_USER"):
        stranger.progress([f"project:{PROJECT}"])


def test_doctor(projects: Projects, sandbox: Running) -> None:
    assert [each.ok for each in projects.doctor()] == [True]
    do(sandbox, "faults", kind="no_permission", match="joinProjects")
    (finding,) = projects.doctor()
    assert finding.ok is False and "Project.Task.Read.All" in finding.advice
    wrong = build(load(sandbox_env(sandbox.url) | {"DINGTALK_CLIENT_SECRET": "wrong"}), Store())
    assert wrong is not None
    assert [each.ok for each in wrong.doctor()] == [None]


def at_vendor(vendor: Vendor, answer: Any) -> Projects:
    vendor.answers[TASKS] = answer
    zone = UTC
    return Projects(Client(vendor.base, vendor.base, ("app", "s3cret"), Store(), zone), Store(), "wu")


def test_the_documented_sample_becomes_its_value(vendor: Vendor) -> None:
    source, means = at_vendor(vendor, SAMPLE["answer"]), SAMPLE["means"]
    found, points = read(source, f"project:{PROJECT}"), read(source, f"points:project:{PROJECT}")
    assert (str(found.done), str(found.target), found.at.isoformat()) == (means["done"], means["target"], means["at"])
    assert [str(points.done), str(points.target)] == means["points"]
    assert SAMPLE["source"].startswith("open.dingtalk.com")
    assert vendor.calls(TASKS)[0].headers["x-acs-dingtalk-access-token"] == "t1"
    assert "maxResults=500" in vendor.calls(TASKS)[0].path


@pytest.mark.parametrize(
    "answer",
    [{}, {"result": "none"}, {"result": [{"taskId": "1"}]}, {"result": [{"taskId": "1", "updated": "soon"}]}]
    + [{"result": [{"taskId": "1", "updated": "2026-06-11T01:16Z"}], "nextToken": "same"}],
)
def test_foreign_answers_are_passing_failures(vendor: Vendor, answer: dict[str, object]) -> None:
    with pytest.raises(PlatformError) as found:
        at_vendor(vendor, answer).progress([f"project:{PROJECT}"])
    assert (found.value.code, found.value.permanent) == ("garbled", False)


def test_html_is_no_data_and_the_vendors_own_error_passes(vendor: Vendor) -> None:
    with pytest.raises(PlatformError) as html:
        at_vendor(vendor, lambda seen: (502, b"<html></html>")).progress([f"project:{PROJECT}"])
    assert not html.value.permanent
    with pytest.raises(PlatformError) as system:
        at_vendor(vendor, lambda seen: (500, {"code": "server.error"})).progress([f"project:{PROJECT}"])
    assert (system.value.code, system.value.permanent) == ("server.error", False)


def test_an_endless_project_is_given_up(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    monkeypatch.setattr(module, "PAGE", 1)

    def answer(seen: Seen) -> tuple[int, Any]:
        number = len(vendor.calls(TASKS))
        return 200, {"result": [{"taskId": str(number), "updated": "2026-06-11T01:16Z"}], "nextToken": f"t{number}"}

    assert refused(at_vendor(vendor, answer), f"project:{PROJECT}").code == "too_many"
    assert len(vendor.calls(TASKS)) <= 6


@given(st.one_of(st.text(max_size=60), st.text(max_size=20).map(lambda each: f"task:{each}")))
def test_a_key_never_leaves_its_place_in_the_path(key: str) -> None:
    try:
        points, kind, project, rest = parsed(key)
    except PlatformError as error:
        found = (error.code, error.permanent)
        assert found == ("key", True)
    else:
        assert project.isascii() and project.isalnum()
        assert kind in ("project", "tql") or rest.isalnum()


def test_dingtalk_off_means_no_source() -> None:
    assert build(load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_PLATFORMS": "wecom"}), Store()) is None
