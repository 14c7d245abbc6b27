"""HR's cockpit: set-up by forms and files, counts that add up with their lists, reminders, calibration, exports."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot import people
from bot.ports import DirectoryPerson
from bot.tables import outbox
from handlers.performance import board, tables as t
from handlers.performance.pages import charts, words as page_words
from handlers.performance.preparing import setup
from tests.handlers.performance.goals_story import BANDS, DIMENSIONS, D
from tests.handlers.performance.results_story import Month
from tests.web.appraisal import lite, month, office, send, text, types
from tests.web.office import Office
from tests.world import FIRM

__all__ = ["month", "office"]
ROOT = "/performance/cockpit"
POLICY = {
    "name": "绩效管理制度", "since": "2026-01-01", "deemed": "",
    "c.0.no": "12", "c.0.text": "不足六十分", "c.0.below": "60", "c.0.band": "D",
    "c.0.consequence": "辅导", "c.0.factor": "0.5",
    "c.1.no": "13", "c.1.text": "六十分以上", "c.1.at_least": "60", "c.1.band": "B", "c.1.factor": "1",
}  # fmt: skip
TEMPLATE = {
    "name": "研发", "places": "1", "d.0.code": "result", "d.0.name": "结果", "d.0.weight": "70", "d.0.max": "100",
    "d.1.code": "team", "d.1.name": "协作", "d.1.weight": "30", "d.1.max": "100",
}  # fmt: skip


def test_a_cycle_is_set_up_by_forms_with_every_problem_at_once(office: Office) -> None:
    wang = office.browser("wang")
    gap = send(wang, f"{ROOT}/new/policy", POLICY | {"c.1.at_least": "65", "c.0.factor": "半"}, f"{ROOT}/new/policy")
    assert gap.status_code == 422 and "分数 60–65 没有对应的等级" in gap.text and "看不懂数字：半" in gap.text
    assert 'value="半"' in gap.text and 'value="65"' in gap.text and "不足六十分" in gap.text
    assert send(wang, f"{ROOT}/new/policy", POLICY).status_code == 303
    wrong = send(wang, f"{ROOT}/new/template", TEMPLATE | {"d.1.weight": "40"})
    assert wrong.status_code == 422 and "合计应为 100，现在是 110" in wrong.text
    assert send(wang, f"{ROOT}/new/template", TEMPLATE).status_code == 303
    (policy,), (template,) = office.firm.rows(t.policy), office.firm.rows(t.template)
    assert "不足六十分" in text(wang, f"{ROOT}/new/policy?q={policy['id']}")
    form = {
        "name": "二季度",
        "starts_on": "2026-04-01",
        "ends_on": "",
        "policy_id": policy["id"],
        "template_id": template["id"],
    }
    form |= {"sides": ["self", "manager"], "appeal_days": "5", "departments": "研发", "goals_by": "2026-06-20"}
    refused = send(wang, f"{ROOT}/new/cycle", form)
    assert refused.status_code == 422 and "看不懂日期" in refused.text and 'value="二季度"' in refused.text
    made = send(wang, f"{ROOT}/new/cycle", form | {"ends_on": "2026-06-30"})
    here = made.headers["Location"].partition("?")[0]
    page = text(wang, made.headers["Location"])
    assert "没有评分人：李主管" in page  # his own manager is nobody
    data = {
        "kind": "members",
        "do": "dry",
        "file": (io.BytesIO("账号,评分人\nli,wang\nnobody,wang\nzhang,zhang\n".encode()), "m.csv"),
    }
    dry = send(wang, f"{here}/import", data)
    assert dry.status_code == 422 and "第 3 行" in dry.text and "第 4 行：不能给自己评分" in dry.text
    good = {"kind": "members", "do": "write", "file": (io.BytesIO("账号,评分人\nli,wang\n".encode()), "m.csv")}
    assert "已导入 1 行" in send(wang, f"{here}/import", good).text
    assert send(wang, f"{here}/open", {}).status_code == 303
    assert "cycle.opened" in types(office)
    copied = send(wang, f"{here}/copy", {"name": "三季度", "starts_on": "2026-07-01", "ends_on": "2026-09-30"})
    assert copied.status_code == 303 and len(office.firm.rows(t.cycle)) == 2
    out = send(wang, f"{ROOT}/export", {"form": "csv"})
    assert "三季度" in out.data.decode("utf-8-sig")


def many(office: Office, count: int = 40) -> str:
    """A cycle of `count` people in every state; returns its page."""
    crowd = [
        DirectoryPerson(f"u{no:03}", f"员工{no:03}", "li", ("研发" if no % 2 else "=销售",)) for no in range(count)
    ]
    with office.writing() as db:
        people.sync(db, "fake", [*FIRM, *crowd], {"wang": "hr"})
    with office.firm.app.context(office.person("wang")) as ctx:
        policy = setup.create_policy(ctx, "绩效管理制度", date(2026, 1, 1), BANDS)
        template = setup.create_template(ctx, "研发", DIMENSIONS)
        draft = setup.CycleDraft(
            "六月", date(2026, 6, 1), date(2026, 6, 30), policy.id, template.id, ("self", "manager")
        )
        cycle = setup.create_cycle(ctx, draft)
        c = t.member.c
        for no in range(count):
            name = board.GROUPS[no % len(board.GROUPS)]
            state = "answered" if name in board.ANSWERS else name
            values = {"state": state, "answer": name if name in board.ANSWERS else ""}
            values |= {
                "score": str(D(no) * 2 + D("0.5")) if no % 3 else "",
                "attainment": str(no * 3) if no % 4 else "",
            }
            mine = (c.cycle_id == cycle.id, c.person_id == f"fake:u{no:03}")
            ctx.db.execute(sa.update(t.member).where(*mine).values(**values))
        ctx.db.execute(sa.delete(t.member).where(~c.person_id.startswith("fake:u")))
        ctx.db.execute(sa.update(t.cycle).values(state="scoring"))
    return f"{ROOT}/{cycle.id}"


def test_the_counts_add_up_and_each_leads_to_its_list(office: Office) -> None:
    here, wang = many(office), office.browser("wang")
    page = text(wang, here)
    found = re.findall(r'/people\?state=(\w+)"><span class="line"><span>[^<]+</span><b>(\d+)</b>', page)
    counts = {name: int(count) for name, count in found}
    assert set(counts) == set(board.GROUPS) and sum(counts.values()) == 40
    assert "<span>合计</span><b>40</b>" in page
    for name, count in counts.items():
        assert text(wang, f"{here}/people?state={name}").count("<tr><td>") == count, name
    assert (
        text(wang, f"{here}/people?state=scores").count("<tr><td>") == counts["self"] + counts["manager"] + counts["hr"]
    )
    unsigned = text(wang, f"{here}/people?state=unsigned").count("<tr><td>")
    assert f"<b>{unsigned}</b>人未签字" in page
    low = sum(1 for no in range(40) if no % 4 and no * 3 < 70)
    assert text(wang, f"{here}/people?state=low").count("<tr><td>") == low
    assert text(wang, f"{here}/people?state=unknown").count("<tr><td>") == 10
    sales = text(wang, f"{here}/people?state=low&site=%3D销售").count("<tr><td>")
    assert 0 < sales < low and f"<b>{sales}</b> / 20" in page


def test_one_tap_reminds_and_says_how_many(office: Office, month: Month) -> None:
    cycle = month.scoring()
    wang, here = office.browser("wang"), f"{ROOT}/{cycle.id}"
    before = len(office.firm.rows(outbox))
    answer = send(wang, f"{here}/remind", {"what": "scores"}, here)
    assert "said=reminded" in answer.headers["Location"]
    assert "提醒已安排" in text(wang, answer.headers["Location"]) and "已发" in text(wang, answer.headers["Location"])
    assert len(office.firm.rows(outbox)) >= before
    assert send(office.browser("zhang"), f"{here}/remind", {"what": "scores"}).status_code == 404


def test_calibration_shows_the_spread_by_department_and_scorer(office: Office) -> None:
    here, wang = many(office), office.browser("wang")
    page = text(wang, f"{here}/calibration?state=result")
    scored = sum(1 for no in range(40) if no % 3)
    assert f"{scored} / 40 人有分数" in page and "=销售" in page and "李主管" in page
    assert sum(map(int, re.findall(r'text-anchor="middle">(\d+)</text>', page))) == scored
    one = text(wang, f"{here}/calibration?state=result&site=%3D销售")
    assert one.count("提出调整") == sum(1 for no in range(0, 40, 2) if no % 3)
    assert "还没有分数" in text(wang, f"{here}/calibration?state=manager")


@lite
def test_exports_hold_no_formula_and_looking_is_recorded(office: Office) -> None:
    here, wang = many(office), office.browser("wang")
    text(wang, here)
    text(wang, here)
    assert types(office).count("access.viewed") == 1
    lines = send(wang, f"{here}/export", {"kind": "board", "form": "csv"}, here).data.decode("utf-8-sig").splitlines()
    assert len(lines) == 41 and lines[0].startswith("账号,姓名,部门") and sum("'=销售" in line for line in lines) == 20
    book = send(wang, f"{here}/export", {"kind": "members", "form": "xlsx"}, here).data
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")
    assert types(office).count("cycle.exported") == 2


@lite
def test_only_hr_has_the_cockpit(office: Office) -> None:
    here = many(office)
    for who in ("zhang", "li"):
        browser = office.browser(who)
        assert ROOT not in text(browser, "/performance")
        for path in (ROOT, here, f"{here}/people", f"{here}/calibration", f"{ROOT}/new/policy"):
            assert browser.get(path).status_code == 404, (who, path)
    assert "Performance cockpit" in text(office.browser("wang"), f"{ROOT}?lang=en")


@given(st.lists(st.decimals(0, 100, places=1), max_size=60))
def test_every_score_is_in_one_column_and_visible(scores: list[D]) -> None:
    counts = charts.bins(scores)
    assert sum(counts) == len(scores)
    for each, count in zip(charts.columns(counts), counts, strict=True):
        assert each.count == count and (each.height > 0) == (count > 0) and each.y >= charts.TOP - 1
        assert round(each.y + each.height, 1) == charts.HEIGHT - charts.FOOT


@given(st.one_of(st.none(), st.decimals(-5, 250, places=2)))
def test_only_what_is_complete_fills_a_bar(percent: D | None) -> None:
    width = charts.bar(percent)
    assert (width == 1000) == (percent is not None and percent >= 100)
    assert (width == 0) == (percent is None or percent <= 0)


def test_every_word_is_there_in_both_languages() -> None:
    for key, pair in page_words.WORDS.items():
        assert all(pair), key
        assert set(re.findall(r"{\w+}", pair[0])) == set(re.findall(r"{\w+}", pair[1])), key
        assert not re.search(r"[\u4e00-\u9fff]", pair[1]), key
    for name in page_words.SAID:
        assert f"said_{name}" in page_words.WORDS
