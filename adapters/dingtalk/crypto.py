"""Signatures and AES of DingTalk's HTTP doors. Verified before anything is parsed; every comparison in constant time.

Docs: "callback event message body encryption and decryption", "receive-message", "event-callback-card".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot import clock
from bot.errors import BadRequest, Misconfigured

BLOCK = 32
SKEW = 3600.0
"""Seconds a signed timestamp may differ from now (docs: receive-message)."""
_HEAD = 20


class Callback:
    """Crypto of one subscription. `owners`: AppKey first (it signs our replies), corpId also when configured.

    Raises Misconfigured for an aes_key that is not 43 characters of base64 or without token or owner.
    """

    def __init__(self, token: str, aes_key: str, owners: Sequence[str]) -> None:
        self.owners = tuple(owner for owner in owners if owner)
        if not token or not self.owners or len(aes_key) != 43:
            raise Misconfigured("DINGTALK_TOKEN, DINGTALK_AES_KEY (43 characters) and DINGTALK_CLIENT_ID are needed")
        self._token = token
        try:
            # Lenient on purpose: official sample keys carry non-zero spare bits in the last character.
            self._key = base64.b64decode((aes_key + "=").encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise Misconfigured("DINGTALK_AES_KEY is not base64") from None

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Lower-case hex SHA-1 over the sorted parts; SHA-1 is DingTalk's choice, AES checks follow it."""
        parts = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        return hashlib.sha1(parts.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> tuple[bytes, str]:
        """(message, owner). Raises BadRequest 401 for a wrong signature or owner, 400 for a damaged body."""
        if not same(self.signature(timestamp, nonce, encrypted), signature):
            raise BadRequest("bad signature", 401)
        return self.decrypt(encrypted)

    def decrypt(self, encrypted: str) -> tuple[bytes, str]:
        """(message, owner) of base64 `encrypted`; see `open` for errors."""
        try:
            sealed = base64.b64decode(encrypted.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise BadRequest("encrypt is not base64") from None
        if not sealed or len(sealed) % 16:
            raise BadRequest("encrypt has a wrong length")
        decryptor = self._cipher().decryptor()
        plain = _unpad(decryptor.update(sealed) + decryptor.finalize())
        if len(plain) < _HEAD:
            raise BadRequest("decrypted body too short")
        length = struct.unpack(">I", plain[16:_HEAD])[0]
        if length > len(plain) - _HEAD:
            raise BadRequest("decrypted length is wrong")
        owner = plain[_HEAD + length :]
        for known in self.owners:
            if hmac.compare_digest(owner, known.encode()):
                return plain[_HEAD : _HEAD + length], known
        raise BadRequest("wrong owner key", 401)

    def encrypt(self, message: bytes, owner: str = "", random: Callable[[int], bytes] = os.urandom) -> str:
        """Base64 without line breaks of `message`; the length field counts bytes, not characters."""
        plain = random(16) + struct.pack(">I", len(message)) + message + (owner or self.owners[0]).encode()
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def success(self, owner: str = "") -> dict[str, str]:
        """What DingTalk counts as received: `success`, encrypted and signed (docs: http-callback-overview)."""
        stamp, nonce = str(int(clock.now().timestamp() * 1000)), os.urandom(8).hex()
        sealed = self.encrypt(b"success", owner)
        return {
            "msg_signature": self.signature(stamp, nonce, sealed),
            "timeStamp": stamp,
            "nonce": nonce,
            "encrypt": sealed,
        }

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def _unpad(padded: bytes) -> bytes:
    """PKCS#7 with block 32. The signature was checked first, so this is no padding oracle."""
    count = padded[-1]
    if not 1 <= count <= min(BLOCK, len(padded)) or padded[-count:] != bytes([count]) * count:
        raise BadRequest("bad padding")
    return padded[:-count]


def same(expected: str, given: str) -> bool:
    """Constant-time equality that accepts any text."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def timestamp_signature(secret: str, timestamp: str) -> str:
    """Card callback `x-ddpaas-signature`: base64 HMAC-SHA256 of the decimal timestamp (docs: event-callback-card)."""
    return base64.b64encode(hmac.new(secret.encode(), timestamp.encode("utf-8", "replace"), "sha256").digest()).decode()


def robot_signature(secret: str, timestamp: str) -> str:
    """Robot callback `sign`: base64 HMAC-SHA256 of `timestamp\\nsecret` (docs: receive-message)."""
    return timestamp_signature(secret, f"{timestamp}\n{secret}")


def check(sign: Callable[[str, str], str], secret: str, timestamp: str, given: str) -> None:
    """BadRequest 401 unless `given` signs `timestamp` (ms) with `secret` and it is within one hour of now."""
    if not secret or not same(sign(secret, timestamp), given):
        raise BadRequest("bad signature", 401)
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 16):
        raise BadRequest("bad timestamp", 401)
    if abs(clock.now().timestamp() - int(timestamp) / 1000) > SKEW:
        raise BadRequest("timestamp too far from now", 401)
