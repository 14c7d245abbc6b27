"""The log key in a hardware module: SoftHSM 2 stands for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence import hsm, notes
from bot.evidence.epochs import custody, rotate
from bot.evidence.hsm import ModuleSigner
from bot.evidence.keys import FileSigner, Keys, load_or_create
from bot.evidence.selfaudit import examine
from bot.evidence.sequencer import sequence
from tests.evidence.conftest import NOW, ORIGIN, add

LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
MODULE = f"{LIBRARY},huizhi,log"
PIN = "2468"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SoftHSM with one token; its configuration file. One for the process: the library reads it once."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(config))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "huizhi", "--pin", PIN, "--so-pin", "1357"]
        subprocess.run(command, check=True, capture_output=True)
    return str(config)


@pytest.fixture
def hard(token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keys:
    monkeypatch.setenv("SOFTHSM2_CONF", token)
    return load_or_create(tmp_path / "hard", ORIGIN, pkcs11=MODULE, pin=PIN)


def test_signs_and_rotates_inside_the_module(lite: Engine, hard: Keys) -> None:
    assert isinstance(hard.log, ModuleSigner) and isinstance(hard.promise, FileSigner)
    with begin(lite) as conn:
        add(conn, hard, 1)
    done = sequence(lite, hard, NOW)
    assert done and notes.open_checkpoint(done.note, hard.log_vkey).size == 1
    fresh = rotate(lite, hard, NOW)
    assert fresh.log.public != hard.log.public and "hardware module" in custody(fresh)
    with begin(lite) as conn:
        add(conn, fresh, 2)
    done = sequence(lite, fresh, NOW)
    assert done and notes.open_note(done.note, [hard.log_vkey, fresh.log_vkey])[1] == (fresh.log_vkey, hard.log_vkey)
    assert examine(lite).ok
    assert sorted(path.name for path in hard.key_dir.glob("*.pem")) == ["promise-2.pem", "promise.pem"]
    assert PIN not in repr(hard) and PIN not in repr(hard.module)


def test_another_process_finds_the_same_key(hard: Keys, token: str) -> None:
    program = (
        "import sys; from bot.evidence.keys import load_or_create;"
        "print(load_or_create(*sys.argv[1:3], pkcs11=sys.argv[3], pin=sys.argv[4]).log_vkey)"
    )
    command = [sys.executable, "-c", program, str(hard.key_dir), ORIGIN, MODULE, PIN]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout == f"{hard.log_vkey}\n"


def test_an_epoch_begun_with_a_file_keeps_it_until_rotation(lite: Engine, hard: Keys, keys: Keys) -> None:
    later = load_or_create(keys.key_dir, ORIGIN, pkcs11=MODULE, pin=PIN)
    assert later.log_vkey == keys.log_vkey
    with begin(lite) as conn:
        add(conn, later, 1)
    assert isinstance(rotate(lite, later, NOW).log, ModuleSigner)


@pytest.mark.parametrize(
    ("setting", "pin", "why"),
    [
        ("one,two", PIN, "separated by commas"),
        (f"{LIBRARY},nowhere,log", PIN, "hardware module"),
        ("/nowhere.so,huizhi,log", PIN, "hardware module"),
    ],
)
def test_problems_are_explained(hard: Keys, tmp_path: Path, setting: str, pin: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as caught:
        _ = load_or_create(tmp_path / "bad", ORIGIN, pkcs11=setting, pin=pin).log.public
    assert PIN not in str(caught.value)


def test_wrong_pin(token: str, tmp_path: Path) -> None:
    """In a process of its own: a module that is logged in asks for no PIN."""
    program = (
        "import sys\nfrom bot.errors import Misconfigured\nfrom bot.evidence.hsm import *\n"
        "try:\n    ModuleSigner(Module.parse(sys.argv[1], 'wrong'), 1).public\n"
        "except Misconfigured as error:\n    print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, MODULE],
        capture_output=True,
        text=True,
        check=True,
        env={"SOFTHSM2_CONF": token},
    )
    assert "PinIncorrect" in said.stdout and "wrong" not in said.stdout


def test_a_session_that_died_is_opened_again(hard: Keys) -> None:
    before = hard.log.public
    hsm._session(hsm.Module.parse(MODULE, PIN), os.getpid()).close()
    with pytest.raises(Misconfigured, match="hardware module"):
        hard.log.sign(b"x")
    assert hard.log.public == before and len(hard.log.sign(b"x")) == 64
