"""What goes over the wire when a person is told something, and what a partial failure becomes."""

from __future__ import annotations

import pytest

from adapters.wecom.media import upload
from adapters.wecom.outbound import Outbound
from bot.card import Button, Card
from bot.errors import PlatformError
from bot.ports import Sent
from tests.adapters.wecom.fake import Call, Vendor

CARD = Card("缺卡提醒", buttons=(Button("说明原因", "missed_punch.explain", "a1"),))
TEXT = Card("已收到")


def refused(wecom: Vendor, to: str = "zhangsan", card: Card = CARD) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        Outbound(wecom.client).send(to, card, "k")
    return caught.value


def test_send_a_card(wecom: Vendor) -> None:
    wecom.script = lambda call: {"msgid": "m1", "response_code": "rc", "invaliduser": ""}
    sent = Outbound(wecom.client).send("zhangsan", CARD, "outbox-7")
    assert (sent.message_id, sent.update_token, sent.raw["task_id"]) == ("m1", "rc", "outbox-7")
    body = wecom.calls[-1].json
    assert body["template_card"]["task_id"] == "outbox-7"
    del body["template_card"]
    assert body == {
        "touser": "zhangsan", "agentid": 1000002, "msgtype": "template_card",
        "enable_duplicate_check": 1, "duplicate_check_interval": 14400,
    }  # fmt: skip


def test_a_retry_is_the_identical_request_and_another_key_is_not(wecom: Vendor) -> None:
    for key in ("k1", "k1", "k2"):
        Outbound(wecom.client).send("zhangsan", TEXT, key)
    first, again, other = (call.body for call in wecom.calls[1:])
    assert first == again != other
    assert all(10_800 < call.json["duplicate_check_interval"] <= 14_400 for call in wecom.calls[1:])


def test_unreachable_people(wecom: Vendor) -> None:
    wecom.script = lambda call: {"msgid": "m", "invaliduser": "zhangsan"}
    assert (refused(wecom).code, refused(wecom).permanent) == ("81013", True)
    wecom.script = lambda call: {"msgid": "m", "unlicenseduser": "zhangsan"}
    assert refused(wecom).permanent
    wecom.script = lambda call: {"errcode": 81013}
    assert refused(wecom).permanent


@pytest.mark.parametrize("to", ["@all", "a|b", "", "a b", "张三", "a" * 65, "zhangsan\n"])
def test_never_more_than_one_person(wecom: Vendor, to: str) -> None:
    assert refused(wecom, to).permanent
    assert wecom.calls == []


def test_update_uses_the_code_up(wecom: Vendor) -> None:
    sent = Outbound(wecom.client).update(
        "zhangsan", Card("缺卡提醒", closed="已补卡"), Sent("m1", "rc", {"task_id": "t"})
    )
    assert (sent.message_id, sent.update_token) == ("m1", "")
    body = wecom.calls[-1].json
    card = body.pop("template_card")
    assert body == {"userids": ["zhangsan"], "agentid": 1000002, "response_code": "rc"}
    assert (card["replace_text"], card["task_id"]) == ("已补卡", "t")


def test_update_without_a_usable_code(wecom: Vendor) -> None:
    wecom.script = lambda call: {"errcode": 60140}
    for token in ("", "used"):
        with pytest.raises(PlatformError) as caught:
            Outbound(wecom.client).update("zhangsan", CARD, Sent("m1", token))
        assert (caught.value.code, caught.value.permanent) == ("60140", True)
    assert wecom.paths() == ["gettoken", "message/update_template_card"]


def test_update_of_somebody_gone(wecom: Vendor) -> None:
    wecom.script = lambda call: {"invaliduser": ["zhangsan"]}
    with pytest.raises(PlatformError, match="81013"):
        Outbound(wecom.client).update("zhangsan", CARD, Sent("m1", "rc"))


def test_recall(wecom: Vendor) -> None:
    Outbound(wecom.client).recall(Sent("m1"))
    assert (wecom.calls[-1].path, wecom.calls[-1].json) == ("message/recall", {"msgid": "m1"})
    with pytest.raises(PlatformError, match="no_message_id"):
        Outbound(wecom.client).recall(Sent(""))


def test_upload(wecom: Vendor) -> None:
    wecom.script = lambda call: {"media_id": "media-1"}
    assert upload(wecom.client, "file", "离职证明.pdf", b"%PDF-1.7 ...") == "media-1"
    call = wecom.calls[-1]
    assert (call.path, call.query["type"]) == ("media/upload", "file")
    assert b'name="media"; filename="' in call.body
    with pytest.raises(PlatformError, match="45001"):
        upload(wecom.client, "file", "x", b"12345")


def test_without_a_receive_url_the_card_becomes_one_that_opens_the_page(wecom: Vendor) -> None:
    def script(call: Call) -> dict[str, object]:
        return {"errcode": 43012} if "button_list" in call.body.decode() else {"msgid": "m2"}

    wecom.script = script
    sent = Outbound(wecom.client, "https://hr.example.cn/todo?p=wecom").send("zhangsan", CARD, "k")
    assert sent.message_id == "m2"
    assert "https://hr.example.cn/todo?p=wecom" in str(wecom.calls[-1].json)
