from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.general import SigningError

from adapters.timestamp.client import Stamper
from bot.errors import Misconfigured, PlatformError
from bot.evidence.report import receipt_pdf, render
from bot.evidence.seal import _Authority, certificate, seal, validate
from bot.evidence.seal_check import context_roots, offline
from tests.evidence.example import facts
from tests.evidence.tsa import Authority, Mode, authority

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass
class Gone:
    """An authority that never answers."""

    name: str = "gone"
    asked: list[bytes] = field(default_factory=list)

    def ask(self, request: bytes) -> bytes:
        self.asked.append(request)
        raise PlatformError("network", self.name)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as found:
        yield found


@pytest.fixture(scope="module")
def tsa_roots(tsa: Authority) -> bytes:
    return tsa.roots_path.read_bytes()


@pytest.fixture(scope="module")
def plain() -> bytes:
    return render(facts())


@pytest.fixture(scope="module")
def lasting(plain: bytes, tsa: Authority, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A PAdES-B-LTA file."""
    roots = tsa.roots_path.read_bytes()
    return seal(plain, tmp_path_factory.mktemp("keys"), [Stamper("tsa1", tsa.url)], NOW, roots=roots)


def said(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "r.pdf").write_bytes(pdf)
    return subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True).stdout.decode()


def poppler(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "s.pdf").write_bytes(pdf)
    return subprocess.run(["pdfsig", "-nocert", str(tmp_path / "s.pdf")], capture_output=True).stdout.decode()


def test_without_an_authority_the_seal_is_basic_and_says_so(plain: bytes, tmp_path: Path) -> None:
    pdf = seal(plain, tmp_path, [], NOW)
    found = validate(pdf)
    assert (found.ok, found.level, found.stamped, found.problem) == (True, "PAdES-B-B", None, "")
    assert found.sealed == NOW
    assert pdf.startswith(plain), "sealing appends: what was rendered stays byte for byte"
    assert "Signature is Valid" in poppler(pdf, tmp_path) and "Total document signed" in poppler(pdf, tmp_path)
    assert "没有外部时间戳" in said(plain, tmp_path)


def test_with_roots_it_lasts(lasting: bytes, tsa: Authority, tmp_path: Path) -> None:
    found = validate(lasting, roots=tsa.roots_path.read_bytes())
    assert (found.ok, found.level, found.stamp_trusted) == (True, "PAdES-B-LTA", True)
    assert found.stamped is not None and abs(found.stamped - datetime.now(UTC)) < timedelta(minutes=5)
    agreed = poppler(lasting, tmp_path)
    assert "Signature is Valid" in agreed and "SHA-256" in agreed and "ETSI.CAdES.detached" in agreed
    assert agreed.count("Signature #") == 2 and "Total document signed" in agreed.partition("Signature #2")[2]


def test_a_reader_who_does_not_trust_the_authority_still_sees_an_unchanged_file(lasting: bytes) -> None:
    found = validate(lasting)
    assert (found.ok, found.stamp_trusted) == (True, False)


def test_an_authority_nobody_vouches_for_is_a_mistake_in_the_settings(
    plain: bytes, tsa: Authority, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match="HUIZHI_TSA_ROOTS"):
        seal(plain, tmp_path, [Stamper("tsa1", tsa.url)], NOW)


@pytest.fixture(scope="module")
def small(tsa: Authority, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sealed file of one page."""
    page = receipt_pdf(b"{}", "您确认收到。", title="回执", lines=[], at=NOW)
    roots = tsa.roots_path.read_bytes()
    return seal(page, tmp_path_factory.mktemp("keys"), [Stamper("tsa1", tsa.url)], NOW, roots=roots)


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_one_flipped_bit_is_seen(small: bytes, place: float, bit: int) -> None:
    # The room of the last signature is the one thing it cannot cover: it holds nothing that is shown.
    room = small.rindex(b"/Contents"), small.rindex(b"/ByteRange")
    first, last = min(room), max(room)
    changed = bytearray(small)
    at = int(place * (len(changed) - (last - first)))
    changed[at if at < first else at + last - first] ^= 1 << bit
    assert not validate(bytes(changed)).ok


@given(st.floats(0, 1, exclude_max=True))
@settings(max_examples=10, deadline=None)
def test_a_damaged_last_stamp_is_never_trusted(small: bytes, tsa_roots: bytes, place: float) -> None:
    start = small.index(b"<", small.rindex(b"/Contents")) + 1
    end = small.index(b">", start)
    changed = bytearray(small)
    changed[start + int(place * (end - start))] ^= 4
    found = validate(bytes(changed), roots=tsa_roots)
    whole = validate(small, roots=tsa_roots)
    assert not (found.ok and found.stamp_trusted) or found == whole
    assert whole.ok and whole.stamp_trusted


@pytest.mark.parametrize("more", [b"\n", b"%", b"\n%%EOF\n", b"\x00"])
def test_one_appended_byte_is_seen(small: bytes, more: bytes) -> None:
    assert validate(small).ok and not validate(small + more).ok


def test_an_appended_revision_is_seen(lasting: bytes, plain: bytes, tmp_path: Path) -> None:
    for pdf in (lasting, seal(plain, tmp_path, [], NOW)):
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        out = BytesIO()
        writer.root["/Lang"] = writer.root["/Type"]
        writer.update_root()
        writer.write(out)
        assert out.getvalue().startswith(pdf) and len(out.getvalue()) > len(pdf)
        assert not validate(out.getvalue()).ok


def test_a_fresh_time_stamp_does_not_hide_a_change_below_it(plain: bytes, tsa: Authority, tmp_path: Path) -> None:
    first = IncrementalPdfFileWriter(BytesIO(seal(plain, tmp_path, [], NOW)))
    first.root["/Lang"] = first.root["/Type"]
    first.update_root()
    changed, covered = BytesIO(), BytesIO()
    first.write(changed)
    roots = tsa.roots_path.read_bytes()
    stamper = signers.PdfTimeStamper(_Authority(Stamper("tsa1", tsa.url), roots))
    stamper.timestamp_pdf(
        IncrementalPdfFileWriter(changed), "sha256", offline(context_roots(roots), None), output=covered
    )
    found = validate(covered.getvalue(), roots=tsa.roots_path.read_bytes())
    assert not found.ok and found.problem


def test_a_second_seal_on_top_is_not_ours(plain: bytes, tmp_path: Path) -> None:
    once = seal(plain, tmp_path / "a", [], NOW)
    with pytest.raises(SigningError):
        seal(once, tmp_path / "b", [], NOW)


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"\x00" * 500, b"%PDF-1.7\nstartxref\n9999\n%%EOF"])
def test_junk_is_reported_not_raised(junk: bytes) -> None:
    found = validate(junk)
    assert not found.ok and found.problem


def test_an_unsealed_file_is_not_called_changed(plain: bytes) -> None:
    assert "没有封印" in validate(plain).problem


@pytest.mark.parametrize("mode", ["refuse", "garbage", "wrong imprint", "wrong nonce", "wrong purpose", "down", "huge"])
def test_a_bad_authority_is_passed_over(plain: bytes, tsa: Authority, tmp_path: Path, mode: Mode) -> None:
    tsa.faults.mode = mode
    try:
        pdf = seal(plain, tmp_path, [Stamper("tsa1", tsa.url)], NOW, roots=tsa.roots_path.read_bytes())
    finally:
        tsa.faults.mode = ""
    assert (validate(pdf).ok, validate(pdf).level) == (True, "PAdES-B-B")


def test_the_next_authority_is_asked(plain: bytes, tsa: Authority, tmp_path: Path) -> None:
    gone = Gone()
    pdf = seal(plain, tmp_path, [gone, Stamper("tsa1", tsa.url)], NOW, roots=tsa.roots_path.read_bytes())
    assert gone.asked and validate(pdf).level == "PAdES-B-LTA"


def test_a_root_that_does_not_vouch_gives_no_stamp(plain: bytes, tsa: Authority, tmp_path: Path) -> None:
    with authority(tmp_path / "other") as other:
        pdf = seal(plain, tmp_path, [Stamper("tsa1", tsa.url)], NOW, roots=other.roots_path.read_bytes())
    assert validate(pdf).level == "PAdES-B-B"


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: certificate(tmp_path / "keys", NOW).serial_number, range(8)))
    assert len(set(made)) == 1
    files = list((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == ["seal.pem"] and files[0].stat().st_mode & 0o777 == 0o600
    files[0].chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        certificate(tmp_path / "keys", NOW)


def test_a_key_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIZHI_KEY_PASSPHRASE", "一个口令")
    one, two = certificate(tmp_path / "a", NOW), certificate(tmp_path / "b", NOW)
    assert one != two and b"ENCRYPTED" in (tmp_path / "a/seal.pem").read_bytes()
    monkeypatch.setenv("HUIZHI_KEY_PASSPHRASE", "另一个")
    with pytest.raises(Misconfigured, match="HUIZHI_KEY_PASSPHRASE"):
        certificate(tmp_path / "a", NOW)
    monkeypatch.setenv("HUIZHI_KEY_PASSPHRASE", "一个口令")
    first, second = ((tmp_path / name / "seal.pem").read_bytes() for name in "ab")
    mixed = first.partition(b"-----BEGIN CERT")[0] + second[second.index(b"-----BEGIN CERT") :]
    (tmp_path / "a/seal.pem").write_bytes(mixed)
    with pytest.raises(Misconfigured, match="不符"):
        certificate(tmp_path / "a", NOW)
