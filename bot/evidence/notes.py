"""Signed notes, checkpoints and proof files in the C2SP formats (c2sp.org/signed-note, tlog-checkpoint, tlog-proof).

Strict on purpose: two readers must never see two meanings in the same bytes. Everything refused raises `BadNote`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.evidence.tree import Head, verify_inclusion

ED25519 = 1
PROOF = "c2sp.org/tlog-proof@v1"
_LINE = "\u2014 "
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_MAX_LINES = 100


class BadNote(ValueError):
    """The text is not a well-formed note, or a signature on it is wrong."""


def b64(data: bytes) -> str:
    """Standard padded base64."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Canonical padded base64 only; BadNote otherwise."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise BadNote("not base64") from error
    if b64(data) != text:
        raise BadNote("base64 is not canonical")
    return data


def _name(name: str) -> str:
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise BadNote("key name is empty or holds a space or plus sign")
    return name


def key_id(name: str, public: bytes) -> bytes:
    """First 4 bytes of SHA-256(name || LF || 0x01 || public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:4]


class Signer(Protocol):
    """Whatever holds an Ed25519 private key: a file or a hardware module."""

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        ...

    def sign(self, data: bytes, /) -> bytes:
        """The 64-byte signature (RFC 8032) over `data`."""
        ...


Key = Ed25519PrivateKey | Signer


def raw_public(key: Key) -> bytes:
    """32 bytes."""
    return key.public_key().public_bytes_raw() if isinstance(key, Ed25519PrivateKey) else key.public


@dataclass(frozen=True, slots=True)
class VKey:
    """An Ed25519 verifier: key name and 32-byte public key."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """4-byte key id."""
        return key_id(self.name, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([ED25519]) + self.public)}"


def vkey_of(name: str, key: Key) -> VKey:
    """The verifier that belongs to a private key."""
    return VKey(_name(name), raw_public(key))


def parse_vkey(text: str) -> VKey:
    """`name+<8 hex>+<base64 of 0x01 || key>`; only Ed25519 note keys, so a witness key (type 4) is refused."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not re.fullmatch(r"[0-9a-f]{8}", parts[1]):
        raise BadNote("not a verifier key")
    data = unb64(parts[2])
    if len(data) != 33 or data[0] != ED25519:
        raise BadNote("verifier key has another algorithm or length")
    key = VKey(_name(parts[0]), data[1:])
    if key.id.hex() != parts[1]:
        raise BadNote("verifier key id does not match")
    return key


def sign(text: str, name: str, key: Key) -> str:
    """The signed note over `text`, which must end with a line feed."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise BadNote("note text must end with LF and hold no control characters")
    return f"{text}\n{signature_line(text, name, key)}"


def signature_line(text: str, name: str, key: Key) -> str:
    """One more signature over the same text: the line with its line feed, to be put below a note's others."""
    return line_of(name, key_id(_name(name), raw_public(key)) + key.sign(text.encode()))


def line_of(name: str, blob: bytes) -> str:
    """The signature line for `blob` (key id and signature), with its line feed."""
    return f"{_LINE}{_name(name)} {b64(blob)}\n"


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """(text, [(key name, key id and signature)]) of a note, nothing verified yet."""
    if _CONTROL.search(note) or not note.endswith("\n"):
        raise BadNote("control character or missing last line feed")
    cut = note.rfind("\n\n")
    if cut < 1:
        raise BadNote("no blank line before the signatures")
    lines = note[cut + 2 : -1].split("\n")
    if len(lines) > _MAX_LINES:
        raise BadNote("too many signatures")
    found = []
    for line in lines:
        name, gap, blob = line.removeprefix(_LINE).partition(" ")
        data = unb64(blob) if gap and line.startswith(_LINE) else b""
        if len(data) < 5:
            raise BadNote("malformed signature line")
        found.append((_name(name), data))
    return note[: cut + 1], found


def open_note(note: str, keys: Sequence[VKey]) -> tuple[str, tuple[VKey, ...]]:
    """(text, keys that signed it). One bad signature of a known key, or no known key at all, refuses the note."""
    text, lines = split(note)
    known = {(key.name, key.id): key for key in keys}
    signed: dict[tuple[str, bytes], VKey] = {}
    for name, data in lines:
        key = known.get((name, data[:4]))
        if key is None or (name, data[:4]) in signed:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], text.encode())
        except InvalidSignature as error:
            raise BadNote(f"bad signature of {name}") from error
        signed[name, data[:4]] = key
    if not signed:
        raise BadNote("no signature of a known key")
    return text, tuple(signed.values())


def _decimal(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise BadNote("not a plain decimal number")
    return int(text)


def checkpoint_text(origin: str, head: Head) -> str:
    """origin LF size LF base64 root LF (c2sp.org/tlog-checkpoint), no extension lines."""
    return f"{_name(origin)}\n{head.size}\n{b64(head.root)}\n"


def parse_checkpoint(text: str) -> tuple[str, Head]:
    """(origin, head) of an unsigned checkpoint text; extension lines are accepted and not interpreted."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise BadNote("checkpoint needs three non-empty lines")
    root = unb64(lines[2])
    if len(root) != 32:
        raise BadNote("root is not 32 bytes")
    return _name(lines[0]), Head(_decimal(lines[1]), root)


def open_checkpoint(note: str, key: VKey) -> Head:
    """The head a log signed; its origin must equal the key's name."""
    origin, head = parse_checkpoint(open_note(note, [key])[0])
    if origin != key.name:
        raise BadNote("checkpoint of another log")
    return head


def proof_text(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """A c2sp.org/tlog-proof file."""
    lines = [PROOF, f"index {index}", *(b64(step) for step in path), ""]
    return "\n".join(lines) + "\n" + checkpoint


def open_proof(proof: str, entry: bytes, key: VKey) -> tuple[int, Head]:
    """(index, head) when the proof shows that `entry` is in the log signed by `key`; an `extra` line is ignored."""
    top, gap, checkpoint = proof.partition("\n\n")
    lines = top.split("\n")
    if not gap or lines[0] != PROOF:
        raise BadNote("not a tlog-proof file")
    rest = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    if not rest or not rest[0].startswith("index ") or len(rest) > 64:
        raise BadNote("malformed proof")
    index, path = _decimal(rest[0].removeprefix("index ")), [unb64(line) for line in rest[1:]]
    head = open_checkpoint(checkpoint, key)
    if not verify_inclusion(entry, index, head, path):
        raise BadNote("the entry is not at this place in the log")
    return index, head
