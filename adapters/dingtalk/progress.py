"""钉钉项目 (Teambition) as a progress source. Docs: query-tasks-in-a-project, the-description-of-the-tql-task.

`project:<projectId>` done tasks of all · `task:<projectId>/<taskId>` one task by its own progress (per cent) ·
`tql:<projectId>/<TQL>` what a query finds; `points:` in front adds up 工作量 (storyPoint) instead of counting tasks.
The project's id is the part after /project/ in the link to it. Every page costs one call of the monthly quota.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from adapters.dingtalk.attendance import OPERATOR
from adapters.dingtalk.client import Client
from adapters.dingtalk.errors import CONFIG
from adapters.dingtalk.events import NAME
from adapters.dingtalk.wire import flag, mapping, text
from bot.errors import PlatformError
from bot.ports import Finding, SharedStore
from bot.ports.progress import Progress
from bot.progress import gather

if TYPE_CHECKING:
    from config.settings import Settings

PAGE, MOST = 500, 5000
"""Tasks per call (the vendor's limit), and tasks of one goal."""
_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_TQL = 1000
_ALL_FAIL = re.compile(r".*AccessTokenPermissionDenied|apiPermissionDenied|.*IpNotInWhiteList|org\.not\.exist")


@dataclass(frozen=True, slots=True)
class Task:
    """One task as far as it counts; `updated` UTC, `percent` 0 to 100."""

    id: str
    done: bool
    percent: Decimal
    points: Decimal | None
    updated: datetime
    raw: tuple[str, ...]


class Projects:
    """Reads in the name of `user`, or of an administrator the last directory walk found."""

    name = NAME

    def __init__(self, client: Client, store: SharedStore, user: str = "") -> None:
        self._client, self._store, self._user = client, store, user

    def progress(self, keys: Sequence[str]) -> Mapping[str, Progress | PlatformError]:
        """See bot.ports.progress.ProgressSource; several keys of one project cost its pages once."""
        if not keys:
            return {}
        user, known = self._operator(), dict[tuple[str, str], list[Task]]()
        return gather(keys, lambda key: self._value(key, user, known))

    def doctor(self) -> list[Finding]:
        """The projects of the user in whose name we read: one call of the monthly quota, writes nothing."""
        check = "钉钉项目"
        try:
            self._client.token()
        except PlatformError:
            return [Finding(check, None, "凭证不可用，没有检查")]
        try:
            user = self._operator()
        except PlatformError as error:
            return [Finding(check, None, str(error), "同步一次通讯录，或设置 DINGTALK_PROJECT_USER")]
        try:
            self._client.api("GET", f"/v1.0/project/users/{quote(user, safe='')}/joinProjects")
        except PlatformError as error:
            advice = "为应用开通 Project.Project.Read.All 与 Project.Task.Read.All，或检查 DINGTALK_PROJECT_USER"
            return [Finding(check, False, str(error), advice)]
        return [Finding(check, True, "可以读取")]

    def _operator(self) -> str:
        if found := self._user or self._store.get(OPERATOR):
            return found
        raise PlatformError("operator.unknown", "还不知道以谁的名义读取钉钉项目", retry_after=3600)

    def _value(self, key: str, user: str, known: dict[tuple[str, str], list[Task]]) -> Progress:
        points, kind, project, rest = parsed(key)
        query = rest if kind == "tql" else ""
        if (project, query) not in known:
            known[project, query] = self._tasks(user, project, query)
        tasks = known[project, query]
        if kind == "task":
            tasks = [each for each in tasks if each.id == rest]
        if not tasks:
            raise PlatformError("task.gone", "项目里没有这样的任务，或已删除、已归档", permanent=True)
        done, target = (tasks[0].percent, Decimal(100)) if kind == "task" else added(tasks, points=points)
        raw = {"key": key, "tasks": [each.raw for each in tasks]}
        newest = max(each.updated for each in tasks)
        return Progress(key, done, target, newest, json.dumps(raw, ensure_ascii=False).encode())

    def _tasks(self, user: str, project: str, query: str) -> list[Task]:
        path = f"/v1.0/project/users/{quote(user, safe='')}/projectIds/{project}/tasks"
        asked = {"maxResults": str(PAGE)} | ({"query": query} if query else {})
        found: dict[str, Task] = {}
        seen: set[str] = set()
        while True:
            reply = self._page(path, asked)
            rows = reply.get("result")
            if not isinstance(rows, list):
                raise PlatformError("garbled", "钉钉项目的答复里没有任务列表", retry_after=60)
            found |= {each.id: each for each in map(_task, rows) if each}
            token = text(reply.get("nextToken"))
            if not token or not rows:
                return list(found.values())
            if token in seen:
                raise PlatformError("garbled", "钉钉项目的分页没有尽头", retry_after=300)
            if len(found) > MOST or len(seen) > MOST // PAGE:
                raise PlatformError("too_many", f"超过 {MOST} 个任务，请用 tql: 收窄", permanent=True)
            seen.add(token)
            asked |= {"nextToken": token}

    def _page(self, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        try:
            return self._client.api("GET", path, query=asked)
        except PlatformError as error:
            raise told(error) from None


def told(error: PlatformError) -> PlatformError:
    """The client's error as a progress source means it: what the docs do not list concerns only the key asked for."""
    if error.code == "server.error":
        return PlatformError(error.code, "钉钉项目出错", retry_after=60)
    if error.code == "user.not.exist":
        hint = "DINGTALK_PROJECT_USER 不在企业中"
        return PlatformError(error.code, hint, permanent=True, alarm=True)
    if not error.permanent or error.code in CONFIG or _ALL_FAIL.fullmatch(error.code):
        return error
    return PlatformError(error.code, "项目已删除，或看不到它；TQL 写法也可能不对", permanent=True)


def parsed(key: str) -> tuple[bool, str, str, str]:
    """(points, kind, project id, task id or TQL). Permanent PlatformError when the key has no meaning."""
    rest, points = key.strip(), False
    if rest.startswith("points:"):
        rest, points = rest.removeprefix("points:").strip(), True
    kind, _, named = rest.partition(":")
    project, _, inner = (each.strip() for each in named.partition("/"))
    whole = kind == "project" and not inner
    one = kind == "task" and bool(_ID.fullmatch(inner)) and not points
    query = kind == "tql" and 0 < len(inner) <= _TQL
    if not _ID.fullmatch(project) or not (whole or one or query):
        raise PlatformError(
            "key", "钉钉项目的目标编号写法不对，例如 project:项目ID、task:项目ID/任务ID", permanent=True
        )
    return points, kind, project, inner


def added(tasks: Sequence[Task], *, points: bool) -> tuple[Decimal, Decimal]:
    """(done, all) in tasks, or in points of those that have an estimate; permanent PlatformError when none has."""
    if not points:
        return Decimal(sum(each.done for each in tasks)), Decimal(len(tasks))
    total = sum((each.points for each in tasks if each.points), Decimal(0))
    if total <= 0:
        raise PlatformError("no_points", "这些任务都没有填写工作量", permanent=True)
    return sum((each.points for each in tasks if each.points and each.done), Decimal(0)), total


def _task(row: object) -> Task | None:
    """One row of the reply; None when the task was deleted or archived (moved to the recycle bin)."""
    task = mapping(row)
    if flag(task.get("isDeleted")) or flag(task.get("isArchived")):
        return None
    id, updated = text(task.get("taskId")), text(task.get("updated"))
    try:
        at = datetime.fromisoformat(updated)
    except ValueError:
        at = None
    if not id or at is None:
        raise PlatformError("garbled", "钉钉项目的任务缺少编号或更新时间", retry_after=300)
    # Times are UTC (docs: iso8601, 2022-07-29T14:55Z).
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    done, given = flag(task.get("isDone")), text(task.get("progress"))
    percent = Decimal(100) if done else min(_whole(given), Decimal(100))
    points = text(task.get("storyPoint"))
    raw = (id, str(done).lower(), given, points, updated)
    return Task(id, done, percent, _whole(points) if points else None, at, raw)


def _whole(value: str) -> Decimal:
    return Decimal(value) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value, re.ASCII) else Decimal(0)


def build(settings: Settings, store: SharedStore) -> Projects | None:
    """None when DingTalk is not among the platforms."""
    if NAME not in settings.platforms:
        return None
    app = (settings.dingtalk_client_id, settings.dingtalk_client_secret)
    client = Client(settings.dingtalk_api_base, settings.dingtalk_oapi_base, app, store, ZoneInfo(settings.timezone))
    return Projects(client, store, settings.dingtalk_project_user)
