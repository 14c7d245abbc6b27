"""A stand-in for a mail server: SMTP on a port of its own, mails shown on phones, RFC 3464 reports posted back.

An address that belongs to nobody is taken and bounces later, as most servers do.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Blueprint

from adapters.sandbox import letters
from adapters.sandbox.aside import Aside
from adapters.sandbox.state import Letter, World
from adapters.sandbox.vendor import Courier, Parcel

if TYPE_CHECKING:
    from config.settings import Settings

NAME: Final = "mail"
WHERE = "/mail/send"
LIMIT = 5 << 20
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>(.*)", re.IGNORECASE)


class Sink(socketserver.ThreadingTCPServer):
    """Takes any mail; what it does with it is `Post`'s matter."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, address: tuple[str, int], post: Post) -> None:
        super().__init__(address, _Talk)
        self.post = post


class _Talk(socketserver.StreamRequestHandler):
    """One conversation (RFC 5321, with DSN of RFC 3461)."""

    server: Sink

    def handle(self) -> None:
        self._say("220 sandbox")
        to = dict[str, str]()
        while line := self.rfile.readline(4096):
            word, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            match word.upper():
                case "EHLO" | "HELO":
                    self._say("250-sandbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN")
                case "RCPT" if found := _PATH.match(rest):
                    to[found[1]] = found[2].upper()
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go on" if to else "503 nobody to send it to")
                    if to:
                        self._take(self.server.post, to)
                        to = {}
                case "QUIT":
                    self._say("221 bye")
                    return
                case "MAIL" | "RSET" | "NOOP":
                    to = {}
                    self._say("250 ok")
                case _:
                    self._say("500 what?")

    def _take(self, post: Post, to: dict[str, str]) -> None:
        lines: list[bytes] = []
        for line in iter(self.rfile.readline, b""):
            if line.rstrip(b"\r\n") == b".":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        raw = b"".join(lines)
        if len(raw) > LIMIT:
            self._say("552 too long")
            return
        mail = message_from_bytes(raw, policy=policy.default)
        for address, options in to.items():
            post.deliver(address, mail, reported="SUCCESS" in options)
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class Post:
    """Lays mails on phones and reports."""

    def __init__(self, world: World, bot: Courier, secret: str) -> None:
        self.world, self._bot, self._secret = world, bot, secret

    def deliver(self, to: str, mail: EmailMessage, *, reported: bool) -> None:
        """A mail lost by a fault is neither shown nor reported."""
        person, where = letters.owner(self.world, NAME, to), f"{WHERE} {to}"
        number = str(mail.get("Message-ID", ""))
        shown = {"to": to, "subject": str(mail.get("Subject", "")), "message_id": number}
        self.world.log({"direction": "api", "vendor": NAME, "method": "SMTP", "path": WHERE, "request": shown,
                        "status": 200, "response": "250 taken"})  # fmt: skip
        reached = [person] if person else []
        failed = not reached or bool(self.world.hit("invalid_user", where, reached))
        if not failed and self.world.hit("drop_silently", where, reached):
            return
        if person and not failed:
            body = mail.get_body(("plain", "html"))
            text = body.get_content().replace("\r\n", "\n").strip() if body else ""
            letters.lay(self.world, person, Letter(number, NAME, to, shown["subject"], text, self.world.now()))
        if self._secret and (failed or reported):
            letters.later(lambda: self.report(to, number, failed=failed))

    def report(self, to: str, number: str, *, failed: bool) -> None:
        """The report as a mail server writes it, signed for the bot's door."""
        now = self.world.now().timestamp()
        body, stamp = report(to, number, now, failed=failed), str(int(now))
        mark = hmac.new(self._secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"X-Huizhi-Timestamp": stamp, "X-Huizhi-Signature": mark, "Content-Type": "message/rfc822"}
        shown = {"report": "failed" if failed else "delivered", "message_id": number}
        parcel = Parcel(self._bot.url + "/channels/mail/report", {}, headers, body, shown)
        self._bot.deliver(NAME, number, lambda: self._bot.post(NAME, parcel))


def report(to: str, number: str, now: float, *, failed: bool) -> bytes:
    """multipart/report with its three parts (RFC 3464, 2.1)."""
    action, status = ("failed", "5.1.1") if failed else ("delivered", "2.0.0")
    lines = (
        "From: mailer-daemon@sandbox.example",
        "To: hr@example.cn",
        f"Date: {formatdate(now)}",
        "Subject: Delivery Status Notification",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
        *("", "--part", "Content-Type: text/plain; charset=utf-8", "", "This is an automatic report."),
        *("", "--part", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; sandbox.example", ""),
        *(f"Final-Recipient: rfc822; {to}", f"Action: {action}", f"Status: {status}"),
        *("", "--part", "Content-Type: text/rfc822-headers", "", f"Message-ID: {number}", "", "--part--", ""),
    )
    return "\r\n".join(lines).encode()


def build(settings: Settings, world: World, bot: Courier) -> Aside:
    """Listens where HUIZHI_SMTP_URL points on this machine, else on any free port."""
    post, running = Post(world, bot, getattr(settings, "mail_report_secret", "")), list[Sink]()
    url = urlsplit(getattr(settings, "smtp_url", ""))
    port = (url.port or 0) if url.hostname in ("127.0.0.1", "localhost") else 0

    def begin() -> str:
        sink = Sink(("127.0.0.1", port), post)
        running.append(sink)
        threading.Thread(target=sink.serve_forever, args=(0.05,), name="sandbox-mail", daemon=True).start()
        return f"smtp://127.0.0.1:{sink.server_address[1]}"

    def end() -> None:
        for sink in running:
            sink.shutdown()
            sink.server_close()

    return Aside(NAME, Blueprint("mail", __name__), ("/mail/",), begin, end)
