from __future__ import annotations

import socket
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests

from adapters.sandbox import envelope
from adapters.sandbox.app import start
from bot.errors import Misconfigured
from bot.rehearsal import until
from tests.sandbox.conftest import SETTINGS, Client


def test_refuses_production() -> None:
    with pytest.raises(Misconfigured):
        start(SimpleNamespace(**{**SETTINGS, "environment": "production"}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "owner", "seed", "message", "encrypted"),
    [
        ("1234567890123456789012345678901234567890123", "dingsnotzck6pm5veliw", "dICkEDLj0eb6yAbc", "success",
         "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="),
        ("aaabWe22zMdfpVVF6kFsZ9E4ODL1wjjykB5ifzjLzzz", "dingn4jxcg1w9jy9exxx", "3S3b6Df7yFcbCqE2", "中文测试",
         "cKVPF3fvpb646ZnKPbYn/bhwggCKWyF+4H4aqPLqmhD1wT7TKRRjHaRJs9/KcAK2oiiCeYS6FV30KJQoKDFmqg=="),
    ],
)  # fmt: skip
def test_published_vectors(key: str, owner: str, seed: str, message: str, encrypted: str) -> None:
    assert envelope.encrypt(key, owner, message.encode(), seed.encode()) == encrypted
    assert envelope.decrypt(key, owner, encrypted).decode() == message
    with pytest.raises(envelope.BadEnvelope):
        envelope.decrypt(key, owner + "x", encrypted)


def test_published_signature() -> None:
    assert envelope.hmac_base64("testappSecret", "1546084445901") == "HCbG3xNE3vzhO+u7qCUL1jS5hsu2n5r2cFhnTrtyDAE="


def test_clock_people_and_reset(client: Client) -> None:
    assert client.sandbox("clock", at="2030-01-01T08:00:00")["now"].startswith("2030-01-01T08:00:0")
    assert client.sandbox("clock", advance=900)["now"].startswith("2030-01-01T08:15:0")
    client.sandbox("people", people=[{"id": "a", "name": "甲", "platform": "wecom"}])
    assert [each["id"] for each in client.sandbox("people", "GET")] == ["a"]
    client.sandbox("reset")
    assert len(client.sandbox("people", "GET")) == 8


def test_bad_requests_are_named(client: Client) -> None:
    assert "expired_token" in client.sandbox("faults", kind="x")["message"]
    assert client.sandbox("punch", user="x")["error"] == "Not Found"
    assert client.sandbox("clock", at="soon")["error"] == "Bad Request"


def test_page_has_a_strict_policy_and_no_inline_code(client: Client) -> None:
    page = requests.get(client.base + "/", timeout=10)
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text and "onclick" not in page.text
    for name in ("sandbox.css", "sandbox.js", "words.js"):
        assert requests.get(f"{client.base}/static/{name}", timeout=10).ok and name in page.text


def test_a_call_is_open_until_it_is_done_however_long_that_takes(client: Client) -> None:
    def still_open() -> set[int]:
        return set(client.sandbox("calls", "GET")["open"])

    address = urlsplit(client.base)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5) as caller:
        caller.sendall(b"POST /cgi-bin/message/send HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
        first = still_open()
        until("only that call is open", lambda: len(first & still_open()) == 1)
        mine = first & still_open()
    until("that call is over", lambda: not mine & still_open())
    assert len(mine) == 1
