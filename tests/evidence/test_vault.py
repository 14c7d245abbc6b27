"""Data keys: sealed in the database, opened with the key file, gone for good when destroyed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import Connection, Engine

from bot import db
from bot.errors import Misconfigured
from bot.evidence.keys import PASSPHRASE, Keys
from bot.evidence.log import Draft, Part, aad_of, append, append_many, commit
from bot.evidence.tables import ev_event, ev_part, ev_subject_key
from bot.evidence.vault import FILE, Vault, open_vault, salt_of
from tests.evidence.conftest import NOW

ZHANG, LI = "p:zhang", "p:li"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_vault(tmp_path / "keys")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(plain=st.binary(max_size=300), aad=st.binary(max_size=40))
def test_what_is_sealed_opens_again_and_only_in_its_place(lite: Engine, vault: Vault, plain: bytes, aad: bytes) -> None:
    with db.begin(lite) as conn:
        sealed = vault.seal(conn, ZHANG, plain, aad)
        vault.seal(conn, LI, plain, aad)
        assert vault.open(conn, ZHANG, sealed, aad) == plain
        assert len(plain) < 8 or plain not in sealed
        for who, data, place in ((ZHANG, sealed, aad + b"x"), (LI, sealed, aad), (ZHANG, sealed[:-1], aad)):
            with pytest.raises(ValueError, match="changed"):
                vault.open(conn, who, data, place)
        with pytest.raises(ValueError, match="changed"):
            vault.open(conn, ZHANG, sealed[:12] + bytes([sealed[12] ^ 1]) + sealed[13:], aad)
        with pytest.raises(ValueError, match="changed"):
            vault.open(conn, ZHANG, b"short", aad)


def test_a_destroyed_key_takes_everything_with_it(engine: Engine, vault: Vault) -> None:
    with db.begin(engine) as conn:
        sealed = vault.seal(conn, ZHANG, b"words", b"a")
    with db.begin(engine) as conn:
        conn.execute(sa.update(ev_subject_key).values(wrapped=None, destroyed_ms=1))
        assert vault.open(conn, ZHANG, sealed, b"a") is None
        late = vault.seal(conn, ZHANG, b"too late", b"b")
        assert vault.open(conn, ZHANG, late, b"b") is None
        assert b"too late" not in late
        assert vault.open(conn, "p:unknown", sealed, b"a") is None
    with engine.connect() as conn:
        assert conn.execute(sa.select(ev_subject_key.c.wrapped)).scalars().all() == [None]


def test_one_statement_per_seal_once_the_key_exists(engine: Engine, vault: Vault) -> None:
    said: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    with db.begin(engine) as conn:
        vault.seal(conn, ZHANG, b"first", b"a")
        said.clear()
        vault.seal(conn, ZHANG, b"second", b"b")
    assert [text.split()[0] for text in said if "ev_subject_key" in text] == ["SELECT"]


def test_processes_that_meet_a_person_at_once_share_one_key(made: tuple[Engine, str], tmp_path: Path) -> None:
    engine, _url = made
    sealed: dict[int, bytes] = {}
    gate = threading.Barrier(4)

    def write(number: int) -> None:
        mine = open_vault(tmp_path / "keys")  # nothing shared but the files
        gate.wait()
        with db.begin(engine) as conn:
            sealed[number] = mine.seal(conn, ZHANG, str(number).encode(), b"a")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as conn:
        reader = open_vault(tmp_path / "keys")
        assert [reader.open(conn, ZHANG, sealed[number], b"a") for number in range(4)] == [b"0", b"1", b"2", b"3"]


def test_parts_of_events_are_sealed_and_read_back(engine: Engine, keys: Keys, vault: Vault) -> None:
    def write(conn: Connection, event_id: str, subject: str, actor: str) -> None:
        part = Part("words", "text/plain", "发烧了".encode())
        append(
            conn,
            keys,
            event_id=event_id,
            type="checkin.replied",
            at=NOW,
            seen=NOW,
            actor=actor,
            subject=subject,
            object_id="mp-1",
            parts=[part],
            source={},
            vault=vault,
        )

    with db.begin(engine) as conn:
        write(conn, "e1", ZHANG, ZHANG)
        write(conn, "e2", "p:none", LI)
        write(conn, "e3", "p:none", "p:system")
    with engine.connect() as conn:
        rows = {row.event_id: row for row in conn.execute(sa.select(ev_part))}
        assert [rows[each].sealed_for for each in ("e1", "e2", "e3")] == [ZHANG, LI, None]
        assert {vault.open_part(conn, row) for row in rows.values()} == {"发烧了".encode()}
        assert rows["e1"].content != rows["e2"].content
    with db.begin(engine) as conn:
        # A row moved to another event does not open there.
        moved = sa.select(ev_part.c.content).where(ev_part.c.event_id == "e1").scalar_subquery()
        conn.execute(sa.update(ev_part).where(ev_part.c.event_id == "e2").values(content=moved, sealed_for=ZHANG))
        row = conn.execute(sa.select(ev_part).where(ev_part.c.event_id == "e2")).one()
        with pytest.raises(ValueError, match="another place"):
            vault.open_part(conn, row)
        conn.execute(sa.update(ev_part).where(ev_part.c.event_id == "e2").values(content=None))
        assert vault.open_part(conn, conn.execute(sa.select(ev_part).where(ev_part.c.event_id == "e2")).one()) is None


def test_with_the_key_gone_nothing_in_a_backup_lets_anybody_guess_a_yes(
    engine: Engine, keys: Keys, vault: Vault
) -> None:
    with db.begin(engine) as conn:
        draft = Draft("e1", "checkin.replied", NOW, NOW, ZHANG, ZHANG, "mp-1", [Part("yes", "text/plain", b"yes")])
        append_many(conn, keys, [draft], vault=vault)
        backup = conn.execute(sa.select(ev_part)).one()
        event = conn.execute(sa.select(ev_event)).one()
        salt = vault.open_part(conn, salt_of(backup))
        assert salt and len(salt) == 32 and commit(salt, b"yes") == backup.commitment
        assert salt not in backup.salt and len(backup.salt) == 12 + 32 + 16
        with pytest.raises(ValueError, match="another place"):  # neither opens where the other belongs
            vault.open(conn, ZHANG, backup.salt, aad_of("e1", 0))
        conn.execute(sa.update(ev_subject_key).values(wrapped=None, destroyed_ms=1))
    with engine.connect() as conn:
        assert vault.open_part(conn, backup) is None and vault.open_part(conn, salt_of(backup)) is None
    kept = [value for row in (backup, event) for value in row if isinstance(value, bytes)]
    windows = {value[at : at + 32] for value in kept for at in range(len(value) - 31)}
    assert all(commit(each, guess) != backup.commitment for each in windows for guess in (b"yes", b"no"))


def test_the_key_file_is_private_and_its_passphrase_counts(
    lite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    with db.begin(lite) as conn:
        sealed = open_vault(tmp_path / "k").seal(conn, ZHANG, b"x", b"a")
        assert open_vault(tmp_path / "k").open(conn, ZHANG, sealed, b"a") == b"x"
    file = tmp_path / "k" / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    for wrong in ("wrong horse", ""):
        monkeypatch.setenv(PASSPHRASE, wrong)
        with pytest.raises(Misconfigured, match=PASSPHRASE):
            open_vault(tmp_path / "k")
    plain = open_vault(tmp_path / "plain")
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    with pytest.raises(Misconfigured, match=PASSPHRASE):
        open_vault(tmp_path / "plain")
    with lite.connect() as conn, pytest.raises(Misconfigured, match=FILE):
        plain.open(conn, ZHANG, sealed, b"a")  # the right database, another key file
    file.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod"):
        open_vault(tmp_path / "k")
    assert "AESGCM" not in repr(plain)


def test_many_first_starts_make_one_file(tmp_path: Path) -> None:
    code = "import sys; from bot.evidence.vault import open_vault; open_vault(sys.argv[1])"
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "k")]) for _ in range(3)]
    assert [process.wait(30) for process in started] == [0, 0, 0]
    assert [each.name for each in (tmp_path / "k").iterdir()] == [FILE]
    with pytest.raises(Misconfigured, match="cannot be used"):
        open_vault(tmp_path / "k" / FILE)
