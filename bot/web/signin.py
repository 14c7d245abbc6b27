"""Signing in with the platform's own account. We keep no passwords."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import string
from pathlib import Path
from urllib.parse import urlencode

import structlog
from flask import Response, g, make_response, redirect, request, send_from_directory

from bot import clock
from bot.errors import PlatformError
from bot.people import People, Person
from bot.ports import SignIn
from bot.web import security
from bot.web.links import mark, own_path
from bot.web.pages import Pages, Visit, draw, said

log = structlog.get_logger("huizhi.signin")
STATE_SECONDS = 300
_LETTERS = string.ascii_letters + string.digits
_STATIC = Path(__file__).parent / "static"


def register(pages: Pages) -> None:
    """`/in`, the way back from each platform, `/out` and the files pages are drawn with."""
    desk = Desk(pages)
    rule = pages.blueprint.add_url_rule
    rule("/in", "in", desk.enter, methods=["GET"])
    rule("/in/back/<platform>", "back", desk.back, methods=["GET"])
    rule("/static/<name>", "static", _file, methods=["GET"])
    pages.post("/out", desk.leave)


def ways(pages: Pages) -> dict[str, SignIn]:
    """Platforms that can say who somebody is."""
    return {name: each for name, each in pages.app.platforms.items() if isinstance(each, SignIn)}


class Desk:
    """The two halves of a sign-in. What they share is one row in the shared store and one cookie in the browser."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._app = pages, pages.app

    def enter(self) -> Response:
        """`?next=` a path of ours, `?p=` the platform, `?for=` whom a card's link was made for."""
        if refused := self._limited():
            return refused
        known, onward = ways(self._pages), own_path(request.args.get("next", "/me"))
        platform = request.args.get("p") or (next(iter(known)) if len(known) == 1 else "")
        if self._is_for(request.args.get("for", "")):
            return make_response(redirect(onward))
        if platform not in known:
            return make_response(draw("choose.html", g.lang, ways=_choices(list(known), onward)))
        return self._send(platform, known[platform], onward)

    def back(self, platform: str) -> Response:
        """The vendor returned the browser; whoever it says this is gets a new session."""
        if refused := self._limited():
            return refused
        way, onward = ways(self._pages).get(platform), self._redeem(platform)
        if way is None or onward is None:
            return said("no_sign_in", 400, link="/in", label="again")
        try:
            user_id = way.signed_in(request.args.to_dict())
        except PlatformError as error:
            return _not_signed_in(platform, error)
        with self._app.engine.connect() as conn:
            person = People(conn).find(platform, user_id)
        if person is None or not person.active:
            log.warning("signin.unknown", platform=platform)
            return said("unknown_person", 403, link="/in", label="again")
        return self._welcome(person, onward)

    def leave(self, visit: Visit) -> Response:
        """Sign out."""
        return self._pages.forget(said("signed_out", 200, link="/in", label="again"), visit.session)

    def _send(self, platform: str, way: SignIn, onward: str) -> Response:
        state = "".join(secrets.choice(_LETTERS) for _ in range(40))
        browser = request.cookies.get(self._browser) or secrets.token_hex(16)
        kept = json.dumps([platform, onward, _digest(browser)])
        self._app.store.set(f"signin:{state}", kept, STATE_SECONDS)
        back = f"{self._app.settings.public_url}/in/back/{platform}"
        response = make_response(redirect(way.sign_in_url(back, state)))
        # Ties the way back to this browser: nobody can be signed in to somebody else's account by a link.
        response.set_cookie(
            self._browser, browser, max_age=3600, httponly=True, secure=self._pages.sessions.secure, samesite="Lax"
        )
        return response

    def _redeem(self, platform: str) -> str | None:
        """Where to go on; None for a state that is unknown, used, of another platform or of another browser."""
        state = request.args.get("state", "")
        kept = self._app.store.get(f"signin:{state}") if state.isalnum() and len(state) <= 128 else None
        if kept is None or self._app.store.count(f"signin-used:{state}", STATE_SECONDS) > 1:
            return None
        self._app.store.compare_and_delete(f"signin:{state}", kept)
        wanted, onward, browser = json.loads(kept)
        mine = hmac.compare_digest(str(browser), _digest(request.cookies.get(self._browser, "")))
        return own_path(str(onward)) if wanted == platform and mine else None

    def _welcome(self, person: Person, onward: str) -> Response:
        now, sessions = clock.now(), self._pages.sessions
        response = make_response(redirect(onward))
        if old := sessions.open(request.cookies.get(sessions.name), now):
            sessions.end(old)
        log.info("signin.done", platform=person.platform)
        return self._pages.keep(response, sessions.start(person.id, now), now)

    def _is_for(self, wanted: str) -> bool:
        """Is the person of the card's link signed in here already?"""
        sessions = self._pages.sessions
        session = sessions.open(request.cookies.get(sessions.name), clock.now()) if wanted else None
        if session is None:
            return False
        with self._app.engine.connect() as conn:
            person = People(conn).get(session.person_id)
        return person is not None and person.active and hmac.compare_digest(mark(person), wanted[:12])

    def _limited(self) -> Response | None:
        store, browser = self._app.store, request.cookies.get(self._browser, "")
        over = security.too_many(store, "in", security.address(request), security.PER_ADDRESS_SIGN_IN)
        if browser and security.too_many(store, "in", _digest(browser), security.PER_BROWSER_SIGN_IN):
            over = True
        return said("slow_down", 429, link="/in", label="again") if over else None

    @property
    def _browser(self) -> str:
        return "__Host-huizhi-in" if self._pages.sessions.secure else "huizhi_in"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _choices(names: list[str], onward: str) -> list[tuple[str, str]]:
    return [(name, "/in?" + urlencode({"p": name, "next": onward})) for name in names]


def _not_signed_in(platform: str, error: PlatformError) -> Response:
    log.warning("signin.refused", platform=platform, code=error.code, alarm=error.alarm)
    if error.permanent and not error.alarm:
        key = "unknown_person" if error.code == "not_member" else "no_sign_in"
        return said(key, 403 if key == "unknown_person" else 400, link="/in", label="again")
    return said("vendor_away", 503, link="/in", label="again")


def _file(name: str) -> Response:
    g.long = True
    return send_from_directory(_STATIC, name)
