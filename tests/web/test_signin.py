"""Signing in: once, in one browser, and never for somebody who left."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import sqlalchemy as sa

from bot.errors import PlatformError
from bot.tables import person as person_table
from bot.web.links import mark
from bot.web.security import PER_BROWSER_SIGN_IN
from bot.web.server import create_app
from bot.web.session import IDLE, LONGEST, Session
from tests.web.office import VENDOR, Office, SigningPlatform, csrf
from tests.world import FakePlatform, Firm

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def office(firm: Firm) -> Office:
    return Office(firm, SigningPlatform())


def test_a_page_without_session_leads_through_the_vendor_back_to_it(office: Office) -> None:
    browser = office.browser()
    first = browser.get("/todo?lang=en")
    assert (first.status_code, first.headers["Location"]) == (302, "/in?next=%2Ftodo%3Flang%3Den")
    assert office.sign_in(browser, "zhang", first.headers["Location"]) == "/todo?lang=en"
    assert browser.get("/todo").status_code == 200


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example/me", "/\\evil.example", "/in?next=/in"])
def test_nobody_is_sent_elsewhere_after_signing_in(office: Office, evil: str) -> None:
    assert office.sign_in(office.browser(), "zhang", f"/in?{urlencode({'next': evil})}") == "/me"


def test_a_state_works_once_in_its_browser_and_for_five_minutes(office: Office) -> None:
    browser, thief = office.browser(), office.browser()
    thief.get("/in")
    state = office.state(browser)
    back = f"/in/back/fake?code=zhang&state={state}"
    assert thief.get(back).status_code == 400
    assert browser.get(back).status_code == 400, "spent by the attempt in the other browser"
    again = f"/in/back/fake?code=zhang&state={office.state(browser)}"
    assert [browser.get(again).status_code for _ in range(2)] == [302, 400]
    for state in ("", "x" * 40, "a-b", "0" * 500):
        assert browser.get(f"/in/back/fake?code=zhang&state={state}").status_code == 400
    lost = office.state(browser)
    office.firm.app.redis.delete(f"huizhi:signin:{lost}")
    assert browser.get(f"/in/back/fake?code=zhang&state={lost}").status_code == 400
    browser = office.browser()
    assert browser.get(f"/in/back/wecom?code=zhang&state={office.state(browser)}").status_code == 400
    ttl = office.firm.app.redis.ttl(f"huizhi:signin:{office.state(browser)}")
    assert 290 < ttl <= 300


def test_signing_in_gives_a_new_session_and_ends_the_old_one(office: Office) -> None:
    browser = office.browser("zhang")
    old = browser.get_cookie("huizhi")
    assert old and old.http_only and old.same_site == "Lax"
    secret = csrf(browser.get("/me").text)
    office.sign_in(browser, "zhang")
    new = browser.get_cookie("huizhi")
    assert new and new.value != old.value
    assert csrf(browser.get("/me").text) != secret
    assert _with_cookie(office, old.value) == 302


def _with_cookie(office: Office, value: str) -> int:
    client = office.web.test_client()
    client.set_cookie("huizhi", value)
    return client.get("/me").status_code


def test_leaving_ends_every_copy_of_the_cookie(office: Office) -> None:
    browser = office.browser("zhang")
    cookie = browser.get_cookie("huizhi")
    assert cookie
    assert browser.post("/out", data={"csrf": "wrong"}).status_code == 403
    answer = browser.post("/out", data={"csrf": csrf(browser.get("/me").text)})
    assert "已退出" in answer.text
    assert browser.get_cookie("huizhi") is None
    assert _with_cookie(office, cookie.value) == 302


def test_whoever_leaves_the_firm_is_out_at_once(office: Office) -> None:
    browser = office.browser("zhang")
    with office.writing() as connection:
        connection.execute(sa.update(person_table).where(person_table.c.id == "fake:zhang").values(active=False))
    answer = browser.get("/me")
    assert answer.status_code == 403 and "没有找到您的档案" in answer.text
    assert browser.get("/me").status_code == 302
    assert office.sign_in(browser, "zhang") == ""
    assert office.sign_in(browser, "nobody-we-know") == ""


def test_a_session_ends_after_idling_and_after_a_day(office: Office) -> None:
    browser = office.browser("zhang")
    for _ in range(3):
        office.firm.pass_time(seconds=IDLE - 60)
        if _ < 2:
            assert browser.get("/me").status_code == 200
    idle = office.browser("li")
    office.firm.pass_time(seconds=IDLE + 1)
    assert idle.get("/me").status_code == 302
    assert IDLE * 3 - 180 < LONGEST
    used = office.browser("wang")
    for _ in range(4):
        office.firm.pass_time(seconds=IDLE - 60)
        last = used.get("/me").status_code
    assert last == 302


def test_a_forged_cookie_is_nobody(office: Office) -> None:
    browser = office.browser("zhang")
    cookie = browser.get_cookie("huizhi")
    assert cookie
    body, _, seal = cookie.value.rpartition(".")
    for value in ("", "x", body, f"{body}.{seal[:-2]}AA", f"{body[:-2]}AA.{seal}", f"{cookie.value}x"):
        assert _with_cookie(office, value) == 302
    assert set(Session.__slots__) == {"sid", "person_id", "csrf", "began", "seen"}


def test_a_card_for_somebody_else_signs_in_anew(office: Office) -> None:
    browser = office.browser("zhang")
    own, other = (f"/in?p=fake&for={mark(office.person(each))}&next=/todo" for each in ("zhang", "li"))
    assert browser.get(own).headers["Location"] == "/todo"
    assert browser.get(other).headers["Location"].startswith(VENDOR)
    assert office.sign_in(browser, "li", other) == "/todo"
    assert "李主管" in browser.get("/me").text


def test_several_platforms_are_a_choice(office: Office) -> None:
    other = SigningPlatform(name="other")
    office.firm.app.platforms = {"fake": office.platform, "other": other, "mute": FakePlatform(name="mute")}
    client = create_app(office.firm.app, office.firm.dispatch).test_client()
    page = client.get("/in?next=/todo").text
    assert "/in?p=fake&amp;next=%2Ftodo" in page and "/in?p=other&amp;next=%2Ftodo" in page and "mute" not in page
    assert client.get("/in?p=mute").status_code == 200
    assert client.get("/in?p=other").headers["Location"].startswith(VENDOR)


def test_a_vendor_that_fails_is_not_the_person_s_fault(office: Office) -> None:
    browser = office.browser()
    office.platform.refuse = [
        PlatformError("network", "timeout"), PlatformError("40013", "corp", permanent=True, alarm=True),
        PlatformError("40029", "bad", permanent=True), PlatformError("not_member", "", permanent=True),
    ]  # fmt: skip
    answers = [browser.get(f"/in/back/fake?code=zhang&state={office.state(browser)}") for _ in range(4)]
    assert [each.status_code for each in answers] == [503, 503, 400, 403]
    assert "暂时没有应答" in answers[0].text
    assert browser.get("/me").status_code == 302


def test_hammering_the_sign_in_is_slowed_down(office: Office) -> None:
    browser = office.browser()
    codes = [browser.get("/in").status_code for _ in range(PER_BROWSER_SIGN_IN + 2)]
    assert codes[-1] == 429 and codes[:PER_BROWSER_SIGN_IN] == [302] * PER_BROWSER_SIGN_IN
    assert office.browser().get("/in").status_code == 302


def test_over_https_the_cookie_is_bound_to_the_host(office: Office) -> None:
    app = office.firm.app
    app.settings = app.settings.model_copy(update={"public_url": "https://hr.example.cn"})
    client = create_app(app, office.firm.dispatch).test_client()
    there = client.get("/in", base_url="https://hr.example.cn")
    query = parse_qs(urlsplit(there.headers["Location"]).query)
    assert query["back"] == ["https://hr.example.cn/in/back/fake"]
    back = f"/in/back/fake?code=zhang&state={query['state'][0]}"
    answer = client.get(back, base_url="https://hr.example.cn")
    (cookie,) = (each for each in answer.headers.getlist("Set-Cookie") if each.startswith("__Host-huizhi="))
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/")) and "Domain" not in cookie
