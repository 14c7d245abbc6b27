"""Notices by chat, for those who write them: compose, look at, submit, ask about, remind, pause, stop."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot import access
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.router import command, on, words
from handlers.notices import cards, store
from handlers.notices.cards import compose as cards_compose
from handlers.notices.composing import approving, checking, drafts, richtext, schedule
from handlers.notices.composing.schedule_rules import moment
from handlers.notices.flow import steering
from handlers.notices.sending import serving
from handlers.notices.store import Notice

_COMPOSE = re.compile(r"^(?:发通知|新通知|new notice|compose notice)[\s:：]*(.*)$", re.I | re.S)
_WHO = re.compile(
    r"(?:谁|哪些人|还有谁).{0,4}(?:没|未)有?(?:签|确认|看|读|回)"
    r"|who has(?: not|n't) (?:signed|confirmed|read|opened)",
    re.I,
)
_OTHER = re.compile(r"目标|绩效|打分|评分|goals?|scor|performance", re.I)
_ABOUT = re.compile(r"^(?:暂停|继续|停止)\s*(?:通知|《)|^(?:pause|resume|stop) notice", re.I)
_ALL = re.compile(r"^(?:全部停止|紧急停止|急停|停止所有通知|stop all notices|emergency stop)[。.!！]*$", re.I)


def _who(ctx: Context, text: str) -> bool:
    """Asked about a notice: by its title, or because one is on its way and no other matter is named."""
    if not _WHO.search(text):
        return False
    return steering.names_one(text) or (not _OTHER.search(text) and steering.live(ctx))


def _writer(ctx: Context) -> bool:
    return ctx.actor is not None and (access.is_hr(ctx.actor) or access.MANAGER in access.roles(ctx.db, ctx.actor))


@command
def ordered(event: Event, ctx: Context) -> Card | None:
    """What only whoever writes notices says, and nobody as an answer. None: not one of these."""
    text = event.data.get("text", "").strip()
    matched = _COMPOSE.match(text), _who(ctx, text), _ABOUT.match(text), _ALL.match(text)
    if not any(matched) or not _writer(ctx):
        return None
    if compose := matched[0]:
        return _compose(ctx, compose[1])
    if matched[3]:
        return steering.stop_all(ctx)
    return steering.pending(ctx, text) if matched[1] else steering.steer(ctx, text)


@words
def said(event: Event, ctx: Context) -> Card | None:
    """None when the words are about something else, or from somebody who does not write notices."""
    text = event.data.get("text", "").strip()
    if steering.DEEM.match(text) and (card := steering.deem(ctx, text)):
        return card
    shifted = text.startswith("改到") or text.lower().startswith("move to")
    if not shifted and text not in ("预览", "preview"):
        return approving.reasoned(ctx, text)
    if not _writer(ctx):
        return None
    return _later(ctx, text) if shifted else _preview_newest(ctx)


def _compose(ctx: Context, rest: str) -> Card:
    title, _, body = rest.strip().partition("\n")
    if not title.strip() or not body.strip():
        return steering.say(ctx, cards_compose.how(ctx.page("/notices/new", ctx.actor)))
    if too_long := richtext.title_problem(title):
        raise Refused(too_long)
    notice_id = drafts.create(ctx, drafts.Draft({"zh": (title.strip(), body.strip())}))
    return _draft_card(ctx, notice_id)


def _draft_card(ctx: Context, notice_id: str) -> Card:
    notice = drafts.mine(ctx, notice_id)
    wrong = checking.problems(ctx.db, notice_id, ctx.now)
    link = ctx.page(f"/notices/{notice_id}/edit", ctx.actor)
    return steering.say(ctx, cards_compose.composed(notice_id, steering.title(ctx, notice), wrong, link), notice_id)


@on("notices.to_all")
def to_all(event: Event, ctx: Context) -> Card | None:
    """[发给全公司]."""
    return _aim(ctx, event.ref, {"into": {"everybody": True}})


@on("notices.to_team")
def to_team(event: Event, ctx: Context) -> Card | None:
    """[发给我的团队]."""
    return _aim(ctx, event.ref, {"into": {"team_of": [ctx.actor.id if ctx.actor else ""]}})


def _aim(ctx: Context, notice_id: str, audience: dict[str, object]) -> Card:
    notice = drafts.mine(ctx, notice_id)
    drafts.edit(ctx, notice_id, replace(drafts.draft_of(notice), audience=audience))
    return _draft_card(ctx, notice_id)


@on("notices.preview")
def preview(event: Event, ctx: Context) -> Card | None:
    """[预览]: the very card, and what is left of the text on each platform."""
    return _preview(ctx, drafts.mine(ctx, event.ref))


def _preview_newest(ctx: Context) -> Card | None:
    found = store.newest(ctx.db, 1, author_id=ctx.actor.id, state=drafts.EDITABLE) if ctx.actor else []
    return _preview(ctx, found[0]) if found else steering.say(ctx, cards_compose.which([]))


def _preview(ctx: Context, notice: Notice) -> Card:
    """Answers in a preview answer nothing: the notice has no list yet, so its buttons say that it is not theirs."""
    locale = ctx.actor.locale if ctx.actor else "zh"
    shown = cards.first(serving.shown_of(ctx, notice, locale, 0), ctx.page(f"/notices/{notice.id}", ctx.actor))
    steering.say(ctx, shown, notice.id)
    whole = richtext.plain(notice.said(locale)[1])
    views = {name: richtext.fit(whole, name) for name in ("wecom", "dingtalk")}
    return steering.say(ctx, cards_compose.previewed(steering.title(ctx, notice), views), notice.id)


@on("notices.submit")
def submit(event: Event, ctx: Context) -> Card | None:
    """[提交]."""
    state, asked = approving.submit(ctx, event.ref)
    notice = drafts.mine(ctx, event.ref)
    names = [each.name for each in asked]
    people = notice.people or len(approving.reach(ctx, notice))
    return steering.say(ctx, cards_compose.submitted(steering.title(ctx, notice), state, people, names), event.ref)


@on("notices.approve")
def approve(event: Event, ctx: Context) -> Card | None:
    """[同意发送]."""
    return approving.decide(ctx, event.ref)


@on("notices.disapprove")
def disapprove(event: Event, ctx: Context) -> Card | None:
    """[先不发]."""
    return steering.say(ctx, approving.doubt(ctx, event.ref))


def _late(event: Event, ctx: Context) -> Notice | None:
    ask = ctx.asked(event.ref)
    found = store.get(ctx.db, f"{store.PREFIX}{ask.matter.removeprefix('na-')}")
    return found if ask.kind == schedule.LATE and ask.state == "open" and found and found.state == "waiting" else None


@on("notices.late_now")
def late_now(event: Event, ctx: Context) -> Card | None:
    """[现在发送]."""
    notice = _late(event, ctx)
    if notice is None:
        return steering.say(ctx, cards_compose.settled(""))
    state = schedule.send_now(ctx, notice)
    now = store.get(ctx.db, notice.id) or notice
    return steering.say(ctx, cards_compose.submitted(steering.title(ctx, notice), state, now.people, ()), notice.id)


@on("notices.late_move")
def late_move(event: Event, ctx: Context) -> Card | None:
    """[换时间]: the time comes in words."""
    notice = _late(event, ctx)
    card = cards_compose.settled("") if notice is None else cards_compose.say_when(steering.title(ctx, notice))
    return steering.say(ctx, card, notice.id if notice else "")


@on("notices.late_drop")
def late_drop(event: Event, ctx: Context) -> Card | None:
    """[不发了]."""
    notice = _late(event, ctx)
    if notice is None:
        return steering.say(ctx, cards_compose.settled(""))
    schedule.drop(ctx, notice)
    return steering.say(ctx, cards_compose.dropped(steering.title(ctx, notice)), notice.id)


def _later(ctx: Context, text: str) -> Card | None:
    """`改到 06-12 09:30`: of the notice that waits for it, and of nothing else."""
    waiting = store.newest(ctx.db, 2, author_id=ctx.actor.id, state="waiting") if ctx.actor else []
    if not waiting or ctx.actor is None:
        return None
    if len(waiting) > 1 and not (waiting := steering.named(text, waiting)):
        return steering.say(ctx, cards_compose.which([each.title for each in store.newest(ctx.db, 9, state="waiting")]))
    at = moment(text, ctx.now, ctx.actor.zone)
    if at is None:
        return steering.say(ctx, cards_compose.say_when(steering.title(ctx, waiting[0])), waiting[0].id)
    schedule.move(ctx, waiting[0], at)
    when = at.astimezone(ZoneInfo(ctx.actor.zone)).strftime("%m-%d %H:%M")
    return steering.say(ctx, cards_compose.moved(steering.title(ctx, waiting[0]), when), waiting[0].id)
