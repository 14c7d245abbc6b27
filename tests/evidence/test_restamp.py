"""Old tokens under new ones: a real authority whose certificate is about to end, and the one that follows it."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from adapters.timestamp.client import Stamper
from bot.db import begin
from bot.evidence.keys import Keys
from bot.evidence.package import export
from bot.evidence.package_rows import RESTAMPED
from bot.evidence.register import kind_of
from bot.evidence.restamp import AHEAD, OLDEST, chain_ends, restamp, restamp_due
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.verify import verify
from tests.evidence.stamped_log import Log
from tests.evidence.tsa import Authority, authority
from tests.world import Firm

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(scope="module")
def ending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("ending"), "旧 TSA", days=30) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("lasting"), "新 TSA") as made:
        yield made


@pytest.fixture
def now() -> datetime:
    """The authorities' clock is the machine's."""
    return datetime.now(UTC)


def log_of(engine: Engine, keys: Keys, *authorities: Authority) -> Log:
    roots = b"".join(each.roots_path.read_bytes() for each in authorities)
    return Log(engine, keys, [Stamper(f"tsa{n}", each.url) for n, each in enumerate(authorities, 1)], roots)


def again(log: Log, now: datetime) -> int:
    with begin(log.engine) as conn:
        return restamp_due(conn, log.keys, now)


def listed(log: Log) -> list[str]:
    """The lines of every list so far."""
    joined = sa.select(ev_part.c.content).join(ev_event, ev_event.c.event_id == ev_part.c.event_id)
    found = log.rows(joined.where(ev_event.c.object_id == RESTAMPED).order_by(ev_event.c.object_seq))
    return [line for row in found for line in bytes(row.content).decode().splitlines()]


def test_tokens_of_a_certificate_about_to_end_are_listed_once(
    engine: Engine, keys: Keys, ending: Authority, now: datetime
) -> None:
    log = log_of(engine, keys, ending)
    assert again(log, now) == 0, "nothing to cover"
    log.happen("notice.created", now)
    log.run(now)
    assert again(log, now) == 0, "what arrives in this very millisecond waits"
    assert again(log, now + HOUR) == 1
    (token,) = log.tokens()
    assert listed(log) == [f"{hashlib.sha256(token.token).hexdigest()}  checkpoints/1-1.tsa1.tst"]
    assert again(log, now + 2 * HOUR) == 0
    log.run(now + 2 * HOUR)
    assert again(log, now + 3 * HOUR) == 1, "the token over the list is on the next list"
    assert len(set(listed(log))) == 2


def test_the_list_is_covered_by_the_next_certificate_which_outlives_the_old_one(
    engine: Engine, keys: Keys, ending: Authority, lasting: Authority, now: datetime, tmp_path: Path
) -> None:
    old = log_of(engine, keys, ending)
    old.happen("notice.created", now)
    old.run(now)
    assert again(old, now + HOUR) == 1
    both = log_of(engine, keys, ending, lasting)
    both.run(now + 2 * HOUR)
    ((index,),) = both.rows(sa.select(ev_event.c.log_index).where(ev_event.c.object_id == RESTAMPED))
    newer = [row for row in both.tokens() if row.authority == "tsa2"]
    assert any(row.size > index for row in newer)
    first, last = both.tokens()[0], newer[-1]
    later = int((now + 60 * DAY).timestamp())
    assert chain_ends(first.chain) < now + 60 * DAY < chain_ends(last.chain)
    assert not _openssl(tmp_path, first.token, both.note(first.size), ending, later)
    assert _openssl(tmp_path, last.token, both.note(last.size), lasting, later)


def _openssl(folder: Path, token: bytes, note: bytes, by: Authority, at: int) -> bool:
    (folder / "t.tst").write_bytes(token)
    (folder / "c.note").write_bytes(note)
    command = ["openssl", "ts", "-verify", "-token_in", "-in", "t.tst", "-data", "c.note", "-attime", str(at)]
    done = subprocess.run([*command, "-CAfile", str(by.roots_path)], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def test_a_package_brings_the_lists_and_sha256sum_checks_them(
    engine: Engine, keys: Keys, ending: Authority, now: datetime, tmp_path: Path
) -> None:
    log = log_of(engine, keys, ending)
    log.happen("notice.created", now)
    log.run(now)
    again(log, now + HOUR)
    while sequence(engine, keys, now + HOUR):
        continue
    out = tmp_path / "p.zip"
    for scope in (["ntc_1"], "p:e1"):
        with engine.connect() as conn:
            export(conn, keys, scope, out, now=now + HOUR, roots=log.roots)
        assert verify(out, str(keys.log_vkey)).ok
        with zipfile.ZipFile(out) as archive:
            archive.extractall(tmp_path / "p")
            (name,) = [each for each in archive.namelist() if each.endswith("tokens.txt")]
        done = subprocess.run(["sha256sum", "-c", name], cwd=tmp_path / "p", capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_a_long_certificate_waits_for_the_year(engine: Engine, keys: Keys, lasting: Authority, now: datetime) -> None:
    log = log_of(engine, keys, lasting)
    log.happen("notice.created", now)
    log.run(now)
    assert again(log, now + OLDEST - DAY) == 0
    assert again(log, now + OLDEST) == 1
    far = chain_ends(log.tokens()[0].chain)
    log.happen("notice.created", far - AHEAD - DAY)
    log.run(far - AHEAD - DAY)
    assert [again(log, far - AHEAD - HOUR), again(log, far - AHEAD)] == [0, 1]


def test_the_job_speaks_of_the_machinery_and_of_nobody(firm: Firm, ending: Authority) -> None:
    log = Log(firm.app.engine, firm.app.keys, [Stamper("tsa1", ending.url)], ending.roots_path.read_bytes())
    firm.now = datetime.now(UTC)
    log.happen("notice.created", firm.now)
    log.run(firm.now)
    firm.now += HOUR
    assert [restamp(firm.app), restamp(firm.app)] == [1, 0]
    assert kind_of("tokens.restamped") is None
