from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from adapters.sandbox import envelope
from adapters.sandbox.app import Running
from tests.sandbox.conftest import KEY, Bot, Client

PUBLIC = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
MONDAY = "2026-01-05"


def create(client: Client, user: str = "zhou", track: str = "o1", template: str = "own.schema", **more: Any) -> Any:
    own = {
        "title": "补卡提醒",
        "text": "今天少了一次打卡",
        "facts": json.dumps([{"label": "班次", "value": "09:00"}]),
        "buttons": json.dumps([{"label": "忘打卡", "key": "missed_punch.forgot~a", "style": "primary"}]),
        "footer": "f",
        "closed": "",
    }
    public = {
        "title": "补卡提醒",
        "markdown": "今天少了\n\n**班次**：09:00\n\n> 忘了",
        "tips": "f",
        "sys_full_json_obj": json.dumps(
            {"msgButtons": [{"text": "忘打卡", "color": "blue", "id": "k1", "request": True}]}
        ),
    }
    body = {
        "cardTemplateId": template,
        "outTrackId": track,
        "callbackType": "STREAM",
        "userIdType": 1,
        "cardData": {"cardParamMap": own if template == "own.schema" else public},
        "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
        "imRobotOpenSpaceModel": {"supportForward": False},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "dingapp"},
        **more,
    }
    return client.new("POST", "/v1.0/card/instances/createAndDeliver", body)  # fmt: skip


class Listener:
    """A Stream client that acknowledges everything with `answer`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.frames, self.came = socket, [], threading.Semaphore(0)
        self.answer: Any = {"response": {}}
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            for text in self.socket:
                frame = json.loads(text)
                self.frames.append(frame)
                head = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
                if frame["headers"]["topic"] != "disconnect":
                    self.socket.send(
                        json.dumps({"code": 200, "headers": head, "message": "OK", "data": json.dumps(self.answer)})
                    )
                self.came.release()
        except ConnectionClosed:
            self.frames.append({"closed": True})


def open_socket(client: Client) -> tuple[str, Any]:
    body = {"clientId": "dingapp", "clientSecret": "dsecret", "subscriptions": [{"type": "EVENT", "topic": "*"}]}
    got = requests.post(client.base + "/v1.0/gateway/connections/open", json=body, timeout=10).json()
    return f"{got['endpoint']}?ticket={quote(got['ticket'])}", got


@pytest.fixture
def listener(client: Client, running: Running) -> Iterator[Listener]:
    url, _ = open_socket(client)
    with connect(url, proxy=None) as socket:
        listening = Listener(socket)
        wait_for(lambda: running.vendors["dingtalk"].stream.connected())  # type: ignore[attr-defined]
        yield listening
        socket.close()
        listening.thread.join()
    wait_for(lambda: not running.vendors["dingtalk"].stream.connected())  # type: ignore[attr-defined]


def wait_for(true: Any) -> None:
    pause = threading.Event()
    for _ in range(500):
        if true():
            return
        pause.wait(0.01)
    raise AssertionError("it never came true")


def test_stream_click_and_answer_closes_the_card(client: Client, listener: Listener) -> None:
    assert create(client).json()["result"]["deliverResults"][0]["success"] is True
    bubble = client.bubbles("zhou")[0]
    assert bubble["card"]["buttons"][0]["key"] == "missed_punch.forgot~a"
    listener.answer = {
        "response": {
            "cardData": {"cardParamMap": {"closed": "已说明"}},
            "cardUpdateOptions": {"updateCardDataByKey": True},
        }
    }
    assert client.sandbox("click", user="zhou", bubble=bubble["id"], key="missed_punch.forgot~a")["status"] == 200
    payload = json.loads(listener.frames[0]["data"])
    assert payload["userId"] == "zhou" and "missed_punch.forgot~a" in payload["content"]
    shown = client.bubbles("zhou")[0]["card"]
    assert (shown["closed"], shown["buttons"], shown["title"]) == ("已说明", [], "补卡提醒")


def test_stream_message_punch_event_and_disconnect(client: Client, listener: Listener) -> None:
    client.sandbox("say", user="zhou", text="忘了")
    client.sandbox("punch", user="zhou")
    assert json.loads(listener.frames[0]["data"])["senderStaffId"] == "zhou"
    head = listener.frames[1]["headers"]
    assert head["eventType"] == "attendance_check_record" and head["eventId"]
    client.sandbox("disconnect")
    listener.thread.join()
    assert listener.frames[2]["headers"]["topic"] == "disconnect"


def test_ticket_is_single_use_and_dies_after_90_seconds(client: Client) -> None:
    used, _ = open_socket(client)
    with connect(used, proxy=None):
        pass
    late, _ = open_socket(client)
    client.sandbox("clock", advance=91)
    for url in (used, late):
        with connect(url, proxy=None) as socket, pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)


def test_public_template_over_http(client: Client, bot: Bot) -> None:
    register = {
        "callbackRouteKey": "r",
        "callbackUrl": bot.url + "/callbacks/dingtalk/cards",
        "apiSecret": "a",
        "forceUpdate": True,
    }
    assert client.new("POST", "/v1.0/card/callbacks/register", register).ok
    create(client, template=PUBLIC, callbackType="HTTP", callbackRouteKey="r")
    bubble = client.bubbles("zhou")[0]
    assert bubble["card"]["facts"] == [{"label": "班次", "value": "09:00"}] and bubble["card"]["quote"] == "忘了"
    bot.answer = json.dumps({"cardData": {"cardParamMap": {"sys_full_json_obj": '{"msgButtons":[]}', "tips": "已说明"}},
                             "cardUpdateOptions": {"updateCardDataByKey": True}})  # fmt: skip
    client.sandbox("click", user="zhou", bubble=bubble["id"], key="k1")
    head = bot.got[0]["headers"]
    assert envelope.hmac_base64("a", head["X-Ddpaas-Signature-Timestamp"]) == head["X-Ddpaas-Signature"]
    shown = client.bubbles("zhou")[0]["card"]
    assert (shown["closed"], shown["text"]) == ("已说明", "今天少了")


def test_robot_message_and_event_over_http(client: Client, bot: Bot, running: Running) -> None:
    client.sandbox("say", user="zhou", text="忘了")
    head = bot.got[0]["headers"]
    assert envelope.hmac_base64("dsecret", head["Timestamp"] + "\ndsecret") == head["Sign"]
    running.vendors["dingtalk"].event("attend_bossCheck_change", {"userId": "zhou"})  # type: ignore[attr-defined]
    encrypted, args = json.loads(bot.got[1]["body"])["encrypt"], bot.got[1]["args"]
    assert envelope.sign("dtok", args["timestamp"], args["nonce"], encrypted) == args["signature"]
    assert json.loads(envelope.decrypt(KEY, "dingapp", encrypted))["EventType"] == "attend_bossCheck_change"


def test_read_event_and_status(client: Client, listener: Listener) -> None:
    create(client)
    bubble = client.bubbles("zhou")[0]
    assert client.sandbox("read", user="zhou", bubble=bubble["id"])["status"] == 200
    event = json.loads(listener.frames[0]["data"])
    query = {"robotCode": "dingapp", "processQueryKey": event["processQueryKey"]}
    status = client.new("GET", "/v1.0/robot/oToMessages/readStatus", **query).json()
    assert status["messageReadInfoList"][0]["readStatus"] == "READ"


def test_card_errors_and_update(client: Client) -> None:
    assert create(client, "nobody").json()["result"]["deliverResults"][0]["success"] is False
    assert create(client).ok and create(client).json()["code"] == "param.cardAlreadyExist"
    assert create(client, track="o2", surprise=1).json()["code"] == "param.invalid"
    put = {"outTrackId": "o1", "cardData": {"cardParamMap": {"closed": "已撤销"}}}
    assert client.new("PUT", "/v1.0/card/instances", put).json()["success"] is True
    assert client.bubbles("zhou")[0]["card"]["title"] == "", "without updateCardDataByKey the rest is gone"
    assert client.new("PUT", "/v1.0/card/instances", {**put, "outTrackId": "x"}).json()["code"] == "param.cardNotExist"


def test_robot_send_status_recall(client: Client) -> None:
    body = {
        "robotCode": "dingapp",
        "userIds": ["zhou", "nobody"],
        "msgKey": "sampleMarkdown",
        "msgParam": '{"title":"t","text":"# hi"}',
    }
    sent = client.new("POST", "/v1.0/robot/oToMessages/batchSend", body).json()
    assert sent["invalidStaffIdList"] == ["nobody"]
    query = {"robotCode": "dingapp", "processQueryKey": sent["processQueryKey"]}
    assert client.new("GET", "/v1.0/robot/oToMessages/readStatus", **query).json()["sendStatus"] == "SUCCESS"
    recall = {"robotCode": "dingapp", "processQueryKeys": [sent["processQueryKey"], "x"]}
    answer = client.new("POST", "/v1.0/robot/otoMessages/batchRecall", recall).json()
    assert answer == {"successResult": [sent["processQueryKey"]], "failedResult": {"x": "processQueryKey.expireTime"}}
    assert client.bubbles("zhou")[0]["state"] == "recalled"


def test_attendance_lists_and_make_up(client: Client) -> None:
    client.sandbox("clock", at=f"{MONDAY}T13:40:00")
    client.sandbox("punch", user="sun", at=f"{MONDAY}T08:55:00")
    days = {
        "workDateFrom": f"{MONDAY} 00:00:00",
        "workDateTo": f"{MONDAY} 00:00:00",
        "userIdList": ["zhou", "sun"],
        "offset": 0,
        "limit": 50,
    }
    rows = {row["userId"]: row for row in client.old("/attendance/list", days)["recordresult"]}
    assert rows["zhou"]["timeResult"] == "NotSigned" and rows["zhou"]["userCheckTime"] == rows["zhou"]["baseCheckTime"]
    assert rows["sun"]["timeResult"] == "Normal"
    record = {"userIds": ["zhou", "sun"], "checkDateFrom": f"{MONDAY} 00:00:00", "checkDateTo": f"{MONDAY} 23:59:59"}
    assert [row["userId"] for row in client.old("/attendance/listRecord", record)["recordresult"]] == ["sun"]
    at = int(datetime.fromisoformat(MONDAY).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
    plan = {"op_user_id": "wu", "userids": "zhou", "from_date_time": at, "to_date_time": at + 1}
    slot = client.old("/topapi/attendance/schedule/listbyusers", plan)["result"][0]
    assert slot["plan_check_time"] == f"{MONDAY} 09:00:00" and slot["check_type"] == "OnDuty"
    fix = {"userid": "zhou", "work_date": MONDAY, "punch_id": slot["id"], "punch_check_time": f"{MONDAY} 09:00",
           "user_check_time": f"{MONDAY} 09:00", "approve_id": "c1", "tag_name": "补卡"}  # fmt: skip
    day = {"op_user_id": "wu", "user_id": "zhou", "date_time": at}
    assert client.old("/topapi/attendance/schedule/listbyday", day)["result"][0]["check_status"] == "Timeout"
    assert [client.old("/topapi/attendance/approve/check", fix)["errcode"] for _ in range(2)] == [0, 0]
    assert client.old("/topapi/attendance/schedule/listbyday", day)["result"][0]["check_status"] == "Checked"
    client.old("/topapi/attendance/approve/cancel", {"userid": "zhou", "approve_id": "c1"})
    assert client.old("/topapi/attendance/schedule/listbyday", day)["result"][0]["check_status"] == "Timeout"
    client.sandbox("leave", user="zhou", start=f"{MONDAY}T09:00", end=f"{MONDAY}T18:00")
    ask = {"userid_list": "zhou", "start_time": at, "end_time": at + 86_400_000, "offset": 0, "size": 20}
    assert client.old("/topapi/attendance/getleavestatus", ask)["result"]["leave_status"][0]["duration_percent"] == 900


def test_tokens_errors_and_directory(client: Client) -> None:
    bare = requests.post(client.base + "/topapi/v2/user/get", json={"userid": "zhou"}, timeout=10).json()
    assert (bare["errcode"], bare["sub_code"]) == (88, "40000")
    assert client.old("/topapi/v2/user/get", {"userid": "zhou"})["result"]["manager_userid"] == "sun"
    assert client.old("/topapi/v2/user/get", {"userid": "x"})["errcode"] == 60121
    departments = client.old("/topapi/v2/department/listsub", {"dept_id": 1})["result"]
    people = [
        client.old("/topapi/user/listid", {"dept_id": each["dept_id"]})["result"]["userid_list"] for each in departments
    ]
    assert people == [["zhou", "sun"], ["wu"]]
    code = client.sandbox("code", user="sun")["code"]
    assert client.old("/topapi/v2/user/getuserinfo", {"code": code})["result"]["userid"] == "sun"
    assert client.old("/topapi/v2/user/getuserinfo", {"code": code})["errcode"] == 42008
    client.sandbox("faults", kind="rate_limit")
    limited = create(client)
    assert (limited.status_code, limited.json()["code"]) == (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    client.sandbox("faults", kind="expired_token")
    assert create(client).json()["code"] == "InvalidAuthentication"
    bad = requests.post(
        client.base + "/v1.0/oauth2/accessToken", json={"appKey": "dingapp", "appSecret": "x"}, timeout=10
    )
    assert (bad.status_code, bad.json()["code"]) == (400, "invalidClientIdOrSecret")
