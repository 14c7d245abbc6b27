"""One message to many members: what WeCom's answer says about each, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.wecom.crowds import Crowd
from bot.card import Button, Card
from bot.errors import PlatformError
from bot.ports.crowds import Crowds
from tests.adapters.wecom.fake import Call, Vendor

TEXT = Card("考勤制度", "10 月 1 日起生效")
CARD = Card("考勤制度", "请确认", buttons=(Button("收到", "notices.received", "r1", "primary"),))


def says(wecom: Vendor, **answer: Any) -> Crowd:
    wecom.script = lambda call: {"msgid": "m1", "invaliduser": "", "unlicenseduser": "", **answer}
    return Crowd(wecom.client, "https://hr.example.cn/todo?p=wecom")


def test_the_binding_port_is_kept(wecom: Vendor) -> None:
    crowd = says(wecom)
    assert isinstance(crowd, Crowds)
    route = crowd.routes["shared"]
    assert (route.people, route.tells, route.recall_for.total_seconds()) == (1000, "nothing", 86_400)
    assert crowd.outcomes("shared", "m1", ["a"]) == {}
    assert wecom.paths() == [], "there is nothing to ask"


def test_one_call_for_all_and_ids_come_back_as_they_were_spelled(wecom: Vendor) -> None:
    crowd = says(wecom, invaliduser="zhangsan|li.si", unlicenseduser="wang5", response_code="code")
    handed = crowd.send_many("shared", ["ZhangSan", "Li.Si", "Wang5", "Zhao6", "zhao6"], CARD, "n1-0")
    assert handed.refused == {"ZhangSan": "invaliduser", "Li.Si": "invaliduser", "Wang5": "unlicenseduser"}
    assert (handed.message_id, handed.raw["response_code"], handed.raw["task_id"]) == ("m1", "code", "n1-0")
    body = wecom.calls[-1].json
    assert body["touser"] == "ZhangSan|Li.Si|Wang5|Zhao6", "the same member in two spellings is one"
    assert (body["enable_duplicate_check"], body["template_card"]["task_id"]) == (1, "n1-0")


def test_what_would_address_others_is_never_asked_for(wecom: Vendor) -> None:
    crowd = says(wecom)
    handed = crowd.send_many("shared", ["a|b", "@all", "", "张三", "good"], TEXT, "k")
    assert handed.refused == dict.fromkeys(["a|b", "@all", "", "张三"], "40003")
    assert wecom.calls[-1].json["touser"] == "good"
    assert crowd.send_many("shared", ["@all"], TEXT, "k").refused == {"@all": "40003"}
    assert wecom.paths().count("message/send") == 1


@pytest.mark.parametrize(
    "answer", [{"errcode": 81013, "errmsg": "all invalid"}, {"errcode": 0, "invaliduser": "a|b", "msgid": ""}]
)
def test_success_and_refusal_with_nobody_reached_say_the_same(wecom: Vendor, answer: dict[str, Any]) -> None:
    handed = says(wecom, **answer).send_many("shared", ["a", "B"], TEXT, "k")
    assert set(handed.refused) == {"a", "B"}
    assert set(handed.refused.values()) in ({"81013"}, {"invaliduser"})


def test_texts_with_different_keys_differ_and_a_repetition_is_the_same_request(wecom: Vendor) -> None:
    crowd = says(wecom)
    for key in ("n1-0", "n1-0", "n2-0"):
        crowd.send_many("shared", ["a", "b"], TEXT, key)
    first, again, other = (call.body for call in wecom.calls if call.path == "message/send")
    assert first == again != other


def test_without_a_callback_address_the_card_opens_the_page(wecom: Vendor) -> None:
    def script(call: Call) -> dict[str, Any]:
        return {"errcode": 43012} if call.json["msgtype"] == "template_card" else {"msgid": "m2"}

    wecom.script = script
    handed = Crowd(wecom.client, "https://hr.example.cn/todo?p=wecom").send_many("shared", ["a"], CARD, "k")
    assert handed.message_id == "m2"
    assert wecom.calls[-1].json["textcard"]["url"] == "https://hr.example.cn/todo?p=wecom"


@pytest.mark.parametrize(
    ("code", "permanent", "alarm"),
    [(45009, False, False), (48002, False, True), (50003, False, True), (-1, False, False), (40058, True, True)],
)
def test_a_refused_call_refuses_nobody(wecom: Vendor, code: int, permanent: bool, alarm: bool) -> None:
    with pytest.raises(PlatformError) as found:
        says(wecom, errcode=code).send_many("shared", ["a", "b"], TEXT, "k")
    assert (found.value.permanent, found.value.alarm) == (permanent, alarm)


def test_too_many_an_unknown_route_and_recalls(wecom: Vendor) -> None:
    crowd = says(wecom)
    with pytest.raises(PlatformError, match="40032"):
        crowd.send_many("shared", [f"u{n}" for n in range(1001)], TEXT, "k")
    with pytest.raises(PlatformError, match="no_route"):
        crowd.send_many("robot", ["a"], TEXT, "k")
    with pytest.raises(PlatformError, match="no_message_id"):
        crowd.recall_many("shared", "")
    assert "message/send" not in wecom.paths()
    crowd.recall_many("shared", "m1")
    assert wecom.calls[-1].json == {"msgid": "m1"}
    with pytest.raises(PlatformError) as found:
        says(wecom, errcode=42052).recall_many("shared", "m1")
    assert found.value.permanent and not found.value.alarm
