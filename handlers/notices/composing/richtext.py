"""Our small markdown: `# heading`, `**bold**`, `- list`, `[words](https://…)`, paragraphs. Pure.

Whatever else somebody writes stays text: there is no HTML, and what is made of it is safe on a page and on a card.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import urlsplit

from bot.card import clean
from bot.locale import t

LONGEST = 20_000
"""Characters of a body."""
BYTES = {"wecom": 2048, "dingtalk": 5000, "sms": 210}
"""What one chat message of ours holds in UTF-8 (docs: 发送应用消息, 机器人消息); the page always holds the whole."""
_SPAN = re.compile(r"\*\*(?P<bold>[^*\n]+)\*\*|\[(?P<words>[^\[\]\n]{1,200})\]\((?P<url>[^()\s]{1,500})\)")
_HEAD = re.compile(r"(#{1,3})\s+(.+)")
_ITEM = re.compile(r"[-*]\s+(.+)")
_LINKS = re.compile(r"\[[^\[\]\n]*\]\(([^()\n]*)\)")
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Marks that turn the direction of writing or show nothing: with them a link can pretend to be another."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `url` only of a link."""

    text: str
    bold: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """`level` 1 to 3 of a heading. A list is one block per item."""

    kind: Literal["heading", "item", "text"]
    pieces: tuple[Piece, ...]
    level: int = 0


def safe_url(url: str) -> bool:
    """An absolute http(s) address with a host, without a user name or anything a reader cannot see."""
    if _HIDDEN.search(url) or any(c <= " " or c in "<>\"'`\\" for c in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def blocks(body: str) -> list[Block]:
    """The text in order; empty lines only separate."""
    found = []
    for line in _tidy(body).split("\n"):
        line = line.strip()
        if not line:
            continue
        if head := _HEAD.fullmatch(line):
            found.append(Block("heading", _pieces(head[2]), len(head[1])))
        elif item := _ITEM.fullmatch(line):
            found.append(Block("item", _pieces(item[1])))
        else:
            found.append(Block("text", _pieces(line)))
    return found


def _tidy(body: str) -> str:
    return _HIDDEN.sub("", clean(body.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")))


def _pieces(line: str) -> tuple[Piece, ...]:
    found, at = [], 0
    for match in _SPAN.finditer(line):
        if match["url"] and not safe_url(match["url"]):
            continue
        found += [Piece(line[at : match.start()])] if match.start() > at else []
        found.append(Piece(match["bold"], bold=True) if match["bold"] else Piece(match["words"], url=match["url"]))
        at = match.end()
    return tuple(found + ([Piece(line[at:])] if at < len(line) else []))


def html(body: str) -> str:
    """For our page. Every character of the author is escaped; headings begin at h2, below the title."""
    out: list[str] = []
    listing = False
    for block in blocks(body):
        if (block.kind == "item") != listing:
            listing = not listing
            out.append("<ul>" if listing else "</ul>")
        tag = {"heading": f"h{block.level + 1}", "item": "li", "text": "p"}[block.kind]
        out.append(f"<{tag}>{''.join(map(_html, block.pieces))}</{tag}>")
    return "\n".join(out + (["</ul>"] if listing else []))


def _html(piece: Piece) -> str:
    text = escape(piece.text)
    if piece.url:
        return f'<a href="{escape(piece.url)}" rel="noopener noreferrer nofollow">{text}</a>'
    return f"<strong>{text}</strong>" if piece.bold else text


def plain(body: str) -> str:
    """For chat, SMS and mail: no marks; a link shows where it goes, so that its words cannot lie."""
    lines = []
    for block in blocks(body):
        text = "".join(f"{p.text}（{p.url}）" if p.url and p.url != p.text else p.text for p in block.pieces)
        lines.append(f"· {text}" if block.kind == "item" else text)
    return "\n".join(lines)


def fit(text: str, platform: str) -> tuple[str, bool]:
    """(text within what the platform shows, whether it was cut). Cut between characters, never inside one."""
    most = BYTES.get(platform, min(BYTES.values()))
    raw = text.encode()
    if len(raw) <= most:
        return text, False
    return raw[: most - len("…".encode())].decode(errors="ignore") + "…", True


def title_problem(title: str) -> str:
    """What is stored is cut to this, so whoever takes a title asks first; empty when it fits."""
    return t("标题最多 120 个字，一行") if len(title.strip()) > 120 or "\n" in title.strip() else ""


def problems(title: str, body: str) -> list[str]:
    """What the author should change before this is published."""
    found = []
    if not title.strip():
        found.append(t("没有标题"))
    if title_problem(title):
        found.append(title_problem(title))
    if not plain(body).strip():
        found.append(t("没有正文"))
    if len(body) > LONGEST:
        found.append(t("正文最多 {most} 个字，现在 {count} 个", most=LONGEST, count=len(body)))
    bad = [url for url in _LINKS.findall(body) if not safe_url(url)]
    if bad:
        found.append(t("链接只能是 http 或 https 的完整网址：{url}", url=bad[0][:80]))
    if re.search(r"<\s*/?\s*[a-zA-Z!][^>]*>", body):
        found.append(t("正文里有 HTML，会按原样显示为文字；请删掉"))
    if _HIDDEN.search(title + body):
        found.append(t("文字里有看不见的控制字符，请删掉"))
    return found
