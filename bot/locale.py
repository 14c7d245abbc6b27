"""The reader's language. Chinese is the master: the source text is the key, English lives in `locales/en.po` beside it.

A text is said in the language of whoever reads it, not of whoever caused it: `Context` builds every card while
`speaking` that person's language.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources

from babel.messages.pofile import read_po

MASTER = "zh"
LOCALES = (MASTER, "en")
_current: ContextVar[str] = ContextVar("locale", default=MASTER)


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Everything `t` says inside is in `locale`; an unknown one speaks Chinese."""
    token = _current.set(locale if locale in LOCALES else MASTER)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> str:
    """The language being spoken."""
    return _current.get()


def t(text: str, /, **values: object) -> str:
    """`text` in the reader's language with `{names}` filled in. A text without translation stays Chinese."""
    locale = _current.get()
    said = text if locale == MASTER else catalogue(locale).get(text, text)
    return said.format(**values) if values else said


@functools.cache
def catalogue(locale: str) -> Mapping[str, str]:
    """Chinese text -> `locale`, from `locales/<locale>.po` of the core, of every handler and of every adapter."""
    found: dict[str, str] = {}
    for package in _rooms():
        file = resources.files(package).joinpath(f"locales/{locale}.po")
        if file.is_file():
            with file.open("rb") as source:
                messages = read_po(source, locale=locale)
            found |= {str(each.id): str(each.string) for each in messages if each.id and each.string}
    return found


def _rooms() -> list[str]:
    # An adapter's own words come first: whatever a handler says in the same words, it has said on purpose.
    return [*_in("adapters"), "bot", *_in("handlers")]


def _in(package: str) -> list[str]:
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return [f"{package}.{each.name}" for each in found if each.ispkg]
