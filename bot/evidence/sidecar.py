"""The newest checkpoint known outside the database: one file per epoch in `key_dir`.

It is what notices an old backup: a database behind it must not sign again.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bot.errors import Misconfigured
from bot.evidence import notes
from bot.evidence.keys import Keys, replace_private
from bot.evidence.tree import Head

SIDECAR = "last-checkpoint"


def path_of(keys: Keys) -> Path:
    """`last-checkpoint`, with the epoch behind it from the second one on."""
    return keys.key_dir / (SIDECAR if keys.epoch == 1 else f"{SIDECAR}-{keys.epoch}")


def read(keys: Keys) -> Head | None:
    """Its head; None when there is none yet. Misconfigured when it is damaged or another key signed it."""
    path = path_of(keys)
    try:
        return notes.open_checkpoint(path.read_text(encoding="utf-8"), keys.log_vkey)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Misconfigured(
            f"{path} 损坏，或由另一把密钥签署（{error}）；存证日志已停止签名。"
            f" {path} is damaged or signed by another key; the log refuses to sign."
        ) from error


def save(keys: Keys, note: str) -> None:
    """Replace it unless it is already as new: sequencers may arrive here out of order."""
    size = notes.open_checkpoint(note, keys.log_vkey).size
    handle = os.open(keys.key_dir / f".{SIDECAR}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        known = read(keys)
        if known is None or known.size < size:
            replace_private(path_of(keys), note.encode())
    finally:
        os.close(handle)
