"""Callback encryption of WeCom (docs: 加解密方案说明, page 90968): SHA-1 signature, AES-256-CBC, PKCS#7 to 32 bytes.

The AES primitive is wechatpy's; everything wechatpy does not check (padding, lengths, constant time) is checked here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import struct

from wechatpy.crypto.cryptography import WeChatCipher

from bot.errors import BadRequest, Misconfigured

BLOCK = 32
HEADER = 20
"""16 random bytes and a big-endian length precede the message."""


class Crypto:
    """Verifies, opens and seals callback envelopes of one app.

    `receive_id` is the corp id for a self-built app. Raises Misconfigured for an impossible key, BadRequest
    (401 signature or receiver, 400 otherwise) for input; never anything else.
    """

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]{43}", encoding_aes_key):
            raise Misconfigured("WECOM_ENCODING_AES_KEY 必须是 43 位字母或数字（企业微信后台「接收消息」页生成）")
        if not token:
            raise Misconfigured("WECOM_TOKEN 不能为空（企业微信后台「接收消息」页生成）")
        # The last character may carry stray bits; CPython's decoder ignores them as WeCom's own library does.
        self._key = base64.b64decode(encoding_aes_key + "=")
        self._token = token
        self._receive_id = receive_id.encode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Hex SHA-1 over the sorted concatenation, as the vendor defines it."""
        joined = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        return hashlib.sha1(joined.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """The message inside, after the signature has been found right (constant time) and before nothing else."""
        expected = self.sign(timestamp, nonce, encrypted)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
            raise BadRequest("signature", 401)
        return self._decrypt(encrypted)

    def seal(self, message: bytes, rand16: bytes | None = None) -> str:
        """Base64 ciphertext for a passive reply or a test; `rand16` only to reproduce published vectors."""
        plain = (rand16 or secrets.token_bytes(16)) + struct.pack(">I", len(message)) + message + self._receive_id
        pad = BLOCK - len(plain) % BLOCK
        sealed: bytes = self._cipher().encrypt(plain + bytes([pad]) * pad)
        return base64.b64encode(sealed).decode()

    def _cipher(self) -> WeChatCipher:
        return WeChatCipher(self._key, self._key[:16])

    def _decrypt(self, encrypted: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest("base64") from None
        if not sealed or len(sealed) % 16:
            raise BadRequest("ciphertext length")
        plain: bytes = self._cipher().decrypt(sealed)
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or pad > len(plain) or plain[-pad:] != bytes([pad]) * pad:
            raise BadRequest("padding")
        plain = plain[:-pad]
        if len(plain) < HEADER:
            raise BadRequest("too short")
        (length,) = struct.unpack(">I", plain[16:HEADER])
        if length > len(plain) - HEADER:
            raise BadRequest("message length")
        message, receiver = plain[HEADER : HEADER + length], plain[HEADER + length :]
        if not hmac.compare_digest(receiver, self._receive_id):
            raise BadRequest("receiver", 401)
        return message
