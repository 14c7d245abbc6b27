"""The pages of an employee, a manager and a reviewer: goals, scores, results with four answers, appeals."""

from __future__ import annotations

import io
import re

from handlers.performance import tables as t
from handlers.performance.preparing import setup
from tests.handlers.performance.results_story import Month
from tests.web.appraisal import lite, month, office, send, text, types
from tests.web.office import Office, csrf

__all__ = ["month", "office"]
GOAL = {"text": "客户满意度到 95 分", "kind": "numeric", "target": "95", "unit": "分", "weight": "40"}


def test_a_goal_is_proposed_confirmed_and_changed_on_the_page(office: Office, month: Month) -> None:
    cycle = month.cycle()
    with month.ctx("wang") as ctx:
        setup.open_cycle(ctx, cycle)
    zhang, li = office.browser("zhang"), office.browser("li")
    form = f"/performance/{cycle.id}/fake:zhang/goal"
    refused = send(zhang, form, GOAL | {"weight": "1e99", "text": "目"})
    assert refused.status_code == 422 and "权重应大于 0" in refused.text and "目标写 2 到" in refused.text
    assert 'value="1e99"' in refused.text and "95" in refused.text
    assert send(zhang, form, GOAL | {"due_on": "2026-06-10"}).status_code == 303
    (goal,) = office.firm.rows(t.goal)
    here = f"/performance/goals/{goal['id']}"
    page = text(zhang, here)
    sha256, version = (re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("sha256", "version"))  # type: ignore[index]
    stale = send(zhang, f"{here}/confirm", {"sha256": "0" * 64, "version": version})
    assert stale.status_code == 422 and "新版本" in stale.text and office.firm.rows(t.confirmation) == []
    assert send(zhang, f"{here}/confirm", {"sha256": sha256, "version": version}).status_code == 303
    assert "确认 张三 的一个目标" in text(li, "/performance")
    assert "客户满意度到 95 分" in text(li, here)
    changed = GOAL | {"version": version, "target": "97", "due_on": "2026-06-10"}
    assert send(li, f"{here}/edit", changed).status_code == 303
    page = text(zhang, here)
    assert "第 2 版" in page and "作废" in page and "97" in page
    late = send(zhang, f"{here}/confirm", {"sha256": sha256, "version": version})
    assert (
        late.status_code == 422 and len([row for row in office.firm.rows(t.confirmation) if not row["voided_at"]]) == 0
    )
    assert office.browser("stranger").get(here).status_code == 200  # the HR head
    assert types(office).count("access.viewed") == 2


@lite
def test_a_score_needs_fact_and_clause_and_nothing_typed_is_lost(office: Office, month: Month) -> None:
    cycle = month.scoring()
    month.review(cycle, "zhang", "self")
    li, here = office.browser("li"), f"/performance/{cycle.id}/fake:zhang/score"
    assert "给 张三 评分" in text(li, "/performance")
    assert "提交后：HR<br>" in text(li, here) and "提交之前（草稿）别人都看不到" in text(li, here)
    own = text(office.browser("zhang"), here)
    assert "提交后：主管和 HR<br>" in own
    form: dict[str, object] = {"result.points": "60", "team.points": "95", "comment": "辛苦了"}
    preview = send(li, here, form | {"do": "preview"}, here)
    assert preview.status_code == 200
    assert "60/100×70% + 95/100×30% = 70.5 → 70.5" in preview.text
    assert preview.text.count("需要写明事实") == 2 and preview.text.count("需要写明依据的条款") == 2
    refused = send(li, here, form | {"do": "submit", "result.0.fact": "项目 A 05-20 才验收"}, here)
    assert refused.status_code == 422 and refused.text.count("需要写明依据的条款") == 2
    page = text(li, here)
    assert "项目 A 05-20 才验收" in page and "辛苦了" in page and 'value="60"' in page
    broken = send(li, here, form | {"do": "save", "result.points": "六十", "result.0.fact": "写到一半"}, here)
    assert "六十" in broken.text and "写到一半" in broken.text
    form |= {"result.0.deduction": "40", "result.0.fact": "项目 A 05-20 才验收", "result.0.clause": "8.3"}
    form |= {"team.0.deduction": "5", "team.0.fact": "两次评审没有到场", "team.0.clause": "8.2"}
    assert send(li, here, form | {"do": "submit"}, here).status_code == 303
    assert month.result(cycle).score == 70.5
    assert office.browser("zhang").get(f"/performance/{cycle.id}/fake:li/score").status_code == 404


def test_the_result_is_read_in_full_and_received(office: Office, month: Month) -> None:
    result = month.told()
    zhang, here = office.browser("zhang"), f"/performance/results/{result.id}"
    page = text(zhang, here)
    text(zhang, here)
    assert types(office).count("result.opened") == 1
    for said in ("70.5", "项目 A 05-20 才验收，晚 12 天", "第 8.3 条", result.sha256, "没有答复不等于同意"):
        assert said in page, said
    for answer in ("同意并签字", "仅确认收到", "收到但不同意", "申诉"):
        assert answer in page
    got = send(zhang, f"{here}/answer", {"answer": "received"}, here)
    assert got.headers["Location"].endswith("said=received")
    assert month.again(result).answer == "received" and "不表示同意" in text(zhang, got.headers["Location"])
    where = send(zhang, f"{here}/sign", {}, here).headers["Location"]
    assert where.startswith("/sign/") and month.again(result).answer == "received"
    assert send(office.browser("li"), f"{here}/answer", {"answer": "received"}).status_code == 404


@lite
def test_after_signing_the_page_offers_nothing_more(office: Office, month: Month) -> None:
    result = month.told()
    zhang, here = office.browser("zhang"), f"/performance/results/{result.id}"
    secret = csrf(text(zhang, here))
    month.sign(result)
    late = zhang.post(f"{here}/answer", data={"csrf": secret, "answer": "objected", "words": "再想想"})
    assert late.status_code == 422 and "您已经签字" in late.text and month.again(result).answer == "signed"
    page = text(zhang, here)
    assert "已签字，不需要再操作" in page and "/answer" not in page


def test_an_appeal_with_files_is_decided_and_the_old_version_says_so(office: Office, month: Month) -> None:
    result = month.told()
    zhang, here = office.browser("zhang"), f"/performance/results/{result.id}"
    exe = {"answer": "appealed", "words": "验收晚是客户改期", "files": (io.BytesIO(b"MZ" + b"\0" * 90), "证据.pdf")}
    refused = send(zhang, f"{here}/answer", exe, here)
    assert refused.status_code == 422 and "可执行" in refused.text and "验收晚是客户改期" in refused.text
    big = exe | {"files": (io.BytesIO(b"%PDF-" + b"\0" * (11 << 20)), "大.pdf")}
    refused = send(zhang, f"{here}/answer", big, here)
    assert refused.status_code == 422 and "10 MB" in refused.text and "验收晚是客户改期" in refused.text
    good = exe | {"files": (io.BytesIO(b"%PDF-1.7 mail"), "邮件.pdf")}
    assert send(zhang, f"{here}/answer", good, here).status_code == 303
    (appeal,) = office.firm.rows(t.appeal)
    reviewer = str(appeal["reviewer_id"]).removeprefix("fake:")
    page = text(office.browser(reviewer), "/performance")
    assert "处理 张三 的申诉" in page
    there = f"/performance/appeals/{appeal['id']}"
    boss = office.browser(reviewer)
    page = text(boss, there)
    assert "验收晚是客户改期" in page and "项目 A 05-20 才验收" in page and "邮件.pdf" in page
    (file,) = office.firm.rows(t.file)
    got = boss.get(f"/performance/files/{file['id']}")
    assert got.data == b"%PDF-1.7 mail" and got.headers["Content-Disposition"].startswith("attachment")
    li = office.browser("li")
    for shown in (there, here, f"/performance/{result.cycle_id}/fake:zhang"):
        page = text(li, shown)
        assert "验收晚是客户改期" not in page and "邮件.pdf" not in page, shown
    assert li.get(f"/performance/files/{file['id']}").status_code == 404
    none = send(boss, f"{there}/decide", {"outcome": "adjusted", "score": "80", "reason": ""}, there)
    assert none.status_code == 422 and 'value="80"' in none.text
    decided = send(
        boss, f"{there}/decide", {"outcome": "adjusted", "score": "80", "reason": "客户改期有邮件为证"}, there
    )
    assert decided.status_code == 303
    assert "客户改期有邮件为证" in text(zhang, there)
    assert "已被新版本取代" in text(zhang, here) and month.newest(result).score == 80
    # The sum beside the new score is the old one: the page says why.
    adjusted = "从 70.5 调整为 80.0。理由：客户改期有邮件为证</b>"
    newest = f"/performance/results/{month.newest(result).id}"
    assert adjusted in text(zhang, newest) and adjusted not in text(zhang, here)
    assert "from 70.5 to 80.0" in text(zhang, f"{newest}?lang=en")


@lite
def test_hr_cannot_take_silence_for_agreement(office: Office, month: Month) -> None:
    result = month.told()
    wang, here = office.browser("wang"), f"/performance/results/{result.id}"
    assert "视为收到" in text(wang, here)
    refused = send(wang, f"{here}/deem", {"clause": "20"}, here)
    assert refused.status_code == 422 and "没有答复就是没有答复" in refused.text and not month.again(result).answer


@lite
def test_strangers_find_nothing_and_english_is_complete(office: Office, month: Month) -> None:
    month.sides = ("self", "manager")
    result = month.told()
    cycle = result.cycle_id
    zhang, li = office.browser("zhang"), office.browser("li")
    for path in ("/performance", f"/performance/results/{result.id}", f"/performance/{cycle}/fake:zhang/score"):
        assert 'lang="en"' in text(zhang, f"{path}?lang=en")
    assert "My performance" in text(zhang, "/performance?lang=en")
    assert "Your visit is on record" in text(li, f"/performance/{cycle}/fake:zhang?lang=en")
    assert "70.5" in text(li, "/performance/team")
    for path in ("/performance/cockpit", f"/performance/cockpit/{cycle}", "/performance/results/pr-nothing"):
        assert zhang.get(path).status_code == 404
