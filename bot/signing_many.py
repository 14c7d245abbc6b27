"""The same paper fixed for many people at once, in bulk statements; see bot.signing.prepare for what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot import signing
from bot.context import Context
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.vault import vault_of
from bot.people import Person
from bot.signing_rules import blocks_of, digest, dumped, exact
from bot.signing_tables import document as table
from bot.store import new_ref


@dataclass(frozen=True, slots=True)
class Paper:
    """What one person is asked to sign."""

    person: Person
    matter: str
    title: str
    blocks: Sequence[tuple[str, str | Sequence[tuple[str, str]]]]


def prepare_many(ctx: Context, papers: Sequence[Paper], *, kind: str) -> dict[str, str]:
    """matter -> ref of the document that is now fixed, each with its own `document.prepared`.

    A matter is named once. One that has a document already goes through `prepare`, which replaces what is open.
    """
    c = table.c
    matters = [each.matter for each in papers]
    old = set(ctx.db.execute(sa.select(c.matter).where(c.matter.in_(matters), c.kind == kind)).scalars())
    found, rows, drafts = dict[str, str](), list[dict[str, Any]](), list[Draft]()
    for each in papers:
        if each.matter in old:
            again = signing.prepare(ctx, each.person, each.matter, each.title, each.blocks, kind=kind)
            found[each.matter] = again.ref
            continue
        row = _row(ctx, each, kind)
        found[each.matter] = row["ref"]
        rows.append(row)
        drafts.append(_draft(ctx, each, row))
    if rows:
        ctx.db.execute(sa.insert(table), rows)
        append_many(ctx.db, ctx.keys, drafts, vault=vault_of(ctx.keys.key_dir))
    return found


def _row(ctx: Context, paper: Paper, kind: str) -> dict[str, Any]:
    title, fixed = " ".join(paper.title.split())[: signing.TITLE], blocks_of(paper.blocks)
    content = exact(title, 1, fixed, ())
    row = {"ref": new_ref(), "matter": paper.matter, "kind": kind, "version": 1, "person_id": paper.person.id}
    row |= {"title": title, "blocks": dumped(fixed), "attachments": "[]", "content": content}
    row |= {"sha256": digest(content), "high_stakes": False, "state": signing.OPEN}
    return row | {"zone": paper.person.zone, "prepared_at": ctx.now}


def _draft(ctx: Context, paper: Paper, row: dict[str, Any]) -> Draft:
    text, actor = "text/plain; charset=utf-8", ctx.actor.ref if ctx.actor else "p:system"
    parts = [
        Part("document", "application/octet-stream", row["content"]),
        Part("sha256", text, row["sha256"].encode()),
    ]
    source = {"document": row["ref"], "version": "1", "kind": row["kind"]}
    moments = (ctx.now, ctx.now)
    event = f"evt_{new_ref()}"
    return Draft(event, "document.prepared", *moments, actor, paper.person.ref, paper.matter, parts, source)
