"""Data keys: what is stored about a person is encrypted with a key of their own (AES-256-GCM, NIST SP 800-38D).

The key of keys lives in `data.key` in the key directory, never in the database; each person's key lies in
`ev_subject_key`, wrapped by it. Destroying the wrapped key makes every copy unreadable, the ones in backups included.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import Connection

from bot import clock
from bot.errors import Misconfigured
from bot.evidence.keys import PASSPHRASE, sync_folder, write_private
from bot.evidence.log import aad_of, milliseconds

FILE = "data.key"
SIZE, NONCE, SALT = 32, 12, 16
_LOCKED = b"huizhi-data-key/1"
_CACHED = 4096


class PartRow(Protocol):
    """The columns of `ev_part` that opening needs."""

    @property
    def event_id(self) -> Any: ...
    @property
    def position(self) -> Any: ...
    @property
    def content(self) -> Any: ...
    @property
    def sealed_for(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class SaltRow:
    """The salt of a part, for whatever opens parts: `content` is the salt as it is stored."""

    event_id: str
    position: str
    content: bytes | None
    salt: bytes | None
    sealed_for: str | None


def salt_of(row: Any) -> SaltRow:
    """The salt of an `ev_part` row, to be opened by the same function as its content."""
    return SaltRow(row.event_id, f"{row.position}/salt", row.salt, row.salt, row.sealed_for)


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens for one installation. Safe to share between threads."""

    _kek: AESGCM = field(repr=False)
    _open: OrderedDict[bytes, AESGCM] = field(default_factory=OrderedDict, repr=False)

    def seal(self, conn: Connection, subject: str, plain: bytes, aad: bytes) -> bytes:
        """nonce || ciphertext || tag, bound to `aad`; makes the person's key on first use, inside the transaction.

        After the key was destroyed the content is sealed with a key that nobody keeps: it is born erased.
        Raises Misconfigured when the person's key was wrapped by another `data.key`.
        """
        return self.prepared(conn, [subject]).seal(conn, subject, plain, aad)

    def prepared(self, conn: Connection, subjects: Iterable[str]) -> Prepared:
        """These people's keys looked up, and made where there was none, in one go; good for this transaction only."""
        wanted = sorted(set(subjects))
        found = _look_all(conn, wanted)
        if new := [each for each in wanted if each not in found]:
            made = _insert(conn, [self._wrapped(each) for each in new])
            found |= made
            if late := [each for each in new if each not in made]:
                found |= _look_all(conn, late)  # another process was first; its key counts
        return Prepared(self, found)

    def open(self, conn: Connection, subject: str, sealed: bytes, aad: bytes) -> bytes | None:
        """The plain bytes; None when the person's key was destroyed (or never existed). ValueError when tampered."""
        found = _look(conn, subject)
        if found is None or found[0] is None:
            return None
        try:
            return self._key(subject, found[0]).decrypt(sealed[:NONCE], sealed[NONCE:], aad)
        except (InvalidTag, ValueError) as error:
            raise ValueError("stored content was changed, or belongs to another place") from error

    def open_part(self, conn: Connection, row: PartRow) -> bytes | None:
        """The plain content of an `ev_part` row, or its salt (`salt_of`); None if erased. ValueError when tampered."""
        if row.content is None or row.sealed_for is None:
            return None if row.content is None else bytes(row.content)
        return self.open(conn, row.sealed_for, bytes(row.content), aad_of(row.event_id, row.position))

    def _wrapped(self, subject: str) -> tuple[str, bytes, int]:
        nonce = secrets.token_bytes(NONCE)
        wrapped = nonce + self._kek.encrypt(nonce, secrets.token_bytes(SIZE), _wrap_aad(subject))
        return subject, wrapped, milliseconds(clock.now())

    def _key(self, subject: str, wrapped: bytes) -> AESGCM:
        """The unwrapped key, remembered by its wrapped bytes: a destroyed or replaced key is never found here."""
        known = self._open.get(wrapped)
        if known is None:
            try:
                known = AESGCM(self._kek.decrypt(wrapped[:NONCE], wrapped[NONCE:], _wrap_aad(subject)))
            except (InvalidTag, ValueError) as error:
                raise Misconfigured(
                    f"数据密钥打不开：{FILE} 与数据库不是一套，请从密钥备份恢复原来的 {FILE}。"
                    f" A data key does not open: {FILE} does not belong to this database; restore the original file."
                ) from error
            self._open[wrapped] = known
            if len(self._open) > _CACHED:
                self._open.popitem(last=False)
        return known


@dataclass(frozen=True, slots=True)
class Prepared:
    """A vault with the wrapped keys of some people at hand; see `Vault.prepared`."""

    _vault: Vault
    _found: Mapping[str, bytes | None]

    def seal(self, _conn: Connection, subject: str, plain: bytes, aad: bytes) -> bytes:
        """As `Vault.seal`, for the people it was prepared for. KeyError for others."""
        wrapped, nonce = self._found[subject], secrets.token_bytes(NONCE)
        key = self._vault._key(subject, wrapped) if wrapped else AESGCM(secrets.token_bytes(SIZE))
        return nonce + key.encrypt(nonce, plain, aad)


def open_vault(key_dir: Path | str) -> Vault:
    """The vault over `data.key`, made on first use with mode 0600; processes starting at once get the same key.

    Encrypted with HUIZHI_KEY_PASSPHRASE (scrypt, RFC 7914) when that is set. Raises Misconfigured for a file that
    cannot be used. The file belongs in a backup of its own: without it everything sealed is lost.
    """
    path = Path(key_dir) / FILE
    secret = os.environ.get(PASSPHRASE, "").encode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path, secret)
        if path.stat().st_mode & 0o077:
            raise Misconfigured(
                f"密钥文件 {path} 可被其他用户读取，请执行 chmod 600。"
                " The key file can be read by other users; run chmod 600 on it, and consider it leaked."
            )
        return Vault(AESGCM(_unlocked(path, path.read_bytes(), secret)))
    except OSError as error:
        raise Misconfigured(
            f"密钥文件 {path} 无法读写，请检查目录权限。"
            f" The data key cannot be used ({error.strerror}); check the permissions of its folder."
        ) from error


@functools.cache
def vault_of(key_dir: Path) -> Vault:
    """`open_vault`, once per process and folder."""
    return open_vault(key_dir)


def _create(path: Path, secret: bytes) -> None:
    """A whole file written beside, then linked: unlike rename, link never replaces a key another process just made."""
    kek, salt, nonce = secrets.token_bytes(SIZE), secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    data = _LOCKED + salt + nonce + AESGCM(_stretched(secret, salt)).encrypt(nonce, kek, _LOCKED) if secret else kek
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    sync_folder(path.parent)


def _unlocked(path: Path, data: bytes, secret: bytes) -> bytes:
    if not secret and len(data) == SIZE:
        return data
    body = data.removeprefix(_LOCKED)
    try:
        if not secret or len(body) == len(data):
            raise ValueError("locked without passphrase, or a passphrase for a plain file")
        salt, nonce = body[:SALT], body[SALT : SALT + NONCE]
        return AESGCM(_stretched(secret, salt)).decrypt(nonce, body[SALT + NONCE :], _LOCKED)
    except (InvalidTag, ValueError) as error:
        raise Misconfigured(
            f"密钥文件 {path} 打不开：文件损坏，或与 {PASSPHRASE} 不符（密钥未加密而设了口令，也会如此）。"
            f" The key file is damaged or does not match {PASSPHRASE} (set it only for an encrypted key)."
        ) from error


def _stretched(secret: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=SIZE, n=2**15, r=8, p=1).derive(secret)


def _wrap_aad(subject: str) -> bytes:
    return b"huizhi-data-key/1/" + subject.encode()


_SELECT = {
    "sqlite": "SELECT wrapped FROM ev_subject_key WHERE subject = ?",
    "postgresql": "SELECT wrapped FROM ev_subject_key WHERE subject = %s",
}
_LOOK_MANY = {
    "sqlite": "SELECT subject, wrapped FROM ev_subject_key WHERE subject IN (SELECT value FROM json_each(?))",
    # Joined: `= ANY` compares each key of a table without statistics with each name.
    "postgresql": "SELECT subject, wrapped FROM unnest(%s::text[]) AS wanted(subject)"
    " JOIN ev_subject_key USING (subject)",
}
_INSERT = {
    "sqlite": "INSERT INTO ev_subject_key (subject, wrapped, made_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    "postgresql": "INSERT INTO ev_subject_key (subject, wrapped, made_ms)"
    " SELECT * FROM unnest(%b::text[], %b::bytea[], %b::bigint[]) ON CONFLICT DO NOTHING RETURNING subject, wrapped",
}


def _look(conn: Connection, subject: str) -> tuple[bytes | None] | None:
    """None: no key was ever made; (None,): it was destroyed."""
    row = conn.exec_driver_sql(_SELECT[conn.dialect.name], (subject,)).first()
    return None if row is None else (None if row[0] is None else bytes(row[0]),)


def _look_all(conn: Connection, subjects: Sequence[str]) -> dict[str, bytes | None]:
    """Wrapped keys; None for a destroyed one, absent where none was ever made."""
    lite = conn.dialect.name == "sqlite"
    given = (json.dumps(list(subjects)) if lite else list(subjects),)
    rows = conn.exec_driver_sql(_LOOK_MANY[conn.dialect.name], given)
    return {row.subject: None if row.wrapped is None else bytes(row.wrapped) for row in rows}


def _insert(conn: Connection, made: Sequence[tuple[str, bytes, int]]) -> dict[str, bytes | None]:
    """Those that were new. PostgreSQL takes all of them in one message, and says which; SQLite has one writer, the
    caller, but the lookup before may have seen an older state than its transaction."""
    if conn.dialect.name == "postgresql":
        rows = conn.exec_driver_sql(_INSERT["postgresql"], tuple(map(list, zip(*made, strict=True))))
        return {row.subject: bytes(row.wrapped) for row in rows}
    conn.exec_driver_sql(_INSERT["sqlite"], list(made))
    return {}
