"""The address book over HTTP: department paths and labels of both platforms, as notices are addressed by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.walk import Walk

STAFF: list[dict[str, Any]] = [
    {"id": "a", "name": "甲", "department": "研发/平台组", "tags": ["党员", "班组长"]},
    {"id": "b", "name": "乙", "department": "研发"},
    {"id": "c", "name": "丙", "tags": ["党员"]},
]
PATHS = {"a": (("研发", "平台组"),), "b": (("研发",),), "c": (("公司",),)}


@pytest.fixture
def staffed(walk: Walk) -> Walk:
    shop = {"platform": "dingtalk", "department": "门店"}
    many = [shop | {"id": f"n{n}", "name": f"员工{n}", "tags": [f"角色{n}", "店员"]} for n in range(205)]
    both = [each | {"id": f"{mark}{each['id']}", "platform": name}
            for name, mark in (("wecom", "w"), ("dingtalk", "d")) for each in STAFF]  # fmt: skip
    walk.ask("people", people=both + many)
    return walk


def test_paths_and_labels_on_both_platforms(staffed: Walk) -> None:
    for people, mark in ((staffed.wecom.people(), "w"), (staffed.dingtalk.people(), "d")):
        found = {each.user_id: each for each in people}
        assert {user: found[mark + user].paths for user in PATHS} == PATHS
        assert {user: found[mark + user].departments for user in PATHS} == {
            "a": ("平台组",),
            "b": ("研发",),
            "c": ("公司",),
        }
        assert [set(found[mark + user].tags) for user in "abc"] == [{"党员", "班组长"}, set(), {"党员"}]


def test_lists_longer_than_a_page_are_read_to_their_end(staffed: Walk) -> None:
    found = {each.user_id: each for each in staffed.dingtalk.people()}
    assert {user for user, each in found.items() if "店员" in each.tags} == {f"n{n}" for n in range(205)}
    assert all(f"角色{n}" in found[f"n{n}"].tags for n in range(205))


def test_a_permission_taken_away_leaves_people_without_labels(staffed: Walk) -> None:
    for platform, path in ((staffed.wecom, "/cgi-bin/tag/list"), (staffed.dingtalk, "/topapi/role/list")):
        before = {each.user_id for each in platform.people()}
        staffed.ask("faults", kind="no_permission", match=path, times=2)
        after = platform.people()
        assert {each.user_id for each in after} == before and not any(each.tags for each in after)
        last = platform.doctor()[-1]
        assert last.ok is None and last.advice
        assert platform.doctor()[-1].ok is True
