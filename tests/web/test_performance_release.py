"""HR approves many results on one page, and sets up populations on another: numbers typed, progress, refusals."""

from __future__ import annotations

from dataclasses import replace

from handlers.performance import releasing, setup
from handlers.performance import tables as t
from tests.handlers.performance.goals_story import DIMENSIONS, D
from tests.handlers.performance.results_story import Month
from tests.handlers.performance.test_releasing import CREW, scored
from tests.web.appraisal import lite, month, office, send, text, types
from tests.web.office import Office

__all__ = ["month", "office"]


@lite
def test_the_number_is_typed_and_the_progress_is_shown(office: Office, month: Month) -> None:
    cycle, wang = scored(month), office.browser("wang")
    here = f"/performance/cockpit/{cycle.id}"
    assert "批量审批（7 份待批）" in text(wang, here)
    page = text(wang, f"{here}/release")
    assert "7 份可以一起批准" in page and "<dt>优秀</dt><dd>6</dd>" in page and "不等于本人同意" in page
    refused = send(wang, f"{here}/release", {"site": "*", "count": "6"})
    assert refused.status_code == 422 and "请输入将要批准的份数：7" in refused.text and 'value="6"' in refused.text
    assert not office.firm.rows(t.release)
    some = {"site": "研发", "count": "2", "who": [f"fake:{each}" for each in CREW[:2]]}
    assert send(wang, f"{here}/release", some).status_code == 303
    under_way = text(wang, f"{here}/release?said=releasing")
    assert "正在处理" in under_way and "0 / 2" in under_way
    again = send(wang, f"{here}/release", {"site": "*", "count": "5"})
    assert again.status_code == 422 and "上一批还在处理中" in again.text
    assert releasing.run(month.firm.app) == 2
    after = text(wang, f"{here}/release")
    assert "已完成" in after and "2 / 2：已批准并告知 2" in after and "5 份可以一起批准" in after
    assert types(office).count("result.published") == 2 and types(office).count("cycle.release_confirmed") == 1
    assert office.browser("li").get(f"{here}/release").status_code == 404


@lite
def test_the_form_takes_populations_with_days_and_template_of_their_own(office: Office, month: Month) -> None:
    scored(month, CREW[:1])
    with month.ctx("wang") as ctx:
        other = setup.create_template(ctx, "销售", (replace(DIMENSIONS[0], weight=D(100)),))
    (policy,), template = office.firm.rows(t.policy), office.firm.rows(t.template)[0]
    root, wang = "/performance/cockpit", office.browser("wang")
    form: dict[str, object] = {"name": "三季度", "starts_on": "2026-07-01", "ends_on": "2026-09-30", "appeal_days": "5"}
    form |= {"policy_id": policy["id"], "template_id": template["id"], "sides": ["self", "manager"]}
    form |= {"departments": "研发", "goals_by": "2026-07-10", "sees_self": "hr", "sees_manager": "-"}
    page = text(wang, f"{root}/new/cycle")
    assert page.count("单独的人群") == 4 and "谁什么时候能看到评分" in page
    both = form | {"p1.name": "人事", "p1.groups": "研发，人事", "p1.goals_by": "2026-07-20"}
    refused = send(wang, f"{root}/new/cycle", both)
    assert (
        refused.status_code == 422 and "「研发」写在了两个人群里" in refused.text and "同时属于两个人群" in refused.text
    )
    assert "张三" in refused.text and 'value="研发，人事"' in refused.text and "<details open>" in refused.text
    unnamed = send(wang, f"{root}/new/cycle", form | {"p2.groups": "人事"})
    assert unnamed.status_code == 422 and "都要有名称" in unnamed.text
    made = send(wang, f"{root}/new/cycle", form | {"p1.name": "人事", "p1.groups": "人事", "p1.goals_by": "2026-07-20"})
    here = made.headers["Location"].partition("?")[0]
    shown = text(wang, here)
    assert "2026-07-10" in shown and "2026-07-20" in shown and "提交后：HR" in shown and "结果告知后才公开" in shown
    two = form | {"name": "四季度", "p1.name": "人事", "p1.groups": "人事", "p1.template_id": other.id}
    assert send(wang, f"{root}/new/cycle", two).headers["Location"].startswith(f"{root}?")
    names = {str(row["name"]): str(row["template_id"]) for row in office.firm.rows(t.cycle)}
    assert names["四季度"] == template["id"] and names["四季度 · 人事"] == other.id
