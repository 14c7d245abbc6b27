"""E-mail into a small SMTP server on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from adapters.mail.channel import Mail, build
from bot.errors import PlatformError
from config.settings import SettingsError, load, sandbox_env
from tests.adapters.wecom.fake import Store


@dataclass
class Sink:
    """Speaks as much SMTP as a client needs. `refuse`: command -> the answer instead of the usual one."""

    server: socket.socket
    refuse: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines: object) -> None:
        connection.sendall(b"220 sink\r\n")
        for line in lines:  # type: ignore[attr-defined]
            word = line.decode().split(" ", 1)[0].split(":", 1)[0].strip().upper()
            if word == "DATA":
                connection.sendall(b"354 go\r\n")
                body = b"".join(iter(lambda: next(lines), b".\r\n"))  # type: ignore[call-overload]
                mail = message_from_bytes(body, policy=policy.default)
                assert isinstance(mail, EmailMessage)
                self.mails.append(mail)
            usual = {"EHLO": "250-sink\r\n250 AUTH PLAIN", "AUTH": "235 in", "QUIT": "221 bye"}.get(word, "250 ok")
            connection.sendall(f"{self.refuse.get(word, usual)}\r\n".encode())
            if word == "QUIT":
                return


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = socket.create_server(("127.0.0.1", 0))
    found = Sink(server)
    thread = threading.Thread(target=found.serve, daemon=True)
    thread.start()
    yield found
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_the_first_line_is_the_subject_and_the_key_the_message_id(sink: Sink) -> None:
    sent = Mail(sink.url, "hr@example.cn").send("zhang@example.cn", "周末好\n看到请报平安", "row1")
    mail = sink.mails[0]
    assert sent.message_id == mail["Message-ID"] == "<row1@example.cn>"
    assert (mail["From"], mail["To"], mail["Subject"]) == ("hr@example.cn", "zhang@example.cn", "周末好")
    assert mail.get_content().strip() == "看到请报平安"


def test_a_user_signs_in(sink: Sink) -> None:
    url = sink.url.replace("smtp://", "smtp://user:p%40ss@")
    Mail(url, "hr@example.cn").send("zhang@example.cn", "x", "k")
    sink.refuse["AUTH"] = "535 no"
    with pytest.raises(PlatformError, match="smtp_535") as found:
        Mail(url, "hr@example.cn").send("zhang@example.cn", "x", "k")
    assert found.value.alarm and "p@ss" not in str(found.value)


@pytest.mark.parametrize(
    ("word", "answer", "permanent"),
    [("RCPT", "550 unknown", True), ("RCPT", "450 later", False), ("DATA", "552 full", True), ("MAIL", "451 x", False)],
)
def test_refusals(sink: Sink, word: str, answer: str, permanent: bool) -> None:
    sink.refuse[word] = answer
    with pytest.raises(PlatformError) as found:
        Mail(sink.url, "hr@example.cn").send("zhang@example.cn", "x", "k")
    assert found.value.permanent == permanent


@pytest.mark.parametrize("to", ["a@b.cn\nBcc: c@d.cn", "a@b.cn\r\nX: y"])
def test_an_address_never_becomes_a_header(sink: Sink, to: str) -> None:
    with pytest.raises(PlatformError, match=r"mail\.address"):
        Mail(sink.url, "hr@example.cn").send(to, "x", "k")
    assert sink.mails == []


def test_nobody_there_and_no_encryption_there(sink: Sink) -> None:
    for url in ("smtp://127.0.0.1:9", sink.url.replace("smtp:", "smtp+starttls:")):
        with pytest.raises(PlatformError, match="network") as found:
            Mail(url, "hr@example.cn").send("zhang@example.cn", "x", "k")
        assert not found.value.permanent
    assert sink.mails == []


def test_settings() -> None:
    env = sandbox_env("http://127.0.0.1:1")
    assert build(load(env), Store()) is None
    with pytest.raises(SettingsError, match="HUIZHI_SMTP_FROM"):
        load(env | {"HUIZHI_SMTP_URL": "smtp://mail.example.cn"})
    with pytest.raises(SettingsError, match="HUIZHI_SMTP_URL"):
        load(env | {"HUIZHI_SMTP_URL": "mail.example.cn", "HUIZHI_SMTP_FROM": "a@b.cn"})
    found = load(env | {"HUIZHI_SMTP_URL": "smtp://mail.example.cn", "HUIZHI_SMTP_FROM": "a@b.cn"})
    assert build(found, Store()) is not None
