"""Our markdown: nothing an author writes becomes HTML, and no link hides where it goes."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from handlers.notices.composing import attachments, richtext

MARKS = st.lists(
    st.sampled_from(
        ["**", "[", "](", ")", "# ", "- ", "\n", "<script>", "</p>", '"', "'", "&", "javascript:", "https://a.example/",
         " onclick=x", "\u202e", "<", ">", "字", " "]
    )
).map("".join)  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(body: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(richtext.html(body))
    return parser.found


@given(st.one_of(st.text(), MARKS))
def test_only_our_own_tags_come_out(body: str) -> None:
    for tag, attributes in tags(body):
        assert tag in ("h2", "h3", "h4", "ul", "li", "p", "strong", "a")
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        assert (attributes.get("href") or "https://").startswith(("http://", "https://"))


def test_headings_bold_lists_and_links() -> None:
    made = richtext.html("# 第一条\n**请看**[制度](https://hr.example.com/a?b=1&c=2)\n- 一\n- 二")
    assert made.split("\n") == [
        "<h2>第一条</h2>",
        '<p><strong>请看</strong>'
        '<a href="https://hr.example.com/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">制度</a></p>',
        "<ul>", "<li>一</li>", "<li>二</li>", "</ul>",
    ]  # fmt: skip
    assert (
        richtext.plain("**请看**[制度](https://hr.example.com/a)\n- 一") == "请看制度（https://hr.example.com/a）\n· 一"
    )


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "//evil.example", "https://bank.example@evil.example", "https://a\u202eb.example",
     "data:,x",
     "https://", "http://[", "ftp://a.example"],
)  # fmt: skip
def test_links_that_are_none(url: str) -> None:
    assert not richtext.safe_url(url)
    visible = "\u202e" not in url  # what cannot be seen is taken out before anything is shown
    assert not visible or [tag for tag, _ in tags(f"[看]({url})")] == ["p"]


@given(st.text(), st.sampled_from(["wecom", "dingtalk", "sms", "other"]))
def test_what_is_cut_fits_and_is_still_text(text: str, platform: str) -> None:
    text = "".join(c for c in text * 50 if not "\ud800" <= c <= "\udfff")
    cut, was = richtext.fit(text, platform)
    most = richtext.BYTES.get(platform, 210)
    assert len(cut.encode()) <= most
    assert was == (len(text.encode()) > most)
    assert text.startswith(cut[:-1] if was else cut)


def test_problems_are_named_together() -> None:
    found = richtext.problems("", "<b>x</b> [a](javascript:1) \u200b")
    assert len(found) == 4
    assert not richtext.problems("标题", "a < b，见 [这里](https://a.example)")


def book(part: str, *more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for each in (part, *more):
            archive.writestr(each, "x")
    return out.getvalue()


def test_a_file_is_what_it_says() -> None:
    assert attachments.checked("C:\\a\\制度.PDF", b"%PDF-1.7 x") == ("制度.pdf", "application/pdf")
    assert attachments.checked("a.docx", book("word/document.xml"))[0] == "a.docx"
    assert attachments.checked("a.txt", "中文".encode("gb18030"))[1].startswith("text/plain")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("a.pdf", b"\x89PNG\r\n\x1a\n", "不符"), ("a.pdf", b"MZ\x90", "可执行"), ("a.exe", b"x", "不支持"),
     ("a", b"x", "不支持"),
     ("a.txt", b"a\0b", "不符"), ("a.xlsx", book("word/document.xml"), "不符"), ("a.pdf", b"", "空"),
     ("a.docx", book("word/document.xml", "word/vbaProject.bin"), "不符"), ("a.txt", b"#!/bin/sh", "可执行"),
     ("a.txt", b"x" * (attachments.SIZE + 1), "MB")],
)  # fmt: skip
def test_a_file_that_is_not(name: str, content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        attachments.checked(name, content)
