"""A new epoch after an old backup, a lost key, a crash at every step; stale processes and stray events."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from bot.db import begin, create_engine
from bot.errors import Misconfigured
from bot.evidence import epochs, keys as key_files, notes, sidecar, tree
from bot.evidence.epochs import new_epoch
from bot.evidence.keys import Keys, load_or_create, newest
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_checkpoint, ev_epoch, ev_event, ev_head, ev_part
from bot.evidence.tiles import Tiles
from tests.evidence.conftest import NOW, ORIGIN, Made, add, log_tables

LATER = NOW + timedelta(hours=1)


class Died(Exception):
    """Stands for a crash at one step."""


def events_of(conn: Connection, epoch: int) -> list[sa.Row[tuple[object, ...]]]:
    return list(conn.execute(sa.select(ev_event).where(ev_event.c.epoch == epoch).order_by(ev_event.c.log_index)))


def parts_of(conn: Connection, event_id: str) -> dict[str, bytes]:
    found = conn.execute(sa.select(ev_part.c.name, ev_part.c.content).where(ev_part.c.event_id == event_id))
    return {row.name: bytes(row.content) for row in found}


def check_epoch(conn: Connection, keys: Keys) -> int:
    """Dense places, and every checkpoint signed and equal to the tree of the leaves. Returns the size."""
    placed = [row for row in events_of(conn, keys.epoch) if row.log_index is not None]
    assert [row.log_index for row in placed] == list(range(len(placed)))
    nodes, tiles = tree.reader([row.leaf_hash for row in placed]), Tiles(conn, keys.epoch)
    size = 0
    stored = sa.select(ev_checkpoint).where(ev_checkpoint.c.epoch == keys.epoch).order_by(ev_checkpoint.c.size)
    for row in conn.execute(stored):
        head = notes.open_checkpoint(row.note, keys.log_vkey)
        assert head == tree.head_at(nodes, row.size) == tree.head_at(tiles.read, row.size)
        size = head.size
    assert size == len(placed)
    return size


def test_first_epoch_is_written_with_the_first_checkpoint(engine: Engine, keys: Keys) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    assert sequence(engine, keys, NOW)
    with engine.connect() as conn:
        row = conn.execute(sa.select(ev_epoch)).one()
    assert (row.epoch, row.origin, row.log_vkey) == (1, ORIGIN, str(keys.log_vkey))
    assert (row.promise_vkey, row.ended_ms, row.reason) == (str(keys.promise_vkey), None, "")


def test_new_epoch_commits_to_the_old_head_and_all_follow(engine: Engine, keys: Keys) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    done = sequence(engine, keys, NOW)
    with begin(engine) as conn:
        add(conn, keys, 2)
    with pytest.raises(ValueError, match="reason"):
        new_epoch(engine, keys, " ", LATER)
    fresh = new_epoch(engine, keys, "搬到新服务器 moved", LATER)
    assert (fresh.epoch, fresh.origin) == (2, "acme.example/hr-log/2")
    assert newest(keys) == fresh == load_or_create(keys.key_dir, ORIGIN)
    assert {str(fresh.log_vkey), str(fresh.promise_vkey)}.isdisjoint({str(keys.log_vkey), str(keys.promise_vkey)})
    with begin(engine) as conn:
        assert check_epoch(conn, keys) == 2  # what waited was placed where it was promised
        assert check_epoch(conn, fresh) == 1
        first = events_of(conn, 2)[0]
        parts = parts_of(conn, first.event_id)
        old, new = conn.execute(sa.select(ev_epoch).order_by(ev_epoch.c.epoch)).all()
        add(conn, fresh, 3)
    assert done and first.type == "log.epoch" and parts["reason.txt"].decode() == "搬到新服务器 moved"
    assert notes.open_checkpoint(parts["old-checkpoint.note"].decode(), keys.log_vkey).size == 2
    assert parts["new_log_vkey.txt"].decode() == str(fresh.log_vkey) == new.log_vkey
    assert old.ended_ms == new.began_ms and new.ended_ms is None and new.reason == "搬到新服务器 moved"
    again = sequence(engine, keys, LATER)  # a process that still holds the old keys
    assert again and again.size == 2 and again.note.startswith("acme.example/hr-log/2\n")
    assert sidecar.path_of(fresh).read_text() == again.note
    assert notes.open_checkpoint(sidecar.path_of(keys).read_text(), keys.log_vkey).size == 2


def test_event_of_a_stale_process_is_adopted_once(engine: Engine, keys: Keys) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    fresh = new_epoch(engine, keys, "test", NOW)
    with begin(engine) as conn:
        stray = add(conn, keys, 2)
    for _ in range(2):
        sequence(engine, fresh, LATER)
    with begin(engine) as conn:
        assert check_epoch(conn, fresh) == 2
        adopted = events_of(conn, 2)[1]
        assert (adopted.type, adopted.object_id, adopted.subject) == ("log.adopted", "ntc_1", "p:e1")
        assert parts_of(conn, adopted.event_id) == {"promise.note": stray.promise.encode()}
        assert stray.leaf_hash.hex().encode() in adopted.envelope
        lost = conn.execute(sa.select(ev_event).where(ev_event.c.event_id == stray.event_id)).one()
    assert (lost.epoch, lost.log_index) == (1, None)


@pytest.fixture
def restored(tmp_path: Path, keys: Keys) -> Iterator[Engine]:
    """One placed event; the live log went on to three."""
    live, copy = tmp_path / "live.db", tmp_path / "copy.db"
    engine = create_engine(f"sqlite:///{live}")
    sa.MetaData.create_all(ev_event.metadata, engine, tables=log_tables())
    for number in (1, 2, 3):
        with begin(engine) as conn:
            add(conn, keys, number)
        sequence(engine, keys, NOW)
        if number == 1:
            with engine.connect() as conn:
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(live, copy)
    engine.dispose()
    old = create_engine(f"sqlite:///{copy}")
    yield old
    old.dispose()


def test_old_backup_goes_on_in_a_new_epoch(restored: Engine, keys: Keys) -> None:
    with begin(restored) as conn:
        waiting = add(conn, keys, 9)
    with pytest.raises(Misconfigured, match="new-epoch"):
        sequence(restored, keys, NOW)
    fresh = new_epoch(restored, keys, "恢复了旧备份", LATER)
    with begin(restored) as conn:
        first, adopted = events_of(conn, 2)
        parts = parts_of(conn, first.event_id)
        assert check_epoch(conn, fresh) == 2 and check_epoch_is(conn, keys, 1)
        assert parts_of(conn, adopted.event_id)["promise.note"].decode() == waiting.promise
    assert notes.open_checkpoint(parts["old-checkpoint.note"].decode(), keys.log_vkey).size == 3
    assert notes.open_checkpoint(parts["other-checkpoint.note"].decode(), keys.log_vkey).size == 1
    with begin(restored) as conn:
        add(conn, fresh, 10)
    done = sequence(restored, fresh, LATER)
    assert done and done.size == 3


def check_epoch_is(conn: Connection, keys: Keys, size: int) -> bool:
    row = conn.execute(sa.select(sa.func.max(ev_checkpoint.c.size)).where(ev_checkpoint.c.epoch == keys.epoch))
    return row.scalar() == size


def test_backup_from_before_the_epoch_began(restored: Engine, keys: Keys, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "copy.db", tmp_path / "older.db")
    second = new_epoch(restored, keys, "first time", NOW)
    older = create_engine(f"sqlite:///{tmp_path}/older.db")
    with begin(older) as conn:
        add(conn, second, 11)
    with pytest.raises(Misconfigured, match="old backup"):
        sequence(older, second, NOW)
    third = new_epoch(older, second, "second time", LATER)
    with begin(older) as conn:
        assert third.epoch == 3 and check_epoch(conn, third) == 2
        listed = conn.execute(sa.select(ev_epoch.c.epoch, ev_epoch.c.origin).order_by(ev_epoch.c.epoch)).all()
        assert conn.execute(sa.select(ev_head.c.epoch)).scalar() == 3
    assert [row.epoch for row in listed] == [1, 2, 3]
    older.dispose()


def test_lost_key(engine: Engine, keys: Keys) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    done = sequence(engine, keys, NOW)
    for name in ("log.pem", "promise.pem"):
        (keys.key_dir / name).unlink()
    other = load_or_create(keys.key_dir, ORIGIN)
    with pytest.raises(Misconfigured, match="not the log key its epoch began with"):
        sequence(engine, other, NOW)
    fresh = new_epoch(engine, other, "key lost", LATER)
    with begin(engine) as conn:
        assert done and parts_of(conn, events_of(conn, 2)[0].event_id)["old-checkpoint.note"].decode() == done.note
        old = conn.execute(sa.select(ev_epoch).where(ev_epoch.c.epoch == 1)).one()
        assert old.log_vkey == str(keys.log_vkey) and check_epoch(conn, fresh) == 1


@pytest.mark.parametrize("step", ["_once", "adopt", "extend", "_release", "sidecar", "record"])
def test_crash_at_every_step_is_repaired_by_the_same_call(
    made: Made, keys: Keys, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = made
    with begin(engine) as conn:
        add(conn, keys, 1)

    def die(*_all: object, **_more: object) -> None:
        raise Died

    place = {"sidecar": (sidecar, "save"), "record": (epochs, "record_epoch")}.get(step, (epochs, step))
    monkeypatch.setattr(*place, die)
    if step == "sidecar":
        monkeypatch.setattr(epochs, "_place_rest", lambda *_all: None)
    with pytest.raises(Died):
        new_epoch(engine, keys, "crash", NOW)
    monkeypatch.undo()
    committed = step in ("_release", "sidecar", "record")
    if committed:
        with pytest.raises(Misconfigured, match="run the same command again"):
            sequence(engine, keys, NOW)
    fresh = new_epoch(engine, keys, "crash", NOW)
    assert fresh.epoch == 2 and newest(keys) == fresh
    sequence(engine, keys, NOW)
    with begin(engine) as conn:
        assert [row.type for row in events_of(conn, 2)][0] == "log.epoch"
        assert check_epoch(conn, fresh) == (2 if step == "sidecar" else 1)
    assert sidecar.read(fresh)


def test_epoch_file_that_makes_no_sense(keys: Keys) -> None:
    (keys.key_dir / key_files.EPOCH_FILE).write_text("2; rm")
    with pytest.raises(Misconfigured, match="epoch"):
        load_or_create(keys.key_dir, ORIGIN)
    (keys.key_dir / key_files.EPOCH_FILE).write_text("3\n")
    key_files.record_epoch(keys.key_dir, 2)
    assert load_or_create(keys.key_dir, "acme.example/hr-log").origin == "acme.example/hr-log/3"


def test_keys_without_the_epoch_of_the_database(engine: Engine, keys: Keys, tmp_path: Path) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    shutil.copytree(keys.key_dir, tmp_path / "copy")
    new_epoch(engine, keys, "moved", NOW)
    stale = load_or_create(tmp_path / "copy", ORIGIN)
    with pytest.raises(Misconfigured, match="epoch 2"):
        sequence(engine, stale, NOW)
    with pytest.raises(Misconfigured, match="backup"):
        new_epoch(engine, stale, "moved", NOW)
