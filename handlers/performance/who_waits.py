"""谁还没签？ 谁还没打分？ asked in chat: HR hears of everybody, a manager of their own people; one tap reminds."""

from __future__ import annotations

import re

from bot.access import is_hr
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from handlers.performance import cards_lists, cards_results, reminding, store
from handlers.performance.reminding import What
from handlers.performance.store import Cycle, Member

KIND = "performance.waiting"
SHOWN = 12
SIGN = re.compile(
    r"^(?:绩效(?:结果)?)?\s*(?:还有)?谁(?:还)?没(?:有)?(?:签字|签|答复|回复|确认)(?<!确认)(?:绩效(?:结果)?)?[?？]?$|"
    r"^(?:还有)?谁(?:还)?没(?:有)?确认绩效(?:结果)?[?？]?$|"
    r"^who (?:has|have)(?: not|n't) (?:signed|answered)(?: yet)?\??$",
    re.IGNORECASE,
)
SCORE = re.compile(
    r"^(?:还有)?谁(?:还)?没(?:有)?(?:打分|评分|打绩效)[?？]?$|^who (?:has|have)(?: not|n't) scored(?: yet)?\??$",
    re.IGNORECASE,
)
NOBODY_YOURS = "这个问题只有 HR 和主管可以查，您可以回复「我的绩效」看自己的。"


def heard(ctx: Context, actor: Person, text: str) -> Card | None:
    """The card that answers such a question; None for other words. Refused for whoever has nobody to ask about."""
    what: What
    if SIGN.match(text):
        what = "answers"
    elif SCORE.match(text):
        what = "scores"
    else:
        return None
    found = _waiting(ctx, actor, what)
    if found is None:
        raise Refused(t(NOBODY_YOURS))
    cycle, waiting = found
    title = _title(what)
    if not waiting:
        return cards_results.nobody_waits(cycle.name, title)
    names = [_name(ctx, each) for each in waiting[:SHOWN]]
    ctx.ask(
        actor, f"{KIND}.{what}", cycle.id,
        lambda ref: cards_results.waiting(ref, cycle.name, _title(what), names, len(waiting)),
    )  # fmt: skip
    return cards_lists.listed(cycle.name, len(waiting))


def _title(what: What) -> str:
    return t("还没有签字或答复绩效结果") if what == "answers" else t("还没有完成评分")


def _name(ctx: Context, member: Member) -> str:
    person = ctx.people.get(member.person_id)
    name = person.name if person else ""
    if member.state in ("manager", "hr") and (scorer := ctx.people.get(member.scorer_id)) and member.state == "manager":
        return t("{name}（等 {scorer}）", name=name, scorer=scorer.name)
    return name


def _waiting(ctx: Context, actor: Person, what: What) -> tuple[Cycle, list[Member]] | None:
    """Of the newest cycle in which the actor may ask; None when there is none."""
    for cycle in store.cycles(ctx.db, state=("running", "scoring", "results")):
        mine = None if is_hr(actor) else {"scorer_id": actor.id}
        if mine is not None and not store.members(ctx.db, limit=1, cycle_id=cycle.id, **mine):
            continue
        found = reminding.waiting(ctx, cycle, what)
        # Whoever asks is not told about themselves: their own result is on their own card.
        found = [each for each in found if each.person_id != actor.id and (mine is None or each.scorer_id == actor.id)]
        return cycle, found
    return None


def remind(ctx: Context, ask: Ask) -> Card:
    """[提醒他们]: one tap, each person in their own working time, nobody twice a day."""
    cycle = store.cycle(ctx.db, ask.matter)
    if cycle is None or not ask.kind.startswith(KIND) or not ctx.answer(ask.ref, "remind"):
        raise Refused(t("已经提醒过了。"))
    what: What = "scores" if ask.kind.endswith(".scores") else "answers"
    done = reminding.remind(ctx, cycle, what)
    return cards_lists.reminded(
        cycle.name, done.sent, {"away": done.away, "recent": done.recent, "resting": done.resting}
    )
