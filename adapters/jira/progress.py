"""How far goals are in Jira: done of all, counted in issues or in story points, dated by the newest change.

Docs (developer.atlassian.com): Jira Cloud REST API v3 "Issue search" (POST search/jql with nextPageToken; the old
search answers 410 since CHANGE-2046), "Issues", "Myself", "Server info"; Jira Data Center REST API v2 "search".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from adapters.jira import keys as meaning
from adapters.jira.client import Client, signed
from bot.errors import PlatformError
from bot.ports import Finding, SharedStore
from bot.ports.progress import Progress
from bot.progress import gather
from config.settings import Settings

PAGE, MOST = 100, 5000
"""Issues per call, and issues of one goal: more is a query that means something else."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One issue as far as it counts. `updated` UTC; `points` None without an estimate."""

    key: str
    done: bool
    updated: datetime
    points: Decimal | None
    raw: tuple[str, ...]


class Jira:
    """One site. `points_field` empty: issues are counted."""

    name = "jira"

    def __init__(self, client: Client, deployment: str, points_field: str = "") -> None:
        self._client, self._field = client, points_field
        self._server = deployment == "server"
        self._api = "/rest/api/2" if self._server else "/rest/api/3"

    def progress(self, keys: Sequence[str]) -> Mapping[str, Progress | PlatformError]:
        """See bot.ports.progress.ProgressSource and adapters.jira.keys."""
        if not keys:
            return {}
        # Jira shows strangers whatever is public: with a lapsed token a part would be taken for the whole.
        self._client.get(f"{self._api}/myself")
        return gather(keys, self._value)

    def doctor(self) -> list[Finding]:
        """Reaches the site, compares its kind with the setting, then signs in; two calls."""
        check, account = "Jira", "Jira 账号 / account"
        try:
            info = self._client.get(f"{self._api}/serverInfo")
        except PlatformError as error:
            advice = "检查 HUIZHI_JIRA_BASE、HUIZHI_JIRA_DEPLOYMENT 与网络"
            return [Finding(check, False, str(error), advice), Finding(account, None, "没有检查：站点不可用")]
        kind = str(info.get("deploymentType") or "")
        if kind and (kind == "Cloud") == self._server:
            return [Finding(check, False, f"这是 {kind[:20]}", "修正 HUIZHI_JIRA_DEPLOYMENT（cloud | server）")]
        site = Finding(check, True, f"{kind[:20]} {str(info.get('version') or '')[:20]}".strip() or "answers")
        try:
            me = self._client.get(f"{self._api}/myself")
        except PlatformError as error:
            return [site, Finding(account, False, str(error), "检查 HUIZHI_JIRA_MAIL 与 HUIZHI_JIRA_TOKEN")]
        if me.get("active") is False:
            return [site, Finding(account, False, "账号已停用", "换一个在用的账号")]
        return [site, Finding(account, True, "可以登录")]

    def _value(self, key: str) -> Progress:
        want = meaning.wanted(key, points=bool(self._field), server=self._server)
        if want.points and not self._field:
            raise PlatformError("jira.no_field", "按故事点需要设置 HUIZHI_JIRA_POINTS_FIELD", permanent=True)
        issues = [self._issue(want.issue)] if want.issue else self._first(want)
        if not issues:
            raise PlatformError("jira.empty", "没有符合条件的事项", permanent=True)
        done, target = added(issues, points=want.points)
        raw = {"key": key, "issues": [each.raw for each in issues]}
        newest = max(each.updated for each in issues)
        return Progress(key, done, target, newest, json.dumps(raw, ensure_ascii=False).encode())

    def _issue(self, issue: str) -> Counted:
        fields = ",".join(self._fields())
        return self._counted(self._client.get(f"{self._api}/issue/{quote(issue, safe='')}", {"fields": fields}))

    def _first(self, want: meaning.Wanted) -> list[Counted]:
        """The issues of the first query that is understood; a page shift may show one twice, it counts once."""
        for query in want.queries:
            try:
                return list({each.key: each for each in self._found(query)}.values())
            except PlatformError as error:
                if error.code != "http_400":
                    raise
        if want.named:
            raise PlatformError("jira.gone", "项目、版本或父事项已删除，或该账号看不到", permanent=True)
        raise PlatformError("jira.query", "Jira 不接受这个 JQL", permanent=True)

    def _found(self, query: str) -> Iterator[Counted]:
        count = 0
        for page in self._server_pages(query) if self._server else self._cloud_pages(query):
            for row in page:
                count += 1
                if count > MOST:
                    raise PlatformError("jira.too_many", f"超过 {MOST} 个事项，请收窄查询", permanent=True)
                yield self._counted(row)

    def _cloud_pages(self, query: str) -> Iterator[list[Any]]:
        """Pages may be short, even empty, while more follow; only a missing token is the end."""
        asked: dict[str, Any] = {"jql": query, "fields": self._fields(), "maxResults": PAGE}
        seen: set[str] = set()
        while True:
            reply = self._client.post(f"{self._api}/search/jql", asked)
            yield _rows(reply)
            token = str(reply.get("nextPageToken") or "")
            if not token or reply.get("isLast") is True:
                return
            if token in seen or len(seen) > MOST:
                raise PlatformError("garbled", "Jira 的分页没有尽头", retry_after=300)
            seen.add(token)
            asked["nextPageToken"] = token

    def _server_pages(self, query: str) -> Iterator[list[Any]]:
        """The server may give fewer than asked for; `total` is the end, and a gap before it is no whole answer."""
        start, total = 0, 1
        while start < total:
            asked = {"jql": query, "fields": self._fields(), "maxResults": PAGE, "startAt": start}
            reply = self._client.post(f"{self._api}/search", asked)
            page, total = _rows(reply), int(_number(reply.get("total")) or 0)
            if not page and start < total:
                raise PlatformError("garbled", "Jira 的分页中途断了", retry_after=60)
            yield page
            start += len(page)

    def _fields(self) -> list[str]:
        return ["status", "updated", *([self._field] if self._field else [])]

    def _counted(self, row: object) -> Counted:
        issue = _mapping(row)
        fields = _mapping(issue.get("fields"))
        status = _mapping(fields.get("status"))
        state = str(_mapping(status.get("statusCategory")).get("key") or "")
        key, updated = str(issue.get("key") or ""), str(fields.get("updated") or "")
        try:
            at = datetime.fromisoformat(updated)
        except ValueError:
            at = None
        if not key or not state or at is None or at.tzinfo is None:
            raise PlatformError("garbled", "Jira 的事项缺少状态或更新时间", retry_after=300)
        points = _number(fields.get(self._field)) if self._field else None
        return Counted(key, state == "done", at.astimezone(UTC), points, (key, state, updated, str(points or "")))


def added(issues: Sequence[Counted], *, points: bool) -> tuple[Decimal, Decimal]:
    """(done, all) in issues, or in points of those that have an estimate; permanent PlatformError when none has."""
    if not points:
        return Decimal(sum(each.done for each in issues)), Decimal(len(issues))
    known = [(each.done, each.points) for each in issues if each.points is not None]
    total = sum((value for _, value in known), Decimal(0))
    if total <= 0:
        raise PlatformError("jira.no_points", "这些事项都没有估算故事点，可改用 count:", permanent=True)
    return sum((value for done, value in known if done), Decimal(0)), total


def _rows(reply: Mapping[str, Any]) -> list[Any]:
    rows = reply.get("issues")
    if not isinstance(rows, list):
        raise PlatformError("garbled", "Jira 的答复里没有事项列表", retry_after=60)
    return rows


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < Decimal("1e12") else None


def build(settings: Settings, store: SharedStore) -> Jira | None:
    """None when HUIZHI_JIRA_BASE is empty."""
    if not settings.jira_base:
        return None
    auth = signed(settings.jira_deployment, settings.jira_mail, settings.jira_token)
    return Jira(Client(settings.jira_base, auth, store), settings.jira_deployment, settings.jira_points_field)
