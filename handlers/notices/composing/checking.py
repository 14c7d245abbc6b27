"""What keeps a draft from being published: everything at once, in words an author can act on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from bot import access
from bot.locale import t
from handlers.notices import store
from handlers.notices.composing import audience, richtext
from handlers.notices.composing.audience_rules import spec_of
from handlers.notices.sending import plan
from handlers.notices.store import Notice


def problems(db: Connection, notice_id: str, now: datetime | None = None) -> list[str]:
    """Everything that keeps it from being published, at once. `now` UTC; without it times are not compared with it."""
    notice = store.get(db, notice_id)
    if notice is None:
        return [t("没有找到这份通知。")]
    found = [] if notice.texts else [t("没有标题和正文")]
    for locale, (title, body) in notice.texts.items():
        found += [_named(locale, each) for each in richtext.problems(title, body)]
    if notice.texts and "zh" not in notice.texts:
        found.append(t("至少要有中文"))
    return found + _wrong_people(db, notice) + _wrong_times(db, notice, now) + _wrong_answers(notice)


def _named(locale: str, problem: str) -> str:
    return t("英文：{problem}", problem=problem) if locale == "en" else t("中文：{problem}", problem=problem)


def _wrong_people(db: Connection, notice: Notice) -> list[str]:
    try:
        spec = spec_of(notice.audience)
    except ValueError as error:
        return [str(error)]
    if spec.into.empty:
        return [t("没有选择对象")]
    chosen = audience.resolve(db, spec)
    found = [] if chosen.people else [t("选择的对象里没有人")]
    if chosen.unknown:
        found.append(t("找不到：{names}", names="、".join(chosen.unknown[:10])))
    who = audience.person(db, notice.author_id)
    if who and not access.is_hr(who):
        team = {each.id for each in access.visible(db, who, limit=100_000)} | {who.id}
        if any(each.id not in team for each in chosen.people):
            found.append(t("主管只能给自己的团队发通知"))
    return found


def _wrong_times(db: Connection, notice: Notice, now: datetime | None) -> list[str]:
    found = []
    begins = notice.send_at or now
    if notice.send_until and notice.send_at and notice.send_until <= notice.send_at:
        found.append(t("最晚发送时间要在发送时间之后"))
    if notice.send_until and not notice.send_at:
        found.append(t("有最晚发送时间，却没有发送时间"))
    if notice.deadline and begins and notice.deadline <= begins:
        found.append(t("期限要在发送时间之后"))
    if now and notice.send_at and notice.send_at <= now:
        found.append(t("发送时间已经过去"))
    if notice.quiet and plan.quiet(notice.quiet) is None:
        found.append(t("免打扰时段要写成 22:00-07:00"))
    who = audience.person(db, notice.author_id)
    span = plan.quiet(notice.quiet) or plan.QUIET
    if who and notice.send_at and not notice.urgent and plan.quiet_until(notice.send_at, who.zone, span):
        found.append(t("发送时间在免打扰时段里；请换时间，或标为紧急"))
    if notice.joiners == "deadline" and notice.deadline is None:
        found.append(t("新员工在期限前也要收到，却没有期限"))
    return found


def _wrong_answers(notice: Notice) -> list[str]:
    found = []
    if notice.importance == "confirm" and not notice.answers:
        found.append(t("需要确认的通知至少要有一个答复按钮"))
    if "agreed" in notice.answers and not {"objected", "appealed"} & set(notice.answers):
        found.append(t("有「同意」就要有「收到但有异议」或「申诉」：人要能说不"))
    if notice.importance == "sign" and not notice.basis.strip():
        found.append(t("需要签署的通知要写明依据"))
    try:
        plan.steps_of(notice.plan, notice.importance)
    except (ValueError, TypeError):
        found.append(t("送达计划要由轻到重，时间向前"))
    return found
