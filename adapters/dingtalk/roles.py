"""Roles of people (角色), by which notices can be addressed. Docs: role/list, role/simplelist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import structlog

from adapters.dingtalk import errors
from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import flag, items, mapping, text
from bot.errors import PlatformError

log = structlog.get_logger("huizhi.dingtalk")
SIZE = 200
"""Most rows of a page of either list."""
_MOST_PAGES = 5000


def by_user(client: Client) -> dict[str, tuple[str, ...]]:
    """User id -> names of roles; empty when the app may not read them. PlatformError for everything else."""
    found: dict[str, dict[str, None]] = {}
    try:
        for number, name in listed(client):
            for row in _pages(client, "/topapi/role/simplelist", {"role_id": number}):
                found.setdefault(text(row.get("userid")), {})[name] = None
    except PlatformError as error:
        if not errors.PERMISSION.fullmatch(error.code):
            raise
        log.warning("dingtalk.roles_unreadable", code=error.code)
        return {}
    return {user: tuple(names) for user, names in found.items()}


def listed(client: Client) -> list[tuple[int, str]]:
    """(id, name) of every role. PlatformError."""
    rows = [row for group in _pages(client, "/topapi/role/list", {}) for row in map(mapping, items(group.get("roles")))]
    named = [(text(row.get("id")), text(row.get("name")).strip()) for row in rows]
    return [(int(number), name) for number, name in named if number.isdigit() and name]


def _pages(client: Client, path: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of all pages; a list of groups goes on by the roles in them. Address book calls are free (billing-model)."""
    offset = 0
    for _ in range(_MOST_PAGES):
        body = {**asked, "size": SIZE, "offset": offset}
        found = mapping(client.oapi(path, body, free=True).get("result"))
        rows = [mapping(row) for row in items(found.get("list"))]
        yield from rows
        offset += sum(len(items(row.get("roles"))) for row in rows) or len(rows)
        if not rows or not flag(found.get("hasMore")):
            return
