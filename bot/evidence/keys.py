"""The log key and the promise key of each epoch: Ed25519, PKCS#8 PEM files of mode 0600 in `key_dir`.

Epoch 1 keeps `log.pem` and `promise.pem`, epoch n `log-n.pem` and `promise-n.pem`. The file `epoch` names the newest
one, so that every process signs in the same. The log key may live in a hardware module instead (PKCS#11).
"""

from __future__ import annotations

import functools
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.errors import Misconfigured
from bot.evidence.hsm import Module, ModuleSigner
from bot.evidence.notes import Signer, VKey, raw_public, vkey_of

LOG_FILE = "log.pem"
PROMISE_FILE = "promise.pem"
EPOCH_FILE = "epoch"
PASSPHRASE = "HUIZHI_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A key held in memory after it was read from its file. `public`: raw, 32 bytes."""

    public: bytes
    _key: Ed25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def of(cls, key: Ed25519PrivateKey) -> FileSigner:
        """Around a private key."""
        return cls(raw_public(key), key)

    def sign(self, data: bytes, /) -> bytes:
        """The 64-byte signature."""
        return self._key.sign(data)


@dataclass(frozen=True, slots=True)
class Keys:
    """Signing keys of one epoch. `origin` is `<host>/hr-log/<epoch>`; `key_dir` also holds the sidecar checkpoints.

    `module`: the hardware module that holds log keys made since it was set; None: all are files.
    """

    origin: str
    log: Signer = field(repr=False)
    promise: Signer = field(repr=False)
    key_dir: Path
    epoch: int = 1
    module: Module | None = field(default=None, repr=False)

    @property
    def log_vkey(self) -> VKey:
        """Verifier of checkpoints, named like the log."""
        return vkey_of(self.origin, self.log)

    @property
    def promise_vkey(self) -> VKey:
        """Verifier of promises and manifests, named `<origin>/promise`."""
        return vkey_of(f"{self.origin}/promise", self.promise)


def load_or_create(key_dir: Path | str, host_origin: str, *, pkcs11: str = "", pin: str = "") -> Keys:
    """Both keys of the newest epoch recorded in `key_dir`, made on first use; parallel starters get the same keys.

    `host_origin`: `<host>/hr-log`; an epoch number behind it is ignored. `pkcs11`: "module path,token label,key
    label", the log key then lives in that module under its PIN. Files are encrypted with HUIZHI_KEY_PASSPHRASE when
    it is set. Raises Misconfigured for a key that cannot be used.
    """
    folder = Path(key_dir)
    module = Module.parse(pkcs11, pin) if pkcs11 else None
    return of_epoch(folder, host_origin, recorded_epoch(folder), module)


def of_epoch(key_dir: Path, host_origin: str, epoch: int, module: Module | None = None) -> Keys:
    """The keys of one epoch, made if they do not exist yet. Raises Misconfigured."""
    try:
        key_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = os.environ.get(PASSPHRASE, "").encode() or None
        promise = FileSigner.of(_one(_file(key_dir, PROMISE_FILE, epoch), secret))
        # An epoch that began with a key file goes on with it; the module gets the log key of the next epoch.
        file = _file(key_dir, LOG_FILE, epoch)
        log: Signer = ModuleSigner(module, epoch) if module and not file.exists() else FileSigner.of(_one(file, secret))
    except OSError as error:
        raise Misconfigured(
            f"密钥目录 {key_dir} 无法读写，请检查 HUIZHI_KEY_DIR 与目录权限。"
            f" The key directory cannot be used ({error.strerror}); check HUIZHI_KEY_DIR and its permissions."
        ) from error
    return Keys(f"{family(host_origin)}/{epoch}", log, promise, key_dir, epoch, module)


def family(origin: str) -> str:
    """`<host>/hr-log` of any of its epochs' origins."""
    return re.sub(r"/[1-9][0-9]*\Z", "", origin)


def recorded_epoch(key_dir: Path) -> int:
    """The newest epoch; 1 when nothing was recorded. Misconfigured when the file makes no sense."""
    try:
        text = (key_dir / EPOCH_FILE).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return 1
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{key_dir / EPOCH_FILE} 无法读取。 The epoch file cannot be read.") from error
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise Misconfigured(
            f"{key_dir / EPOCH_FILE} 损坏：应只有一个期号。请从密钥备份恢复。"
            " The file must hold one epoch number; restore it from the backup of the keys."
        )
    return int(text)


def record_epoch(key_dir: Path, epoch: int) -> None:
    """Let every process use this epoch from its next look on; an older number never replaces a newer one."""
    if recorded_epoch(key_dir) < epoch:
        replace_private(key_dir / EPOCH_FILE, f"{epoch}\n".encode())


def newest(keys: Keys) -> Keys:
    """`keys`, or those of the newest epoch when another process has begun one. One small read."""
    epoch = recorded_epoch(keys.key_dir)
    return keys if epoch <= keys.epoch else _loaded(keys.key_dir, family(keys.origin), epoch, keys.module)


@functools.lru_cache(maxsize=8)
def _loaded(key_dir: Path, host_origin: str, epoch: int, module: Module | None) -> Keys:
    return of_epoch(key_dir, host_origin, epoch, module)


def predecessor(keys: Keys) -> Keys | None:
    """The epoch before, when its log key is still here; never makes a key."""
    before = keys.epoch - 1
    here = [_file(keys.key_dir, name, before).exists() for name in (PROMISE_FILE, LOG_FILE)] if before else [False]
    if not here[0] or not (keys.module or here[1]):
        return None
    return _loaded(keys.key_dir, family(keys.origin), before, keys.module)


def _file(key_dir: Path, name: str, epoch: int) -> Path:
    return key_dir / (name if epoch == 1 else name.replace(".pem", f"-{epoch}.pem"))


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


def replace_private(path: Path, data: bytes) -> None:
    """Put a whole file of mode 0600 in place of the old one; after a power cut it is one or the other."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, data)
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a link or rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
