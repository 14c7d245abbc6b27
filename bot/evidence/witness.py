"""A witness: a third party that cosigns checkpoints it has seen to be consistent (c2sp.org/tlog-cosignature v1).

It keeps a key and, per log, the last checkpoint it saw. Two checkpoints of one log that contradict each other are
proof of misconduct: both are kept and nothing is signed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.evidence import notes
from bot.evidence.keys import replace_private, write_private
from bot.evidence.notes import BadNote, VKey
from bot.evidence.tree import Head, verify_consistency

COSIGNATURE = 4
KEY_FILE, NAME_FILE = "witness.key", "witness.name"
_MAX_STEPS = 63


class Conflict(Exception):
    """The log showed two histories, or could not prove that it has one. `kept`: the file with both notes."""

    def __init__(self, reason: str, kept: Path) -> None:
        super().__init__(reason)
        self.kept = kept


class Behind(Exception):
    """The proof starts at another size than the last one seen, which is `size`."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the last checkpoint seen has size {size}")
        self.size = size


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's verifier: name and raw 32-byte public key."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """4-byte key id over the type 0x04."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([COSIGNATURE]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{notes.b64(bytes([COSIGNATURE]) + self.public)}"


def parse_key(text: str) -> WitnessKey:
    """`name+<8 hex>+<base64 of 0x04 || key>`; BadNote otherwise."""
    name, _, rest = text.partition("+")
    number, _, blob = rest.partition("+")
    data = notes.unb64(blob)
    if len(data) != 33 or data[0] != COSIGNATURE:
        raise BadNote("not a witness key")
    key = WitnessKey(name, data[1:])
    if key.id.hex() != number or not name:
        raise BadNote("witness key id does not match")
    return key


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness's own state folder."""

    folder: Path
    name: str
    _key: Ed25519PrivateKey = field(repr=False)

    @property
    def key(self) -> WitnessKey:
        """What the firm puts into HUIZHI_WITNESSES."""
        return WitnessKey(self.name, notes.raw_public(self._key))

    def cosign(self, key: VKey, note: str, old: int | None, proof: Sequence[bytes], now: datetime) -> str:
        """The cosignature line over `note`, once it is signed by `key` and extends the last checkpoint seen.

        `proof` leads from size `old` (None: whatever was seen last). The first checkpoint of a log is taken as it is.
        Raises BadNote, Behind when `old` is not the size seen last, Conflict.
        """
        head = notes.open_checkpoint(note, key)
        with self._locked():
            path = self._seen(key.name)
            last = path.read_text(encoding="utf-8") if path.exists() else ""
            before = notes.open_checkpoint(last, key) if last else Head(0, b"\0" * 32)
            if (old is not None and old != before.size) or head.size < before.size:
                raise Behind(before.size)
            if last and not verify_consistency(before, head, proof):
                raise self._conflict(last, note, before, head)
            if head.size > before.size:
                replace_private(path, note.encode())
        return self._line(notes.split(note)[0], now)

    def _line(self, text: str, now: datetime) -> str:
        seconds = int(now.timestamp())
        blob = self.key.id + seconds.to_bytes(8, "big") + self._key.sign(_message(text, seconds))
        return notes.line_of(self.name, blob)

    def _seen(self, origin: str) -> Path:
        return self.folder / f"seen-{hashlib.sha256(origin.encode()).hexdigest()[:32]}.note"

    def _conflict(self, last: str, note: str, before: Head, head: Head) -> Conflict:
        digest = hashlib.sha256((last + note).encode()).hexdigest()[:16]
        path = self.folder / f"conflict-{digest}.txt"
        if not path.exists():
            write_private(path, f"{last}\n---\n\n{note}".encode())
        same = before.size == head.size and before.root != head.root
        reason = "two different logs of one size" if same else "no valid proof leads from the last checkpoint to this"
        return Conflict(reason, path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def init(folder: Path, name: str) -> Witness:
    """A new witness with a key of its own, mode 0600. FileExistsError when the folder holds one, BadNote for a name."""
    notes.line_of(name, b"")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / KEY_FILE, Ed25519PrivateKey.generate().private_bytes_raw())
    write_private(folder / NAME_FILE, name.encode())
    return load(folder)


def load(folder: Path) -> Witness:
    """The witness of a state folder; FileNotFoundError without one, ValueError for a damaged key."""
    key = Ed25519PrivateKey.from_private_bytes((folder / KEY_FILE).read_bytes())
    return Witness(folder, (folder / NAME_FILE).read_text(encoding="utf-8"), key)


def verify_line(text: str, line: tuple[str, bytes], key: WitnessKey) -> datetime:
    """When the witness saw the checkpoint `text`. `line`: (name, blob) as `notes.split` gives it. BadNote otherwise."""
    name, blob = line
    if name != key.name or blob[:4] != key.id or len(blob) != 76:
        raise BadNote("not a cosignature of this witness")
    seconds = int.from_bytes(blob[4:12], "big")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(blob[12:], _message(text, seconds))
        return datetime.fromtimestamp(seconds, UTC)
    except (InvalidSignature, OverflowError, ValueError, OSError) as error:
        raise BadNote(f"bad cosignature of {name}") from error


def request(old: int, proof: Sequence[bytes], note: str) -> str:
    """The body of an add-checkpoint request (c2sp.org/tlog-witness)."""
    return "\n".join([f"old {old}", *(notes.b64(step) for step in proof), "", note])


def parse_request(body: str) -> tuple[int, list[bytes], str]:
    """(old size, proof, note) of such a request; BadNote otherwise."""
    top, gap, note = body.partition("\n\n")
    first, *steps = top.split("\n")
    if not gap or not re.fullmatch(r"old (0|[1-9][0-9]{0,18})", first) or len(steps) > _MAX_STEPS:
        raise BadNote("not an add-checkpoint request")
    return int(first[4:]), [notes.unb64(step) for step in steps], note
