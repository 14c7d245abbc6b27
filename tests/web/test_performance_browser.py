"""The performance pages in a real browser: phone and desk, strict policy, with and without scripts."""

from __future__ import annotations

from playwright.sync_api import FilePayload, expect

from bot.signing.tables import signature
from tests.handlers.performance.results_story import Month
from tests.web.appraisal import chromium, fits, lite, month, office, picture
from tests.web.office import Office
from tests.web.test_performance_cockpit import ROOT, many

__all__ = ["month", "office"]
PHONE, DESK = (360, 740), (1280, 900)
pytestmark = lite


def test_an_employee_reads_answers_and_signs_on_a_phone(office: Office, month: Month) -> None:
    result = month.told()
    with chromium(office, "zhang", PHONE) as page:
        page.goto("/performance?lang=zh")
        picture(page, "own-phone")
        page.get_by_text("查看并答复您的绩效结果").click()
        picture(page, "result-phone")
        page.get_by_role("button", name="收到但不同意").click()
        page.wait_for_selector("text=已记录：收到但不同意")
        page.get_by_role("button", name="同意并签字").click()
        page.wait_for_url("**/sign/**")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_selector("#sign:enabled")
        page.locator("label[for=how-typed]").click()
        page.locator("#typed, input[name=typed]").first.fill("张三")
        page.locator("#sign").click()
        page.wait_for_selector("text=打开我的副本")
        page.goto(f"/performance/results/{result.id}")
        expect(page.get_by_text("已签字，不需要再操作")).to_be_visible()
        page.go_back()
        page.go_back()
        page.reload()
        expect(page.locator("text=已签署").first).to_be_visible()
        assert len(office.firm.rows(signature)) == 1
        fits(
            page,
            ["/performance", f"/performance/results/{result.id}", f"/performance/{result.cycle_id}/fake:zhang/goal"],
        )


def test_a_manager_scores_without_scripts(office: Office, month: Month) -> None:
    cycle = month.scoring()
    month.review(cycle, "zhang", "self")
    with chromium(office, "li", PHONE, scripts=False) as page:
        page.goto("/performance/team?lang=zh")
        page.get_by_role("link", name="去评分").click()
        page.locator("[name='result.points']").fill("60")
        page.locator("[name='team.points']").fill("100")
        page.get_by_role("button", name="预览").click()
        expect(page.get_by_text("60/100×70% + 100/100×30%")).to_be_visible()
        assert page.locator("[role=alert] li").count() == 2
        picture(page, "score-phone")
        page.locator("[name='result.0.fact']").fill("项目 A 05-20 才验收，晚 12 天")
        page.locator("[name='result.0.clause']").select_option("8.3")
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_text("已提交。")).to_be_visible()
    assert month.result(cycle).score == 72


def test_the_cockpit_on_a_desk_and_a_phone(office: Office, month: Month) -> None:
    here = many(office)
    paths = [f"{ROOT}?lang=zh", here, f"{here}/people?state=unsigned", f"{here}/calibration?state=result"]
    paths += [f"{ROOT}/new/policy", f"{ROOT}/new/template", f"{ROOT}/new/cycle"]
    names = ("cockpit", "cycle", "people", "calibration", "policy", "template", "new")
    for size, kind in ((DESK, "desk"), (PHONE, "phone")):
        with chromium(office, "wang", size) as page:
            fits(page, paths)
            for path, name in zip(paths, names, strict=True):
                page.goto(path)
                picture(page, f"{name}-{kind}")


def test_on_a_phone_the_tab_one_is_on_is_in_view(office: Office, month: Month) -> None:
    many(office)
    with chromium(office, "wang", PHONE) as page:
        for path in ("/me?lang=zh", f"{ROOT}?lang=zh", "/performance?lang=en"):
            page.goto(path)
            tab = page.locator("nav a[aria-current]").bounding_box()
            assert tab and tab["x"] >= 0 and tab["x"] + tab["width"] <= PHONE[0], (path, tab)
        page.goto(f"{ROOT}?lang=zh")
        picture(page, "tab-phone")


def test_an_appeal_and_its_goal_side_by_side(office: Office, month: Month) -> None:
    result = month.told()
    with chromium(office, "zhang", DESK) as page:
        page.goto(f"/performance/results/{result.id}?lang=zh")
        picture(page, "result-desk")
        page.locator("textarea[name=words][required]").fill("验收晚是客户改期")
        pdf = FilePayload(name="邮件.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 mail")
        page.locator("input[type=file]").set_input_files([pdf])
        page.get_by_role("button", name="申诉").click()
        page.wait_for_selector("text=申诉已提出")
    with chromium(office, "stranger", DESK) as page:
        page.goto("/performance?lang=zh")
        page.get_by_text("处理 张三 的申诉").click()
        picture(page, "appeal-desk")
        expect(page.get_by_text("验收晚是客户改期")).to_be_visible()
        expect(page.get_by_text("邮件.pdf")).to_be_visible()
        page.locator("input[value=upheld]").check()
        page.locator("textarea[name=reason]").fill("邮件在验收日之后，不影响结论")
        page.get_by_role("button", name="作出决定").click()
        page.wait_for_selector("text=决定已送达双方")
    with chromium(office, "li", PHONE) as page:
        page.goto(f"/performance/{result.cycle_id}/fake:zhang?lang=zh")
        picture(page, "other-phone")
        page.locator("a.goal").first.click()
        picture(page, "goal-phone")
        fits(page, [page.url])
