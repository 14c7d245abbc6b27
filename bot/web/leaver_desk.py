"""HR's side of a leaver's link, on the person's record page: state how the identity was checked, open, switch off."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import access, addresses, clock, leaver
from bot.app import App
from bot.context import Context
from bot.errors import Refused
from bot.leaver import Opened, Wish
from bot.locale import speaking
from bot.people import People, Person
from bot.web import security
from bot.web.pages import Pages, Visit, said

PER_PERSON = 6
"""Links a minute that one HR account opens."""


def register(pages: Pages) -> None:
    """The two buttons."""
    pages.post("/people/<person_id>/leaver-link", open_link)
    pages.post("/people/<person_id>/leaver-link/<link_id>/revoke", revoke)


def offer(visit: Visit, conn: Connection, person: Person) -> dict[str, Any]:
    """What the record page of `person` shows about links; nothing unless HR looks at somebody who left."""
    if person.active or not access.is_hr(visit.person):
        return {"leaving": None}
    now = clock.now()
    reach = addresses.reachable(visit.app, conn, person, now)
    links = [each for each in leaver.of(conn, person) if now < each.expires_at]
    days = visit.app.settings.leaver_link_days
    return {"leaving": {"hows": leaver.HOWS, "reach": reach, "links": links, "days": days}}


def address(app: App, token: str) -> str:
    """What the person opens."""
    return f"{app.settings.public_url}/l/{token}"


def open_for(app: App, ctx: Context, person: Person, wish: Wish) -> Opened:
    """Open a link with the firm's settings and the addresses that can be reached. Refused as `leaver.open_link`."""
    reach = addresses.reachable(app, ctx.db, person, ctx.now)
    return leaver.open_link(ctx, person, wish, reach, app.settings.leaver_link_days)


def open_link(visit: Visit, person_id: str) -> ResponseReturnValue:
    """HR opens a link; it and a code to be handed over are on this page and never again."""
    if security.too_many(visit.app.store, "leaver-link", visit.person.id, PER_PERSON):
        return said("slow_down", 429)
    form = request.form
    wish = Wish(form.get("how", ""), form.get("way", ""), form.get("note", "").strip())
    try:
        with speaking(visit.lang), visit.app.context(visit.person) as ctx:
            person = _subject(visit, ctx.people, person_id)
            opened = open_for(visit.app, ctx, person, wish)
    except Refused as refusal:
        back = f"/people/{person_id}"
        return visit.page("leaver_refused.html", key="link_cannot", text=str(refusal), back=back), 400
    url = address(visit.app, opened.token)
    return visit.page("leaver_link.html", subject=person, opened=opened, url=url, way=wish.way)


def revoke(visit: Visit, person_id: str, link_id: str) -> ResponseReturnValue:
    """HR switches a link off."""
    with visit.app.context(visit.person) as ctx:
        person = _subject(visit, ctx.people, person_id)
        leaver.revoke(ctx, person, link_id)
    return redirect(f"/people/{person.id}", 303)


def _subject(visit: Visit, people: People, person_id: str) -> Person:
    """For everybody but HR there is no such page."""
    person = people.get(person_id) if access.is_hr(visit.person) else None
    if person is None:
        raise NotFound
    return person
