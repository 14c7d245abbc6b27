"""`huizhi doctor --json` as an administrator runs it: its own process, against the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.app import Running, start
from config.settings import load, sandbox_env
from tests.databases import Databases

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    running = start(load(sandbox_env(NOWHERE)))
    yield running
    running.stop()


@pytest.fixture
def environment(sandbox: Running, tmp_path: Path, redis_socket: Path, databases: Databases) -> dict[str, str]:
    """A ready installation: fresh database, own keys, real Redis; only its public address answers nothing."""
    url = databases.sqlite(tmp_path / "huizhi.db")
    return sandbox_env(sandbox.url) | {
        "DATABASE_URL": url,
        "REDIS_URL": f"unix://{redis_socket}",
        "HUIZHI_KEY_DIR": str(tmp_path / "keys"),
        "HUIZHI_PUBLIC_URL": NOWHERE,
    }


def doctor(environment: dict[str, str], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("huizhi")), "doctor", *options]
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | environment
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def examined(environment: dict[str, str], folder: Path) -> tuple[int, dict[str, dict[str, Any]], str]:
    done = doctor(environment, folder, "--json")
    found = {each["check"]: each for each in json.loads(done.stdout)}
    return done.returncode, found, done.stdout + done.stderr


def test_a_ready_installation(environment: dict[str, str], tmp_path: Path) -> None:
    code, found, _ = examined(environment, tmp_path)
    assert {name: each for name, each in found.items() if each["ok"] is False} == {}
    assert code == 0
    assert {"settings", "database", "redis", "keys", "clock", "public_url", "企业微信：凭证", "钉钉凭证"} <= set(found)
    unsure = {name: each for name, each in found.items() if each["ok"] is None}
    # No authority is set, the template cannot be asked about, and nobody has walked the directory yet.
    late = {"statutory calendar"}  # from November on, while the coming year is not published
    assert set(unsure) - late == {"public_url", "tsa", "钉钉卡片模板", "钉钉考勤权限"}
    assert unsure["public_url"]["advice"]


@pytest.mark.parametrize(
    ("name", "check", "db"), [("WECOM_SECRET", "企业微信：凭证", 7), ("DINGTALK_CLIENT_SECRET", "钉钉凭证", 8)]
)
def test_a_wrong_secret_is_named_with_advice(
    environment: dict[str, str], tmp_path: Path, redis_socket: Path, name: str, check: str, db: int
) -> None:
    # A token that an earlier run left in Redis would hide the wrong secret; each case has its own database number.
    wrong = environment | {name: "not-the-secret-of-this-app", "REDIS_URL": f"unix://{redis_socket}?db={db}"}
    code, found, output = examined(wrong, tmp_path)
    assert code == 1
    assert [each for each, finding in found.items() if finding["ok"] is False] == [check]
    assert len(found[check]["advice"]) > 5
    assert wrong[name] not in output


def test_missing_tables_and_wrong_settings_are_named(environment: dict[str, str], tmp_path: Path) -> None:
    code, found, _ = examined(environment | {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"}, tmp_path)
    assert (code, found["database"]["ok"]) == (1, False)
    assert "huizhi db upgrade" in found["database"]["advice"]
    code, found, output = examined(environment | {"WECOM_ENCODING_AES_KEY": "short"}, tmp_path)
    assert (code, list(found)) == (1, ["settings"])
    assert "WECOM_ENCODING_AES_KEY" in output


def test_the_words_for_people_say_what_to_do(environment: dict[str, str], tmp_path: Path) -> None:
    done = doctor(environment | {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"}, tmp_path)
    assert done.returncode == 1
    assert "✗ database" in done.stdout and "→ 运行 huizhi db upgrade" in done.stdout
    assert "Traceback" not in done.stderr


def test_without_redis_the_doctor_still_speaks(tmp_path: Path) -> None:
    environment = (
        os.environ
        | sandbox_env("http://127.0.0.1:1")
        | {
            "REDIS_URL": f"unix://{tmp_path}/nobody.sock",
            "DATABASE_URL": f"sqlite:///{tmp_path}/d.db",
            "HUIZHI_KEY_DIR": str(tmp_path / "keys"),
        }
    )
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "doctor", "--json"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert found["redis"]["ok"] is False
    assert "REDIS_URL" in found["redis"]["advice"]
    assert found["wecom"]["ok"] is None
