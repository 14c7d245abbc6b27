"""Errors named by what the caller should do."""

from __future__ import annotations


class BotError(Exception):
    """Base of everything raised on purpose."""


class Refused(BotError):
    """Said to the person as a polite card: `str(error)` is in their language and says what to do."""


class BadRequest(BotError):
    """An inbound request that failed verification or parsing; `status` is the HTTP answer the vendor expects."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class PlatformError(BotError):
    """A vendor call failed. `permanent`: give up for this person; `retry_after` seconds otherwise.

    `alarm`: an administrator must act (configuration, permission, quota), retrying will not help by itself.
    """

    def __init__(
        self, code: str, hint: str = "", *, permanent: bool = False, retry_after: float = 5.0, alarm: bool = False
    ) -> None:
        super().__init__(f"{code}: {hint}" if hint else code)
        self.code, self.hint, self.permanent, self.retry_after, self.alarm = code, hint, permanent, retry_after, alarm


class Misconfigured(BotError):
    """A setting is missing or wrong; the text lists every problem at once."""
