"""A command that meets no database, or one of another version, says what to do instead of showing its insides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import schema
from config.settings import sandbox_env


def run(url: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **sandbox_env("http://127.0.0.1:1")}
    env |= {"DATABASE_URL": url, "HUIZHI_KEY_DIR": str(folder / "keys")}
    command = [sys.executable, "-m", "bot.cli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("arguments", [("evidence", "export", "--all"), ("attendance", "imports"), ("replay",)])
def test_a_database_without_tables(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(f"sqlite:///{tmp_path}/empty.db", tmp_path, *arguments)
    assert done.returncode == 2
    assert "huizhi db upgrade" in done.stderr and "Traceback" not in done.stderr


def test_one_that_cannot_be_reached(tmp_path: Path) -> None:
    done = run("postgresql://someone:hidden@127.0.0.1:1/huizhi", tmp_path, "evidence", "export", "--all")
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr and "Traceback" not in done.stderr and "hidden" not in done.stderr


def test_what_is_wrong_with_a_current_database_is_shown(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/broken.db"
    schema.upgrade(url)
    with sa.create_engine(url).begin() as connection:
        connection.exec_driver_sql("DROP TABLE ev_event")
    done = run(url, tmp_path, "evidence", "export", "--all")
    assert done.returncode == 1 and "no such table" in done.stderr
