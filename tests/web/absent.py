"""What the tests of the absence pages share: an office in which Zhang has not come, and hands to press buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from bot import router
from bot.evidence.tables import ev_event
from handlers.missed_punch import tables as t
from tests.handlers.missed_punch.story import Story
from tests.web.office import Office, SigningPlatform, csrf
from tests.world import Firm

SECRET = "我在医院挂急诊"
REASON = "刚和家人通过电话，人平安"
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing of its own is tried on one kind."""


@pytest.fixture
def office(firm: Firm) -> Office:
    router.discover("handlers", "flow")
    office = Office(firm, SigningPlatform())
    firm.platform = office.platform
    return office


@pytest.fixture
def story(office: Office) -> Story:
    """Zhang has not come; at 09:16 he is asked."""
    story = Story(office.firm)
    story.tick("09:16")
    return story


def case_id(office: Office) -> str:
    (row,) = office.firm.rows(t.case)
    return str(row["id"])


def text(office: Office, who: str, path: str = "") -> str:
    answer = office.browser(who).get(path or f"/absences/{case_id(office)}")
    assert answer.status_code == 200, (who, path, answer.status_code)
    return answer.text


def events(office: Office, type: str) -> list[Mapping[str, object]]:
    return [row for row in office.firm.rows(ev_event) if row["type"] == type]


def press(office: Office, who: str, what: str, reason: str = REASON, page: str = "") -> TestResponse:
    """Open the page (or take one opened before), fill in the form and send it."""
    browser, path = office.browser(who), f"/absences/{case_id(office)}"
    page = page or browser.get(path).text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    secret = csrf(browser.get(path).text)
    data = {"csrf": secret, "seen": seen[1] if seen else "", "reason": reason}
    return browser.post(f"{path}/{what}", data=data, follow_redirects=True)
