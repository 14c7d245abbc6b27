"""In chat: a file that cannot be taken, and a receipt that is deemed by a clause."""

from __future__ import annotations

import pytest

from bot.event import UNKNOWN
from handlers.notices import tables as tb
from tests.handlers.notices import office
from tests.handlers.notices.chat import Chat
from tests.world import Firm


@pytest.mark.parametrize("data", [{"type": "file"}, {"type": "picture", "conversation": "1"}, {"msg_type": "image"}])
def test_a_file_in_chat_is_said_not_to_be_taken_and_leads_to_the_page(firm: Firm, data: dict[str, str]) -> None:
    chat = Chat(firm)
    firm.dispatch(firm.event("wang", UNKNOWN, **data))
    firm.courier.drain()
    assert "没有保存" in chat.last("wang") and "pdf" in chat.last("wang") and "新通知" in chat.last("wang")
    assert firm.rows(tb.file) == []
    chat.say("wang", "发通知 端午放假\n**6 月 19 日**放假。")
    firm.dispatch(firm.event("wang", UNKNOWN, **data))
    firm.courier.drain()
    assert "您的草稿《端午放假》" in chat.last("wang")


@pytest.mark.parametrize(
    ("who", "data"),
    [("zhang", {"type": "file"}), ("wang", {"type": "audio"}), ("wang", {"type": "file", "conversation": "2"})],
)
def test_nothing_is_said_to_others_about_other_things_or_in_groups(firm: Firm, who: str, data: dict[str, str]) -> None:
    chat = Chat(firm)
    firm.dispatch(firm.event(who, UNKNOWN, **data))
    firm.courier.drain()
    assert not any("文件请在网页上添加" in card.title for card in chat.seen(who))


def test_deemed_receipt_is_on_record_with_its_clause_and_changes_no_rung(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang", "fake:li"])
    office.send(firm)
    chat = Chat(firm)
    before = firm.rows(tb.recipient)
    assert "怎样标明" in chat.say("wang", "视为收到")
    name = office.who(firm, "zhang").name
    assert "不能替别人同意" in chat.say("wang", f"替他同意 {name}《考勤制度》第十二条")
    assert "必须说明凭什么" in chat.say("wang", f"视为收到 {name}《考勤制度》")
    assert "没有找到" in chat.say("wang", f"视为收到 {name}《差旅制度》第十二条")
    assert office.events(firm, "notice.deemed_received") == []
    assert "已标明：视为收到" in chat.say("wang", f"视为收到 {name}《考勤制度》第十二条：公示三日视为送达")
    assert "已标明" in chat.say("wang", f"视为收到{name}《考勤制度》第十二条")
    assert "已标明" in chat.say("wang", f"Deemed received {name} 《考勤制度》 clause 12")
    assert len(office.events(firm, "notice.deemed_received")) == 3
    assert firm.rows(tb.recipient) == before


def test_only_hr_can_have_a_receipt_deemed(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    name = office.who(firm, "zhang").name
    for user in ("li", "zhang", "stranger"):
        firm.dispatch(firm.event(user, "chat.text", text=f"视为收到 {name}《考勤制度》第十二条"))
    assert office.events(firm, "notice.deemed_received") == []
