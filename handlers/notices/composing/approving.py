"""The second pair of eyes: above a size, or where a signature is asked for, somebody else checks before it is sent."""

from __future__ import annotations

from collections.abc import Callable

from bot.approvals import flow as approvals_flow, rows as approvals_rows
from bot.approvals.faces import Asked, Face, Outcome, face
from bot.approvals.rows import Approval
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from handlers.notices import cards, store
from handlers.notices.cards import compose as cards_compose
from handlers.notices.composing import checking, drafts, schedule
from handlers.notices.composing.second import KIND, reach, request, wanted
from handlers.notices.composing.second_rules import needed
from handlers.notices.store import Notice

ASK = "notices.approval"
REASON = "notices.reason"
"""Kind of the question why not, to whoever tapped [先不发]."""
__all__ = ["ASK", "KIND", "decide", "doubt", "needed", "reach", "reasoned", "submit"]


def submit(ctx: Context, notice_id: str) -> tuple[str, list[Person]]:
    """Hand a draft in. (state it is in then, who was asked). Refused with everything that is wrong, one a line."""
    notice = drafts.mine(ctx, notice_id)
    if notice.state not in drafts.EDITABLE:
        raise Refused(t("这份通知已经提交。"))
    if found := checking.problems(ctx.db, notice_id, ctx.now):
        raise Refused("\n".join(found))
    people = len(reach(ctx, notice))
    if not wanted(ctx, notice, people):
        return schedule.go(ctx, notice, drafts.EDITABLE), []
    if not store.move(ctx.db, notice_id, drafts.EDITABLE, state="approving"):
        raise Refused(t("这份通知已经提交。"))
    return "approving", request(ctx, notice, people)


def _card(ctx: Context, found: Approval, asked: Asked) -> Card:
    notice = store.get(ctx.db, found.details.get("notice", ""))
    author = ctx.people.get(found.person_id)
    if notice is None or author is None:
        return cards_compose.settled("")
    title, body = notice.said(asked.reader.locale if asked.reader else "zh")
    facts = [
        (t("人数"), str(int(found.facts.get("people", 0)))),
        (t("级别"), cards_compose.importance(notice.importance)),
        (t("依据"), notice.basis),
        (t("代"), asked.behalf),
        (t("已同意"), "、".join(asked.before)),
        (t("原因"), asked.reason),
    ]
    link = ctx.page(f"/notices/{notice.id}/check", asked.reader)
    return cards_compose.approve(asked.ref, title, author.name, facts, cards.excerpt(body), link)


face(Face(KIND, "通知", ASK, "notices.approve", _card))


def _about(ctx: Context, matter: str) -> Notice | None:
    found = approvals_rows.of_matter(ctx.db, matter, lock=True)
    return store.get(ctx.db, found.details.get("notice", "")) if found else None


def decide(ctx: Context, ref: str) -> Card:
    """An approver agrees; what they see then. Refused for the author and for forged refs."""
    ask = ctx.asked(ref)
    notice = _about(ctx, ask.matter)
    if notice is None:
        return cards_compose.settled("")
    title = _title(ctx, notice)
    if ask.kind != ASK or notice.state != "approving" or not ctx.answer(ref, "approve"):
        return cards_compose.settled(title)

    def onward(now: Outcome) -> None:
        _close(ctx, ask.matter, lambda person: cards_compose.approved(notice.said(person.locale)[0], now.by))

    outcome = approvals_flow.agree(ctx, ask.matter, onward)
    if outcome.state == "next":
        return cards_compose.approved(title, outcome.by)
    return _agreed(ctx, ask.matter, notice, outcome) if outcome.state == "taken" else cards_compose.settled(title)


def doubt(ctx: Context, ref: str) -> Card:
    """[先不发]: nothing is decided before the reason is said. Refused for forged refs."""
    ask = ctx.asked(ref)
    notice = _about(ctx, ask.matter)
    if notice is None or ctx.actor is None or ask.kind != ASK or ask.state != "open" or notice.state != "approving":
        return cards_compose.settled(_title(ctx, notice) if notice else "")
    title = _title(ctx, notice)
    if not any(each.matter == ask.matter for each in ctx.open_asks(ctx.actor.id, REASON)):
        ctx.ask(ctx.actor, REASON, ask.matter, lambda _ref: cards_compose.why_not(title))
    return cards_compose.why_not(title)


def reasoned(ctx: Context, text: str) -> Card | None:
    """Words of somebody who was asked why not; None when nobody asked them."""
    who = ctx.actor
    found = ctx.open_asks(who.id, REASON) if who else []
    if who is None or not found:
        return None
    ask = found[-1]
    notice = _about(ctx, ask.matter)
    title = _title(ctx, notice) if notice else ""
    if sum(char.isalnum() for char in text) < 2:
        return cards_compose.why_not(title)
    ctx.answer(ask.ref, "said")
    asked = [each for each in ctx.open_asks(who.id, ASK) if each.matter == ask.matter]
    if notice is None or notice.state != "approving" or not asked or not ctx.answer(asked[0].ref, "reject"):
        return cards_compose.settled(title)
    outcome = approvals_flow.refuse(ctx, ask.matter)
    return (
        _returned(ctx, ask.matter, notice, outcome, text) if outcome.state == "taken" else cards_compose.settled(title)
    )


def _title(ctx: Context, notice: Notice) -> str:
    return notice.said(ctx.actor.locale if ctx.actor else "zh")[0]


def _agreed(ctx: Context, matter: str, notice: Notice, outcome: Outcome) -> Card:
    source = {"for": outcome.behalf.ref} if outcome.behalf else {}
    ctx.record("notice.approved", notice.id, source=source | {"version": str(notice.version)})
    _close(ctx, matter, lambda person: cards_compose.approved(notice.said(person.locale)[0], outcome.by))
    state = schedule.go(ctx, notice, ("approving",))
    now = store.get(ctx.db, notice.id) or notice
    if author := ctx.people.get(notice.author_id):
        ctx.say(author, lambda: cards_compose.submitted(notice.said(author.locale)[0], state, now.people, ()), matter)
    return cards_compose.approved(notice.said(ctx.actor.locale if ctx.actor else "zh")[0], outcome.by)


def _returned(ctx: Context, matter: str, notice: Notice, outcome: Outcome, why: str) -> Card:
    store.move(ctx.db, notice.id, ("approving",), state="draft")
    ctx.record("notice.returned", notice.id, parts={"reason": why})

    def shown(person: Person) -> Card:
        return cards_compose.returned(notice.said(person.locale)[0], outcome.by, why)

    _close(ctx, matter, shown)
    if author := ctx.people.get(notice.author_id):
        ctx.say(author, lambda: shown(author), matter)
    return cards_compose.returned(_title(ctx, notice), outcome.by, why)


def _close(ctx: Context, matter: str, shown: Callable[[Person], Card]) -> None:
    ctx.close(matter, lambda person, _ask: shown(person), kinds=[ASK, REASON])
