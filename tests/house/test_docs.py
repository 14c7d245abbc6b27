"""What is generated is current: the page in the repository is what the code says today."""

from __future__ import annotations

import difflib
import subprocess
import sys

import pytest

from tests.house.tour_page import Seen, page
from tests.house.tree import ROOT

GENERATED = {"docs/tour.md": "tests.house.tour", "docs/reference/routes.md": "bot.routes"}


@pytest.mark.parametrize(("path", "module"), GENERATED.items())
def test_a_generated_page_is_current(path: str, module: str) -> None:
    made = subprocess.run([sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    kept = (ROOT / path).read_text(encoding="utf-8")
    diff = "".join(difflib.unified_diff(kept.splitlines(True), made.stdout.splitlines(True), path, f"{path} today"))
    assert not diff, f"\n{diff}\nWrite it anew: python -m {module} > {path}"


def test_every_action_and_door_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/routes.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(set(rows)) > 20
    assert all(line.split(" | ")[2].rstrip(" |") for line in rows), "every function says what it does"


def test_a_hop_that_never_happened_is_not_told() -> None:
    with pytest.raises(ValueError, match="hop 1"):
        page(Seen(("bot.dispatch:Dispatcher.__call__",), "卡", ("卡",)))
