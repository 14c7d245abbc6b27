"""Documents that a person signs: fixed, shown whole, signed or declined once, handed over sealed.

A feature prepares a document about a matter of its own and hears of the outcome:

    document = signing.prepare(ctx, person, matter, title, blocks, kind="handbook")
    ctx.ask(person, …, lambda ref: Card(…, link=signing.link(settings, document)))

    @signing.signed("handbook:")
    def done(ctx, document, signature): ...

Hooks run in the transaction of the signature and its evidence. One person never has two open versions of one paper: a
newer one takes the place of the older.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.context import Context
from bot.people import People, Person
from bot.signing.rules import Attachment, blocks_of, digest, dumped, exact
from bot.signing.store import (
    DECLINED,
    OPEN,
    SIGNED,
    SUPERSEDED,
    WITHDRAWN,
    WITNESSED,
    Document,
    Signature,
    get,
    move,
    must,
    of_flow,
    of_matter,
    signature_of,
)
from bot.signing.tables import document as table
from bot.store import new_ref
from bot.web.links import own_path, page_url
from config.settings import Settings

if TYPE_CHECKING:
    from bot.app import App

__all__ = [
    "DECLINED", "OPEN", "SIGNED", "SUPERSEDED", "WITHDRAWN", "WITNESSED", "Attachment", "Document", "Paper",
    "Signature", "actor_of", "declined", "get", "heard", "link", "move", "must", "of_flow", "of_matter", "path",
    "prepare", "signature_of", "signed", "withdraw",
]  # fmt: skip
Hook = Callable[[Context, Document, Signature | None], None]
"""`signature` is None when the document was declined, or the refusal witnessed."""
_signed: dict[str, Hook] = {}
_declined: dict[str, Hook] = {}
TITLE = 200


def signed(prefix: str) -> Callable[[Hook], Hook]:
    """Call when a document of a matter that begins with `prefix` was signed. One hook a prefix."""
    return _register(_signed, prefix)


def declined(prefix: str) -> Callable[[Hook], Hook]:
    """Call when such a document was declined, and again when the refusal was witnessed (see `document.state`)."""
    return _register(_declined, prefix)


def heard(ctx: Context, document: Document, signature: Signature | None) -> None:
    """Tell the feature whose matter this is."""
    for prefix, hook in (_signed if signature else _declined).items():
        if document.matter.startswith(prefix):
            hook(ctx, document, signature)


@dataclass(frozen=True, slots=True)
class Paper:
    """What one person is asked to sign."""

    person: Person
    matter: str
    title: str
    blocks: Sequence[tuple[str, str | Sequence[tuple[str, str]]]]


def prepare(
    ctx: Context,
    person: Person,
    matter: str,
    title: str,
    blocks: Sequence[tuple[str, str | Sequence[tuple[str, str]]]],
    *,
    kind: str,
    high_stakes: bool = False,
    attachments: Sequence[Attachment] = (),
) -> Document:
    """Fix what `person` is asked to sign; records `document.prepared`.

    A newer version of the same matter, person and kind takes the place of an open one, which can no longer be signed;
    one that was signed or declined stays as it is. ValueError for a document without a text.
    """
    version = _next_version(ctx, person, matter, kind)
    row = row_of(ctx, Paper(person, matter, title, blocks), kind, version, attachments) | {"high_stakes": high_stakes}
    _supersede(ctx, person, matter, kind, row["ref"])
    ctx.db.execute(sa.insert(table).values(row))
    parts, source = recorded_of(row)
    ctx.record("document.prepared", matter, subject=person, parts=parts, source=source)
    return must(ctx.db, row["ref"])


def row_of(
    ctx: Context, paper: Paper, kind: str, version: int, attachments: Sequence[Attachment] = ()
) -> dict[str, Any]:
    """The open document as it is stored, with a ref of its own. ValueError for a document without a text."""
    title, fixed, person = " ".join(paper.title.split())[:TITLE], blocks_of(paper.blocks), paper.person
    content = exact(title, version, fixed, attachments)
    files = [[each.name, each.sha256, each.size, own(each.path)] for each in attachments]
    row = {"ref": new_ref(), "matter": paper.matter, "kind": kind, "version": version, "person_id": person.id}
    row |= {"title": title, "blocks": dumped(fixed), "attachments": json.dumps(files, ensure_ascii=False)}
    row |= {"content": content, "sha256": digest(content), "high_stakes": False, "state": OPEN}
    return row | {"zone": person.zone, "prepared_at": ctx.now}


def recorded_of(row: Mapping[str, Any]) -> tuple[dict[str, str | bytes], dict[str, str]]:
    """(parts, source) of `document.prepared`. The digest is a part, salted: a bare one in the envelope would let a
    short text be guessed back."""
    source = {"document": str(row["ref"]), "version": str(row["version"]), "kind": str(row["kind"])}
    return {"document": row["content"], "sha256": row["sha256"]}, source


def actor_of(ctx: Context) -> Person:
    """Whoever acts. LookupError when nobody does: signatures are never the system's."""
    if ctx.actor is None:
        raise LookupError("nobody is acting")
    return ctx.actor


def path(document: Document | str) -> str:
    """The page's path on this site."""
    return f"/sign/{document if isinstance(document, str) else document.ref}"


def link(app_or_settings: App | Settings, document: Document, person: Person | None = None) -> str:
    """The page's whole address. With `person`, the reader of the card, it signs in on their platform by itself."""
    settings = app_or_settings if isinstance(app_or_settings, Settings) else app_or_settings.settings
    return page_url(settings, path(document), person)


def withdraw(ctx: Context, document: Document, reason: str) -> bool:
    """Take an open document back: it can no longer be signed. False when it was decided before.

    `reason` is shown to the person.
    """
    if not move(ctx.db, document.ref, (OPEN,), state=WITHDRAWN, words=reason, decided_at=ctx.now):
        return False
    source = {"document": document.ref, "version": str(document.version)}
    subject = People(ctx.db).get(document.person_id)
    ctx.record("document.withdrawn", document.matter, subject=subject, parts={"reason": reason}, source=source)
    return True


def own(path: str) -> str:
    """A path of this site, or nothing: a document never links anywhere else."""
    return path if path and own_path(path) == path else ""


def _register(hooks: dict[str, Hook], prefix: str) -> Callable[[Hook], Hook]:
    def register(hook: Hook) -> Hook:
        if hooks.setdefault(prefix, hook) is not hook:
            raise RuntimeError(f"two hooks for {prefix}: {hooks[prefix].__module__} and {hook.__module__}")
        return hook

    return register


def _next_version(ctx: Context, person: Person, matter: str, kind: str) -> int:
    newest = sa.select(sa.func.max(table.c.version)).where(*_same(person, matter, kind))
    return int(ctx.db.execute(newest).scalar() or 0) + 1


def _supersede(ctx: Context, person: Person, matter: str, kind: str, by: str) -> None:
    mine = (*_same(person, matter, kind), table.c.state == OPEN)
    ctx.db.execute(sa.update(table).where(*mine).values(state=SUPERSEDED, superseded_by=by, decided_at=ctx.now))


def _same(person: Person, matter: str, kind: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.matter == matter, table.c.person_id == person.id, table.c.kind == kind
