"""Pages: who sees whose record, that looking leaves a trace, and what is shown of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import access
from bot.card import Card
from bot.evidence.tables import ev_event
from bot.people import People
from bot.tables import person as person_table
from handlers.agreements.tables import consent
from tests.web.office import Office, SigningPlatform
from tests.world import Firm

SECRET = "我今天要去医院做检查"
ZHANG = "/people/fake:zhang"
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing of its own is tried on one kind."""


@pytest.fixture
def office(firm: Firm) -> Office:
    return Office(firm, SigningPlatform())


def looks(office: Office) -> list[tuple[str, str]]:
    """(who looked, at whom) of every recorded look."""
    with office.firm.app.engine.connect() as connection:
        rows = connection.execute(
            sa.select(ev_event.c.actor, ev_event.c.subject).where(ev_event.c.type == "access.viewed").order_by("n")
        ).all()
        names = {row.ref: row.user_id for row in connection.execute(sa.select(person_table))}
    return [(names[row.actor], names[row.subject]) for row in rows]


def test_who_may_open_whose_file(office: Office) -> None:
    everybody = ("zhang", "li", "wang", "stranger")
    allowed = {("li", "zhang"), ("wang", "zhang"), ("wang", "li"), ("wang", "stranger")}
    for viewer in everybody:
        browser = office.browser(viewer)
        for whom in everybody:
            expected = 302 if viewer == whom else 200 if (viewer, whom) in allowed else 404
            assert browser.get(f"/people/fake:{whom}").status_code == expected, (viewer, whom)
            with office.firm.app.engine.connect() as connection:
                may = access.may_see(connection, office.person(viewer), office.person(whom))
            assert may is (expected != 404)
    assert set(looks(office)) == allowed


def test_roles_follow_from_who_reports_to_whom(office: Office) -> None:
    with office.firm.app.engine.connect() as connection:
        roles = {name: access.roles(connection, office.person(name)) for name in ("zhang", "li", "wang", "stranger")}
    assert roles["zhang"] == roles["stranger"] == {"employee"}
    assert roles["li"] == {"employee", "manager"}
    assert roles["wang"] == {"employee", "hr"}


def test_reports_of_a_manager_who_left_pass_to_the_next(office: Office) -> None:
    with office.writing() as connection:
        connection.execute(
            sa.update(person_table).where(person_table.c.id == "fake:li").values(manager_id="fake:stranger")
        )
        connection.execute(sa.update(person_table).where(person_table.c.id == "fake:li").values(active=False))
    boss, zhang = office.person("stranger"), office.person("zhang")
    with office.firm.app.engine.connect() as connection:
        assert [each.name for each in access.visible(connection, boss)] == ["张三"]
        assert access.may_see(connection, boss, zhang)
        assert access.visible(connection, office.person("li")) == []
        assert not access.may_see(connection, office.person("li"), zhang)


def test_the_list_of_people_is_the_one_that_opens(office: Office) -> None:
    names = {viewer: office.browser(viewer).get("/people") for viewer in ("zhang", "li", "wang", "stranger")}
    assert [names[each].status_code for each in ("zhang", "li", "wang", "stranger")] == [404, 200, 200, 404]
    assert "张三" in names["li"].text and "外人" not in names["li"].text
    assert all(name in names["wang"].text for name in ("张三", "李主管", "外人"))
    found = office.browser("wang").get("/people?q=%25").text
    assert "张三" not in found


def test_a_look_is_recorded_once_in_ten_minutes_and_shown_to_the_person(office: Office) -> None:
    wang = office.browser("wang")
    for minutes in (0, 9, 11):
        office.firm.pass_time(minutes=minutes)
        assert wang.get(ZHANG).status_code == 200
        wang.get(ZHANG)
    office.browser("li").get(ZHANG)
    assert looks(office) == [("wang", "zhang"), ("wang", "zhang"), ("li", "zhang")]
    page = office.browser("zhang").get("/me").text
    assert page.count("查看了记录") >= 3 and "王HR" in page and "李主管" in page


def test_others_see_what_happened_and_never_what_was_said(office: Office) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang", words=SECRET)
    assert SECRET in office.browser("zhang").get("/me").text
    for viewer in ("wang", "li"):
        page = office.browser(viewer).get(ZHANG).text
        assert "本人回复" in page
        assert SECRET not in page


def test_a_manager_does_not_see_what_is_between_the_person_and_hr(office: Office) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang")
    office.record("zhang", "consent.withdrawn", "con-1", "zhang")
    pages = {viewer: office.browser(viewer).get(ZHANG).text for viewer in ("li", "wang")}
    assert "本人回复" in pages["li"] and "撤回同意" not in pages["li"] and "查看记录" not in pages["li"]
    assert "撤回同意" in pages["wang"] and "查看记录" in pages["wang"]


def test_contents_of_what_one_did_about_somebody_else_follow_the_right_to_see_them(office: Office) -> None:
    event = office.record("li", "checkin.manager_answered", "case-1", "zhang", words="他请过假")
    li = office.browser("li")
    assert "他请过假" in li.get("/me").text
    with office.writing() as connection:
        connection.execute(sa.update(person_table).where(person_table.c.id == "fake:zhang").values(manager_id=None))
    assert "主管答复" in li.get("/me").text
    assert "他请过假" not in li.get("/me").text
    assert li.get(f"/me/receipts/{event}.json").get_json(force=True)["disclosed"] == []


def test_states_go_from_promised_to_logged(office: Office) -> None:
    office.record("zhang", "checkin.replied", "case-1", "zhang", words="在")
    zhang = office.browser("zhang")
    assert "已承诺收录" in zhang.get("/me").text
    office.sequence()
    page = zhang.get("/me?lang=en").text
    assert "No. 0 in the log" in page and "Promised" not in page


def test_todo_lists_what_is_open_in_the_words_of_its_card(office: Office) -> None:
    with office.firm.app.context() as ctx:
        zhang = People(ctx.db).find("fake", "zhang")
        assert zhang
        later = office.firm.now + timedelta(hours=2)
        ctx.ask(zhang, "test", "m-1", lambda ref: Card("早上好，还好吗", "没看到打卡"), deadline=later)
        done = ctx.ask(zhang, "test", "m-2", lambda ref: Card("旧问题", "过去了"))
        ctx.answer(done, "yes")
    page = office.browser("zhang").get("/todo").text
    assert "早上好，还好吗" in page and "11:16 前" in page and "旧问题" not in page
    assert "现在没有需要您处理的事项" in office.browser("li").get("/todo").text


def test_consents_are_shown_to_their_person_only(office: Office) -> None:
    row = {"id": "c1", "person_id": "fake:zhang", "kind": "esign", "state": "agreed", "version": 3, "text": "…"}
    row |= {"text_sha256": "0" * 64, "scope": '{"account": "zhang", "mobile": "13800000000", "email": ""}'}
    row |= {"asked_at": office.firm.now}
    with office.writing() as connection:
        connection.execute(sa.insert(consent).values(**row))
    mine = office.browser("zhang").get("/me").text
    assert "第 3 版" in mine and "适用于： 13800000000</span>" in mine
    assert "第 3 版" not in office.browser("wang").get(ZHANG).text


def test_long_records_are_paged(office: Office) -> None:
    for number in range(45):
        office.record("zhang", "checkin.replied", "case-1", "zhang", words=f"第{number}句")
    zhang = office.browser("zhang")
    first = zhang.get("/me").text
    assert "第44句" in first and "第4句" not in first
    older = re.search(r'href="/me(\?before=\d+)"', first)
    assert older
    assert "第4句" in zhang.get(f"/me{older[1]}").text
    assert zhang.get("/me?before=x").status_code == 200


def test_one_tab_is_marked_where_addresses_nest(office: Office) -> None:
    """/performance and /performance/cockpit are both tabs of HR: the longer one that fits is where the reader is."""
    browser = office.browser("wang")
    for path in ("/me", "/performance", "/performance/cockpit"):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert re.findall(r'href="([^"]+)" aria-current="page"', page.text) == [path]
