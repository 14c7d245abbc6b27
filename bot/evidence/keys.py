"""The log key and the promise key: Ed25519, PKCS#8 PEM files of mode 0600 in `key_dir`."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.errors import Misconfigured
from bot.evidence.notes import VKey, vkey_of

LOG_FILE = "log.pem"
PROMISE_FILE = "promise.pem"
PASSPHRASE = "HUIZHI_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class Keys:
    """Signing keys of one log. `origin` names the log, `key_dir` also holds the sidecar checkpoint."""

    origin: str
    log: Ed25519PrivateKey = field(repr=False)
    promise: Ed25519PrivateKey = field(repr=False)
    key_dir: Path
    epoch: int = 1

    @property
    def log_vkey(self) -> VKey:
        """Verifier of checkpoints, named like the log."""
        return vkey_of(self.origin, self.log)

    @property
    def promise_vkey(self) -> VKey:
        """Verifier of promises and manifests, named `<origin>/promise`."""
        return vkey_of(f"{self.origin}/promise", self.promise)


def load_or_create(key_dir: Path | str, origin: str) -> Keys:
    """Both keys, made on first use. Safe when several processes start at once: all get the same keys.

    Encrypted with HUIZHI_KEY_PASSPHRASE when it is set. Raises Misconfigured for a key that cannot be used.
    """
    folder = Path(key_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = os.environ.get(PASSPHRASE, "").encode() or None
        log, promise = (_one(folder / name, secret) for name in (LOG_FILE, PROMISE_FILE))
    except OSError as error:
        raise Misconfigured(
            f"密钥目录 {folder} 无法读写，请检查 HUIZHI_KEY_DIR 与目录权限。"
            f" The key directory cannot be used ({error.strerror}); check HUIZHI_KEY_DIR and its permissions."
        ) from error
    return Keys(origin, log, promise, folder)


def _one(path: Path, secret: bytes | None) -> Ed25519PrivateKey:
    if not path.exists():
        _create(path, secret)
    if path.stat().st_mode & 0o077:
        raise Misconfigured(
            f"密钥文件 {path} 可被其他用户读取，请执行 chmod 600。"
            " The key file can be read by other users; run chmod 600 on it, and consider it leaked."
        )
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), secret)
    except (TypeError, ValueError) as error:
        raise Misconfigured(
            f"密钥文件 {path} 打不开：文件损坏，或与 {PASSPHRASE} 不符（密钥未加密而设了口令，也会如此）。"
            f" The key file is damaged or does not match {PASSPHRASE} (set it only for an encrypted key)."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Misconfigured(f"密钥文件 {path} 不是 Ed25519。 The key file does not hold an Ed25519 key.")
    return key


def _create(path: Path, secret: bytes | None) -> None:
    """Write a whole file beside, then link it: unlike rename, link never replaces the key another process just made."""
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    )
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, pem)
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was first; its key is read by the caller
    finally:
        draft.unlink()
    sync_folder(path.parent)


def write_private(path: Path, data: bytes) -> None:
    """A new file of mode 0600 with its bytes on disk; FileExistsError if it exists."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a link or rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
