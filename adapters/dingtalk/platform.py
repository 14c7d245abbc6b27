"""DingTalk as a Platform: the parts put together, and what `huizhi doctor` asks about them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from adapters.dingtalk import errors, files, groups, identity, preview, render, roles, stream, tenure
from adapters.dingtalk.attendance import OPERATOR, DingTalkAttendance
from adapters.dingtalk.client import Client
from adapters.dingtalk.crowds import Crowd, Sender
from adapters.dingtalk.crypto import Callback
from adapters.dingtalk.directory import Directory
from adapters.dingtalk.events import NAME
from adapters.dingtalk.inbound import Inbound
from adapters.dingtalk.outbound import PAGE, Outbound, Outlet
from bot import clock
from bot.card import Card
from bot.errors import PlatformError
from bot.ports import Attendance, DirectoryPerson, Dispatch, Door, Finding, Sent, SharedStore
from bot.ports.crowds import Handed, Outcome
from bot.ports.files import Fetched
from bot.ports.preview import Shape
from bot.ports.tenure import Tenure

if TYPE_CHECKING:
    from config.settings import Settings

log = structlog.get_logger("huizhi.dingtalk")


class DingTalk:
    """One organisation's internal app. All parts share one client, so one token and one meter."""

    name = NAME
    can = render.CAN

    def __init__(self, settings: Settings, store: SharedStore) -> None:
        self._settings, self._store = settings, store
        app = (settings.dingtalk_client_id, settings.dingtalk_client_secret)
        self._zone = zone = ZoneInfo(settings.timezone)
        self.client = Client(settings.dingtalk_api_base, settings.dingtalk_oapi_base, app, store, zone)
        self.attendance: Attendance = DingTalkAttendance(self.client, store, zone, settings.public_url)
        robot = settings.dingtalk_robot_code or settings.dingtalk_client_id
        outlet = Outlet(robot, settings.dingtalk_card_template_id, settings.dingtalk_mode, settings.public_url, app[1])
        self._outbound, self._directory = Outbound(self.client, store, outlet), Directory(self.client, store)
        sender = Sender(robot, settings.dingtalk_agent_id, settings.dingtalk_board_operator, settings.public_url)
        self._crowd = Crowd(self.client, store, sender, self._outbound)
        self.routes = self._crowd.routes
        owners = (settings.dingtalk_client_id, settings.dingtalk_corp_id)
        aes = settings.dingtalk_aes_key
        callback = Callback(settings.dingtalk_token, aes, owners) if settings.dingtalk_token and aes else None
        self._login = identity.Login(settings.dingtalk_login_base, app[0], settings.dingtalk_corp_id)
        self._inbound = Inbound(callback, app[1], settings.dingtalk_card_template_id, self._pushed)

    def send(self, to: str, card: Card, key: str) -> Sent:
        """See Outbound.send."""
        return self._outbound.send(to, card, key)

    def update(self, to: str, card: Card, sent: Sent) -> Sent:
        """See Outbound.update."""
        return self._outbound.update(to, card, sent)

    def recall(self, sent: Sent) -> None:
        """See Outbound.recall."""
        self._outbound.recall(sent)

    def read_status(self, sent: Sent) -> dict[str, bool]:
        """See Outbound.read_status."""
        return self._outbound.read_status(sent)

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        """See bot.ports.crowds.Crowds and Crowd.send_many."""
        return self._crowd.send_many(route, to, card, key)

    def preview(self, card: Card, route: str) -> list[Shape]:
        """See bot.ports.preview and adapters.dingtalk.preview."""
        public = self._settings.public_url
        page = f"{public.rstrip('/')}{PAGE}" if public else ""
        return preview.shapes(card, route, self._settings.dingtalk_card_template_id, page)

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """See Crowd.outcomes."""
        return self._crowd.outcomes(route, message_id, to)

    def recall_many(self, route: str, message_id: str) -> None:
        """See Crowd.recall_many."""
        self._crowd.recall_many(route, message_id)

    def post(self, chat: str, text: str, key: str) -> Sent:
        """See bot.ports.Groups and groups.post."""
        return groups.post(self.client, self._settings.dingtalk_robot_code, chat, text)

    def fetch_file(self, key: str, most: int) -> Fetched:
        """See bot.ports.files.Files and files.fetch. Whoever answers our calls may also hold the file."""
        settings = self._settings
        robot = settings.dingtalk_robot_code or settings.dingtalk_client_id
        hosts = {*settings.dingtalk_file_hosts, settings.dingtalk_api_base.lower().rstrip("/")}
        return files.fetch(self.client, robot, key, most, hosts)

    def people(self) -> list[DirectoryPerson]:
        """See Directory.people."""
        return self._directory.people()

    def tenures(self, user_ids: Sequence[str]) -> list[Tenure]:
        """See bot.ports.tenure and adapters.dingtalk.tenure."""
        return tenure.tenures(self.client, self._zone, user_ids)

    def sign_in_url(self, back: str, state: str) -> str:
        """See bot.ports.SignIn and identity.sign_in_url."""
        return identity.sign_in_url(self._login, back, state)

    def signed_in(self, args: Mapping[str, str]) -> str:
        """See bot.ports.SignIn and identity.signed_in."""
        return identity.signed_in(self.client, args)

    def identify(self, code: str) -> str:
        """See identity.identify."""
        return identity.identify(self.client, code)

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """See Inbound.doors. In Stream mode they stay open: robot and events may be switched over one by one."""
        return self._inbound.doors()

    def listen(self, dispatch: Dispatch, stop: threading.Event) -> None:
        """The Stream door until `stop` is set; in HTTP mode there is none and this returns at once."""
        if self._settings.dingtalk_mode != "stream":
            return
        stream.run(self._settings, dispatch, stop, self._pushed)

    def quota(self) -> dict[str, int]:
        """See Client.quota."""
        return self.client.quota()

    def doctor(self) -> list[Finding]:
        """Token, quota, template, permissions. Costs at most one metered call; writes nothing."""
        findings = [self._token(), self._month(), self._template()]
        if not findings[0].ok:
            return findings + [Finding(name, None, "凭证不可用，没有检查") for name in ("钉钉考勤权限", "钉钉角色")]
        return [*findings, self._attendance(), self._roles()]

    def _token(self) -> Finding:
        return _try("钉钉凭证", lambda: self.client.token() and "可以取得", "检查 DINGTALK_CLIENT_ID 和 SECRET")

    def _month(self) -> Finding:
        used = self.quota()
        ok = used["calls"] < used["calls_limit"] * 0.8 and used["pushes"] < used["pushes_limit"] * 0.8
        calls, pushes = f"{used['calls']}/{used['calls_limit']}", f"{used['pushes']}/{used['pushes_limit']}"
        detail = f"本月接口 {calls}，推送 {pushes}（标准版额度）"
        return Finding("钉钉月度额度", ok, detail, "" if ok else "接近标准版上限，请购买资源包或升级版本")

    def _template(self) -> Finding:
        if self._settings.dingtalk_card_template_id:
            return Finding("钉钉卡片模板", None, "使用自己的模板；钉钉没有查询模板的公开接口，首次发送时会验证")
        advice = "在卡片平台导入 adapters/dingtalk/card_template.json，并设置 DINGTALK_CARD_TEMPLATE_ID"
        return Finding("钉钉卡片模板", None, "使用官方 SDK 内置的公共模板，钉钉没有承诺长期可用", advice)

    def _attendance(self) -> Finding:
        admin = self._store.get(OPERATOR)
        if not admin:
            return Finding(
                "钉钉考勤权限",
                None,
                "还没有在通讯录中找到管理员，不知道用谁来查询",
                "先同步一次通讯录，并确认应用可见范围包含一位管理员",
            )
        now, hour = clock.now(), timedelta(hours=1)
        return _try(
            "钉钉考勤权限",
            lambda: f"可以读取，近一小时 {len(self.attendance.punches([admin], now - hour, now))} 条打卡",
            "为应用开通 qyapi_get_attendance_data 与 qyapi_attendance_group_read",
        )

    def _roles(self) -> Finding:
        """What notices can be addressed by; without it everything else works."""
        advice = "为应用开通通讯录的角色信息读权限；没有它，通知不能按角色选择对象，其余照常"
        try:
            found = len(roles.listed(self.client))
        except PlatformError as error:
            missing = bool(errors.PERMISSION.fullmatch(error.code))
            return Finding("钉钉角色", None if missing else False, str(error), advice)
        return Finding("钉钉角色", True, f"可以读取 {found} 个角色，通知可以按角色选择对象")

    def _pushed(self) -> None:
        try:
            self.client.count("pushes")
        except Exception as error:  # noqa: BLE001 - the meter may be lost with Redis, a person's click may not
            log.warning("dingtalk.meter", error=type(error).__name__)


def _try(check: str, ask: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(check, True, ask())
    except PlatformError as error:
        return Finding(check, False, str(error), advice)
