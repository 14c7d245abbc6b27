"""English is complete: every text that is said has a translation with the same names in it, and none is left over."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.locale import catalogue, speaking, t

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted((ROOT / "bot").rglob("*.py")), *sorted((ROOT / "handlers").rglob("*.py"))]
SOURCES += sorted((ROOT / "adapters").glob("*/render.py"))


def constants(tree: ast.Module) -> dict[str, str]:
    """Module-level names bound to texts."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def texts(tree: ast.Module) -> Iterator[str]:
    """What the module hands to `t` by itself: literals and its own constants."""
    named = constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)
            elif isinstance(first, ast.Name) and first.id in named:
                yield named[first.id]


def said() -> set[str]:
    return {text for source in SOURCES for text in texts(ast.parse(source.read_text(encoding="utf-8")))}


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_has_english_with_the_same_names() -> None:
    english = catalogue("en")
    assert sorted(said() - english.keys()) == []
    assert [text for text, other in english.items() if names(text) != names(other)] == []


def test_no_translation_is_left_over() -> None:
    everything = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    used = said()
    gone = [text for text in catalogue("en") if text not in used and text not in everything]
    assert gone == []


def test_the_reader_decides_the_language_and_an_unknown_one_is_chinese() -> None:
    with speaking("en"):
        assert t("编号 {id}", id="7") == "No. 7"
        with speaking("fr"):
            assert t("编号 {id}", id="7") == "编号 7"
    assert t("编号 {id}", id="7") == "编号 7"


@pytest.mark.parametrize("text", ["没有人翻译过这一句 {x}"])
def test_a_text_without_translation_is_said_in_chinese_rather_than_not_at_all(text: str) -> None:
    with speaking("en"):
        assert t(text, x=1) == "没有人翻译过这一句 1"
