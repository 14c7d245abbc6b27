"""What the key of a goal means in Jira. Pure.

`APP-12` one issue · `parent:APP-1` (or `epic:`) its children · `project:APP` · `version:APP/1.2` a fix version ·
`jql:…` whatever a query finds. In front of any of them `count:` or `points:` chooses what is added up; without it,
points when HUIZHI_JIRA_POINTS_FIELD is set, else issues.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import PlatformError

ISSUE = re.compile(r"[A-Z][A-Z0-9_]{0,29}-[1-9][0-9]{0,9}")
PROJECT = re.compile(r"[A-Z][A-Z0-9_]{0,29}")
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Either one `issue` by key, or the issues of the first of `queries` this Jira understands."""

    issue: str = ""
    queries: tuple[str, ...] = ()
    points: bool = False
    named: bool = False
    """True when a query names a thing that can be deleted: its refusal then means that the thing is gone."""


def wanted(key: str, *, points: bool, server: bool) -> Wanted:
    """The meaning of `key`. Permanent PlatformError when it has none."""
    rest = key.strip()
    for word in ("points:", "count:"):
        if rest.startswith(word):
            points, rest = word == "points:", rest.removeprefix(word).strip()
            break
    kind, colon, name = rest.partition(":")
    name = name.strip()
    if len(rest) > LONGEST or not rest:
        raise bad()
    if not colon and ISSUE.fullmatch(rest.upper()):
        return Wanted(issue=rest.upper(), points=points)
    if kind in ("parent", "epic") and ISSUE.fullmatch(name.upper()):
        return Wanted(queries=children(name.upper(), server=server), points=points, named=True)
    if kind == "project" and PROJECT.fullmatch(name.upper()):
        return Wanted(queries=(f'project = "{name.upper()}" ORDER BY key',), points=points, named=True)
    if kind == "version":
        project, slash, version = name.partition("/")
        if slash and version.strip() and PROJECT.fullmatch(project.upper()):
            query = f'project = "{project.upper()}" AND fixVersion = {quoted(version.strip())} ORDER BY key'
            return Wanted(queries=(query,), points=points, named=True)
    if kind == "jql" and name:
        return Wanted(queries=(name,), points=points)
    raise bad()


def children(issue: str, *, server: bool) -> tuple[str, ...]:
    """Cloud knows one parent field; on a server epics have a field of their own, which not every Jira has.

    Docs: "Deprecation of the Epic Link, Parent Link and other related fields in REST APIs and webhooks".
    """
    parent, epic = f'parent = "{issue}"', f'"Epic Link" = "{issue}"'
    found = (f"{parent} OR {epic}", epic, parent) if server else (parent,)
    return tuple(f"{each} ORDER BY key" for each in found)


def quoted(text: str) -> str:
    """A JQL string: nothing in it can end it. Docs: "Use advanced search with JQL", reserved characters."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bad() -> PlatformError:
    """What an unknown form of key is answered with."""
    return PlatformError(
        "key", "Jira 目标编号写法不对，例如 APP-12、epic:APP-1、version:APP/1.2、jql:…", permanent=True
    )
