"""Check the seal of a PDF (PAdES, ETSI EN 319 142-1). Reads nothing but the file; never opens a connection."""

from __future__ import annotations

import asyncio
import io
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import cms, pem, x509 as asn1  # type: ignore[import-untyped]
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import (
    DocumentTimestampStatus,
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

# A chain that leads to no known root is an ordinary answer here, not worth a stack trace in the log.
logging.getLogger("pyhanko").setLevel(logging.ERROR)
_BROKEN = (PdfError, SignatureValidationError, ValueError, TypeError, KeyError, IndexError, AttributeError)
_LEVELS = {(False, False): "PAdES-B-B", (True, False): "PAdES-B-T", (True, True): "PAdES-B-LTA"}
_CHANGED = "封印之后文件被改动过，不能作为证据使用。 The file was changed after it was sealed; do not rely on it."
_NO_SEAL = "文件没有封印。 The file carries no seal."


@dataclass(frozen=True, slots=True)
class SealReport:
    """What a sealed file shows by itself, without trusting who sealed it.

    `ok`: sealed once, unchanged, and nothing was added after the last signature or time stamp.
    `level`: PAdES-B-B, -B-T, -B-LT or -B-LTA, empty without a seal.
    `certificate`: SHA-256 of the sealing certificate, lower-case hex, to compare with the firm's.
    `sealed`: the sealer's own clock. `stamped`: an authority's time, None without one.
    `stamp_trusted`: its chain leads to one of the roots given to `validate`. `problem`: empty or one sentence.
    """

    ok: bool
    level: str = ""
    certificate: str = ""
    sealed: datetime | None = None
    stamped: datetime | None = None
    stamp_trusted: bool = False
    problem: str = ""


def validate(pdf: bytes, *, roots: bytes = b"", now: datetime | None = None) -> SealReport:
    """What the seal of `pdf` shows. `roots`: PEM certificates of time-stamping authorities the reader trusts.

    `now`: when trust in the chain is judged, aware; the current time by default. Never raises for a damaged file.
    """
    try:
        return asyncio.run(_validate(pdf, context_roots(roots), now))
    except _BROKEN:
        return SealReport(False, problem=_CHANGED)


def context_roots(text: bytes) -> list[asn1.Certificate]:
    """The certificates of a PEM text; ValueError for something else."""
    return [asn1.Certificate.load(der) for _, _, der in pem.unarmor(text, multiple=True)] if text.strip() else []


def offline(
    roots: list[asn1.Certificate], now: datetime | None, revocation: tuple[bytes, ...] = ()
) -> ValidationContext:
    """Trust in these certificates as of `now`, with the revocation data at hand and none fetched."""
    return ValidationContext(
        trust_roots=roots, moment=now, allow_fetching=False, crls=list(revocation), revocation_mode="soft-fail"
    )


async def _validate(pdf: bytes, roots: list[asn1.Certificate], now: datetime | None) -> SealReport:
    reader = PdfFileReader(io.BytesIO(pdf), strict=True)
    found: list[EmbeddedPdfSignature] = reader.embedded_signatures
    seals = [each for each in found if each.sig_object_type == "/Sig"]
    stamps = [each for each in found if each.sig_object_type == "/DocTimeStamp"]
    if not found:
        return SealReport(False, problem=_NO_SEAL)
    if len(seals) != 1 or found[0] is not seals[0] or len(found) != 1 + len(stamps):
        return SealReport(False, problem=_CHANGED)
    own = seals[0].signer_cert
    status = await async_validate_pdf_signature(seals[0], offline([own], now), offline(roots, now))
    over = [await async_validate_pdf_timestamp(each, offline(roots, now)) for each in stamps]
    inner = status.timestamp_validity
    times = [each.timestamp for each in ([inner] if inner else []) + over]
    whole = (over[-1] if over else status).coverage is SignatureCoverageLevel.ENTIRE_FILE
    fine = whole and _sound(status) and all(_sound(each) for each in over) and all(_filled(each) for each in found)
    return SealReport(
        ok=fine,
        level=_level(bool(inner), bool(over), reader),
        certificate=own.sha256.hex(),
        sealed=_utc(status.signer_reported_dt),
        stamped=_utc(min(times, default=None)),
        stamp_trusted=bool(times) and (inner is None or inner.trusted) and all(each.trusted for each in over),
        problem="" if fine else _CHANGED,
    )


def _sound(status: PdfSignatureStatus | DocumentTimestampStatus) -> bool:
    """Mathematically right and nothing forbidden was appended; whether the certificate is trusted is another matter."""
    inner = status.timestamp_validity if isinstance(status, PdfSignatureStatus) else None
    stamped = inner is None or (inner.intact and inner.valid)
    allowed = status.modification_level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
    return bool(status.intact and status.valid and allowed and stamped)


def _filled(signature: EmbeddedPdfSignature) -> bool:
    """The room reserved for a signature holds nothing but the signature: no signature covers that room."""
    raw = bytes(signature.pkcs7_content)
    return not raw[len(cms.ContentInfo.load(raw).dump()) :].strip(b"\0")


def _level(stamped: bool, lasting: bool, reader: PdfFileReader) -> str:
    if stamped and not lasting and "/DSS" in reader.root:
        return "PAdES-B-LT"
    return _LEVELS.get((stamped, lasting), "PAdES-B-B")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
