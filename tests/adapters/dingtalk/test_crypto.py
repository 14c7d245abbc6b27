"""Published vectors of DingTalk's documentation and SDK repositories, our own, and what must be refused."""

# ruff: noqa: E501 - tables of payloads and vectors read better unwrapped
from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from adapters.dingtalk import crypto
from bot import clock
from bot.errors import BadRequest, Misconfigured

A2_KEY, A2_OWNER = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij", "suite4xxxxxxxxxxxxxxx"
A2_MSG = '{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}'
A6_KEY, A6_OWNER, A6_RAND = "aaabWe22zMdfpVVF6kFsZ9E4ODL1wjjykB5ifzjLzzz", "dingn4jxcg1w9jy9exxx", "3S3b6Df7yFcbCqE2"
C_KEY, C = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "0123456789abcdef"
A1_ENC = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
A1 = ("123456", "1234567890123456789012345678901234567890123", "dingsnotzck6pm5veliw")
A1_SIG = "9a95a004dd16f5c307e849b994173f76aa26e5eb"
# token, key, owner, timestamp, nonce, signature, encrypt, message, rand16
VECTORS = {
    "A1": (*A1, "1614767836", "A7Co0cJLMzIDtMMI", A1_SIG, A1_ENC, "success", "dICkEDLj0eb6yAbc"),
    "A2": ("123456", A2_KEY, A2_OWNER, "1445827045067", "nEXhMP4r", "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0",
           "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy0w9lQ==",  # noqa: E501
           A2_MSG, "hU3bEfGZZewzhG5a"),
    "A3": ("mryue", "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7", "ding6ccabc44d2c8d38b", "1608001896814", "WL4PK6yA",
           "03044561471240d4a14bb09372dfcfd4fd0e40cb",
           "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3",  # noqa: E501
           '{"EventType":"check_url"}', "l7Y3EcX2CU5w8av3"),
    "A4": ("tokenxxxx", "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus", "dingxxxxxx", "1605695694141", "WelUQl6bCqcBa2fM",
           "f36f4ba5337d426c7d4bca0dbcb06b3ddc1388fc",
           "X1VSe9cTJUMZu60d3kyLYTrBq5578ZRJtteU94wG0Q4Uk6E/wQYeJRIC0/UFW5Wkya1Ihz9oXAdLlyC9TRaqsQ==", "success", "WelUQl6bCqcBa2fM"),
    "A5": ("123456", A2_KEY, A2_OWNER, "1445827045067", "nEXhMP4r", "bcf6dcefa4ce2dbaf7b0666c7264d46fd9aad4bd",
           "5DJFWzjRNOQk+5GSZxW+VrFMDWCIidPjEjg3//gm5x556BedVi62rDj1F9uXU97a4jw1R4FACUv9RCpoDobNqxhxRB2YtW901k4KHbP1/wpFJ3xdLG0n0A8U1VhENg80zKJd+YROR0YMGum4WYuoXJ6J98vt0ihYeIFoapNddLML5MyNAGM9saSpkouDMSvD+iU14i7V8ix1ia1Tb9ogog==",  # noqa: E501
           A2_MSG, "1234567890123456"),
    "C1": ("mytoken123", C_KEY, "dingownerkey01", "1700000000000", "abcdef12", "c723bf81860ac459a4212b005d199468b51ed214",
           "Q3stYC6hdFzMh9T8HCvyDNwDXL2tteY0sYVkGJgv9t35MdwwYJncCxgYOZwKSO5IFOhNTytATdL4TwQHwGKt+Q==", "success", C),
    "C2": ("mytoken123", C_KEY, "dingownerkey01", "1700000000000", "abcdef12", "cfbda749a4ab7091de7f27016c55620fee8f671c",
           "Q3stYC6hdFzMh9T8HCvyDPD30lPU+Yd2JANXRq+Ra6B2vWoren3HOcyw5OE3cHicEbSzE98LTI1O7k8yU9IeUw==", "中文测试", C),
    "C3": ("mytoken123", C_KEY, "dingownerkey01", "1700000000000", "abcdef12", "805a61f9d14762fc24fc6719812540766c3db7bd",
           "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5cVZCqyPyv6krP80APfj7nA==", '{"EventType":"check_url"}', C),
}  # fmt: skip
A7 = "DwCJ9BMxu4r+VTe9TD+AWc1yfxqs7d2YgepFe4XruMgh1+6pTjCCq4nqAM6StRcafOx5a1OfwmX3ckSBifatlA=="


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_open_and_seal(name: str) -> None:
    token, key, owner, stamp, nonce, signature, encrypted, message, rand = VECTORS[name]
    box = crypto.Callback(token, key, [owner])
    assert box.open(signature, stamp, nonce, encrypted) == (message.encode(), owner)
    assert box.encrypt(message.encode(), random=lambda _: rand.encode()) == encrypted


@pytest.mark.parametrize(("encrypted", "message"), [
    ("cKVPF3fvpb646ZnKPbYn/Y5fChYt4e3OjgLbwuMSMm7fuv/Sfu0POorlMHTLide0mitKXnWk1hs/ON7onS9WcQ==", "success"),
    ("cKVPF3fvpb646ZnKPbYn/bhwggCKWyF+4H4aqPLqmhD1wT7TKRRjHaRJs9/KcAK2oiiCeYS6FV30KJQoKDFmqg==", "中文测试"),
])  # fmt: skip
def test_a6_length_is_bytes(encrypted: str, message: str) -> None:
    box = crypto.Callback("t", A6_KEY, [A6_OWNER])
    assert box.decrypt(encrypted) == (message.encode(), A6_OWNER)
    assert box.encrypt(message.encode(), random=lambda _: A6_RAND.encode()) == encrypted


@pytest.mark.parametrize(("stamp", "nonce", "signature"), [
    ("1614767836", "A7Co0cJLMzIDtMMI", A1_SIG[:-1] + "c"),
    ("1614767836", "A7Co0cJLMzIDtMMX", A1_SIG),
    ("1614767837", "A7Co0cJLMzIDtMMI", A1_SIG),
    ("1614767836", "A7Co0cJLMzIDtMMI", "\udc80é"),
    ("", "", ""),
])  # fmt: skip
def test_wrong_signature_is_401(stamp: str, nonce: str, signature: str) -> None:
    with pytest.raises(BadRequest) as caught:
        crypto.Callback(*A1[:2], [A1[2]]).open(signature, stamp, nonce, A1_ENC)
    assert caught.value.status == 401


def test_wrong_owner_is_refused_and_either_configured_owner_is_not() -> None:
    with pytest.raises(BadRequest):
        crypto.Callback(*A1[:2], ["dingsnotzck6pm5veliX"]).open(A1_SIG, "1614767836", "A7Co0cJLMzIDtMMI", A1_ENC)
    assert crypto.Callback(*A1[:2], ["other", A1[2]]).decrypt(A1_ENC)[1] == A1[2]


def test_a7_and_damaged_bodies_are_refused() -> None:
    box = crypto.Callback("123456", A2_KEY, [A2_OWNER])
    flipped = "X" + VECTORS["A3"][6][1:]
    for encrypted in (A7, "", "???", "é", "AAAA", base64.b64encode(b"x" * 32).decode(), flipped, A7[:-4]):
        with pytest.raises(BadRequest):
            box.decrypt(encrypted)


@pytest.mark.parametrize("pad", [bytes([0]), bytes([33]) * 33, b"\x05\x04\x03\x02\x03"])
def test_bad_padding(pad: bytes) -> None:
    key = base64.b64decode(C_KEY + "=")
    plain = b"r" * 16 + b"\0\0\0\0" + b"o"
    plain += b"o" * (-(len(plain) + len(pad)) % 16) + pad
    seal = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    with pytest.raises(BadRequest):
        crypto.Callback("t", C_KEY, ["o"]).decrypt(base64.b64encode(seal.update(plain) + seal.finalize()).decode())


@pytest.mark.parametrize("key", [C_KEY[:-1], C_KEY + "A", "é" * 43, "*" * 43])
def test_wrong_keys_are_configuration_errors(key: str) -> None:
    with pytest.raises(Misconfigured):
        crypto.Callback("t", key, ["o"])


def test_success_reply_opens_again() -> None:
    box = crypto.Callback("t", C_KEY, ["o"])
    reply = box.success()
    assert box.open(reply["msg_signature"], reply["timeStamp"], reply["nonce"], reply["encrypt"]) == (b"success", "o")


def test_hmac_vectors_and_skew(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        crypto.timestamp_signature("testappSecret", "1546084445901") == "HCbG3xNE3vzhO+u7qCUL1jS5hsu2n5r2cFhnTrtyDAE="
    )
    sign = crypto.robot_signature("this is a secret", "1577262236757")
    assert sign == "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="
    assert crypto.robot_signature("this is secret", "1577262236757") == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(1577262236 + 3599, UTC))
    crypto.check(crypto.robot_signature, "this is a secret", "1577262236757", sign)
    for secret, given in (("other", sign), ("", sign), ("this is a secret", sign.replace("q", " "))):
        with pytest.raises(BadRequest):
            crypto.check(crypto.robot_signature, secret, "1577262236757", given)
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(1577262236 + 3602, UTC))
    with pytest.raises(BadRequest) as caught:
        crypto.check(crypto.robot_signature, "this is a secret", "1577262236757", sign)
    assert caught.value.status == 401
