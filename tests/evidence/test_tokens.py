"""What one answer of a time-stamping authority may be: tokens, the HTTP client, and what the doctor says of both."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms  # type: ignore[import-untyped]
from hypothesis import given, settings, strategies as st

from adapters.timestamp import client
from adapters.timestamp.client import Stamper
from bot.errors import PlatformError
from bot.evidence.due import high_stakes
from bot.evidence.stamping import LONGEST_PAUSE, pause_ms
from bot.evidence.tokens import MAX_BYTES, Token, TokenError, check_token, make_request, printable, read_response
from bot.evidence.tsa_doctor import examine
from tests.evidence.tsa import Authority, Mode, authority, reply

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


def ask(tsa: Authority, mode: Mode = "") -> bytes:
    tsa.faults.mode = mode
    return Stamper("tsa1", tsa.url).ask(make_request(DIGEST, NONCE))


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("garbage", "unreadable: no time-stamp response"),
        ("wrong nonce", "mismatch: the token answers another request"),
        ("two purposes", "untrusted: unsuitable certificate purpose"),
        ("unnamed", "untrusted: the token does not name its certificate"),
        ("busy", "http_503: tsa1"),
        ("elsewhere", "http_302: tsa1"),
        ("html", "garbled: tsa1"),
        ("huge", "too_long: tsa1"),
    ],
)
def test_a_bad_answer_is_an_error_that_says_why(tsa: Authority, mode: Mode, reason: str) -> None:
    with pytest.raises((TokenError, PlatformError)) as caught:
        read_response(ask(tsa, mode), DIGEST, NONCE, tsa.roots_path.read_bytes())
    assert str(caught.value).startswith(reason) and len(tsa.requests) == 1


def test_foreign_text_becomes_one_clean_line() -> None:
    assert printable("no\r\n\x1b[31m \ud800 时间 ") == "no [31m 时间" and len(printable("x" * 999)) == 200


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_digest_has_one_length(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_request(bytes(size), NONCE)


def test_our_request_is_what_openssl_reads(tmp_path: Path) -> None:
    (tmp_path / "q").write_bytes(make_request(DIGEST, NONCE))
    command = ["openssl", "ts", "-query", "-in", "q", "-text"]
    text = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "Hash Algorithm: sha256" in text and "Certificate required: yes" in text and f"Nonce: 0x{NONCE:X}" in text


def test_too_much_is_not_even_parsed() -> None:
    with pytest.raises(TokenError, match="unreadable"):
        read_response(bytes(MAX_BYTES + 1), DIGEST, NONCE, b"")


@pytest.fixture(scope="module")
def good(running: Authority) -> tuple[bytes, Token, bytes]:
    roots = running.roots_path.read_bytes()
    answer = reply(running.roots_path.parent, "healthy", make_request(DIGEST, NONCE))
    return answer, read_response(answer, DIGEST, NONCE, roots), roots


# A changed byte in one of the extra certificates, which nobody signed for, makes `cryptography` grumble.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_changed_tokens_are_refused_or_say_the_same(good: tuple[bytes, Token, bytes], data: st.DataObject) -> None:
    answer, token, roots = good
    changed = bytearray(answer)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(answer) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(answer)), st.integers(0, len(answer))))
    with suppress(TokenError):
        found = read_response(bytes(changed[:cut]), DIGEST, NONCE, roots)
        assert (found.gen_ms, found.serial, found.authority) == (token.gen_ms, token.serial, token.authority)


def test_every_byte_of_what_is_signed_counts(good: tuple[bytes, Token, bytes]) -> None:
    """Each byte of the statement itself (imprint, serial, time, nonce), one after the other."""
    answer, token, roots = good
    outer = cms.ContentInfo.load(token.token)
    statement = bytes(outer["content"]["encap_content_info"]["content"].parsed.dump())
    start = token.token.index(statement)
    for place in range(start, start + len(statement)):
        changed = bytearray(token.token)
        changed[place] ^= 1
        with pytest.raises(TokenError):
            check_token(bytes(changed), DIGEST, roots)


@settings(deadline=None)
@given(junk=st.binary(max_size=300))
def test_any_bytes_at_all(good: tuple[bytes, Token, bytes], junk: bytes) -> None:
    with pytest.raises(TokenError):
        read_response(junk, DIGEST, NONCE, good[2])


def test_the_address_never_shows(tsa: Authority) -> None:
    secret = Stamper("tsa1", tsa.url.replace("://", "://user:hunter2@").replace("/tsr", "/hunter3"))
    tsa.faults.mode = "down"
    with pytest.raises(PlatformError) as caught:
        secret.ask(b"")
    shown = f"{secret!r} {caught.value} {caught.value!r} {caught.value.__cause__}"
    assert "hunter" not in shown and "127.0.0.1" not in shown


def test_an_answer_that_never_ends_is_given_up(tsa: Authority) -> None:
    ticks = iter([0.0, client.WHOLE + 1, client.WHOLE + 2])
    with pytest.raises(PlatformError, match="slow"):
        Stamper("tsa1", tsa.url, ticks=lambda: next(ticks)).ask(make_request(DIGEST, NONCE))


@pytest.mark.parametrize(
    ("mode", "advice"),
    [("down", "HUIZHI_TSA"), ("refuse", "拒绝"), ("wrong imprint", "核对地址"), ("wrong purpose", "HUIZHI_TSA_ROOTS")],
)
def test_doctor_says_what_to_do(tsa: Authority, mode: Mode, advice: str) -> None:
    tsa.faults.mode = mode
    found = examine(Stamper("tsa1", tsa.url), tsa.roots_path.read_bytes())
    assert found.ok is False and advice in found.advice


def test_doctor_compares_clocks(tsa: Authority) -> None:
    stamper, roots = Stamper("tsa1", tsa.url), tsa.roots_path.read_bytes()
    for seconds, ok in ((-60, False), (-2, True), (60, False)):
        found = examine(stamper, roots, lambda by=seconds: datetime.now(UTC) + timedelta(seconds=by))  # type: ignore[misc]
        assert found.ok is ok and ("NTP" in found.advice) is not ok


@pytest.mark.parametrize(
    "type",
    ["decision.proposed", "signature.applied", "consent.esign_agreed", "notice.objected", "goal.rejected"]
    + ["leave.approved", "score.appealed", "handover.disputed", "log.key_revoked", "performance.signed", "hold.placed"],
)
def test_what_is_high_stakes(type: str) -> None:
    assert high_stakes(type)


@pytest.mark.parametrize(
    "type",
    ["notice.created", "notice.delivered", "checkin.replied", "system.health", "access.viewed", "ems.tracked"]
    + ["anchor.stamped", "anchor.tsa_failed", "anchor.refused"],
)
def test_what_is_not(type: str) -> None:
    assert not high_stakes(type)


def test_the_pause_doubles_and_ends() -> None:
    assert [pause_ms(each) // 1000 for each in range(1, 8)] == [30, 60, 120, 240, 480, 600, 600]
    assert pause_ms(10**6) == pause_ms(1, 1e6) == LONGEST_PAUSE and pause_ms(1, 60.0) == 60_000
