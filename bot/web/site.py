"""All pages of the process: the core's own and every handler's, found by name."""

from __future__ import annotations

from flask import Flask

from bot import router
from bot.app import App
from bot.web import downloads, leaver, leaver_desk, sign, sign_file, signin, views
from bot.web.pages import Pages, install as put
from bot.web.session import Sessions


def install(web: Flask, app: App) -> None:
    """Register `bot.web` and `handlers/*/pages.py` (each exports `register(pages: Pages)`)."""
    secure = app.settings.public_url.startswith("https://")
    pages = Pages(app, Sessions(app.settings.secret_key, app.store, secure=secure))
    for module in (
        signin,
        views,
        downloads,
        leaver,
        leaver_desk,
        sign,
        sign_file,
        *router.discover("handlers", "pages"),
    ):
        getattr(module, "register")(pages)  # noqa: B009 - discovered modules have no static type
    put(web, pages)
