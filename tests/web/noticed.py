"""What the tests of the notice pages share: an office that has sent a notice, and hands to press buttons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bot import router
from bot.evidence.tables import ev_event
from handlers.notices import store, tables as t
from handlers.notices.composing import drafts, freezing
from handlers.notices.sending import sending
from handlers.notices.store import Notice, Recipient
from tests.web.office import Office, SigningPlatform, csrf
from tests.world import Firm

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing of its own is tried on one kind."""
BODY = "# 第三条\n**迟到**按实际时间记。\n- 补卡当月有效\n<script>alert(1)</script>"
TEXTS = {"zh": ("考勤制度 v4", BODY), "en": ("Attendance rules v4", "**Late** is counted as it was.")}
EVERYBODY = {"into": {"everybody": True}, "minus": {"people": ["fake:stranger"]}}


@pytest.fixture
def office(firm: Firm) -> Office:
    router.discover("handlers", "flow")
    office = Office(firm, SigningPlatform())
    firm.platform = office.platform
    return office


def draft_of(**more: Any) -> drafts.Draft:
    plain = drafts.Draft(
        TEXTS, "confirm", ("received", "agreed", "objected", "appealed"), "《员工手册》第三条", audience=EVERYBODY
    )
    return replace(plain, **more)


def compose(office: Office, by: str = "wang", **more: Any) -> str:
    with office.firm.app.context(office.person(by)) as ctx:
        return drafts.create(ctx, draft_of(**more))


def send(office: Office, notice_id: str) -> None:
    """Freeze the list and send all of it, as after every approval."""
    with office.firm.app.context(office.person("wang")) as ctx:
        found = store.get(ctx.db, notice_id)
        assert found
        sending.start(ctx, freezing.freeze(ctx, found))
    while sending.send_due(office.firm.app):
        continue
    office.firm.courier.drain()
    while sending.send_due(office.firm.app):
        continue


@pytest.fixture
def sent(office: Office) -> str:
    """A notice to Zhang, Li and Wang, not to the stranger, with a deadline in a week."""
    notice_id = compose(office, deadline=office.firm.now + timedelta(days=7))
    send(office, notice_id)
    return notice_id


def notice(office: Office, notice_id: str) -> Notice:
    with office.firm.app.engine.connect() as db:
        found = store.get(db, notice_id)
    assert found
    return found


def standing(office: Office, notice_id: str, who: str) -> Recipient:
    with office.firm.app.engine.connect() as db:
        found = store.recipient(db, notice_id, office.person(who).id)
    assert found
    return found


def text(office: Office, who: str, path: str, status: int = 200) -> str:
    answer = office.browser(who).get(path)
    assert answer.status_code == status, (who, path, answer.status_code, answer.headers.get("Location"))
    return answer.text


def press(office: Office, who: str, path: str, *, follow: bool = True, **fields: Any) -> TestResponse:
    """Send a form as its page would; files are (stream, name)."""
    browser = office.browser(who)
    secret = csrf(browser.get("/me").text)
    if path.endswith("/answer"):
        browser.get(path.removesuffix("/answer"))
    return browser.post(path, data={"csrf": secret, **fields}, follow_redirects=follow)


def types(office: Office, notice_id: str) -> list[str]:
    return [str(row["type"]) for row in office.firm.rows(ev_event) if row["object_id"] == notice_id]


def ids(office: Office) -> list[str]:
    return [str(row["id"]) for row in office.firm.rows(t.notice)]
