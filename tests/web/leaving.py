"""An office that Zhang has left: HR's hands on his record page, his browser without an account, a real SMS gateway."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot import router
from bot.card import Card
from bot.event import TEXT
from bot.evidence.tables import ev_event
from bot.tables import failed, person as person_table
from config.settings import load, sandbox_env
from handlers.agreements.tables import consent
from tests.adapters.sms import gateway
from tests.adapters.sms.gateway import Gateway
from tests.web.office import Office, SigningPlatform, csrf
from tests.world import Firm

MOBILE = "13900000001"
ZHANG = "/people/fake:zhang"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing of its own is tried on one kind."""


@dataclass
class Leaving:
    """`visitor` is Zhang's own browser; he has no account any more."""

    firm: Firm
    gateway: Gateway
    visitor: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.platform = SigningPlatform()
        self.firm.platform = self.platform
        settings = sandbox_env("http://127.0.0.1:1") | {"HUIZHI_SMS_URL": self.gateway.url}
        self.firm.app.settings = load(settings)
        self.office = Office(self.firm, self.platform)
        self.visitor = self.office.browser()
        self.office.record("zhang", "checkin.replied", "case-1", "zhang", words="机房抢修，9:02 到的")
        self.office.record("zhang", "checkin.manager_asked", "case-2", "li", words="李主管的事")
        with self.office.writing() as connection:
            gone = sa.update(person_table).where(person_table.c.id == "fake:zhang")
            connection.execute(gone.values(active=False))

    def confirm_mobile(self, **over: object) -> None:
        """He had agreed to the delivery statement with his number in it."""
        scope = {"account": "fake:zhang", "mobile": MOBILE, "email": "", "post": ""}
        row: dict[str, Any] = {"id": "c1", "person_id": "fake:zhang", "kind": "edelivery", "state": "agreed"}
        row |= {"version": 1, "text": "…", "text_sha256": "0" * 64, "scope": json.dumps(scope)}
        row |= {"asked_at": self.firm.now, "decided_at": self.firm.now, "expires_at": self.firm.now + timedelta(365)}
        with self.office.writing() as connection:
            connection.execute(sa.insert(consent).values(**row | over))

    def open(self, who: str = "wang", **form: str) -> TestResponse:
        """HR fills in the form on his record page."""
        browser = self.office.browser(who)
        wish = {"how": "id_in_person", "way": "hand", "note": ""} | form
        return browser.post(f"{ZHANG}/leaver-link", data=wish | {"csrf": csrf(browser.get("/me").text)})

    def link(self, **form: str) -> tuple[str, str]:
        """(path of a new link, code or "")."""
        answer = self.open(**form)
        assert answer.status_code == 200, answer.text
        found = re.search(r'<code id="link">[^<]*(/l/[\w-]+)</code>', answer.text)
        code = re.search(r'<code id="code"[^>]*>(\d{6})</code>', answer.text)
        assert found, answer.text
        return found[1], code[1] if code else ""

    def give(self, path: str, code: str, browser: FlaskClient | None = None) -> TestResponse:
        return (browser or self.visitor).post(path, data={"code": code})

    def enter(self, **form: str) -> str:
        """A link by hand, its code, and he is in; returns the link's path."""
        path, code = self.link(**form)
        assert self.give(path, code).headers["Location"] == "/leaver"
        return path

    def press(self, action: str, **form: str) -> TestResponse:
        """A form on his page."""
        secret = csrf(self.visitor.get("/leaver").text)
        return self.visitor.post(f"/leaver{action}", data=form | {"csrf": secret}, follow_redirects=True)

    def text_code(self) -> str:
        """The code in the newest SMS."""
        self.firm.courier.drain()
        found = re.search(r"\d{6}", self.gateway.texts[-1][1].replace(MOBILE, ""))
        assert found
        return found[0]

    def card(self, who: str, title: str) -> Card:
        self.firm.courier.drain()
        return next(card for to, card, _ in reversed(self.platform.sent) if to == who and title in card.title)

    def tap(self, who: str, title: str, label: str) -> None:
        button = next(each for each in self.card(who, title).buttons if each.label == label)
        self.firm.dispatch(self.firm.event(who, button.action, button.ref))
        self.firm.courier.drain()

    def say(self, who: str, words: str) -> None:
        self.firm.dispatch(self.firm.event(who, TEXT, text=words))
        self.firm.courier.drain()

    def events(self, prefix: str) -> list[Mapping[str, Any]]:
        """Rows of the log in order, with the envelope's `source`."""
        wanted = sa.select(ev_event).where(ev_event.c.type.startswith(prefix)).order_by(ev_event.c.n)
        with self.firm.app.engine.connect() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [{**row, "source": json.loads(row["envelope"])["source"]} for row in rows]

    def types(self, prefix: str) -> list[str]:
        return [str(row["type"]) for row in self.events(prefix)]


@contextmanager
def gone(firm: Firm) -> Iterator[Leaving]:
    """The office after he left; at the end no event may have failed inside."""
    router.discover("handlers", "flow")
    with gateway.running() as found:
        yield Leaving(firm, found)
    assert firm.rows(failed) == []
