"""The firm's own labels for people. Docs: tag/list (90216), tag/get (90213)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from adapters.wecom.client import Client, rows
from bot.errors import PlatformError

log = logging.getLogger(__name__)
FORBIDDEN = frozenset({"48002", "60011", "60031"})
"""The app may not read tags: the directory is complete without them, and `doctor` says it."""
_GONE = frozenset({"40068", "60011"})
"""Deleted between the two calls, or locked for other apps."""


@dataclass(frozen=True, slots=True)
class Tag:
    """`users` are folded ids of members in the app's visible range, `parties` departments whose people all have it."""

    name: str
    users: frozenset[str]
    parties: frozenset[str]


def tags(client: Client) -> list[Tag]:
    """All tags the app may read, none when it may read none. PlatformError for everything else."""
    try:
        found = rows(client.get("tag/list"), "taglist")
    except PlatformError as problem:
        if problem.code not in FORBIDDEN:
            raise
        log.warning("wecom.tags_unreadable code=%s", problem.code)
        return []
    return [tag for row in found if (tag := _tag(client, str(row.get("tagid")), str(row.get("tagname") or "")))]


def _tag(client: Client, number: str, name: str) -> Tag | None:
    try:
        answer = client.get("tag/get", {"tagid": number})
    except PlatformError as problem:
        if problem.code not in _GONE | FORBIDDEN:
            raise
        log.warning("wecom.tag_unreadable code=%s", problem.code)
        return None
    users = frozenset(str(row.get("userid") or "").casefold() for row in rows(answer, "userlist")) - {""}
    listed = answer.get("partylist")
    parties = frozenset(str(each) for each in listed) if isinstance(listed, list) else frozenset()
    return Tag(name.strip(), users, parties) if name.strip() else None


def of(found: Iterable[Tag], user: str, departments: Collection[str]) -> tuple[str, ...]:
    """Names of the tags of one member, who is in `departments` (those above included)."""
    folded = user.casefold()
    return tuple(tag.name for tag in found if folded in tag.users or not tag.parties.isdisjoint(departments))
