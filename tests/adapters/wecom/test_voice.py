"""Voice calls through WeCom, with the outcome in WeCom's own codes."""

from __future__ import annotations

import pytest

from adapters.wecom.channel import Voice, build
from bot.errors import PlatformError
from bot.ports import Outcomes
from config.settings import load, sandbox_env
from tests.adapters.wecom.fake import Call, Store, Vendor


def test_a_call_and_how_it_ended(wecom: Vendor) -> None:
    def script(call: Call) -> dict[str, object]:
        if call.path == "pstncc/call":
            assert call.json == {"callee_userid": ["zhang"]}
            return {"states": [{"code": 0, "callid": "c-1", "userid": "zhang"}]}
        assert call.json == {"callee_userid": "zhang", "callid": "c-1"}
        return {"istalked": 0, "calltime": 1781147700, "talktime": 0, "reason": 8}

    wecom.script = script
    voice = Voice(wecom.client)
    assert isinstance(voice, Outcomes)
    sent = voice.send("zhang", "", "k")
    assert sent.message_id == "c-1"
    assert voice.outcome("zhang", sent.message_id) == "talked=0 seconds=0 reason=8"
    wecom.script = lambda call: {}
    assert voice.outcome("zhang", "c-1") == ""


def test_wecom_refuses_one_person(wecom: Vendor) -> None:
    wecom.script = lambda call: {"states": [{"code": 60111, "userid": "zhang"}]}
    with pytest.raises(PlatformError):
        Voice(wecom.client).send("zhang", "", "k")


def test_it_is_off_unless_asked_for() -> None:
    env = sandbox_env("http://127.0.0.1:1")
    assert build(load(env), Store()) is None
    assert build(load(env | {"HUIZHI_VOICE": "wecom"}), Store()) is not None
