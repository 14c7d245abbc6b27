"""The same paper fixed for many people at once, in bulk statements; see bot.signing.prepare for what it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot import signing
from bot.context import Context, Entry
from bot.signing import Paper
from bot.signing.tables import document as table


def prepare_many(ctx: Context, papers: Sequence[Paper], *, kind: str) -> dict[str, str]:
    """matter -> ref of the document that is now fixed, each with its own `document.prepared`.

    A matter is named once. One that has a document already goes through `prepare`, which replaces what is open.
    """
    c = table.c
    matters = [each.matter for each in papers]
    old = set(ctx.db.execute(sa.select(c.matter).where(c.matter.in_(matters), c.kind == kind)).scalars())
    found, rows, entries = dict[str, str](), list[dict[str, Any]](), list[Entry]()
    for each in papers:
        if each.matter in old:
            again = signing.prepare(ctx, each.person, each.matter, each.title, each.blocks, kind=kind)
            found[each.matter] = again.ref
            continue
        row = signing.row_of(ctx, each, kind, 1)
        found[each.matter] = row["ref"]
        rows.append(row)
        entries.append(Entry("document.prepared", each.matter, each.person, *signing.recorded_of(row)))
    if rows:
        ctx.db.execute(sa.insert(table), rows)
        ctx.record_many(entries)
    return found
