"""What every page does before and after: headers, the form's secret, limits, language."""

from __future__ import annotations

import hmac
import ipaddress

from flask import Request, Response

from bot.ports import SharedStore
from bot.web.words import LANGS, Lang

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
LANG_COOKIE = "huizhi_lang"
MINUTE = 60.0
PER_PERSON, PER_BROWSER_SIGN_IN = 60, 10
# A whole office may share one address, and on payday all of it looks at the same time.
PER_ADDRESS, PER_ADDRESS_SIGN_IN = 1200, 300


def harden(response: Response, *, long: bool = False) -> Response:
    """Set the page headers; `long`: a file that carries its version in its address."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    if long:
        response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def address(request: Request) -> str:
    """The caller's address. A proxy on a private address is believed about the last hop it names, nobody else is."""
    peer = request.remote_addr or ""
    named = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    try:
        behind_proxy = ipaddress.ip_address(peer).is_private
        return str(ipaddress.ip_address(named)) if behind_proxy and named else peer
    except ValueError:
        return peer


def too_many(store: SharedStore, kind: str, who: str, most: int) -> bool:
    """Count one more of `kind` by `who`; True when it is over `most` a minute."""
    return store.count(f"rate:{kind}:{who}", MINUTE) > most


def same_secret(given: str, known: str) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return bool(known) and hmac.compare_digest(given.encode(), known.encode())


def language(request: Request) -> Lang:
    """`?lang=`, else the remembered choice, else what the browser prefers, else Chinese."""
    for choice in (request.args.get("lang"), request.cookies.get(LANG_COOKIE)):
        for lang in LANGS:
            if choice == lang:
                return lang
    best = request.accept_languages.best_match(["zh-CN", "zh", "zh-TW", "zh-HK", "en", "en-US", "en-GB"], "zh")
    return "en" if best.startswith("en") else "zh"


def remember_language(request: Request, response: Response) -> None:
    """Keep an explicit choice for a year."""
    if (choice := request.args.get("lang")) in LANGS:
        response.set_cookie(LANG_COOKIE, str(choice), max_age=365 * 86400, samesite="Lax", secure=request.is_secure)
