"""DingTalk stand-in: who opens a page, inside the client and in a browser.

Docs: jsapi requestAuthCode, v2/user/getuserinfo; OAuth2: userAccessToken, contact/users/me, user/getbyunionid.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Response, request

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import signin
from adapters.sandbox.state import Json, Person

LIFE, REFRESH_LIFE = timedelta(seconds=7200), timedelta(days=30)
SCOPES = ("openid", "openid corpid")


class SignIn:
    """The code of the client and the authCode of a browser are different things and are not accepted for each other."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.blueprint.add_url_rule("/oauth2/auth", "authorize", self.authorize)
        desk.new("POST", "/v1.0/oauth2/userAccessToken", self.user_token, token=False)
        desk.new("GET", "/v1.0/contact/users/me", self.me, token=False)
        desk.old("POST", "/topapi/user/getbyunionid", self.by_union)
        desk.old("POST", "/topapi/v2/user/getuserinfo", self.identity)

    def authorize(self) -> Response:
        """302 to redirect_uri?authCode=&state=; the vendor's error page for a link that is not built as documented."""
        query = request.args
        if wrong := self._wrong(query.to_dict()):
            return signin.refuse("dingtalk", *wrong)
        person = signin.phone(self.world, "dingtalk")
        if person is None:
            return signin.ask(self.world, "dingtalk")
        code = signin.mint(self.world, person, "browser")
        state = {"state": query["state"]} if query.get("state") else {}
        return signin.come_back(self.world, person, query["redirect_uri"], {"authCode": code, **state})

    def _wrong(self, query: dict[str, str]) -> tuple[str, str, str] | None:
        settings, link = self.desk.settings, "请检查登录链接的参数。"
        if query.get("client_id") != settings.dingtalk_client_id:
            return "invalid.client", "client_id 不对。The client id is wrong.", "请核对 DINGTALK_CLIENT_ID。"
        if query.get("response_type") != "code":
            return "unsupported.response.type", "response_type 须为 code。", link
        if query.get("scope") not in SCOPES:
            return "invalid.scope", "scope 须为 openid 或 openid corpid。", link
        if query.get("prompt") != "consent":
            return "invalid.prompt", "prompt 须为 consent。", link
        for name in ("corpId", "exclusiveCorpId"):
            if query.get(name, settings.dingtalk_corp_id) != settings.dingtalk_corp_id:
                return "invalid.corp", "corpId 不是本企业。Another organisation.", "请核对 DINGTALK_CORP_ID。"
        if not signin.trusted(settings, self.desk.courier.url, query.get("redirect_uri", "")):
            advice = "登录回调地址就是机器人的公开地址，端口也要相同。"
            return "invalid.redirect.uri", "redirect_uri 不在应用的登录回调地址内。", advice
        return None

    def user_token(self, body: Json) -> Json:
        """An authCode, or a refresh token, for a user token of 7200 s. The code of this error is not published."""
        self.desk.check_app(body.get("clientId"), body.get("clientSecret"))
        kind = body.get("grantType")
        if kind == "authorization_code":
            state, user = signin.redeem(self.world, "dingtalk", ("browser",), body.get("code", ""))
            if state != "good":
                raise Fail("invalidParameter.authCode.notFound", "不合法的临时授权码")
        elif kind == "refresh_token":
            user = self._refreshed(str(body.get("refreshToken", "")))
        else:
            raise Fail("unsupported.grant.type", "grantType is authorization_code or refresh_token")
        token, again, now = secrets.token_hex(16), secrets.token_hex(16), self.world.now()
        self.world.store("dingtalk.user_tokens")[token] = {"user": user, "until": now + LIFE}
        self.world.store("dingtalk.refresh_tokens")[again] = {"user": user, "until": now + REFRESH_LIFE}
        corp = self.desk.settings.dingtalk_corp_id
        return {"accessToken": token, "refreshToken": again, "expireIn": int(LIFE.total_seconds()), "corpId": corp}

    def _refreshed(self, token: str) -> str:
        found = self.world.store("dingtalk.refresh_tokens").pop(token, None)
        if found is None or found["until"] <= self.world.now():
            raise Fail("invalidParameter.refreshToken.notFound", "不合法的refreshToken")
        return str(found["user"])

    def me(self, query: Json) -> Json:
        """GET contact/users/me with the *user's* token in the header; the answer has no userid."""
        token = request.headers.get("x-acs-dingtalk-access-token", "")
        if not token:
            raise Fail("AuthenticationFailed.MissingParameter", "x-acs-dingtalk-access-token is missing")
        found = self.world.store("dingtalk.user_tokens").get(token)
        if found is None or found["until"] <= self.world.now():
            raise Fail("InvalidAuthentication", "不合法的access_token")
        person = self.desk.person(found["user"])
        if person is None:
            raise Fail("invalidParameter.user.notFound", "用户不存在", 404)
        return {"nick": person.name, "unionId": _union(person), "openId": f"open-{person.id}", "avatarUrl": ""}

    def by_union(self, body: Json) -> Json:
        """contact_type 0: one of the company's own people."""
        person = next((each for each in self.desk.people() if _union(each) == str(body.get("unionid", ""))), None)
        if person is None:
            raise Fail(60121, "找不到该用户")
        return {"result": {"contact_type": 0, "userid": person.id}}

    def identity(self, body: Json) -> Json:
        """The person behind the client's single-use code of five minutes."""
        state, user = signin.redeem(self.world, "dingtalk", ("client",), body.get("code", ""))
        if state == "used":
            raise Fail(42008, "临时授权码已使用")
        if state != "good":
            raise Fail(40078, "不存在的临时授权码")
        person = self.desk.person(user)
        return {
            "result": {
                "userid": user,
                "unionid": f"union-{user}",
                "name": person.name if person else "",
                "device_id": "sandbox",
                "sys": False,
                "sys_level": 0,
            }
        }


def _union(person: Person) -> str:
    return f"union-{person.id}"
