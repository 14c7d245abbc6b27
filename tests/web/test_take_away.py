"""What can be taken away from pages: receipts and packages, by whom, and that taking is on record."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from bot.evidence import notes
from bot.evidence.log import commit, entry_of
from bot.evidence.notes import unb64
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.verify import main as verify
from tests.web.office import Office, SigningPlatform, csrf, ticket
from tests.world import Firm

SECRET = "我今天要去医院做检查"
ZHANG = "/people/fake:zhang"
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing of its own is tried on one kind."""


@pytest.fixture
def office(firm: Firm) -> Office:
    return Office(firm, SigningPlatform())


def hr_case(office: Office, browser: FlaskClient, path: str) -> bytes:
    """Press the export button and wait for the file."""
    page = browser.post(path, data={"csrf": csrf(browser.get(ZHANG).text)}).text
    answer = browser.get(ticket(page))
    assert answer.status_code == 200, answer.text
    return answer.data


def test_a_receipt_can_be_checked_by_hand(office: Office) -> None:
    event = office.record("zhang", "checkin.replied", "case-1", "zhang", words=SECRET)
    zhang, path = office.browser("zhang"), f"/me/receipts/{event}.json"
    assert json.loads(zhang.get(path).data)["proof"] is None
    office.sequence()
    answer = zhang.get(path)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    found = json.loads(answer.data)
    assert (found["format"], found["index"], found["epoch"]) == ("huizhi-receipt/1", 0, 1)
    envelope, salt, entry = (unb64(found[name]) for name in ("envelope", "salt", "entry"))
    assert entry_of(salt, envelope) == entry
    assert notes.open_proof(found["proof"], entry, office.keys.log_vkey)[0] == 0
    notes.open_note(found["promise"], [office.keys.promise_vkey])
    (part,) = found["disclosed"]
    assert unb64(part["content"]).decode() == SECRET
    committed = json.loads(envelope)["parts"][0]["c"]
    assert notes.b64(commit(unb64(part["salt"]), SECRET.encode())) == committed
    assert [office.browser(each).get(path).status_code for each in ("li", "wang", "stranger")] == [404, 404, 404]


@lite
def test_a_receipt_of_erased_contents_says_so(office: Office) -> None:
    event = office.record("zhang", "checkin.replied", "case-1", "zhang", words=SECRET)
    with office.writing() as connection:
        connection.execute(sa.update(ev_event).values(envelope=None, salt=None))
        connection.execute(sa.update(ev_part).values(content=None, salt=None))
    zhang = office.browser("zhang")
    assert "内容已依法删除" in zhang.get("/me").text
    found = json.loads(zhang.get(f"/me/receipts/{event}.json").data)
    assert (found["envelope"], found["salt"], found["disclosed"]) == (None, None, [])


def test_everybody_takes_their_own_copy_away(office: Office, tmp_path: Path) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang", words=SECRET)
    office.record("stranger", "checkin.replied", "case-2", "stranger", words="别人的话")
    office.firm.pass_time(minutes=5)  # the sequencer was away: what waits is placed before it is handed over
    zhang = office.browser("zhang")
    page = zhang.post("/me/copy", data={"csrf": csrf(zhang.get("/me").text)}).text
    assert "自动开始下载" in page
    answer = zhang.get(ticket(page))
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    whole = b"".join(zipfile.ZipFile(io.BytesIO(answer.data)).read(name) for name in _names(answer.data))
    assert SECRET.encode() in whole and "别人的话".encode() not in whole
    (tmp_path / "copy.zip").write_bytes(answer.data)
    assert verify([str(tmp_path / "copy.zip")]) == 0


def _names(data: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_hr_exports_and_the_person_sees_it(office: Office) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang", words=SECRET)
    office.sequence()
    wang = office.browser("wang")
    for path in (f"{ZHANG}/case", "/cases/case-1/case"):
        assert "manifest.json" in _names(hr_case(office, wang, path))
    assert office.browser("zhang").get("/me").text.count("导出了证据包") == 2
    exported = [row for row in office.firm.rows(ev_event) if row["type"] == "export.made"]
    assert {(row["actor"], row["subject"]) for row in exported} == {
        (office.person("wang").ref, office.person("zhang").ref)
    }


@lite
def test_nobody_else_exports(office: Office) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang", words=SECRET)
    for viewer in ("zhang", "li", "stranger"):
        browser = office.browser(viewer)
        form = {"csrf": csrf(browser.get("/me").text)}
        for path in (f"{ZHANG}/case", "/cases/case-1/case"):
            assert browser.post(path, data=form).status_code == 404
            assert browser.get(f"{path}.zip").status_code == 404
    assert [row for row in office.firm.rows(ev_event) if row["type"] == "export.made"] == []


@lite
def test_a_download_needs_its_button_and_counts_once(office: Office) -> None:
    zhang, other = office.browser("zhang"), office.browser("zhang")
    office.record("zhang", "checkin.replied", "case-1", "zhang", words="在")
    assert zhang.get("/me/copy.zip").status_code == 303
    link = ticket(zhang.post("/me/copy", data={"csrf": csrf(zhang.get("/me").text)}).text)
    assert other.get(link).status_code == 303
    assert [zhang.get(link).status_code for _ in range(2)] == [200, 200]
    office.firm.pass_time(minutes=11)
    assert zhang.get(link).status_code == 303
    assert [row["type"] for row in office.firm.rows(ev_event)].count("export.made") <= 1
