"""Programs that are not ours accept the exported log, byte for byte, and refuse a changed one."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import proofbundle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from proofbundle import merkle
from sqlalchemy import Engine, select

from bot.db import begin
from bot.evidence import notes, tree
from bot.evidence.keys import Keys
from bot.evidence.log import Draft, append_many
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_tile
from bot.evidence.tiles import Tiles
from bot.evidence.tlog_export import path_of, write
from tests.evidence.conftest import NOW

SOURCE = Path(__file__).parent / "go" / "main.go"
SIZES = (3, 256, 600)


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built against Debian's golang-golang-x-mod-dev without a network."""
    folder = tmp_path_factory.mktemp("go")
    env = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOPROXY": "off"}
    env |= {"GOCACHE": str(folder / "cache"), "HOME": str(folder)}
    subprocess.run(["go", "build", "-o", str(folder / "check"), str(SOURCE)], env=env, check=True)
    return folder / "check"


@pytest.fixture
def log(lite: Engine, keys: Keys) -> tuple[Engine, list[str]]:
    """600 events in three checkpoints, with the notes."""
    signed, done = [], 0
    for size in SIZES:
        with begin(lite) as conn:
            append_many(
                conn, keys, [Draft(f"e{n}", "x", NOW, NOW, "p:a", "p:b", f"o{n % 9}") for n in range(done, size)]
            )
        made, done = sequence(lite, keys, NOW), size
        assert made
        signed.append(made.note)
    return lite, signed


def test_go_sumdb(checker: Path, log: tuple[Engine, list[str]], keys: Keys, tmp_path: Path) -> None:
    engine, signed = log
    folder, older = tmp_path / "export", tmp_path / "older.note"
    with engine.connect() as conn:
        assert write(conn, 1, folder) == write(conn, 1, folder) == SIZES[-1]
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == [
        "checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
        "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88",
    ]  # fmt: skip
    for note in signed:
        older.write_text(note)
        said = subprocess.run([checker, folder, str(keys.log_vkey), older], capture_output=True, text=True)
        assert (said.returncode, said.stdout) == (0, "ok 600\n")
    for name in files:
        broken = tmp_path / "broken"
        shutil.copytree(folder, broken)
        data = bytearray((broken / name).read_bytes())
        data[len(data) // 2] ^= 1
        (broken / name).write_bytes(bytes(data))
        said = subprocess.run([checker, broken, str(keys.log_vkey), older], capture_output=True, text=True)
        assert said.returncode != 0, name
        shutil.rmtree(broken)


def test_proofbundle(log: tuple[Engine, list[str]], keys: Keys) -> None:
    engine, signed = log
    with engine.connect() as conn:
        entries = list(conn.execute(select(ev_event.c.entry).order_by(ev_event.c.log_index)).scalars())
        nodes = Tiles(conn).read
        for index in (0, 1, 255, 256, 511, 599):
            proof = notes.proof_text(index, tree.inclusion_path(nodes, index, 600), signed[-1])
            found = proofbundle.verify_tlog_proof(
                proof, entries[index], str(keys.log_vkey), expected_origin=keys.origin
            )
            assert found["ok"], found
            assert not proofbundle.verify_tlog_proof(proof, entries[index - 1], str(keys.log_vkey))["ok"]
        heads = [notes.open_checkpoint(note, keys.log_vkey) for note in signed]
        for old, new in ((heads[0], heads[1]), (heads[0], heads[2]), (heads[1], heads[2])):
            path = tree.consistency_path(nodes, old.size, new.size)
            assert merkle.verify_consistency(old.size, new.size, path, old.root, new.root)
            assert not merkle.verify_consistency(old.size, new.size, path, bytes(32), new.root)
        assert merkle.merkle_tree_hash(entries) == heads[-1].root


def test_openssl_alone(log: tuple[Engine, list[str]], keys: Keys, tmp_path: Path) -> None:
    text, _, line = log[1][-1].partition("\n\n")
    public = Ed25519PublicKey.from_public_bytes(keys.log_vkey.public)
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "sig").write_bytes(base64.b64decode(line.split(" ")[2])[4:])
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.pem", "-rawin"]
    command += ["-in", tmp_path / "text", "-sigfile", tmp_path / "sig"]
    for body, code in ((f"{text}\n", 0), (f"{text} \n", 1)):
        (tmp_path / "text").write_text(body)
        assert subprocess.run(command, capture_output=True).returncode == code


def test_paths_and_refusals(log: tuple[Engine, list[str]], tmp_path: Path) -> None:
    assert path_of("0", 1_234_067) == "tile/0/x001/x234/067" and path_of("1", 5, 3) == "tile/1/005.p/3"
    with log[0].connect() as conn, pytest.raises(LookupError):
        write(conn, 2, tmp_path / "none")
    with begin(log[0]) as conn:
        conn.execute(ev_tile.delete().where(ev_tile.c.level == 0, ev_tile.c.n == 1))
        with pytest.raises(notes.BadNote, match="0/1"):
            write(conn, 1, tmp_path / "none")
    assert not (tmp_path / "none" / "checkpoint").exists()
