"""The leaver's own pages: the link, its code, and behind it their record and nothing else."""

from __future__ import annotations

import functools
import re

from flask import Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from bot import addresses, clock, leaver
from bot.errors import Refused
from bot.leaver import Link, State, codes as leaver_codes, requests as leaver_requests
from bot.locale import speaking
from bot.people import People, Person
from bot.web import downloads, record, security, views
from bot.web.leaver_view import requests
from bot.web.pages import FRESH, GUEST, Pages, View, Visit, draw, said
from bot.web.session import Session

PER_ADDRESS = 20
"""Codes sent or tried a minute from one address; nobody needs more, and a whole link allows few."""
_CODE = re.compile(r"[^0-9]")
_STATUS = {"expired": 410, "revoked": 410, "locked": 403, "back": 403}


def register(pages: Pages) -> None:
    """`/l/<token>` for everybody who has the link, `/leaver` for whoever gave the code."""
    desk = Desk(pages)
    rule = pages.blueprint.add_url_rule
    rule("/l/<token>", "leaver link", desk.show, methods=["GET"])
    rule("/l/<token>", "leaver enter", desk.enter, methods=["POST"])
    rule("/l/<token>/code", "leaver code", desk.send, methods=["POST"])
    for method, path, view in (
        ("GET", "", mine),
        ("POST", "/request", ask),
        ("POST", "/copy", wait_copy),
        ("GET", "/copy.zip", copy),
        ("GET", "/receipts/<event_id>.json", views.my_receipt),
        ("POST", "/out", desk.leave),
    ):
        guarded = functools.partial(desk.inside, view)
        rule(f"{GUEST}{path}", f"leaver {method} {path}".replace(".", " "), guarded, methods=[method])


class Desk:
    """Who may pass. What stands behind a cookie is looked up anew each time: a link that was switched off is off."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._app = pages, pages.app

    def show(self, token: str) -> Response:
        """The link without its code: a place to give it, and nothing about anybody."""
        if self._limited("page", security.PER_ADDRESS):
            return said("slow_down", 429, link=request.path, label="leaver_retry")
        found = self._known(token)
        return found if isinstance(found, Response) else self._door(token, found[0])

    def send(self, token: str) -> Response:
        """Send a new code to the address the person confirmed."""
        if self._limited("leaver", PER_ADDRESS):
            return said("slow_down", 429, link=f"/l/{token}", label="leaver_retry")
        found = self._known(token)
        if isinstance(found, Response):
            return found
        with self._app.context() as ctx:
            reach = addresses.reachable(self._app, ctx.db, found[1], ctx.now)
            outcome = leaver_codes.send_code(ctx, *found, token, reach)
        return self._door(token, found[0], f"code_{outcome}", 200 if outcome == "sent" else 429)

    def enter(self, token: str) -> Response:
        """Give the code; whoever does gets a session that opens one person's record."""
        if self._limited("leaver", PER_ADDRESS):
            return said("slow_down", 429, link=f"/l/{token}", label="leaver_retry")
        found = self._known(token)
        if isinstance(found, Response):
            return found
        link, person = found
        code = _CODE.sub("", request.form.get("code", ""))[:12]
        with self._app.context() as ctx:
            outcome = leaver_codes.try_code(ctx, link, person, token, code)
        if outcome == "locked":
            return _closed("locked")
        return self._welcome(link, person) if outcome == "right" else self._door(token, link, f"code_{outcome}", 403)

    def inside(self, view: View, **parts: str) -> Response:
        """A page of the session: checked, counted, with the form's secret."""
        now, guests = clock.now(), self._pages.guests
        if self._limited("page", security.PER_ADDRESS):
            return said("slow_down", 429, link=GUEST)
        session = guests.open(request.cookies.get(guests.name), now)
        if session is None:
            return said("leaver_again", 401, link="")
        with self._app.engine.connect() as conn:
            link = leaver.get(conn, session.person_id)
            person = People(conn).get(link.person_id) if link else None
        state = leaver.state_of(link, person, now) if link else "revoked"
        if state != "open" or person is None:
            return self._forget(_closed(state), session)
        if security.too_many(self._app.store, "person", person.id, security.PER_PERSON):
            return said("slow_down", 429, link=GUEST)
        if request.method == "POST" and not security.same_secret(request.form.get("csrf", ""), session.csrf):
            return said("form_old", 403, link=GUEST)
        visit = Visit(self._app, person, session, guests, g.lang, base=GUEST)
        response = make_response(view(visit, **parts))
        return self._keep(response, session) if now.timestamp() - session.seen > FRESH else response

    def leave(self, visit: Visit) -> Response:
        """Sign out."""
        return self._forget(said("leaver_out", 200, link=""), visit.session)

    def _known(self, token: str) -> tuple[Link, Person] | Response:
        """The link and whose it is, or the page that says why it does not work."""
        with self._app.engine.connect() as conn:
            link = leaver.find(conn, token)
            person = People(conn).get(link.person_id) if link else None
        if link is None:
            return said("leaver_unknown", 404, link="")
        state = leaver.state_of(link, person, clock.now())
        return (link, person) if state == "open" and person else _closed(state)

    def _door(self, token: str, link: Link, told: str = "", status: int = 200) -> Response:
        values = {"token": token, "way": link.way, "told": told, "sent": link.sends > 0 or told == "code_sent"}
        return make_response(draw("leaver_code.html", g.lang, **values), status)

    def _welcome(self, link: Link, person: Person) -> Response:
        with self._app.context(person) as ctx:
            leaver_codes.entered(ctx, link, person)
        session = self._pages.guests.start(link.id, clock.now())
        return self._keep(make_response(redirect(GUEST, 303)), session)

    def _keep(self, response: Response, session: Session) -> Response:
        guests = self._pages.guests
        value = guests.dump(session, clock.now())
        response.set_cookie(guests.name, value, httponly=True, secure=guests.secure, samesite="Lax", path="/")
        return response

    def _forget(self, response: Response, session: Session) -> Response:
        guests = self._pages.guests
        guests.end(session)
        response.delete_cookie(guests.name, secure=guests.secure, samesite="Lax", path="/")
        return response

    def _limited(self, kind: str, most: int) -> bool:
        return security.too_many(self._app.store, kind, security.address(request), most)


def _closed(state: State) -> Response:
    """Why a link does not work, and what to do; only somebody who is back has an account to sign in with."""
    return said(f"leaver_{state}", _STATUS[state], link="/in" if state == "back" else "", label="again")


def mine(visit: Visit) -> str:
    """我的记录 of somebody who left: requests and answers, who looked, consents, everything recorded."""
    told = request.args.get("said", "")
    with visit.app.engine.connect() as conn:
        read = record.reader(visit.app)
        asked = requests(conn, visit.person, read)
        told = told if told in ("asked_ok", "asked_nobody") else ""
        kinds = tuple(leaver_requests.TYPES)
        return views.show(visit, conn, visit.person, read, "leaver.html", asked=asked, told=told, kinds=kinds)


def ask(visit: Visit) -> ResponseReturnValue:
    """要求更正, 申请证明补发: to HR in chat, with the person's own words."""
    kind, text = request.form.get("kind", ""), request.form.get("words", "")
    try:
        with speaking(visit.lang), visit.app.context(visit.person) as ctx:
            reached = leaver_requests.request(ctx, kind, text, visit.session.person_id)
    except Refused as refusal:
        return visit.page("leaver_refused.html", key="ask_cannot", text=str(refusal), back=GUEST), 400
    return redirect(f"{GUEST}?said={'asked_ok' if reached else 'asked_nobody'}", 303)


def wait_copy(visit: Visit) -> ResponseReturnValue:
    """The person asks for their own copy."""
    return downloads.wait(visit, f"{GUEST}/copy.zip", GUEST)


def copy(visit: Visit) -> ResponseReturnValue:
    """Everything about the person, for the person: the same package HR hands over."""
    return downloads.take(visit, f"{GUEST}/copy.zip", GUEST, [visit.person], None)
