"""Facts of an invented package, for the report."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.card import Button, Card, Fact
from bot.evidence.facts import (
    AnchorFact,
    CheckpointFact,
    ConsentFact,
    CosignatureFact,
    EventFact,
    PackageFacts,
    PartFact,
    TokenFact,
)
from bot.wire import dump_card

AT = datetime(2026, 11, 20, 1, 0, 5, 510_000, tzinfo=UTC)
PROVEN = "已证明，外部时间在一小时之内。 Proven, outside time within one hour."
PROMISED = "只有承诺，尚未编入日志。 Promised only, not in the log yet."
HOSTILE = '#strong[粗] $x^2$ `raw` <label> @cite \\ // /* [链接](http://x) = 标题 #sys.inputs #read("/etc/passwd")'


def part(name: str, content: bytes, media_type: str = "text/plain; charset=utf-8") -> PartFact:
    """A disclosed part."""
    return PartFact(name, media_type, content, hashlib.sha256(content).hexdigest())


def event(number: int, type: str, *parts: PartFact, actor: str = "p:wang") -> EventFact:
    """An event of the sixth minute after the last one."""
    at = AT + timedelta(minutes=6 * number)
    leaf = hashlib.sha256(f"leaf {number}".encode()).hexdigest()
    return EventFact(
        number=number,
        id=f"evt_{leaf[:26]}",
        type=type,
        at=at,
        seen=at + timedelta(milliseconds=300),
        actor=actor,
        subject="p:wang",
        object="case_7f3a",
        seq=number,
        epoch=1,
        index=69_990 + number,
        leaf=leaf,
        erased=False,
        parts=parts,
        withheld=(),
        covering=70_000,
        token_time=AT + timedelta(hours=1),
        verdict=PROVEN,
    )


CARD = Card(
    title="早上好，王小明",
    text="今天 09:00 的上班打卡还没有看到，您一切都好吗？",
    facts=(Fact("班次", "09:00–18:00"), Fact("地点", "上海张江")),
    buttons=(Button("我没事", "missed_punch.safe"), Button("忘打卡了", "missed_punch.forgot")),
    footer="不回复也没有关系，系统会请同事关心一下。",
)
NOTE = "acme.example/hr-log/1\n70000\nZ8krb3MnN23oFhxe48s3a6fdySGoCpMISxTZfBrkMX0=\n\n— acme.example/hr-log/1 AAAA\n"


def facts() -> PackageFacts:
    """Two people, a missed punch with a reply and a rejected correction, one erased and one withheld event."""
    events = (
        event(
            1,
            "expectation.missed",
            part("plan.json", json.dumps({"班次": "09:00", "记录": []}).encode()),
            actor="p:system",
        ),
        event(2, "checkin.missed_punch_asked", part("step", "问过本人".encode()), actor="p:system"),
        event(3, "delivery.accepted", part("card.json", dump_card(CARD).encode()), actor="p:system"),
        event(4, "checkin.replied", part("words", "我在 9 楼机房抢修，手机没信号，打卡机也坏了。".encode())),
        event(
            5,
            "checkin.approval_requested",
            part("claimed", b"2026-11-20T08:52:00+08:00"),
            part("words", HOSTILE.encode()),
        ),
        event(6, "checkin.rejected", part("reason", "请先提供机房的门禁记录。".encode()), actor="p:li"),
        event(7, "score.appealed", part("words", "我不同意这次评分，理由：机房抢修是领导安排的。".encode())),
        event(8, "notice.delivered", part("body.pdf", b"%PDF-1.7 ...", "application/pdf"), actor="p:system"),
        event(9, "custom.thing"),
    )
    erased = replace(events[7], erased=True, parts=())
    withheld = replace(events[6], withheld=("screenshot.png", "medical.txt"))
    late = replace(
        events[8], index=None, covering=None, token_time=None, verdict=PROMISED, seen=AT + timedelta(hours=2)
    )
    listed = (*events[:6], withheld, erased, late)
    return PackageFacts(
        origin="acme.example/hr-log/1",
        scope="王小明 2026-11-20 缺卡与申诉",
        made=AT + timedelta(days=3),
        vkeys=("acme.example/hr-log/1+9d0c1f2e+AWq4vQ0mE0f3m4t8bT2Jq0c0Yw1iJmQkF9Xn2s8dM0aB",),
        parties={"p:wang": "王小明", "p:li": "李主管"},
        events=listed,
        checkpoints=(
            CheckpointFact(1, 69_995, hashlib.sha256(b"a").hexdigest(), AT + timedelta(minutes=40), NOTE),
            CheckpointFact(1, 70_000, hashlib.sha256(b"b").hexdigest(), AT + timedelta(minutes=59), NOTE),
        ),
        tokens=(TokenFact(1, 70_000, "tsa1", AT + timedelta(hours=1)),),
        cosignatures=(CosignatureFact(1, 70_000, "union.example/witness", AT + timedelta(hours=1)),),
        anchors=(AnchorFact("chat", 1, 70_000, "wecom:人事群", AT + timedelta(hours=9)),),
        consents=(
            ConsentFact("p:wang", "edelivery", "agreed", AT - timedelta(days=300), AT + timedelta(days=65), "evt_x"),
        ),
        gaps=("第 6 项与第 7 项之间没有外部时间戳。 No outside time stamp between records 6 and 7.",),
        limits=("本包不含 2026-11-23 之后的记录。 Nothing after 2026-11-23 is included.",),
    )
