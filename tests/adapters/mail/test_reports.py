"""Bounces: out of a mailbox by IMAP, over a signed webhook, and what a report may say."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, strategies as st

from adapters.mail.channel import Mail
from adapters.mail.reports import events
from bot import clock
from bot.delivery.channels import REPORT
from bot.errors import BadRequest, PlatformError
from bot.event import Event
from bot.ports import Reported, WireRequest
from bot.ports.reports import Collecting

SECRET = "report-secret-of-at-least-32-letters"
OURS = "<row1@example.cn>"
DOMAIN = "example.cn"


def report(action: str = "failed", *, original: str = OURS, headers: bool = True, envelope: str = "") -> bytes:
    lines = [
        "From: MAILER-DAEMON@mx.example.com", "To: hr@example.cn", "Date: Fri, 12 Jun 2026 09:00:00 +0800",
        "Subject: Undelivered Mail Returned to Sender", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "", "--b",
        "Content-Type: text/plain", "", "Sorry.", "--b", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.example.com",
        *([f"Original-Envelope-Id: {envelope}"] if envelope else []), "",
        "Final-Recipient: rfc822; zhang@example.com", f"Action: {action}", "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 unknown user", "", "--b",
        "Content-Type: text/rfc822-headers" if headers else "Content-Type: message/rfc822", "",
        f"Message-ID: {original}", "Subject: x", "", "--b--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_a_bounce_names_the_mail_the_state_and_the_code() -> None:
    (event,) = events(report(), DOMAIN)
    assert (event.platform, event.action, event.actor) == ("mail", REPORT, "")
    assert event.data == {
        "message_id": OURS, "state": "failed", "code": "5.1.1", "reason": "smtp; 550 5.1.1 unknown user",
    }  # fmt: skip
    assert event.at == datetime(2026, 6, 12, 1, tzinfo=UTC)
    assert events(report(headers=False), DOMAIN)[0].data["message_id"] == OURS
    assert events(report(), DOMAIN)[0].id == event.id, "the same report is one event"


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded"])
def test_a_mail_that_went_on_somewhere_is_not_delivered(action: str) -> None:
    assert [event.data["state"] for event in events(report(action), DOMAIN)] == [action]
    assert events(report("delivered"), DOMAIN)[0].data["state"] == "delivered"
    assert events(report("opened"), DOMAIN) == ()


def test_ours_are_known_by_their_domain_and_by_the_envelope() -> None:
    assert events(report(original="<row1@example.cn.evil.example>"), DOMAIN) == ()
    assert events(report(original="<x@other.example>"), DOMAIN) == ()
    found = events(report(original="<x@other.example>", envelope="row9"), DOMAIN)
    assert found[0].data["message_id"] == "<row9@example.cn>"
    plain = EmailMessage()
    plain["References"], plain["Subject"] = OURS, "Re: 通知"
    plain.set_content("收到")
    assert events(plain.as_bytes(), DOMAIN) == (), "an answer is no report"


@given(st.binary(max_size=400))
def test_no_mail_breaks_the_reader(noise: bytes) -> None:
    head, tail = report()[:500], report()[500:]
    for raw in (noise, head + noise, head + noise + tail):
        assert all(event.data["message_id"] == OURS for event in events(raw, DOMAIN))


class Mailbox(socketserver.StreamRequestHandler):
    """As much IMAP4rev1 as is needed, with literals for whole messages."""

    server: Imap

    def handle(self) -> None:
        self.wfile.write(b"* OK IMAP4rev1 ready\r\n")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            for reply in self.server.answers(rest):
                self.wfile.write(reply + b"\r\n")
            refused = "LOGIN" in rest and "wrong" in rest
            self.wfile.write(f"{tag} {'NO' if refused else 'OK'} done\r\n".encode())
            if rest == "LOGOUT":
                return


class Imap(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, mails: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Mailbox)
        self.mails, self.seen, self.commands = mails, set[int](), list[str]()

    def answers(self, rest: str) -> list[bytes]:
        self.commands.append(rest)
        if rest.startswith("CAPABILITY"):
            return [b"* CAPABILITY IMAP4rev1"]
        if rest.startswith("SELECT"):
            return [f"* {len(self.mails)} EXISTS".encode()]
        if rest.startswith("UID SEARCH"):
            parsed = [message_from_bytes(mail, policy=policy.default) for mail in self.mails]
            found = [
                n for n, mail in enumerate(parsed, 1) if "report" in mail.get_content_type() and n not in self.seen
            ]
            return [f"* SEARCH {' '.join(map(str, found))}".encode()]
        if match := re.match(r"UID FETCH (\d+)", rest):
            raw = self.mails[int(match[1]) - 1]
            head = f"* {match[1]} FETCH (UID {match[1]} BODY[]<0> {{{len(raw)}}}\r\n".encode()
            return [head + raw + b")"]
        if match := re.match(r"UID STORE (\d+) \+FLAGS.SILENT \(\\Seen\)", rest):
            self.seen.add(int(match[1]))
        return []


@pytest.fixture
def imap() -> Iterator[Imap]:
    plain = b"Subject: hello\r\nContent-Type: text/plain\r\n\r\nhello"
    server = Imap([plain, report(), report("delivered"), report(original="<x@other.example>")])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def mail(imap: Imap | None, password: str = "p%40ss") -> Mail:
    box = f"imap://hr:{password}@127.0.0.1:{imap.server_address[1]}/INBOX" if imap else ""
    return Mail("smtp://127.0.0.1:9", "hr@example.cn", box, SECRET)


def test_the_mailbox_is_read_once_and_other_mail_is_left_alone(imap: Imap) -> None:
    heard: list[Event] = []
    channel = mail(imap)
    assert isinstance(channel, Collecting) and isinstance(channel, Reported)
    assert channel.collect(heard.append) == 2
    assert [event.data["state"] for event in heard] == ["failed", "delivered"]
    assert imap.seen == {2, 3, 4}, "a report about somebody else's mail is not read again either"
    assert any('LOGIN hr "p@ss"' in each for each in imap.commands)
    assert channel.collect(heard.append) == 0
    assert not isinstance(mail(None), Collecting), "without a mailbox nothing may look as if it was fetched"


def test_what_could_not_be_handed_over_stays_unread(imap: Imap) -> None:
    def dispatch(event: Event) -> None:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        mail(imap).collect(dispatch)
    assert imap.seen == set()


def test_a_mailbox_that_refuses_and_one_that_is_not_there(imap: Imap) -> None:
    with pytest.raises(PlatformError) as found:
        mail(imap, "wrong").collect(lambda event: None)
    assert found.value.alarm and "wrong" not in str(found.value)
    with pytest.raises(PlatformError, match="network"):
        Mail("smtp://127.0.0.1:9", "hr@example.cn", "imap://a:b@127.0.0.1:9/INBOX").collect(lambda event: None)


def post(body: bytes, kind: str = "application/json", *, age: int = 0, secret: str = SECRET) -> list[Event]:
    heard: list[Event] = []

    def dispatch(event: Event) -> None:
        heard.append(event)

    channel = Mail("smtp://127.0.0.1:9", "hr@example.cn", "", SECRET)
    stamp = str(int(clock.now().timestamp()) - age)
    mark = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"x-huizhi-timestamp": stamp, "x-huizhi-signature": mark, "content-type": kind}
    door = channel.doors()["POST", "/channels/mail/report"]
    assert door(WireRequest("POST", {}, headers, body), dispatch).status == 200
    return heard


def test_a_mail_service_posts_a_bounce_or_json() -> None:
    assert post(report(), "message/rfc822")[0].data["state"] == "failed"
    rows = [{"message_id": OURS, "state": "bounce", "code": 550, "at": "2026-06-12T09:00:00+08:00"},
            {"message_id": OURS, "state": "delivered"}, {"message_id": OURS, "state": "Opened"}]  # fmt: skip
    heard = post(json.dumps(rows).encode())
    assert [event.data["state"] for event in heard] == ["failed", "delivered", "opened"]
    assert heard[0].at == datetime(2026, 6, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "how", "status"),
    [
        (b"{}", {"secret": "somebody else's secret, long enough"}, 403),
        (b"{}", {"age": 400}, 403),
        (b"x", {}, 400),
        (b"[1]", {}, 400),
        (json.dumps({"message_id": "<a@other.example>", "state": "delivered"}).encode(), {}, 400),
    ],
)
def test_a_strangers_or_senseless_report_is_refused(body: bytes, how: dict[str, object], status: int) -> None:
    with pytest.raises(BadRequest) as found:
        post(body, **how)  # type: ignore[arg-type]
    assert found.value.status == status


def test_reports_are_refused_while_no_secret_is_set() -> None:
    channel = Mail("smtp://127.0.0.1:9", "hr@example.cn")
    with pytest.raises(BadRequest):
        channel.report(WireRequest("POST", {}, {"x-huizhi-timestamp": "1"}, b""), lambda event: None)
