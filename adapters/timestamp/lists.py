"""Revocation lists over plain HTTP (RFC 5280, 4.2.1.13): one GET of an address that a checked certificate names."""

from __future__ import annotations

import time

import requests

from bot.errors import PlatformError

TIMEOUT = (3.05, 10.0)
"""Seconds to connect, seconds between two reads."""
WHOLE = 20.0
MAX_BYTES = 1_000_000
CHUNK = 16_384


def fetch(url: str) -> bytes:
    """What lies there, unchecked: the caller looks at the signature. PlatformError when it cannot be had.

    Only http and https, no redirect, at most `MAX_BYTES` and `WHOLE` seconds.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise PlatformError("scheme", "revocation list: not http")
    until, body = time.monotonic() + WHOLE, bytearray()
    try:
        with requests.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as reply:
            if reply.status_code != 200:
                raise PlatformError(f"http_{reply.status_code}", "revocation list")
            for chunk in reply.iter_content(CHUNK):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise PlatformError("too_long", f"revocation list: over {MAX_BYTES} bytes")
                if time.monotonic() > until:
                    raise PlatformError("slow", f"revocation list: not whole after {WHOLE:.0f} s")
    except requests.RequestException as problem:
        raise PlatformError("network", f"revocation list: {type(problem).__name__}") from None
    return bytes(body)
