"""Lists of revoked certificates are fetched from the real (local) authority, kept in the log, and used by openssl."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from adapters.timestamp.client import Stamper
from adapters.timestamp.lists import fetch
from bot.errors import PlatformError
from bot.evidence.keys import Keys
from bot.evidence.package import export
from bot.evidence.revocation import FAILED, LIST, collect, collect_from, lists_of, places
from bot.evidence.sequencer import sequence
from bot.evidence.stamping import stamp
from bot.evidence.tables import ev_event
from bot.evidence.verify import verify
from tests.evidence.stamped_log import Log
from tests.evidence.tsa import Authority, Faults, authority
from tests.world import Firm

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("lists")) as made:
        yield made


@pytest.fixture
def log(engine: Engine, keys: Keys, served: Authority) -> Iterator[Log]:
    """One event under one token."""
    made = Log(engine, keys, [Stamper("tsa1", served.url)], served.roots_path.read_bytes())
    made.happen("notice.created", datetime.now(UTC))
    (done,) = made.run(datetime.now(UTC))
    assert not done.error
    yield made
    served.faults.lists, served.faults.revoked = "", False


def collected(log: Log, later: timedelta = timedelta(0), name: str = "tsa1") -> int:
    return collect_from(log.engine, log.keys, [name], fetch, datetime.now(UTC) + later)


@pytest.mark.parametrize("revoked", [False, True])
def test_openssl_uses_the_list_of_the_package(log: Log, served: Authority, tmp_path: Path, revoked: bool) -> None:
    assert collected(log) == 2, "the leaf's list and its issuer's"
    served.faults.revoked = revoked
    assert collected(log, DAY - MINUTE) == 0, "nobody is asked more than once a day"
    assert collected(log, DAY) == 2, "the newest one counts"
    now = datetime.now(UTC) + DAY + timedelta(seconds=5)
    log.run(now)
    with log.engine.connect() as conn:
        export(conn, log.keys, ["ntc_1"], tmp_path / "p.zip", now=now, roots=log.roots)
    assert verify(tmp_path / "p.zip", str(log.keys.log_vkey), roots=log.roots).findings == []
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        archive.extractall(tmp_path / "p")
    token = next((tmp_path / "p" / "checkpoints").glob("*.tst"))
    command = f"""cat tsa-roots.pem checkpoints/*.crl.pem > trusted.pem
        openssl ts -verify -token_in -in checkpoints/{token.name} -data checkpoints/{token.name.split(".")[0]}.note \
        -CAfile trusted.pem -untrusted checkpoints/{token.stem}.chain.pem -crl_check"""
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path / "p", capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert ("Verification: OK" in said, "certificate revoked" in said) == (not revoked, revoked), said


@pytest.mark.parametrize("fault", ["gone", "forged", "garbage", "huge"])
def test_a_list_that_cannot_be_had_is_recorded_and_asked_for_in_an_hour(
    log: Log, served: Authority, fault: str
) -> None:
    served.faults.lists = fault  # type: ignore[assignment]
    assert collected(log) == 0
    assert collected(log, HOUR - MINUTE) == 0
    assert log.types(FAILED) == [FAILED, FAILED]
    assert collected(log, HOUR) == 0
    assert log.types(FAILED) == [FAILED] * 4
    served.faults.lists = ""
    assert collected(log, 2 * HOUR) == 2
    assert log.types(LIST) == [LIST, LIST]
    assert collected(log, 25 * HOUR) == 0, "a day from the list, not from the failure"
    assert collected(log, 26 * HOUR) == 2


def test_only_the_list_that_failed_is_asked_for_again(log: Log) -> None:
    def half(url: str) -> bytes:
        if url.endswith("/tsa.crl"):
            raise PlatformError("http_404", "gone")
        return fetch(url)

    assert collect_from(log.engine, log.keys, ["tsa1"], half, datetime.now(UTC)) == 1
    assert collected(log, HOUR) == 1
    assert log.types("anchor.revocation") == sorted([FAILED, LIST]) + [LIST]


def test_a_clock_put_back_does_not_stop_it(log: Log) -> None:
    assert collected(log, 400 * DAY) == 2
    assert collected(log) == 2


def test_the_job_takes_its_authorities_from_the_settings(firm: Firm, served: Authority) -> None:
    app = firm.app
    assert collect(app) == 0, "without authorities"
    app.settings = app.settings.model_copy(update={"tsa": {"tsa1": served.url}, "tsa_roots": str(served.roots_path)})
    assert collect(app) == 0, "before the first token"
    with app.context() as context:
        context.record("decision.issued", "case1")
    sequence(app.engine, app.keys, firm.now)
    assert [each.error for each in stamp(app)] == [""]
    assert (collect(app), collect(app)) == (2, 0), "right after the first token, and then not for a day"
    firm.pass_time(days=1)
    assert collect(app) == 2
    with app.engine.connect() as conn:
        assert lists_of(conn, "tsa1").count(b"BEGIN X509 CRL") == 2


def test_only_authorities_of_the_settings_are_asked(log: Log) -> None:
    assert collected(log, name="another") == 0
    assert log.types("anchor.revocation") == []


def test_the_addresses_are_those_of_the_checked_chain(log: Log, served: Authority) -> None:
    (token,) = log.tokens()
    base = served.url.removesuffix("/tsr")
    assert [url for url, _ in places(bytes(token.chain))] == [f"{base}/tsa.crl", f"{base}/{'issuing/' * 40}list.crl"]
    assert served.faults == Faults()
    assert log.rows(sa.select(ev_event.c.type).where(ev_event.c.type == LIST)) == []
