"""Requests as the vendors build them, written from their pages and sharing no code with the doors under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MILLISECONDS = 1000


def sha1(*parts: str) -> str:
    """WeCom doc 90968 and DingTalk "callback encryption": SHA-1 hex of the sorted concatenation."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _cipher(key43: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(key43 + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def seal(key43: str, owner: str, message: bytes, padding: bytes | None = None) -> str:
    """Base64 cipher text; `padding` replaces the right one."""
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + owner.encode()
    count = 32 - len(plain) % 32
    worker = _cipher(key43).encryptor()
    tail = bytes([count]) * count if padding is None else padding.rjust(count, b"\0")
    return base64.b64encode(worker.update(plain + tail) + worker.finalize()).decode()


def unseal(key43: str, owner: str, sealed: str) -> bytes:
    """The message, whose owner must be the expected one."""
    worker = _cipher(key43).decryptor()
    plain = worker.update(base64.b64decode(sealed)) + worker.finalize()
    plain = plain[: -plain[-1]]
    size = struct.unpack(">I", plain[16:20])[0]
    assert plain[20 + size :] == owner.encode()
    return plain[20 : 20 + size]


def hmac64(secret: str, message: str) -> str:
    """DingTalk's HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()).decode()


def stamp(hours_ago: float = 0) -> str:
    """Milliseconds since 1970."""
    return str(int((time.time() - hours_ago * 3600) * MILLISECONDS))


def xml(**fields: str) -> bytes:
    """A flat WeCom push; every field is CDATA as the vendor sends it."""
    base = {"ToUserName": "ww00000000000000f1", "CreateTime": str(int(time.time())), "AgentID": "1000002"} | fields
    return ("<xml>" + "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in base.items()) + "</xml>").encode()
