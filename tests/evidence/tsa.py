"""A real time-stamping authority on a loopback port: own root, issuing CA, TSA certificate, `openssl ts`.

`with authority(folder) as tsa:` gives its address and roots; setting `tsa.faults.mode` makes it misbehave from the next
request on. Requests are served one after the other, because OpenSSL's serial file stands no concurrency.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Literal

from asn1crypto import tsp  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

REPLY = "application/timestamp-reply"
Mode = Literal[
    "",
    "refuse",
    "garbage",
    "wrong imprint",
    "wrong nonce",
    "unsorted",
    "wrong purpose",
    "two purposes",
    "unnamed",
    "down",
    "busy",
    "html",
    "huge",
    "elsewhere",
]
Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


@dataclass(slots=True)
class Faults:
    """What goes wrong from now on; "" is a healthy authority. `lists` is about revocation lists, and `revoked` puts the
    certificate that signs tokens on one."""

    mode: Mode = ""
    lists: Literal["", "gone", "forged", "garbage", "huge"] = ""
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Authority:
    """`requests` counts what reached it, faults included."""

    url: str
    roots_path: Path
    faults: Faults = field(default_factory=Faults)
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def authority(folder: Path, name: str = "华证时间 TSA", *, days: int = 365 * 30) -> Iterator[Authority]:
    """Certificates and configuration go below `folder`, which is created; the server ends with the block.

    `days`: until the certificate that signs tokens ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faults, seen = Faults(), list[bytes]()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(query)
            answer = _answer(folder, faults.mode, query, self.headers["Content-Type"])
            if answer is None:
                self.close_connection = True
                return
            status, kind, body = answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status == 302:
                self.send_header("Location", "/other")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            status, body = (404, b"") if faults.lists == "gone" else (200, _list(folder, self.path, faults))
            self.send_response(status)
            self.send_header("Content-Type", "application/pkix-crl")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    _certificates(folder, name, days, f"http://127.0.0.1:{server.server_port}")
    _configuration(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Authority(f"http://127.0.0.1:{server.server_port}/tsr", folder / "root.pem", faults, seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(folder: Path, mode: Mode, query: bytes, kind: str) -> tuple[int, str, bytes] | None:
    """(status, content type, body), or None: hang up."""
    if kind != "application/timestamp-query":
        return 415, "text/plain", b"wrong media type"
    plain: dict[str, tuple[int, str, bytes] | None] = {
        "down": None,
        "elsewhere": (302, REPLY, b""),
        "busy": (503, "text/plain", b"later"),
        "html": (200, "text/html", b"<html>please log in</html>"),
        "huge": (200, REPLY, b"0" * 2_000_000),
        "garbage": (200, REPLY, b"\x30\x82\x01\x00 no DER at all"),
    }
    if mode in plain:
        return plain[mode]
    changes: dict[str, Callable[[bytes], bytes]] = {"wrong imprint": _other_imprint, "wrong nonce": _other_nonce}
    query = changes.get(mode, lambda same: same)(query)
    by_hand = {"wrong purpose": ("web", True), "two purposes": ("mixed", True), "unnamed": ("tsa", False)}
    if mode in by_hand:
        return 200, REPLY, _signed_by_hand(folder, query, *by_hand[mode])
    section = {"refuse": "refusing", "unsorted": "unsorted"}.get(mode, "healthy")
    return 200, REPLY, reply(folder, section, query)


def _list(folder: Path, path: str, faults: Faults) -> bytes:
    """The DER list at `path`: the issuing authority's at /tsa.crl, the root's elsewhere."""
    if faults.lists in ("garbage", "huge"):
        return b"no DER at all" if faults.lists == "garbage" else b"0" * 2_000_000
    issuer = "issuing" if path == "/tsa.crl" else "root"
    by = "web" if faults.lists == "forged" else issuer
    return revocation_list(folder, issuer, by, revoked=faults.revoked and issuer == "issuing")


def revocation_list(folder: Path, issuer: str = "issuing", by: str = "issuing", *, revoked: bool = False) -> bytes:
    """DER list in the name of `issuer`, signed with the key of `by`, with the time-stamp certificate on it or empty."""
    name = x509.load_pem_x509_certificate((folder / f"{issuer}.pem").read_bytes()).subject
    signer = x509.load_pem_x509_certificate((folder / "tsa.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / f"{by}.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    made = x509.CertificateRevocationListBuilder(name, now - timedelta(hours=1), now + timedelta(days=7))
    if revoked:
        entry = x509.RevokedCertificateBuilder(signer.serial_number, now - timedelta(minutes=5)).build()
        made = made.add_revoked_certificate(entry)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def reply(folder: Path, section: str, query: bytes) -> bytes:
    """DER TimeStampResp of `openssl ts -reply`."""
    (folder / "query.tsq").write_bytes(query)
    command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", section, "-queryfile", "query.tsq"]
    subprocess.run([*command, "-out", "reply.tsr"], cwd=folder, check=True, capture_output=True)
    return (folder / "reply.tsr").read_bytes()


def _other_imprint(query: bytes) -> bytes:
    request = tsp.TimeStampReq.load(query)
    request["message_imprint"]["hashed_message"] = bytes(32)
    return bytes(request.dump(force=True))


def _other_nonce(query: bytes) -> bytes:
    request = tsp.TimeStampReq.load(query)
    request["nonce"] = request["nonce"].native ^ 1
    return bytes(request.dump(force=True))


def _signed_by_hand(folder: Path, query: bytes, signer: str, named: bool) -> bytes:
    """A token `openssl ts` refuses to make: by a certificate not meant for it, or without the attribute naming it."""
    request = tsp.TimeStampReq.load(query)
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.2.3.4.1",
            "message_imprint": request["message_imprint"],
            "serial_number": 7,
            "gen_time": datetime.now(UTC).replace(microsecond=0),
            "nonce": request["nonce"].native,
        }
    )
    (folder / "info.der").write_bytes(info.dump())
    command = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-md", "sha256", "-outform", "DER"]
    command += ["-econtent_type", "1.2.840.113549.1.9.16.1.4", "-certfile", "issuing.pem", "-in", "info.der"]
    command += ["-signer", f"{signer}.pem", "-inkey", f"{signer}.key", "-out", "token.der"]
    command += ["-cades"] if named else []
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    token = tsp.ContentInfo.load((folder / "token.der").read_bytes())
    return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def _configuration(folder: Path) -> None:
    common = """
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
accuracy = secs:1
clock_precision_digits = 3
ess_cert_id_alg = sha256
"""
    text = f"[healthy]{common}digests = sha256\ncerts = issuing.pem\n"
    text += f"[unsorted]{common}digests = sha256\ncerts = chain.pem\n"
    text += f"[refusing]{common}digests = sha512\n"
    (folder / "tsa.cnf").write_text(text)
    (folder / "serial").write_text("01\n")


def _listed_at(url: str) -> tuple[x509.ExtensionType, bool]:
    place = x509.UniformResourceIdentifier(url)
    return x509.CRLDistributionPoints([x509.DistributionPoint([place], None, None, None)]), False


def _certificates(folder: Path, name: str, days: int, base: str) -> None:
    root = _issue(None, f"{name} Root", [])
    # The issuing CA's certificate is the longest: in DER order behind the TSA's, and out of order before the root's.
    issuing = _issue(root, f"{name} Issuing", [_listed_at(f"{base}/{'issuing/' * 40}list.crl")])
    stamper = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    tsa = _issue(issuing, name, [(stamper, True), _listed_at(f"{base}/tsa.crl")], ca=False, days=days)
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH])
    made = {"root": root, "issuing": issuing, "tsa": tsa}
    made |= {"web": _issue(issuing, f"{name} Web", [(stamper, False)], ca=False)}
    made |= {"mixed": _issue(issuing, f"{name} Mixed", [(both, True)], ca=False)}
    for label, (certificate, key) in made.items():
        (folder / f"{label}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{label}.key").write_bytes(private)
    (folder / "chain.pem").write_bytes((folder / "issuing.pem").read_bytes() + (folder / "root.pem").read_bytes())


def _issue(
    issuer: Pair | None,
    name: str,
    more: list[tuple[x509.ExtensionType, bool]],
    *,
    ca: bool = True,
    days: int = 365 * 30,
) -> Pair:
    """A P-256 certificate, valid from a year ago for so many more days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer[0].subject if issuer else subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now - timedelta(days=365),
        now + timedelta(days=days),
    )
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=ca, path_length=None), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        *more,
    ]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key
