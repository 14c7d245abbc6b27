"""Whose browser it is: a phone opens a link, and the vendor's sign-in page finds out which phone that was."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from flask import Response, make_response, redirect, render_template, request

from adapters.sandbox.state import Json, Person, World

if TYPE_CHECKING:
    from config.settings import Settings

COOKIE, COOKIE_SECONDS = "sandbox_phone", 120
LIFE = timedelta(minutes=5)
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
State = Literal["good", "unknown", "used", "expired"]


def open_as(person: Person, url: str, *, fresh: bool) -> Response:
    """Sends the browser on to `url` as this phone, for two minutes.

    Cookies know no ports, so the bot's own session arrives here too: another phone must not inherit it, hence `fresh`.
    Not in the middle of a sign-in, which the bot ties to its browser by a cookie.
    """
    reply = make_response(redirect(url, 302))
    name = quote(f"{person.platform}:{person.id}")
    if fresh and request.cookies.get(COOKIE) != name:
        for cookie in request.cookies:
            if "huizhi" in cookie.lower():
                reply.delete_cookie(cookie)
    reply.set_cookie(COOKIE, name, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax")
    reply.headers["Referrer-Policy"] = "no-referrer"
    return reply


def phone(world: World, platform: str) -> Person | None:
    """The phone that opened the link, when it is one of this platform."""
    where, _, user = unquote(request.cookies.get(COOKIE, "")).partition(":")
    return world.find(user, platform) if where == platform else None


def ask(world: World, platform: str) -> Response:
    """The page that asks who is there, when nobody opened the link on a phone."""
    people = [
        {"name": each.name, "role": each.role, "department": each.department, "href": _as(each)}
        for each in world.on(platform)
    ]
    return _page(render_template("who.html", people=people, platform=platform), 200)


def refuse(platform: str, code: int | str, text: str, advice: str) -> Response:
    """The vendor's own error page."""
    return _page(render_template("refused.html", platform=platform, code=code, text=text, advice=advice), 400)


def _page(html: str, status: int) -> Response:
    return Response(
        html, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}, mimetype="text/html"
    )


def _as(person: Person) -> str:
    named = {"phone": f"{person.platform}:{person.id}", "url": request.url, "keep": "1"}
    return "/_sandbox/open?" + urlencode(named)


def come_back(world: World, person: Person, url: str, query: dict[str, str]) -> Response:
    """On to the bot with a code; the wire shows the step without it."""
    parts = urlsplit(url)
    joined = "&".join(each for each in (parts.query, urlencode(query)) if each)
    world.log(
        {
            "direction": "browser",
            "vendor": person.platform,
            "method": "GET",
            "path": request.path,
            "request": {"phone": person.id, "redirect_uri": url},
            "status": 302,
            "response": dict.fromkeys(query, "…"),
        }
    )
    return make_response(redirect(urlunsplit((parts.scheme, parts.netloc, parts.path, joined, "")), 302))


def trusted(settings: Settings, bot_url: str, url: str) -> bool:
    """Whether `url` lies on the one domain, port included, that the app is configured with: the bot's public one."""
    parts = urlsplit(url)
    known = {urlsplit(each).netloc for each in (bot_url, getattr(settings, "public_url", "")) if each}
    return parts.scheme in ("http", "https") and parts.netloc in known


def mint(world: World, person: Person, kind: str) -> str:
    """A single-use code of five minutes. `kind`: "client" (fetched inside the app) or "browser" (a redirect)."""
    code = secrets.token_urlsafe(32)
    record = {"user": person.id, "platform": person.platform, "kind": kind, "until": world.now() + LIFE, "used": False}
    world.store("codes")[code] = record
    return code


def redeem(world: World, platform: str, kinds: tuple[str, ...], code: object) -> tuple[State, str]:
    """("good", user id) exactly once."""
    with world.lock:
        found: Json | None = world.store("codes").get(str(code))
        if found is None or found["platform"] != platform or found["kind"] not in kinds:
            return "unknown", ""
        if found["used"]:
            return "used", ""
        if found["until"] <= world.now():
            return "expired", ""
        found["used"] = True
        return "good", str(found["user"])
