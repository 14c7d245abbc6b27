"""DingTalk stand-in: 钉钉项目 (docs: query-tasks-in-a-project). Its own small control: /_sandbox/dingtalk/tasks."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox.state import Json

PROJECT = "62c25e0000000000000000a1"
SEEDED = (
    ("62c25e0000000000000000b1", "登录页改版", True, 100, 3),
    ("62c25e0000000000000000b2", "结算接口", False, 60, 5),
    ("62c25e0000000000000000b3", "压测报告", False, 0, 2),
)
_TERM = re.compile(r'\s*(content|isDone|executorId|taskId|progress)\s*(=|~|>=|<=|>|<)\s*"?([^"]*?)"?\s*')


class Projects:
    """One seeded project; page tokens are single use."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.new("GET", "/v1.0/project/users/<user>/projectIds/<project>/tasks", self.tasks)
        desk.new("GET", "/v1.0/project/users/<user>/joinProjects", self.joined)
        route = desk.blueprint.add_url_rule
        route("/_sandbox/dingtalk/tasks", "project_task", self.put, methods=["POST"])
        route("/_sandbox/dingtalk/tasks", "project_look", self.look, methods=["GET"])
        route("/_sandbox/dingtalk/projects/delete", "project_delete", self.delete, methods=["POST"])

    def _projects(self) -> dict[str, list[Json]]:
        """Project id -> tasks; seeded once after each reset."""
        with self.world.lock:
            kept = self.world.store("dingtalk.projects")
            if not kept:
                kept[PROJECT] = [self._task(PROJECT, *each) for each in SEEDED]
            return kept

    def _now(self) -> str:
        return self.world.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def _task(self, project: str, *given: Any) -> Json:
        id, title, done, progress, points = given
        blank = ("executorId", "creatorId", "labels", "note", "stageId", "sprintId", "tagIds", "startDate", "dueDate")
        return dict.fromkeys(blank, "") | {
            "taskId": id,
            "content": title,
            "projectId": project,
            "involveMembers": [],
            "customfields": [],
            "ancestorIds": [],
            "isDeleted": False,
            "isArchived": False,
            "isDone": done,
            "progress": progress,
            "storyPoint": points,
            "priority": 0,
            "visible": "members",
            "created": self._now(),
            "updated": self._now(),
            "accomplished": self._now() if done else "",
        }

    def _known(self) -> None:
        if self.desk.person((request.view_args or {}).get("user", "")) is None:
            raise Fail("user.not.exist", "user not exist")

    def tasks(self, query: Json) -> Json:
        self._known()
        found = self._projects().get(str((request.view_args or {})["project"]))
        if found is None:
            raise Fail("project.not.exist", "project not exist")
        limit = str(query.get("maxResults", "10"))
        if not limit.isdigit() or not 1 <= int(limit) <= 500:
            raise Fail("param.error", "maxResults")
        rows, given = matching(found, str(query.get("query", ""))), str(query.get("nextToken", ""))
        tokens = self.world.store("dingtalk.project_pages")
        if given and given not in tokens:
            raise Fail("param.error", "nextToken")
        start = tokens.pop(given) if given else 0
        end, token = start + int(limit), ""
        if end < len(rows):
            token = f"page-{self.world.next()}"
            tokens[token] = end
        return {"totalCount": len(rows), "nextToken": token, "result": rows[start:end]}

    def joined(self, query: Json) -> Json:
        self._known()
        return {
            "result": [{"projectId": each, "name": "示例项目"} for each in self._projects() if each],
            "nextToken": "",
        }

    def put(self) -> ResponseReturnValue:
        """{"project", "task", fields…}: changes a task, or makes it; `updated` is now unless given."""
        body = request.get_json(force=True)
        project, id = str(body.pop("project", PROJECT)), str(body.pop("task"))
        with self.world.lock:
            rows = self._projects().setdefault(project, [])
            row = next((each for each in rows if each["taskId"] == id), None)
            if row is None:
                row = self._task(project, id, "新任务", False, 0, 1)
                rows.append(row)
            row |= {"updated": self._now()} | body
        return jsonify(row)

    def look(self) -> ResponseReturnValue:
        return jsonify(self._projects())

    def delete(self) -> ResponseReturnValue:
        project = str(request.get_json(force=True).get("project", PROJECT))
        with self.world.lock:
            gone = self._projects().pop(project, None)
            self.world.store("dingtalk.projects").setdefault("", [])  # so that the seed does not come back
        return jsonify(ok=gone is not None)


def matching(rows: list[Json], query: str) -> list[Json]:
    """Rows for a TQL of terms joined by AND; ORDER BY is read over. Anything else is refused, as the vendor would."""
    bare = re.split(r"\s+ORDER BY\s+", query)[0].strip()
    for part in re.split(r"\s+AND\s+", bare) if bare else []:
        term = _TERM.fullmatch(part)
        if term is None:
            raise Fail("param.error", "query")
        rows = [each for each in rows if _holds(each, *term.groups())]
    return rows


def _holds(row: Json, field: str, sign: str, wanted: str) -> bool:
    value = row[field]
    if isinstance(value, bool):
        return sign == "=" and str(value).lower() == wanted.lower()
    if sign == "~":
        return wanted in str(value)
    if sign == "=":
        return str(value) == wanted
    if not wanted.isdigit():
        raise Fail("param.error", "query")
    low, high = int(value) < int(wanted), int(value) > int(wanted)
    return {">": high, "<": low, ">=": not low, "<=": not high}[sign]
