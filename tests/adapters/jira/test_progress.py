"""The real adapter against the sandbox over HTTP, as Cloud (REST v3) and as Server (REST v2)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from adapters.jira.progress import build
from bot.errors import PlatformError
from bot.ports.progress import Progress
from config.settings import load, sandbox_env
from tests.adapters.dingtalk.fakes import Store
from tests.adapters.jira.conftest import Place

FIELD = {"jira_points_field": "customfield_10016"}


def value(place: Place, key: str, **changed: Any) -> tuple[object, object]:
    found = place.source(**changed).progress([key])[key]
    assert isinstance(found, Progress), found
    return found.done, found.target


def refused(place: Place, key: str, **changed: Any) -> PlatformError:
    found = place.source(**changed).progress([key])[key]
    assert isinstance(found, PlatformError), found
    return found


@pytest.mark.parametrize(
    ("key", "done", "target"),
    [
        ("APP-2", 1, 1),
        ("app-3", 0, 1),
        ("epic:APP-1", 1, 3),
        ("parent:APP-1", 1, 3),
        ("project:APP", 2, 5),
        ("version:APP/1.2", 2, 3),
        ("jql:project = APP AND statusCategory != Done", 0, 3),
        ('jql: issuetype = "Task" order by updated', 1, 2),
    ],
)
def test_every_kind_of_key_counts_done_of_all(place: Place, key: str, done: int, target: int) -> None:
    assert value(place, key) == (Decimal(done), Decimal(target))


def test_story_points_are_added_up_as_decimals_and_can_be_chosen_per_goal(place: Place) -> None:
    assert value(place, "epic:APP-1", **FIELD) == (Decimal(3), Decimal("10.5"))
    assert value(place, "count:epic:APP-1", **FIELD) == (Decimal(1), Decimal(3))
    assert value(place, "points:epic:APP-1", **FIELD) == (Decimal(3), Decimal("10.5"))
    assert refused(place, "APP-5", **FIELD).code == "jira.no_points"
    assert refused(place, "points:epic:APP-1").code == "jira.no_field"


def test_the_source_time_is_the_newest_change_of_the_issues(place: Place) -> None:
    place.do("jira/issues", key="APP-3", status="Done", updated="2026-06-11T09:16:00.000+0800")
    place.do("jira/issues", key="APP-2", updated="2026-06-10T18:00:00.000+0800")
    place.do("jira/issues", key="APP-4", updated="2026-06-01T18:00:00.000+0800")
    found = place.source().progress(["epic:APP-1"])["epic:APP-1"]
    assert isinstance(found, Progress)
    assert (found.done, found.target) == (2, 3)
    assert found.at == datetime(2026, 6, 11, 1, 16, tzinfo=UTC) and found.at.tzinfo is UTC
    assert b"APP-4" in found.raw and b"2026-06-11T09:16:00.000+0800" in found.raw


def test_pages_are_followed_to_the_end_even_when_short(place: Place) -> None:
    place.do("jira/pages", size=2)
    before = len(place.calls())
    assert value(place, "project:APP") == (2, 5)
    assert len([each for each in place.calls()[before:] if "search" in each["path"]]) == 3


def test_what_was_deleted_or_never_was_is_told_per_key(place: Place) -> None:
    place.do("jira/delete", name="OPS")
    keys = ["project:OPS", "OPS-1", "epic:APP-99", "version:APP/9.9", "jql:project = OPS", "APP-2", "jql:nonsense"]
    found = place.source().progress([*keys, "what?", "epic:APP-5", ""])
    codes = {key: each.code for key, each in found.items() if isinstance(each, PlatformError)}
    assert codes == {
        "project:OPS": "jira.gone",
        "OPS-1": "http_404",
        "epic:APP-99": "jira.gone",
        "version:APP/9.9": "jira.gone",
        "jql:project = OPS": "jira.query",
        "jql:nonsense": "jira.query",
        "what?": "key",
        "epic:APP-5": "jira.empty",
        "": "key",
    }
    assert all(each.permanent and not each.alarm for each in found.values() if isinstance(each, PlatformError))
    assert isinstance(found["APP-2"], Progress)


def test_a_version_cannot_smuggle_a_query(place: Place) -> None:
    assert refused(place, 'version:APP/1.2" OR project = "OPS').code == "jira.gone"


@pytest.mark.parametrize("kind", ["html", "garbage"])
def test_what_is_no_data_is_never_taken_for_data(place: Place, kind: str) -> None:
    place.do("jira/switches", kind=kind)
    with pytest.raises(PlatformError) as found:
        place.source().progress(["project:APP"])
    assert (found.value.code, found.value.permanent) == ("garbled", False)
    assert value(place, "project:APP") == (2, 5)


@pytest.mark.parametrize(
    ("fault", "code", "permanent", "names"),
    [
        ({"kind": "expired_token"}, "http_401", True, "HUIZHI_JIRA_TOKEN"),
        ({"kind": "http_500"}, "http_500", False, ""),
        ({"kind": "rate_limit"}, "http_429", False, ""),
        ({"kind": "refuse", "code": "503"}, "http_503", False, ""),
    ],
)
def test_a_failure_of_the_whole_system_is_raised(
    place: Place, fault: dict[str, Any], code: str, permanent: bool, names: str
) -> None:
    place.do("faults", **fault)
    with pytest.raises(PlatformError) as found:
        place.source().progress(["project:APP", "APP-2"])
    assert (found.value.code, found.value.permanent) == (code, permanent)
    assert names in str(found.value) and place.settings.jira_token not in str(found.value)


def test_a_failure_half_way_keeps_what_is_known_and_asks_no_further(place: Place) -> None:
    place.do("faults", kind="rate_limit", match="issue/APP-3")
    before = len(place.calls())
    found = place.source().progress(["APP-2", "APP-3", "APP-5"])
    assert isinstance(found["APP-2"], Progress)
    assert {each.code for each in found.values() if isinstance(each, PlatformError)} == {"http_429"}
    assert [each["path"][-6:] for each in place.calls()[before:]] == ["myself", "/APP-2", "/APP-3"]


def test_after_429_nobody_calls_before_the_time_is_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do("faults", kind="rate_limit")
    store, now = Store(), datetime(2026, 6, 11, 1, 16, tzinfo=UTC)
    monkeypatch.setattr("bot.clock.now", lambda: now)
    with pytest.raises(PlatformError) as first:
        place.source(store).progress(["APP-2"])
    before = len(place.calls())
    with pytest.raises(PlatformError) as second:
        place.source(store).progress(["APP-2"])
    assert first.value.retry_after == second.value.retry_after == 17
    assert len(place.calls()) == before
    monkeypatch.setattr("bot.clock.now", lambda: datetime(2026, 6, 11, 1, 17, tzinfo=UTC))
    assert isinstance(place.source(store).progress(["APP-2"])["APP-2"], Progress)


@pytest.mark.parametrize("wrong", [{"jira_token": "lapsed"}, {"jira_token": ""}])
def test_a_stranger_is_not_served_with_what_is_public(place: Place, wrong: dict[str, Any]) -> None:
    with pytest.raises(PlatformError, match="HUIZHI_JIRA_TOKEN") as found:
        place.source(**wrong).progress(["project:APP"])
    assert found.value.permanent and found.value.alarm


def test_captcha_and_redirect_name_what_to_do(place: Place) -> None:
    place.do("jira/switches", kind="captcha")
    with pytest.raises(PlatformError, match="HUIZHI_JIRA_MAIL"):
        place.source().progress(["APP-2"])
    place.do("jira/switches", kind="redirect")
    with pytest.raises(PlatformError, match="HUIZHI_JIRA_BASE"):
        place.source().progress(["APP-2"])


def test_forbidden_is_one_goals_matter(place: Place) -> None:
    place.do("faults", kind="no_permission", match="issue/APP-3")
    found = place.source().progress(["APP-3", "APP-2"])
    assert isinstance(found["APP-3"], PlatformError) and found["APP-3"].code == "http_403"
    assert isinstance(found["APP-2"], Progress)


def test_no_keys_no_call(place: Place) -> None:
    before = len(place.calls())
    assert place.source().progress([]) == {}
    assert len(place.calls()) == before


def test_doctor_says_what_is_wrong(place: Place) -> None:
    kinds = {"cloud": "server", "server": "cloud"}
    assert [each.ok for each in place.source().doctor()] == [True, True]
    account = place.source(jira_token="lapsed").doctor()
    assert [each.ok for each in account] == [True, False] and "HUIZHI_JIRA_TOKEN" in account[1].advice
    (other, *_) = place.source(jira_deployment=kinds[place.settings.jira_deployment]).doctor()
    assert other.ok is False and "HUIZHI_JIRA_DEPLOYMENT" in other.advice
    away = place.source(jira_base="http://127.0.0.1:9").doctor()
    assert [each.ok for each in away] == [False, None]


def test_the_page_of_the_sandbox_moves_issues(place: Place) -> None:
    url = f"{place.running.url}/_sandbox/jira"
    assert "结算改版" in requests.get(url, timeout=10).text
    moved = requests.post(f"{url}/issues", data={"key": "APP-3", "status": "Done"}, timeout=10)
    assert moved.status_code == 200 and moved.url == url
    assert value(place, "epic:APP-1") == (2, 3)
    requests.post(f"{url}/delete", data={"name": "APP/1.2"}, timeout=10)
    assert refused(place, "version:APP/1.2").code == "jira.gone"
    assert requests.post(f"{url}/issues", data={"key": "?"}, timeout=10).status_code == 400
    assert requests.post(f"{url}/switches", json={"kind": "?"}, timeout=10).status_code == 400


def test_the_old_search_is_gone_on_cloud_and_the_new_one_unknown_to_servers(place: Place) -> None:
    said = {path: requests.post(place.running.url + path, json={"jql": "x"}, timeout=10).status_code
            for path in ("/rest/api/2/search", "/rest/api/3/search", "/rest/api/3/search/jql")}  # fmt: skip
    cloud = place.settings.jira_deployment == "cloud"
    assert said["/rest/api/3/search"] == (410 if cloud else 404)
    assert (said["/rest/api/2/search"], said["/rest/api/3/search/jql"]) == ((410, 200) if cloud else (200, 404))


def test_without_an_address_there_is_no_source() -> None:
    assert build(load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_JIRA_BASE": ""}), Store()) is None
