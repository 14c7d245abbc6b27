"""Published vectors, the refusals that the vendor's scheme asks for, and the round trip."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given, strategies as st
from wechatpy.crypto.cryptography import WeChatCipher

from adapters.wecom.crypto import Crypto
from bot.errors import BadRequest, Misconfigured
from tests.adapters.wecom.vectors import VECTORS, Vector

KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
RAND = {"V5c": b"1234567890123456", "S1": b"0123456789abcdef", "S2": b"0123456789abcdef", "S3": b"0123456789abcdef"}


def crypto(vector: Vector) -> Crypto:
    return Crypto(vector.token, vector.aes_key, vector.receive_id)


def refused(box: Crypto, sealed: str) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        box.open(box.sign("1", "n", sealed), "1", "n", sealed)
    return caught.value


def encrypt(box: Crypto, plain: bytes) -> str:
    key = base64.b64decode(KEY + "=")
    return base64.b64encode(WeChatCipher(key, key[:16]).encrypt(plain)).decode()


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_opens_published_vector(vector: Vector) -> None:
    assert crypto(vector).open(vector.signature, vector.timestamp, vector.nonce, vector.sealed) == vector.plain


@pytest.mark.parametrize("name", RAND)
def test_seals_published_vector(name: str) -> None:
    vector = VECTORS[name]
    sealed = crypto(vector).seal(vector.plain, RAND[name])
    assert sealed == vector.sealed
    assert crypto(vector).sign(vector.timestamp, vector.nonce, sealed) == vector.signature


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_any_changed_part_is_a_bad_signature(vector: Vector) -> None:
    box = crypto(vector)
    for parts in (
        (vector.signature, vector.timestamp, vector.nonce + "4", vector.sealed),
        (vector.signature, vector.timestamp + "0", vector.nonce, vector.sealed),
        (vector.signature, vector.timestamp, vector.nonce, vector.sealed[:-4] + "AAA="),
        ("0" * 40, vector.timestamp, vector.nonce, vector.sealed),
        ("签名\ud800", vector.timestamp, vector.nonce, vector.sealed),
    ):
        with pytest.raises(BadRequest) as caught:
            box.open(*parts)
        assert caught.value.status == 401


def test_published_nonce_failure() -> None:
    vector = VECTORS["V5"]
    with pytest.raises(BadRequest, match="signature"):
        crypto(vector).open(vector.signature, vector.timestamp, "437374424", vector.sealed)


@pytest.mark.parametrize("name", ["V1", "V3", "V5", "S1"])
def test_foreign_receiver_is_refused(name: str) -> None:
    vector = VECTORS[name]
    box = Crypto(vector.token, vector.aes_key, "ww_somebody_else")
    with pytest.raises(BadRequest, match="receiver") as caught:
        box.open(vector.signature, vector.timestamp, vector.nonce, vector.sealed)
    assert caught.value.status == 401


@pytest.mark.parametrize(
    "key", ["", "a" * 42, "a" * 44, "a" * 43 + "=", "a" * 42 + "!", "a" * 42 + "中", "a" * 43 + "\n"]
)
def test_impossible_key_is_a_misconfiguration(key: str) -> None:
    with pytest.raises(Misconfigured):
        Crypto("token", key, "corp")


def test_empty_token_is_a_misconfiguration() -> None:
    with pytest.raises(Misconfigured):
        Crypto("", KEY, "corp")


@pytest.mark.parametrize("sealed", ["", "!!!!", "QUJD", "QUJD\nQUJD", "中文", base64.b64encode(b"x" * 17).decode()])
def test_signed_rubbish_is_malformed(sealed: str) -> None:
    assert refused(Crypto("token", KEY, "corp"), sealed).status == 400


@pytest.mark.parametrize("size", [0, 1, 31, 32])
def test_padding_is_never_zero_and_never_over_32(size: int) -> None:
    box = Crypto("token", KEY, "")
    message = b"m" * (64 + size - 20)
    sealed = box.seal(message)
    assert len(base64.b64decode(sealed)) == (96 if size < 32 else 128)
    assert box.open(box.sign("1", "n", sealed), "1", "n", sealed) == message


@pytest.mark.parametrize("pad", [b"\x00", b"\x21" * 33, b"\x03\x02\x03", b"\xff"])
def test_bad_padding(pad: bytes) -> None:
    box = Crypto("token", KEY, "corp")
    plain = (b"r" * 16 + struct.pack(">I", 4) + b"ECHO" + b"corp").ljust(96 - len(pad), b"\x05") + pad
    assert refused(box, encrypt(box, plain)).reason == "padding"


@pytest.mark.parametrize("length", [13, 1000, 2**31, 2**32 - 1])
def test_length_beyond_the_buffer(length: int) -> None:
    box = Crypto("token", KEY, "corp")
    plain = b"r" * 16 + struct.pack(">I", length) + b"ECHO" + b"corp" + b"\x04" * 4
    assert refused(box, encrypt(box, plain)).reason == "message length"


def test_length_shorter_than_the_message_makes_another_receiver() -> None:
    box = Crypto("token", KEY, "corp")
    plain = b"r" * 16 + struct.pack(">I", 3) + b"ECHO" + b"corp" + b"\x04" * 4
    assert refused(box, encrypt(box, plain)).reason == "receiver"


def test_nothing_but_padding_is_too_short() -> None:
    box = Crypto("token", KEY, "corp")
    assert refused(box, encrypt(box, b"\x20" * 32)).reason == "too short"


def test_every_flipped_byte_is_refused_even_when_signed_again() -> None:
    vector = VECTORS["S3"]
    box, sealed = crypto(vector), bytearray(base64.b64decode(vector.sealed))
    for index in range(len(sealed) - 32, len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        refused(box, base64.b64encode(bytes(changed)).decode())


@given(st.binary(max_size=200), st.text(max_size=10), st.text(max_size=10))
def test_round_trip(message: bytes, timestamp: str, nonce: str) -> None:
    box = Crypto("token", KEY, "corp")
    sealed = box.seal(message)
    assert box.open(box.sign(timestamp, nonce, sealed), timestamp, nonce, sealed) == message


@given(st.binary(min_size=1, max_size=12).map(lambda part: part * 16))
def test_any_signed_ciphertext_opens_or_is_refused(sealed: bytes) -> None:
    refused(Crypto("token", KEY, "corp"), base64.b64encode(sealed).decode())
