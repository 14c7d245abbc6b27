"""A new room is born with tests, and they pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.scaffold import write

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("kind", "name"), [("handler", "birthday_greeting"), ("platform", "feishu")])
def test_the_scaffolds_tests_pass_and_are_clean(kind: str, name: str, tmp_path: Path) -> None:
    for room in ("handlers", "adapters", "tests"):
        (tmp_path / room).mkdir()
    written = write(kind, name, tmp_path)
    # The new room joins the real package by its path, so that nothing is written into this checkout.
    joined = "import handlers, adapters; handlers.__path__.append('handlers'); adapters.__path__.append('adapters')"
    run = (
        f"{joined}; import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '--rootdir=.', 'tests']))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    tested = subprocess.run([sys.executable, "-c", run], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    linted = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--config",
            str(ROOT / "pyproject.toml"),
            "--ignore",
            "S",
            *map(str, written),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout
    with pytest.raises(ValueError, match="exists"):
        write(kind, name, tmp_path)
