"""How a notice will look on each platform: by the platform's own word, while it is written and before it is sent."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import clock, jobs
from bot.card import Card, reduce
from bot.locale import speaking
from bot.ports import Platform
from bot.ports.preview import Previewing, Shape
from bot.web.pages import Visit
from handlers.notices import cards, store
from handlers.notices.cards import Shown, compose as cards_compose
from handlers.notices.pages import forms
from handlers.notices.pages.board import may_open
from handlers.notices.pages.own import draw, files_of, rich
from handlers.notices.sending import serving
from handlers.notices.store import Notice

NEW = "nt-000000"
"""Stands for the id that a draft has once it is stored."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One message on one platform in one language. `way`: its route, empty for a card to each person."""

    platform: str
    locale: str
    way: str
    shape: Shape


def phones(
    visit: Visit, values: Mapping[str, Any], notice_id: str = NEW, planned: serving.Planned | None = None
) -> list[Phone]:
    """What each platform would really send of what was typed so far; without `planned` to few people."""
    local = clock.now().astimezone(ZoneInfo(visit.person.zone)).strftime("%m-%d")
    with visit.app.engine.connect() as db:
        files = len(files_of(db, notice_id))
    importance, found = str(values["importance"] or "inform"), list[Phone]()
    few, link = visit.app.settings.notice_cards_to, f"{visit.app.settings.public_url}/notices/{notice_id}"
    for locale in ("zh", "en"):
        title, body = values[f"title_{locale}"], values[f"body_{locale}"]
        if not (title or body):
            continue
        due = str(values["deadline"]).replace("T", " ")[5:16]
        offered = tuple(str(each) for each in values["answers"])
        shown = Shown(notice_id, title, body, local, due, importance, offered, files=files)
        with speaking(locale):
            card, plan = cards.first(shown, link), planned or serving.Planned(importance, 0)
            for name, each in visit.app.platforms.items():
                way = serving.route_of(each, plan, plan.people, personal=bool(cards.buttons(shown)), small=few)
                found += [Phone(name, locale, way, shape) for shape in shapes(each, card, way)]
    return found


def shapes(platform: Platform, card: Card, way: str) -> Sequence[Shape]:
    """By the platform itself; of one that cannot say, the card as it is reduced to what it can show."""
    if isinstance(platform, Previewing):
        return platform.preview(card, way)
    small = reduce(card, platform.can, card.link)
    text = "\n".join(part for part in (small.text, small.quote, small.footer) if part)
    labels = tuple(each.label for each in small.buttons)
    opens = tuple(each.label for each in small.buttons if each.url)
    return [Shape("card", small.title, text, small.facts, labels, opens)]


def preview(visit: Visit) -> ResponseReturnValue:
    """The phones and the page for what is being typed; part of a page, which its form puts in place."""
    with visit.app.engine.connect() as db:
        if not may_open(db, visit.person):
            raise NotFound
    values = forms.typed(request.form)
    return draw(visit, "preview.html", phones=phones(visit, values), html=rich(values["body_zh"]))


def send_preview(visit: Visit, notice: Notice) -> None:
    """To its author: the very card in each language that was written, then in words what each platform makes of it.

    Its buttons answer nothing: the notice has no list yet, so they say that it is not theirs.
    """
    desk, written, few = store.desk(notice.id), [], visit.app.settings.notice_cards_to
    with visit.app.context(visit.person) as ctx:
        for locale in notice.texts:
            with speaking(locale):
                link = ctx.page(f"/notices/{notice.id}/check")
                shown = serving.shown_of(ctx, notice, locale, 0)
                written.append((locale, cards.first(shown, link), bool(cards.buttons(shown))))
        for _locale, card, _personal in written:
            ctx.say(visit.person, card, desk)
        for name, platform in visit.app.platforms.items():
            ways = [serving.route_of(platform, notice, notice.people, personal=p, small=few) for *_, p in written]
            told = [_in_words(one[0], platform, one[1], way) for one, way in zip(written, ways, strict=True)]
            ctx.say(visit.person, functools.partial(cards_compose.rendered, name, "\n\n".join(told)), desk)
    jobs.nudge(visit.app, "drain")


def _in_words(locale: str, platform: Platform, card: Card, way: str) -> str:
    """The first shape only: the author sees the others on the page."""
    with speaking(locale):
        one = shapes(platform, card, way)[0]
    facts = [f"{fact.label}：{fact.value}" for fact in one.facts]
    buttons = " ".join(f"[{each}]" for each in one.buttons)
    return "\n".join(part for part in (one.title, one.body, *facts, buttons) if part)
