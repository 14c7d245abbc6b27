"""Jira stand-in: its issues, and as much of JQL as the adapter and a firm's queries need."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from adapters.sandbox.state import Json, World

POINTS = "customfield_10016"
STATES = {
    "To Do": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "In Progress": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "Done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
SEEDED = (
    ("APP-1", "结算改版", "Epic", "In Progress", "", None, ""),
    ("APP-2", "登录页改版", "Story", "Done", "APP-1", 3, "1.2"),
    ("APP-3", "结算接口", "Story", "In Progress", "APP-1", 5, "1.2"),
    ("APP-4", "压测报告", "Story", "To Do", "APP-1", 2.5, ""),
    ("APP-5", "值班手册", "Task", "Done", "", None, "1.2"),
    ("OPS-1", "机房搬迁", "Task", "To Do", "", 8, ""),
)
_TERM = re.compile(r'\s*("[^"]+"|\w+)\s*(=|!=)\s*("(?:[^"\\]|\\.)*"|[\w.-]+)\s*')
FIELDS = {"project", "parent", "epic link", "fixversion", "status", "statuscategory", "key", "issuetype"}


class BadQuery(ValueError):
    """What Jira answers with 400."""


class Issues:
    """Seeded once after each reset of the world. `updated` is written as Jira does: 2026-06-11T09:16:00.000+0800."""

    def __init__(self, world: World) -> None:
        self.world = world

    def all(self) -> dict[str, Json]:
        with self.world.lock:
            kept = self.world.store("jira.issues")
            if not self.world.store("jira.seeded"):
                self.world.store("jira.seeded")["yes"] = True
                before = self.world.now() - timedelta(days=3)
                for each in SEEDED:
                    kept[each[0]] = _issue(each, stamp(before))
            return kept

    def find(self, key: str) -> Json | None:
        return self.all().get(key.upper())

    def put(self, key: str, **changed: object) -> Json:
        """Changes an issue, or makes it; updated now unless `updated` is among the changes."""
        with self.world.lock:
            row = self.all().setdefault(key, _issue((key, "新事项", "Task", "To Do", "", None, ""), ""))
            row |= {"updated": stamp(self.world.now())} | changed
            if row["status"] not in STATES:
                row["status"] = "To Do"
        return row

    def delete(self, name: str) -> int:
        """A project ("APP"), an issue ("APP-3") or a version ("APP/1.2", which only empties the field)."""
        rows = self.all()
        with self.world.lock:
            project, _, version = name.partition("/")
            mine = [key for key in rows if key == name or key.rpartition("-")[0] == project]
            for key in mine:
                if version:
                    rows[key]["version"] = "" if rows[key]["version"] == version else rows[key]["version"]
                else:
                    del rows[key]
        return len(mine)

    def arm(self, kind: str, times: int) -> None:
        """The next answers are of this kind: html, redirect, captcha, garbage."""
        with self.world.lock:
            self.world.store("jira.switches")[kind] = times

    def switch(self) -> str:
        with self.world.lock:
            armed = self.world.store("jira.switches")
            for kind, left in armed.items():
                if left > 0:
                    armed[kind] = left - 1
                    return str(kind)
        return ""

    def page_size(self) -> int:
        return int(self.world.store("jira.settings").get("page", 5000))

    def query(self, jql: str, *, server: bool) -> list[Json]:
        """Terms joined by AND or OR (AND binds tighter). BadQuery for what does not exist here."""
        body = re.split(r"\border\s+by\b", jql, flags=re.IGNORECASE)[0].strip()
        if not body:
            raise BadQuery("Unbounded JQL queries are not allowed here.")
        found: dict[str, Json] = {}
        for choice in re.split(r"\s+OR\s+", body, flags=re.IGNORECASE):
            rows = list(self.all().values())
            for term in re.split(r"\s+AND\s+", choice, flags=re.IGNORECASE):
                rows = [each for each in rows if each in self._holding(term, server)]
            found |= {each["key"]: each for each in rows}
        return sorted(
            found.values(), key=lambda each: (each["key"].rpartition("-")[0], int(each["key"].rpartition("-")[2]))
        )

    def _holding(self, term: str, server: bool) -> list[Json]:
        match = _TERM.fullmatch(term)
        if match is None:
            raise BadQuery("Error in the JQL Query.")
        field, sign, raw = match.group(1).strip('"').lower(), match.group(2), match.group(3)
        wanted = re.sub(r"\\(.)", r"\1", raw[1:-1]) if raw.startswith('"') else raw
        if field not in FIELDS or (field == "epic link" and not server):
            raise BadQuery(f"Field '{field}' does not exist or you do not have permission to view it.")
        rows = list(self.all().values())
        known = {"project": {_project(each) for each in rows}, "fixversion": {each["version"] for each in rows} - {""}}
        known["parent"] = known["epic link"] = known["key"] = {each["key"] for each in rows}
        if field in known and wanted.upper() not in {each.upper() for each in known[field]}:
            raise BadQuery(f"The value '{wanted}' does not exist for the field '{field}'.")
        same = [each for each in rows if _holds(each, field, wanted, server=server)]
        return same if sign == "=" else [each for each in rows if each not in same]


def shown(row: Json, fields: list[str], host: str) -> Json:
    """An issue with the fields asked for, as both versions show it."""
    every: Json = {
        "summary": row["summary"],
        "status": {"name": row["status"], "statusCategory": STATES[row["status"]]},
        "updated": row["updated"],
        "issuetype": {"name": row["type"], "subtask": False},
        "project": {"key": _project(row)},
        "fixVersions": [{"name": row["version"]}] if row["version"] else [],
        POINTS: row["points"],
    }
    issue: Json = {"id": row["id"], "key": row["key"], "self": f"{host}rest/api/2/issue/{row['id']}"}
    if fields == ["id"]:
        return {"id": row["id"]}
    return issue | {"fields": {name: every[name] for name in fields if name in every}}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}" + at.strftime("%z")


def _issue(given: tuple[object, ...], updated: str) -> Json:
    names = ("key", "summary", "type", "status", "parent", "points", "version")
    number = str(given[0]).rpartition("-")[2]
    return dict(zip(names, given, strict=True)) | {
        "id": f"1{int(number):04d}",
        "updated": updated or stamp(datetime.now(UTC)),
    }


def _project(row: Json) -> str:
    return str(row["key"]).rpartition("-")[0]


def _holds(row: Json, field: str, wanted: str, *, server: bool) -> bool:
    """On a server, stories hang on their epic by "Epic Link" alone."""
    has = {
        "project": _project(row),
        "parent": "" if server else row["parent"],
        "epic link": row["parent"],
        "fixversion": row["version"],
        "status": row["status"],
        "statuscategory": STATES[row["status"]]["name"],
        "key": row["key"],
        "issuetype": row["type"],
    }
    return str(has[field]).lower() == wanted.lower()
