"""Every sample payload of the vendor's pages becomes the events it means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.dingtalk import events
from bot.event import PUNCHED, READ, SLIP, TEXT, UNKNOWN, Event
from bot.ports.files import SENT

SAMPLES = {path.stem: path for path in Path(events.__file__).with_name("samples").glob("*.json")}
Meaning = tuple[str, str, str, dict[str, str]]
CLICK: Meaning = ("missed_punch.forgot", "a1b2", "zhou", {"message_id": "hz-0001"})
PUNCH: Meaning = (PUNCHED, "", "zhou", {"source": "MAP", "location": "Normal", "group": "8001"})
READS: Meaning = (READ, "", "zhou", {"message_id": "pqk1"})
MEANS: dict[str, list[Meaning]] = {
    # name: one (action, ref, actor, data that must be there) per event
    "robot_text": [(TEXT, "", "zhou", {"text": "忘打卡了，9:02 到的", "conversation": "1"})],
    "robot_group": [(TEXT, "", "zhou", {"text": "我的待办", "conversation": "2"})],
    "robot_outsider": [(UNKNOWN, "", "", {"type": "text"})],
    "robot_picture": [(SENT, "", "zhou", {"type": "picture", "file": "dc1", "kind": "image", "name": ""})],
    "robot_over_quota": [(UNKNOWN, "", "zhou", {"code": events.OVER_QUOTA})],
    "card_click": [CLICK],
    "card_click_public_template": [("missed_punch.forgot", "a1b2", "zhou", {"message_id": "hp-0001"})],
    "card_click_value": [CLICK],
    "card_form": [("missed_punch.time", "a1b2", "zhou", {"time": "09:02", "reason": "忘了"})],
    "check_url": [],
    "attendance_check_record_stream": [PUNCH],
    "attendance_check_record_http": [PUNCH],
    "robot_msg_read_stream": [READS],
    "robot_msg_read_http": [READS],
    "user_leave_org": [(events.LEFT, "", "zhou", {}), (events.LEFT, "", "sun", {})],
    "attend_boss_check_change": [(UNKNOWN, "", "zhou", {"type": "attend_bossCheck_change"})],
    "bpms_task_change": [(SLIP, "", "sun", {"number": "p1", "user_id": "", "state": "unknown", "about": "correction"})],
}


def read(name: str) -> tuple[Event, ...]:
    sample: dict[str, Any] = json.loads(SAMPLES[name].read_text(encoding="utf-8"))
    return events.to_events(sample["door"], sample["payload"], sample["headers"])


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() | MEANS.keys()))
def test_a_sample_becomes_its_events(name: str) -> None:
    found, wanted = read(name), MEANS[name]
    assert [(event.action, event.ref, event.actor) for event in found] == [each[:3] for each in wanted]
    for event, (*_, data) in zip(found, wanted, strict=True):
        assert data.items() <= dict(event.data).items()
        assert event.platform == "dingtalk"
        assert json.loads(event.raw), "the payload is kept as evidence"
    assert [event.id for event in read(name)] == [event.id for event in found], "equal for a redelivery"


@pytest.mark.parametrize("kind", ["attendance_check_record", "robot_msg_read"])
def test_both_doors_tell_the_same_fact(kind: str) -> None:
    (http,), (stream,) = read(f"{kind}_http"), read(f"{kind}_stream")
    assert (http.id, http.actor, http.at, http.data) == (stream.id, stream.actor, stream.at, stream.data)
    assert http.at.timestamp() in (1790000000, 1790000000.416)


def test_every_sample_names_its_source() -> None:
    for path in SAMPLES.values():
        source = json.loads(path.read_text(encoding="utf-8"))["source"]
        assert source.startswith(("open.dingtalk.com", "github.com/open-dingtalk/"))
