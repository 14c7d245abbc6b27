"""The signing pages without a browser: who sees them, and what every wrong press is told."""

from __future__ import annotations

import math
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from bot import signing
from bot.evidence.tables import ev_event
from bot.signing.tables import signature
from bot.tables import outbox
from tests.web.office import Office, SigningPlatform, csrf
from tests.world import Firm

BLOCKS = [("结果", [("得分", "62.5")]), ("说明", "<b>第二条</b> 依据办法第十二条。")]
WAVE = " ".join(f"{40 + i * 5},{int(80 + 30 * math.sin(i / 2))}" for i in range(30))
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = lite


@pytest.fixture
def office(firm: Firm) -> Office:
    return Office(firm, SigningPlatform())


def prepare(office: Office, *, high_stakes: bool = False) -> signing.Document:
    with office.firm.app.context() as ctx:
        who = office.person("zhang")
        return signing.prepare(ctx, who, "paper:1", "季度结果", BLOCKS, kind="paper", high_stakes=high_stakes)


def form(page: str, **more: str) -> dict[str, str]:
    token = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    assert token, page
    base = {"csrf": csrf(page), "do": "sign", "token": token[1], "how": "drawn", "strokes": WAVE, "seen": "1"}
    return base | more


def said(browser: FlaskClient, found: signing.Document, data: dict[str, str]) -> str:
    """Press, follow, read."""
    return browser.post(f"/sign/{found.ref}", data=data, follow_redirects=True).text


def test_the_whole_document_its_fingerprint_and_one_sentence_are_shown_before_the_button(office: Office) -> None:
    found = prepare(office)
    answer = office.browser("zhang").get(f"/sign/{found.ref}?lang=zh")
    page = answer.text
    # What the first sight needs is asked for at once, the pad for handwriting only afterwards.
    for sheet in re.findall(r'rel="stylesheet" href="([^"]+)"', page):
        assert f"<{sheet}>; rel=preload; as=style" in answer.headers["Link"]
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/sign.js" defer>']
    at = [page.index(each) for each in ("62.5", "&lt;b&gt;第二条", found.sha256, "由全文算出", 'id="sign"')]
    assert at == sorted(at)
    assert "签名不代表同意" in page
    english = office.browser("zhang").get(f"/sign/{found.ref}?lang=en").text
    assert "Computed from the whole text" in english and "Sign here" in english


def test_signing_leads_to_the_copy_a_receipt_and_an_end(office: Office) -> None:
    found, browser = prepare(office), office.browser("zhang")
    page = browser.get(f"/sign/{found.ref}").text
    done = said(browser, found, form(page))
    assert "已签署" in done and f"/sign/{found.ref}/copy.pdf" in done and "不是持牌认证机构" in done
    assert "已签署" in said(browser, found, form(page))  # pressed twice
    assert "已签署" in browser.get(f"/sign/{found.ref}").text  # the back button asks anew
    assert len(office.firm.rows(signature)) == 1
    copy = browser.get(f"/sign/{found.ref}/copy.pdf")
    assert copy.data.startswith(b"%PDF-") and copy.headers["Content-Type"] == "application/pdf"
    said_in_chat = [str(row["body"]) for row in office.firm.rows(outbox)]
    assert any("copy.pdf" in each for each in said_in_chat) and any("存证回执" in each for each in said_in_chat)


def test_for_others_the_page_does_not_exist_and_hr_reads_without_a_button(office: Office) -> None:
    found = prepare(office)
    for user in ("li", "stranger", "wang"):
        browser = office.browser(user)
        assert browser.get(f"/sign/{found.ref}").status_code == 404
        page = browser.get("/me").text
        assert browser.post(f"/sign/{found.ref}", data={"csrf": csrf(page), "do": "decline"}).status_code == 404
    for user in ("li", "stranger", "zhang"):
        assert office.browser(user).get(f"/sign/{found.ref}/file").status_code == 404
    file = office.browser("wang").get(f"/sign/{found.ref}/file?lang=zh").text
    assert "62.5" in file and 'id="sign"' not in file and "不能代签" in file
    assert office.browser("li").get(f"/sign/{found.ref}/copy.pdf").status_code == 404
    with office.firm.app.engine.connect() as conn:
        looked = conn.execute(sa.select(ev_event.c.actor).where(ev_event.c.type == "access.viewed")).scalars().all()
    assert looked == [office.person("wang").ref]


def test_nobody_signs_without_a_session_or_with_somebody_elses(office: Office) -> None:
    found, browser = prepare(office), office.browser("zhang")
    page = browser.get(f"/sign/{found.ref}").text
    browser.delete_cookie("huizhi")
    answer = browser.post(f"/sign/{found.ref}", data=form(page))
    assert answer.headers["Location"].startswith("/in?next=")
    office.sign_in(browser, "zhang")
    assert browser.post(f"/sign/{found.ref}", data=form(page)).status_code == 403  # the old session's secret
    fresh = csrf(browser.get(f"/sign/{found.ref}").text)
    assert "另一次登录时打开的" in said(browser, found, form(page) | {"csrf": fresh})
    assert office.firm.rows(signature) == []
    assert browser.get(f"/sign/{'0' * 24}").status_code == 404


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"strokes": ""}, "还没有写名字"),
        ({"strokes": "20,20"}, "一个点或一小画不能当作签名"),
        ({"strokes": "x"}, "笔迹没有完整传到"),
        ({"how": "typed", "typed": "李四"}, "请键入：张三"),
        ({"token": "0" * 64}, "没有签上"),
    ],
)
def test_what_is_not_taken_is_told_in_one_sentence(office: Office, more: dict[str, str], sentence: str) -> None:
    found, browser = prepare(office), office.browser("zhang")
    page = browser.get(f"/sign/{found.ref}").text
    assert sentence in said(browser, found, form(page, **more))
    assert office.firm.rows(signature) == []


def test_a_superseded_version_leads_to_the_new_one(office: Office) -> None:
    old, browser = prepare(office), office.browser("zhang")
    page = browser.get(f"/sign/{old.ref}").text
    new = prepare(office)
    told = said(browser, old, form(page))
    assert "已由新版代替" in told and f'href="/sign/{new.ref}"' in told
    with office.firm.app.context() as ctx:
        signing.withdraw(ctx, new, "数据有误")
    assert "数据有误" in browser.get(f"/sign/{new.ref}").text


def test_declining_is_as_easy_and_keeps_the_words(office: Office) -> None:
    found, browser = prepare(office), office.browser("zhang")
    page = browser.get(f"/sign/{found.ref}").text
    told = said(browser, found, {"csrf": csrf(page), "do": "decline", "words": "第二条我不认可"})
    assert "您选择了不签名" in told
    assert any("第二条我不认可" in str(row["body"]) for row in office.firm.rows(outbox))
    assert office.firm.rows(signature) == []


def test_high_stakes_ask_for_a_fresh_sign_in_and_a_code_from_the_chat(office: Office) -> None:
    found, browser = prepare(office, high_stakes=True), office.browser("zhang")
    office.firm.pass_time(minutes=6)
    again = browser.get(f"/sign/{found.ref}?lang=zh").text
    assert "请再登录一次" in again and "62.5" not in again
    asked = re.search(r'href="(/in\?p=fake&amp;next=/sign/[0-9a-f]+)"', again)
    assert asked
    assert office.sign_in(browser, "zhang", asked[1].replace("&amp;", "&")) == f"/sign/{found.ref}"
    page = browser.get(f"/sign/{found.ref}").text
    assert "请先获取并填写验证码" in said(browser, found, form(page))
    quiet = browser.post(f"/sign/{found.ref}?quiet=1", data={"csrf": csrf(page), "do": "code"}).text
    assert quiet.startswith("验证码已发出")
    assert "刚刚发过验证码" in said(browser, found, {"csrf": csrf(page), "do": "code"})
    digits = next(str(row["body"]) for row in office.firm.rows(outbox) if "验证码" in str(row["body"]))
    code = digits.split("验证码 ")[1][:6]
    wrong = "000000" if code != "000000" else "111111"
    assert "验证码不对" in said(browser, found, form(page, code=wrong))
    assert "已签署" in said(browser, found, form(page, code=code))
    assert office.firm.rows(signature)[0]["second_factor"] == "chat"


def test_a_kind_named_in_the_settings_is_high_stakes_too(office: Office) -> None:
    office.firm.app.settings = office.firm.app.settings.model_copy(update={"sign_high_stakes": ("paper",)})
    found, browser = prepare(office), office.browser("zhang")
    assert 'name="code"' in browser.get(f"/sign/{found.ref}").text


def test_hr_records_a_refusal_with_two_who_were_there(office: Office) -> None:
    found, browser = prepare(office), office.browser("wang")
    secret = csrf(browser.get(f"/sign/{found.ref}/file?lang=zh").text)

    def ask(first: str, second: str, how: str = "6 月 11 日 9 点，301 会议室") -> str:
        data = {"csrf": secret, "how": how, "witness1": first, "witness2": second}
        return browser.post(f"/sign/{found.ref}/file", data=data, follow_redirects=True).text

    assert "没有找到这位同事" in ask("li", "查无此人")
    assert "没有记录" in ask("li", "zhang")
    assert "没有记录" in ask("li", "外人", " ")
    assert "已请两位同事" in ask("li", "外人")
    asked = [row["user_id"] for row in office.firm.rows(outbox) if "请确认您看到的" in str(row["body"])]
    assert sorted(map(str, asked)) == ["li", "stranger"]
