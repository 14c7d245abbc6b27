"""A file in the chat: kept once, where it belongs, for HR and its sender only; or a polite word why not."""

from __future__ import annotations

from contextlib import suppress

import pytest
import sqlalchemy as sa
from hypothesis import given, settings, strategies as st

from bot import router
from bot.card import Card
from bot.context import Context
from bot.db import begin
from bot.errors import PlatformError
from bot.evidence.tables import ev_event, ev_part
from bot.router import Gone, routes
from bot.tables import ask, person
from handlers.chat_files import doctor, fetching, flow, keeping, rules, store
from tests.handlers.chat_files.hand import PDF, PNG, Hand, docx
from tests.handlers.notices import office
from tests.handlers.notices.chat import Chat


def test_a_picture_is_kept_as_it_came_and_only_hr_is_asked_to_look(hand: Hand) -> None:
    hand.send("zhang", "image", PNG)
    assert hand.said("zhang") == [] and hand.kept() == []  # nothing is promised before it is there
    assert hand.fetch() == 1
    assert "已收到您发的图片" in hand.last("zhang") and "只有您本人和 HR 能打开" in hand.last("zhang")
    [row] = hand.rows()
    assert (row["state"], row["name"], row["media_type"], row["key"]) == ("kept", "图片.png", "image/png", "")
    assert hand.kept() == [(row["desk"], PNG)]
    assert "张三在聊天里发来了文件" in hand.last("wang") and "不要转给经理" in hand.last("wang")
    assert hand.said("li") == [] and hand.said("stranger") == []
    assert hand.platform.receipts or "存证回执" in hand.last("zhang")


def test_the_bytes_are_sealed_for_their_sender(hand: Hand) -> None:
    hand.give("zhang", "file", PDF, "说明.pdf")
    parts = [row for row in hand.firm.rows(ev_part) if str(row["name"]).startswith("sent.")]
    assert [row["sealed_for"] for row in parts] == [office.who(hand.firm, "zhang").ref]
    assert PDF not in bytes(parts[0]["content"])  # type: ignore[call-overload]


def test_the_same_message_twice_is_kept_once(hand: Hand) -> None:
    hand.send("zhang", "image", PNG, event_id="m-1")
    hand.send("zhang", "image", PNG, event_id="m-1")
    hand.fetch()
    hand.fetch()
    assert len(hand.kept()) == 1 and len(hand.said("zhang")) == 1


def test_two_workers_keep_it_once(hand: Hand) -> None:
    """One claimed it and was thought dead; both come back with the bytes."""
    hand.send("zhang", "image", PNG)
    app, [row] = hand.firm.app, hand.rows()
    sent = store.claim(app.engine, hand.firm.now)
    assert sent and store.claim(app.engine, hand.firm.now) is None  # nobody else has it meanwhile
    hand.firm.pass_time(minutes=4)
    assert hand.fetch() == 1
    fetching._one(app, sent)
    hand.firm.courier.drain()
    assert len(hand.kept()) == 1 and len(hand.said("zhang")) == 1 and row["state"] == "waiting"


def test_several_pictures_are_one_thing_to_look_at_until_somebody_has(hand: Hand) -> None:
    for _ in range(3):
        hand.give("zhang", "image", PNG)
    looks = [row for row in hand.firm.rows(ask) if row["kind"] == keeping.LOOK]
    assert len(looks) == 1 and len({row["desk"] for row in hand.rows()}) == 1
    chat = Chat(hand.firm)
    chat.tap("wang", "看过了")
    assert [row["state"] for row in hand.firm.rows(ask) if row["kind"] == keeping.LOOK] == ["answered"]
    assert len(office.events(hand.firm, "chat.file_seen")) == 1
    hand.give("zhang", "image", PNG)
    assert len({row["desk"] for row in hand.rows()}) == 2


UNFIT = [
    ("file", "工资.pdf", PNG, "内容和扩展名不符"),
    ("file", "看看.pdf", b"MZ\x90\0program", "可执行的程序"),
    ("file", "看看.exe", b"MZ\x90\0program", "可执行的程序"),
    ("file", "空.pdf", b"", "是空的"),
    ("file", "包.zip", b"PK\x03\x04zip", "不支持这种文件"),
    ("image", "", b"BM bitmap", "图片的格式不能保存"),
    ("image", "", b"MZ\x90\0program", "图片的格式不能保存"),
    ("voice", "", b"what", "语音的格式不能保存"),
    ("file", "大.pdf", PDF + b"x" * (10 << 20), "超过 10 MB"),
]
FIT = [
    ("voice", "", b"#!AMR\nsound", "语音.amr"),
    ("video", "", b"\0\0\0\x18ftypisom", "视频.mp4"),
    ("image", "照片.png", b"\xff\xd8\xff\xe0jpeg", "照片.jpg"),
    ("file", "", PDF, "文件.pdf"),
    ("file", "../../证明.docx", docx(), "证明.docx"),
]


def test_what_cannot_be_kept_is_said_politely_and_nothing_is(hand: Hand) -> None:
    for kind, name, content, why in UNFIT:
        said = hand.give("zhang", kind, content, name)
        assert "没有保存" in said and why in said and "换一种格式" in said
    assert hand.kept() == [] and {row["state"] for row in hand.rows()} == {"refused"}
    assert hand.said("wang") == []


@pytest.mark.parametrize(("kind", "name", "content", "kept"), FIT)
def test_what_it_is_is_told_by_its_bytes(kind: str, name: str, content: bytes, kept: str) -> None:
    assert rules.checked(kind, name, content, 1 << 20)[0] == kept


def test_a_code_that_is_too_old_asks_to_send_it_again(hand: Hand) -> None:
    hand.send("zhang", "image", PNG)
    hand.platform.kept.clear()
    hand.fetch()
    assert "请再发一次" in hand.last("zhang") and [row["state"] for row in hand.rows()] == ["lost"]
    assert hand.fetch() == 0


def test_a_platform_that_is_away_is_asked_again_later(hand: Hand) -> None:
    hand.send("zhang", "image", PNG)
    hand.platform.errors = [PlatformError("network"), PlatformError("-1", retry_after=10)]
    assert hand.fetch() == 0 and hand.said("zhang") == []
    assert hand.fetch() == 0 and len(hand.platform.fetched) == 1  # not at once
    hand.firm.pass_time(seconds=6)
    assert hand.fetch() == 0
    hand.firm.pass_time(seconds=21)
    assert hand.fetch() == 1 and "已收到" in hand.last("zhang") and "还在取" in hand.said("zhang")[0]


def test_a_platform_that_stays_away_ends_with_a_word(hand: Hand) -> None:
    hand.send("zhang", "image", PNG)
    hand.platform.errors = [PlatformError("network") for _ in range(fetching.ATTEMPTS)]
    for _ in range(fetching.ATTEMPTS):
        hand.fetch()
        hand.firm.pass_time(hours=7)
    first, last = hand.said("zhang")
    assert "现在不用重发" in first and "请再发一次" in last


def test_a_bug_with_one_file_holds_up_no_other(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ctx: Context, row: store.Sent, name: str, content: bytes) -> Card | None:
        if row.kind == "voice":
            raise ZeroDivisionError
        return kept(ctx, row, name, content)

    kept = keeping.take
    monkeypatch.setattr(keeping, "take", broken)
    hand.send("zhang", "voice", b"#!AMR\nsound")
    hand.send("zhang", "image", PNG)
    assert hand.fetch() == 1 and "已收到您发的图片" in hand.last("zhang")
    for _ in range(fetching.ATTEMPTS):
        hand.firm.pass_time(hours=5)
        hand.fetch()
    assert "请再发一次" in hand.last("zhang") and {row["state"] for row in hand.rows()} == {"kept", "lost"}


def test_an_address_elsewhere_waits_for_an_administrator_and_the_doctor_says_so(hand: Hand) -> None:
    hand.send("zhang", "image", PNG)
    hand.platform.errors = [PlatformError("file.elsewhere", permanent=True, alarm=True)]
    assert hand.fetch() == 0 and doctor.findings(hand.firm.app) == []
    hand.firm.pass_time(minutes=4)
    assert hand.fetch() == 0  # not before its five minutes
    hand.firm.pass_time(minutes=7)
    [found] = doctor.findings(hand.firm.app)
    assert found.ok is False and found.detail == "1 × file.elsewhere" and "DINGTALK_FILE_HOSTS" in found.advice
    assert hand.fetch() == 1 and doctor.findings(hand.firm.app) == []


def test_a_stranger_is_not_noted_and_nobody_fills_the_disk(hand: Hand) -> None:
    hand.send("nobody", "image", PNG)
    assert hand.rows() == []
    for _ in range(flow.MOST + 1):
        hand.send("zhang", "image", PNG)
    hand.firm.courier.drain()
    assert len(hand.rows()) == flow.MOST and "明天可以再发" in hand.last("zhang")


def test_it_is_said_in_the_senders_language(hand: Hand) -> None:
    with begin(hand.firm.app.engine) as db:
        db.execute(sa.update(person).where(person.c.user_id.in_(("zhang", "wang"))).values(locale="en"))
    assert "Received: your picture" in hand.give("zhang", "image", PNG)
    assert "sent a file in the chat" in hand.last("wang")
    assert "cannot be kept" in hand.give("zhang", "image", b"BM")


def test_beside_an_objection_it_is_filed_with_it_and_the_words_may_still_come(hand: Hand) -> None:
    office.compose(hand.firm, ["fake:zhang"], author_id="fake:li")
    office.send(hand.firm)
    chat = Chat(hand.firm)
    hand.firm.dispatch(hand.firm.event("zhang", "notices.objected", office.ID))
    hand.firm.courier.drain()
    said = hand.give("zhang", "file", PDF, "说明.pdf")
    assert "和您对《考勤制度》的答复放在一起" in said
    assert [matter for matter, _ in hand.kept()] == [office.ID]
    told = chat.last("li")
    assert "附上了文件" in told and "说明.pdf" not in told and "chat-files" not in told  # the author is a manager
    assert "在聊天里发来了文件" in hand.last("wang")
    assert "已记下您的话" in chat.say("zhang", "第三条我不同意")


def test_an_author_of_hr_reads_it_and_hr_is_not_asked_twice(hand: Hand) -> None:
    office.compose(hand.firm, ["fake:zhang"])
    office.send(hand.firm)
    hand.firm.dispatch(hand.firm.event("zhang", "notices.appealed", office.ID))
    hand.give("zhang", "file", PDF, "说明.pdf")
    assert "附上了文件" in hand.last("wang")
    assert [row for row in hand.firm.rows(ask) if row["kind"] == keeping.LOOK] == []


def test_erasing_somebody_leaves_that_something_was_sent(hand: Hand) -> None:
    router.discover("handlers", "erasing")
    hand.give("zhang", "file", PDF, "病假条.pdf")
    hand.send("zhang", "image", PNG)
    with begin(hand.firm.app.engine) as db:
        erased = [
            list(each(db, Gone("fake:zhang", "p:x"))) for each in routes.erasers if "chat_files" in each.__module__
        ]
    assert [row["name"] for row in hand.rows()] == ["", ""] and {row["key"] for row in hand.rows()} == {""}
    assert len(erased) == 1 and len(erased[0]) == 1
    assert hand.fetch() == 0


@settings(deadline=None)
@given(
    kind=st.sampled_from(("image", "voice", "video", "file")), name=st.text(max_size=40), content=st.binary(max_size=40)
)
def test_whatever_comes_it_is_checked_and_never_fails_otherwise(kind: str, name: str, content: bytes) -> None:
    with suppress(ValueError):
        kept, media = rules.checked(kind, name, content, 30)
        assert len(content) <= 30 and "/" not in kept and "\x00" not in kept and len(kept) <= 200 and media
        assert keeping.part_of(kept).isascii()


def test_every_kept_file_names_its_evidence(hand: Hand) -> None:
    hand.give("zhang", "image", PNG)
    known = {row["event_id"] for row in hand.firm.rows(ev_event)}
    assert {row["event_id"] for row in hand.rows()} <= known
