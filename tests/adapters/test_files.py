"""Files that people send: announced by each platform's push, fetched from it within limits, and from nowhere else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import redis
import requests
from hypothesis import given, settings, strategies as st

from adapters import dingtalk, wecom
from adapters.dingtalk import files as ding
from adapters.dingtalk.events import to_events
from adapters.sandbox.app import Running, start
from adapters.wecom.client import taken
from adapters.wecom.files import name_of
from adapters.wecom.inbound import to_event
from bot import clock
from bot.errors import PlatformError
from bot.event import TEXT, UNKNOWN, Event
from bot.ports import Platform, WireRequest
from bot.ports.files import GONE, SENT, TOO_BIG, Files
from bot.store import RedisStore
from config.settings import SettingsError, load, sandbox_env

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
HOSTS = ("dingtalk.com", "aliyuncs.com")


class Office:
    """The sandbox, both real adapters, and what they heard."""

    def __init__(self, sandbox: Running, platforms: dict[str, Platform]) -> None:
        self.sandbox, self.platforms = sandbox, platforms
        self.heard: list[Event] = []

    def hand(self, user: str, kind: str, name: str, content: bytes) -> Event:
        form, file = {"user": user, "kind": kind}, {"file": (name, io.BytesIO(content))}
        reply = requests.post(f"{self.sandbox.url}/_sandbox/hand", data=form, files=file, timeout=10)
        assert reply.status_code == 200 and reply.json()["status"] == 200, reply.text
        return self.heard[-1]

    def fetch(self, event: Event, most: int = 1 << 20) -> Any:
        platform = self.platforms[event.platform]
        assert isinstance(platform, Files)
        return platform.fetch_file(event.data["file"], most)


@pytest.fixture
def office(redis_socket: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    from threading import Thread

    from flask import Flask, request
    from werkzeug.serving import make_server

    app = Flask("bot")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    sandbox = start(load(sandbox_env("http://127.0.0.1:1")), bot_url=f"http://127.0.0.1:{server.server_port}")
    settings = load(sandbox_env(sandbox.url))
    client = redis.Redis(unix_socket_path=str(redis_socket))
    client.flushall()
    store = RedisStore(client)
    found = Office(sandbox, {"wecom": wecom.build(settings, store), "dingtalk": dingtalk.build(settings, store)})
    doors = {at: door for platform in found.platforms.values() for at, door in platform.doors().items()}

    @app.post("/callbacks/<path:path>")
    def take(path: str) -> tuple[bytes, int]:
        heads = {name.lower(): value for name, value in request.headers.items()}
        wire = WireRequest("POST", request.args.to_dict(), heads, request.get_data())
        reply = doors["POST", f"/callbacks/{path}"](wire, lambda event: found.heard.append(event))
        return reply.body, reply.status

    yield found
    sandbox.stop()
    server.shutdown()
    thread.join()
    server.server_close()
    client.close()


@pytest.mark.parametrize("user", ["zhangsan", "sun"])
def test_what_somebody_sends_can_be_fetched_byte_for_byte(office: Office, user: str) -> None:
    for kind, name, content in (
        ("image", "a.png", PNG),
        ("voice", "b.amr", b"#!AMR\nhello"),
        ("file", "说明.pdf", b"%PDF-1"),
    ):
        event = office.hand(user, kind, name, content)
        assert (event.actor, event.action, event.data["kind"]) == (user, SENT, kind)
        assert office.fetch(event).content == content
    found = office.fetch(event)
    assert (found.name or event.data["name"]) == "说明.pdf"


@pytest.mark.parametrize("user", ["zhangsan", "sun"])
def test_more_than_wanted_is_thrown_away(office: Office, user: str) -> None:
    event = office.hand(user, "file", "big.pdf", b"%PDF-" + b"x" * 200_000)
    with pytest.raises(PlatformError) as refused:
        office.fetch(event, 100_000)
    assert refused.value.code == TOO_BIG and refused.value.permanent


@pytest.mark.parametrize("user", ["zhangsan", "sun"])
def test_what_is_too_old_is_gone(office: Office, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    event = office.hand(user, "image", "a.png", PNG)
    office.fetch(event)  # a token is there before the clock moves
    for each in office.sandbox.world.store("media").values():
        each["until"] = clock.now() - timedelta(seconds=1)
    with pytest.raises(PlatformError) as refused:
        office.fetch(event)
    assert refused.value.code == GONE and refused.value.permanent


def test_a_dead_token_is_renewed_once(office: Office) -> None:
    event = office.hand("zhangsan", "image", "a.png", PNG)
    office.fetch(event)
    office.sandbox.world.store("wecom.tokens").clear()
    assert office.fetch(event).content == PNG


def test_a_link_that_ran_out_is_asked_for_again(office: Office) -> None:
    event = office.hand("sun", "image", "a.png", PNG)
    office.sandbox.world.store("dingtalk.links")
    reply = office.platforms["dingtalk"].client.api(  # type: ignore[attr-defined]
        "POST", ding.PATH, {"downloadCode": event.data["file"], "robotCode": "dingsandboxclient01"}
    )
    links = office.sandbox.world.store("dingtalk.links")
    for key, (code, _) in list(links.items()):
        links[key] = (code, clock.now() - timedelta(seconds=1))
    with pytest.raises(PlatformError) as late:
        ding._read(reply["downloadUrl"], 1 << 20)
    assert late.value.code == "file.late" and not late.value.permanent
    assert office.fetch(event).content == PNG


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://down.dingtalk.com/a?b=c", "https://down.dingtalk.com/a?b=c"),
        ("http://x.oss-cn-zhangjiakou.aliyuncs.com/a", "https://x.oss-cn-zhangjiakou.aliyuncs.com/a"),
        ("https://DOWN.dingtalk.com:443/a", "https://down.dingtalk.com/a"),
        ("https://evil.example/a", ""),
        ("https://dingtalk.com.evil.example/a", ""),
        ("https://evildingtalk.com/a", ""),
        ("https://dingtalk.com@evil.example/a", ""),
        ("https://user:pw@down.dingtalk.com/a", ""),
        ("https://down.dingtalk.com:8443/a", ""),
        ("http://127.0.0.1/a", ""),
        ("http://169.254.169.254/latest/meta-data", ""),
        ("https://x.oss-cn-hangzhou-internal.aliyuncs.com/a", ""),
        ("file:///etc/passwd", ""),
        ("ftp://down.dingtalk.com/a", ""),
        ("https://[::1]/a", ""),
        ("https://down.dingtalk.com:port/a", ""),
        ("", ""),
    ],
)
def test_only_the_vendors_own_places_are_asked(url: str, asked: str) -> None:
    assert ding.allowed(url, HOSTS) == asked


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_written_address_leads_elsewhere(text: str) -> None:
    from urllib.parse import urlsplit

    if found := ding.allowed(f"https://{text}", HOSTS):
        host = urlsplit(found).hostname or ""
        assert found.startswith("https://") and host.rstrip(".").endswith(HOSTS)


def test_an_address_elsewhere_is_an_alarm_and_nothing_is_asked_there() -> None:
    client = SimpleNamespace(api=lambda *_: {"downloadUrl": "http://127.0.0.1:9/secret"})
    with pytest.raises(PlatformError) as refused:
        ding.fetch(client, "robot", "code", 10, HOSTS)
    assert refused.value.code == ding.ELSEWHERE and refused.value.alarm and "secret" not in str(refused.value)


def test_a_redirect_is_not_followed() -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/secret")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/x"
    for ask in (lambda: ding._read(url, 10), lambda: taken(requests.Session(), url, {}, 10)):
        with pytest.raises(PlatformError, match="http_302"):
            ask()
    server.shutdown()
    server.server_close()


def robot(**more: Any) -> dict[str, Any]:
    return {"msgId": "m1", "senderStaffId": "sun", "conversationType": "1", "createAt": 1_700_000_000_000, **more}


def test_a_rich_text_is_its_words_and_its_pictures() -> None:
    parts = [{"text": "请看"}, {"downloadCode": "c1", "type": "picture"}, {"text": "谢谢"}, {"type": "picture"}]
    found = to_events("robot", robot(msgtype="richText", content={"richText": parts}), {})
    assert [(each.id, each.action) for each in found] == [("m1", TEXT), ("m1~1", SENT)]
    assert found[0].data["text"] == "请看\n谢谢" and found[1].data["file"] == "c1"


@pytest.mark.parametrize(
    "message",
    [
        robot(msgtype="picture", content={"downloadCode": "c"}, conversationType="2"),
        robot(msgtype="picture", content={}),
        robot(msgtype="picture", content={"downloadCode": "c"}, senderStaffId=""),
        robot(msgtype="file", content={"downloadCode": "c"}, errCode="20001"),
        robot(msgtype="unknownMsgType", content={"downloadCode": "c"}),
    ],
)
def test_a_group_and_what_has_no_code_is_not_ours_to_keep(message: dict[str, Any]) -> None:
    assert [each.action for each in to_events("robot", message, {})] == [UNKNOWN]


def test_a_message_of_wecom_without_its_media_is_not_a_file() -> None:
    xml = "<xml><FromUserName>zhang</FromUserName><MsgType>{}</MsgType><MediaId>{}</MediaId><MsgId>1</MsgId></xml>"
    assert to_event(xml.format("image", "").encode()).action == UNKNOWN
    assert to_event(xml.format("location", "x").encode()).action == UNKNOWN
    found = to_event(xml.format("shortvideo", "x").encode())
    assert (found.action, found.data["kind"], found.id) == (SENT, "video", "msg-1")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        ("attachment; filename=说明.pdf", "说明.pdf"),
        ("attachment; filename*=UTF-8''%E8%AF%B4%E6%98%8E.pdf", "说明.pdf"),
        ("attachment", ""),
    ],
)
def test_a_name_is_read_however_it_is_written(head: str, name: str) -> None:
    assert name_of(head) == name


@pytest.mark.parametrize("value", ["http://dingtalk.com", "127.0.0.1", "*.dingtalk.com", "dingtalk", "a.com,,b.com"])
def test_where_files_come_from_is_domains_and_nothing_else(value: str) -> None:
    with pytest.raises(SettingsError, match="DINGTALK_FILE_HOSTS"):
        load(sandbox_env("http://127.0.0.1:1") | {"DINGTALK_FILE_HOSTS": value})
    hosts = {"DINGTALK_FILE_HOSTS": "Example.COM, down.example.cn"}
    assert load(sandbox_env("http://127.0.0.1:1") | hosts).dingtalk_file_hosts == ("example.com", "down.example.cn")
