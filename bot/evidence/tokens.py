"""RFC 3161 time-stamp requests and tokens: what to ask, and whether an answer is worth anything. No network, no clock.

Tokens are read twice. asn1crypto is lenient and gives the exact bytes; rfc3161-client is strict and checks signature,
chain and key purpose. Where OpenSSL's `ts -verify` is stricter than that library, its rule is added here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import algos, cms, core, tsp  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response

from bot.errors import BotError, Misconfigured

MAX_BYTES = 262_144
"""An answer with a chain, its revocation lists and a post-quantum signature is far smaller."""
MAX_CHAIN = 10
MAX_DETAIL = 200
GRANTED = frozenset({"granted", "granted_with_mods"})
DIGESTS = frozenset({"sha1", "sha256", "sha384", "sha512"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What the parsers raise, sometimes only when a field is looked at, for bytes that are not what they claim to be.
_BROKEN = (
    *(ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.ExtensionNotFound, x509.UnsupportedGeneralNameType),
)


class TokenError(BotError):
    """No usable token. `kind`: refused (the authority said no), unreadable (no such structure), mismatch (a token for
    something else), untrusted (signature, chain, purpose). `detail` is one printable line."""

    def __init__(self, kind: str, detail: str) -> None:
        self.kind, self.detail = kind, printable(detail)
        super().__init__(f"{kind}: {self.detail}")


@dataclass(frozen=True, slots=True)
class Token:
    """A checked token. `gen_ms`: the authority's time, Unix ms. `authority`: RFC 4514 subject of its certificate.

    `chain_pem`: its certificate first, then its issuers up to the root. `token`: the DER TimeStampToken as received.
    """

    gen_ms: int
    serial: int
    authority: str
    chain_pem: bytes
    token: bytes


class _Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp of RFC 3161, 2.4.2: asn1crypto's own lacks the OPTIONAL, so it cannot read a refusal."""

    _fields = [("status", tsp.PKIStatusInfo), ("token", cms.ContentInfo, {"optional": True})]


def printable(text: str) -> str:
    """One line for logs and events: no control characters, no lone surrogates, at most 200 characters."""
    clean = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(clean.split())[:MAX_DETAIL]


def make_request(digest: bytes, nonce: int) -> bytes:
    """DER TimeStampReq for a SHA-256 digest; the authority must send its certificates along.

    `nonce` is unguessable and used once: it ties the answer to this question. ValueError unless 32 bytes.
    """
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("a SHA-256 digest has 32 bytes")
    algorithm = algos.DigestAlgorithm({"algorithm": "sha256", "parameters": core.Null()})
    imprint = {"hash_algorithm": algorithm, "hashed_message": digest}
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True})
    return bytes(request.dump())


def read_response(response: bytes, digest: bytes, nonce: int, roots_pem: bytes) -> Token:
    """The token in a DER TimeStampResp, fully checked. TokenError when there is none or it proves nothing."""
    if len(response) > MAX_BYTES:
        raise TokenError("unreadable", f"{len(response)} bytes")
    try:
        answer = _Response.load(response, strict=True)
        status, detail = str(answer["status"]["status"].native), _complaint(answer["status"])
        token = answer["token"].dump() if status in GRANTED else b""
    except _BROKEN as error:
        raise TokenError("unreadable", f"no time-stamp response ({type(error).__name__})") from None
    if status not in GRANTED:
        raise TokenError("refused", f"{status}: {detail}")
    return check_token(token, digest, roots_pem, nonce)


def check_token(token: bytes, digest: bytes, roots_pem: bytes, nonce: int | None = None) -> Token:
    """Check a bare DER TimeStampToken: imprint, nonce if given, signature, chain to the roots at its own time, purpose.

    `roots_pem` holds one or more certificates; Misconfigured when it does not. TokenError says what is wrong.
    """
    roots = load_roots(roots_pem)
    if len(token) > MAX_BYTES:
        raise TokenError("unreadable", f"{len(token)} bytes")
    try:
        content, info = _parse(token)
        strict = _strict(token)
        _compare(info, digest, nonce)
        _verify(strict, digest, roots)
        certificate, others = _certificates(strict)
        _bound(content, certificate)
        gen_ms = (info["gen_time"].native - _EPOCH) // timedelta(milliseconds=1)
        serial = int(info["serial_number"].native)
    except _BROKEN as error:
        raise TokenError("unreadable", f"no time-stamp token ({type(error).__name__})") from None
    chain = b"".join(each.public_bytes(Encoding.PEM) for each in _chain(certificate, [*others, *roots]))
    return Token(gen_ms, serial, printable(certificate.subject.rfc4514_string()), chain, token)


def load_roots(roots_pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file, or Misconfigured."""
    try:
        return x509.load_pem_x509_certificates(roots_pem)
    except ValueError as error:
        raise Misconfigured(
            "时间戳根证书文件读不出证书，请检查 HUIZHI_TSA_ROOTS（PEM 格式）。"
            " The file of HUIZHI_TSA_ROOTS holds no PEM certificate."
        ) from error


def _complaint(status: Any) -> str:
    texts = status["status_string"].native or []
    return "; ".join([*map(str, texts), *sorted(map(str, status["fail_info"].native or ()))]) or "no reason given"


def _parse(token: bytes) -> tuple[Any, Any]:
    """(SignedData, TSTInfo); ValueError when it is something else."""
    outer = cms.ContentInfo.load(token, strict=True)
    if outer["content_type"].native != "signed_data":
        raise ValueError("not signed data")
    content = outer["content"]
    inner = content["encap_content_info"]
    if inner["content_type"].native != "tst_info" or len(content["signer_infos"]) != 1:
        raise ValueError("not one time stamp")
    return content, inner["content"].parsed


def _strict(token: bytes) -> TimeStampResponse:
    """The strict library's view. It refuses a certificate SET that is not in DER order, which `openssl ts` and some
    authorities send; the SET is not signed, so a copy with the same certificates in order proves as much."""
    outer = cms.ContentInfo.load(token, strict=True)
    try:
        return decode_timestamp_response(_granted(outer))
    except ValueError:
        listed = sorted(outer["content"]["certificates"], key=lambda each: bytes(each.dump()))
        outer["content"]["certificates"] = cms.CertificateSet(listed)
        return decode_timestamp_response(_granted(cms.ContentInfo.load(outer.dump(force=True))))


def _granted(token: Any) -> bytes:
    return bytes(_Response({"status": {"status": "granted"}, "token": token}).dump())


def _compare(info: Any, digest: bytes, nonce: int | None) -> None:
    imprint = info["message_imprint"]
    same = hmac.compare_digest(bytes(imprint["hashed_message"].native), digest)
    if not same or imprint["hash_algorithm"]["algorithm"].native != "sha256":
        raise TokenError("mismatch", "the token is about something else (imprint)")
    if nonce is not None and info["nonce"].native != nonce:
        raise TokenError("mismatch", "the token answers another request (nonce)")


def _certificates(strict: TimeStampResponse) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """(the signer's certificate, the others sent along)."""
    sent = [x509.load_der_x509_certificate(each) for each in sorted(strict.signed_data.certificates)]
    signer = strict.signed_data.signer_infos.pop()
    mine = [each for each in sent if (each.issuer, each.serial_number) == (signer.issuer, signer.serial_number)]
    if not mine:
        raise TokenError("untrusted", "the authority's certificate is missing")
    return mine[0], [each for each in sent if each != mine[0]]


def _verify(strict: TimeStampResponse, digest: bytes, roots: Sequence[x509.Certificate]) -> None:
    try:
        VerifierBuilder(roots=list(roots)).build().verify(strict, digest)
    except VerificationError as error:
        known = re.search(r"Verify error: ?([^\"]+)", str(error))  # the one telling phrase of OpenSSL's error stack
        raise TokenError("untrusted", known[1] if known else str(error)) from None


def _bound(content: Any, certificate: x509.Certificate) -> None:
    """What OpenSSL asks beyond the library: the signed attributes name this very certificate, so that no other one
    for the same key can stand in for it (RFC 3161 2.4.1, RFC 5816)."""
    named = {each["type"].native: each["values"][0] for each in content["signer_infos"][0]["signed_attrs"]}
    der = certificate.public_bytes(Encoding.DER)
    for attribute in ("signing_certificate_v2", "signing_certificate"):
        if attribute in named:
            first = named[attribute]["certs"][0]
            kind = first["hash_algorithm"]["algorithm"].native if attribute.endswith("v2") else "sha1"
            if kind in DIGESTS and hmac.compare_digest(first["cert_hash"].native, hashlib.new(kind, der).digest()):
                return
            raise TokenError("untrusted", "the token was signed for another certificate")
    raise TokenError("untrusted", "the token does not name its certificate")


def _chain(certificate: x509.Certificate, known: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    """From the certificate to its root, as far as `known` leads."""
    chain, pool = [certificate], list(known)
    while chain[-1].issuer != chain[-1].subject and len(chain) < MAX_CHAIN:
        issuer = next((each for each in pool if _issued(chain[-1], each)), None)
        if issuer is None:
            break
        chain.append(issuer)
    return chain


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):  # SM2, for one, is unknown to the library
        return False
    return True
