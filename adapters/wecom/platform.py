"""WeCom as one Platform: everything else in this folder, wired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from adapters.wecom import directory, files, groups, inbound, preview, render, tags
from adapters.wecom.attendance import WeComAttendance
from adapters.wecom.client import Client, rows
from adapters.wecom.crowds import Crowd
from adapters.wecom.crypto import Crypto
from adapters.wecom.identity import OAUTH_BASE, Identity
from adapters.wecom.media import Kind, upload
from adapters.wecom.outbound import PAGE, Outbound
from adapters.wecom.rules import ZONE, midnight
from bot import clock
from bot.card import Card
from bot.errors import PlatformError
from bot.ports import Attendance, DirectoryPerson, Door, Finding, Sent
from bot.ports.crowds import Handed, Outcome
from bot.ports.files import Fetched
from bot.ports.preview import Shape


class WeCom:
    """See bot.ports.Platform. Beyond it: `identity` (sign-in on pages) and `upload` (media)."""

    name = inbound.PLATFORM
    can = render.CAN

    def __init__(self, client: Client, crypto: Crypto, oauth_base: str = OAUTH_BASE, public_url: str = "") -> None:
        self._client, self._crypto = client, crypto
        self._page = page = public_url and public_url + PAGE
        self._outbound, self._crowd = Outbound(client, page), Crowd(client, page)
        self.routes = self._crowd.routes
        self.attendance: Attendance = WeComAttendance(client)
        self.identity = Identity(client, oauth_base)

    def send(self, to: str, card: Card, key: str) -> Sent:
        return self._outbound.send(to, card, key)

    def update(self, to: str, card: Card, sent: Sent) -> Sent:
        return self._outbound.update(to, card, sent)

    def recall(self, sent: Sent) -> None:
        self._outbound.recall(sent)

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        """See bot.ports.crowds.Crowds and Crowd.send_many."""
        return self._crowd.send_many(route, to, card, key)

    def preview(self, card: Card, route: str) -> list[Shape]:
        """See bot.ports.preview and adapters.wecom.preview."""
        return preview.shapes(card, self._page)

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """See Crowd.outcomes."""
        return self._crowd.outcomes(route, message_id, to)

    def recall_many(self, route: str, message_id: str) -> None:
        """See Crowd.recall_many."""
        self._crowd.recall_many(route, message_id)

    def post(self, chat: str, text: str, key: str) -> Sent:
        """See bot.ports.Groups and groups.post."""
        return groups.post(self._client, chat, text)

    def people(self) -> list[DirectoryPerson]:
        return directory.people(self._client)

    def sign_in_url(self, back: str, state: str) -> str:
        """See bot.ports.SignIn; opens inside WeCom only."""
        return self.identity.authorize_url(state, back)

    def signed_in(self, args: Mapping[str, str]) -> str:
        """See bot.ports.SignIn and Identity.exchange."""
        return self.identity.exchange(args.get("code", ""))

    def upload(self, kind: Kind, filename: str, content: bytes) -> str:
        """Media id of a temporary file (3 days)."""
        return upload(self._client, kind, filename, content)

    def fetch_file(self, key: str, most: int) -> Fetched:
        """See bot.ports.files.Files and files.fetch."""
        return files.fetch(self._client, key, most)

    def doors(self) -> Mapping[tuple[str, str], Door]:
        return inbound.doors(self._crypto)

    def doctor(self) -> list[Finding]:
        """Token first: without it the rest cannot be checked and says so."""
        token = _check("企业微信：凭证", lambda: self._client.token() and "access_token 获取成功")
        later = (
            ("企业微信：应用", self._agent),
            ("企业微信：打卡权限", self._checkin),
            ("企业微信：审批权限", self._approval),
        )
        if not token.ok:
            names = [*(name for name, _ in later), "企业微信：标签"]
            return [token, *(Finding(name, None, "凭证未通过，无法检查", "先修复凭证") for name in names)]
        return [token, *(_check(name, probe) for name, probe in later), self._tags()]

    def _agent(self) -> str:
        answer = self._client.get("agent/get", {"agentid": str(self._client.agent_id)})
        if answer.get("close"):
            raise PlatformError("50003", "应用已被停用，请在管理后台启用", alarm=True)
        return f"AgentId {self._client.agent_id} 可用"

    def _checkin(self) -> str:
        user = self._anybody()
        if not user:
            raise PlatformError("no_members", "应用可见范围内没有成员，请在应用详情页设置可见范围", alarm=True)
        day = clock.now().astimezone(ZONE).date()
        self._client.post("checkin/getcheckinoption", {"datetime": midnight(day), "useridlist": [user]})
        return "可以读取打卡规则"

    def _anybody(self) -> str:
        """A visible member: the attendance interface only answers about people it knows."""
        for department in rows(self._client.get("department/simplelist"), "department_id"):
            query = {"department_id": str(department.get("id"))}
            for row in rows(self._client.get("user/simplelist", query), "userlist"):
                return str(row.get("userid") or "")
        return ""

    def _tags(self) -> Finding:
        """What notices can be addressed by; without it everything else works."""
        name = "企业微信：标签"
        try:
            found = rows(self._client.get("tag/list"), "taglist")
        except PlatformError as problem:
            if problem.code in tags.FORBIDDEN:
                advice = "通知不能按标签选择对象，其余照常；需要时在应用权限中开放标签"
                return Finding(name, None, f"不能读取标签（错误 {problem.code}）", advice)
            return _failed(name, problem)
        return Finding(name, True, f"可以读取 {len(found)} 个标签，通知可以按标签选择对象")

    def _approval(self) -> str:
        until = int(clock.now().timestamp())
        self._client.post("oa/getapprovalinfo", {
            "starttime": str(until - 86_400), "endtime": str(until), "new_cursor": "", "size": 1, "filters": [],
        })  # fmt: skip
        return "可以读取审批单，待审批的请假也会被考虑"


def _check(name: str, probe: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, probe())
    except PlatformError as problem:
        return _failed(name, problem)


def _failed(name: str, problem: PlatformError) -> Finding:
    advice = problem.hint if problem.alarm else "稍后重试；若持续出现请检查网络与 WECOM_API_BASE"
    return Finding(name, False, f"错误 {problem.code}", advice)
