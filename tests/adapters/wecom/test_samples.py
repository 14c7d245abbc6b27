"""Every sample payload of the vendor's pages becomes the event it means."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.wecom import inbound
from bot.event import SLIP, TEXT, UNKNOWN
from bot.ports.files import SENT

SAMPLES = {path.stem: path for path in (Path(inbound.__file__).with_name("samples")).glob("*.xml")}
CARD = {"response_code": "RC-1", "task_id": "01J0A1"}
MEANS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    # name: (action, ref, actor, data that must be there)
    "text": (TEXT, "", "zhangsan", {"text": "忘打卡了，9:02 到的"}),
    "image": (SENT, "", "zhangsan", {"file": "media1", "kind": "image", "name": ""}),
    "template_card_event_button": (
        "missed_punch.forgot", "a1b2", "zhangsan", CARD | {"card_type": "button_interaction"},
    ),
    "template_card_event_vote": (
        "survey.submit", "a1b2", "zhangsan", CARD | {"selected.grade": "A,C", "selected.site": "s1"},
    ),
    "template_card_menu_event": ("notice.mute", "a1b2", "zhangsan", CARD | {"card_type": "text_notice"}),
    "click": ("menu.todo", "", "zhangsan", {}),
    "view": (UNKNOWN, "", "zhangsan", {"event": "view"}),
    "enter_agent": ("presence.entered", "", "zhangsan", {}),
    "subscribe": (UNKNOWN, "", "zhangsan", {"event": "subscribe"}),
    "change_contact_delete_user": ("directory.left", "", "lisi", {"user_id": "lisi"}),
    "change_contact_create_user": (UNKNOWN, "", "sys", {"event": "change_contact"}),
    "sys_approval_change": (SLIP, "", "", {"number": "202609210001", "user_id": "zhangsan", "state": "approved"}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() | MEANS.keys()))
def test_a_sample_becomes_its_event(name: str) -> None:
    raw = SAMPLES[name].read_bytes()
    action, ref, actor, data = MEANS[name]
    event = inbound.to_event(raw)
    assert (event.platform, event.action, event.ref, event.actor) == ("wecom", action, ref, actor)
    assert data.items() <= dict(event.data).items()
    assert event.at == datetime.fromtimestamp(1790000000, UTC)
    assert event.raw == raw, "kept to the byte as evidence"
    assert inbound.to_event(raw).id == event.id, "equal for a redelivery"


def test_every_sample_names_its_source_and_is_a_fact_of_its_own() -> None:
    for path in SAMPLES.values():
        assert path.read_text(encoding="utf-8").startswith("<!-- Source: developer.work.weixin.qq.com/document/path/")
    assert len({inbound.to_event(path.read_bytes()).id for path in SAMPLES.values()}) == len(SAMPLES)
