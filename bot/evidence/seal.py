"""Seal a PDF with the firm's local certificate (PAdES, ETSI EN 319 142-1). Opens no connection of its own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from asn1crypto import keys as asn1_keys, tsp, x509 as asn1  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import pdf_signer
from pyhanko.sign.timestamps import TimeStamper as Stamping
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from bot.errors import PlatformError
from bot.evidence.seal_check import SealReport, context_roots, offline, validate
from bot.evidence.seal_key import NAME, load
from bot.evidence.tokens import TokenError, read_response
from bot.ports import TimeStamper

__all__ = ["SealReport", "certificate", "seal", "validate"]
log = structlog.get_logger("huizhi.seal")
# Everything a later check needs goes in before the last time stamp, so that the stamp covers the file to its end.
_ENCLOSED = pdf_signer.DSSContentSettings(
    include_vri=False,
    next_ts_settings=pdf_signer.TimestampDSSContentSettings(include_vri=False, update_before_ts=True),
)


class _Authority(Stamping):
    """Lets the PDF library ask one of our authorities. An answer that proves nothing is refused here (TokenError)."""

    def __init__(self, port: TimeStamper, roots: bytes) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]
        self._port, self._roots = port, roots

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        answer = self._port.ask(req.dump())
        read_response(answer, req["message_imprint"]["hashed_message"].native, req["nonce"].native, self._roots)
        return tsp.TimeStampResp.load(answer)


class _Signer(signers.PdfSigner):
    """Signs at the time it is given instead of reading the clock."""

    def __init__(self, now: datetime, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._now = now

    def init_signing_session(self, *args: Any, **more: Any) -> Any:
        session = super().init_signing_session(*args, **more)
        session.system_time = self._now
        return session


def certificate(key_dir: Path | str, now: datetime) -> x509.Certificate:
    """The seal's certificate, made on first use. Raises Misconfigured for a key file that cannot be used."""
    return load(Path(key_dir), now)[1]


def seal(
    pdf: bytes,
    key_dir: Path | str,
    stampers: Sequence[TimeStamper],
    now: datetime,
    *,
    roots: bytes = b"",
    revocation: Sequence[bytes] = (),
) -> bytes:
    """Sign `pdf` as `now` (aware). The first authority that answers stamps it: PAdES-B-LTA; without any PAdES-B-B.

    `roots`: PEM certificates that vouch for the authorities; their chain and `revocation` (DER CRLs) go into the file.
    Raises Misconfigured for an unusable key file, and for authorities without roots.
    """
    signer = _signer(*load(Path(key_dir), now))
    for port in stampers:
        trusted = offline([signer.signing_cert, *context_roots(roots)], now, tuple(revocation))
        try:
            return _sign(pdf, signer, now, _Authority(port, roots), trusted)
        except (PlatformError, TokenError, SigningError, PathError, ValidationError) as error:
            # Unreachable, refused, or not vouched for: the next authority. The file itself says what came of it.
            log.warning("seal.not_stamped", authority=port.name, why=type(error).__name__)
    return _sign(pdf, signer, now, None, None)


def _sign(
    pdf: bytes,
    signer: signers.SimpleSigner,
    now: datetime,
    authority: _Authority | None,
    trusted: ValidationContext | None,
) -> bytes:
    why = "封印：证明此后未被改动 Sealed against later change"
    meta = signers.PdfSignatureMetadata(
        field_name="Seal",
        md_algorithm="sha256",
        name=NAME,
        reason=why if authority else f"{why}；无外部时间戳 no outside time stamp",
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=authority is not None,
        use_pades_lta=authority is not None,
        validation_context=trusted,
        dss_settings=_ENCLOSED,
    )
    made = _Signer(now, meta, signer, timestamper=authority)
    out: io.BytesIO = made.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)))
    return out.getvalue()


def _signer(key: ec.EllipticCurvePrivateKey, cert: x509.Certificate) -> signers.SimpleSigner:
    own = asn1.Certificate.load(cert.public_bytes(serialization.Encoding.DER))
    plain = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(own)
    return signers.SimpleSigner(own, asn1_keys.PrivateKeyInfo.load(key.private_bytes(*plain)), store)
