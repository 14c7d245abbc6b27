"""From an audience to people, by the tables of the core; and from a CSV or XLSX file to an audience."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import sheets
from bot.locale import t
from bot.people import People, Person
from bot.tables import membership, person as table
from handlers.notices.composing.audience_rules import Group, Header, Spec, header_of, spec_of


@dataclass(frozen=True, slots=True)
class Target:
    """One person of an audience, by their account."""

    id: str
    platform: str
    user_id: str
    locale: str
    active: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """`people` once each, in the order of their ids, whoever left included only if named one by one.

    `excluded`: how many fit but were taken out again. `unknown`: what was named and fits nobody.
    """

    people: tuple[Target, ...]
    excluded: int
    unknown: tuple[str, ...]


def resolve(db: Connection, spec: Spec | Mapping[str, Any]) -> Resolved:
    """Who that is now. ValueError for an audience that cannot be read.

    Somebody who fits twice is one person. Accounts on two platforms are two people: the core links none.
    """
    spec = spec if isinstance(spec, Spec) else spec_of(spec)
    if spec.into.empty:
        return Resolved((), 0, ())
    only = [table.c.platform.in_(spec.platforms)] if spec.platforms else []
    only += [table.c.locale.in_(spec.locales)] if spec.locales else []
    fits = sa.and_(_fits(db, spec.into), *only, ~table.c.id.startswith("erased:"))
    wanted, excluded = fits, 0
    if not spec.minus.empty:
        out = _fits(db, spec.minus)
        wanted = sa.and_(fits, ~out)
        excluded = db.execute(sa.select(sa.func.count()).select_from(table).where(fits, out)).scalar_one()
    columns = (table.c.id, table.c.platform, table.c.user_id, table.c.locale, table.c.active)
    people = tuple(Target(*row) for row in db.execute(sa.select(*columns).where(wanted).order_by(table.c.id)))
    return Resolved(people, excluded, _unknown(db, spec.into) + _unknown(db, spec.minus))


def _fits(db: Connection, group: Group) -> sa.ColumnElement[bool]:
    """Whoever left belongs to no department, rule or tag any more."""
    rules: list[sa.ColumnElement[bool]] = [sa.true()] if group.everybody else []
    if group.departments or group.tags:
        rules.append(table.c.id.in_(_members(group)))
    if group.sites:
        rules.append(table.c.site.in_(group.sites))
    if group.roles:
        rules.append(table.c.role.in_(group.roles))
    if group.team_of:
        rules.append(table.c.manager_id.in_(group.team_of))
    named = [table.c.id.in_(listed(db, group.people))] if group.people else []
    return sa.or_(sa.and_(table.c.active, sa.or_(sa.false(), *rules)), *named)


def listed(db: Connection, ids: Sequence[str]) -> sa.Select[tuple[str]]:
    """The ids as rows, in one parameter however many: SQLite takes 32,766 in a statement."""
    text = sa.literal(json.dumps(list(ids)), sa.Text)
    if db.dialect.name == "postgresql":
        return sa.select(sa.func.json_array_elements_text(sa.cast(text, sa.JSON)).column_valued("one"))
    return sa.select(sa.func.json_each(text).table_valued("value").c.value)


def _members(group: Group) -> sa.Select[tuple[str]]:
    m = membership.c
    tags = [sa.and_(m.kind == "tag", m.name.in_(group.tags))] if group.tags else []
    return sa.select(m.person_id).where(sa.or_(*(_below(each) for each in group.departments), *tags))


def _below(path: str) -> sa.ColumnElement[bool]:
    m = membership.c
    return sa.and_(m.kind == "dept", sa.or_(m.name == path, m.name.startswith(f"{path}/", autoescape=True)))


def _unknown(db: Connection, group: Group) -> tuple[str, ...]:
    """Departments, tags and people that do not exist (any more): a slip of the pen must not pass silently."""
    m = membership.c
    wanted = [(each, _below(each)) for each in group.departments]
    wanted += [(each, sa.and_(m.kind == "tag", m.name == each)) for each in group.tags]
    missing = [name for name, where in wanted if db.execute(sa.select(m.name).where(where).limit(1)).first() is None]
    if group.people:
        known = set(db.execute(sa.select(table.c.id).where(table.c.id.in_(listed(db, group.people)))).scalars())
        missing += [each for each in group.people if each not in known]
    return tuple(missing)


def names(db: Connection, kind: str) -> list[tuple[str, int]]:
    """(department path or tag, people directly in it), by name. `kind`: dept or tag."""
    m = membership.c
    rows = sa.select(m.name, sa.func.count()).where(m.kind == kind).group_by(m.name).order_by(m.name)
    return [(row[0], row[1]) for row in db.execute(rows)]


@dataclass(frozen=True, slots=True)
class Imported:
    """`people`: person ids, once each. `errors`: (row as the spreadsheet counts, what is wrong with it)."""

    people: tuple[str, ...]
    errors: tuple[tuple[int, str], ...]


def imported(db: Connection, data: bytes) -> Imported:
    """People of a CSV or XLSX file. BadFile or ValueError: the file as a whole; a bad row is an error of its own."""
    rows = sheets.rows(data)
    first = next(rows, None)
    if first is None:
        raise ValueError(t("文件是空的"))
    header = header_of([sheets.plain(cell) for cell in first[1]])
    accounts, by_name = _directory(db)
    people: dict[str, int] = {}
    errors: list[tuple[int, str]] = []
    for number, cells in rows:
        if not any(cells):
            continue
        found = _person(header, [sheets.plain(cell) for cell in cells], accounts, by_name)
        if found.startswith("!"):
            errors.append((number, found[1:]))
        elif (before := people.setdefault(found, number)) != number:
            errors.append((number, t("与第 {row} 行是同一个人，只算一次", row=before)))
    return Imported(tuple(people), tuple(errors))


Accounts = Mapping[str, list[tuple[str, str, bool]]]


def _directory(db: Connection) -> tuple[Accounts, Accounts]:
    """(folded user id, name) -> [(platform, person id, active)]; one read however long the file is."""
    accounts: dict[str, list[tuple[str, str, bool]]] = {}
    by_name: dict[str, list[tuple[str, str, bool]]] = {}
    for row in db.execute(sa.select(table.c.id, table.c.platform, table.c.user_id, table.c.name, table.c.active)):
        accounts.setdefault(row.user_id.lower(), []).append((row.platform, row.id, row.active))
        by_name.setdefault(row.name, []).append((row.platform, row.id, row.active))
    return accounts, by_name


def _person(header: Header, cells: Sequence[str], accounts: Accounts, by_name: Accounts) -> str:
    """A person id, or "!" and what is wrong."""

    def cell(at: int | None) -> str:
        return cells[at].strip() if at is not None and at < len(cells) else ""

    user, name, platform = cell(header.user), cell(header.name), cell(header.platform).lower()
    platform = {"企业微信": "wecom", "钉钉": "dingtalk"}.get(platform, platform)
    found = list(accounts.get(user.lower(), []) if user else by_name.get(name, []))
    if user and name:
        found = [each for each in found if each in by_name.get(name, [])] or found
    found = [each for each in found if not platform or each[0] == platform]
    said = user or name
    if not found:
        return "!" + t("通讯录里没有「{who}」", who=said)
    if not user:
        found = [each for each in found if each[2]] or found
    if len(found) > 1:
        return "!" + t("「{who}」有 {count} 个人，请补上账号和平台", who=said, count=len(found))
    return found[0][1] if found[0][2] else "!" + t("「{who}」已离职或停用", who=said)


def person(db: Connection, person_id: str) -> Person | None:
    """The person of that id."""
    return People(db).get(person_id)
