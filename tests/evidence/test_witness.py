"""A witness on its own: cosigning, forks, the HTTP door, the firm's side, and the commands end to end."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import proofbundle
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import Engine

from bot import clock
from bot.cli import log as cli_log
from bot.db import begin
from bot.evidence import cosignatures, notes, tree, witness
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_cosignature
from bot.evidence.witness import Behind, Conflict, Witness
from bot.evidence.witness_http import server
from tests.evidence.conftest import NOW, ORIGIN, add


@pytest.fixture
def union(tmp_path: Path) -> Witness:
    return witness.init(tmp_path / "union", "union.example/witness")


def grow(engine: Engine, keys: Keys, *numbers: int) -> str:
    with begin(engine) as conn:
        for number in numbers:
            add(conn, keys, number)
    done = sequence(engine, keys, NOW)
    assert done
    return done.note


def offered(engine: Engine, since: int) -> tuple[int, list[bytes], str]:
    with engine.connect() as conn:
        return witness.parse_request(cosignatures.offer(conn, 1, since))


def test_cosigns_what_extends_what_it_saw(engine: Engine, keys: Keys, union: Witness) -> None:
    first = grow(engine, keys, 1, 2, 3)
    line = union.cosign(keys.log_vkey, first, None, [], NOW)
    text, (found,) = notes.split(notes.split(first)[0] + "\n" + line)
    assert witness.verify_line(text, found, union.key) == NOW.replace(microsecond=0)
    assert witness.load(union.folder).key == union.key == witness.parse_key(str(union.key))
    grow(engine, keys, 4, 5)
    old, proof, note = offered(engine, 3)
    with pytest.raises(Behind, match="3"):
        union.cosign(keys.log_vkey, note, 2, proof, NOW)
    cosigned = note + union.cosign(keys.log_vkey, note, old, proof, NOW)
    assert proofbundle.verify_cosignature(cosigned, str(union.key))["ok"]
    assert proofbundle.verify_witnessed_checkpoint(cosigned, str(keys.log_vkey), [str(union.key)])["ok"]
    again = union.cosign(keys.log_vkey, note, None, [], NOW + timedelta(days=1))
    assert again not in cosigned
    with pytest.raises(Behind):
        union.cosign(keys.log_vkey, first, None, [], NOW)
    assert union.folder.joinpath("witness.key").stat().st_mode & 0o077 == 0


def test_wrong_proof_and_fork_are_kept(lite: Engine, keys: Keys, union: Witness) -> None:
    first = grow(lite, keys, 1, 2, 3)
    union.cosign(keys.log_vkey, first, None, [], NOW)
    other = tree.Head(3, bytes(32))
    forged = notes.sign(notes.checkpoint_text(ORIGIN, other), ORIGIN, keys.log)
    grow(lite, keys, 4)
    _, proof, note = offered(lite, 3)
    for bad, steps, why in (
        (forged, [], "one size"),
        (note, proof[:-1], "no valid proof"),
        (note, [], "no valid proof"),
    ):
        with pytest.raises(Conflict, match=why) as caught:
            union.cosign(keys.log_vkey, bad, None, steps, NOW)
        kept = caught.value.kept.read_text()
        assert first in kept and bad in kept
    assert union.cosign(keys.log_vkey, note, 3, proof, NOW)


def test_bad_keys_and_lines(keys: Keys, union: Witness, tmp_path: Path) -> None:
    with pytest.raises(notes.BadNote):
        witness.parse_key(str(keys.log_vkey))
    with pytest.raises(notes.BadNote):
        witness.parse_key(str(union.key).replace("union", "onion"))
    with pytest.raises(FileExistsError):
        witness.init(union.folder, "other")
    with pytest.raises(notes.BadNote):
        witness.init(tmp_path / "x", "has space")
    note = notes.sign(notes.checkpoint_text(ORIGIN, tree.Head(1, bytes(32))), ORIGIN, keys.log)
    line = notes.split(note + union.cosign(keys.log_vkey, note, None, [], NOW))[1][1]
    for changed in (line[1][:-1] + bytes([line[1][-1] ^ 1]), line[1][:11] + b"\xff" + line[1][12:], line[1][:70]):
        with pytest.raises(notes.BadNote):
            witness.verify_line(notes.split(note)[0], (line[0], changed), union.key)
    for top in ("old -1\n", "old 1\nA\n", "old 1", "old 01\n", "new 1\n", "old 1\n" + "AA==\n" * 64):
        with pytest.raises(notes.BadNote):
            witness.parse_request(f"{top}\n{note}")
    with pytest.raises(notes.BadNote):
        union.cosign(keys.log_vkey, note[:-2], None, [], NOW)


def test_firm_stores_only_right_cosignatures(engine: Engine, keys: Keys, union: Witness, tmp_path: Path) -> None:
    note = grow(engine, keys, 1)
    good = note + union.cosign(keys.log_vkey, note, None, [], NOW)
    stranger = witness.init(tmp_path / "stranger", "stranger.example")
    with begin(engine) as conn:
        with pytest.raises(notes.BadNote, match="known witness"):
            cosignatures.add(conn, good, [str(stranger.key)], NOW)
        fake = notes.checkpoint_text(ORIGIN, tree.Head(1, bytes(32))) + good[len(notes.split(note)[0]) :]
        with pytest.raises(LookupError):
            cosignatures.add(conn, fake, [str(union.key)], NOW)
        assert cosignatures.add(conn, good, [str(stranger.key), str(union.key)], NOW) == ["union.example/witness"]
        assert cosignatures.add(conn, good, [str(union.key)], NOW) == []
        row = conn.execute(sa.select(ev_cosignature)).one()
    assert (row.epoch, row.size) == (1, 1) and note + row.line == good


@pytest.fixture
def door(keys: Keys, union: Witness) -> Iterator[str]:
    running = server(union, {ORIGIN: keys.log_vkey}, 0, lambda: NOW)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/add-checkpoint"
    running.shutdown()
    thread.join()
    running.server_close()


def post(url: str, body: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, body.encode(), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_http(lite: Engine, keys: Keys, union: Witness, door: str, tmp_path: Path) -> None:
    first = grow(lite, keys, 1, 2)
    status, line = post(door, witness.request(0, [], first))
    assert status == 200 and proofbundle.verify_cosignature(first + line, str(union.key))["ok"]
    grow(lite, keys, 3)
    old, proof, note = offered(lite, 2)
    assert post(door, witness.request(0, [], note)) == (409, "2\n")
    assert post(door, witness.request(2, [bytes(32)], note))[0] == 422
    assert post(door, witness.request(9, proof, note))[0] == 400
    assert post(door, "garbage")[0] == 400
    stranger = load_or_create(tmp_path / "other", "other.example/hr-log")
    text = notes.checkpoint_text(ORIGIN, tree.Head(3, bytes(32)))
    assert post(door, witness.request(2, proof, notes.sign(text, ORIGIN, stranger.log)))[0] == 403
    text = notes.checkpoint_text(stranger.origin, tree.Head(3, bytes(32)))
    assert post(door, witness.request(0, [], notes.sign(text, stranger.origin, stranger.log)))[0] == 404
    assert post(door.replace("add-", "del-"), "x")[0] == 404
    assert post(door, witness.request(old, proof, note))[0] == 200


def test_commands(lite: Engine, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    run, state, file = CliRunner(), str(tmp_path / "w"), tmp_path / "offer.txt"
    made = run.invoke(cli_log.witness, ["init", "--state", state, "--name", "w.example"])
    assert made.exit_code == 0 and witness.parse_key(made.stdout.strip()).name == "w.example"
    assert run.invoke(cli_log.witness, ["init", "--state", state, "--name", "w.example"]).exit_code == 1
    common = ["cosign", "--state", state, "--log-key", str(keys.log_vkey)]
    file.write_text(grow(lite, keys, 1))
    first = run.invoke(cli_log.witness, [*common, str(file)])
    assert first.exit_code == 0 and first.stdout.startswith(file.read_text())
    grow(lite, keys, 2)
    with lite.connect() as conn:
        file.write_text(cosignatures.offer(conn, 1, 1))
    assert run.invoke(cli_log.witness, [*common, str(file)]).exit_code == 0
    with lite.connect() as conn:
        file.write_text(cosignatures.offer(conn, 1, 1))
    behind = run.invoke(cli_log.witness, [*common, str(file)])
    assert behind.exit_code == 2 and "--since 2" in behind.output
    file.write_text(notes.sign(notes.checkpoint_text(ORIGIN, tree.Head(2, bytes(32))), ORIGIN, keys.log))
    fork = run.invoke(cli_log.witness, [*common, str(file)])
    assert fork.exit_code == 1 and "conflict-" in fork.output
    file.write_text("garbage")
    assert run.invoke(cli_log.witness, [*common, str(file)]).exit_code == 2
