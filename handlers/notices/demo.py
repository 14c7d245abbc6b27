"""`make demo`, continued: one notice to people on both platforms, written on the page by HR and checked by a second
person. One confirms, one reads, one objects, one copy is dropped without a word and found, two never open it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.rehearsal import until
from bot.rehearsal_pages import Browser

if TYPE_CHECKING:
    from bot.rehearsal import Stage

Say = Callable[[str], object]
SETTINGS = {"HUIZHI_NOTICE_TWO_FROM": "10"}
"""So that the little firm of a rehearsal is large enough for a second pair of eyes."""
DAY = "2026-06-11"
TITLE, WORDS = "考勤制度 v4", "第三条与劳动合同第五条不一致，请说明"
FORM = {
    "title_zh": TITLE, "title_en": "Attendance rules v4", "basis": "《员工手册》第三章", "importance": "read",
    "body_zh": "# 第三条\n**缺卡**当月可以补卡，先问清楚再处理。\n- 对内容有疑问，请直接写明",
    "body_en": "# Article 3\nA **missed punch** can be put right within the month.",
    "everybody": "1", "deadline": "2026-06-18T18:00", "joiners": "none", "plan_chat": "1", "plan_manager": "1",
    "do": "check",
}  # fmt: skip
OFFERED = ("received", "agreed", "objected", "appealed")
HR, SECOND = "wecom:wang", ("wu", "吴HR")
CONFIRMS, READS, OBJECTS = ("wecom:zhangsan", "张三"), ("wecom:he", "何川"), ("dingtalk:zhou", "周小云")
DROPPED = ("dingtalk:lv", "吕梅")
SILENT = (("wecom:qian", "钱进", "li", "李主管"), ("dingtalk:feng", "冯远", "sun", "孙店长"))
"""Account and name of who never opens it, and of the manager who is asked to help."""


def play(stage: Stage, say: Say) -> None:
    """After the missed punches, the same day."""
    say(f"\n[bold]通知 · 《{TITLE}》[/bold]（王HR 在网页上写，发给两个平台的全体同事）")
    hr = Browser(stage, HR)
    notice_id = _composed(stage, say, hr)
    _sent(stage, say, hr, notice_id)
    _answers(stage, say, notice_id)
    _dropped(stage, say, hr, notice_id)
    _silent(stage, say, hr, notice_id)
    _board(say, hr, notice_id)


def _composed(stage: Stage, say: Say, hr: Browser) -> str:
    hr.send("/notices/new", {**FORM, "answers": OFFERED})
    found = re.search(r"/notices/(nt-[0-9a-f]+)/check", hr.url)
    if found is None or "还不能发送" in hr.html:
        raise RuntimeError(f"the draft was not taken: {hr.url}")
    people = _number(hr.html, r"<b>(\d+)</b>名单总人数")
    say(f"11:16  王HR → 写好通知，核对页：名单 {people} 人，两个平台各自的样子和预计时间都在提交按钮之前")
    return found[1]


def _sent(stage: Stage, say: Say, hr: Browser, notice_id: str) -> None:
    stage.settle()
    # The next message to her is lost: DingTalk takes it, answers 0 and shows nothing.
    stage.control("faults", {"kind": "drop_silently", "match": DROPPED[0].split(":")[1], "times": 1})
    hr.send(f"/notices/{notice_id}/check", {}, f"/notices/{notice_id}/submit")
    if hr.url.endswith("/check?said=approving"):
        stage.phone(SECOND[0]).click(f"请核对通知｜{TITLE}", "同意发送")
        say(f"11:17  {SECOND[1]} → 第二个人核对：同意发送；王HR 自己不能批准自己的通知")
    stage.phone(CONFIRMS[0].split(":")[1]).wait(f"通知｜{TITLE}", button="收到")
    until("the notice was not sent", lambda: _is_sent(hr, notice_id))
    frozen = re.search(r"<code>([0-9a-f]{64})</code>", hr.html)
    say(f"11:17  名单已固定（SHA-256 {frozen[1][:12] if frozen else ''}…），企业微信一次发多人，钉钉走工作通知")


def _is_sent(hr: Browser, notice_id: str) -> bool:
    hr.open(f"/notices/{notice_id}/board")
    return "已发完" in hr.html.split("</h1>", 1)[0]


def _answers(stage: Stage, say: Say, notice_id: str) -> None:
    phone = stage.phone(CONFIRMS[0].split(":")[1])
    Browser(stage, CONFIRMS[0]).open(f"/notices/{notice_id}")
    phone.click(f"通知｜{TITLE}", "收到")
    phone.wait("已记下「收到」")
    say(f"11:18  {CONFIRMS[1]} → 打开全文，回到卡片上点「收到」；「收到」和「同意」是两个按钮，从不混用")
    Browser(stage, READS[0]).open(f"/notices/{notice_id}")
    say(f"11:18  {READS[1]} → 打开了全文，没有答复；只记作已打开")
    reader = Browser(stage, OBJECTS[0])
    reader.send(f"/notices/{notice_id}", {"answer": "objected", "words": WORDS}, f"/notices/{notice_id}/answer")
    stage.phone(HR.split(":")[1]).wait(WORDS)
    say(f"11:18  {OBJECTS[1]} → 收到但有异议：「{WORDS}」；原话已告诉王HR")


def _dropped(stage: Stage, say: Say, hr: Browser, notice_id: str) -> None:
    """The custodian asks a minute after sending; what it finds is served again by another way in other words."""
    account, name = DROPPED
    lost = stage.phone(account.split(":")[1])
    if any(f"通知｜{TITLE}" in str(each.get("card")) + each["text"] for each in lost.bubbles()):
        raise RuntimeError(f"{name}'s copy arrived, so that nothing was dropped")
    for clock in ("11:19:30", "11:20:40"):
        stage.move_to(f"{DAY}T{clock}")
    until("the drop was not found", functools.partial(_stands, hr, notice_id, "dropped", name))
    say(f"11:19  {name} ← 钉钉回答成功却没有送达：2 分钟后由系统自己发现（平台的结果里写明被拦下）")
    stage.move_to(f"{DAY}T11:21:50")
    card = lost.wait("补发 1").get("card") or {}
    say(f"11:21  {name} ← {card.get('title')}：换一条路、换一种说法；在她打开之前，看板上一直写着「平台没有投递」")
    Browser(stage, account).open(f"/notices/{notice_id}")
    say(f"11:22  {name} → 打开了全文；两次尝试都留在她的时间线上")


def _silent(stage: Stage, say: Say, hr: Browser, notice_id: str) -> None:
    """Nothing opened: the plan's next steps, each from gentle to loud."""
    stage.move_to(f"{DAY}T12:18:10")
    stage.move_to(f"{DAY}T12:19:20")
    for account, name, _boss, _boss_name in SILENT:
        card = stage.phone(account.split(":")[1]).wait("跟进 1").get("card") or {}
        lines = [each for each in str(card.get("text", "")).splitlines() if each and not each.startswith("#")]
        say(f"12:19  {name} ← {card.get('title')}：{lines[0] if lines else ''}")
    if any("跟进 1" in str(each) for each in stage.phone(CONFIRMS[0].split(":")[1]).bubbles()):
        raise RuntimeError("somebody who had answered was reminded")
    stage.move_to(f"{DAY}T13:19:30")
    stage.move_to(f"{DAY}T13:20:40")
    for _account, name, boss, boss_name in SILENT:
        until(f"{boss} was not asked about {name}", functools.partial(_helps, stage, boss, name))
        say(f"13:20  {boss_name} ← 请帮忙提醒 {name} 看看；只说可能没看到，不说任何人的答复")
    for _account, name, _boss, _boss_name in SILENT:
        until(f"{name} is not counted", functools.partial(_stands, hr, notice_id, "accepted", name))


def _stands(hr: Browser, notice_id: str, group: str, name: str) -> bool:
    return name in hr.open(f"/notices/{notice_id}/people?in={group}")


def _helps(stage: Stage, boss: str, name: str) -> bool:
    return any("请帮忙提醒" in str(each) and name in str(each) for each in stage.phone(boss).bubbles())


def _board(say: Say, hr: Browser, notice_id: str) -> None:
    """Every number of the board with the names behind it; together they are the frozen list."""
    hr.open(f"/notices/{notice_id}/board")
    groups = re.findall(r'people\?in=(\w+)"><span class="line[^"]*"><span>([^<]+)</span><b>(\d+)</b>', hr.html)
    total = _number(hr.html, r'people\?in=all".*?<b>(\d+)</b>')
    for name, label, count in groups:
        if name != "all" and int(count):
            found = re.findall(r"<li><a [^>]*><span><b>([^<]+)</b>", hr.open(f"/notices/{notice_id}/people?in={name}"))
            say(f"看板  {label} {count}：{'、'.join(found)}")
    summed = sum(int(count) for name, _label, count in groups if name != "all")
    if summed != total:
        raise RuntimeError(f"the board counts {summed} people of {total}")
    say(f"看板  合计 {summed} = 固定名单 {total} 人；没有回应的人不算同意，也不算收到")


def _number(html: str, pattern: str) -> int:
    found = re.search(pattern, html, re.S)
    if found is None:
        raise RuntimeError(f"the page has no {pattern}")
    return int(found[1])
