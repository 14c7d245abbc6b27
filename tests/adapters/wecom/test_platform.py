"""People, sign-in, doctor and the wiring."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.wecom import build
from adapters.wecom.directory import people
from adapters.wecom.identity import Identity
from adapters.wecom.platform import WeCom
from bot.card import Button, Card
from bot.errors import Misconfigured, PlatformError
from bot.ports import DirectoryPerson
from tests.adapters.wecom.fake import Answer, Call, Vendor
from tests.adapters.wecom.test_inbound import BOX

MEMBERS: dict[str, dict[str, Any]] = {
    "ceo": {"department": [1], "main_department": 1, "status": 1, "direct_leader": []},
    "lead": {"department": [2], "main_department": 2, "status": 1, "direct_leader": []},
    "dev": {"department": [2, 1], "main_department": 2, "status": 4, "direct_leader": []},
    "aide": {"department": [2], "main_department": 2, "status": 1, "direct_leader": ["ceo"]},
    "gone": {"department": [2], "main_department": 2, "status": 5, "direct_leader": []},
}
TAGS: dict[str, dict[str, Any]] = {
    "7": {"userlist": [{"userid": "DEV", "name": "DEV"}, {"userid": "elsewhere"}], "partylist": []},
    "8": {"userlist": [], "partylist": [2]},
}
DEPARTMENTS = {"1": ("公司", ["ceo"]), "2": ("研发部", ["lead"])}


def company(call: Call) -> Answer:
    if call.path == "department/simplelist":
        return {"department_id": [{"id": 1, "parentid": 0}, {"id": 2, "parentid": 1}]}
    if call.path == "department/get":
        name, leaders = DEPARTMENTS[call.query["id"]]
        return {"department": {"name": name, "department_leader": leaders}}
    if call.path == "user/simplelist":
        number = int(call.query["department_id"])
        return {"userlist": [{"userid": user, "name": user.upper(), "department": row["department"]}
                             for user, row in MEMBERS.items() if number in row["department"]]}  # fmt: skip
    if call.path == "user/get":
        return MEMBERS[call.query["userid"]]
    if call.path == "tag/list":
        return {"taglist": [{"tagid": 7, "tagname": "党员"}, {"tagid": 8, "tagname": "研发的人"},
                            {"tagid": 9, "tagname": "锁定"}]}  # fmt: skip
    if call.path == "tag/get":
        return TAGS.get(call.query["tagid"], {"errcode": 40068})
    return {}


def test_people(wecom: Vendor) -> None:
    wecom.script = company
    found = {person.user_id: person for person in people(wecom.client)}
    assert found["dev"] == DirectoryPerson(
        "dev", "DEV", "lead", ("研发部", "公司"), paths=(("研发部",), ("公司",)), tags=("党员", "研发的人")
    )
    assert (found["ceo"].tags, found["aide"].paths) == ((), (("研发部",),))
    assert {user: person.manager for user, person in found.items()} == {
        "ceo": "", "lead": "ceo", "dev": "lead", "aide": "ceo", "gone": "lead",
    }  # fmt: skip
    assert [user for user, person in found.items() if not person.active] == ["gone"]


def test_a_member_who_slipped_out_of_range_is_still_named(wecom: Vendor) -> None:
    wecom.script = lambda call: {"errcode": 60111} if call.query.get("userid") == "dev" else company(call)
    assert "dev" in {person.user_id for person in people(wecom.client)}
    wecom.script = lambda call: {"errcode": -1} if call.path == "user/get" else company(call)
    with pytest.raises(PlatformError, match="-1"):
        people(wecom.client)


def test_without_the_permission_there_are_people_without_tags(wecom: Vendor) -> None:
    for broken in ("tag/list", "tag/get"):
        wecom.script = lambda call, broken=broken: {"errcode": 48002} if call.path == broken else company(call)  # type: ignore[misc]
        assert {person.tags for person in people(wecom.client)} == {()}
    assert WeCom(wecom.client, BOX).doctor()[-1].ok is True
    wecom.script = lambda call: {"errcode": 48002} if call.path == "tag/list" else company(call)
    last = WeCom(wecom.client, BOX).doctor()[-1]
    assert last.ok is None and "标签" in last.advice


@pytest.mark.parametrize("path", ["tag/list", "tag/get"])
def test_a_moment_of_trouble_takes_nobody_out_of_a_tag(wecom: Vendor, path: str) -> None:
    wecom.script = lambda call: {"errcode": -1} if call.path == path else company(call)
    with pytest.raises(PlatformError, match="-1"):
        people(wecom.client)


def test_paths_begin_below_the_company_and_a_loop_of_departments_ends(wecom: Vendor) -> None:
    rows = {"1": "公司", "2": "研发", "3": "平台组", "5": "甲", "6": "乙"}
    parents = {"1": 0, "2": 1, "3": 2, "5": 6, "6": 5}

    def deep(call: Call) -> Answer:
        if call.path == "department/simplelist":
            return {"department_id": [{"id": int(key), "parentid": above} for key, above in parents.items()]}
        if call.path == "department/get":
            return {"department": {"name": rows[call.query["id"]]}}
        if call.path == "user/simplelist":
            return {"userlist": [{"userid": "x", "name": "X"}] if call.query["department_id"] == "3" else []}
        return {"department": [3, 5, 99], "status": 1} if call.path == "user/get" else {}

    wecom.script = deep
    (one,) = people(wecom.client)
    assert one.paths == (("研发", "平台组"), ("乙", "甲"), ("99",)) and one.departments == ("平台组", "甲", "99")


def test_authorize_url(wecom: Vendor) -> None:
    url = Identity(wecom.client).authorize_url("abc123", "https://hr.example/in?x=1&y=2")
    assert url == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1&redirect_uri=https%3A%2F%2Fhr.example%2Fin%3Fx%3D1%26y%3D2"
        "&response_type=code&scope=snsapi_base&state=abc123&agentid=1000002#wechat_redirect"
    )
    with pytest.raises(ValueError, match="state"):
        Identity(wecom.client).authorize_url("a-b", "https://hr.example")


def test_exchange(wecom: Vendor) -> None:
    wecom.script = lambda call: {"userid": "zhangsan"}
    assert Identity(wecom.client).exchange("c0de") == "zhangsan"
    assert wecom.calls[-1].query["code"] == "c0de"


@pytest.mark.parametrize("answer", [{"openid": "o"}, {"userid": ""}, {"userid": "otherCorp/li"}, {"errcode": 42022}])
def test_strangers_and_used_codes_are_refused(wecom: Vendor, answer: dict[str, Any]) -> None:
    wecom.script = lambda call: answer
    with pytest.raises(PlatformError) as caught:
        Identity(wecom.client).exchange("c0de")
    assert caught.value.permanent


def test_overlong_code_is_not_even_asked(wecom: Vendor) -> None:
    for code in ("", "x" * 513):
        with pytest.raises(PlatformError, match="40029"):
            Identity(wecom.client).exchange(code)
    assert wecom.calls == []


def test_platform_speaks_through_its_parts(wecom: Vendor) -> None:
    platform = WeCom(wecom.client, BOX)
    wecom.script = lambda call: {"msgid": "m", "response_code": "rc", "media_id": "media"}
    card = Card("题", buttons=(Button("好", "a.b", "1"),))
    sent = platform.send("zhangsan", card, "k")
    platform.update("zhangsan", card, sent)
    platform.recall(sent)
    assert platform.upload("image", "a.png", b"123456") == "media"
    assert wecom.paths()[1:] == ["message/send", "message/update_template_card", "message/recall", "media/upload"]
    assert set(platform.doors()) == {("GET", "/callbacks/wecom"), ("POST", "/callbacks/wecom")}
    wecom.script = company
    assert len(platform.people()) == len(MEMBERS)
    assert (platform.name, platform.can.buttons, platform.can.facts, platform.can.update) == ("wecom", 6, 6, True)


def test_doctor_well(wecom: Vendor) -> None:
    wecom.script = company
    assert [finding.ok for finding in WeCom(wecom.client, BOX).doctor()] == [True] * 5


def test_doctor_names_what_an_administrator_must_do(wecom: Vendor) -> None:
    broken = {"agent/get": 301002, "checkin/getcheckinoption": 48002, "oa/getapprovalinfo": 301055}
    wecom.script = lambda call: {"errcode": broken[call.path]} if call.path in broken else company(call)
    findings = WeCom(wecom.client, BOX).doctor()
    assert [finding.ok for finding in findings] == [True, False, False, False, True]
    assert all(finding.advice for finding in findings[1:4])
    wecom.script = lambda call: {"close": 1} if call.path == "agent/get" else {}
    assert [finding.ok for finding in WeCom(wecom.client, BOX).doctor()] == [True, False, False, True, True]


def test_doctor_without_a_token(wecom: Vendor) -> None:
    wecom.token_answer = {"errcode": 60020, "errmsg": "from ip: 203.0.113.7"}
    findings = WeCom(wecom.client, BOX).doctor()
    assert [finding.ok for finding in findings] == [False, None, None, None, None]
    assert "203.0.113.7" in findings[0].advice


def test_build(wecom: Vendor) -> None:
    settings: dict[str, Any] = {
        "wecom_api_base": "https://qyapi.weixin.qq.com", "wecom_oauth_base": "https://open.weixin.qq.com",
        "wecom_corp_id": "ww1", "wecom_agent_id": 1, "public_url": "https://hr.example.com",
        "wecom_secret": "s",
        "wecom_token": "t", "wecom_encoding_aes_key": "a" * 43,
    }  # fmt: skip
    platform = build(cast(Any, SimpleNamespace(**settings)), wecom.store)
    assert isinstance(platform, WeCom)
    with pytest.raises(Misconfigured):
        build(
            cast(
                Any,
                SimpleNamespace(**(settings | {"wecom_encoding_aes_key": "short"})),
            ),
            wecom.store,
        )
