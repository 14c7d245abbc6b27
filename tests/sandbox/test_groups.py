"""Group chats of WeCom, work notifications of DingTalk, and what else people see without a card's buttons."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Client

TEXT = {"msgtype": "text", "text": {"content": "明天九点例会"}}


def test_a_group_message_reaches_every_member_under_the_groups_name(client: Client) -> None:
    made = client.wecom("appchat/create", {"name": "研发部", "owner": "li", "userlist": ["li", "zhangsan"]})
    chat = made["chatid"]
    assert client.wecom("appchat/send", {"chatid": chat, **TEXT})["errcode"] == 0
    for user in ("li", "zhangsan"):
        shown = client.bubbles(user)[0]
        assert (shown["group"], shown["text"]) == ("研发部", "明天九点例会")
    assert client.bubbles("wang") == []
    client.wecom("appchat/update", {"chatid": chat, "add_user_list": ["wang"], "del_user_list": ["zhangsan"]})
    assert client.wecom("appchat/get", chatid=chat)["chat_info"]["userlist"] == ["li", "wang"]
    client.wecom("appchat/send", {"chatid": chat, **TEXT})
    assert (len(client.bubbles("wang")), len(client.bubbles("zhangsan"))) == (1, 1)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("create", {"userlist": ["li"]}, 86001),
        ("create", {"userlist": ["li", "nobody"]}, 86216),
        ("create", {"userlist": ["li", "wang"], "owner": "chen"}, 86216),
        ("create", {"userlist": ["li", "wang"], "chatid": "no space"}, 40058),
        ("create", {"userlist": ["li", "wang"], "chatid": "taken"}, 86215),
        ("send", {"chatid": "unknown", **TEXT}, 40050),
        ("send", {"chatid": "taken", "msgtype": "template_card", "template_card": {}}, 40008),
        ("send", {"chatid": "taken", "agentid": 1000002, **TEXT}, 40058),
        ("send", {"chatid": "taken", "msgtype": "file", "file": {"media_id": "x"}}, 40007),
    ],
)
def test_group_refusals(client: Client, path: str, body: dict[str, Any], code: int) -> None:
    client.wecom("appchat/create", {"userlist": ["li", "wang"], "chatid": "taken"})
    assert client.wecom(f"appchat/{path}", body)["errcode"] == code


def test_media_comes_back_as_it_went(client: Client) -> None:
    client.wecom("user/get", userid="li")
    token = {"access_token": client.tokens["w"]}
    url = client.base + "/cgi-bin/media/"
    sent = requests.post(url + "upload", params={**token, "type": "file"}, files={"media": ("a.bin", b"\x00" * 9)}, timeout=10)  # fmt: skip  # noqa: E501
    media = sent.json()["media_id"]
    assert requests.get(url + "get", params={**token, "media_id": media}, timeout=10).content == b"\x00" * 9
    assert requests.get(url + "get", params={**token, "media_id": "x"}, timeout=10).json()["errcode"] == 40007
    assert requests.get(url + "get", params={"media_id": media}, timeout=10).json()["errcode"] == 41001
    uploads = [entry for entry in client.sandbox("wire", "GET") if entry["path"].endswith("media/upload")]
    assert uploads[0]["request"].startswith("(multipart, ")


def notice(client: Client, users: str, message: dict[str, Any], agent: int = 1) -> Any:
    body = {"agent_id": agent, "userid_list": users, "msg": message}
    return client.old("/topapi/message/corpconversation/asyncsend_v2", body)


def test_a_work_notification_is_shown_read_and_recalled(client: Client) -> None:
    buttons = [{"title": "同意", "action_url": "https://a.cn/1"}, {"title": "不同意", "action_url": "https://a.cn/2"}]
    card = {"title": "调班", "markdown": "### 周六\n能来吗", "btn_orientation": "1", "btn_json_list": buttons}
    message = {"msgtype": "action_card", "action_card": card}
    task = notice(client, "zhou,nobody", message)["task_id"]
    shown = client.bubbles("zhou")[0]
    assert [each["url"] for each in shown["card"]["buttons"]] == ["https://a.cn/1", "https://a.cn/2"]
    assert shown["card"]["across"] is True
    ask, path = {"agent_id": 1, "task_id": task}, "/topapi/message/corpconversation/"
    assert client.old(path + "getsendprogress", ask)["progress"]["status"] == 2
    result = client.old(path + "getsendresult", ask)["send_result"]
    assert (result["unread_user_id_list"], result["invalid_user_id_list"]) == (["zhou"], ["nobody"])
    client.sandbox("read", user="zhou", bubble=shown["id"])
    assert client.old(path + "getsendresult", ask)["send_result"]["read_user_id_list"] == ["zhou"]
    again = notice(client, "zhou", message)["task_id"]
    held = client.old(path + "getsendresult", {"agent_id": 1, "task_id": again})["send_result"]["forbidden_list"]
    assert held[0]["code"] == "143106" and len(client.bubbles("zhou")) == 1, "the same words once a day"
    assert client.old(path + "recall", {"agent_id": 1, "msg_task_id": task})["errcode"] == 0
    assert client.bubbles("zhou")[0]["state"] == "recalled"
    client.sandbox("clock", advance=86401)
    client.tokens.clear()
    assert client.old(path + "getsendresult", ask)["errcode"] == 400002


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"msgtype": "voice", "voice": {}}, 40008),
        ({"msgtype": "text", "text": {"content": "x" * 2100}}, 40035),
        ({"msgtype": "file", "file": {"media_id": "x"}}, 40007),
        ({"msgtype": "action_card", "action_card": {"title": "t", "markdown": "m"}}, 40035),
        ({"msgtype": "action_card", "action_card": {"title": "t", "markdown": "m", "single_title": "看" * 21,
                                                    "single_url": "https://a.cn"}}, 40035),
    ],
)  # fmt: skip
def test_work_notification_refusals(client: Client, message: dict[str, Any], code: int) -> None:
    assert notice(client, "zhou", message)["errcode"] == code
    assert notice(client, "zhou", message, agent=7)["errcode"] == 40056
    assert notice(client, "", message)["errcode"] == 40035
    assert client.bubbles("zhou") == []


def test_an_action_card_needs_every_key_of_its_kind(client: Client) -> None:
    body = {"robotCode": "dingapp", "userIds": ["zhou"], "msgKey": "sampleActionCard2"}
    one = '{"title":"t","text":"x","actionTitle1":"a","actionURL1":"https://a.cn"}'
    assert client.new("POST", "/v1.0/robot/oToMessages/batchSend", {**body, "msgParam": one}).status_code == 400
    two = one[:-1] + ',"actionTitle2":"b","actionURL2":"https://b.cn"}'
    assert client.new("POST", "/v1.0/robot/oToMessages/batchSend", {**body, "msgParam": two}).ok
    assert [each["label"] for each in client.bubbles("zhou")[0]["card"]["buttons"]] == ["a", "b"]
