"""Files sent in the chat while an objection or appeal waits for its words."""

from __future__ import annotations

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.router import Filed, SentFile, takes_files
from handlers.performance import store
from handlers.performance.flow import results as flow_results
from handlers.performance.telling import results_rows, uploads
from handlers.performance.telling.uploads import Upload


@takes_files(flow_results.WORDS)
def beside_words(ctx: Context, ask: Ask | None, file: SentFile) -> Filed | None:
    """Kept with the result; once the words of an appeal are there it goes with them. The question stays open."""
    found = store.result(ctx.db, ask.matter) if ask else None
    if found is None or ctx.actor is None or found.person_id != ctx.actor.id:
        return None
    if len(uploads.of_matter(ctx, found.id)) >= uploads.COUNT:
        return None
    try:
        with ctx.attempt():
            uploads.keep(ctx, found.id, [Upload(file.name, file.content)])
    except Refused:  # a kind that an appeal does not take, e.g. a recording: HR gets it
        return None
    return Filed(found.id, _kept(results_rows.cycle_of(ctx, found).name, file.name))


def _kept(cycle: str, name: str) -> Card:
    text = t("「{name}」已原样保存，和您对{cycle}结果的意见放在一起。经理看不到。", name=name, cycle=cycle)
    return Card(t("已收到您的文件"), text, footer=t("请再打字说明您的意见或理由，文件会一起交上去。"))
