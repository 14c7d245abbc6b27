"""Whom a notice is for, as data. Pure.

The audience of a notice is JSON: who is in (any of them), who is out again (any of them). Departments are paths joined
by "/"; a department holds everybody below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from bot.locale import t

MOST_IDS = 50_000


@dataclass(frozen=True, slots=True)
class Group:
    """People who fit any of these. `sites` as in the people table, `people` are person ids, `team_of` managers' ids."""

    everybody: bool = False
    departments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    team_of: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Nobody can be meant."""
        return not any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Spec:
    """`platforms`, `locales`: only people of these, empty for all."""

    into: Group = Group()
    minus: Group = Group()
    platforms: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()


def spec_of(raw: Mapping[str, Any]) -> Spec:
    """The audience that was stored or sent by a page. ValueError names, in the reader's language, what is wrong."""
    wrong = sorted(set(raw) - {each.name for each in fields(Spec)})
    if wrong:
        raise ValueError(t("对象里有不认识的字段：{names}", names="、".join(wrong)))
    into, minus = _group(raw.get("into") or {}), _group(raw.get("minus") or {})
    return Spec(into, minus, _texts("platforms", raw.get("platforms")), _texts("locales", raw.get("locales")))


def as_json(spec: Spec) -> dict[str, Any]:
    """What `spec_of` reads; empty parts left out."""
    into, minus = (
        {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(g).items() if v}
        for g in (spec.into, spec.minus)
    )
    found = {"into": into, "minus": minus, "platforms": list(spec.platforms), "locales": list(spec.locales)}
    return {name: value for name, value in found.items() if value}


def _group(raw: object) -> Group:
    if not isinstance(raw, Mapping):
        raise ValueError(t("对象的格式不对"))
    wrong = sorted(set(raw) - {each.name for each in fields(Group)})
    if wrong:
        raise ValueError(t("对象里有不认识的字段：{names}", names="、".join(map(str, wrong))))
    named = {name: _texts(name, value) for name, value in raw.items() if name != "everybody"}
    return Group(everybody=raw.get("everybody") is True, **named)


def _texts(name: str, raw: object) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not all(isinstance(each, str) for each in raw):
        raise ValueError(t("对象里的「{name}」应当是一列文字", name=name))
    if len(raw) > MOST_IDS:
        raise ValueError(t("对象里的「{name}」太多，最多 {most} 个", name=name, most=MOST_IDS))
    return tuple(dict.fromkeys(each.strip().strip("/") for each in raw if each.strip().strip("/")))


def list_sha256(accounts: Iterable[tuple[str, str]]) -> str:
    """Hex SHA-256 of the sorted lines `platform:user_id`, UTF-8, each ended by a line feed."""
    digest = hashlib.sha256()
    for line in sorted(f"{platform}:{user_id}" for platform, user_id in accounts):
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


COLUMNS = {
    "platform": "platform", "平台": "platform", "user_id": "user", "userid": "user", "user id": "user", "账号": "user",
    "帐号": "user", "工号": "user", "name": "name", "姓名": "name", "note": "", "备注": "",
}  # fmt: skip
"""Header in lower case -> what it holds; "" is read past. Anything else is a mistake worth saying."""


@dataclass(frozen=True, slots=True)
class Header:
    """Positions of the columns, None where there is none."""

    user: int | None
    platform: int | None
    name: int | None


def header_of(cells: Sequence[str]) -> Header:
    """Read the first row. ValueError: an unknown or double column, or neither account nor name."""
    at: dict[str, int] = {}
    unknown = [cell for cell in cells if cell and cell.strip().lower() not in COLUMNS]
    if unknown:
        raise ValueError(t("不认识的列：{names}。可用的列：账号、平台、姓名、备注", names="、".join(unknown)))
    for place, cell in enumerate(cells):
        what = COLUMNS.get(cell.strip().lower(), "")
        if what and at.setdefault(what, place) != place:
            raise ValueError(t("「{name}」出现了两次", name=cell))
    if "user" not in at and "name" not in at:
        raise ValueError(t("至少要有「账号」或「姓名」一列"))
    return Header(at.get("user"), at.get("platform"), at.get("name"))
