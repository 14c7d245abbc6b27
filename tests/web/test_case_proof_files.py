"""Proofs with a case are taken from the page by HR and the person, safely and on record; never by a manager."""

from __future__ import annotations

import io
import json
import re

from werkzeug.test import TestResponse

from bot.evidence.tables import ev_event, ev_part
from bot.router import discover
from handlers.missed_punch import proofs, tables as t
from tests.handlers.missed_punch.story import Story, at
from tests.web.absent import case_id, events, lite, office, story
from tests.web.office import Office, csrf

__all__ = ["office", "story"]
JPEG, PDF = b"\xff\xd8\xff\xe0" + b"j" * 50, b"%PDF-1.7 <script>alert(1)</script>"


def looks(office: Office) -> list[tuple[object, str]]:
    """(who, what) of every look on record."""
    found = [row for row in office.firm.rows(ev_event) if row["type"] == "access.viewed"]
    return [(row["actor"], json.loads(bytes(row["envelope"]))["source"]["what"]) for row in found]  # type: ignore[call-overload]


def add(office: Office, name: str, content: bytes, what: str) -> str:
    """HR adds a file; the event's id."""
    browser, path = office.browser("wang"), f"/absences/{case_id(office)}/proof"
    data = {"csrf": csrf(browser.get(path).text), "what": what, "file": (io.BytesIO(content), name)}
    assert browser.post(path, data=data, content_type="multipart/form-data").status_code == 303
    return str(events(office, proofs.ADDED)[-1]["event_id"])


def sent(office: Office, content: bytes, name: str) -> str:
    """The person's own file, as the chat leaves it with the case."""
    with office.firm.app.context(office.person("zhang")) as ctx:
        parts: dict[str, str | bytes] = {f"sent.{name.rsplit('.', 1)[-1]}": content, "file": name}
        source = {"media": "application/pdf", "ch": "fake"}
        return ctx.record(proofs.SENT, case_id(office), subject=office.person("zhang"), parts=parts, source=source)


def get(office: Office, who: str, event_id: str = "") -> TestResponse:
    path = f"/absences/{case_id(office)}/proof"
    return office.browser(who).get(f"{path}/{event_id}" if event_id else path)


def test_hr_and_the_person_take_it_and_that_hr_did_is_on_record(office: Office, story: Story) -> None:
    ours, theirs = add(office, "回执.jpg", JPEG, "派出所/报警回执"), sent(office, PDF, "诊断证明.pdf")
    page = get(office, "wang").text
    assert re.findall(r"<h2>(.*?)</h2>", page)[:2] == ["派出所/报警回执（回执.jpg）", "诊断证明.pdf"]
    before = looks(office)
    for event_id, content, media, name in (
        (ours, JPEG, "image/jpeg", "%E6%B4%BE%E5%87%BA%E6%89%80_%E6%8A%A5%E8%AD%A6%E5%9B%9E%E6%89%A7"),
        (theirs, PDF, "application/pdf", "%E8%AF%8A%E6%96%AD%E8%AF%81%E6%98%8E.pdf"),
    ):
        for who in ("wang", "zhang"):
            answer = get(office, who, event_id)
            assert (answer.status_code, answer.data, answer.headers["Content-Type"]) == (200, content, media)
            told = answer.headers["Content-Disposition"]
            assert told.startswith("attachment;") and name in told
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
    wang = office.person("wang").ref
    assert looks(office)[len(before) :] == [(wang, f"page:proof:{ours}"), (wang, f"page:proof:{theirs}")]
    own = get(office, "zhang").text
    assert "诊断证明.pdf" in own and "<form" not in own.split("<main", 1)[1]
    assert "/proof" in office.browser("zhang").get(f"/absences/{case_id(office)}").text


@lite
def test_a_manager_sees_neither_the_files_nor_that_one_was_sent(office: Office, story: Story) -> None:
    event_id = sent(office, PDF, "诊断证明.pdf")
    story.tick("10:16")  # the manager is asked as well
    before = looks(office)
    for who in ("li", "stranger"):
        assert get(office, who).status_code == get(office, who, event_id).status_code == 404
    assert looks(office) == before
    page = office.browser("li").get(f"/absences/{case_id(office)}").text
    assert "诊断证明" not in page and "/proof" not in page
    assert page.count('class="event"') == office.browser("wang").get(
        f"/absences/{case_id(office)}"
    ).text.count('class="event"') - 1  # fmt: skip


@lite
def test_only_files_of_this_case_are_found_and_erased_ones_are_named_so(office: Office, story: Story) -> None:
    event_id = add(office, "回执.jpg", JPEG, "")
    asked = str(events(office, "checkin.missed_punch_asked")[0]["event_id"])
    assert get(office, "wang", asked).status_code == get(office, "wang", "evt_none").status_code == 404
    missing = office.browser("wang").get(f"/absences/none/proof/{event_id}")
    assert missing.status_code == 404
    with office.firm.app.context() as ctx:
        ctx.db.execute(ev_part.update().where(ev_part.c.event_id == event_id).values(content=None, salt=None))
    assert get(office, "wang", event_id).status_code == 404
    page = get(office, "wang").text
    assert "内容已按要求删除" in page and event_id not in page


@lite
def test_what_calls_itself_something_else_is_never_served_as_a_page(office: Office, story: Story) -> None:
    with office.firm.app.context(office.person("zhang")) as ctx:
        parts: dict[str, str | bytes] = {"sent.html": b"<script>", "file": 'a"\r\nX: y.html'}
        source = {"media": "text/html"}
        about = office.person("zhang")
        event_id = ctx.record(proofs.SENT, case_id(office), subject=about, parts=parts, source=source)
    answer = get(office, "wang", event_id)
    assert answer.headers["Content-Type"] == proofs.UNKNOWN and "X" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment;")


@lite
def test_the_letter_says_when_it_was_first_opened_on_the_readers_clock(office: Office, story: Story) -> None:
    discover("handlers", "flow")
    with office.firm.app.context(office.person("wang")) as ctx:
        case = office.firm.rows(t.case)[0]
        row = {"id": "mpl-1", "case_id": case["id"], "person_id": case["person_id"], "text": "通知书\n请回来"}
        row |= {"sha256": "0" * 64}
        ctx.db.execute(t.letter.insert().values(**row, drafted_at=ctx.now, sent_at=ctx.now, sent_by=case["person_id"]))
    assert "还没有打开" in office.browser("wang").get("/letters/mpl-1").text
    for later in ("23:41", "23:55"):
        office.firm.now = at(later)
        page = office.browser("zhang").get("/letters/mpl-1").text
        assert "首次打开：2026-06-11 23:41:00（Asia/Shanghai, UTC+08:00" in page
    assert "首次打开：2026-06-11 23:41:00" in office.browser("wang").get("/letters/mpl-1").text
    assert len(events(office, "letter.opened")) == 1
