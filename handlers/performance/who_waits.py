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
from handlers.performance import board, reminding, store
from handlers.performance.cards import lists as cards_lists, results as cards_results
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
LOW = re.compile(
    r"^(?=.*(?:谁|部门|达成率|完成率))(?:哪些部门|哪个部门|还有谁|谁)?(?:有人)?的?(?:目标)?(?:达成率|完成率)?"
    r"(?:低于|不到|不足|没到)\s*70\s*[%％]?(?:的?(?:有谁|有哪些|是谁|部门|人))*[?？]?$|"
    r"^(?:who|which departments?) (?:is|are) (?:below|under) 70 ?%?\??$",
    re.IGNORECASE,
)
NOBODY_YOURS = "这个问题只有 HR 和主管可以查，您可以回复「我的绩效」看自己的。"


def heard(ctx: Context, actor: Person, text: str) -> Card | None:
    """The card that answers such a question; None for other words. Refused for whoever has nobody to ask about."""
    what: What
    if LOW.match(text):
        return _low(ctx, actor)
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


def _low(ctx: Context, actor: Person) -> Card:
    """HR: by department, with the names; a manager: their own people. Only what is known and fresh is low."""
    cycle = _cycle(ctx, actor)
    if cycle is None:
        raise Refused(t(NOBODY_YOURS))
    if is_hr(actor):
        found = board.departments(ctx.db, cycle.id)
        areas = [cards_lists.Area(each.name, each.below, each.people) for each in found if each.below]
        lines = [each for each in board.listed(ctx.db, cycle.id, "low")[0] if each.member.person_id != actor.id]
        link = ctx.page(f"/performance/cockpit/{cycle.id}/people?state=low", actor)
    else:
        areas, mine = [], board.people_of(ctx.db, cycle.id, actor.id)
        lines = [each for each in mine if each.attainment is not None and each.attainment < board.LOW]
        link = ctx.page("/performance/team", actor)
    names = [f"{each.name} {each.member.attainment} %" for each in lines[: SHOWN + 1]]
    return cards_lists.low(cycle.name, areas[:SHOWN], names, SHOWN, link)


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
    cycle = _cycle(ctx, actor)
    if cycle is None:
        return None
    every = is_hr(actor)
    # Whoever asks is not told about themselves: their own result is on their own card.
    found = [each for each in reminding.waiting(ctx, cycle, what) if each.person_id != actor.id]
    return cycle, [each for each in found if every or each.scorer_id == actor.id]


def _cycle(ctx: Context, actor: Person) -> Cycle | None:
    """The newest one in which the actor may ask about others."""
    found = store.cycles(ctx.db, state=("running", "scoring", "results"))
    theirs = (each for each in found if store.members(ctx.db, limit=1, cycle_id=each.id, scorer_id=actor.id))
    return next(iter(found), None) if is_hr(actor) else next(theirs, None)


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
