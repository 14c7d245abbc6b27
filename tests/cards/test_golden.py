"""Nobody changes what people see without noticing: every sample on every platform against its reviewed file."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from bot.card import Card
from bot.locale import LOCALES, speaking
from tests.cards.matrix import GOLDEN, card_modules, expected, picture, platforms, samples

HINT = "If this is what people should see: python -m tests.cards.regenerate, then review the diff."


def compared(path: Path, new: str) -> str:
    """A unified diff, empty when nothing changed."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    name = str(path.relative_to(GOLDEN))
    return "".join(
        difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"reviewed {name}", name)
    )


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("platform", sorted(platforms()))
def test_every_sample_looks_as_reviewed(platform: str, locale: str) -> None:
    forms, cards, folder = platforms()[platform], samples(locale), GOLDEN / platform / locale
    with speaking(locale):
        diffs = [compared(folder / f"{name}.json", picture(forms, card)) for name, card in cards.items()]
    found = "\n".join(diff for diff in diffs if diff)
    assert not found, f"\n{found}\n{HINT}"


def test_no_golden_file_without_its_sample() -> None:
    left = [str(path.relative_to(GOLDEN)) for path in set(GOLDEN.rglob("*.json")) - expected().keys()]
    assert left == [], HINT


def test_the_diff_names_the_file_and_the_line(tmp_path: Path) -> None:
    path = next(iter(expected()))
    text = path.read_text(encoding="utf-8")
    assert compared(path, text) == ""
    found = compared(path, text.replace('"title"', '"heading"', 1))
    assert f"reviewed {path.relative_to(GOLDEN)}" in found
    assert "-" in found and '"heading"' in found


def parsed(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def shown(tree: ast.AST) -> Iterator[str]:
    """Names called inside SAMPLES, or in a module that offers `samples()`."""
    offers = any(isinstance(node, ast.FunctionDef) and node.name == "samples" for node in ast.walk(tree))
    for node in ast.walk(tree):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if offers or (isinstance(target, ast.Name) and target.id == "SAMPLES"):
            for call in ast.walk(node):
                if isinstance(call, ast.Call):
                    yield call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_every_card_function_has_a_sample() -> None:
    missing, seen = [], {(module.__package__, name) for module in card_modules() for name in shown(parsed(module))}
    for module in card_modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            says = function.__annotations__.get("return") in ("Card", Card)
            if (
                function.__module__ == module.__name__
                and says
                and not name.startswith("_")
                and (module.__package__, name) not in seen
            ):
                missing.append(f"{module.__name__}.{name}")
    assert missing == []
