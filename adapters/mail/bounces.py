"""Bounces read out of the sender's mailbox by IMAP (RFC 3501). Only reports are touched: they become read."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.mail.reports import LIMIT, events
from bot.errors import PlatformError
from bot.ports import Dispatch

TIMEOUT = 15.0
"""Seconds for each step of the conversation."""
PORTS = {"imap": 143, "imap+starttls": 143, "imaps": 993}
MOST = 200
"""Reports a run; the rest waits for the next one."""


class Bounces:
    """One mailbox: `imaps://user:password@host/INBOX`."""

    def __init__(self, url: str, domain: str) -> None:
        self._url, self._domain = urlsplit(url), domain

    def collect(self, dispatch: Dispatch) -> int:
        """See bot.ports.reports.Collecting. A report is marked as read once it was handed over, so that a crash in
        between hands it over again, which changes nothing. PlatformError when the mailbox cannot be opened."""
        count = 0
        try:
            with _mailbox(self._url) as box:
                _, found = box.uid("SEARCH", "UNSEEN", "HEADER", "Content-Type", "report")
                for number in (found[0] or b"").split()[:MOST]:
                    count += self._one(box, number.decode("ascii", "replace"), dispatch)
        except imaplib.IMAP4.error as problem:
            raise PlatformError("imap", f"邮箱不接受：{type(problem).__name__}", retry_after=300, alarm=True) from None
        except OSError as problem:
            raise PlatformError("network", f"imap: {type(problem).__name__}", retry_after=60) from None
        return count

    def _one(self, box: imaplib.IMAP4, number: str, dispatch: Dispatch) -> int:
        _, parts = box.uid("FETCH", number, f"(BODY.PEEK[]<0.{LIMIT}>)")
        raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
        found = events(raw, self._domain)
        for event in found:
            dispatch(event)
        box.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)")
        return len(found)


@contextmanager
def _mailbox(url: SplitResult) -> Iterator[imaplib.IMAP4]:
    host, port = url.hostname or "localhost", url.port or PORTS[url.scheme]
    box: imaplib.IMAP4
    if url.scheme == "imaps":
        box = imaplib.IMAP4_SSL(host, port, timeout=TIMEOUT, ssl_context=ssl.create_default_context())
    else:
        box = imaplib.IMAP4(host, port, timeout=TIMEOUT)
    try:
        if url.scheme == "imap+starttls":
            box.starttls(ssl.create_default_context())
        box.login(unquote(url.username or ""), unquote(url.password or ""))
        box.select(unquote(url.path.strip("/")) or "INBOX")
        yield box
    finally:
        _leave(box)


def _leave(box: imaplib.IMAP4) -> None:
    try:
        box.logout()
    except (imaplib.IMAP4.error, OSError):  # it hung up first; there is nothing left to say goodbye to
        box.shutdown()
