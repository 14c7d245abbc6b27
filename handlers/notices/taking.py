"""Files sent in the chat: beside an objection that waits for its words, or into the draft somebody is writing."""

from __future__ import annotations

from datetime import timedelta

from bot import access
from bot.asks import Ask
from bot.context import Context
from bot.errors import Refused
from bot.router import Filed, SentFile, takes_files
from handlers.notices import cards, store
from handlers.notices.cards import compose as cards_compose
from handlers.notices.composing import attachments, drafts
from handlers.notices.flow import steering
from handlers.notices.receiving import answers

WRITING = timedelta(hours=2)
"""A draft begun so long ago at most is what its author is at."""


@takes_files(answers.WORDS)
def beside_words(ctx: Context, ask: Ask | None, file: SentFile) -> Filed | None:
    """To an objection or appeal whose words were asked for: the question stays open for them.

    The author hears that there is a file. Only HR can open it, whoever wrote the notice: it may be about health.
    """
    notice = store.get(ctx.db, store.PREFIX + ask.matter.split("-", 1)[-1]) if ask else None
    if notice is None or ctx.actor is None or store.recipient(ctx.db, notice.id, ctx.actor.id) is None:
        return None
    author, name, hr = ctx.people.get(notice.author_id), ctx.actor.name, False
    if author and author.active and author.id != ctx.actor.id:
        hr = access.is_hr(author)
        link, title = ctx.page(file.page, author) if hr else "", notice.said(author.locale)[0]
        ctx.say(author, lambda: cards.file_beside(title, name, link), store.desk(notice.id))
    return Filed(notice.id, cards.file_kept(notice.said(ctx.actor.locale)[0], file.name), for_hr=not hr)


@takes_files("")
def into_draft(ctx: Context, _ask: Ask | None, file: SentFile) -> Filed | None:
    """The actor is writing a notice: what can be an attachment becomes one, or they read why not."""
    if file.name.rsplit(".", 1)[-1] not in attachments.KINDS:
        return None
    mine = store.newest(ctx.db, 1, author_id=ctx.actor.id, state=drafts.EDITABLE) if ctx.actor else []
    if not mine or mine[0].created_at < ctx.now - WRITING:
        return None
    notice, link = mine[0], ctx.page(f"/notices/{mine[0].id}/edit", ctx.actor)
    title = steering.title(ctx, notice) if notice.texts else ""
    try:
        with ctx.attempt():
            drafts.attach(ctx, notice.id, file.name, file.content)
    except Refused as refusal:
        return Filed(notice.id, cards_compose.not_attached(title, file.name, str(refusal), link), for_hr=False)
    return Filed(notice.id, cards_compose.attached(title, file.name, link), for_hr=False)
