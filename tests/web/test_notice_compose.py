"""Writing a notice on the page: everything wrong is said at once, nothing typed is lost, the forecast comes first."""

from __future__ import annotations

import io
import re
from typing import Any
from zoneinfo import ZoneInfo

from adapters import dingtalk, wecom
from config.settings import load, sandbox_env
from handlers.notices import tables as t
from handlers.notices.composing import drafts
from handlers.notices.pages import forms
from tests.web.noticed import EVERYBODY, compose, ids, lite, notice, office, press, sent, text, types
from tests.web.office import Office

__all__ = ["office", "sent"]
GOOD: dict[str, Any] = {
    "title_zh": "考勤制度 v4", "body_zh": "# 一\r\n请**阅读**", "title_en": "Rules", "body_en": "Please read",
    "importance": "confirm", "answers": ["received", "objected"], "basis": "《员工手册》", "everybody": "1",
    "minus_people": "fake:stranger", "deadline": "2026-06-20T18:00", "joiners": "none",
}  # fmt: skip


def path_of(office: Office) -> str:
    (only,) = ids(office)
    return f"/notices/{only}"


def test_written_checked_and_sent(office: Office) -> None:
    page = press(office, "wang", "/notices/new", **GOOD, do="check").text
    here = path_of(office)
    found = notice(office, here.split("/")[2])
    assert found.texts["zh"] == ("考勤制度 v4", "# 一\n请**阅读**") and found.texts["en"][0] == "Rules"
    assert found.audience == EVERYBODY and found.answers == ("received", "objected")
    assert found.deadline and found.deadline.isoformat() == "2026-06-20T10:00:00+00:00"
    assert page.index("谁会收到") < page.index("现在发送（3 人）") and "名单总人数" in page
    done = press(office, "wang", f"{here}/submit").text
    assert "名单已固定" in done and "合计，与名单一致" in done
    assert "不能再改" in text(office, "wang", f"{here}/edit") or notice(office, found.id).state == "sending"
    assert "notice.frozen" in types(office, found.id)


def test_everything_wrong_is_said_at_once_and_nothing_is_lost(office: Office) -> None:
    wrong = GOOD | {"deadline": "下周五", "plan_sms": "很快", "body_zh": "很长的正文" * 20}
    files = [(io.BytesIO(b"MZ\x90\0" + b"\0" * 64), "工资.pdf"), (io.BytesIO(b"%PDF-1.7 ok"), "制度.pdf")]
    listed = (io.BytesIO("账号,备注\nli,\nnobody,\nLI,\n".encode()), "名单.csv")
    answer = press(office, "wang", "/notices/new", **wrong, files=files, list=listed)
    assert answer.status_code == 422
    for said in ("「答复期限」看不懂", "「短信（小时）」看不懂", "可执行", "第 3 行", "第 4 行", "下周五", "很快"):
        assert said in answer.text, said
    assert "很长的正文" * 20 in answer.text and "制度.pdf" in answer.text
    here = path_of(office)
    found = notice(office, here.split("/")[2])
    assert found.audience["into"]["people"] == ["fake:li"]
    assert [row["name"] for row in office.firm.rows(t.file)] == ["制度.pdf"]
    better = press(office, "wang", f"{here}/edit", **GOOD, do="check")
    assert better.status_code == 200 and notice(office, found.id).audience["into"]["people"] == ["fake:li"]


def test_a_file_that_is_too_big_is_refused_before_it_is_read(office: Office) -> None:
    small = press(office, "wang", "/notices/preview", body_zh="大" * 200_000)
    assert small.status_code == 413 and "什么都没有保存" in small.text
    within = (io.BytesIO(b"%PDF-1.7" + b"\0" * (1 << 20)), "制度.pdf")
    assert press(office, "wang", "/notices/new", **GOOD, files=within, do="save").status_code == 200
    over = (io.BytesIO(b"%PDF-1.7" + b"\0" * (11 << 20)), "大.pdf")
    answer = press(office, "wang", f"{path_of(office)}/edit", **GOOD, files=over)
    assert answer.status_code == 422 and "10 MB" in answer.text


@lite
def test_the_check_names_problems_and_who_cannot_be_reached(office: Office) -> None:
    draft = compose(office, answers=(), audience={"into": {"departments": ["没有的部门"]}})
    page = text(office, "wang", f"/notices/{draft}/check")
    assert "还不能发送" in page and "没有的部门" in page and "答复按钮" in page
    assert f'action="/notices/{draft}/submit"' not in page
    refused = press(office, "wang", f"/notices/{draft}/submit")
    assert refused.status_code == 422 and "没有的部门" in refused.text
    assert notice(office, draft).state == "draft"


@lite
def test_scheduled_moved_and_dropped(office: Office) -> None:
    press(office, "wang", "/notices/new", **GOOD, send_at="2026-06-12T10:00", do="check")
    here = path_of(office)
    assert "已排好时间" in press(office, "wang", f"{here}/submit").text
    moved = press(office, "wang", f"{here}/schedule", do="move", send_at="2026-06-12T11:00").text
    assert "时间已改" in moved and "2026-06-12 11:00" in moved
    assert press(office, "wang", f"{here}/schedule", do="move", send_at="很快").status_code == 422
    assert "已退回草稿" in press(office, "wang", f"{here}/schedule", do="drop").text


@lite
def test_live_preview_escapes_and_shows_both_ways(office: Office) -> None:
    page = press(office, "wang", "/notices/preview", **GOOD | {"body_zh": "**好**<img src=x>[x](javascript:alert(1))"})
    assert "<strong>好</strong>" in page.text and "<img" not in page.text and 'href="javascript' not in page.text
    assert "通知｜考勤制度 v4" in page.text and "收到但有异议" not in page.text  # a link: answered on the page only
    short = press(office, "wang", "/notices/preview", **GOOD | {"body_zh": "**明天起**走东门。"})
    assert "收到但有异议" in short.text and "<strong>明天起</strong>" in short.text
    assert press(office, "zhang", "/notices/preview").status_code == 404


@lite
def test_the_preview_is_what_the_platforms_would_really_send(office: Office) -> None:
    settings, mine, store = load(sandbox_env("http://127.0.0.1:9")), office.platform, office.firm.app.store
    mine.preview = wecom.build(settings, store).preview  # type: ignore[attr-defined]
    short = press(office, "wang", "/notices/preview", **GOOD | {"body_zh": "**明天起**走东门。"}).text
    assert "<code>template_card</code>" in short and "<code>textcard</code>" in short  # and without a callback address
    assert "仅当应用没有设置接收消息的地址时" in short and "收到但有异议" in short and "会截断" not in short
    ding = dingtalk.build(settings, store)
    mine.preview, mine.routes = ding.preview, ding.routes  # type: ignore[attr-defined]
    body = {"body_zh": "第一条，不得迟到。" * 400, "importance": "inform"}
    long = press(office, "wang", "/notices/preview", **GOOD | body).text
    assert "一次发给许多人" in long and "<code>action_card</code>" in long
    page = text(office, "wang", f"/notices/{compose(office)}/check")
    assert "给每个人一张卡片" in page and "<code>card</code>" in page and "仅当卡片模板不可用时" in page


@lite
def test_templates_and_a_preview_to_oneself(office: Office) -> None:
    saved = press(office, "wang", "/notices/new", **GOOD, do="template", template_name="制度更新").text
    assert "模板已保存" in saved
    chosen = re.search(r'<option value="(\w+)">制度更新', text(office, "wang", "/notices/new"))
    assert chosen
    page = text(office, "wang", f"/notices/new?from={chosen[1]}")
    assert 'value="考勤制度 v4"' in page and "fake:stranger" not in page
    press(office, "wang", f"{path_of(office)}/edit", **GOOD, do="preview")
    office.firm.courier.drain()
    mine = [card.title for to, card, _ in office.platform.sent if to == "wang"]
    assert sum("考勤制度 v4" in each for each in mine) == 1
    assert {to for to, _, _ in office.platform.sent} == {"wang"}


@lite
def test_only_authors_and_hr_write(office: Office, sent: str) -> None:
    draft = compose(office)
    for who in ("zhang", "stranger", "li"):
        for path in (f"/notices/{draft}/edit", f"/notices/{draft}/check"):
            text(office, who, path, 404)
        for path in ("edit", "submit", "schedule"):
            assert press(office, who, f"/notices/{draft}/{path}", **GOOD).status_code == 404
    assert press(office, "zhang", "/notices/new", **GOOD).status_code in (404, 422)
    assert len(ids(office)) == 2
    stolen = press(office, "li", "/notices/new", **GOOD | {"everybody": "", "team": "1"}, replaces_id=sent, do="save")
    assert stolen.status_code == 200
    (mine,) = [each for each in ids(office) if notice(office, each).author_id == office.person("li").id]
    assert notice(office, mine).replaces_id == "" and notice(office, mine).audience["into"]["team_of"]


@lite
def test_what_a_form_shows_is_what_it_reads(office: Office) -> None:
    press(
        office, "wang", "/notices/new", **GOOD, plan_sms="24", plan_call="48", tags="讲师\n夜班", urgent="1", do="save"
    )
    found = notice(office, path_of(office).split("/")[2])
    zone = office.firm.app.settings.timezone
    draft = drafts.draft_of(found)
    again, wrong = forms.draft_of(forms.values_of(draft, ZoneInfo(zone)), ZoneInfo(zone), [], "fake:wang")
    assert (again, wrong) == (draft, [])


@lite
def test_the_empty_list_can_be_filled_in(office: Office) -> None:
    example = office.browser("wang").get("/notices/list.csv").data
    filled = io.BytesIO(example + "zhang,fake,张三,\r\n".encode())
    press(office, "wang", "/notices/new", **GOOD | {"everybody": ""}, list=(filled, "list.csv"), do="save")
    found = notice(office, path_of(office).split("/")[2])
    assert found.audience["into"]["people"] == ["fake:zhang"]
