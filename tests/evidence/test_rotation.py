"""Rotation and revocation of keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence import notes
from bot.evidence.epochs import custody, revoke, rotate
from bot.evidence.keys import Keys, newest
from bot.evidence.selfaudit import examine
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_checkpoint, ev_epoch, ev_event, ev_tile
from tests.evidence.conftest import NOW, add
from tests.evidence.test_epochs import check_epoch, events_of, parts_of


def test_rotation(engine: Engine, keys: Keys) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    fresh = rotate(engine, keys, NOW)
    with begin(engine) as conn:
        assert check_epoch(conn, keys) == 2 and check_epoch(conn, fresh) == 1
        last, first = events_of(conn, 1)[-1], events_of(conn, 2)[0]
        assert (last.type, first.type) == ("log.key_rotated", "log.epoch")
        assert parts_of(conn, last.event_id)["new_log_vkey.txt"].decode() == str(fresh.log_vkey)
        assert notes.open_checkpoint(parts_of(conn, first.event_id)["old-checkpoint.note"].decode(), keys.log_vkey)
        vkeys = conn.execute(sa.select(ev_epoch.c.log_vkey, ev_epoch.c.promise_vkey).order_by(ev_epoch.c.epoch)).all()
    assert vkeys == [(str(each.log_vkey), str(each.promise_vkey)) for each in (keys, fresh)]
    assert examine(engine).ok


@pytest.mark.parametrize(("days", "signers"), [(0, 2), (29.9, 2), (30.1, 1)])
def test_old_key_signs_beside_the_new_one_for_30_days(lite: Engine, keys: Keys, days: float, signers: int) -> None:
    with begin(lite) as conn:
        add(conn, keys, 1)
    fresh = rotate(lite, keys, NOW)
    with begin(lite) as conn:
        add(conn, fresh, 2)
    done = sequence(lite, fresh, NOW + timedelta(days=days))
    assert done and len(notes.split(done.note)[1]) == signers
    assert notes.open_checkpoint(done.note, fresh.log_vkey).size == 2
    if signers == 2:
        text, signed = notes.open_note(done.note, [keys.log_vkey])
        assert signed == (keys.log_vkey,) and text.startswith(fresh.origin)
    with pytest.raises(notes.BadNote):  # and never is a checkpoint of the old log
        notes.open_checkpoint(done.note, keys.log_vkey)


def test_rotation_needs_a_log_that_can_sign(lite: Engine, keys: Keys) -> None:
    with begin(lite) as conn:
        add(conn, keys, 1)
    sequence(lite, keys, NOW)
    with begin(lite) as conn:
        conn.execute(sa.delete(ev_tile))
    with pytest.raises(Misconfigured, match="refuses to sign"):
        rotate(lite, keys, NOW)
    assert newest(keys) is keys


def test_revocation_signs_nothing_more_with_the_old_key(engine: Engine, keys: Keys) -> None:
    with begin(engine) as conn:
        add(conn, keys, 1)
    sequence(engine, keys, NOW)
    with begin(engine) as conn:
        waiting = add(conn, keys, 2)
    revoke(engine, keys, "笔记本电脑被盗 laptop stolen", NOW)
    with begin(engine) as conn:
        sizes = conn.execute(sa.select(ev_checkpoint.c.epoch, ev_checkpoint.c.size).order_by(ev_checkpoint.c.epoch))
        assert [tuple(row) for row in sizes] == [(1, 1), (2, 3)]
        types = [row.type for row in events_of(conn, 2)]
        assert types == ["log.epoch", "log.key_revoked", "log.adopted"]
        revoked = parts_of(conn, events_of(conn, 2)[1].event_id)
        row = conn.execute(sa.select(ev_epoch).where(ev_epoch.c.epoch == 2)).one()
        lost = conn.execute(sa.select(ev_event.c.log_index).where(ev_event.c.event_id == waiting.event_id)).scalar()
        note = conn.execute(sa.select(ev_checkpoint.c.note).where(ev_checkpoint.c.epoch == 2)).scalar_one()
    assert lost is None and row.reason == "log.key_revoked: 笔记本电脑被盗 laptop stolen"
    assert revoked["log_vkey.txt"].decode() == str(keys.log_vkey)
    assert len(notes.split(note)[1]) == 1
    assert examine(engine).ok


def test_custody_sheet(keys: Keys) -> None:
    said = custody(keys)
    assert str(keys.log_vkey) in said and str(keys.promise_vkey) in said and str(keys.key_dir) in said
