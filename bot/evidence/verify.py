"""Check a Huizhi 回执 evidence package. One file: Python 3.11 and `cryptography`, nothing else. It never goes online.

    python huizhi_verify.py PACKAGE.zip [--log-key VKEY]… [--checkpoint FILE]… [--tsa-roots PEM] [--lang zh|en] [--json]

--log-key: the public key printed in the consent you signed; without it the package only proves agreement with the
key it brings along. --checkpoint: a checkpoint somebody else kept (a note, a receipt, the line from the chat).
Exit codes: 0 every event proven (a wide time window counts), 1 tampered with or not proven, 2 not a readable package.

Formats: RFC 6962/9162 (tree), c2sp.org signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, RFC 3161 (time).
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import hmac
import json
import re
import stat
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

MAX_FILES, MAX_BYTES, MAX_TOKEN, MAX_CERTIFICATES = 60_000, 1 << 30, 1 << 20, 64
SAFE_NAME = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[A-Za-z0-9._-]{1,200}(?:/[A-Za-z0-9._-]{1,200}){0,5}")
MERGE_DELAY_MS = 60_000
WINDOW_MS, WINDOW_HIGH_MS = 2 * 3_600_000, 10 * 60_000
HIGH_STAKES = re.compile(
    r"(?!anchor\.)(?:(?:decision|signature|consent|erasure|hold|log)\..*|identity\.verified|ems\.(?:dispatched|returned)"
    r"|notice\.expired|.*\.(?:refused|declined|objected|disputed|appealed|rejected|approved|agreed|confirmed|signed"
    r"|withdrawn))",
    re.DOTALL,
)
KNOWN = re.compile(
    r"README\.(?:zh|en)\.txt|report\.pdf|manifest\.(?:json|note)|policy\.txt|tsa-roots\.pem|timeline\.zh\.txt|SHA256SUMS"
    r"|events/\d{6}\.json|parts/\d{6}-[^/]+|proofs/\d+-\d+\.tlog-proof|consistency/\d+-\d+-\d+\.txt|also/.+"
    r"|checkpoints/\d+-\d+\.(?:note|cosig|[a-z0-9_-]+\.(?:tst|chain\.pem))|checkpoints/[a-z0-9_-]+\.crl\.pem"
    r"|anchors/anchors\.json|consents/consents\.json|epochs/epochs\.json|verify/(?:huizhi_verify\.py|verify\.html)"
)
PROMISE = re.compile(r"(huizhi-promise/1\n(\S{1,200})\n([\w+/]{43}=)\n\d{1,15}\n\n\u2014 \S{1,250} [\w+/=]{80,120})")
UNLISTED = ("manifest.json", "manifest.note", "SHA256SUMS")
MALFORMED = (
    *(KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError, InvalidSignature),
    *(x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion),
)
BAD_ZIP = (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, struct.error, KeyError)
NOBODY = ("p:none", "p:system", "")
UNCHECKED = ("时间戳证书的吊销状态没有核对", "revocation of the time-stamp certificates was not checked")
LIMITS = (
    ("不能单独排除末尾少给了记录，或从未记录的事：请与您手中的回执、群里公布的检查点（--checkpoint）比对。",
     "It cannot exclude by itself that the newest events were held back or something was never recorded: compare your"
     " own receipts and the checkpoints posted in chat (--checkpoint)."),
    ("证明的是“此后没有改动”，不证明内容本身真实。",
     "It proves that nothing changed since, not that what was recorded is true."),
    ("账号不等于本人：由谁操作账号须另行证明。", "An account is not a person: who used it must be proven separately."),
    ("密钥与时间戳根证书随包提供：请与同意书上的公钥（--log-key）、时间戳机构公布的根证书（--tsa-roots）核对。",
     "Keys and time-stamp roots come with the package: compare them with the key in your consent (--log-key) and the"
     " root the authority publishes (--tsa-roots)."),
    UNCHECKED,
)  # fmt: skip


class Unreadable(Exception):
    """Not a package, or one this program refuses to open."""


class Wrong(ValueError):
    """Something does not fit: said in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Reason:
    """One thing said, twice."""

    zh: str
    en: str


@dataclass(frozen=True)
class Finding:
    """`event_id` or `file` may be empty when the finding is not about one."""

    event_id: str
    file: str
    zh: str
    en: str


@dataclass(frozen=True)
class Verdict:
    """`verdict`: proven, wide (proven, wide window) or not. `seen` and `until`: Unix ms or None. `beside`: no fault."""

    event_id: str
    file: str
    type: str
    verdict: str
    seen: int | None
    until: int | None
    reasons: list[Reason]
    beside: list[Reason]


@dataclass
class Report:
    """`findings` make the package fail; `notes` do not. `ok` is exit code 0."""

    ok: bool = True
    events: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    limits: list[Reason] = field(default_factory=lambda: [Reason(*pair) for pair in LIMITS])


# --- the archive -----------------------------------------------------------------------------------------------------


def canonical_zip(files: Mapping[str, bytes]) -> bytes:
    """The only bytes a package with these files may have: sorted names, stored, 1980-01-01, mode 0644."""
    body, index = bytearray(), bytearray()
    for name in sorted(files):
        data, raw = files[name], name.encode("ascii")
        sizes = (zlib.crc32(data), len(data), len(data))
        index += struct.pack("<4s6H3I5H2I", b"PK\1\2", 788, 20, 0, 0, 0, 33, *sizes, len(raw), 0, 0, 0, 0,
                             0o100644 << 16, len(body)) + raw  # fmt: skip
        body += struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, *sizes, len(raw), 0) + raw + data
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(files), len(files), len(index), len(body), 0)
    return bytes(body + index + end)


def sums(files: Mapping[str, bytes]) -> bytes:
    """The SHA256SUMS file over all other files (`sha256sum -c` reads it)."""
    lines = [f"{hashlib.sha256(files[x]).hexdigest()}  {x}\n" for x in sorted(files) if x != "SHA256SUMS"]
    return "".join(lines).encode()


def read_zip(path: str | Path) -> tuple[bytes, dict[str, bytes], list[str]]:
    """(raw bytes, readable files, names of files that cannot be read); Unreadable for unsafe archives."""
    return _opened(path)[:3]


def _opened(path: str | Path) -> tuple[bytes, dict[str, bytes], list[str], bool]:
    """`read_zip`, and whether the archive is byte for byte what it must be."""
    try:
        if not Path(path).is_file() or Path(path).stat().st_size > MAX_BYTES:
            raise Unreadable("不是文件，或超过 1 GiB / not a file, or larger than 1 GiB")
        raw = Path(path).read_bytes()
        if files := _whole(raw):
            return raw, files, [], True
        with zipfile.ZipFile(path) as archive:
            _refuse_unsafe(archive.infolist())
            files, broken = dict[str, bytes](), list[str]()
            for member in archive.infolist():
                try:
                    files[member.filename] = archive.read(member)
                except BAD_ZIP:
                    broken.append(member.filename)
            return raw, files, broken, False
    except (OSError, *BAD_ZIP) as error:
        raise Unreadable(f"不是可读的证据包 / not a readable package: {error}") from error


def _whole(raw: bytes) -> dict[str, bytes]:
    """The files when `raw` is byte for byte a canonical package, else {}; much faster than the general reader."""
    files, at = dict[str, bytes](), 0
    while raw[at : at + 4] == b"PK\3\4" and len(files) < MAX_FILES and len(raw) - at > 30:
        size, name = struct.unpack_from("<I", raw, at + 18)[0], struct.unpack_from("<H", raw, at + 26)[0]
        start = at + 30 + name
        label = raw[at + 30 : start].decode("latin-1")
        if label.lower() in files or not SAFE_NAME.fullmatch(label):
            return {}
        files[label] = raw[start : start + size]
        at = start + size
    same = len({name.lower() for name in files}) == len(files) and canonical_zip(files) == raw
    return files if same else {}


def _refuse_unsafe(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise Unreadable(f"文件超过 {MAX_FILES} 个 / more than {MAX_FILES} files")
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise Unreadable("解开后超过 1 GiB / more than 1 GiB when unpacked")
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        if not SAFE_NAME.fullmatch(name):
            raise Unreadable(f"不安全的文件名 / unsafe file name: {name[:80]!r}")
        if name.lower() in seen:
            raise Unreadable(f"重复的文件名 / duplicate file name: {name}")
        seen.add(name.lower())
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise Unreadable(f"不是普通文件（如符号链接） / not a regular file (a link?): {name}")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise Unreadable(f"证据包不压缩，此文件被压缩过 / compressed, which packages never are: {name}")


# --- notes, keys and tree --------------------------------------------------------------------------------------------


def load(raw: bytes) -> Any:
    """JSON that has one meaning only: no key twice, no NaN."""
    return json.loads(raw, object_pairs_hook=_once, parse_constant=_refuse)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _refuse("a key twice")


def _refuse(what: str) -> Any:
    raise ValueError(what)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    return data if b64(data) == text else _refuse("base64 is not canonical")


def number(text: str) -> int:
    return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,18}", text) else _refuse("not a plain number")


class Key(NamedTuple):
    """A verifier key: note name, 4-byte id, 32 bytes of Ed25519."""

    name: str
    id: bytes
    public: bytes


@functools.lru_cache(256)
def parse_key(vkey: str, kind: int = 1) -> Key:
    """`name+<8 hex>+<base64 of kind || key>`; kind 1 signs notes, 4 is a witness."""
    name, shown, blob = vkey.split("+", 2)
    key = unb64(blob)
    wanted = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if len(key) != 33 or key[0] != kind or shown != wanted.hex() or not name or not name.isprintable():
        raise ValueError("malformed key")
    return Key(name, wanted, key[1:])


@functools.lru_cache(256)
def _public(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def open_note(note: str, key: Key) -> list[str]:
    """The lines of a note signed by `key`; ValueError or InvalidSignature otherwise."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not text or not lines.endswith("\n"):
        raise ValueError("malformed note")
    for line in lines[:-1].split("\n"):
        dash, signer, sig = line.split(" ")
        data = unb64(sig)
        if dash == "\u2014" and signer == key.name and data[:4] == key.id:
            _public(key.public).verify(data[4:], f"{text}\n".encode())
            return text.split("\n")
    raise ValueError("not signed by the known key")


def _climb(index: int, last: int) -> tuple[int, int]:
    while not index & 1 and index:
        index, last = index >> 1, last >> 1
    return index, last


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that `entry` at `index` leads to (RFC 9162 2.1.3.2); ValueError for malformed paths."""
    if not 0 <= index < size or any(len(step) != 32 for step in path):
        raise ValueError("malformed path")
    last, now = size - 1, hashlib.sha256(b"\0" + entry).digest()
    for step in path:
        if not last:
            raise ValueError("path too long")
        if index & 1 or index == last:
            now = node(step, now)
            index, last = _climb(index, last)
        else:
            now = node(now, step)
        index, last = index >> 1, last >> 1
    return now if not last else _refuse("path too short")


def consistent(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """RFC 9162 2.1.4.2: is the tree `new` (size, root) an extension of `old`?"""
    if not 1 <= old[0] < new[0] or not path or any(len(step) != 32 for step in path):
        return False
    steps = [old[1], *path] if not old[0] & (old[0] - 1) else list(path)
    at, last = old[0] - 1, new[0] - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            first, second = node(step, first), node(step, second)
            at, last = _climb(at, last)
        else:
            second = node(second, step)
        at, last = at >> 1, last >> 1
    return not last and first == old[1] and second == new[1]


# --- RFC 3161 tokens -------------------------------------------------------------------------------------------------

_OID = {"signed": "2a864886f70d010702", "tst": "2a864886f70d0109100104", "type": "2a864886f70d010903"}
_OID |= {"digest": "2a864886f70d010904", "cert1": "2a864886f70d010910020c", "cert2": "2a864886f70d010910022f"}
OID = {name: bytes.fromhex(value) for name, value in _OID.items()}
HASHES: dict[bytes, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
Value = tuple[int, bytes, bytes]


def der(data: bytes) -> list[Value]:
    """(tag, whole, body) of the DER values side by side in `data`; every length definite, minimal and inside."""
    found, at = list[Value](), 0
    while at < len(data):
        tag, size, start = data[at], data[at + 1], at + 2
        if tag & 31 == 31 or size == 128 or size > 132:
            raise ValueError("not plain DER")
        if size > 128:
            count = size - 128
            size, start = int.from_bytes(data[start : start + count], "big"), start + count
            if size < 128 or size >> 8 * (count - 1) == 0:
                raise ValueError("DER length is not minimal")
        if start + size > len(data):
            raise ValueError("DER value is cut off")
        found.append((tag, data[at : start + size], data[start : start + size]))
        at = start + size
    return found


def inside(data: bytes, tag: int = 0x30) -> bytes:
    """The body of the single value `data` consists of."""
    (value,) = der(data)
    return value[2] if value[0] == tag else _refuse("unexpected DER tag")


def _digest(algorithm: bytes) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    found = HASHES.get(der(algorithm)[0][2])
    if found is None:
        raise UnsupportedAlgorithm("digest of the token")
    return found


def _hash(kind: hashes.HashAlgorithm, data: bytes) -> bytes:
    return hashlib.new(kind.name, data).digest()


class Trust:
    """Certificates of a package; `roots` alone are believed."""

    def __init__(self, roots: Iterable[bytes], others: Iterable[bytes]) -> None:
        self.roots = [cert for pem in roots for cert in x509.load_pem_x509_certificates(pem)]
        self.pool = list(self.roots)
        self.span: dict[x509.Certificate, tuple[datetime, datetime] | None] = {}
        for pem in dict.fromkeys(others):
            self.add(x509.load_pem_x509_certificates(pem))

    def add(self, certificates: Iterable[x509.Certificate]) -> None:
        for certificate in certificates:
            if certificate not in self.pool:
                self.pool.append(certificate)
                self.span.clear()
        if len(self.pool) > MAX_CERTIFICATES:
            raise Wrong("证书过多", "too many certificates")

    def until_root(self, cert: x509.Certificate) -> tuple[datetime, datetime] | None:
        """(not before, not after) of the whole chain up to a root, or None."""
        if cert not in self.span:
            self.span[cert] = None  # stops circles
            own = cert.not_valid_before_utc, cert.not_valid_after_utc
            self.span[cert] = own if cert in self.roots else self._above(cert, own)
        return self.span[cert]

    def _above(self, cert: x509.Certificate, own: tuple[datetime, datetime]) -> tuple[datetime, datetime] | None:
        for parent in self.pool:
            if parent.subject != cert.issuer or not _may_sign(parent) or not (above := self.until_root(parent)):
                continue
            try:
                cert.verify_directly_issued_by(parent)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return max(own[0], above[0]), min(own[1], above[1])
        return None


def _may_sign(cert: x509.Certificate) -> bool:
    try:
        return bool(cert.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


@functools.lru_cache(512)
def _certificate(raw: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(raw)


def token_time(token: bytes, stamped: bytes, trust: Trust) -> int:
    """Unix ms at which a trusted authority stamped `stamped`. Wrong/ValueError otherwise, UnsupportedAlgorithm for
    algorithms (SM2) this program cannot check."""
    if len(token) > MAX_TOKEN:
        raise Wrong("时间戳文件过大", "the token is too large")
    outer = der(inside(token))
    _, _, encap, *rest = der(inside(outer[1][2]))
    kind, content = der(encap[2])
    if outer[0][2] != OID["signed"] or kind[2] != OID["tst"] or rest[-1][0] != 0x31:
        raise ValueError("not a time-stamp token")
    info = inside(content[2], 4)
    _, _, imprint, _, when, *_ = der(inside(info))
    algorithm, digest = der(imprint[2])
    if not hmac.compare_digest(_hash(_digest(algorithm[2]), stamped), digest[2]):
        raise Wrong("时间戳盖的不是这个检查点", "the token stamps something else")
    raw = [whole for tag, _, body in rest if tag == 0xA0 for kind_, whole, _ in der(body) if kind_ == 0x30]
    trust.add(_certificate(each) for each in raw)
    (signer,) = der(rest[-1][2])
    cert, moment = _signer(signer[2], info, trust), _general(when)
    usage = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Wrong("证书不是专用于时间戳的", "the certificate is not for time stamping only")
    span = trust.until_root(cert)
    if span is None or not span[0] <= moment <= span[1]:
        raise Wrong("时间戳证书不受所给根证书信任，或当时不在有效期",
                    "no given root vouches for the certificate, or not at that time")  # fmt: skip
    return milliseconds(moment)


def _general(value: Value) -> datetime:
    text = value[2].decode("ascii")
    if value[0] != 0x18 or not re.fullmatch(r"\d{14}(?:\.\d{1,9})?Z", text):
        raise ValueError("not a GeneralizedTime")
    moment = datetime.strptime(text[:14] + "+0000", "%Y%m%d%H%M%S%z")
    return moment + timedelta(microseconds=int((text[15:-1] + "000000")[:6]))


def _signer(fields: bytes, info: bytes, trust: Trust) -> x509.Certificate:
    """The certificate whose key signed; every other kind of signer info is refused (RFC 5652 5.3, RFC 3161 2.4.2)."""
    _, sid, algorithm, attrs, _, signature, *_ = der(fields)
    if attrs[0] != 0xA0 or signature[0] != 4:
        raise ValueError("no signed attributes")
    said: dict[bytes, bytes] = {}
    for _, _, body in der(attrs[2]):
        kind, values = der(body)
        if kind[2] in said:
            raise ValueError("attribute twice")
        said[kind[2]] = values[2]
    digest = _digest(algorithm[2])
    if inside(said[OID["type"]], 6) != OID["tst"] or inside(said[OID["digest"]], 4) != _hash(digest, info):
        raise Wrong("时间戳内容与其签名不符", "the token's contents differ from what was signed")
    cert = _named(sid, trust)
    public, signed = cert.public_key(), b"\x31" + attrs[1][1:]
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature[2], signed, padding.PKCS1v15(), digest)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature[2], signed, ec.ECDSA(digest))
    else:
        raise UnsupportedAlgorithm("key of the time-stamping authority")
    bound = said[OID["cert2"]] if OID["cert2"] in said else said[OID["cert1"]]
    first = der(der(inside(der(bound)[0][1]))[0][2])[0]  # SigningCertificate.certs[0]
    parts = der(first[2])
    own: hashes.HashAlgorithm = hashes.SHA256() if OID["cert2"] in said else hashes.SHA1()  # noqa: S303 - ESSCertID v1
    if parts[0][0] == 0x30:
        own, parts = _digest(parts[0][2]), parts[1:]
    if parts[0][2] != cert.fingerprint(own):
        raise Wrong("时间戳不是这张证书签的", "the token names another certificate")
    return cert


def _named(sid: Value, trust: Trust) -> x509.Certificate:
    for cert in trust.pool:
        if sid[0] == 0x30:
            issuer, serial = der(sid[2])
            if cert.issuer.public_bytes() == issuer[1] and cert.serial_number == int.from_bytes(serial[2], "big"):
                return cert
        elif sid[0] == 0x80 and sid[2] == _key_identifier(cert):
            return cert
    raise Wrong("缺少时间戳机构的证书", "the certificate of the authority is missing")


def _key_identifier(cert: x509.Certificate) -> bytes:
    try:
        return cert.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return b""


# --- times and consents ----------------------------------------------------------------------------------------------


def milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def moment_ms(text: str) -> int:
    """Unix ms of `2026-11-20T01:00:05.510Z`."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", text):
        raise ValueError("not a time with zone")
    return milliseconds(datetime.fromisoformat(text))


def shown(ms: int) -> Reason:
    """Beijing time for the Chinese reader, UTC for the other."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    local = moment.astimezone(timezone(timedelta(hours=8)))
    return Reason(local.strftime("%Y-%m-%d %H:%M:%S"), moment.strftime("%Y-%m-%d %H:%M:%SZ"))


def consent_of(envelope: Mapping[str, Any]) -> dict[str, Any] | None:
    """One step of a consent, read from a `consent.*` event: `consent.<kind>_<state>`, or `consent.<state>` with the
    kind in `source`; `source.expires` is an ISO time. None for other events. Kind `` means every kind."""
    word, _, rest = str(envelope["type"]).partition(".")
    if word != "consent":
        return None
    kind, gap, state = rest.partition("_")
    if kind not in ("edelivery", "esign") or not gap:
        kind, state = str(envelope["source"].get("kind", "")), rest
    expires = envelope["source"].get("expires")
    return {"subject": envelope["subject"], "kind": kind, "state": state, "at": envelope["seen"],
            "expires": expires if isinstance(expires, str) else None, "event": envelope["id"]}  # fmt: skip


def consent_valid(steps: Iterable[Mapping[str, Any]], subject: str, kind: str, ms: int) -> bool:
    """Did the newest step up to `ms` grant it?"""
    granted = False
    for step in steps:
        if step["subject"] == subject and step["kind"] in (kind, "") and moment_ms(step["at"]) <= ms:
            if step["state"] in ("agreed", "confirmed", "renewed"):
                granted = step["expires"] is None or moment_ms(step["expires"]) > ms
            elif step["state"] in ("withdrawn", "refused", "expired", "superseded"):
                granted = False
    return granted


def _sound(envelope: Any) -> dict[str, Any]:
    """The `object` of an envelope of which every field has the kind it must have; ValueError otherwise."""
    link, words = envelope["object"], ("log", "id", "type", "at", "seen", "actor", "subject")
    fine = all(isinstance(envelope[word], str) for word in words) and isinstance(envelope["source"], dict)
    fine = fine and isinstance(link["id"], str) and type(link["seq"]) is int and isinstance(link["prev"], str | None)
    if not fine or envelope["v"] != 1:
        raise ValueError("unexpected envelope")
    moment_ms(envelope["at"])
    return dict(link)


# --- the package -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """What an event file said once it fitted. `envelope` is None when the contents were erased."""

    id: str
    file: str
    epoch: int
    index: int | None
    cover: int
    seen: int
    leaf: bytes
    envelope: dict[str, Any] | None
    beside: list[Reason]


class Head(NamedTuple):
    """A checkpoint whose signature holds."""

    size: int
    root: bytes
    note: bytes


class Epoch(NamedTuple):
    """A log and its two keys."""

    number: int
    log: Key
    promise: Key
    pinned: bool


class Check:
    """One package; `run` fills `report`."""

    def __init__(self, files: Mapping[str, bytes], broken: Sequence[str] = ()) -> None:
        self.files, self.broken, self.report = files, broken, Report()
        self.manifest: dict[str, Any] = {}
        self.bad: set[str] = set()
        self.logs: list[str] = []
        self.newest = Key("", b"", b""), Key("", b"", b"")
        self.epochs: dict[int, Epoch] = {}
        self.names: dict[str, Epoch] = {}
        self.witnesses: dict[bytes, Key] = {}
        self.quorum = "none"
        self.heads: dict[int, dict[int, Head]] = {}
        self.rewritten: set[int] = set()
        self.times: dict[int, list[tuple[int, int]]] = {}
        self.cosigned: dict[int, int] = {}
        self.events: dict[str, Event] = {}
        self.owner: dict[str, str] = {}
        self.place: dict[str, dict[int, tuple[str, str]]] = {}
        self.through: dict[str, Event] = {}
        self.apart = 0
        self.spot: dict[str, tuple[str, int]] = {}
        self.used: set[str] = set()
        self.steps: list[dict[str, Any]] = []

    def fail(self, event_id: str, file: str, zh: str, en: str) -> None:
        self.bad.add(file)
        self.report.findings.append(Finding(event_id, file, zh, en))

    def note(self, event_id: str, file: str, zh: str, en: str) -> None:
        self.report.notes.append(Finding(event_id, file, zh, en))

    def event_of(self, name: str) -> str:
        found = re.match(r"parts/(\d{6})", name)
        return self.owner.get(f"events/{found[1]}.json" if found else name, "")

    def run(self, pins: Sequence[str], roots: bytes, brought: Mapping[str, bytes]) -> Report:
        steps = [self.load_policy, self.load_manifest, self.check_files, self.check_checkpoints, self.check_cosigned]
        self.pins, self.roots, self.brought = pins, roots, brought
        steps += [self.check_tokens, self.check_events, self.check_chains, self.check_agreed, self.check_anchors]
        for step in (*steps, self.check_brought, self.judge):
            try:
                step()
            except MALFORMED as error:
                what = f"{type(error).__name__}: {str(error)[:120]}"
                self.fail("", "manifest.json", f"证据包格式不对（{what}）", f"the package is malformed ({what})")
        self.report.ok = not self.report.findings and all(x.verdict != "not" for x in self.report.verdicts)
        return self.report

    def load_policy(self) -> None:
        """`newest` and `logs` from policy.txt, which is enough to read the manifest; then the epochs."""
        try:
            for line in self.files["policy.txt"].decode("ascii").splitlines():
                word, _, rest = line.partition(" ")
                if word == "log":
                    self.logs.append(rest)
                elif word == "witness":
                    key = parse_key(rest.split(" ")[1], 4)
                    self.witnesses[key.id] = key
                elif word == "quorum" and rest in ("none", "any"):
                    self.quorum = rest
                else:
                    raise ValueError("unknown line")
            self.newest = parse_key(self.logs[0]), parse_key(self.logs[1])
        except MALFORMED:
            self.fail("", "policy.txt", "公钥文件缺失或损坏", "the file with the public keys is missing or damaged")
        if self.pins and not set(self.pins) & set(self.logs[::2]):
            self.fail("", "policy.txt", "日志公钥与您提供的不同", "the log key is not the one you gave")
        try:
            self.load_epochs(load(self.files["epochs/epochs.json"]))
        except MALFORMED:
            self.epochs.clear()
            self.names.clear()
            self.fail("", "epochs/epochs.json", "各期日志的列表缺失、损坏或与公钥文件不符",
                      "the list of logs is missing, damaged or differs from the file with the keys")  # fmt: skip

    def load_epochs(self, listed: list[dict[str, Any]]) -> None:
        ordered = sorted(listed, key=lambda each: -each["epoch"])
        if [each[x] for each in ordered for x in ("log_vkey", "promise_vkey")] != self.logs or not self.logs:
            raise ValueError("keys and epochs differ")
        for each in listed:
            log, promise = parse_key(each["log_vkey"]), parse_key(each["promise_vkey"])
            fits = promise.name == f"{log.name}/promise" and each["origin"] == log.name
            if not fits or type(each["epoch"]) is not int or log.name in self.names or each["epoch"] in self.epochs:
                raise ValueError("keys and epochs differ")
            pinned = not self.pins or each["log_vkey"] in self.pins
            self.names[log.name] = self.epochs[each["epoch"]] = Epoch(each["epoch"], log, promise, pinned)

    def load_manifest(self) -> None:
        try:
            (log, promise), raw = self.newest, self.files["manifest.json"]
            text = open_note(self.files["manifest.note"].decode(), promise)
            if text != ["huizhi-manifest/1", log.name, b64(hashlib.sha256(raw).digest())]:
                raise ValueError("the note signs another manifest")
            manifest = load(raw)
            if manifest["format"] != "huizhi-package/2" or manifest["log"] != log.name:
                raise ValueError("another format")
            self.owner = {x: event["id"] for event in manifest["events"] for x in (event["file"], event["proof"])}
            self.manifest = manifest
        except MALFORMED:
            self.fail("", "manifest.json", "清单或其签名缺失或损坏", "manifest or its signature missing or damaged")

    def check_files(self) -> None:
        for name in self.broken:
            self.fail(self.event_of(name), name, "文件已损坏（校验和不符）", "the file is damaged (checksum)")
        listed, digests = self.manifest.get("files", {}), dict[str, str]()
        for name, data in self.files.items():
            digests[name] = hashlib.sha256(data).hexdigest()
        for name, fact in listed.items():
            if name not in digests and name not in self.broken:
                self.fail(self.event_of(name), name, "文件缺失", "the file is missing")
            elif name in digests and digests[name] != fact["sha256"]:
                self.fail(self.event_of(name), name, "文件内容与清单不符", "the file differs from the manifest")
        for name in sorted(self.files.keys() - {*listed, *UNLISTED}) if listed else ():
            self.fail("", name, "清单之外的文件", "the file is not in the manifest")
        for name in sorted(x for x in self.files if not KNOWN.fullmatch(x)):
            self.fail("", name, "证据包不应有的文件", "a file no package holds")
        lines = "".join(f"{digests[x]}  {x}\n" for x in sorted(digests) if x != "SHA256SUMS")
        if self.files.get("SHA256SUMS") != lines.encode() and not self.bad:
            self.fail("", "SHA256SUMS", "校验和列表不符", "the list of checksums is wrong")

    def check_checkpoints(self) -> None:
        for name in sorted(x for x in self.files if x.startswith("checkpoints/") and x.endswith(".note")):
            try:
                epoch, size = (number(x) for x in name[12:-5].split("-"))
                key, note = self.epochs[epoch].log, self.files[name]
                origin, stated, root = open_note(note.decode(), key)
                if origin != key.name or number(stated) != size or len(unb64(root)) != 32 or not size:
                    raise ValueError("another checkpoint")
                self.heads.setdefault(epoch, {})[size] = Head(size, unb64(root), note)
            except MALFORMED:
                self.fail("", name, "检查点不是由日志公钥签名的", "the checkpoint is not signed by the log's key")
        for epoch, heads in sorted(self.heads.items()):
            ordered = [heads[size] for size in sorted(heads)]
            for old, new in zip(ordered, ordered[1:], strict=False):
                self.check_link(epoch, old, new)

    def check_link(self, epoch: int, old: Head, new: Head) -> None:
        name = f"consistency/{epoch}-{old.size}-{new.size}.txt"
        try:
            path = [unb64(line) for line in self.files[name].decode("ascii").splitlines()]
            if consistent((old.size, old.root), (new.size, new.root), path):
                return
            zh, en = "历史被重写：下面两份签了名的检查点互相矛盾", "history was rewritten: these signed notes disagree"
            both = f"{old.note.decode()}---\n{new.note.decode()}"
            self.fail("", name, f"{zh}\n{both}", f"{en}\n{both}")
        except MALFORMED:
            self.fail("", name, "两个检查点之间的衔接证明缺失或损坏", "the proof between two checkpoints is missing")
        self.rewritten.add(epoch)

    def check_cosigned(self) -> None:
        for name in sorted(x for x in self.files if x.startswith("checkpoints/") and x.endswith(".cosig")):
            try:
                epoch, size = (number(x) for x in name[12:-6].split("-"))
                text = self.heads[epoch][size].note.rpartition(b"\n\n")[0] + b"\n"
                for line in self.files[name].decode().splitlines():
                    dash, signer, blob = line.split(" ")
                    data = unb64(blob)
                    key = self.witnesses.get(data[:4])
                    if dash != "\u2014" or len(data) != 76:
                        raise ValueError("malformed line")
                    if key is None or key.name != signer:
                        self.note(
                            "", name, f"不认识的见证人 {signer}", f"a witness this package has no key of: {signer}"
                        )
                        continue
                    when = int.from_bytes(data[4:12], "big")
                    _public(key.public).verify(data[12:], f"cosignature/v1\ntime {when}\n".encode() + text)
                    self.cosigned[epoch] = max(size, self.cosigned.get(epoch, 0))
            except MALFORMED:
                self.fail("", name, "见证人的签名不符", "a witness's signature does not fit")

    def check_tokens(self) -> None:
        names = sorted(x for x in self.files if x.startswith("checkpoints/") and x.endswith(".tst"))
        roots = [self.roots] if self.roots else [self.files[x] for x in ("tsa-roots.pem",) if x in self.files]
        if not names:
            return self.note("", "", "没有第三方时间戳", "no third-party time stamp")
        if not roots:
            return self.note("", "", "没有根证书，时间戳未计入", "no root certificates: time stamps are not counted")
        trust = Trust(roots, [y for x, y in sorted(self.files.items()) if x.endswith(".chain.pem")])
        for name in names:
            try:
                found = re.fullmatch(r"checkpoints/(\d{1,9})-(\d{1,19})\.[a-z0-9_-]+\.tst", name)
                epoch, size = (int(found[1]), int(found[2])) if found else _refuse("name")
                when = token_time(self.files[name], self.heads[epoch][size].note, trust)
                self.times.setdefault(epoch, []).append((size, when))
            except UnsupportedAlgorithm:
                self.note("", name, "本程序不支持该算法（如国密 SM2），此时间戳未计入，请用机构的工具核验",
                          "algorithm not supported here (SM2?): not counted, use the authority's own tool")  # fmt: skip
            except MALFORMED as error:
                why = error if isinstance(error, Wrong) else Wrong("格式或签名不符", "malformed or badly signed")
                self.fail("", name, f"时间戳无效：{why.zh}", f"the time stamp is not valid: {why.en}")
        for times in self.times.values():
            times.sort(key=lambda pair: pair[1])
        for cert in trust.roots:
            print_ = cert.fingerprint(hashes.SHA256()).hex()
            self.note("", "tsa-roots.pem", f"时间戳根证书 SHA-256 {print_}", f"time-stamp root SHA-256 {print_}")
        return None

    def check_events(self) -> None:
        known = {x["file"]: x for x in self.manifest.get("events", [])}
        last = dict[int, tuple[int, int]]()
        for name in sorted({*known, *(x for x in self.files if x.startswith("events/"))}):
            self.report.events += 1
            fact = known.get(name, {})
            if fact:
                self.place.setdefault(fact["object"], {})[fact["seq"]] = fact["id"], name
                self.spot[name] = fact["object"], fact["seq"]
            if self.manifest and not fact:
                self.fail(self.inner_id(name), name, "清单没有列出这条记录", "an event the manifest does not list")
            if name in self.bad or name not in self.files:
                continue
            try:
                event = self.check_event(name, load(self.files[name]), fact)
            except MALFORMED as error:
                why = error if isinstance(error, Wrong) else Wrong("格式损坏或签名不符", "malformed or badly signed")
                self.fail(self.event_of(name) or self.inner_id(name), name, why.zh, why.en)
                continue
            self.events[name] = event
            index, seen = last.get(event.epoch, (-1, 0))
            if event.index is not None and event.index <= index:
                self.fail(event.id, name, "记录次序被调换", "the event is out of log order")
            if event.seen < seen - MERGE_DELAY_MS:
                self.fail(event.id, name, "所称时间早于日志中排在它前面的记录一分钟以上（倒签时间）",
                          "its time is over a minute before that of events logged earlier (back-dated)")  # fmt: skip
            last[event.epoch] = max(index, -1 if event.index is None else event.index), max(seen, event.seen)
        for name in sorted(x for x in self.files if x.startswith("parts/") and x not in self.used):
            if not self.bad:
                self.fail("", name, "附件不属于任何一条记录", "the part belongs to no event")

    def inner_id(self, name: str) -> str:
        try:
            return str(json.loads(unb64(load(self.files[name])["envelope"]))["id"])[:64]
        except MALFORMED:
            return ""

    def check_event(self, name: str, event: dict[str, Any], fact: dict[str, Any]) -> Event:
        entry, epoch, beside = unb64(event["entry"]), self.epochs[event["epoch"]], list[Reason]()
        leaf, envelope = hashlib.sha256(b"\0" + entry).digest(), None
        log = self.names[event["promise"].split("\n")[1]]
        _, _, promised, seen = open_note(event["promise"], log.promise)
        if event["promise"].split("\n")[0] != "huizhi-promise/1" or promised != b64(leaf) or log.number > epoch.number:
            raise Wrong("回执属于另一条记录", "the promise is for another event")
        if event["envelope"] is None:
            beside.append(Reason("内容已依法删除，仅存承诺值", "content erased; only its commitment is left"))
        else:
            raw, salt = unb64(event["envelope"]), unb64(event["salt"])
            if len(salt) != 32 or entry != b"hrlog/1\n" + b64(hashlib.sha256(salt + raw).digest()).encode() + b"\n":
                raise Wrong("内容与承诺值不符", "the contents differ from their commitment")
            envelope = load(raw)
            link = _sound(envelope)
            listed = [fact[x] for x in ("id", "object", "seq")] if fact else [envelope["id"], link["id"], link["seq"]]
            if envelope["log"] != log.log.name or listed != [envelope["id"], link["id"], link["seq"]]:
                raise Wrong("与清单所列的记录不同", "not the event the manifest lists")
            if abs(number(seen) - moment_ms(envelope["seen"])) > 1:
                raise Wrong("收录时间与回执不符", "its time differs from the promise")
            beside += self.check_parts(event, envelope)
        index, cover = event["index"], 0
        if index is not None:
            cover = self.check_proof(epoch, index, entry)
        event_id = envelope["id"] if envelope else fact.get("id", "")
        if fact and (fact["index"], fact["epoch"]) != (index, epoch.number):
            raise Wrong("日志位置与清单不符", "its place in the log differs from the manifest")
        return Event(event_id, name, epoch.number, index, cover, number(seen), leaf, envelope, beside)

    def check_parts(self, event: dict[str, Any], envelope: dict[str, Any]) -> list[Reason]:
        disclosed, missing = {part["name"]: part for part in event["disclosed"]}, list[Reason]()
        if len(disclosed) != len(event["disclosed"]):
            raise Wrong("附件重复", "a part is listed twice")
        for part in envelope["parts"]:
            given = disclosed.pop(part["name"], None)
            if given is None:
                what = str(part["name"])[:200]
                missing.append(Reason(f"附件未提供或已删除：{what}", f"part withheld or erased: {what}"))
                continue
            data, salt = self.files.get(given["file"]), unb64(given["salt"])
            self.used.add(given["file"])
            if data is None:
                raise Wrong(f"附件缺失：{given['file']}", f"a part is missing: {given['file']}")
            digest = b64(hashlib.sha256(salt + data).digest())
            if len(salt) != 32 or len(data) != part["len"] or not hmac.compare_digest(digest, part["c"]):
                raise Wrong(f"附件与记录不符：{given['file']}", f"a part differs from the event: {given['file']}")
        if disclosed:
            raise Wrong("附件不属于这条记录", "a part does not belong to the event")
        return missing

    def check_proof(self, epoch: Epoch, index: int, entry: bytes) -> int:
        name = f"proofs/{epoch.number}-{index}.tlog-proof"
        if type(index) is not int or name not in self.files:
            raise Wrong("缺少日志证明", "the proof of its place in the log is missing")
        top, _, note = self.files[name].decode().partition("\n\n")
        lines = top.split("\n")
        if lines[:2] != ["c2sp.org/tlog-proof@v1", f"index {index}"] or len(lines) > 66:
            raise Wrong("证明的位置不符", "the proof is for another place")
        head = self.heads.get(epoch.number, {}).get(number(note.split("\n")[1]))
        if head is None or head.note != note.encode():
            raise Wrong("检查点不一致", "the checkpoint differs from the one in checkpoints/")
        if root_of(entry, index, head.size, [unb64(line) for line in lines[2:]]) != head.root:
            raise Wrong("不在已签名的日志中", "not in the signed log")
        return head.size

    def check_chains(self) -> None:
        chain: dict[str, dict[int, Event]] = {}
        for event in self.events.values():
            place, seq = self.where(event)
            if type(seq) is not int or seq < 1 or seq in chain.setdefault(place, {}):
                self.fail(event.id, event.file, "同一位置有两条记录", "two events claim the same place")
                continue
            chain[place][seq] = event
        objects = self.manifest.get("objects", {})
        for place in sorted({*objects, *chain, *self.place}):
            self.check_chain(place, chain.get(place, {}), objects.get(place))
        if n := self.apart:
            self.note("", "", f"关于其他人的 {n} 条记录不在这份个人档案内；本人的有无漏列，请对照本人的回执",
                      f"{n} records about other people are not in this person's file; whether one about this person is"
                      " missing, their own receipts tell")  # fmt: skip
        for alarm in self.manifest.get("alarms", []):
            self.fail(alarm["event"], alarm["file"], alarm["zh"], alarm["en"])

    def where(self, event: Event) -> tuple[str, Any]:
        if event.envelope:
            return str(event.envelope["object"]["id"]), event.envelope["object"]["seq"]
        return self.spot.get(event.file, ("", 1))

    def check_chain(self, place: str, chain: dict[int, Event], fact: dict[str, Any] | None) -> None:
        known, before = self.place.get(place, {}), b"" if fact or 1 in chain else None
        count, apart = (fact["count"], fact.get("others", 0) if self.manifest["person"] else 0) if fact else (0, 0)
        seqs: Iterable[int] = sorted({*chain, *known})
        most = max([*chain, *known, count]) if type(count) is type(apart) is int else MAX_FILES + 1
        if apart and apart == most - len({*chain, *known}):  # of others; how many is signed, whose they are is not seen
            self.apart += apart
        elif most > MAX_FILES:
            raise ValueError("count of an object")
        else:
            seqs = range(1, most + 1)
        for seq in seqs:
            before = before if seq == 1 or seq - 1 in chain else None
            if seq not in chain:
                event_id, file = known.get(seq, ("", ""))
                if file not in self.bad or not file:
                    zh, en = f"{place} 的第 {seq} 条记录缺失", f"event {seq} of {place} is missing"
                    self.fail(event_id, file, zh, en)
                continue
            event = chain[seq]
            prev = event.envelope and (event.envelope["object"]["prev"] or "")
            if before is not None and prev is not None and prev != before.hex():
                self.fail(event.id, event.file, f"{place} 第 {seq} 条与前一条接不上",
                          f"{place}: event {seq} does not follow the one before it")  # fmt: skip
            before = event.leaf
        if fact and before is not None and (most in chain or not most) and before.hex() != fact["head"]:
            self.fail("", "manifest.json", f"{place} 的最后一条与清单不符", f"the last event of {place} differs")
        self.check_steps([chain[seq] for seq in sorted(chain)])
        for seq in sorted(chain, reverse=True):  # a placed event's `prev` commits to those before it
            event, after = chain[seq], chain.get(seq + 1)
            linked = after and after.envelope and after.envelope["object"]["prev"] == event.leaf.hex()
            if after and linked and event.index is None:
                carrier = after if after.index is not None else self.through.get(after.file)
                if carrier:
                    self.through[event.file] = carrier

    def check_steps(self, chain: Sequence[Event]) -> None:
        """The order the law asks for. An erased event could have been the missing step, so it stops the check."""
        types = [str(event.envelope["type"]) if event.envelope else "" for event in chain]
        shown: set[str] = set()  # people; one who read does not stand for another who confirms
        for at, (event, kind) in enumerate(zip(chain, types, strict=True)):
            who = str(event.envelope["subject"]) if event.envelope else ""
            shown |= {who} if kind in ("notice.content_shown", "") else set()
            if kind == "notice.acknowledged" and not {who, ""} & shown:
                self.fail(event.id, event.file, "签收早于全文展示", "acknowledged before the content was shown")
            for step in ("decision.human_reviewed", "decision.union_notified") if kind == "decision.issued" else ():
                if step in types and step not in types[:at]:
                    self.fail(event.id, event.file, f"决定早于应有的步骤 {step}", f"decided before {step}")

    def check_agreed(self) -> None:
        found = [consent_of(event.envelope) for event in self.events.values() if event.envelope]
        self.steps = sorted((x for x in found if x), key=lambda x: (x["at"], x["event"]))
        for step in self.steps:
            moment_ms(step["at"]), step["expires"] is None or moment_ms(step["expires"])
        listed = load(self.files["consents/consents.json"])
        if listed != self.steps and not self.bad:
            self.fail("", "consents/consents.json", "同意书列表与记录不符",
                      "the list of consents differs from the events")  # fmt: skip

    def check_anchors(self) -> None:
        for each in load(self.files["anchors/anchors.json"]):
            if each["size"] not in self.heads.get(each["epoch"], {}):
                self.fail("", "anchors/anchors.json", "公布过的检查点不在包内",
                          "a checkpoint that was shown is missing")  # fmt: skip

    def check_brought(self) -> None:
        """What the other side kept: signed notes, receipts with their promise, lines `origin size root` from chat."""
        kept = {b64(event.leaf) for event in self.events.values()}
        for label, raw in self.brought.items():
            text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\\n", "\n")
            promises = PROMISE.findall(text)
            for note, origin, leaf in promises:
                try:
                    open_note(f"{note}\n", self.names[origin].promise)
                    if leaf not in kept:
                        self.fail("", label, f"您的回执（{leaf}）所承诺的记录不在包内：若属于本案，就是被漏掉了",
                                  f"the event that your receipt ({leaf}) promises is not in the package: if it belongs"
                                  " here, it was left out")  # fmt: skip
                except MALFORMED:
                    self.fail("", label, "这张回执不是本日志签发的", "the receipt is not signed by this log")
            found = re.findall(r"([^\s\"|｜：:]{1,200})[ \n](\d{1,19})[ \n]([A-Za-z0-9+/]{43}=)", text)
            places = dict.fromkeys((self.names[x[0]].number, number(x[1]), x[2]) for x in found if x[0] in self.names)
            if not places and not promises:
                self.fail("", label, "其中没有本日志的检查点", "holds no checkpoint of this log")
            for epoch, size, root in places:
                self.compare(label, epoch, size, root)

    def compare(self, label: str, epoch: int, size: int, root: str) -> None:
        heads = self.heads.get(epoch, {})
        if size in heads and b64(heads[size].root) != root:
            self.rewritten.add(epoch)
            mine = heads[size].note.decode()
            self.fail("", label, f"历史被重写：对方保存的检查点 {size}（{root}）与本包不同\n{mine}",
                      f"history was rewritten: checkpoint {size} kept elsewhere ({root}) differs\n{mine}")  # fmt: skip
        elif size in heads:
            self.note("", label, f"检查点 {size} 与本包一致", f"checkpoint {size} agrees with the package")
        elif size > max(heads, default=0):
            self.fail("", label, f"对方的检查点有 {size} 条，本包只到 {max(heads, default=0)} 条：请出示较新的证据包",
                      f"that checkpoint counts {size} entries, the package ends at {max(heads, default=0)}:"
                      " ask for a newer package")  # fmt: skip
        else:
            self.note("", label, f"本包不含检查点 {size}，无法比对；请公司重新导出并附上它",
                      f"no checkpoint {size} to compare in the package; ask for an export with it")  # fmt: skip

    def judge(self) -> None:
        faults: dict[str, list[Reason]] = {}
        for found in self.report.findings:
            for key in {found.event_id, found.file} - {""}:
                faults.setdefault(key, []).append(Reason(found.zh, found.en))
        listed = {x["file"]: x["id"] for x in self.manifest.get("events", [])}
        general = [
            Reason(x.zh, x.en)
            for x in self.report.findings
            if x.file in ("policy.txt", "epochs/epochs.json", "manifest.json")
        ]
        for name in sorted({*listed, *self.events, *(x for x in self.files if x.startswith("events/"))}):
            event = self.events.get(name)
            event_id = event.id if event else listed.get(name, "") or self.inner_id(name)
            wrong = list(dict.fromkeys([*faults.get(event_id, []), *faults.get(name, []), *general]))
            if event is None or wrong:
                wrong = wrong or [Reason("文件缺失或损坏", "the file is missing or damaged")]
                kind = str(event.envelope["type"]) if event and event.envelope else ""
                self.report.verdicts.append(Verdict(event_id, name, kind, "not", None, None, wrong, []))
            else:
                self.report.verdicts.append(self.verdict(event))

    def verdict(self, event: Event) -> Verdict:
        kind = str(event.envelope["type"]) if event.envelope else ""
        carrier = self.through.get(event.file, event)
        times = self.times.get(carrier.epoch, [])
        until = next((when for size, when in times if size >= carrier.cover > 0), None)
        word, reasons = self.weigh(event, kind, until)
        beside = [*event.beside, *self.agreed(event, kind)]
        return Verdict(event.id, event.file, kind, word, event.seen, until, reasons, beside)

    def weigh(self, event: Event, kind: str, until: int | None) -> tuple[str, list[Reason]]:
        """(proven | wide | not, why)."""
        seen = shown(event.seen)
        if event.epoch in self.rewritten:
            return "not", [Reason("这份日志的历史被重写或接不上", "the history of this log was rewritten or has a gap")]
        if not self.epochs[event.epoch].pinned:
            return "not", [Reason("由您所给公钥以外的密钥签署（更换过日志？请同时给出该公钥）",
                                  "signed with another key than you gave (a later log? give its key too)")]  # fmt: skip
        if event.file in self.through:
            carrier = self.through[event.file].id
            zh = f"本身未编入日志，由其后一条记录（{carrier}）固定，此后未被改动"
            return "wide", [Reason(zh, f"not placed itself, fixed by the next event ({carrier}), unchanged since")]
        if event.index is None:
            return self.promised(event)
        weak = [Reason("缺少所要求的见证人签名", "no witness has signed yet, though the policy asks for one")]
        weak = weak if self.quorum == "any" and self.cosigned.get(event.epoch, 0) < event.cover else []
        if until is None:
            return "wide", [Reason(f"未被改动；无第三方时间，收录时间 {seen.zh} 只是公司自己的时钟",
                                   f"unchanged; no third-party time, {seen.en} is only the firm's own clock"),
                            *weak]  # fmt: skip
        end = shown(until)
        if until < event.seen - MERGE_DELAY_MS:
            return "not", [Reason(f"第三方时间 {end.zh} 早于所称收录时间 {seen.zh}",
                                  f"third-party time {end.en} is before the claimed time {seen.en}")]  # fmt: skip
        zh = f"不晚于 {end.zh}（第三方时间）存在，收录于 {seen.zh}，之后未被改动"
        en = f"existed by {end.en} (third-party time), recorded {seen.en}, unchanged since"
        allowed = WINDOW_HIGH_MS if HIGH_STAKES.fullmatch(kind) else WINDOW_MS
        if until - event.seen > allowed:
            late, most = (until - event.seen) // 60_000, allowed // 60_000
            n, unit, english = (late // 1440, "天", "days") if late >= 2880 else (late, "分钟", "minutes")
            weak.insert(0, Reason(f"第三方时间晚了 {n} {unit}（应在 {most} 分钟内）",
                                  f"the third-party time is {n} {english} later (at most {most} minutes)"))  # fmt: skip
        return ("wide", [Reason(zh, en), *weak, Reason(*UNCHECKED)]) if weak else ("proven", [Reason(zh, en)])

    def promised(self, event: Event) -> tuple[str, list[Reason]]:
        zh, en = "仅有签名承诺，尚未编入日志", "only promised, not yet in the log"
        if moment_ms(self.manifest["made"]) - event.seen > MERGE_DELAY_MS:
            return "not", [Reason(f"{zh}，且已超过一分钟", f"{en} though over a minute old")]
        return "wide", [Reason(zh, en)]

    def agreed(self, event: Event, kind: str) -> list[Reason]:
        """Said beside the verdict: which consent the person had not given when it happened."""
        subject = str(event.envelope["subject"]) if event.envelope else ""
        person = self.manifest.get("person", "")
        if subject in NOBODY or kind.startswith("consent.") or (person and subject != person):
            return []
        no = {"edelivery": Reason("当时没有有效的电子送达确认", "no valid consent to electronic delivery at the time"),
              "esign": Reason("当时没有有效的电子签名与存证同意",
                              "no valid consent to electronic signing and recording at the time")}  # fmt: skip
        return [said for name, said in no.items() if not consent_valid(self.steps, subject, name, event.seen)]


def verify_files(
    files: Mapping[str, bytes],
    broken: Sequence[str] = (),
    pins: Sequence[str] = (),
    roots: bytes = b"",
    brought: Mapping[str, bytes] | None = None,
) -> Report:
    """Check the files of a package; see `verify`."""
    with warnings.catch_warnings(action="ignore"):  # what is odd about a certificate is a finding, not a warning
        return Check(files, broken).run(pins, roots, brought or {})


def verify(
    path: str | Path, log_vkey: str | Sequence[str] = "", *, roots: bytes = b"", checkpoints: Sequence[Path] = ()
) -> Report:
    """Check a package file. `log_vkey` pins the log's key(s), `roots` (PEM) replace the package's time-stamp roots,
    `checkpoints` are files others kept. Unreadable when a file cannot be opened safely."""
    pins = [log_vkey] if isinstance(log_vkey, str) else list(log_vkey)
    brought = {f"{at + 1}:{each.name}": _small(each) for at, each in enumerate(checkpoints)}
    _, files, broken, exact = _opened(path)
    report = verify_files(files, broken, [pin for pin in pins if pin], roots, brought)
    if not report.findings and not exact:
        found = Finding("", Path(path).name, "压缩包的结构被改动过", "the archive itself (headers, order) was changed")
        report.findings.append(found)
        report.ok = False
    return report


def _small(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TOKEN + 1)
    except OSError as error:
        raise Unreadable(f"{path.name} 打不开 / cannot be opened: {error.strerror}") from error
    if len(data) > MAX_TOKEN:
        raise Unreadable(f"{path.name} 太大 / is too large")
    return data


def said(lang: str, zh: str, en: str) -> str:
    return {"zh": zh, "en": en}.get(lang) or f"{zh} / {en}"


def show(report: Report, lang: str) -> list[str]:
    """The report for people, one line each."""
    marks = {"proven": ("✓", "已证明", "proven"), "wide": ("○", "已证明，时间范围较宽", "proven, wide window")}
    marks["not"] = ("✗", "未证明", "NOT PROVEN")
    lines = [f"✗ {x.event_id or '-'} {x.file}: {said(lang, x.zh, x.en)}" for x in report.findings]
    lines += [f"· {x.event_id or '-'} {x.file}: {said(lang, x.zh, x.en)}" for x in report.notes]
    for each in report.verdicts:
        mark, zh, en = marks[each.verdict]
        why = "；".join(said(lang, x.zh, x.en) for x in (*each.reasons, *each.beside))
        lines.append(f"{mark} {each.event_id or '-'} {each.type} {each.file} {said(lang, zh, en)}: {why}")
    count = {word: sum(x.verdict == word for x in report.verdicts) for word in marks}
    lines.append(("✓ " if report.ok else "✗ ") + said(lang, "全部相符" if report.ok else "未通过",
                                                      "everything fits" if report.ok else "NOT VALID"))  # fmt: skip
    zh = f"{report.events} 条：已证明 {count['proven']}，时间范围较宽 {count['wide']}，未证明 {count['not']}"
    en = f"{report.events} events: {count['proven']} proven, {count['wide']} wide, {count['not']} not proven"
    return [*lines, said(lang, zh, en), *("! " + said(lang, limit.zh, limit.en) for limit in report.limits)]


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Verify a Huizhi evidence package / 校验回执证据包")
    parser.add_argument("file")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--log-key", action="append", default=[])
    parser.add_argument("--checkpoint", action="append", default=[], type=Path)
    parser.add_argument("--tsa-roots", type=Path)
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    options = parser.parse_args(argv)
    try:
        roots = _small(options.tsa_roots) if options.tsa_roots else b""
        report = verify(options.file, options.log_key, roots=roots, checkpoints=options.checkpoint)
    except Unreadable as error:
        print(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False) if options.json else str(error))
        return 2
    if options.json:
        print(json.dumps(asdict(report), ensure_ascii=False, indent=1, default=str))
    else:
        print("\n".join(show(report, options.lang)))
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
