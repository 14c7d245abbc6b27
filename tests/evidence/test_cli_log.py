"""`huizhi evidence …` about the log itself, against a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from bot import clock
from bot.cli import log as cli_log
from bot.db import begin
from bot.evidence import witness
from bot.evidence.keys import Keys, newest
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event
from bot.evidence.witness import Witness
from tests.evidence.conftest import NOW, add

Run = Callable[..., Result]


@pytest.fixture
def union(tmp_path: Path) -> Witness:
    return witness.init(tmp_path / "w", "w.example")


@pytest.fixture
def run(lite: Engine, keys: Keys, union: Witness, monkeypatch: pytest.MonkeyPatch) -> Run:
    settings = SimpleNamespace(witnesses=(str(union.key),))
    app = SimpleNamespace(engine=lite, keys=keys, settings=settings)
    monkeypatch.setattr(cli_log, "application", lambda: app)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    commands = {command.name: command for command in cli_log.evidence_commands}
    with begin(lite) as conn:
        for number in range(3):
            add(conn, keys, number)
    return lambda name, *words: CliRunner().invoke(commands[name], list(words))


def test_checkpoint_goes_to_a_witness_and_comes_back(
    run: Run, lite: Engine, keys: Keys, union: Witness, tmp_path: Path
) -> None:
    assert run("checkpoint").exit_code == 1
    sequence(lite, keys, NOW)
    old, proof, note = witness.parse_request(run("checkpoint").stdout)
    assert run("checkpoint", "--since", "9").exit_code == 1
    file = tmp_path / "cosigned"
    file.write_text(note + union.cosign(keys.log_vkey, note, old, proof, NOW))
    assert run("add-cosignature", str(file)).stdout == "✓ w.example\n"
    assert "known already" in run("add-cosignature", str(file)).stdout
    file.write_text(note)
    assert run("add-cosignature", str(file)).exit_code == 1


def test_audit(run: Run, lite: Engine, keys: Keys) -> None:
    sequence(lite, keys, NOW)
    good = run("audit", "--fast")
    assert good.exit_code == 0 and "everything fits" in good.stdout
    with begin(lite) as conn:
        conn.execute(sa.update(ev_event).where(ev_event.c.log_index == 1).values(entry=b"x"))
    bad = run("audit", "--json", "--fast")
    assert bad.exit_code == 1 and json.loads(bad.stdout)["findings"][0]["event_id"] == "evt_ntc_1_1"
    assert "evt_ntc_1_1 1/1" in run("audit", "--fast").stdout


def test_tiles_and_keys(run: Run, lite: Engine, keys: Keys, tmp_path: Path) -> None:
    assert run("tiles", str(tmp_path / "t")).exit_code == 1
    sequence(lite, keys, NOW)
    assert run("tiles", str(tmp_path / "t")).exit_code == 0
    assert (tmp_path / "t/tile/0/000.p/3").stat().st_size == 96
    assert str(keys.log_vkey) in run("keys").stdout


def test_epochs(run: Run, keys: Keys) -> None:
    assert "hr-log/2" in run("rotate-keys").stdout
    assert "hr-log/3" in run("revoke-keys", "--reason", "leaked").stdout
    assert "hr-log/4" in run("new-epoch", "--reason", "moved").stdout
    assert newest(keys).epoch == 4
    assert run("new-epoch", "--reason", " ").exit_code == 1
