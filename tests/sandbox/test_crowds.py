"""One message to many through the real adapters: silent drops, ceilings, reads and recalls, as documented."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.card import Button, Card
from bot.ports.crowds import Crowds, Outcome
from tests.sandbox.conftest import Bot, Client
from tests.sandbox.test_wecom import opened, send
from tests.sandbox.walk import Walk, failure, later

TEXT = Card("考勤制度", "10 月 1 日起生效")
CARD = Card("考勤制度", "请确认", buttons=(Button("收到", "notices.received", "r1", "primary"),))
DING = ["zhou", "sun", "wu"]


def crowd(walk: Walk, number: int, platform: str) -> list[str]:
    rows = [{"id": f"p{n}", "name": f"甲{n}", "platform": platform} for n in range(number)]
    walk.ask("people", people=[*rows, {"id": "wu", "name": "吴HR", "platform": "dingtalk"}])
    return [row["id"] for row in rows]


def shown(walk: Walk, user: str) -> int:
    return sum(bubble["state"] != "recalled" for bubble in walk.bubbles(user))


def test_wecom_takes_a_thousand_and_tells_nothing_of_the_dropped(walk: Walk) -> None:
    people = crowd(walk, 1000, "wecom")
    walk.ask("faults", kind="drop_silently", match="p7")
    handed = walk.wecom.send_many("shared", [*people[:-2], "P998", "nobody"], CARD, "n1-0")
    assert handed.refused == {"nobody": "invaliduser"}
    counts = {user: shown(walk, user) for user in ("p0", "p7", "p998", "p999")}
    assert counts == {"p0": 1, "p7": 0, "p998": 1, "p999": 0}
    assert walk.wecom.outcomes("shared", handed.message_id, people) == {}
    assert walk.calls("/cgi-bin/message/send") == 1
    walk.wecom.recall_many("shared", handed.message_id)
    assert shown(walk, "p0") == 0
    later(walk, 86_401)
    assert failure(lambda: walk.wecom.recall_many("shared", handed.message_id)).permanent


def test_wecom_drops_beyond_thirty_a_minute_and_refuses_beyond_the_day(walk: Walk) -> None:
    for number in range(32):
        assert walk.wecom.send_many("shared", ["zhangsan", "li"], TEXT, f"k{number}").refused == {}
    assert (shown(walk, "zhangsan"), shown(walk, "li")) == (30, 30)
    walk.ask("ceilings", wecom_day=65)
    error = failure(lambda: walk.wecom.send_many("shared", ["zhangsan", "li"], TEXT, "last"))
    assert (error.code, error.permanent) == ("45009", False)


def test_both_platforms_keep_the_port_and_a_repeated_shared_send_is_swallowed(walk: Walk) -> None:
    assert isinstance(walk.wecom, Crowds) and isinstance(walk.dingtalk, Crowds)
    for _ in range(2):
        walk.wecom.send_many("shared", ["zhangsan", "li"], CARD, "n1")
    assert (shown(walk, "zhangsan"), shown(walk, "li")) == (1, 1)


def test_one_persons_tap_closes_one_persons_copy(client: Client, bot: Bot) -> None:
    assert send(client, "zhangsan|li")["errcode"] == 0
    bubble = client.bubbles("li")[0]
    assert client.sandbox("click", user="li", bubble=bubble["id"], key="missed_punch.forgot~a")["status"] == 200
    code = re.search(r"<ResponseCode><!\[CDATA\[(.*?)\]\]>", opened(bot.got[0]))
    assert code
    body = {"userids": ["li"], "agentid": 1000002, "response_code": code[1], "button": {"replace_name": "已收到"}}
    assert client.wecom("message/update_template_card", body)["errcode"] == 0
    assert [client.bubbles(user)[0]["state"] for user in ("li", "zhangsan")] == ["updated", "live"]


def test_dingtalks_robot_is_read_and_recalled(walk: Walk) -> None:
    walk.ask("faults", kind="flow_control", match="sun")
    handed = walk.dingtalk.send_many("robot", [*DING, "nobody"], TEXT, "n1")
    assert handed.refused == {"sun": "send.too.fast", "nobody": "staffId.notExisted"}
    walk.ask("read", user="zhou", bubble=walk.bubbles("zhou")[0]["id"])
    assert walk.dingtalk.outcomes("robot", handed.message_id, DING) == {
        "zhou": Outcome("opened"), "wu": Outcome("unopened"),
    }  # fmt: skip
    assert walk.dingtalk.send_many("robot", ["sun"], TEXT, "n1").refused == {}
    walk.dingtalk.recall_many("robot", handed.message_id)
    assert walk.dingtalk.outcomes("robot", handed.message_id, DING)["zhou"] == Outcome("opened", code="RECALLED")
    later(walk, 86_401)
    assert failure(lambda: walk.dingtalk.outcomes("robot", handed.message_id, DING)).permanent


def test_a_work_notice_tells_whom_it_dropped(walk: Walk) -> None:
    ding = walk.dingtalk
    first = ding.send_many("work", DING, TEXT, "n1")
    assert (first.refused, [shown(walk, user) for user in DING]) == ({}, [1, 1, 1])
    walk.ask("faults", kind="drop_silently", match="wu")
    walk.ask("read", user="zhou", bubble=walk.bubbles("zhou")[0]["id"])
    other = ding.send_many("work", [*DING, "nobody"], CARD, "n2")
    again = ding.send_many("work", DING, TEXT, "n3")
    assert ding.outcomes("work", first.message_id, DING)["zhou"] == Outcome("opened")
    assert ding.outcomes("work", other.message_id, [*DING, "nobody"]) == {
        "zhou": Outcome("unopened"), "sun": Outcome("unopened"), "wu": Outcome("dropped", code="1430003"),
        "nobody": Outcome("rejected", code="invalid"),
    }  # fmt: skip
    assert set(ding.outcomes("work", again.message_id, DING).values()) == {Outcome("dropped", code="143106")}
    assert [shown(walk, user) for user in DING] == [2, 2, 1]
    later(walk, 86_401)
    ding.send_many("work", DING, TEXT, "n4")
    assert shown(walk, "zhou") == 3, "the same words once a day"
    assert failure(lambda: ding.outcomes("work", first.message_id, DING)).permanent


def test_more_than_five_thousand_people_a_minute_are_dropped(walk: Walk) -> None:
    people = crowd(walk, 100, "dingtalk")
    walk.ask("ceilings", dingtalk_qps=1000)
    sent = [walk.dingtalk.send_many("work", people, Card(f"通知{n}", "x"), f"k{n}") for n in range(51)]
    assert walk.dingtalk.outcomes("work", sent[49].message_id, ["p0"]) == {"p0": Outcome("unopened")}
    assert walk.dingtalk.outcomes("work", sent[50].message_id, ["p0"]) == {"p0": Outcome("dropped", code="143104")}


def test_the_second_and_the_month_end_a_send_in_the_middle(walk: Walk) -> None:
    walk.ask("ceilings", dingtalk_qps=1)
    walk.dingtalk.send_many("robot", ["zhou"], TEXT, "a")
    fast = failure(lambda: walk.dingtalk.send_many("robot", ["sun"], TEXT, "b"))
    assert (fast.permanent, fast.alarm) == (False, False)
    walk.ask("ceilings", dingtalk_qps=100, dingtalk_month=1)
    walk.dingtalk.send_many("work", ["zhou"], TEXT, "c")
    for route in ("robot", "work", "board"):
        used_up = failure(lambda route=route: walk.dingtalk.send_many(route, ["sun"], TEXT, "d"))  # type: ignore[misc]
        assert (used_up.permanent, used_up.alarm) == (False, True)


def test_an_announcement_tells_when_it_was_read(walk: Walk) -> None:
    handed = walk.dingtalk.send_many("board", DING, CARD, "n1")
    assert walk.dingtalk.send_many("board", DING, CARD, "n1").message_id == handed.message_id
    assert shown(walk, "zhou") == 1
    walk.ask("read", user="zhou", bubble=walk.bubbles("zhou")[0]["id"])
    later(walk, 7 * 86_400)
    found = walk.dingtalk.outcomes("board", handed.message_id, [*DING, "nobody"])
    assert {user: one.state for user, one in found.items()} == {"zhou": "opened", "sun": "unopened", "wu": "unopened"}
    assert found["zhou"].at is not None and found["sun"].at is None
    walk.dingtalk.recall_many("board", handed.message_id)
    assert shown(walk, "zhou") == 0


def test_a_card_for_one_is_asked_for_by_its_carrier(walk: Walk) -> None:
    handed = walk.dingtalk.send_many("card", ["zhou"], CARD, "n1")
    assert walk.dingtalk.send_many("card", ["zhou"], CARD, "n1").message_id == handed.message_id
    assert walk.dingtalk.send_many("card", ["nobody"], CARD, "n1").refused == {"nobody": "param.userIdNotExist"}
    walk.ask("read", user="zhou", bubble=walk.bubbles("zhou")[0]["id"])
    assert walk.dingtalk.outcomes("card", handed.message_id, ["zhou"]) == {"zhou": Outcome("opened")}


def robot(client: Client) -> Any:
    body = {"robotCode": "dingapp", "userIds": ["zhou"], "msgKey": "sampleText", "msgParam": '{"content":"好"}'}
    return client.new("POST", "/v1.0/robot/oToMessages/batchSend", body)


@pytest.mark.parametrize(("kind", "events"), [("duplicate_callback", 2), ("reorder_callbacks", 0)])
def test_reads_come_twice_or_late_and_only_for_the_robots_messages(
    client: Client, bot: Bot, kind: str, events: int
) -> None:
    assert robot(client).ok
    client.sandbox("faults", kind=kind)
    bubble = client.bubbles("zhou")[0]
    client.sandbox("read", user="zhou", bubble=bubble["id"])
    assert len(bot.got) == events
    assert client.bubbles("zhou")[0]["read"] is True
    message = {"msgtype": "text", "text": {"content": "通知"}}
    body = {"agent_id": 1, "userid_list": "zhou", "msg": message}
    client.old("/topapi/message/corpconversation/asyncsend_v2", body)
    client.sandbox("read", user="zhou", bubble=client.bubbles("zhou")[1]["id"])
    assert len(bot.got) == events, "who read a work notice has to be asked"
