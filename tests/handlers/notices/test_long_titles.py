"""A title that does not fit is said and never cut behind its author's back."""

from __future__ import annotations

import pytest

from handlers.notices import tables as tb
from tests.handlers.notices.chat import Chat
from tests.web.noticed import office, press
from tests.web.office import Office
from tests.world import Firm

__all__ = ["office"]
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = "请各部门注意" * 30


@lite
def test_in_chat(firm: Firm) -> None:
    assert "标题最多 120 个字" in Chat(firm).say("wang", f"发通知 {LONG}\n放假。")
    assert firm.rows(tb.notice) == []


@lite
def test_on_the_page(office: Office) -> None:  # noqa: F811
    answer = press(office, "wang", "/notices/new", title_zh=LONG, body_zh="放假。", importance="inform", do="check")
    assert answer.status_code == 422
    assert "标题最多 120 个字" in answer.text and LONG in answer.text
