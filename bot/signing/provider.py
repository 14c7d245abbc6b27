"""Signing with a licensed provider, for the kinds of document the settings name. Off unless one is set up.

Found by name: `adapters/*/signing.py` with `build(settings) -> SigningProvider | None`. The provider is only called
between transactions; its callback is an event like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot import installed, signing
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.ports.signing import OUTCOME, Order, SigningProvider
from bot.router import on
from bot.signing import code, flow
from bot.signing.store import DECLINED, OPEN, Document
from bot.web.links import page_url
from config.settings import Settings

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.signing")
NO_NUMBER = "持牌平台需要您的手机号来核对身份，系统里还没有。请联系 HR 登记后再签。"


def provider_for(settings: Settings, document: Document) -> SigningProvider | None:
    """Who must sign this kind of document, if the settings say so."""
    known = installed.signing_providers(settings) if document.kind in settings.esign_kinds else {}
    return known.get(document.provider) or next(iter(known.values()), None)


def hand_over(app: App, document: Document, person: Person) -> str:
    """The address at which the person signs; the flow is begun once. PlatformError from the provider.

    Refused without a mobile number. A crash between the two leaves a flow at the provider that nobody was sent to.
    """
    provider = provider_for(app.settings, document)
    with app.engine.connect() as conn:
        account = code.number(conn, person)
    if provider is None or not account:
        raise Refused(t(NO_NUMBER))
    back = page_url(app.settings, signing.path(document))
    flow_id = document.flow_id
    if not flow_id:
        flow_id = _begin(app, provider, document, Order("", "", b"", person.name, account, back))
    return provider.url(flow_id, account, back)


def _begin(app: App, provider: SigningProvider, document: Document, base: Order) -> str:
    from bot.evidence.signed import unsigned  # reads its fonts: only for those who need a PDF

    pdf = unsigned(document)
    flow_id = provider.start(Order(document.ref, document.title, pdf, base.name, base.account, base.back))
    with app.context() as ctx:
        fresh = signing.get(ctx.db, document.ref)
        if fresh and fresh.flow_id:  # another device was first; its flow is the one that counts
            return fresh.flow_id
        signing.move(ctx.db, document.ref, (OPEN,), provider=provider.name, flow_id=flow_id)
        subject = ctx.people.get(document.person_id)
        source = {"document": document.ref, "provider": provider.name, "flow": flow_id}
        ctx.record("document.handed_over", document.matter, subject=subject, parts={"file": pdf}, source=source)
    return flow_id


@on(OUTCOME)
def outcome(event: Event, ctx: Context) -> Card | None:
    """The provider says how its flow ended; an unknown or repeated report changes nothing."""
    flow_id, state = event.data.get("flow", ""), event.data.get("state", "")
    document = signing.of_flow(ctx.db, event.platform, flow_id)
    person = ctx.people.get(document.person_id) if document else None
    if event.actor or document is None or person is None:
        log.warning("signing.outcome_unknown", provider=event.platform)
        return None
    if state == "signed":
        row: dict[str, object] = {"how": "provider", "account": flow_id, "marks": "", "second_factor": "none"}
        flow.enter(ctx, document, person, row, {"callback": event.raw})
    elif state == "declined" and signing.move(ctx.db, document.ref, (OPEN,), state=DECLINED, decided_at=ctx.now):
        source = {"document": document.ref, "provider": event.platform, "flow": flow_id}
        parts: dict[str, str | bytes] = {"document": document.content, "callback": event.raw}
        ctx.record("document.declined", document.matter, subject=person, parts=parts, source=source)
        signing.heard(ctx, signing.must(ctx.db, document.ref), None)
    elif state in ("expired", "revoked"):
        signing.move(ctx.db, document.ref, (OPEN,), flow_id="")  # the next visit begins a new flow
    return None
