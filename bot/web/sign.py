"""The page on which somebody signs: identity by the platform's sign-in, the whole document before the button."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from flask import Response, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import access, clock, jobs, receipts, signing
from bot.errors import PlatformError, Refused
from bot.locale import speaking
from bot.people import People, Person
from bot.signing import code as signing_code, copy as signing_copy, flow as signing_flow, provider as signing_provider
from bot.signing.flow import Answer, Attempt, Seat
from bot.signing.store import OPEN, SIGNED, Document
from bot.web.links import own_path
from bot.web.pages import Pages, Visit
from bot.web.security import too_many
from bot.web.sign_words import WORDS, say

ENDED = {Answer.SIGNED, Answer.DECLINED, Answer.ALREADY, Answer.WAS_DECLINED, Answer.WAS_WITNESSED,
         Answer.SUPERSEDED, Answer.WITHDRAWN}  # fmt: skip
EARLY = ", ".join(f"</static/{name}.css>; rel=preload; as=style" for name in ("sign", "pages"))
CODES = 6
"""Codes an hour."""


def register(pages: Pages) -> None:
    """The person's own pages."""
    pages.get("/sign/<ref>", page)
    pages.post("/sign/<ref>", press)
    pages.get("/sign/<ref>/copy.pdf", copy)


def page(visit: Visit, ref: str) -> ResponseReturnValue:
    """The document in full with the button, or what became of it. For everybody else the page does not exist."""
    document = mine(visit, ref)
    if document.state != OPEN:
        return over(visit, document)
    if not signing_flow.intact(document):
        return _told(visit, document, "said_altered", say(visit.lang, "said_altered"))
    seat, strict = _seat(visit), is_strict(visit, document)
    licensed = signing_provider.provider_for(visit.app.settings, document)
    if strict and not licensed and clock.now() - seat.began > signing_flow.FRESH:
        return _again(visit, document)
    with visit.app.context(visit.person) as ctx:
        token = signing_flow.show(ctx, document, seat)
    said = request.args.get("said", "")
    shown = visit.page(
        "sign.html",
        w=functools.partial(say, visit.lang),
        document=document,
        token=token,
        said=said if f"said_{said}" in WORDS else "",
        licensed=licensed.label if licensed else "",
        strict_until=seat.began + signing_flow.FRESH if strict and not licensed else None,
        code_by=visit.app.settings.sign_code,
    )
    # A slow phone asks for the styles when the head of the answer comes, not when it has read the page.
    return Response(shown, headers={"Link": EARLY})


def press(visit: Visit, ref: str) -> ResponseReturnValue:
    """One of the page's buttons. Always back to the page, which says what came of it."""
    document, what = mine(visit, ref), request.form.get("do", "")
    if request.form.get("send") == "code" or what == "code":
        return _code(visit, document)
    if what == "licensed":
        return _licensed(visit, document)
    answer = _decline(visit, document) if what == "decline" else _sign(visit, document)
    if answer in (Answer.SIGNED, Answer.DECLINED):
        jobs.nudge(visit.app, signing_copy.JOB)
        jobs.nudge(visit.app, "drain")
    here = signing.path(document)
    return redirect(here if answer in ENDED else f"{here}?said={answer.value}", 303)


def copy(visit: Visit, ref: str) -> ResponseReturnValue:
    """The sealed copy, for the person and for HR; made now should the worker not have done it yet."""
    with visit.app.engine.connect() as conn:
        document = signing.get(conn, ref)
        subject = None if document is None else _subject(visit, document)
    if document is None or subject is None:
        raise NotFound
    if subject.id != visit.person.id:
        with visit.app.context(visit.person) as ctx:
            access.viewed(ctx, subject, f"sign:{ref}")
    try:
        pdf = signing_copy.copy_of(visit.app, ref)
    except PlatformError:
        return _told(visit, document, "state_signed", say(visit.lang, "copy_wait")), 503
    if pdf is None:
        raise NotFound
    response = make_response(pdf)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="huizhi-{document.ref[:12]}-v{document.version}.pdf"'
    return response


def mine(visit: Visit, ref: str) -> Document:
    """The visitor's own document."""
    with visit.app.engine.connect() as conn:
        found = signing.get(conn, ref)
    if found is None or found.person_id != visit.person.id:
        raise NotFound
    return found


def is_strict(visit: Visit, document: Document) -> bool:
    """Whether this one needs a fresh sign-in and a code."""
    return document.high_stakes or document.kind in visit.app.settings.sign_high_stakes


def over(visit: Visit, document: Document) -> str:
    """A document that can no longer be signed, and why."""
    state, words = document.state, document.words
    time = visit.time(document.decided_at)[:16] if document.decided_at else ""
    text = say(visit.lang, f"about_{state}", time=time, words=words)
    link, label, small = "", "", list[str]()
    if state == SIGNED:
        licensed = "kind_of_licensed" if document.flow_id else "kind_of"
        link, label, small = f"{signing.path(document)}/copy.pdf", "copy", [say(visit.lang, licensed)]
        small.append(f"SHA-256 {document.sha256}")
    elif document.superseded_by:
        link, label = signing.path(document.superseded_by), "newer"
    return _told(visit, document, f"state_{state}", text, link=link, label=label, small=small)


def _told(visit: Visit, document: Document, key: str, text: str, **more: object) -> str:
    values = {"link": "", "label": "", "small": (), "note": ""} | more
    w = functools.partial(say, visit.lang)
    return visit.page("sign_over.html", w=w, key=key, title=document.title, text=text, **values)


def _again(visit: Visit, document: Document) -> str:
    there = f"/in?p={visit.person.platform}&next={own_path(signing.path(document))}"
    return _told(visit, document, "fresh", say(visit.lang, "fresh_text"), link=there, label="sign_in")


def _seat(visit: Visit) -> Seat:
    return Seat(visit.session.sid, datetime.fromtimestamp(visit.session.began, UTC))


def _sign(visit: Visit, document: Document) -> Answer:
    form, person = request.form, visit.person
    how = form.get("how", "")
    marks = form.get("typed" if how == "typed" else "strokes", "")
    attempt = Attempt(form.get("token", ""), how, marks, form.get("code", "")[:12], form.get("seen") == "1")
    if signing_provider.provider_for(visit.app.settings, document):
        return Answer.OLD_PAGE  # what the provider must sign is not signed here
    with visit.app.context(person) as ctx, speaking(person.locale):
        answer = signing_flow.sign(ctx, document.ref, _seat(visit), attempt, strict=is_strict(visit, document))
        if answer is Answer.SIGNED:
            where = ctx.page(f"{signing.path(document)}/copy.pdf", person)
            ctx.say(person, lambda: signing_flow.done(document, where), document.matter)
            receipts.give(ctx)
    return answer


def _decline(visit: Visit, document: Document) -> Answer:
    with visit.app.context(visit.person) as ctx, speaking(visit.person.locale):
        answer = signing_flow.decline(ctx, document.ref, request.form.get("words", ""))
        if answer is Answer.DECLINED:
            receipts.give(ctx)
    return answer


def _code(visit: Visit, document: Document) -> ResponseReturnValue:
    """A code by the chosen way; a page without script gets its sentence on the next page."""
    word = "code_wait"
    if document.state == OPEN and not too_many(visit.app.store, "sign-code", visit.person.id, CODES):
        with visit.app.context(visit.person) as ctx, speaking(visit.person.locale):
            sent = signing_code.send(ctx, document, visit.session.sid, visit.app.settings.sign_code)
        word = "code_sent" if sent else "code_wait"
        jobs.nudge(visit.app, "drain")
    if request.args.get("quiet"):
        return Response(say(visit.lang, word), content_type="text/plain; charset=utf-8")
    return redirect(f"{signing.path(document)}?said={word}", 303)


def _licensed(visit: Visit, document: Document) -> ResponseReturnValue:
    """On to the provider by a link: our pages may not send forms anywhere else."""
    provider = signing_provider.provider_for(visit.app.settings, document)
    if provider is None or document.state != OPEN:
        return redirect(signing.path(document), 303)
    try:
        there = signing_provider.hand_over(visit.app, document, visit.person)
    except Refused:
        return redirect(f"{signing.path(document)}?said=elsewhere", 303)
    except PlatformError:
        return redirect(f"{signing.path(document)}?said=away", 303)
    w = functools.partial(say, visit.lang)
    values = {"text": w("licensed", name=provider.label), "link": there, "small": (), "note": "", "key": "sign_here"}
    go = functools.partial(_named, w, provider.label)
    return visit.page("sign_over.html", w=go, title=document.title, label="licensed_go", **values)


def _named(w: functools.partial[str], name: str, key: str) -> str:
    return w(key, name=name) if key == "licensed_go" else w(key)


def _subject(visit: Visit, document: Document) -> Person | None:
    with visit.app.engine.connect() as conn:
        found = People(conn).get(document.person_id)
    allowed = found is not None and (found.id == visit.person.id or access.is_hr(visit.person))
    return found if allowed else None
