"""How one disclosed part is printed: short text as it is, cards and other JSON readable, the rest by its hash. Pure."""

from __future__ import annotations

import json

from bot.card import as_text
from bot.evidence.facts import PartFact
from bot.wire import load_card

SHOWN, CARD = 4096, 16384  # bytes
LINE = 48
"""Characters up to which a text stands beside its name instead of in a box of its own."""
_GUARD = "guard."
_TITLES = {
    "words": "本人原话",
    "reason": "理由",
    "answer": "答复",
    "said": "所点的按钮",
    "kind": "所选的一类",
    "claimed": "所称时间",
    "text": "全文",
    "body": "正文",
    "title": "标题",
    "text.zh": "全文（中文）",
    "text.en": "全文（英文）",
    "step": "这一步",
    "skipped": "没有走的步骤",
    "clause": "所引条款",
    "stamp": "所盖的字样",
    "goal": "目标全文",
    "review": "评分全文",
    "result": "结果全文",
    "button": "按钮上的文字",
    "document": "所签的文件",
    "sha256": "文件的指纹",
    "copy_sha256": "加封副本的指纹",
    "file.sha256": "导入文件的指纹",
    "signature": "签名",
    "statement": "签名前的声明",
    "letter": "信件全文",
    "photo": "照片",
    "file": "发来的文件",
    "clauses": "制度条款",
    "cycle": "考核周期",
    "dimensions": "考核维度",
    "card.json": "发出的卡片",
    "platform.json": "平台的答复",
    "known_by.txt": "何以得知",
    "report.json": "回执原文",
    "audit.json": "自查结果",
    "health.json": "运行状况",
}
_CHANNEL = "channel."
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


def part_view(part: PartFact) -> dict[str, str | bool]:
    """What the template prints of one part."""
    kind, text = readable(part)
    row: dict[str, str | bool] = {
        "name": part.name,
        "title": _title(part.name),
        "size": f"{len(part.content):,} 字节",
        "kind": kind,
    }
    short = 0 < len(text) <= LINE and "\n" not in text
    return row | {"sha256": part.sha256, "text": text, "short": short}


def _title(name: str) -> str:
    """What the part is, for a reader; the name under which it is committed stays beside it."""
    if name.startswith(_GUARD):
        return "发问前的检查"
    return "另一渠道的情况" if name.startswith(_CHANNEL) else _TITLES.get(name, name)


def readable(part: PartFact) -> tuple[str, str]:
    """(how it is shown: 原文, 卡片, 数据 or 文件; the text)."""
    if not part.media_type.startswith("text/plain") and not part.media_type.startswith("application/json"):
        return "文件", ""
    try:
        text = part.content.decode()
        if part.name.endswith(".json") and len(part.content) <= CARD:
            return _from_json(text)
    except UnicodeDecodeError:
        return "文件", ""
    except _UNREADABLE:
        text = part.content.decode()
    return ("原文", text) if len(part.content) <= SHOWN else ("文件", "")


def _from_json(text: str) -> tuple[str, str]:
    try:
        return "卡片", as_text(load_card(text))
    except _UNREADABLE:
        if len(text.encode()) > SHOWN:
            return "文件", ""
        return "数据", json.dumps(json.loads(text), ensure_ascii=False, indent=2)
