"""Addresses of our own pages: what a card links to, and what may follow a sign-in. Pure."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlencode, urlsplit

from bot.people import Person
from config.settings import Settings

HOME = "/me"
_PLAIN = re.compile(r"/[\x21-\x5b\x5d-\x7e]*")
_LONGEST = 500


def page_url(settings: Settings, path: str, person: Person | None = None) -> str:
    """The address of a page for a card. `path` starts with `/`.

    With the card's recipient the link signs in on their platform without a question, and whoever is signed in as
    somebody else in the same browser is signed in anew.
    """
    if own_path(path) != path:
        raise ValueError("a page's path starts with one slash and holds no spaces")
    if person is None:
        return f"{settings.public_url}{path}"
    query = urlencode({"p": person.platform, "for": mark(person), "next": path})
    return f"{settings.public_url}/in?{query}"


def mark(person: Person) -> str:
    """12 hex digits that tell people apart without naming them."""
    return hashlib.sha256(person.id.encode()).hexdigest()[:12]


def own_path(text: str) -> str:
    """`text` when it is a path of this site, else the home page: nobody is sent anywhere else after signing in."""
    if len(text) > _LONGEST or not _PLAIN.fullmatch(text) or text.startswith("//"):
        return HOME
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or parts.path.split("/")[1] in ("in", "out"):
        return HOME
    return text
