"""E-mail by SMTP (RFC 5321): one short connection per message, so that nothing is left hanging in a worker."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import SplitResult, unquote, urlsplit

from bot import clock
from bot.errors import PlatformError
from bot.ports import Channel, Sent, SharedStore
from config.settings import Settings

TIMEOUT = 10.0
"""Seconds for each step of the conversation."""
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Mail:
    """One server and one sender. The first line of a text is the subject, the rest the body."""

    name = "mail"

    def __init__(self, url: str, sender: str) -> None:
        self._url, self._sender = urlsplit(url), sender

    def send(self, to: str, text: str, key: str) -> Sent:
        """The message id is made of `key`, so that a repeated message is recognised as one by mail programs."""
        message_id = f"<{key}@{self._sender.rpartition('@')[2] or 'localhost'}>"
        try:
            message = self._message(to, text, message_id)
        except ValueError:  # a line feed in an address: never a header of its own
            raise PlatformError("mail.address", permanent=True) from None
        try:
            with _open(self._url) as server:
                if self._url.username:
                    server.login(unquote(self._url.username), unquote(self._url.password or ""))
                server.send_message(message)
        except smtplib.SMTPAuthenticationError as problem:
            raise PlatformError(f"smtp_{problem.smtp_code}", "检查 HUIZHI_SMTP_URL 的账号", alarm=True) from None
        except smtplib.SMTPRecipientsRefused as problem:
            code = min((code for code, _ in problem.recipients.values()), default=550)
            raise PlatformError(f"smtp_{code}", "mail", permanent=code >= 500, retry_after=60) from None
        except smtplib.SMTPResponseException as problem:
            permanent = problem.smtp_code >= 500
            raise PlatformError(f"smtp_{problem.smtp_code}", "mail", permanent=permanent, retry_after=60) from None
        except (smtplib.SMTPException, OSError) as problem:
            raise PlatformError("network", f"mail: {type(problem).__name__}", retry_after=30) from None
        return Sent(message_id, raw={"message_id": message_id})

    def _message(self, to: str, text: str, message_id: str) -> EmailMessage:
        subject, _, body = text.partition("\n")
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Message-ID"], message["Date"] = message_id, formatdate(clock.now().timestamp())
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body or subject)
        return message


def _open(url: SplitResult) -> smtplib.SMTP:
    host, port = url.hostname or "localhost", url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    if url.scheme == "smtp+starttls":
        try:
            server.starttls()
        except BaseException:
            server.close()
            raise
    return server


def build(settings: Settings, store: SharedStore) -> Channel | None:
    """None when HUIZHI_SMTP_URL is empty."""
    return Mail(settings.smtp_url, settings.smtp_from) if settings.smtp_url else None
