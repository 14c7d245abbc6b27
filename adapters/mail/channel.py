"""E-mail by SMTP (RFC 5321): one short connection per message, so that nothing is left hanging in a worker.

Where the server can (RFC 3461), it is asked to report success as well as failure. Reports come back to the sender's
mailbox, read by IMAP, or to a signed webhook. A server that took a mail has said nothing about its arrival.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.mail import reports
from adapters.mail.bounces import Bounces
from bot import clock
from bot.errors import PlatformError
from bot.ports import Channel, Dispatch, Door, Sent, SharedStore, WireReply, WireRequest
from config.settings import Settings

TIMEOUT = 10.0
"""Seconds for each step of the conversation."""
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_PLAIN = re.compile(r"[0-9A-Za-z-]{1,100}")
"""Keys that can be an envelope id as they are (RFC 3461 wants everything else encoded)."""


class Mail:
    """One server and one sender. The first line of a text is the subject, the rest the body."""

    name = "mail"
    collect: Callable[[Dispatch], int]
    """See bot.ports.reports.Collecting; only there when a mailbox is named, or nothing would look as if fetched."""

    def __init__(self, url: str, sender: str, mailbox: str = "", report_secret: str = "") -> None:
        self._url, self._sender, self._secret = urlsplit(url), sender, report_secret
        self._domain = sender.rpartition("@")[2] or "localhost"
        if mailbox:
            self.collect = Bounces(mailbox, self._domain).collect

    def send(self, to: str, text: str, key: str) -> Sent:
        """The message id is made of `key`, so that a repeated message is recognised as one by mail programs."""
        message_id = f"<{key}@{self._domain}>"
        try:
            message = self._message(to, text, message_id)
        except ValueError:  # a line feed in an address: never a header of its own
            raise PlatformError("mail.address", permanent=True) from None
        try:
            with _open(self._url) as server:
                if self._url.username:
                    server.login(unquote(self._url.username), unquote(self._url.password or ""))
                envelope, receipt = _reporting(server, key)
                server.send_message(message, mail_options=envelope, rcpt_options=receipt)
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

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """Where a mail service posts bounces and deliveries: see reports.door."""
        return {("POST", "/channels/mail/report"): self.report}

    def report(self, request: WireRequest, dispatch: Dispatch) -> WireReply:
        """See reports.door; refused while HUIZHI_MAIL_REPORT_SECRET is empty."""
        return reports.door(self._secret, self._domain, request, dispatch)

    def _message(self, to: str, text: str, message_id: str) -> EmailMessage:
        subject, _, body = text.partition("\n")
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Message-ID"], message["Date"] = message_id, formatdate(clock.now().timestamp())
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body or subject)
        return message


def _reporting(server: smtplib.SMTP, key: str) -> tuple[list[str], list[str]]:
    """Options of RFC 3461 where the server offers them: report success and failure, return the headers only."""
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("dsn"):
        return [], []
    envelope = [f"ENVID={key}"] if _PLAIN.fullmatch(key) else []
    return ["RET=HDRS", *envelope], ["NOTIFY=SUCCESS,FAILURE,DELAY"]


def _open(url: SplitResult) -> smtplib.SMTP:
    host, port = url.hostname or "localhost", url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    if url.scheme == "smtp+starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def build(settings: Settings, store: SharedStore) -> Channel | None:
    """None when HUIZHI_SMTP_URL is empty."""
    if not settings.smtp_url:
        return None
    return Mail(settings.smtp_url, settings.smtp_from, settings.imap_url, settings.mail_report_secret)
