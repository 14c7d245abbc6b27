"""HR approves many results on one page, and sets up populations on another: numbers typed, progress, refusals."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from bot.db import begin
from bot.tables import outbox
from handlers.performance import store, tables as t
from handlers.performance.preparing import setup
from handlers.performance.telling import releasing
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
def test_the_card_that_counts_leads_to_where_they_wait(office: Office, month: Month) -> None:
    wang = office.browser("wang")
    assert wang.get("/performance/cockpit/approvals").headers["Location"] == "/performance/cockpit"
    assert wang.get("/performance/cockpit/scores").headers["Location"] == "/performance/cockpit"
    cycle = scored(month, CREW[:1])
    there = wang.get("/performance/cockpit/approvals")
    assert (there.status_code, there.headers["Location"]) == (303, f"/performance/cockpit/{cycle.id}/release")
    assert office.browser("li").get("/performance/cockpit/approvals").status_code == 404
    with begin(office.firm.app.engine) as db:
        db.execute(sa.update(t.member).values(state="hr"))
    there = wang.get("/performance/cockpit/scores").headers["Location"]
    assert there == f"/performance/cockpit/{cycle.id}/people?state=hr" and f"员工{CREW[0]}" in text(wang, there)


@lite
def test_a_card_that_stayed_back_is_sent_on_request(office: Office, month: Month) -> None:
    cycle, wang = scored(month, CREW[:2]), office.browser("wang")
    with begin(office.firm.app.engine) as db:
        db.execute(sa.update(outbox).where(outbox.c.state == "queued").values(state="kept"))
    office.firm.courier.drain()
    assert [card for card in month.seen("wang") if card.title.startswith("请审批")] == []
    with office.firm.app.engine.connect() as db:
        first, second = store.results(db, cycle_id=cycle.id)
    page = f"/performance/results/{first.id}"
    assert "把审批卡片发给我" in text(wang, page)
    assert send(wang, f"{page}/card", {}, page).headers["Location"].endswith("said=card")
    office.firm.courier.drain()
    assert "已发到您的聊天里" in text(wang, f"{page}?said=card")
    month.tap("wang", month.card("wang", "请审批"), "同意")
    assert month.again(first).state == "published" and month.again(second).state == "approving"
    refused = send(wang, f"{page}/card", {}, page)
    assert refused.status_code == 422 and "把审批卡片发给我" not in refused.text
    assert office.browser("stranger").get(page).status_code == 200  # the HR head reads; nothing is asked of her
    assert "把审批卡片发给我" not in text(office.browser("stranger"), page)


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
