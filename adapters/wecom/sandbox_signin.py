"""WeCom stand-in: OAuth2 in a browser, the member behind a code (docs: 构造网页授权链接 96441, 96442)."""

from __future__ import annotations

import re

from flask import Response, request

from adapters.sandbox import signin
from adapters.sandbox.state import Json
from adapters.wecom.sandbox_desk import Desk, Fail

STATE = re.compile(r"[A-Za-z0-9]{1,128}")
SCOPES = ("snsapi_base", "snsapi_privateinfo")
REASONS = {
    "unknown": (40029, "invalid code"),
    "used": (42022, "code has been used"),
    "expired": (42003, "code expired"),
}


class SignIn:
    """`/connect/oauth2/authorize` knows the phone that opened the link and sends it back with a code."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.blueprint.add_url_rule("/connect/oauth2/authorize", "authorize", self.authorize)
        desk.route("GET", "auth/getuserinfo", self.identity)

    def authorize(self) -> Response:
        """302 to redirect_uri?code=&state=; the vendor's error page when the link is not built as documented."""
        query = request.args
        if wrong := self._wrong(query.to_dict()):
            return signin.refuse("wecom", *wrong)
        person = signin.phone(self.desk.world, "wecom")
        if person is None:
            return signin.ask(self.desk.world, "wecom")
        answer = {"code": signin.mint(self.desk.world, person, "browser"), "state": query.get("state", "")}
        return signin.come_back(self.desk.world, person, query["redirect_uri"], answer)

    def _wrong(self, query: dict[str, str]) -> tuple[int, str, str] | None:
        settings = self.desk.settings
        if query.get("appid") != settings.wecom_corp_id:
            return 40013, "企业 ID 不对。The corp id is wrong.", "请核对 WECOM_CORP_ID。"
        if query.get("response_type") != "code" or query.get("scope") not in SCOPES:
            return 40058, "response_type 须为 code，scope 须为 snsapi_base。", "请检查授权链接的参数。"
        if query.get("agentid", str(settings.wecom_agent_id)) != str(settings.wecom_agent_id):
            return 40056, "应用 ID 不对。The agent id is wrong.", "请核对 WECOM_AGENT_ID。"
        if "state" in query and not STATE.fullmatch(query["state"]):
            return 40058, "state 只能是 1 到 128 个字母或数字。", "请检查授权链接的参数。"
        if not signin.trusted(settings, self.desk.courier.url, query.get("redirect_uri", "")):
            return 50001, "redirect_uri 与应用的可信域名不一致。", "可信域名就是机器人的公开地址，端口也要相同。"
        return None

    def identity(self, query: Json) -> Json:
        """The member behind a single-use code of five minutes."""
        state, user = signin.redeem(self.desk.world, "wecom", ("browser", "client"), query.get("code", ""))
        if state != "good":
            raise Fail(*REASONS[state])
        return {"userid": user}
