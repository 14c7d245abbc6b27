"""A police record or another proof, added to a case by HR: kept as evidence, told in the timeline, never a program."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from werkzeug.test import TestResponse

from bot.evidence.tables import ev_part
from tests.handlers.missed_punch.story import Story
from tests.web.absent import case_id, events, lite, office, story, text
from tests.web.office import Office, csrf

__all__ = ["office", "story"]
JPEG, PNG, PDF = b"\xff\xd8\xff\xe0" + b"j" * 50, b"\x89PNG\r\n\x1a\n" + b"p" * 50, b"%PDF-1.7 " + b"d" * 50


def put(office: Office, who: str, name: str, content: bytes, what: str = "朝阳派出所报警回执") -> TestResponse:
    """Fill in the form as it is shown, and send it."""
    browser, path = office.browser(who), f"/absences/{case_id(office)}/proof"
    secret = csrf(browser.get("/me").text)
    data = {"csrf": secret, "what": what, "file": (io.BytesIO(content), name)}
    return browser.post(path, data=data, content_type="multipart/form-data", follow_redirects=True)


def test_a_photo_of_the_police_record_becomes_evidence_and_is_told(office: Office, story: Story) -> None:
    assert f"/absences/{case_id(office)}/proof" in text(office, "wang")
    answer = put(office, "wang", "回执.jpg", JPEG)
    assert answer.status_code == 200 and "已附上，并已存证" in answer.text
    (event,) = events(office, "absence.proof_added")
    source = json.loads(bytes(event["envelope"]))["source"]  # type: ignore[call-overload]
    assert source == {"sha256": hashlib.sha256(JPEG).hexdigest(), "media": "image/jpeg"}
    parts = {row["name"] for row in office.firm.rows(ev_part) if row["event_id"] == event["event_id"]}
    assert parts == {"proof.jpg", "file"}
    for who in ("wang", "zhang"):
        assert "朝阳派出所报警回执（回执.jpg）" in text(office, who)
    assert "朝阳派出所" not in text(office, "li") and "附上证明材料" in text(office, "li")


@lite
@pytest.mark.parametrize(("name", "content"), [("a.png", PNG), ("b.pdf", PDF), ("C:\\x\\c.JPEG", JPEG)])
def test_pictures_and_documents_are_taken(office: Office, story: Story, name: str, content: bytes) -> None:
    assert put(office, "wang", name, content).status_code == 200
    assert len(events(office, "absence.proof_added")) == 1


@lite
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.jpg", b"MZ\x90\0" + b"x" * 99, "可执行"),
        ("a.pdf", b"#!/bin/sh\nrm", "可执行"),
        ("a.png", JPEG, "不符"),
        ("a.exe", JPEG, "不支持"),
        ("gpj\u202e.exe", JPEG, "不支持"),
        ("a.svg", b"<svg onload='x'>", "不支持"),
        ("a.pdf", b"", "空的"),
        ("", JPEG, "请选择"),
        ("a.jpg", JPEG + b"x" * (5 << 20), "超过 5 MB"),
    ],
)
def test_what_is_refused_is_said_and_nothing_is_kept(
    office: Office, story: Story, name: str, content: bytes, why: str
) -> None:
    answer = put(office, "wang", name, content)
    assert answer.status_code == 422 and why in answer.text
    assert events(office, "absence.proof_added") == []


@lite
def test_only_hr_adds_to_a_case_and_nobody_to_their_own(office: Office, story: Story) -> None:
    for who in ("zhang", "li", "stranger"):
        assert put(office, who, "a.jpg", JPEG).status_code == 404
        seen = office.browser(who).get(f"/absences/{case_id(office)}/proof").status_code
        assert seen == (200 if who == "zhang" else 404)
    path = f"/absences/{case_id(office)}/proof"
    forged = office.browser("wang").post(path, data={"file": (io.BytesIO(JPEG), "a.jpg")})
    assert forged.status_code == 403 and events(office, "absence.proof_added") == []
    huge = put(office, "wang", "a.jpg", JPEG + b"x" * (11 << 20))
    assert huge.status_code == 413 and events(office, "absence.proof_added") == []
