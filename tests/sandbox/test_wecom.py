from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.sandbox import envelope
from tests.sandbox.conftest import KEY, Bot, Client

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = "2026-01-05"


def card(task: str = "t1", **more: Any) -> dict[str, Any]:
    return {
        "card_type": "button_interaction", "task_id": task, "main_title": {"title": "补卡提醒"},
        "sub_title_text": "今天少了一次打卡",
        "horizontal_content_list": [{"keyname": "班次", "value": "09:00"}],
        "button_list": [{"text": "忘打卡", "style": 1, "key": "missed_punch.forgot~a"},
                        {"text": "看看", "type": 1, "url": "https://x.cn"}],
        **more,
    }  # fmt: skip


def send(client: Client, to: str = "zhangsan", content: Any = None, **more: Any) -> Any:
    body = {"touser": to, "agentid": 1000002, "msgtype": "template_card", "template_card": content or card(), **more}
    return client.wecom("message/send", body)


def stamp(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def opened(got: dict[str, Any]) -> str:
    encrypted = re.search(rb"<Encrypt><!\[CDATA\[(.*?)\]\]>", got["body"])
    assert encrypted
    text, args = encrypted.group(1).decode(), got["args"]
    assert envelope.sign("tok123", args["timestamp"], args["nonce"], text) == args["msg_signature"]
    return envelope.decrypt(KEY, "wwcorp", text).decode()


def test_click_delivers_the_encrypted_event_and_its_code_updates_the_card_once(client: Client, bot: Bot) -> None:
    assert send(client)["errcode"] == 0
    bubble = client.bubbles("zhangsan")[0]
    assert bubble["card"]["facts"] == [{"label": "班次", "value": "09:00"}]
    key = "missed_punch.forgot~a"
    assert client.sandbox("click", user="zhangsan", bubble=bubble["id"], key=key)["status"] == 200
    xml = opened(bot.got[0])
    assert f"<EventKey><![CDATA[{key}]]>" in xml and "<FromUserName><![CDATA[zhangsan]]>" in xml
    code = re.search(r"<ResponseCode><!\[CDATA\[(.*?)\]\]>", xml)
    assert code
    body = {
        "userids": ["zhangsan"],
        "agentid": 1000002,
        "response_code": code.group(1),
        "button": {"replace_name": "已说明"},
    }
    assert client.wecom("message/update_template_card", body)["errcode"] == 0
    shown = client.bubbles("zhangsan")[0]
    assert (shown["state"], shown["card"]["closed"]) == ("updated", "已说明")
    assert [each["key"] for each in shown["card"]["buttons"]] == [""]
    assert client.wecom("message/update_template_card", body)["errcode"] == 60140


def test_response_code_dies_after_72_hours(client: Client) -> None:
    code = send(client)["response_code"]
    client.sandbox("clock", advance=72 * 3600 + 1)
    client.tokens.clear()
    body = {
        "userids": ["zhangsan"],
        "agentid": 1000002,
        "response_code": code,
        "template_card": card(replace_text="好"),
    }
    assert client.wecom("message/update_template_card", body)["errcode"] == 60140


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"surprise": 1}, 40058),
        ({"task_id": "no space"}, 40058),
        ({"main_title": {}}, 42033),
        ({"card_type": "x"}, 42031),
        ({"button_list": [{"text": "a", "key": "k" * 1025}]}, 42039),
        ({"button_list": [{"text": "", "key": "k"}]}, 42038),
        ({"button_list": [{"text": "a", "key": "k"}] * 2}, 42039),
        ({"button_list": [{"text": "a", "key": "k"}] * 7}, 40058),
        ({"horizontal_content_list": [{"keyname": "a"}] * 7}, 42035),
        ({"horizontal_content_list": [{"value": "a"}]}, 42027),
    ],
)
def test_strict_cards(client: Client, change: dict[str, Any], code: int) -> None:
    assert send(client, content=card(**change))["errcode"] == code
    assert client.bubbles("zhangsan") == []


def test_addresses_agent_task_ids_and_tokens(client: Client) -> None:
    assert send(client, "nobody")["errcode"] == 81013
    assert send(client, "zhangsan|nobody")["invaliduser"] == "nobody"
    assert send(client)["errcode"] == 40058, "the task id is used"
    assert send(client, agentid=7)["errcode"] == 301002
    client.tokens["w"] = "wrong"
    assert client.wecom("user/get", userid="li")["errcode"] == 40014
    client.tokens["w"] = ""
    assert client.wecom("user/get", userid="li")["errcode"] == 41001


def test_silent_drops_duplicate_and_thirty_a_minute(client: Client) -> None:
    body = {
        "touser": "li",
        "agentid": 1000002,
        "msgtype": "text",
        "text": {"content": "好"},
        "enable_duplicate_check": 1,
    }
    assert [client.wecom("message/send", body)["errcode"] for _ in range(2)] == [0, 0]
    assert len(client.bubbles("li")) == 1
    body.pop("enable_duplicate_check")
    assert {client.wecom("message/send", body)["errcode"] for _ in range(32)} == {0}
    assert len(client.bubbles("li")) == 30


def test_recall_until_24_hours(client: Client) -> None:
    msgid = send(client)["msgid"]
    assert client.wecom("message/recall", {"msgid": msgid})["errcode"] == 0
    assert client.bubbles("zhangsan")[0]["state"] == "recalled"
    client.sandbox("clock", advance=86401)
    client.tokens.clear()
    assert client.wecom("message/recall", {"msgid": msgid})["errcode"] == 42052


def test_attendance_missed_row_then_correction(client: Client) -> None:
    client.sandbox("clock", at=f"{MONDAY}T14:00:00")
    client.sandbox("punch", user="li", at=f"{MONDAY}T09:10:00")
    ask = {
        "opencheckindatatype": 3,
        "starttime": stamp(MONDAY),
        "endtime": stamp(f"{MONDAY} 23:59:59"),
        "useridlist": ["zhangsan", "li"],
    }
    rows = {row["userid"]: row for row in client.wecom("checkin/getcheckindata", ask)["checkindata"]}
    assert rows["zhangsan"]["exception_type"] == "未打卡" and rows["li"]["exception_type"] == "时间异常"
    assert rows["zhangsan"]["checkin_time"] == rows["zhangsan"]["sch_checkin_time"] == stamp(f"{MONDAY} 09:00")
    day = {"starttime": stamp(MONDAY), "endtime": stamp(MONDAY), "useridlist": ["zhangsan"]}
    assert client.wecom("checkin/getcheckin_daydata", day)["datas"][0]["exception_infos"][0]["exception"] == 3
    fix = {
        "userid": "zhangsan",
        "schedule_date_time": stamp(MONDAY),
        "schedule_checkin_time": 32400,
        "checkin_time": stamp(f"{MONDAY} 09:00"),
    }
    assert client.wecom("checkin/punch_correction", {**fix, "schedule_checkin_time": 1})["errcode"] == 301080
    assert client.wecom("checkin/punch_correction", fix)["errcode"] == 0
    assert client.wecom("checkin/getcheckin_daydata", day)["datas"][0]["sp_items"][0]["type"] == 2
    assert all(row["exception_type"] != "未打卡" for row in client.wecom("checkin/getcheckindata", ask)["checkindata"])


def test_leave_directory_and_identity(client: Client) -> None:
    client.sandbox("leave", user="zhangsan", start=f"{MONDAY}T09:00", end=f"{MONDAY}T18:00", pending=True)
    span = {
        "starttime": str(stamp(MONDAY)),
        "endtime": str(stamp(MONDAY) + 86400),
        "new_cursor": "",
        "size": 100,
        "filters": [],
    }
    number = client.wecom("oa/getapprovalinfo", span)["sp_no_list"][0]
    assert client.wecom("oa/getapprovaldetail", {"sp_no": number})["info"]["sp_status"] == 1
    assert client.wecom("user/get", userid="zhangsan")["direct_leader"] == ["li"]
    departments = client.wecom("department/simplelist")["department_id"]
    found = [
        each["userid"]
        for row in departments
        for each in client.wecom("user/simplelist", department_id=row["id"])["userlist"]
    ]
    assert sorted(found) == ["chen", "gong", "li", "wang", "zhangsan"]
    assert (
        client.wecom("checkin/getcheckinoption", {"datetime": 1, "useridlist": ["li"]})["info"][0]["group"]["grouptype"]
        == 1
    )
    code = client.sandbox("code", user="wang")["code"]
    assert client.wecom("auth/getuserinfo", code=code)["userid"] == "wang"
    assert client.wecom("auth/getuserinfo", code=code)["errcode"] == 42022


def test_faults(client: Client, bot: Bot) -> None:
    for kind, code in (("expired_token", 42001), ("rate_limit", 45009), ("invalid_user", 81013)):
        client.tokens.clear()
        client.sandbox("faults", kind=kind, times=1, match="message/send")
        assert send(client, content=card(kind))["errcode"] == code
    client.tokens.clear()
    client.sandbox("faults", kind="drop_silently")
    assert send(client)["errcode"] == 0 and client.bubbles("zhangsan") == []
    client.sandbox("faults", kind="duplicate_callback")
    client.sandbox("say", user="zhangsan", text="]]>忘了")
    assert len(bot.got) == 2 and bot.got[0]["body"] == bot.got[1]["body"]
    client.sandbox("faults", kind="reorder_callbacks")
    assert client.sandbox("say", user="zhangsan", text="first") == {"status": "held"}
    client.sandbox("say", user="zhangsan", text="second")
    assert [word in opened(got) for got, word in zip(bot.got[2:], ("second", "first"), strict=True)] == [True, True]
    bot.statuses = [500, 500]
    assert client.sandbox("say", user="li", text="again")["status"] == 200 and len(bot.got) == 7


def test_secrets_stay_out_of_the_wire(client: Client) -> None:
    send(client)
    wire = str(client.sandbox("wire", "GET"))
    assert "s3cret" not in wire and client.tokens["w"] not in wire and "message/send" in wire
