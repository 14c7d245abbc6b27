"""Pages for signed-in people: routes of their own with a session, beside the doors and never in front of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Flask, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from redis.exceptions import RedisError
from sqlalchemy.engine import Connection
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from bot import access, clock
from bot.app import App
from bot.evidence.meaning import meaning
from bot.people import People, Person
from bot.store import new_ref
from bot.web import security
from bot.web.session import Session, Sessions
from bot.web.words import LANGS, Lang, Pair, part_name, say

log = structlog.get_logger("huizhi.pages")
KEPT = ("q", "before", "next", "p", "site", "state", "in", "after")
"""Arguments of a page that the link to the other language takes along."""
FRESH = 300
"""Seconds of use after which a session's cookie is renewed."""
GUEST = "/leaver"
"""Where guests see their own record."""
_SAID: Mapping[int, str] = {404: "not_here", 405: "not_here", 429: "slow_down"}


@dataclass(frozen=True, slots=True)
class Place:
    """A handler's page in the navigation and on the start page, for those whom it `opens` to.

    `words` is its name, `about` one line on what it is for, each (Chinese, English); `status` what is going on there.
    """

    path: str
    words: Pair
    about: Pair
    opens: Callable[[Connection, Person], bool]
    status: Callable[[Connection, Person, Lang], str]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one signed-in person."""

    app: App
    person: Person
    session: Session
    sessions: Sessions
    lang: Lang
    places: Sequence[Place] = ()
    base: str = "/me"
    """Where the person's own record is; elsewhere than /me for a guest, who sees nothing else."""

    @property
    def guest(self) -> bool:
        """Came by a link instead of a work account."""
        return self.base != "/me"

    def page(self, template: str, **values: object) -> str:
        """The template (`<handler>/<name>.html` for a handler's own) with the words and the person at hand."""
        return draw(template, self.lang, person=self.person, csrf=self.session.csrf, visit=self, **values)

    def time(self, moment: datetime) -> str:
        """`2026-06-11 09:16:05` on the person's own clock."""
        return moment.astimezone(ZoneInfo(self.person.zone)).strftime("%Y-%m-%d %H:%M:%S")

    def event(self, type: str) -> str:
        """An evidence event in plain words."""
        found = meaning(type)
        return found.title_zh if self.lang == "zh" else found.title_en

    def part(self, name: str) -> str:
        """A part's name in plain words."""
        return part_name(self.lang, name)

    def limits(self, type: str) -> tuple[str, str]:
        """(what such an event proves, what it does not), one clause each."""
        found = meaning(type)
        return (found.proves_zh, found.not_zh) if self.lang == "zh" else (found.proves_en, found.not_en)

    def tabs(self) -> list[tuple[str, str]]:
        """(path, its name) of what this person has."""
        number = LANGS.index(self.lang)
        if self.guest:
            return [(self.base, say(self.lang, "record"))]
        with self.app.engine.connect() as conn:
            others = access.is_hr(self.person) or access.MANAGER in access.roles(conn, self.person)
            theirs = [(each.path, each.words[number]) for each in self.places if each.opens(conn, self.person)]
        own = [("/me", "record"), ("/todo", "todo"), *([("/people", "people_tab")] if others else [])]
        return [*((path, say(self.lang, word)) for path, word in own), *theirs]


View = Callable[..., ResponseReturnValue]
"""`view(visit, **parts of the path)`."""


class Pages:
    """Where the core and the handlers put their pages. A handler's `pages.py` exports `register(pages)`."""

    def __init__(self, app: App, sessions: Sessions) -> None:
        self.app, self.sessions = app, sessions
        self.guests = Sessions(app.settings.secret_key, app.store, secure=sessions.secure, guest=True)
        self.blueprint = Blueprint("pages", __name__, template_folder="templates")
        self.loaders: dict[str, FileSystemLoader] = {}
        self.places: list[Place] = []

    def get(self, path: str, view: View) -> None:
        """A page to look at. GET must change nothing but the trace that somebody looked."""
        self._add(path, view, "GET")

    def post(self, path: str, view: View, *, most: int = 0) -> None:
        """Where a form goes; it is refused unless it brings the session's `csrf` back.

        `most`: bytes of a form that brings files; without it a form is small like every other request.
        """
        self._add(path, view, "POST", most)

    def templates(self, prefix: str, folder: Path) -> None:
        """Templates of a handler, named `<prefix>/<file>`."""
        self.loaders[prefix] = FileSystemLoader(folder)

    def place(self, place: Place) -> None:
        """Name a page in the navigation and on the start page."""
        self.places.append(place)

    def _add(self, path: str, view: View, method: str, most: int = 0) -> None:
        guarded = functools.partial(self._answer, view, most)
        self.blueprint.add_url_rule(path, f"{method} {path}".replace(".", " "), guarded, methods=[method])

    def _answer(self, view: View, most: int, **parts: str) -> Response:
        now = clock.now()
        if security.too_many(self.app.store, "page", security.address(request), security.PER_ADDRESS):
            return said("slow_down", 429)
        session = self.sessions.open(request.cookies.get(self.sessions.name), now)
        if session is None:
            guest = self.guests.open(request.cookies.get(self.guests.name), now)
            return said("leaver_only", 403, link=GUEST, label="home") if guest else _to_sign_in()
        with self.app.engine.connect() as conn:
            person = People(conn).get(session.person_id)
        if person is None or not person.active:
            return self.forget(said("unknown_person", 403), session)
        if security.too_many(self.app.store, "person", person.id, security.PER_PERSON):
            return said("slow_down", 429)
        if most:  # only now that we know who it is
            request.max_content_length = most
        if request.method == "POST" and not security.same_secret(request.form.get("csrf", ""), session.csrf):
            return said("form_old", 403)
        visit = Visit(self.app, person, session, self.sessions, g.lang, tuple(self.places))
        response = make_response(view(visit, **parts))
        if now.timestamp() - session.seen > FRESH:
            self.keep(response, session, now)
        return response

    def keep(self, response: Response, session: Session, now: datetime) -> Response:
        """Hand the browser its session."""
        value, name = self.sessions.dump(session, now), self.sessions.name
        response.set_cookie(name, value, httponly=True, secure=self.sessions.secure, samesite="Lax", path="/")
        return response

    def forget(self, response: Response, session: Session | None) -> Response:
        """End the session here and in every copy of the cookie."""
        if session:
            self.sessions.end(session)
        response.delete_cookie(self.sessions.name, secure=self.sessions.secure, samesite="Lax", path="/")
        return response


def _to_sign_in() -> Response:
    # A form cannot be sent again after signing in, so whoever sent one is told; a signing page can be shown again.
    if request.method == "POST" and not request.path.startswith("/sign/"):
        return said("form_out", 401, link="/in?next=%2Fme", label="again")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else request.path
    platform = quote(request.args.get("p", ""), safe="")  # a card's link knows which chat it was opened from
    return make_response(redirect(f"/in?next={quote(wanted, safe='')}" + (f"&p={platform}" if platform else ""), 302))


def draw(template: str, lang: Lang, **values: object) -> str:
    """Render with `t(key)` for words. The language link keeps the page and its other arguments."""
    other = LANGS[1 - LANGS.index(lang)]
    args = {name: value for name, value in request.args.items() if name in KEPT}
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in (args | {"lang": other}).items())
    switch = f"{quote(request.path)}?{asked}"  # whole: a template may call another address `here`
    if request.method != "GET":  # what a form led to cannot be asked for again in the other language
        switch = ""
    words = functools.partial(say, lang)
    return render_template(template, t=words, lang=lang, switch=switch, here=request.path, **values)


def said(key: str, status: int, error_id: str = "", link: str = "/me", label: str = "home") -> Response:
    """A page with one sentence and one way on (none for an empty `link`), in the visitor's language."""
    lang = g.get("lang") or security.language(request)
    page = draw("said.html", lang, key=key, error_id=error_id, link=link, label=label)
    return make_response(page, status)


def install(web: Flask, pages: Pages) -> None:
    """Put every registered page into the web process, with its headers and its error pages."""
    blueprint = pages.blueprint

    @blueprint.before_request
    def choose_language() -> None:
        g.page, g.lang = True, security.language(request)

    @blueprint.after_request
    def headers(response: Response) -> Response:
        security.remember_language(request, response)
        return response

    @blueprint.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        return _failure(error)

    web.register_blueprint(blueprint)
    web.jinja_env.loader = ChoiceLoader([web.jinja_env.loader or FileSystemLoader([]), PrefixLoader(pages.loaders)])

    @web.errorhandler(NotFound)
    @web.errorhandler(MethodNotAllowed)
    def nowhere(error: NotFound | MethodNotAllowed) -> ResponseReturnValue:
        """A person who mistyped gets a page; a machine gets what it always got."""
        if "text/html" not in request.headers.get("Accept", ""):
            return error
        g.page = True
        return said("not_here", error.code), dict(error.get_headers())


def _failure(error: Exception) -> Response:
    """A humane page; the log gets the kind of failure, never its text, which may hold people's words."""
    if isinstance(error, RequestEntityTooLarge):
        kind = "upload_big" if request.mimetype == "multipart/form-data" else "text_big"
        return said(kind, 413, link="", label="back")
    if isinstance(error, HTTPException) and error.code and error.code < 500:
        return said(_SAID.get(error.code, "form_old"), error.code)
    error_id = new_ref()
    log.error("page.failed", error_id=error_id, error=type(error).__name__, page=request.endpoint)
    return said("broken", 503 if isinstance(error, RedisError) else 500, error_id[:8])
