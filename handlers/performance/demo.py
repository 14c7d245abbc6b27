"""`make demo`, continued: one result that is signed, one that is received but disputed, on the two platforms. All that
people do is done on the real pages and phones, each as its own person."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.rehearsal import until
from bot.rehearsal_pages import Browser

if TYPE_CHECKING:
    from bot.rehearsal import Stage

Say = Callable[[str], object]
NAME, DAY, PAGES = "2026 年 5 月", "2026-06-11", "/performance/cockpit"
POLICY = {
    "name": "绩效管理制度", "since": "2026-01-01", "do": "write",
    "c.0.no": "7", "c.0.text": "得分 75 以上，绩效工资全额", "c.0.at_least": "75", "c.0.band": "合格",
    "c.0.consequence": "绩效工资全额", "c.0.factor": "1",
    "c.1.no": "8", "c.1.text": "得分不足 75，当月绩效减半", "c.1.at_least": "0", "c.1.below": "75",
    "c.1.band": "待改进", "c.1.consequence": "当月绩效减半", "c.1.factor": "0.5",
}  # fmt: skip
TEMPLATE = {
    "name": "研发", "places": "1", "do": "write", "d.0.code": "out", "d.0.name": "交付", "d.0.weight": "60",
    "d.0.max": "100", "d.1.code": "team", "d.1.name": "协作", "d.1.weight": "40", "d.1.max": "100",
}  # fmt: skip
CYCLE = {
    "name": NAME, "starts_on": "2026-05-01", "ends_on": "2026-06-10", "sides": ("self", "manager"),
    "departments": "研发部、门店", "appeal_days": "5", "goals_by": DAY, "self_from": DAY,
}  # fmt: skip
SCORERS = "账号,评分人\nsun,chen\n"
"""孙店长 has no manager in the directory."""
GOAL = {
    "text": "交付 3 个项目", "kind": "numeric", "weight": "100", "target": "3", "unit": "个", "due_on": "2026-06-10",
}  # fmt: skip
OWN = {"out.points": "90", "team.points": "90", "comment": "客户三次变更需求", "do": "submit"}
FACT = "项目 A 05-20 才验收，晚 12 天（A-17）"
GIVEN = {
    "out.points": "60", "out.0.deduction": "40", "out.0.fact": FACT, "out.0.clause": "8", "team.points": "85",
    "team.0.deduction": "15", "team.0.fact": "评审缺席 2 次", "team.0.clause": "8", "do": "submit",
}  # fmt: skip
WORDS = "延期是客户改需求造成的，邮件在 5 月 6 日"
LATER = 310
"""Seconds after which every job of the room has run once more."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Account ids on one platform and names as read."""

    platform: str
    user: str
    name: str
    boss: str

    def at(self, stage: Stage, user: str = "") -> Browser:
        """A browser of this person, or of another one on the same platform."""
        return Browser(stage, f"{self.platform}:{user or self.user}")


SIGNS = Cast("wecom", "zhangsan", "张三", "li")
DISPUTES = Cast("dingtalk", "zhou", "周小云", "sun")
HR = ("dingtalk", "wu", "吴HR")
APPROVES = ("wang", "wu")


def play(stage: Stage, say: Say) -> None:
    """After the missed punches and the notice, the same day."""
    say(f"\n[bold]绩效结果 · {NAME}[/bold]（企业微信：张三；钉钉：周小云）")
    cycle = _cycle(stage)
    say(f"{HR[2]} → 在网页上写好制度、模板和周期；两位员工和各自的主管确认了同一份目标文字")
    _scored(stage, cycle)
    for cast in (SIGNS, DISPUTES):
        _approved(stage, cast)
        card = stage.phone(cast.user).wait(f"绩效结果：{NAME}", button="收到但不同意").get("card") or {}
        say(f"{cast.name} ← {card.get('title')}：70.0，扣分都写明了事实和条款；四个按钮，不回复不等于同意")
    _signed(stage, say)
    _disputed(stage, say)
    stage.settle()


def _approved(stage: Stage, cast: Cast) -> None:
    """By whichever of HR was asked."""

    def asked() -> str:
        what = f"请审批 {cast.name} 的绩效结果"
        return next((user for user in APPROVES if any(what in str(each) for each in stage.phone(user).bubbles())), "")

    stage.phone(until(f"HR was not asked about {cast.name}", asked)).click(f"请审批 {cast.name} 的绩效结果", "同意")


def _cycle(stage: Stage) -> str:
    """Policy, template, a cycle; one goal of each of the two that both sides confirmed. Returns its id."""
    hr = Browser(stage, ":".join(HR[:2]))
    hr.send(f"{PAGES}/new/policy", POLICY)
    hr.send(f"{PAGES}/new/template", TEMPLATE)
    # The lists begin with what was written just now; the form sends what is chosen.
    page = hr.open(f"{PAGES}/new/cycle")
    chosen = {
        name: re.findall(rf'name="{name}"><option value="([^"]+)"', page)[0] for name in ("policy_id", "template_id")
    }
    hr.send(f"{PAGES}/new/cycle", CYCLE | chosen)
    here = hr.path
    hr.bring(here, f"{here}/import", "members", SCORERS)
    hr.send(here, {}, f"{here}/open")
    cycle = here.rsplit("/", 1)[1]
    # Both propose before anybody confirms: reviews begin on this very day, and once they have begun for whoever is
    # settled first, another's goal comes late and wants a reason.
    proposed = [(cast, _proposed(stage, cycle, cast)) for cast in (SIGNS, DISPUTES)]
    for cast, goal in proposed:
        for browser in (cast.at(stage), cast.at(stage, cast.boss)):
            browser.send(goal, {}, f"{goal}/confirm")
    return cycle


def _proposed(stage: Stage, cycle: str, cast: Cast) -> str:
    """The path of their goal."""
    own = cast.at(stage)
    own.send(f"/performance/{cycle}/{_id(cast)}/goal", GOAL)
    return str(re.findall(r"/performance/goals/pg-[0-9a-f]+", own.open("/performance"))[0])


def _scored(stage: Stage, cycle: str) -> None:
    """The day has come on which reviews begin: each side is asked in its turn, and hands in its own on the page."""
    _later(stage)
    for cast in (SIGNS, DISPUTES):
        stage.phone(cast.user).wait(f"请写自评：{NAME}")
        cast.at(stage).send(f"/performance/{cycle}/{_id(cast)}/score", OWN)
    _later(stage)
    for cast in (SIGNS, DISPUTES):
        stage.phone(cast.boss).wait(f"请为 {cast.name} 评分")
        cast.at(stage, cast.boss).send(f"/performance/{cycle}/{_id(cast)}/score", GIVEN)


def _later(stage: Stage) -> None:
    stage.settle()
    stage.control("clock", {"advance": LATER})


def _signed(stage: Stage, say: Say) -> None:
    """The whole document is shown, then signed with the typed name; the sealed copy is there at once."""
    browser = SIGNS.at(stage)
    result = _result(browser)
    browser.send(result, {}, f"{result}/sign")
    there = browser.path
    browser.send(there, {"how": "typed", "typed": SIGNS.name, "seen": "1"})
    if "/copy.pdf" not in browser.html:
        raise RuntimeError(f"the signature was not taken: {browser.url}")
    stage.phone(SIGNS.user).wait("您同意并签字")
    say("张三 → 看完全文后签字：同意并签字，加封副本随时可取")


def _disputed(stage: Stage, say: Say) -> None:
    browser = DISPUTES.at(stage)
    result = _result(browser)
    browser.send(result, {"answer": "objected", "words": WORDS}, f"{result}/answer")
    stage.phone(HR[1]).wait(WORDS)
    say(f"周小云 → 收到但不同意：「{WORDS}」；原话保留，有争议的部分暂缓计薪，任何地方都不称为同意")


def _result(browser: Browser) -> str:
    return str(re.findall(r"/performance/results/pr-[0-9a-f]+", browser.open("/performance"))[0])


def _id(cast: Cast) -> str:
    return f"{cast.platform}%3A{cast.user}"
