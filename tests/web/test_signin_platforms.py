"""Both platforms as ways to sign in, against their sign-in calls on a loopback port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

import adapters.dingtalk
import adapters.wecom
from bot.errors import PlatformError
from bot.ports import SignIn
from bot.store import RedisStore
from config.settings import load, sandbox_env
from tests.world import Firm

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Vendor:
    """Both vendors' sign-in calls as their documents describe them; codes work once."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], dict[str, Any]]] = []
        self.codes = {"wx-code": "zhang", "auth-code": "union-zhang", "client-code": "zhang", "guest": "union-guest"}
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                parts = urlsplit(self.path)
                head = {name.lower(): value for name, value in self.headers.items()}
                body = {**dict(parse_qsl(parts.query)), **json.loads(raw or b"{}")}
                vendor.seen.append((self.command, parts.path, head, body))
                status, value = vendor.answer(parts.path, head, body)
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str, head: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match path:
            case "/cgi-bin/gettoken":
                return 200, {"errcode": 0, "access_token": "app", "expires_in": 7200}
            case "/cgi-bin/auth/getuserinfo":
                user = self.codes.pop(body["code"], "")
                return 200, {"errcode": 0, "userid": user} if user else {"errcode": 40029, "errmsg": "invalid code"}
            case "/v1.0/oauth2/accessToken":
                return 200, {"accessToken": "app", "expireIn": 7200}
            case "/v1.0/oauth2/userAccessToken":
                union = self.codes.pop(body["code"], "")
                found = {"accessToken": f"user-of-{union}", "expireIn": 7200}
                return (200, found) if union else (400, {"code": "invalidParameter.authCode.notFound"})
            case "/v1.0/contact/users/me":
                return 200, {"unionId": head["x-acs-dingtalk-access-token"].removeprefix("user-of-"), "nick": "张"}
            case "/topapi/user/getbyunionid" if body["unionid"] == "union-zhang":
                return 200, {"errcode": 0, "result": {"contact_type": 0, "userid": "zhang"}}
            case "/topapi/v2/user/getuserinfo":
                return 200, {"errcode": 0, "result": {"userid": self.codes.pop(body["code"], "")}}
        return 200, {"errcode": 60121, "errmsg": "not found"}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    running = Vendor()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def real(firm: Firm, vendor: Vendor) -> dict[str, SignIn]:
    settings, store = load(sandbox_env(vendor.base)), RedisStore(firm.app.redis)
    found = {"wecom": adapters.wecom.build(settings, store), "dingtalk": adapters.dingtalk.build(settings, store)}
    return {name: each for name, each in found.items() if isinstance(each, SignIn)}


BACK = "https://hr.example.cn/in/back/x"


def test_wecom_sends_to_the_silent_authorisation_and_redeems_the_code(real: dict[str, SignIn], vendor: Vendor) -> None:
    url = urlsplit(real["wecom"].sign_in_url(BACK, "abc123"))
    assert (url.path, url.fragment) == ("/connect/oauth2/authorize", "wechat_redirect")
    assert f"{url.scheme}://{url.netloc}" == vendor.base
    query = dict(parse_qsl(url.query))
    assert (query["redirect_uri"], query["state"], query["scope"]) == (BACK, "abc123", "snsapi_base")
    assert real["wecom"].signed_in({"code": "wx-code", "state": "abc123"}) == "zhang"
    for args in ({"code": "wx-code"}, {"code": ""}, {}, {"code": "x" * 600}):
        with pytest.raises(PlatformError) as caught:
            real["wecom"].signed_in(args)
        assert caught.value.permanent


def test_dingtalk_goes_from_code_to_user_token_to_union_id_to_user(real: dict[str, SignIn], vendor: Vendor) -> None:
    url = urlsplit(real["dingtalk"].sign_in_url(BACK, "abc123"))
    assert (f"{url.scheme}://{url.netloc}", url.path) == (vendor.base, "/oauth2/auth")
    assert "scope=openid%20corpid" in url.query
    query = dict(parse_qsl(url.query))
    wanted = {"redirect_uri": BACK, "response_type": "code", "state": "abc123", "prompt": "consent"}
    assert wanted.items() <= query.items() and query["client_id"] and query["exclusiveLogin"] == "true"
    assert real["dingtalk"].signed_in({"authCode": "auth-code", "state": "abc123"}) == "zhang"
    steps = {path: (head, body) for _, path, head, body in vendor.seen}
    assert steps["/v1.0/oauth2/userAccessToken"][1]["grantType"] == "authorization_code"
    assert steps["/v1.0/contact/users/me"][0]["x-acs-dingtalk-access-token"] == "user-of-union-zhang"
    assert steps["/topapi/user/getbyunionid"][1]["access_token"] == "app"


def test_dingtalk_also_takes_the_code_of_its_own_client(real: dict[str, SignIn], vendor: Vendor) -> None:
    assert real["dingtalk"].signed_in({"code": "client-code"}) == "zhang"
    assert [path for _, path, _, _ in vendor.seen if "oauth2/user" in path] == []


@pytest.mark.parametrize(
    ("args", "code"),
    [({"authCode": "used"}, "invalidParameter.authCode.notFound"), ({"authCode": "guest"}, "not_member"), ({}, "40078"),
     ({"authCode": "x" * 600}, "40078"), ({"code": "used"}, "identity.missing")],
)  # fmt: skip
def test_dingtalk_refuses_used_codes_and_guests(real: dict[str, SignIn], args: dict[str, str], code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        real["dingtalk"].signed_in(args)
    assert (caught.value.code, caught.value.permanent, caught.value.alarm) == (code, True, False)


@pytest.mark.parametrize("name", ["wecom", "dingtalk"])
def test_a_state_that_the_vendor_would_mangle_is_refused(real: dict[str, SignIn], name: str) -> None:
    for state in ("", "a-b", "a b", "x" * 129):
        with pytest.raises(ValueError, match="state"):
            real[name].sign_in_url(BACK, state)
