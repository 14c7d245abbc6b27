"""Many events in one go: the same log as one by one, canonical bytes, and no deadlock between batches."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from datetime import timedelta

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import given, strategies as st
from sqlalchemy import Connection, Engine

from bot import db
from bot.evidence.keys import Keys
from bot.evidence.log import Draft, Part, aad_of, append_many, canonical, commit
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_object, ev_part
from tests.evidence.conftest import NOW, salts

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_19", max_size=5), inner, max_size=4),
    max_leaves=12,
)


def drafts(count: int, objects: int = 3, start: int = 0) -> list[Draft]:
    made = []
    for number in range(start, start + count):
        at = NOW + timedelta(seconds=number)
        part = Part("body", "text/plain", f"第 {number} 条".encode())
        made.append(
            Draft(f"evt_{number}", "t.asked", at, at, "p:hr", f"p:{number % 5}", f"o{number % objects}", [part])
        )
    return made


@given(st.dictionaries(st.text("abcXYZ_19", max_size=5), VALUES, max_size=5))
def test_our_canonical_json_is_the_standards(value: dict[str, object]) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_a_lone_surrogate_is_refused_rather_than_stored() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"a": "\ud800"})


def test_a_batch_is_the_same_log_as_one_by_one(engine: Engine, keys: Keys) -> None:
    def rows(conn: Connection) -> list[tuple[object, ...]]:
        events = conn.execute(sa.select(*[c for c in ev_event.c if c.name != "n"]).order_by(ev_event.c.n)).all()
        parts = conn.execute(sa.select(ev_part).order_by(ev_part.c.event_id, ev_part.c.position)).all()
        heads = conn.execute(sa.select(ev_object).order_by(ev_object.c.object_id)).all()
        return [tuple(row) for row in (*events, *parts, *heads)]

    seen = []
    for size in (7, 1):
        with db.begin(engine) as conn:
            once = conn.begin_nested()
            given, salt = drafts(7), salts()
            for low in range(0, 7, size):
                append_many(conn, keys, given[low : low + size], salts=salt)
            seen.append(rows(conn))
            once.rollback()  # the other way starts from the same nothing
    assert seen[0] == seen[1]
    assert len(seen[0]) == 7 + 7 + 3


def test_parts_are_stored_sealed_for_the_person_and_committed_in_plain(engine: Engine, keys: Keys) -> None:
    class Reversing:
        def prepared(self, conn: Connection, subjects: Iterable[str]) -> Reversing:
            assert set(subjects) == {"p:0"}
            return self

        def seal(self, conn: Connection, subject: str, plain: bytes, aad: bytes) -> bytes:
            return json.dumps([subject, plain.hex(), aad.decode()]).encode()

    plain = drafts(1)[0]
    system = Draft("evt_s", "system.health", NOW, NOW, "p:system", "p:none", "system", [Part("x", "t", b"1")])
    with db.begin(engine) as conn:
        append_many(conn, keys, [plain, system], vault=Reversing())
    with engine.connect() as conn:
        stored = {row.event_id: row for row in conn.execute(sa.select(ev_part))}
    assert json.loads(stored["evt_0"].content) == ["p:0", "第 0 条".encode().hex(), aad_of("evt_0", 0).decode()]
    holder, salt, place = json.loads(stored["evt_0"].salt)
    assert (holder, place) == ("p:0", "evt_0/0/salt")
    assert commit(bytes.fromhex(salt), "第 0 条".encode()) == stored["evt_0"].commitment
    assert (stored["evt_0"].sealed_for, stored["evt_0"].length) == ("p:0", len("第 0 条".encode()))
    assert (stored["evt_s"].sealed_for, stored["evt_s"].content, len(stored["evt_s"].salt)) == (None, b"1", 32)


def test_batches_over_the_same_objects_in_opposite_order_all_arrive(engine: Engine, keys: Keys) -> None:
    failures: list[BaseException] = []

    def write(turned: bool, start: int) -> None:
        try:
            for low in range(start, start + 40, 10):
                batch = drafts(10, objects=10, start=low)
                with db.begin(engine) as conn:
                    append_many(conn, keys, batch[::-1] if turned else batch)
        except BaseException as error:  # noqa: BLE001 - seen by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(turned, start)) for turned, start in ((False, 0), (True, 1000))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    sequence(engine, keys, NOW)
    with engine.connect() as conn:
        counts = conn.execute(sa.select(ev_object.c.head_seq)).scalars().all()
    assert sorted(counts) == [8] * 10
