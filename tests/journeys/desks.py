"""Somebody's browser: opens pages as the platform signs them in, fills in the forms that are there and presses their
buttons. What a page does not offer cannot be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import requests

Files = Mapping[str, tuple[str, bytes]]


@dataclass
class Form:
    """A form of a page. `fields`: what a browser would send untouched; `offers`: every name, with the values that a
    choice has (empty: anything can be typed); `buttons`: (name, value, label)."""

    action: str
    method: str
    fields: dict[str, str | list[str]] = field(default_factory=dict)
    offers: dict[str, set[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """The forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = self._area = ""
        self._button: tuple[str, str] | None = None
        self._said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A field without a value has an empty one.
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(at.get("action", ""), at.get("method", "get")))
        if not self.forms or "disabled" in at:
            return
        form, name = self.forms[-1], at.get("name", "")
        if tag == "input" and name:
            self._input(form, name, at)
        elif tag == "select":
            self._select = name
            form.offers[name] = set()
        elif tag == "option" and self._select:
            form.offers[self._select].add(at.get("value", ""))
            if "selected" in at or self._select not in form.fields:
                form.fields[self._select] = at.get("value", "")
        elif tag == "textarea":
            self._area, self._said = name, ""
        elif tag == "button":
            self._button, self._said = (name, at.get("value", "")), ""

    def _input(self, form: Form, name: str, at: dict[str, str]) -> None:
        kind, value = at.get("type", "text"), at.get("value", "")
        if kind == "file":
            form.files.add(name)
        elif kind in ("radio", "checkbox"):
            form.offers.setdefault(name, set()).add(value)
            if "checked" in at and kind == "radio":
                form.fields[name] = value
            elif "checked" in at:
                form.fields[name] = [*form.fields.get(name, []), value]
        else:
            form.fields[name] = value
            form.offers[name] = {value} if kind == "hidden" else set()

    def handle_data(self, data: str) -> None:
        self._said += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area:
            # HTML drops the line break that follows the tag.
            self.forms[-1].fields[self._area] = self._said.removeprefix("\n")
            self.forms[-1].offers[self._area] = set()
            self._area = ""
        elif tag == "button" and self._button and self.forms:
            self.forms[-1].buttons.append((*self._button, self._said.strip()))
            self._button = None


@dataclass
class Desk:
    """`url` of the site; `session` with its cookies."""

    url: str
    session: requests.Session

    def get(self, path: str) -> str:
        """The page; it must be there."""
        answer = self.session.get(f"{self.url}{path}", timeout=20)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:400])
        return answer.text

    def raw(self, path: str) -> requests.Response:
        """Whatever comes of it."""
        return self.session.get(f"{self.url}{path}", timeout=20)

    def press(
        self, page: str, button: str, values: Mapping[str, str | list[str]] | None = None, files: Files | None = None,
        *, status: int = 200,
    ) -> requests.Response:  # fmt: skip
        """Fill in the one form of `page` that has this button, and press it; the page that follows."""
        return self.push(forms(self.get(page)), page, button, values, files, status=status)

    def push(
        self, found: list[Form], page: str, button: str, values: Mapping[str, str | list[str]] | None = None,
        files: Files | None = None, *, status: int = 200,
    ) -> requests.Response:  # fmt: skip
        """The same on a page that was opened before, as with the back button."""
        wanted = [form for form in found if any(label == button for _, _, label in form.buttons)]
        wanted = [form for form in wanted if {*(values or {})} <= form.offers.keys() and {*(files or {})} <= form.files]
        assert len(wanted) == 1, (button, [(form.action, form.buttons, sorted(form.offers)) for form in found])
        (form,) = wanted
        for name, value in (values or {}).items():
            known = form.offers[name]
            assert not known or {*([value] if isinstance(value, str) else value)} <= known, (name, value, known)
        name, value = next((name, value) for name, value, label in form.buttons if label == button)
        data: dict[str, Any] = form.fields | dict(values or {}) | ({name: value} if name else {})
        sent = {name: (file, content) for name, (file, content) in (files or {}).items()}
        target = f"{self.url}{form.action or page}"
        answer = self.session.post(target, data=data, files=sent or None, timeout=30)
        assert answer.status_code == status, (page, button, answer.status_code, answer.text[:2000])
        return answer


def forms(html: str) -> list[Form]:
    """The forms of a page that are sent by a button."""
    reader = _Reader()
    reader.feed(html)
    return [each for each in reader.forms if each.method == "post" and each.buttons]
