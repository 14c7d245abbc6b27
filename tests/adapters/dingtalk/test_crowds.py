"""One message to many people on DingTalk: every list and window of the vendor's answers, over a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as rules, strategies as st

from adapters.dingtalk import build
from adapters.dingtalk.crowds_work import message
from adapters.dingtalk.platform import DingTalk
from bot.card import Button, Card, Fact
from bot.errors import PlatformError
from bot.ports.crowds import Crowds, Outcome
from tests.adapters.dingtalk.fakes import Seen, Store, Vendor

CREATE, BATCH = "/v1.0/card/instances/createAndDeliver", "/v1.0/robot/oToMessages/batchSend"
READ, RECALL = "/v1.0/robot/oToMessages/readStatus", "/v1.0/robot/otoMessages/batchRecall"
WORK = "/topapi/message/corpconversation/"
BOARD = "/topapi/blackboard/"
CARD = Card("考勤制度", "10 月 1 日起生效", buttons=(Button("收到", "notices.received", "r1", "primary"),))


@pytest.fixture
def ding(settings: Any, store: Store) -> DingTalk:
    settings.dingtalk_board_operator = "admin"
    found = build(settings, store)
    assert isinstance(found, DingTalk) and isinstance(found, Crowds)
    return found


def test_routes_name_the_vendors_ceilings(ding: DingTalk, settings: Any, store: Store) -> None:
    routes = ding.routes
    assert {name: (one.people, one.tells, one.once_a_day) for name, one in routes.items()} == {
        "robot": (20, "whether", False), "card": (1, "whether", False), "work": (100, "whether", True),
        "board": (1000, "when", False),
    }  # fmt: skip
    assert (routes["work"].per_minute, routes["work"].per_person) == (5000, 500)
    settings.dingtalk_board_operator = ""
    assert set(DingTalk(settings, store).routes) == {"robot", "card", "work"}, "no administrator, no announcements"
    with pytest.raises(PlatformError, match="no_route"):
        DingTalk(settings, store).send_many("board", ["u1"], CARD, "k")


def test_a_robots_200_is_not_delivery_and_a_repetition_asks_nobody(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers[BATCH] = {
        "processQueryKey": "q1", "invalidStaffIdList": ["u2"], "flowControlledStaffIdList": ["u3"],
        "filteredStaffIdList": ["u4"],
    }  # fmt: skip
    first = ding.send_many("robot", ["u1", "u2", "u3", "u4", "u1"], CARD, "n1-0")
    assert first.refused == {"u2": "staffId.notExisted", "u3": "send.too.fast", "u4": "send.forbidden"}
    again = ding.send_many("robot", ["u1", "u2", "u3", "u4"], CARD, "n1-0")
    assert (again.message_id, again.refused, again.raw["repeated"]) == ("q1", first.refused, True)
    (seen,) = vendor.calls(BATCH)
    assert seen.body["userIds"] == ["u1", "u2", "u3", "u4"]
    assert "notices.received" not in seen.body["msgParam"], "a plain message cannot call back"
    vendor.answers[BATCH] = {"processQueryKey": "", "invalidStaffIdList": ["u2"]}
    assert ding.send_many("robot", ["u2"], CARD, "n2").refused == {"u2": "staffId.notExisted"}
    ding.send_many("robot", ["u2"], CARD, "n2")
    assert len(vendor.calls(BATCH)) == 3, "whoever was not reached may be tried again under the same key"


def test_reads_are_told_without_a_time_and_survive_a_recall(ding: DingTalk, vendor: Vendor) -> None:
    rows = [{"userId": "u1", "readStatus": "read"}, {"userId": "u2", "readStatus": "UNREAD"}, {"userId": "u3"}]
    vendor.answers[READ] = {"sendStatus": "SUCESS", "messageReadInfoList": rows}
    found = ding.outcomes("robot", "q1", ["u1", "u2", "u9"])
    assert found == {"u1": Outcome("opened"), "u2": Outcome("unopened")}
    vendor.answers[READ] = {"sendStatus": "RECALLED", "messageReadInfoList": rows}
    assert ding.outcomes("robot", "q1", ["u1"]) == {"u1": Outcome("opened", code="RECALLED")}


def test_not_yet_and_too_late_share_a_code_and_are_told_apart(ding: DingTalk, vendor: Vendor, store: Store) -> None:
    vendor.answers |= {BATCH: {"processQueryKey": "q1"}, READ: lambda _: (400, {"code": "processQueryKey.expireTime"})}
    vendor.answers[RECALL] = {"failedResult": {"q1": "processQueryKey.expireTime"}}
    ding.send_many("robot", ["u1"], CARD, "k")
    assert ding.outcomes("robot", "q1", ["u1"]) == {}
    with pytest.raises(PlatformError) as young:
        ding.recall_many("robot", "q1")
    assert not young.value.permanent
    store.values.clear()  # a day later nothing is remembered
    for late in (lambda: ding.outcomes("robot", "q1", ["u1"]), lambda: ding.recall_many("robot", "q1")):
        with pytest.raises(PlatformError) as found:
            late()
        assert found.value.permanent and not found.value.alarm


def test_a_card_for_one_is_named_by_what_can_be_asked_for(ding: DingTalk, vendor: Vendor) -> None:
    row = {"spaceType": "IM_ROBOT", "success": True, "carrierId": "c1"}
    vendor.answers[CREATE] = {"success": True, "result": {"deliverResults": [row]}}
    handed = ding.send_many("card", ["u1"], CARD, "k")
    assert handed.message_id == "c1" and str(handed.raw["track"]).startswith("hp-")
    vendor.answers[READ] = {"messageReadInfoList": [{"userId": "u1", "readStatus": "READ"}]}
    assert ding.outcomes("card", "c1", ["u1"]) == {"u1": Outcome("opened")}
    assert "processQueryKey=c1" in vendor.calls(READ)[0].path
    vendor.answers[CREATE] = lambda _: (400, {"code": "param.userIdNotExist"})
    assert ding.send_many("card", ["u2"], CARD, "k").refused == {"u2": "param.userIdNotExist"}
    vendor.answers[CREATE] = lambda _: (400, {"code": "param.cardAlreadyExist"})
    unknown = ding.send_many("card", ["u3"], CARD, "k").message_id
    assert ding.outcomes("card", unknown, ["u3"]) == {}
    with pytest.raises(PlatformError, match="carrier"):
        ding.recall_many("card", unknown)


def test_a_work_notices_result_names_every_fate(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers[WORK + "asyncsend_v2"] = {"errcode": 0, "task_id": 7}
    handed = ding.send_many("work", ["u1", "a,b", "u2"], CARD, "k")
    assert (handed.message_id, handed.refused) == ("7", {"a,b": "33012"})
    (seen,) = vendor.calls(WORK + "asyncsend_v2")
    assert (seen.body["userid_list"], seen.body["agent_id"]) == ("u1,u2", 1)
    vendor.answers[WORK + "getsendprogress"] = {"errcode": 0, "progress": {"status": 1}}
    assert ding.outcomes("work", "7", ["u1"]) == {}
    vendor.answers[WORK + "getsendprogress"] = {"errcode": 0, "progress": {"status": 2}}
    rows = [{"code": "143106", "count": 1, "userid": ["u5"]}, {"code": 143105, "userid": "u6,u7"},
            {"code": "1430004", "userid": ["u8"]}]  # fmt: skip
    vendor.answers[WORK + "getsendresult"] = {"errcode": 0, "send_result": {
        "read_user_id_list": ["u1"], "unread_user_id_list": ["u2", "u9"], "failed_user_id_list": ["u3"],
        "invalid_user_id_list": '["u4"]', "forbidden_list": rows, "forbidden_user_id_list": ["u5", "u9"],
    }}  # fmt: skip
    assert ding.outcomes("work", "7", [f"u{n}" for n in range(1, 11)]) == {
        "u1": Outcome("opened"), "u2": Outcome("unopened"), "u3": Outcome("rejected", code="failed"),
        "u4": Outcome("rejected", code="invalid"), "u5": Outcome("dropped", code="143106"),
        "u6": Outcome("dropped", code="143105"), "u7": Outcome("dropped", code="143105"),
        "u8": Outcome("rejected", code="1430004"), "u9": Outcome("dropped", code="forbidden"),
    }  # fmt: skip


def test_a_work_notice_after_its_day(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers |= {WORK + "getsendprogress": {"errcode": 400002}, WORK + "recall": {"errcode": 400002}}
    for late in (lambda: ding.outcomes("work", "7", ["u1"]), lambda: ding.recall_many("work", "7")):
        with pytest.raises(PlatformError) as found:
            late()
        assert found.value.permanent and not found.value.alarm
    with pytest.raises(PlatformError, match="no_message_id"):
        ding.recall_many("work", "seven")


@pytest.mark.parametrize(
    ("code", "permanent", "alarm", "least"),
    [
        ("Forbidden.AccessDenied.ApiCountLimitForOrg", False, True, 60),
        ("Forbidden.AccessDenied.AccessTokenPermissionDenied", False, True, 600),
        ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", False, False, 1),
        ("contain.notAllowed.text", True, True, 0),
    ],
)
def test_what_stops_a_send_in_the_middle(
    ding: DingTalk, vendor: Vendor, code: str, permanent: bool, alarm: bool, least: float
) -> None:
    vendor.answers[BATCH] = lambda _: (403, {"code": code, "message": ""})
    with pytest.raises(PlatformError) as found:
        ding.send_many("robot", ["u1"], CARD, "k")
    assert (found.value.permanent, found.value.alarm) == (permanent, alarm)
    assert permanent or found.value.retry_after >= least


@pytest.mark.parametrize(("code", "alarm"), [(90020, True), (60011, True), (90018, False)])
def test_the_older_host_stops_a_send_too(ding: DingTalk, vendor: Vendor, code: int, alarm: bool) -> None:
    vendor.answers[WORK + "asyncsend_v2"] = {"errcode": 88, "sub_code": str(code), "sub_msg": ""}
    with pytest.raises(PlatformError) as found:
        ding.send_many("work", ["u1"], CARD, "k")
    assert (found.value.permanent, found.value.alarm) == (False, alarm)


class Announcements:
    """The board as its pages describe it; `hidden` announcements are not listed yet."""

    def __init__(self, vendor: Vendor) -> None:
        self.made: list[dict[str, Any]] = []
        self.hidden = False
        vendor.answers |= {
            BOARD + "create": self.create,
            BOARD + "listids": self.list,
            BOARD + "delete": {"errcode": 0},
        }
        vendor.answers["/v1.0/blackboard/get_blackboard"] = self.one

    def create(self, seen: Seen) -> tuple[int, Any]:
        self.made.append(seen.body["create_request"])
        return 200, {"errcode": 0, "result": True}

    def list(self, seen: Seen) -> tuple[int, Any]:
        ids = [] if self.hidden else [f"b{n}" for n in reversed(range(len(self.made)))]
        page = seen.body["query_request"]["page"]
        return 200, {"errcode": 0, "result": ids if page == 1 else []}

    def one(self, seen: Seen) -> tuple[int, Any]:
        number = int(seen.path.split("blackboardId=b")[1].split("&")[0])
        return 200, {"content": self.made[number]["content"], "readCount": 0}


def test_an_announcement_is_found_by_its_number_and_made_once(ding: DingTalk, vendor: Vendor) -> None:
    board = Announcements(vendor)
    first = ding.send_many("board", ["u1", "u2"], CARD, "n1")
    second = ding.send_many("board", ["u3"], CARD, "n1")
    assert (first.message_id, second.message_id) == ("b0", "b1"), "the same words to two groups are two announcements"
    assert board.made[0]["blackboard_receiver"] == {"userid_list": ["u1", "u2"]}
    assert board.made[0]["operation_userid"] == "admin"
    assert "收到" in board.made[0]["content"] and "hr.example.com/todo" in board.made[0]["content"]
    board.hidden = True
    with pytest.raises(PlatformError) as found:
        ding.send_many("board", ["u4"], CARD, "n1")
    assert not found.value.permanent
    board.hidden = False
    assert ding.send_many("board", ["u4"], CARD, "n1").message_id == "b2"
    assert len(board.made) == 3
    ding.recall_many("board", "b2")
    assert vendor.calls(BOARD + "delete")[0].body == {"blackboard_id": "b2", "operation_userid": "admin"}


def test_readers_come_with_dingtalks_own_time_page_by_page(ding: DingTalk, vendor: Vendor) -> None:
    def readers(seen: Seen) -> tuple[int, Any]:
        if "nextToken=2" in seen.path:
            return 200, {"users": [{"userId": "u2", "read": "false"}]}
        return 200, {"users": [{"userId": "u1", "read": "true", "readTimestamp": 1781100000000}], "nextToken": "2"}

    vendor.answers["/v1.0/blackboard/readers"] = readers
    assert ding.outcomes("board", "b1", ["u1", "u2", "u3"]) == {
        "u1": Outcome("opened", datetime.fromtimestamp(1781100000, UTC)),
        "u2": Outcome("unopened"),
    }


def test_one_call_holds_no_more_people_than_its_route(ding: DingTalk, vendor: Vendor) -> None:
    for route, most in (("robot", 20), ("work", 100), ("board", 1000), ("card", 1)):
        with pytest.raises(PlatformError, match="too_many"):
            ding.send_many(route, [f"u{n}" for n in range(most + 1)], CARD, "k")
        with pytest.raises(PlatformError, match="too_many"):
            ding.send_many(route, [], CARD, "k")
    assert vendor.seen == []


LONG = "https://a.cn/" + "x" * 600
cards = st.builds(
    Card,
    st.text(max_size=90),
    st.text(max_size=3000),
    st.lists(st.builds(Fact, st.text(max_size=9), st.text(max_size=60)), max_size=6).map(tuple),
    buttons=st.lists(
        st.builds(Button, st.text(max_size=40), st.just("notices.a"), url=st.sampled_from(["", LONG])),
        max_size=6,
    ).map(tuple),
)  # fmt: skip


@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cards, st.sampled_from(["", "https://hr.example.com/todo?p=dingtalk"]))
def test_any_card_fits_into_a_work_notice(card: Card, page: str) -> None:
    made = message(card, page)
    assert len(json.dumps(made, ensure_ascii=False).encode()) <= 2048
    body = made[made["msgtype"]]
    assert body["title"] and (body.get("markdown") or body.get("text"))
    if made["msgtype"] == "action_card" and "single_title" in body:
        assert len(body["single_title"]) <= 20 and len(body["single_url"]) <= 500
