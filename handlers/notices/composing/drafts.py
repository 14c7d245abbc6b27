"""Drafts: written, changed, copied, kept as templates, and looked through before they are published."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import access
from bot.context import Context
from bot.errors import Refused
from bot.locale import LOCALES, t
from bot.people import Person
from handlers.notices import store, tables as tb
from handlers.notices.composing import attachments
from handlers.notices.composing.checking import problems
from handlers.notices.rules import ANSWERS
from handlers.notices.store import Notice

__all__ = ["problems"]
IMPORTANCE = ("inform", "read", "confirm", "sign")
EDITABLE = ("draft", "waiting")


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author decides. `texts`: locale -> (title, body). Times are aware UTC. See tables.py for the fields."""

    texts: Mapping[str, tuple[str, str]]
    importance: str = "inform"
    answers: tuple[str, ...] = ()
    basis: str = ""
    deadline: datetime | None = None
    quiet: str = ""
    urgent: bool = False
    send_at: datetime | None = None
    send_until: datetime | None = None
    audience: Mapping[str, Any] = field(default_factory=dict)
    joiners: str = "none"
    plan: tuple[Mapping[str, Any], ...] = ()
    replaces_id: str = ""


def author(ctx: Context) -> Person:
    """Who writes. Refused: neither HR nor a manager."""
    who = ctx.actor
    if who and (
        access.is_hr(who) or ctx.settings.notice_managers == "yes" and access.MANAGER in access.roles(ctx.db, who)
    ):
        return who
    raise Refused(t("只有人事，或给自己团队发通知的主管，可以拟定通知。"))


def create(ctx: Context, draft: Draft) -> str:
    """A new draft; its id. Refused for who may not, or for a field that cannot be stored."""
    who = author(ctx)
    notice_id = f"{store.PREFIX}{secrets.token_hex(12)}"
    values = _values(draft) | {"state": "draft", "author_id": who.id, "created_at": ctx.now}
    ctx.db.execute(sa.insert(tb.notice).values(id=notice_id, list_sha256="", people=0, **values))
    _write(ctx, notice_id, draft)
    ctx.record("notice.composed", notice_id, parts=_parts(draft))
    return notice_id


def edit(ctx: Context, notice_id: str, draft: Draft) -> None:
    """Change a draft as a whole. Refused once it was submitted, or for somebody else's."""
    notice = mine(ctx, notice_id)
    version = _values(draft) | {"version": notice.version + 1}
    if not store.move(ctx.db, notice_id, EDITABLE, **version, state="draft"):
        raise Refused(t("这份通知已经提交，不能再改；可以复制一份。"))
    _write(ctx, notice_id, draft)
    ctx.record("notice.composed", notice_id, parts=_parts(draft), source={"version": str(notice.version + 1)})


def mine(ctx: Context, notice_id: str) -> Notice:
    """The notice, for its author or HR. Refused for others, in the same words as for one that does not exist."""
    who, notice = author(ctx), store.get(ctx.db, notice_id)
    if notice is None or notice.author_id != who.id and not access.is_hr(who):
        raise Refused(t("没有找到这份通知。"))
    return notice


def draft_of(notice: Notice) -> Draft:
    """What its author decided."""
    return Draft(**{name: getattr(notice, name) for name in Draft.__dataclass_fields__})


def duplicate(ctx: Context, notice_id: str) -> str:
    """A draft with the same words, files, audience and plan, without times; its id."""
    notice = mine(ctx, notice_id)
    copy = replace(draft_of(notice), send_at=None, send_until=None, deadline=None, replaces_id="")
    new_id = create(ctx, copy)
    for row in ctx.db.execute(sa.select(tb.file).where(tb.file.c.notice_id == notice_id)).mappings().all():
        values = {**row, "id": secrets.token_hex(12), "notice_id": new_id}
        ctx.db.execute(sa.insert(tb.file).values(values))
    return new_id


def attach(ctx: Context, notice_id: str, name: str, content: bytes) -> str:
    """Add a file to a draft; its id. Refused: not a draft, too many, or not what its name says."""
    notice = mine(ctx, notice_id)
    if notice.state not in EDITABLE:
        raise Refused(t("这份通知已经提交，不能再改；可以复制一份。"))
    count = sa.select(sa.func.count()).select_from(tb.file).where(tb.file.c.notice_id == notice_id)
    if ctx.db.execute(count).scalar_one() >= ctx.settings.notice_files:
        raise Refused(t("最多 {most} 个附件", most=ctx.settings.notice_files))
    try:
        name, media_type = attachments.checked(name, content, ctx.settings.notice_file_mb << 20)
    except ValueError as error:
        raise Refused(str(error)) from error
    file_id = secrets.token_hex(12)
    values = {"id": file_id, "notice_id": notice_id, "name": name, "media_type": media_type, "size": len(content)}
    digest = hashlib.sha256(content).hexdigest()
    ctx.db.execute(sa.insert(tb.file).values(**values, sha256=digest, content=content))
    ctx.record("notice.attached", notice_id, parts={"name": name}, source={"sha256": digest})
    return file_id


def detach(ctx: Context, notice_id: str, file_id: str) -> None:
    """Take a file away again while it is a draft."""
    if mine(ctx, notice_id).state not in EDITABLE:
        raise Refused(t("这份通知已经提交，不能再改；可以复制一份。"))
    ctx.db.execute(sa.delete(tb.file).where(tb.file.c.notice_id == notice_id, tb.file.c.id == file_id))


def save_template(ctx: Context, name: str, draft: Draft) -> str:
    """Keep the words and settings of a draft under a name, without audience and times; its id. An old one of the name
    is replaced. Refused for an empty or overlong name."""
    who, name = author(ctx), name.strip()
    if not 0 < len(name) <= 80:
        raise Refused(t("模板要有名字，最多 80 个字。"))
    kept = ("texts", "importance", "answers", "basis", "quiet", "urgent", "joiners", "plan")
    _values(draft)
    body = json.dumps({each: getattr(draft, each) for each in kept}, ensure_ascii=False, default=dict)
    values = {"body": body, "author_id": who.id, "updated_at": ctx.now}
    old = ctx.db.execute(sa.select(tb.template.c.id).where(tb.template.c.name == name)).scalar_one_or_none()
    if old:
        ctx.db.execute(sa.update(tb.template).where(tb.template.c.id == old).values(**values))
        return str(old)
    new_id = secrets.token_hex(12)
    ctx.db.execute(sa.insert(tb.template).values(id=new_id, name=name, **values))
    return new_id


@dataclass(frozen=True, slots=True)
class Template:
    """A draft kept under a name."""

    id: str
    name: str
    draft: Draft


def templates(db: Connection) -> list[Template]:
    """By name."""
    rows = db.execute(sa.select(tb.template.c.id, tb.template.c.name, tb.template.c.body).order_by(tb.template.c.name))
    return [Template(row.id, row.name, _kept(row.body)) for row in rows]


def _kept(body: str) -> Draft:
    raw = json.loads(body)
    texts = {locale: (title, words) for locale, (title, words) in raw.pop("texts").items()}
    return Draft(texts, **{**raw, "answers": tuple(raw["answers"]), "plan": tuple(raw["plan"])})


def _values(draft: Draft) -> dict[str, Any]:
    wrong = [each for each in draft.answers if each not in ANSWERS]
    if draft.importance not in IMPORTANCE or wrong or draft.joiners not in ("none", "deadline"):
        raise Refused(t("通知的设置里有不认识的值。"))
    if set(draft.texts) - set(LOCALES):
        raise Refused(t("通知的设置里有不认识的语言。"))
    if any(at is not None and at.tzinfo is None for at in (draft.deadline, draft.send_at, draft.send_until)):
        raise Refused(t("时间缺少时区。"))
    names = ("importance", "basis", "deadline", "quiet", "urgent", "send_at", "send_until", "joiners", "replaces_id")
    found = {name: getattr(draft, name) for name in names} | {"quiet": draft.quiet[:11]}
    json_of = {"answers": list(draft.answers), "audience": dict(draft.audience), "plan": [dict(e) for e in draft.plan]}
    return found | {name: json.dumps(value, ensure_ascii=False) for name, value in json_of.items()}


def _write(ctx: Context, notice_id: str, draft: Draft) -> None:
    ctx.db.execute(sa.delete(tb.text).where(tb.text.c.notice_id == notice_id))
    rows = [
        {"notice_id": notice_id, "locale": locale, "title": title.strip()[:120], "body": body,
         "sha256": hashlib.sha256(f"{title.strip()[:120]}\n{body}".encode()).hexdigest()}
        for locale, (title, body) in draft.texts.items()
    ]  # fmt: skip
    if rows:
        ctx.db.execute(sa.insert(tb.text), rows)


def _parts(draft: Draft) -> dict[str, str | bytes]:
    return {f"text.{locale}": f"{title}\n{body}" for locale, (title, body) in draft.texts.items()}
