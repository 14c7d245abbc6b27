"""Hops 2 to 4: seen before? who is it? which flow? one transaction. Then, and only then, the nudge."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bot import clock, db, menu, outbox, receipts, spoken
from bot.app import App
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import TEXT, Event
from bot.evidence.keys import newest
from bot.locale import MASTER, speaking, t
from bot.people import People, Person
from bot.router import routes
from bot.store import new_ref
from bot.tables import failed, inbox
from bot.web.links import page_url
from bot.wire import dump_card, dump_event

log = structlog.get_logger("huizhi.dispatch")

_ARRIVED = sa.insert(inbox)
NOTED = "您的操作已经记下，系统暂时没能处理完，管理员会尽快补办，不需要重复操作。"


class Dispatcher:
    """Callable handed to the doors. `nudge` wakes the worker after commit."""

    def __init__(self, app: App, nudge: Callable[[], None]) -> None:
        self._app, self._nudge = app, nudge

    def __call__(self, event: Event) -> Card | None:
        """Answer one event exactly once. Raises only when not even the `failed` row could be written."""
        try:
            card = self._answer(event)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the event must survive it
            card = self._keep_failed(event, error)
        self._nudge()
        return card

    def _answer(self, event: Event) -> Card | None:
        with db.begin(self._app.engine) as connection:
            if not _first_time(connection, event):
                log.info("event.duplicate", platform=event.platform, action=event.action)
                return None
            actor = People(connection).find(event.platform, event.actor) if event.actor else None
            ctx = Context(
                connection, now=clock.now(), keys=newest(self._app.keys), zone=self._app.settings.timezone, actor=actor
            )
            outbox.remember_token(connection, event.ref, event.data.get("response_code", ""))
            with speaking(actor.locale if actor else MASTER):
                card = _run(event, ctx, actor, page_url(self._app.settings, "/me", actor))
                receipts.give(ctx)
            return card

    def _keep_failed(self, event: Event, error: Exception) -> Card:
        error_id = new_ref()
        with db.begin(self._app.engine) as connection:
            connection.execute(
                sa.insert(failed).values(
                    id=error_id,
                    platform=event.platform,
                    event_id=event.id[:200],
                    event=dump_event(event),
                    error=type(error).__name__,
                    at=clock.now(),
                )
            )
            person = People(connection).find(event.platform, event.actor) if event.actor else None
            with speaking(person.locale if person else MASTER):
                card = Card(t("已记下"), t(NOTED), footer=t("编号 {id}", id=error_id[:8]))
            if person:
                outbox.queue(connection, clock.now(), "send", person.platform, person, "system", dump_card(card))
        # The traceback's frames may hold people's words: only its type and place are logged.
        log.error(
            "event.failed", error_id=error_id, error=type(error).__name__, where=_where(error), action=event.action
        )
        return card


def _first_time(connection: Connection, event: Event) -> bool:
    try:
        with connection.begin_nested():
            row = {"platform": event.platform, "event_id": event.id[:200], "action": event.action[:80]}
            connection.execute(_ARRIVED, row | {"received_at": clock.now()})
    except IntegrityError:
        return False
    return True


def _run(event: Event, ctx: Context, actor: Person | None, page: str) -> Card | None:
    if actor:
        # A sign of life stays one even when the flow behind it is refused and rolled back.
        for hook in routes.hooks:
            hook(event, ctx)
    try:
        with ctx.attempt():
            if menu.answered(event, ctx, page):  # before the handlers' words: asking for a list is not giving a reason
                return None
            return _flow(event, ctx, actor)
    except Refused as refusal:
        if actor:
            ctx.say(actor, Card(t("请看这里"), str(refusal)), "system")
        return None


def _flow(event: Event, ctx: Context, actor: Person | None) -> Card | None:
    if event.action == TEXT and actor:  # a stranger's words find no flow below and are only logged
        card = next((card for flow in routes.words if (card := flow(event, ctx)) is not None), None)
        if card is None and (tapped := spoken.as_tap(event, ctx)) is not event:
            return _flow(tapped, ctx, actor)
        ctx.say(actor, card or menu.welcome(), "chat")
        return None
    flow_of = routes.flows.get(event.action)
    if flow_of and (actor or not event.actor):
        return flow_of(event, ctx)
    if event.ref and actor:
        raise Refused(t("这张卡片的操作已不再可用，回复「我的待办」查看现在需要您处理的事项。"))
    log.info("event.unanswered", platform=event.platform, action=event.action, known=actor is not None)
    return None


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else ""
