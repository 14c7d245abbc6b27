"""In chat: a receipt that is deemed by a clause."""

from __future__ import annotations

from handlers.notices import tables as tb
from tests.handlers.notices import office
from tests.handlers.notices.chat import Chat
from tests.world import Firm


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
