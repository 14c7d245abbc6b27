"""Appending, sequencing, keys: alone, many at once, killed, and after an old backup came back."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from bot.db import begin, create_engine
from bot.errors import Misconfigured
from bot.evidence import notes, sidecar, tree
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.log import Part, append, entry_of, milliseconds, promise_text, stamp
from bot.evidence.sequencer import SIDECAR, sequence
from bot.evidence.tables import ev_checkpoint, ev_event, ev_head, ev_object, ev_part, ev_tile
from bot.evidence.tiles import Tiles
from tests.evidence import worker
from tests.evidence.conftest import NOW, ORIGIN, Made, add, log_tables, salts


class Died(Exception):
    """Stands for a crash at one step."""


def check_log(conn: Connection, keys: Keys) -> int:
    """Everything an auditor would: dense indexes, chains, roots of every checkpoint, consistency. Returns the size."""
    placed = sa.select(ev_event).where(ev_event.c.log_index.is_not(None)).order_by(ev_event.c.log_index)
    events = conn.execute(placed).all()
    assert [event.log_index for event in events] == list(range(len(events)))
    last: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    for event in events:
        assert event.entry == entry_of(event.salt, event.envelope)
        assert event.leaf_hash == tree.leaf_hash(event.entry)
        link = json.loads(event.envelope)["object"]
        before = last.get(event.object_id)
        counts[event.object_id] = counts.get(event.object_id, 0) + 1
        assert link["prev"] == (before and before.hex())
        assert link["seq"] == event.object_seq == counts[event.object_id]
        last[event.object_id] = event.leaf_hash
    nodes, tiles = tree.reader([event.leaf_hash for event in events]), Tiles(conn)
    old: tree.Head | None = None
    for row in conn.execute(sa.select(ev_checkpoint).order_by(ev_checkpoint.c.size)):
        head = notes.open_checkpoint(row.note, keys.log_vkey)
        assert (
            head == tree.Head(row.size, row.root) == tree.head_at(nodes, row.size) == tree.head_at(tiles.read, row.size)
        )
        if old:
            path = tree.consistency_path(tiles.read, old.size, head.size)
            assert tree.verify_consistency(old, head, path)
        old = head
    stored = conn.execute(sa.select(ev_head.c.size, ev_head.c.root)).one_or_none()
    assert (stored and tree.Head(stored.size, stored.root)) == old
    assert len(events) == (old.size if old else 0)
    return len(events)


def test_append_commits_to_everything_and_does_not_commit_itself(engine: Engine, keys: Keys) -> None:
    with pytest.raises(Died), begin(engine) as conn:  # noqa: PT012 - the write and the crash are one case
        add(conn, keys, 1)
        raise Died
    with begin(engine) as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(ev_event)).scalar() == 0
        first, second = add(conn, keys, 1, salts=salts()), add(conn, keys, 2)
        row = conn.execute(sa.select(ev_event).where(ev_event.c.event_id == first.event_id)).one()
        part = conn.execute(sa.select(ev_part).where(ev_part.c.event_id == first.event_id)).one()
    assert (
        row.log_index is None and row.leaf_hash == first.leaf_hash == tree.leaf_hash(row.entry) and len(row.entry) == 53
    )
    assert row.envelope.startswith(b'{"actor":"p:hr","at":"2026-11-20T01:00:06.510Z","id":"evt_ntc_1_1"')
    assert json.loads(row.envelope)["source"] == {"ch": "wecom", "how": "test"}
    assert part.content == "第 1 条".encode() and part.salt != row.salt
    text, _ = notes.open_note(first.promise, [keys.promise_vkey])
    assert text == promise_text(ORIGIN, first.leaf_hash, row.seen_ms)
    assert second.leaf_hash != first.leaf_hash
    assert "第 1 条" not in repr(keys) and "PrivateKey" not in repr(keys)


def test_append_refuses_what_is_not_evidence(lite: Engine, keys: Keys) -> None:
    part, naive = Part("a", "text/plain", b""), datetime(2026, 1, 1)  # noqa: DTZ001
    common = {"type": "x", "actor": "p:a", "subject": "p:b", "object_id": "o", "source": {}}
    with begin(lite) as conn:
        with pytest.raises(ValueError, match="unique"):
            append(conn, keys, event_id="e", at=NOW, seen=NOW, parts=[part, part], **common)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="without zone"):
            append(conn, keys, event_id="e", at=naive, seen=NOW, parts=[part], **common)  # type: ignore[arg-type]
    with begin(lite) as conn:
        add(conn, keys, 1)
        with pytest.raises(sa.exc.IntegrityError):
            add(conn, keys, 1)
    assert stamp(NOW) == "2026-11-20T01:00:05.510Z" and milliseconds(NOW) % 1000 == 510


@pytest.mark.parametrize("batches", [[1, 2, 3, 7, 100, 255], [256, 257, 300]])
def test_batches_keep_tree_and_tiles_in_step(lite: Engine, keys: Keys, batches: list[int]) -> None:
    total = 0
    for batch in batches:
        with begin(lite) as conn:
            for _ in range(batch):
                total += 1
                add(conn, keys, total, f"o{total % 5}")
        done = sequence(lite, keys, NOW, limit=1000)
        assert done and (done.size, done.added) == (total, batch)
        assert (keys.key_dir / SIDECAR).read_text() == done.note
    assert sequence(lite, keys, NOW) is None
    with begin(lite) as conn:
        assert check_log(conn, keys) == total
        full = conn.execute(sa.select(ev_tile.c.data).where(ev_tile.c.level == 1)).scalar()
        assert full and len(full) == 32 * (total // 256)


def test_limit(engine: Engine, keys: Keys) -> None:
    with begin(engine) as conn:
        for number in range(5):
            add(conn, keys, number)
    sizes = [done.size if (done := sequence(engine, keys, NOW, limit=2)) else None for _ in range(4)]
    assert sizes == [2, 4, 5, None]
    with begin(engine) as conn:
        assert check_log(conn, keys) == 5


def spawn(kind: str, url: str, keys: Path, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.evidence.worker", kind, url, str(keys), str(number)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_many_writers_two_sequencers_and_kills(made: Made, keys: Keys) -> None:
    """4 writers, 2 sequencers; one sequencer is killed (SIGKILL) again and again wherever it happens to be."""
    engine, url = made
    writers = [spawn("write", url, keys.key_dir, number) for number in range(4)]
    steady, victim, chance = (
        spawn("order", url, keys.key_dir, 50),
        spawn("order", url, keys.key_dir, 3),
        random.Random(3),
    )
    try:
        for _ in range(4):
            assert victim.stdout and victim.stdout.readline() == "ready\n"
            select.select([victim.stdout], [], [], chance.random() * 0.05)  # anywhere: before, in or after its work
            stop(victim)
            victim = spawn("order", url, keys.key_dir, 3)
        for writer in writers:
            writer.communicate(timeout=60)
            assert writer.returncode == 0
    finally:
        for process in (*writers, steady, victim):
            stop(process)
    while sequence(engine, keys, NOW):
        pass
    with begin(engine) as conn:
        size = check_log(conn, keys)
        kept = conn.execute(sa.select(sa.func.count()).select_from(ev_event)).scalar()
        heads = conn.execute(sa.select(sa.func.sum(ev_object.c.head_seq))).scalar()
    assert size == kept == heads and worker.WRITES * 2 < size < worker.WRITES * 4


@pytest.mark.parametrize("table", ["ev_tile", "ev_checkpoint"])
def test_failure_between_steps_leaves_nothing(engine: Engine, keys: Keys, table: str) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    assert sequence(engine, keys, NOW)
    before = (keys.key_dir / SIDECAR).read_text()
    with begin(engine) as conn:
        add(conn, keys, 2)

    def die(_c: object, _cur: object, statement: str, *_more: object) -> None:
        if table in statement and statement.startswith(("INSERT", "UPDATE")):
            raise Died

    sa.event.listen(engine, "after_cursor_execute", die)
    with pytest.raises(Died):
        sequence(engine, keys, NOW)
    sa.event.remove(engine, "after_cursor_execute", die)
    with begin(engine) as conn:
        assert check_log(conn, keys) == 1
    assert (keys.key_dir / SIDECAR).read_text() == before
    done = sequence(engine, keys, NOW)
    assert done and done.size == 2


def test_crash_before_the_sidecar_is_made_up_for(lite: Engine, keys: Keys) -> None:
    made: list[str] = []
    for number in (1, 2):
        with begin(lite) as conn:
            add(conn, keys, number)
        done = sequence(lite, keys, NOW)
        assert done
        made.append(done.note)
    old, new = made
    (keys.key_dir / SIDECAR).write_text(old)
    assert sequence(lite, keys, NOW) is None
    assert (keys.key_dir / SIDECAR).read_text() == new
    sidecar.save(keys, old)  # a slower sequencer arrives late
    assert (keys.key_dir / SIDECAR).read_text() == new
    assert (keys.key_dir / SIDECAR).stat().st_mode & 0o077 == 0


def test_restored_backup_is_never_signed(tmp_path: Path, keys: Keys) -> None:
    live, copy = tmp_path / "live.db", tmp_path / "copy.db"
    engine = create_engine(f"sqlite:///{live}")
    sa.MetaData.create_all(ev_event.metadata, engine, tables=log_tables())
    for number in (1, 2):
        with begin(engine) as conn:
            add(conn, keys, number)
        sequence(engine, keys, NOW)
        if number == 1:
            with engine.connect() as conn:
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(live, copy)
    engine.dispose()
    restored = create_engine(f"sqlite:///{copy}")
    with begin(restored) as conn:
        add(conn, keys, 3)
    with pytest.raises(Misconfigured, match="(?s)恢复了旧备份.*old backup"):
        sequence(restored, keys, NOW)
    with begin(restored) as conn:
        assert check_log(conn, keys) == 1
    sidecar = (keys.key_dir / SIDECAR).read_text()
    (keys.key_dir / SIDECAR).unlink()
    done = sequence(restored, keys, NOW)  # grows to the same size with another history: the fork the sidecar is for
    assert done and done.size == 2
    (keys.key_dir / SIDECAR).write_text(sidecar)
    with pytest.raises(Misconfigured, match="do not match"):
        sequence(restored, keys, NOW)
    restored.dispose()


@pytest.mark.parametrize(
    "damage",
    [
        sa.update(ev_tile).values(data=bytes(32)),
        sa.update(ev_tile).values(data=bytes(31)),
        sa.delete(ev_tile),
        sa.update(ev_head).values(root=bytes(32)),
        sa.delete(ev_checkpoint),
        sa.update(ev_checkpoint).values(note="x"),
    ],
)
def test_damaged_database_is_never_signed(lite: Engine, keys: Keys, damage: sa.Executable) -> None:
    with begin(lite) as conn:
        add(conn, keys, 1)
    assert sequence(lite, keys, NOW)
    with begin(lite) as conn:
        conn.execute(damage)
        add(conn, keys, 2)
    with pytest.raises(Misconfigured, match="refuses to sign"):
        sequence(lite, keys, NOW)


def test_changed_pending_event_and_broken_sidecar(lite: Engine, keys: Keys) -> None:
    with begin(lite) as conn:
        name = add(conn, keys, 1).event_id
        conn.execute(sa.update(ev_event).values(entry=b"other"))
    with pytest.raises(Misconfigured, match=name):
        sequence(lite, keys, NOW)
    (keys.key_dir / SIDECAR).write_text("garbage")
    with pytest.raises(Misconfigured, match="damaged"):
        sequence(lite, keys, NOW)


def test_keys_are_made_once_by_many_processes(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "keys"
    starters = [spawn("keys", "-", folder, number) for number in range(6)]
    answers = {starter.communicate("x")[0] for starter in starters}
    keys = load_or_create(folder, ORIGIN)
    assert answers == {f"{keys.log_vkey} {keys.promise_vkey}\n"}
    assert sorted(os.listdir(folder)) == ["log.pem", "promise.pem"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600, 0o600]
    assert (folder / "log.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")


def test_key_problems_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIZHI_KEY_PASSPHRASE", "correct horse")
    sealed = load_or_create(tmp_path / "sealed", ORIGIN)
    assert b"ENCRYPTED" in (tmp_path / "sealed/log.pem").read_bytes()
    assert load_or_create(tmp_path / "sealed", ORIGIN).log_vkey == sealed.log_vkey
    for wrong in ("", "wrong"):
        monkeypatch.setenv("HUIZHI_KEY_PASSPHRASE", wrong)
        with pytest.raises(Misconfigured, match="HUIZHI_KEY_PASSPHRASE"):
            load_or_create(tmp_path / "sealed", ORIGIN)
    monkeypatch.delenv("HUIZHI_KEY_PASSPHRASE")
    load_or_create(tmp_path / "open", ORIGIN)
    (tmp_path / "open/log.pem").chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        load_or_create(tmp_path / "open", ORIGIN)
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="HUIZHI_KEY_DIR"):
        load_or_create(tmp_path / "file", ORIGIN)
