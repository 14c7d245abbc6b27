"""Notices by chat, once they are on their way: who has not answered, remind, pause, resume, stop."""

from __future__ import annotations

import re

from bot import access
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.router import on
from handlers.notices import board, store, tables as tb
from handlers.notices.cards import compose as cards_compose
from handlers.notices.composing import drafts
from handlers.notices.receiving import answers
from handlers.notices.sending import plan, reminding, sending, serving
from handlers.notices.store import Notice

SHOWN = 30
_STEER = re.compile(r"^(暂停|继续|停止|pause|resume|stop)", re.I)
_TITLE = re.compile(r"《([^》]+)》|\"([^\"]+)\"")
DEEM = re.compile(
    r"^(视为收到|视为送达|视为同意|视为签署|替[他她]同意|(?:deem(?:ed)? received|treat as agreed)\b)[\s:：]*", re.I
)
"""Said by HR about somebody who stays silent."""
_RECEIPT = ("视为收到", "视为送达", "deem received", "deemed received")
_WHAT = {
    "暂停": "paused",
    "pause": "paused",
    "继续": "resumed",
    "resume": "resumed",
    "停止": "stopped",
    "stop": "stopped",
}


def say(ctx: Context, card: Card, notice_id: str = "") -> Card:
    """Tell the actor; returns the card."""
    if ctx.actor:
        ctx.say(ctx.actor, card, store.desk(notice_id) if notice_id else "notices")
    return card


def title(ctx: Context, notice: Notice) -> str:
    """In the actor's language."""
    return notice.said(ctx.actor.locale if ctx.actor else "zh")[0]


def named(text: str, among: list[Notice]) -> list[Notice]:
    """Those whose title was said; with an exact one only that."""
    found = _TITLE.search(text)
    wanted = (found[1] or found[2]).strip().lower() if found else ""
    exact = [each for each in among if wanted in {title.lower() for title, _ in each.texts.values()}]
    part = [each for each in among if any(wanted in title.lower() for title, _ in each.texts.values())]
    return (exact or part) if wanted else among


def names_one(text: str) -> bool:
    """A title was said."""
    return bool(_TITLE.search(text))


def live(ctx: Context) -> bool:
    """A notice the actor may speak about is on its way."""
    return bool(_mine(ctx, store.LIVE))


def _mine(ctx: Context, states: tuple[str, ...]) -> list[Notice]:
    """HR speaks about every notice, a manager about their own."""
    who = ctx.actor
    if who is None:
        return []
    own = {} if access.is_hr(who) else {"author_id": who.id}
    return store.newest(ctx.db, 200, state=states, **own)


def pending(ctx: Context, text: str) -> Card:
    """谁还没签《…》."""
    found = named(text, _mine(ctx, store.LIVE))
    if len(found) != 1:
        return say(ctx, cards_compose.which([each.title for each in found[:9]]))
    names, total = waiting_for(ctx, found[0])
    link = ctx.page(f"/notices/{found[0].id}/board", ctx.actor)
    return say(ctx, cards_compose.pending(found[0].id, title(ctx, found[0]), names, total, link), found[0].id)


def waiting_for(ctx: Context, notice: Notice) -> tuple[list[str], int]:
    """(names of at most SHOWN people, how many in all) who have not done what the notice asks."""
    first: list[str] = []
    total = 0
    for rows in store.each(ctx.db, notice.id, tb.recipient.c.left_at.is_(None)):
        open_ = [each.person_id for each in rows if not plan.satisfied(notice.importance, each.receipt)]
        total += len(open_)
        first += open_[: SHOWN - len(first)]
    folk = serving.people_of(ctx.db, first)
    return [folk[each].name for each in first if each in folk], total


@on("notices.remind")
def remind(event: Event, ctx: Context) -> Card | None:
    """[提醒他们]: by the graded rule, never whoever is on leave or was just asked."""
    notice = drafts.mine(ctx, event.ref)
    done = reminding.ask(ctx, notice)
    skipped = sum(len(ids) for why, ids in done.skipped.items() if why not in ("done", "left"))
    return say(ctx, cards_compose.reminded(title(ctx, notice), done.count, skipped), notice.id)


def steer(ctx: Context, text: str) -> Card:
    """暂停 / 继续 / 停止通知."""
    said_ = _STEER.match(text)
    what = _WHAT[said_[1].lower()] if said_ else "paused"
    states = {"paused": ("sending",), "resumed": ("paused",), "stopped": store.LIVE}[what]
    found = named(text, _mine(ctx, states))
    if len(found) != 1:
        return say(ctx, cards_compose.which([each.title for each in found[:9]]))
    act = {"paused": sending.pause, "resumed": sending.resume, "stopped": sending.stop}[what]
    came = what if act(ctx, found[0]) else "nothing"
    return say(ctx, cards_compose.steered(title(ctx, found[0]), came), found[0].id)


def deem(ctx: Context, text: str) -> Card | None:
    """视为收到 姓名《标题》条款: on record with its clause, no rung and no answer. None for who is not HR.

    Refused: agreeing for somebody else, always; without a clause; for whom is not on the list.
    """
    who, verb = ctx.actor, DEEM.match(text)
    if who is None or verb is None or not access.is_hr(who):
        return None
    rest = text[verb.end() :]
    at = _TITLE.search(rest)
    if at is None or not (whom := rest[: at.start()].strip()):
        return say(ctx, cards_compose.deem_how())
    found = named(rest, _mine(ctx, (*store.LIVE, "stopped", "closed")))
    if len(found) != 1:
        return say(ctx, cards_compose.which([each.title for each in found[:9]]))
    notice = found[0]
    lines = [each for each in board.found(ctx.db, notice, whom) if each.name == whom]
    person = ctx.people.get(lines[0].row.person_id) if len(lines) == 1 else None
    if person is None:
        raise Refused(t("名单上没有、或不止一位叫「{name}」的人，什么都没有记下。", name=whom))
    clause = rest[at.end() :].strip(" ：:，,\n")
    answers.on_behalf(ctx, notice, person, "deemed" if verb[1].lower() in _RECEIPT else "agreed", clause)
    return say(ctx, cards_compose.deemed(title(ctx, notice), person.name, clause), notice.id)


def stop_all(ctx: Context) -> Card | None:
    """HR only: everything that is going out."""
    who = ctx.actor
    if who is None or not access.is_hr(who):
        return None
    return say(ctx, cards_compose.all_stopped(sending.emergency_stop(ctx)))
