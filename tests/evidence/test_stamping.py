"""Trusted time against a real authority (`openssl ts`): when it is asked, what it may answer, what an outage leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from rfc3161_client import decode_timestamp_response
from sqlalchemy import Engine

from adapters.timestamp.client import Stamper
from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence.keys import Keys
from bot.evidence.log import milliseconds
from bot.evidence.sequencer import sequence
from bot.evidence.stamping import Outcome, stamp, stamp_due
from bot.evidence.tables import ev_authority, ev_epoch, ev_event
from bot.evidence.tokens import check_token, make_request, read_response
from bot.evidence.tsa_doctor import tsa_findings
from tests.evidence.conftest import NOW
from tests.evidence.stamped_log import During, Log, openssl_agrees
from tests.evidence.tsa import Authority, Mode, authority
from tests.world import Firm

HOUR = timedelta(hours=1)
DIGEST, NONCE = hashlib.sha256(b"what was said").digest(), 2**62 + 5


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as made:
        yield made


@pytest.fixture
def tsa(running: Authority) -> Authority:
    """Healthy, and not asked yet."""
    running.faults.mode = ""
    running.requests.clear()
    return running


@pytest.fixture
def log(engine: Engine, keys: Keys, tsa: Authority) -> Log:
    return Log(engine, keys, [Stamper("tsa1", tsa.url)], tsa.roots_path.read_bytes())


def ask(tsa: Authority, mode: Mode = "") -> bytes:
    tsa.faults.mode = mode
    return Stamper("tsa1", tsa.url).ask(make_request(DIGEST, NONCE))


def test_first_checkpoint_gets_a_token_that_openssl_accepts(log: Log, tsa: Authority, tmp_path: Path) -> None:
    assert log.run(NOW) == []
    log.happen("notice.created", NOW)
    before = milliseconds(datetime.now(UTC))
    [done] = log.run(NOW)
    [row] = log.tokens()
    assert (done.authority, done.epoch, done.size, done.error) == ("tsa1", 1, 1, "")
    assert (row.epoch, row.size, row.authority, row.received_ms) == (1, 1, "tsa1", milliseconds(NOW))
    assert row.gen_ms == done.gen_ms and before - 2000 < row.gen_ms < milliseconds(datetime.now(UTC)) + 2000
    assert openssl_agrees(row.token, log.note(1), tsa.roots_path, tmp_path)
    assert not openssl_agrees(row.token, log.note(1) + b" ", tsa.roots_path, tmp_path)
    names = [each.subject.rfc4514_string() for each in x509.load_pem_x509_certificates(row.chain)]
    assert names == ["CN=华证时间 TSA", "CN=华证时间 TSA Issuing", "CN=华证时间 TSA Root"]
    assert check_token(row.token, hashlib.sha256(log.note(1)).digest(), log.roots).gen_ms == row.gen_ms
    [event] = log.rows(sa.select(ev_event).where(ev_event.c.type == "anchor.stamped"))
    assert event.object_id == "anchor:tsa1" and event.subject == "p:none"
    assert hashlib.sha256(row.token).hexdigest().encode() in event.envelope


def test_hourly_while_the_log_grows_and_rest_when_it_does_not(log: Log, tsa: Authority) -> None:
    log.happen("notice.created", NOW)
    assert len(log.run(NOW)) == 1
    log.happen("notice.accepted", NOW)
    assert log.run(NOW + HOUR - timedelta(seconds=1)) == []
    [done] = log.run(NOW + HOUR)
    assert done.size == 3  # the first token's event is among what the second one covers
    for hours in range(2, 60, 6):
        assert log.run(NOW + HOUR * hours) == []
    assert len(tsa.requests) == 2 and log.types() == ["anchor.stamped"] * 2
    log.happen("notice.accepted", NOW + HOUR * 60)
    assert [each.size for each in log.run(NOW + HOUR * 60)] == [5]


def test_high_stakes_are_stamped_at_the_next_run(log: Log) -> None:
    log.happen("notice.created", NOW)
    log.run(NOW)
    for seconds, type in ((15, "notice.refused"), (30, "decision.issued"), (45, "performance.signed")):
        now = NOW + timedelta(seconds=seconds)
        log.happen("notice.accepted", now)
        assert log.run(now) == []
        log.happen(type, now)
        [done] = log.run(now)
        assert not done.error
        assert log.run(now + timedelta(seconds=1)) == []
    assert len(log.tokens()) == 4


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("refuse", "refused: rejection: Message digest algorithm is not supported.; bad_alg"),
        ("wrong imprint", "mismatch: the token is about something else"),
        ("wrong purpose", "untrusted: unsuitable certificate purpose"),
        ("down", "unreachable: network: tsa1: ConnectionError"),
    ],
)
def test_a_bad_answer_is_recorded_and_retried(log: Log, tsa: Authority, mode: Mode, reason: str) -> None:
    tsa.faults.mode = mode
    log.happen("notice.created", NOW)
    [failed] = log.run(NOW)
    assert failed.error.startswith(reason) and failed.gen_ms is None and log.tokens() == []
    assert log.types() == ["anchor.tsa_failed"]
    [event] = log.rows(sa.select(ev_event).where(ev_event.c.type == "anchor.tsa_failed"))
    assert event.object_id == "anchor:tsa1" and f'"kind":"{reason.split(":")[0]}"'.encode() in event.envelope
    tsa.faults.mode = ""
    assert log.run(NOW + timedelta(seconds=15)) == []
    [done] = log.run(NOW + timedelta(seconds=60))
    assert not done.error and done.size == 2
    assert log.types() == ["anchor.tsa_failed", "anchor.tsa_recovered", "anchor.stamped"]
    assert len(tsa.requests) == 2 and len(log.tokens()) == 1


def test_a_day_without_the_authority(log: Log, tsa: Authority, tmp_path: Path) -> None:
    log.happen("notice.created", NOW)
    log.run(NOW)
    tsa.faults.mode, start = "down", NOW + HOUR
    for minute in range(0, 24 * 60, 20):
        now = start + timedelta(minutes=minute)
        if minute % 240 == 0:
            log.happen("notice.refused", now)
        log.run(now)
    failed = log.types("anchor.tsa_failed")
    assert len(failed) == 24
    assert len(tsa.requests) - 1 == 24 * 3
    assert [row.failing_ms for row in log.rows(sa.select(ev_authority))] == [milliseconds(start)]
    tsa.faults.mode = ""
    back = start + timedelta(days=1, minutes=10)
    assert [each.error for each in log.run(back)] == [""]
    last = log.tokens()[-1]
    uncovered = sa.select(ev_event.c.type).where(
        sa.or_(ev_event.c.log_index.is_(None), ev_event.c.log_index >= last.size)
    )
    assert {row.type for row in log.rows(uncovered)} == {"anchor.tsa_recovered", "anchor.stamped"}
    assert openssl_agrees(last.token, log.note(last.size), tsa.roots_path, tmp_path)
    [event] = log.rows(sa.select(ev_event).where(ev_event.c.type == "anchor.tsa_recovered"))
    assert b'"since":"2026-11-20T02:00:05.510Z"' in event.envelope
    assert log.rows(sa.select(ev_authority)) == [("tsa1", 0, None, None, 0)]


def test_one_of_two_is_enough_and_each_keeps_its_own_count(log: Log, tsa: Authority, tmp_path: Path) -> None:
    with authority(tmp_path / "second", "北方时间 TSA") as second:
        both = replace(
            log,
            stampers=[*log.stampers, Stamper("tsa2", second.url)],
            roots=log.roots + second.roots_path.read_bytes(),
        )
        second.faults.mode = "down"
        both.happen("decision.issued", NOW)
        assert [(each.authority, bool(each.error)) for each in both.run(NOW)] == [("tsa1", False), ("tsa2", True)]
        second.faults.mode = ""
        assert [each.authority for each in both.run(NOW + timedelta(minutes=1))] == ["tsa2"]
        assert [(row.size, row.authority) for row in both.tokens()] == [(1, "tsa1"), (3, "tsa2")]
        [row] = [row for row in both.tokens() if row.authority == "tsa2"]
        assert openssl_agrees(row.token, both.note(3), second.roots_path, tmp_path)


def test_a_token_of_an_unknown_root_is_refused(log: Log, tsa: Authority, tmp_path: Path) -> None:
    with authority(tmp_path / "foreign") as foreign:
        roots = foreign.roots_path.read_bytes()
    log.happen("notice.created", NOW)
    [failed] = replace(log, roots=roots).run(NOW)
    assert failed.error.startswith("untrusted: ") and log.tokens() == []
    with pytest.raises(Misconfigured, match="HUIZHI_TSA_ROOTS"):
        replace(log, roots=b"nothing").run(NOW + HOUR)


def test_certificates_out_of_order_are_accepted_and_kept_as_sent(log: Log, tsa: Authority, tmp_path: Path) -> None:
    answer = ask(tsa, "unsorted")
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(answer)
    token = read_response(answer, DIGEST, NONCE, log.roots)
    assert token.token in answer and token.chain_pem.count(b"BEGIN CERTIFICATE") == 3
    log.happen("notice.created", NOW)
    assert [each.error for each in log.run(NOW)] == [""]
    assert openssl_agrees(log.tokens()[0].token, log.note(1), tsa.roots_path, tmp_path)


def test_no_transaction_is_open_while_the_authority_is_asked(log: Log, tsa: Authority) -> None:
    log.happen("notice.created", NOW)
    busy = replace(log, stampers=[During(tsa.url, lambda: log.happen("notice.refused", NOW))])
    assert [each.size for each in busy.run(NOW)] == [1]
    assert [each.size for each in busy.run(NOW)] == [3]  # came during the call: not covered by it, so due at once
    assert log.types("notice.") == ["notice.created", "notice.refused", "notice.refused"]


@pytest.mark.parametrize(("seconds", "requests"), [(1, 1), (61, 2)])
def test_two_workers_leave_one_token(log: Log, tsa: Authority, seconds: int, requests: int) -> None:
    """Within the lease the second one does not even ask; after it (the first was thought dead) its token stands."""
    log.happen("notice.created", NOW)
    inner: list[Outcome] = []
    outer = During(tsa.url, lambda: inner.extend(log.run(NOW + timedelta(seconds=seconds))))
    assert [each.error for each in replace(log, stampers=[outer]).run(NOW)] == [""]
    assert len(inner) == requests - 1 and len(tsa.requests) == requests
    assert len(log.tokens()) == 1 and log.types() == ["anchor.stamped"]


def test_an_ended_epoch_is_covered_once(log: Log, tsa: Authority) -> None:
    log.happen("notice.created", NOW)
    sequence(log.engine, log.keys, NOW)
    with begin(log.engine) as conn:
        row = {"epoch": 2, "origin": "acme.example/hr-log/2", "log_vkey": "", "promise_vkey": "", "began_ms": 0}
        conn.execute(sa.insert(ev_epoch).values(row))
    later = replace(log.keys, epoch=2)
    [done] = stamp_due(log.engine, later, log.stampers, log.roots, NOW)
    assert (done.epoch, done.size) == (1, 1)
    assert stamp_due(log.engine, later, log.stampers, log.roots, NOW + HOUR * 9) == []


def test_a_clock_put_back_does_not_silence_the_authority(log: Log, tsa: Authority) -> None:
    log.happen("notice.created", NOW)
    tsa.faults.mode = "down"
    log.run(NOW + timedelta(days=400))
    tsa.faults.mode = ""
    assert [each.error for each in log.run(NOW)] == [""]


def test_the_job_takes_its_authorities_from_the_settings(firm: Firm, tsa: Authority) -> None:
    app = firm.app
    assert stamp(app) == []
    assert [each.ok for each in tsa_findings(app)] == [None]
    app.settings = app.settings.model_copy(update={"tsa": {"tsa1": tsa.url}, "tsa_roots": str(tsa.roots_path)})
    with app.context() as context:
        context.record("decision.issued", "case1")
    sequence(app.engine, app.keys, firm.now)
    assert [(each.authority, each.size, each.error) for each in stamp(app)] == [("tsa1", 1, "")]
    assert [(each.check, each.ok, each.advice) for each in tsa_findings(app)] == [("tsa tsa1", True, "")]
    app.settings = app.settings.model_copy(update={"tsa_roots": str(tsa.roots_path.parent / "missing.pem")})
    [finding] = tsa_findings(app)
    assert finding.ok is False and "HUIZHI_TSA_ROOTS" in finding.detail
    with pytest.raises(Misconfigured, match="HUIZHI_TSA_ROOTS"):
        stamp(app)
