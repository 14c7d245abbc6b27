"""Hops 2 to 4: seen before? who is it? which flow? one transaction. Then, and only then, the nudge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from time import monotonic

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot import clock, db, inbox, menu, receipts, spoken
from bot.app import App
from bot.card import Card
from bot.context import Context
from bot.delivery import outbox
from bot.errors import Refused
from bot.event import TEXT, Event
from bot.locale import MASTER, speaking, t
from bot.people import People, Person
from bot.router import routes
from bot.store import new_ref
from bot.tables import failed
from bot.web.links import page_url
from bot.wire import dump_card, dump_event

log = structlog.get_logger("huizhi.dispatch")

First = Callable[[Connection, Event, datetime], bool]
"""Whether the event is this transaction's to answer."""
CROWDED = 1.0
"""Seconds for which everything is stored first once too many came at a time: their order is kept that way."""
WAKE = 0.2
NOTED = "您的操作已经记下，系统暂时没能处理完，管理员会尽快补办，不需要重复操作。"


class Dispatcher:
    """Callable handed to the doors. `nudge` wakes the worker after commit.

    At most `inline` events are answered at the same time, in the door's own thread. When more arrive they are stored
    and acknowledged first; `late` wakes whoever answers them. `inline` None: never.
    """

    def __init__(
        self,
        app: App,
        nudge: Callable[[], None],
        *,
        inline: int | None = None,
        late: Callable[[], None] = lambda: None,
    ) -> None:
        self._app, self._nudge, self._inline, self._late = app, nudge, inline, late
        self._porch, self._count = inbox.Porch(app.engine), Lock()
        self._busy, self._crowded_until, self._woken = 0, 0.0, 0.0

    def __call__(self, event: Event) -> Card | None:
        """Answer one event exactly once, now or soon. Raises only when nothing about it could be written."""
        with self._count:
            self._busy += 1
            if self._inline is not None and self._busy > self._inline:
                self._crowded_until = monotonic() + CROWDED
            crowded = monotonic() < self._crowded_until
        try:
            if crowded:
                self._porch.keep(event, clock.now())
                self._wake()
                return None
            return self._now(event, inbox.arrived)
        finally:
            with self._count:
                self._busy -= 1

    def _wake(self) -> None:
        # Not for each of thousands: whoever was woken answers all there are, and the scheduler looks every second.
        with self._count:
            now, early = monotonic(), monotonic() < self._woken + WAKE
            self._woken = self._woken if early else now
        if not early:
            self._late()

    def answer_waiting(self) -> int:
        """Answer stored events, oldest first, until none is left; how many this call answered."""
        total = 0
        while events := inbox.waiting(self._app.engine):
            for event in events:
                self._now(event, lambda connection, each, _now: inbox.take(connection, each))
            total += len(events)
        return total

    def _now(self, event: Event, first: First) -> Card | None:
        try:
            card = self._answer(event, first)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the event must survive it
            card = self._keep_failed(event, error)
        self._nudge()
        return card

    def _answer(self, event: Event, first: First) -> Card | None:
        with db.begin(self._app.engine) as connection:
            if not first(connection, event, clock.now()):
                log.info("event.duplicate", platform=event.platform, action=event.action)
                return None
            actor = People(connection).find(event.platform, event.actor) if event.actor else None
            ctx = self._app.context_on(connection, actor)
            if actor:
                code, message = event.data.get("response_code", ""), event.data.get("message_id", "")
                outbox.pressed(connection, event.ref, actor, code, message)
            with speaking(actor.locale if actor else MASTER):
                card = _run(event, ctx, actor, page_url(self._app.settings, "/me", actor))
                receipts.give(ctx)
            return card

    def _keep_failed(self, event: Event, error: Exception) -> Card:
        error_id = new_ref()
        with db.begin(self._app.engine) as connection:
            inbox.take(connection, event)  # it waits in `failed` from now on
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
        listening = (*routes.commands, *routes.words)
        card = next((card for flow in listening if (card := flow(event, ctx)) is not None), None)
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
