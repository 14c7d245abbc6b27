"""The board: numbers that add up, lists behind them, who may look, what its buttons do, what is taken away."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot import sheets
from bot.db import begin
from bot.evidence.tables import ev_event
from handlers.notices import board, tables as t
from handlers.notices.pages import charts, words as page_words
from handlers.notices.receiving import parcels
from handlers.notices.rules import ANSWERS, RUNGS, TROUBLES
from tests.web.noticed import compose, draft_of, lite, notice, office, press, send, sent, standing, text, types
from tests.web.office import Office

__all__ = ["office", "sent"]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def numbers(page: str) -> dict[str, int]:
    """Group -> people, as the board's list shows them."""
    return {name: int(n) for name, n in re.findall(r'/people\?in=(\w+)"><span class="line[^>]*>.*?<b>(\d+)</b>', page)}


def test_every_number_is_a_list_and_the_sum_is_the_list(office: Office, sent: str) -> None:
    press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words="第三条不清楚")
    text(office, "li", f"/notices/{sent}")
    shown = numbers(text(office, "wang", f"/notices/{sent}/board"))
    assert shown.pop("all") == 3 == sum(shown.values())
    assert shown["objected"] == shown["opened"] == 1
    for name, count in shown.items():
        page = text(office, "wang", f"/notices/{sent}/people?in={name}")
        assert len(re.findall(r'class="state end"', page)) == count, name
    assert "第三条不清楚" in text(office, "wang", f"/notices/{sent}/people?in=objected")
    assert "张三" in text(office, "wang", f"/notices/{sent}/people?in=all&q=张")
    assert text(office, "wang", f"/notices/{sent}/people?in=nonsense", 404)


SAYS = ["", *ANSWERS, "signed", "declined"]


@given(st.sampled_from(range(6)), st.sampled_from(TROUBLES), st.sampled_from(SAYS))
def test_a_person_is_in_exactly_one_group(rung: int, trouble: str, answer: str) -> None:
    assert board.group(rung, trouble, answer) in board.GROUPS
    assert f"g_{board.group(rung, trouble, answer)}" in page_words.WORDS


def _fill(office: Office, notice_id: str, count: int) -> None:
    """People of every possible standing."""
    now = office.firm.now
    rows = []
    for n in range(count):
        rung = n % 6
        trouble = TROUBLES[n % len(TROUBLES)] if rung < 2 else ""
        answer = (*ANSWERS, "declined")[n % 5] if rung == 4 else "signed" if rung == 5 else ""
        at = {"accepted_at": now if rung else None, "delivered_at": now if rung == 2 else None}
        at |= {"opened_at": now if rung >= 3 else None, "answered_at": now if rung >= 4 else None}
        at |= {"signed_at": now if rung == 5 else None}
        rows.append({"notice_id": notice_id, "person_id": f"fake:n{n:04d}", "platform": "fake", "user_id": f"n{n:04d}",
                     "rung": rung, "trouble": trouble, "answer": answer} | at)  # fmt: skip
    with begin(office.firm.app.engine) as db:
        db.execute(sa.insert(t.recipient), rows)
        db.execute(sa.update(t.notice).where(t.notice.c.id == notice_id).values(people=t.notice.c.people + count))


def test_lists_are_paged_without_gaps_and_groups_cover_everybody(office: Office, sent: str) -> None:
    _fill(office, sent, 400)
    found = notice(office, sent)
    with office.firm.app.engine.connect() as db:
        tally = board.tally(db, found)
        assert tally.adds_up and tally.total == 403
        everybody: list[str] = []
        for name in board.GROUPS:
            for count in (tally.counts[name], 10**6):  # both ways of walking
                listed, after = [], ""
                while lines := board.lines(db, found, name, after=after, count=count)[: board.PAGE]:
                    listed += [line.row.person_id for line in lines]
                    after = listed[-1]
                assert len(listed) == len(set(listed)) == tally.counts[name], name
            everybody += listed
        assert len(everybody) == len(set(everybody)) == 403
        waiting = sum(len(board.lines(db, found, "waiting", after=a)[:50]) for a in ("", "fake:n0099", "fake:n0199"))
        assert 0 < waiting <= tally.waiting
    page = text(office, "wang", f"/notices/{sent}/people?in=signed")
    assert "下一页" in page and "fake:n0005" in page


@lite
def test_a_sum_that_is_off_is_said_and_never_hidden(office: Office, sent: str) -> None:
    with begin(office.firm.app.engine) as db:
        db.execute(sa.update(t.notice).values(people=4))
    assert "合计与名单不一致" in text(office, "wang", f"/notices/{sent}/board")


def test_who_may_look_and_that_looking_is_recorded(office: Office, sent: str) -> None:
    press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words="第三条不清楚")
    for path in ("board", "people", "charts", f"people/{office.person('zhang').id}"):
        text(office, "stranger", f"/notices/{sent}/{path}", 404)
        text(office, "zhang", f"/notices/{sent}/{path}", 404)
    team = text(office, "li", f"/notices/{sent}/board")
    assert numbers(team).get("all") == 1 and "已答复" in team and "收到但有异议" not in team
    listed = text(office, "li", f"/notices/{sent}/people?in=answered")
    one = text(office, "li", f"/notices/{sent}/people/{office.person('zhang').id}")
    for page in (team, listed, one):
        assert "第三条不清楚" not in page and "有异议" not in page
    text(office, "li", f"/notices/{sent}/people?in=objected", 404)
    text(office, "li", f"/notices/{sent}/people/{office.person('wang').id}", 404)
    text(office, "li", f"/notices/{sent}/charts", 404)
    text(office, "wang", f"/notices/{sent}/board")
    text(office, "wang", f"/notices/{sent}/board")
    looks = [row for row in office.firm.rows(ev_event) if row["object_id"] == f"access:{sent}"]
    wang, li = office.person("wang").ref, office.person("li").ref
    assert sorted(str(row["actor"]) for row in looks) == sorted([wang, li])


@lite
def test_one_person_with_every_attempt_and_what_it_does_not_prove(office: Office, sent: str) -> None:
    press(office, "zhang", f"/notices/{sent}/answer", answer="appealed", words="请再看一次")
    path = f"/notices/{sent}/people/{office.person('zhang').id}"
    page = text(office, "wang", path)
    assert "首次发送" in page and "不证明" in page and "请再看一次" in page and "来源时间" in page
    assert "Does not prove" in text(office, "wang", f"{path}?lang=en")
    seen = [row for row in office.firm.rows(ev_event) if row["subject"] == office.person("zhang").ref]
    assert [row["type"] for row in seen].count("access.viewed") == 1


@lite
def test_a_paper_copy_with_its_photo(office: Office, sent: str) -> None:
    path = f"/notices/{sent}/people/{office.person('zhang').id}"
    given: dict[str, Any] = {
        "company": "EMS",
        "number": "1234567890123",
        "address": "上海市某路 1 号",
        "pedigree": "本人 06-01 确认",
    }
    bad = press(office, "wang", f"{path}/parcel", **given, photo=(io.BytesIO(b"MZ" + b"\0" * 99), "p.png"))
    assert bad.status_code == 422 and "1234567890123" in bad.text and "JPEG" in bad.text
    with office.firm.app.engine.connect() as db:
        assert parcels.of_person(db, sent, office.person("zhang").id) == []
    good = press(office, "wang", f"{path}/parcel", **given, photo=(io.BytesIO(PNG), "p.png"))
    assert "快递已登记" in good.text and "本人 06-01 确认" in good.text
    photo = re.search(r'href="([^"]+/photo)"', good.text)
    assert photo and office.browser("wang").get(photo[1]).data == PNG
    assert office.browser("zhang").get(photo[1]).status_code == 404
    assert press(office, "li", f"{path}/parcel", **given).status_code == 404


def test_deemed_by_a_clause_is_stamped_and_never_a_receipt(office: Office, sent: str) -> None:
    path = f"/notices/{sent}/people/{office.person('zhang').id}"
    page, before = text(office, "wang", path), standing(office, sent, "zhang")
    assert "标明视为收到" in page and "本人没有收到" in page
    assert "凭什么" in press(office, "wang", f"{path}/deem", clause="  ").text
    done = press(office, "wang", f"{path}/deem", clause="第十二条：公示三日<b>视为送达</b>").text
    assert "已标明视为收到：第十二条：公示三日&lt;b&gt;视为送达&lt;/b&gt;" in done and "不计入收到" in done
    assert "Counts as no receipt" in text(office, "wang", f"{path}?lang=en")
    [event] = [row for row in office.firm.rows(ev_event) if row["type"] == "notice.deemed_received"]
    assert (event["actor"], event["subject"]) == (office.person("wang").ref, office.person("zhang").ref)
    assert standing(office, sent, "zhang") == before and "notice.acknowledged" not in types(office, sent)
    with office.firm.app.engine.connect() as db:
        assert board.tally(db, notice(office, sent)).reached["acknowledged"] == 0


@lite
def test_only_hr_deems_and_only_who_is_silent(office: Office, sent: str) -> None:
    path = f"/notices/{sent}/people/{office.person('zhang').id}"
    for who in ("li", "zhang", "stranger"):
        assert press(office, who, f"{path}/deem", clause="第十二条").status_code == 404
    press(office, "zhang", f"/notices/{sent}/answer", answer="received")
    assert "标明视为收到" not in text(office, "wang", path)
    assert press(office, "wang", f"{path}/deem", clause="第十二条").status_code == 404
    assert "notice.deemed_received" not in types(office, sent)


def test_pause_go_on_stop_and_recall_ask_for_a_reason(office: Office, sent: str) -> None:
    with begin(office.firm.app.engine) as db:
        db.execute(sa.update(t.notice).values(state="sending"))
    here = f"/notices/{sent}"
    assert "请写明理由" in press(office, "wang", f"{here}/pause", reason=" ").text
    assert "已暂停" in press(office, "wang", f"{here}/pause", reason="先等等").text
    assert notice(office, sent).state == "paused"
    assert "已继续" in press(office, "wang", f"{here}/resume").text
    assert "没有执行" in press(office, "wang", f"{here}/resume").text
    assert "已停止" in press(office, "wang", f"{here}/stop", reason="内容有误").text
    assert "已撤回" in press(office, "wang", f"{here}/recall", reason="内容有误").text
    assert notice(office, sent).recalled_at
    for what in ("pause", "resume", "stop", "recall", "duplicate", "export/csv"):
        assert press(office, "li", f"{here}/{what}", reason="不该能").status_code == 404
        assert press(office, "stranger", f"{here}/{what}", reason="不该能").status_code == 404


@lite
def test_a_reminder_says_who_was_left_out(office: Office, sent: str) -> None:
    press(office, "zhang", f"/notices/{sent}/answer", answer="received")
    page = press(office, "wang", f"/notices/{sent}/remind").text
    assert "已提醒 2 人" in page and "已完成 1" in page
    again = press(office, "wang", f"/notices/{sent}/remind").text
    assert "已提醒 0 人" in again
    assert press(office, "stranger", f"/notices/{sent}/remind").status_code == 404
    assert standing(office, sent, "zhang").reminded_at is None


@lite
def test_tables_are_harmless_and_keep_the_answers_apart(office: Office, sent: str) -> None:
    press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words='=HYPERLINK("http://x")')
    press(office, "li", f"/notices/{sent}/answer", answer="received")
    for kind in ("csv", "xlsx"):
        data = press(office, "wang", f"/notices/{sent}/export/{kind}").data
        rows = [cells for _, cells in sheets.rows(data)]
        assert len(rows) == 4
        said = {row[0]: (row[7], row[8]) for row in rows[1:]}
        assert said["李主管"] == ("收到", "") and said["张三"][0] == "收到但有异议"
        assert sheets.plain(said["张三"][1]) == '=HYPERLINK("http://x")'
        assert (said["张三"][1].startswith("'")) == (kind == "csv")
    made = [row for row in office.firm.rows(ev_event) if row["type"] == "export.made"]
    assert len(made) == 2


def test_charts_and_the_list_of_notices(office: Office, sent: str) -> None:
    office.firm.pass_time(minutes=30)
    text(office, "zhang", f"/notices/{sent}")
    office.firm.pass_time(hours=3)
    page = text(office, "wang", f"/notices/{sent}/charts")
    assert "<polyline" in page and "研发" in page and "50.0%" in page and "还没有一半" in page
    draft = compose(office)
    listed = text(office, "wang", "/notices")
    assert f"/notices/{sent}/board" in listed and f"/notices/{draft}/edit" in listed
    mine = text(office, "li", "/notices")
    assert sent in mine and draft not in mine
    text(office, "stranger", "/notices", 404)


@lite
def test_a_copy_and_a_newer_version(office: Office, sent: str) -> None:
    copied = press(office, "wang", f"/notices/{sent}/duplicate", follow=False).headers["Location"]
    assert notice(office, copied.split("/")[2]).replaces_id == ""
    newer = press(office, "wang", f"/notices/{sent}/duplicate", follow=False, replace="1").headers["Location"]
    assert notice(office, newer.split("/")[2]).replaces_id == sent
    assert "发出后将代替" in text(office, "wang", newer)


@lite
def test_pages_are_complete_in_both_languages_and_bring_nothing_inline(office: Office, sent: str) -> None:
    draft = compose(office)
    paths = ["/notices", "/notices/new", f"/notices/{draft}/edit", f"/notices/{draft}/check", f"/notices/{sent}/board"]
    paths += [f"/notices/{sent}/people", f"/notices/{sent}/charts", f"/notices/{sent}/people/{office.person('li').id}"]
    for path in paths:
        for lang in ("zh", "en"):
            page = text(office, "wang", f"{path}?lang={lang}")
            assert "style=" not in page and "onclick" not in page
            assert re.findall(r"<script[^>]*>[^<]", page) == []
    for zh, en in page_words.WORDS.values():
        assert zh and en and sorted(re.findall(r"{\w+}", zh)) == sorted(re.findall(r"{\w+}", en))
    names = {*board.GROUPS, *board.FOR_MANAGERS, *RUNGS, *TROUBLES[1:]}
    assert {f"g_{each}" for each in names} | {f"not_{each}" for each in names} <= page_words.WORDS.keys()


@lite
def test_a_signed_notice_waits_for_nobody_who_said_no(office: Office) -> None:
    paper = compose(office, importance="sign", answers=())
    send(office, paper)
    with begin(office.firm.app.engine) as db:
        at = office.firm.now
        values = {"rung": 4, "answer": "declined", "accepted_at": at, "opened_at": at, "answered_at": at}
        db.execute(sa.update(t.recipient).where(t.recipient.c.person_id == office.person("zhang").id).values(**values))
    with office.firm.app.engine.connect() as db:
        tally = board.tally(db, notice(office, paper))
    assert (tally.waiting, tally.counts["declined"]) == (2, 1)
    assert draft_of().importance == "confirm" and "notice.signed" not in types(office, paper)


@given(st.integers(0, 300_000), st.integers(0, 300_000))
def test_bars_and_shares_never_round_people_away(part: int, whole: int) -> None:
    part = min(part, whole)
    full, some = whole > 0 and part == whole, part > 0
    assert (charts.width(part, whole) == 1000) == full and (charts.width(part, whole) > 0) == some
    assert (charts.percent(part, whole) == "100%") == full and (charts.percent(part, whole) == "0%") == (not some)


@given(st.lists(st.integers(0, 1000), min_size=len(charts.SPANS), max_size=len(charts.SPANS)), st.integers(0, 60))
def test_the_curve_stays_inside_its_frame(opened: list[int], days: int) -> None:
    line = charts.curve(sorted(opened), 1000, timedelta(days=days))
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y, *_ in line.dots)
    assert [y for _, y, *_ in line.dots] == sorted((y for _, y, *_ in line.dots), reverse=True)
