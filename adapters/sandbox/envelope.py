"""Callback encryption as both vendors publish it (WeCom doc 90968, DingTalk "callback event message body encryption").

Written for the sandbox alone, so that it can disagree with the adapters it checks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class BadEnvelope(ValueError):
    """The cipher text does not decrypt to a well-formed message for this owner."""


def sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """SHA-1 hex of the sorted concatenation."""
    return hashlib.sha1(
        "".join(sorted((token, timestamp, nonce, encrypted))).encode(), usedforsecurity=False
    ).hexdigest()


def encrypt(aes_key: str, owner: str, message: bytes, seed: bytes = b"") -> str:
    """Base64 of AES-256-CBC(16 random bytes, big-endian byte length, message, owner), padded to 32."""
    key = base64.b64decode(aes_key + "=")
    plain = (seed or os.urandom(16)) + struct.pack(">I", len(message)) + message + owner.encode()
    pad = BLOCK - len(plain) % BLOCK
    worker = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(worker.update(plain + bytes([pad]) * pad) + worker.finalize()).decode()


def decrypt(aes_key: str, owner: str, encrypted: str) -> bytes:
    """The message, or BadEnvelope."""
    key = base64.b64decode(aes_key + "=")
    try:
        worker = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = worker.update(base64.b64decode(encrypted, validate=True)) + worker.finalize()
    except ValueError as broken:
        raise BadEnvelope("not base64 of whole blocks") from broken
    pad = plain[-1] if plain else 0
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad or len(plain) < 20 + pad:
        raise BadEnvelope("padding")
    plain = plain[:-pad]
    size = struct.unpack(">I", plain[16:20])[0]
    if size > len(plain) - 20 or not hmac.compare_digest(plain[20 + size :], owner.encode()):
        raise BadEnvelope("length or owner")
    return plain[20 : 20 + size]


def hmac_base64(secret: str, message: str) -> str:
    """HMAC-SHA256 as DingTalk signs robot messages and card callbacks."""
    return base64.b64encode(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()).decode()
