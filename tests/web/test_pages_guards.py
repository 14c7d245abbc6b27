"""What surrounds every page: forms, limits, headers, faults, languages, and pages that handlers bring."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import leaver
from bot.leaver.requests import TYPES
from bot.web import pages as pages_module, site, words
from bot.web.links import own_path, page_url
from bot.web.pages import Pages
from bot.web.security import PER_PERSON
from tests.web.conftest import Web
from tests.web.office import Office, SigningPlatform, csrf
from tests.world import Firm

SECRET = "我今天要去医院做检查"
ZHANG = "/people/fake:zhang"
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing of its own is tried on one kind."""


@pytest.fixture
def office(firm: Firm) -> Office:
    return Office(firm, SigningPlatform())


@lite
def test_words_are_escaped(office: Office) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang", words="<script>alert(1)</script>")
    page = office.browser("zhang").get("/me").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@lite
def test_a_form_without_its_secret_does_nothing(office: Office) -> None:
    zhang = office.browser("zhang")
    other = csrf(office.browser("li").get("/me").text)
    for data in ({}, {"csrf": ""}, {"csrf": other}, {"csrf": "é"}):
        assert zhang.post("/me/copy", data=data).status_code == 403
    assert zhang.get("/me").status_code == 200


@lite
def test_too_fast_is_answered_humanely(office: Office) -> None:
    zhang = office.browser("zhang")
    codes = [zhang.get("/todo").status_code for _ in range(PER_PERSON + 1)]
    assert codes[:-1] == [200] * PER_PERSON
    answer = zhang.get("/me")
    assert answer.status_code == 429 and "请过一分钟再试" in answer.text
    assert office.browser("li").get("/me").status_code == 200


@lite
def test_a_failure_shows_a_number_and_no_details(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    zhang = office.browser("zhang")
    monkeypatch.setattr("bot.web.record.looks", broken)
    for lang, sentence in (("zh", "系统出了点问题"), ("en", "Something went wrong")):
        answer = zhang.get(f"/me?lang={lang}")
        assert answer.status_code == 500 and sentence in answer.text
        assert "RuntimeError" not in answer.text and SECRET not in answer.text
        assert re.search(r"[0-9a-f]{8}", answer.text)


@lite
def test_pages_have_their_own_headers_and_doors_keep_theirs(office: Office) -> None:
    zhang = office.browser("zhang")
    for path in ("/me", "/todo", "/people/nobody", "/in", "/static/pages.css"):
        answer = zhang.get(path)
        policy = answer.headers.getlist("Content-Security-Policy")
        assert len(policy) == 1 and "default-src 'none'" in policy[0] and "style-src 'self'" in policy[0]
        assert "unsafe" not in policy[0]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in zhang.get("/me").headers["Cache-Control"]
    door = zhang.get("/healthz")
    assert door.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    lost = zhang.get("/nowhere", headers={"Accept": "text/html"})
    assert lost.status_code == 404 and "没有找到这个页面" in lost.text
    assert zhang.get("/static/..%2fpages.py").status_code == 404


@lite
def test_pages_bring_nothing_inline_and_nothing_from_elsewhere(office: Office) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang", words="在")
    for lang in words.LANGS:
        for path in ("/me", "/todo", "/in?p=none&"):
            page = office.browser("zhang").get(f"{path}{'' if '?' in path else '?'}lang={lang}").text
            assert "<script" not in page and "style=" not in page and "<style" not in page
            assert "://" not in page and "onclick" not in page


@lite
def test_language_is_chosen_remembered_and_guessed(office: Office) -> None:
    zhang = office.browser("zhang")
    english = {"Accept-Language": "en-GB,en;q=0.9"}
    assert "我的记录" in zhang.get("/me").text
    assert "My record" in zhang.get("/me", headers=english).text
    assert "我的记录" in zhang.get("/me", headers={"Accept-Language": "fr"}).text
    assert "My record" in zhang.get("/me?lang=en").text
    assert "My record" in zhang.get("/me").text
    assert "My record" in zhang.get("/me?lang=xx").text


def test_every_word_is_there_in_both_languages() -> None:
    for key, pair in words.WORDS.items():
        assert len(pair) == 2 and all(pair), key
        assert re.findall(r"{(\w+)}", pair[0]) == re.findall(r"{(\w+)}", pair[1]), key
        assert re.search(r"[\u4e00-\u9fff]", pair[0]) or key == "switch", key
        assert not re.search(r"[\u4e00-\u9fff]", pair[1]) or key == "switch", key
    folder = Path(pages_module.__file__).parent / "templates"
    used = {key for file in folder.glob("*.html") for key in re.findall(r"\bt\('(\w+)'", file.read_text("utf-8"))}
    assert used - words.WORDS.keys() - {"kind_", "state_", "ask_", "how_", "way_"} == set()
    ways = {f"{prefix}_{way}" for prefix in ("way", "leaver_by") for way in leaver.WAYS}
    asked = {f"ask_{kind}{more}" for kind in TYPES for more in ("", "_hint")} | {
        "ask_waiting",
        "ask_done",
        "ask_refused",
    }
    assert {f"how_{how}" for how in leaver.HOWS} | ways | asked <= words.WORDS.keys()


@pytest.mark.parametrize(
    "bad",
    ["//evil.example", "https://evil.example", "/\\evil", "/\tx", "me", "", "/in", "/out", "/a b", "/" + "x" * 600],
)
def test_only_our_own_paths_follow_a_sign_in(bad: str) -> None:
    assert own_path(bad) == "/me"
    assert own_path("/people/fake:zhang?before=3") == "/people/fake:zhang?before=3"


@lite
def test_a_card_links_to_a_page(office: Office) -> None:
    settings, zhang = office.firm.app.settings, office.person("zhang")
    assert page_url(settings, "/me") == f"{settings.public_url}/me"
    link = page_url(settings, "/todo", zhang)
    assert link.startswith(f"{settings.public_url}/in?p=fake&for=") and link.endswith("next=%2Ftodo")
    assert "zhang" not in link and zhang.ref not in link
    with pytest.raises(ValueError, match="path"):
        page_url(settings, "https://evil.example")


def test_without_redis_pages_say_so_humanely(lonely: Web) -> None:
    answer = lonely.http.get("/me")
    assert answer.status_code == 503 and "系统出了点问题" in answer.text


@lite
def test_a_handler_brings_pages_of_its_own(
    firm: Firm, office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "hello.html").write_text(
        '{% extends "base.html" %}{% block main %}{{ greeting }}<input name="csrf" value="{{ csrf }}">{% endblock %}'
    )
    done: list[str] = []

    def register(pages: Pages) -> None:
        pages.templates("greeter", tmp_path)
        pages.get("/hello/<word>", lambda visit, word: visit.page("greeter/hello.html", greeting=f"{word}?"))
        pages.post("/hello", lambda visit: done.append(visit.person.name) or "ok")

    brought = {("handlers", "pages"): [SimpleNamespace(register=register)]}
    monkeypatch.setattr(site.router, "discover", lambda package, module: brought.get((package, module), []))
    office = Office(firm, office.platform)
    zhang = office.browser("zhang")
    page = zhang.get("/hello/<i>").text
    assert "&lt;i&gt;?" in page and "我的记录" in page
    assert zhang.post("/hello").status_code == 403 and done == []
    assert zhang.post("/hello", data={"csrf": csrf(page)}).text == "ok" and done == ["张三"]
    assert office.browser().get("/hello/x").status_code == 302
