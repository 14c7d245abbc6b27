"""A small firm whose people open pages: a fake chat platform that signs in whoever the test says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from flask.testing import FlaskClient
from sqlalchemy.engine import Connection

from bot.db import begin
from bot.errors import PlatformError
from bot.evidence.keys import Keys
from bot.evidence.sequencer import sequence
from bot.people import People, Person
from bot.web.server import create_app
from tests.world import FakePlatform, Firm

VENDOR = "https://vendor.example/authorize"


@dataclass
class SigningPlatform(FakePlatform):
    """`code` is the user id itself; `refuse` is raised instead."""

    refuse: list[PlatformError] = field(default_factory=list)

    def sign_in_url(self, back: str, state: str) -> str:
        return f"{VENDOR}?{urlencode({'back': back, 'state': state})}"

    def signed_in(self, args: Mapping[str, str]) -> str:
        if self.refuse:
            raise self.refuse.pop(0)
        return args["code"]


@dataclass
class Office:
    """The web process of a firm; everybody has a browser of their own."""

    firm: Firm
    platform: SigningPlatform

    def __post_init__(self) -> None:
        self.firm.app.platforms = {"fake": self.platform}
        self.web = create_app(self.firm.app, self.firm.dispatch)

    @property
    def keys(self) -> Keys:
        return self.firm.app.keys

    def browser(self, user_id: str = "") -> FlaskClient:
        """A browser, signed in as `user_id` when given."""
        client = self.web.test_client()
        if user_id:
            answer = self.sign_in(client, user_id)
            assert answer == "/me", answer
        return client

    def sign_in(self, client: FlaskClient, user_id: str, asked: str = "/in") -> str:
        """The whole way to the vendor and back; returns where the browser is sent on to."""
        state = self.state(client, asked)
        return client.get(f"/in/back/fake?{urlencode({'code': user_id, 'state': state})}").headers.get("Location", "")

    @staticmethod
    def state(client: FlaskClient, asked: str = "/in") -> str:
        there = client.get(asked).headers["Location"]
        assert there.startswith(VENDOR), there
        return parse_qs(urlsplit(there).query)["state"][0]

    def person(self, user_id: str) -> Person:
        with self.firm.app.engine.connect() as connection:
            found = People(connection).find("fake", user_id)
        assert found is not None
        return found

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with begin(self.firm.app.engine) as connection:
            yield connection

    def record(self, actor: str | None, type: str, matter: str, subject: str, **parts: str) -> str:
        who = self.person(actor) if actor else None
        with self.firm.app.context(who) as ctx:
            return ctx.record(type, matter, subject=self.person(subject), parts=parts, source={"ch": "test"})

    def sequence(self) -> None:
        while sequence(self.firm.app.engine, self.keys, self.firm.now) is not None:
            continue


def csrf(page: str) -> str:
    """The secret of the first form on a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]


def ticket(page: str) -> str:
    """Where the wait page goes on to."""
    found = re.search(r'content="0;url=([^"]+)"', page)
    assert found, page
    return found[1]
