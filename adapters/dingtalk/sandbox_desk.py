"""DingTalk stand-in, common part: both hosts' token checks and error shapes, access to the little world."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from adapters.sandbox.state import Json, Person, World
from adapters.sandbox.vendor import Courier

if TYPE_CHECKING:
    from config.settings import Settings

_NAME = re.compile(r"\W")
TOKEN_LIFE = timedelta(seconds=7200)
Answer = Callable[[Json], Json]


class Fail(Exception):
    """New host: `code` with an HTTP status. Legacy host: an errcode, or `sub_code` inside errcode 88."""

    def __init__(self, code: int | str, text: str, status: int = 400, *, wrapped: bool = False) -> None:
        super().__init__(text)
        self.code, self.text, self.status, self.wrapped = code, text, status, wrapped


@dataclass(frozen=True, slots=True)
class Desk:
    """What every DingTalk route needs."""

    settings: Settings
    world: World
    courier: Courier
    blueprint: Blueprint

    def people(self) -> list[Person]:
        return self.world.on("dingtalk")

    def person(self, user: object) -> Person | None:
        return self.world.find(str(user), "dingtalk")

    def millis(self, value: object) -> datetime:
        """Milliseconds to an aware time; legacy error 40035 otherwise."""
        try:
            return datetime.fromtimestamp(int(str(value)) / 1000, self.world.zone)
        except (ValueError, OverflowError, OSError) as broken:
            raise Fail(40035, f"invalid time {value}") from broken

    def text_time(self, value: object) -> datetime:
        """ "2026-01-05 09:00[:00]" in the company's zone."""
        try:
            return datetime.fromisoformat(str(value)).replace(tzinfo=self.world.zone)
        except ValueError as broken:
            raise Fail(40035, f"invalid time {value}") from broken

    def new(self, method: str, path: str, answer: Answer, *, token: bool = True) -> None:
        """A route of api.dingtalk.com: header token, HTTP status tells. Parts of the path are in request.view_args."""

        def view(**_: str) -> tuple[Response, int]:
            try:
                if token:
                    self._header_token()
                return jsonify(answer(_body(method))), 200
            except Fail as failure:
                return jsonify(new_error(str(failure.code), failure.text)), failure.status

        self.blueprint.add_url_rule(path, f"{method}_{_NAME.sub('_', path)}", view, methods=[method])

    def old(self, method: str, path: str, answer: Answer, *, token: bool = True) -> None:
        """A route of oapi.dingtalk.com: query token, always HTTP 200, errcode tells."""

        def view() -> Response:
            try:
                if token:
                    self._query_token()
                return jsonify(
                    {"errcode": 0, "errmsg": "ok", "request_id": uuid.uuid4().hex[:12], **answer(_body(method))}
                )
            except Fail as failure:
                return jsonify(old_error(failure.code, failure.text, wrapped=failure.wrapped))

        self.blueprint.add_url_rule(path, f"{method}_{_NAME.sub('_', path)}", view, methods=[method])

    def _header_token(self) -> None:
        token = request.headers.get("x-acs-dingtalk-access-token", "")
        if not token:
            raise Fail("AuthenticationFailed.MissingParameter", "x-acs-dingtalk-access-token is missing")
        if not self._alive(token):
            raise Fail("InvalidAuthentication", "不合法的access_token")

    def _query_token(self) -> None:
        token = request.args.get("access_token", "")
        if not token:
            raise Fail(40000, "access_token is blank", wrapped=True)
        if not self._alive(token):
            raise Fail(40014, "不合法的access_token", wrapped=True)

    def _alive(self, token: str) -> bool:
        until = self.world.store("dingtalk.tokens").get(token)
        return until is not None and until > self.world.now()

    def check_app(self, key: object, secret: object) -> None:
        """Fail unless these are the app's id and secret."""
        known = self.settings
        right = secrets.compare_digest(str(secret).encode(), known.dingtalk_client_secret.encode())
        if str(key) != known.dingtalk_client_id or not right:
            raise Fail("invalidClientIdOrSecret", "无效的clientId或者clientSecret")

    def grant(self, key: object, secret: object) -> str:
        """The app token; asking again while it lives returns and extends the same one."""
        self.check_app(key, secret)
        with self.world.lock:
            tokens = self.world.store("dingtalk.tokens")
            token = next((each for each in tokens if self._alive(each)), secrets.token_hex(16))
            tokens[token] = self.world.now() + TOKEN_LIFE
        return str(token)

    def new_token(self, body: Json) -> Json:
        """POST /v1.0/oauth2/accessToken."""
        return {"accessToken": self.grant(body.get("appKey", ""), body.get("appSecret", "")), "expireIn": 7200}

    def old_token(self, query: Json) -> Json:
        """GET /gettoken; a bad secret is 40096 and never wrapped."""
        try:
            return {"access_token": self.grant(query.get("appkey", ""), query.get("appsecret", "")), "expires_in": 7200}
        except Fail as failure:
            raise Fail(40096, "不合法的appKey或appSecret") from failure


def new_error(code: str, text: str) -> Json:
    """Body of a failure on the new host."""
    return {"code": code, "message": text, "requestid": str(uuid.uuid4()).upper()}


def old_error(code: int | str, text: str, *, wrapped: bool = False) -> Json:
    """Body of a failure on the legacy host; the gateway wraps authentication in 88 with a *string* sub_code."""
    request_id = uuid.uuid4().hex[:12]
    if wrapped:
        return {
            "errcode": 88,
            "sub_code": str(code),
            "sub_msg": text,
            "errmsg": f"ding talk error[subcode={code},submsg={text}]",
            "request_id": request_id,
        }
    return {"errcode": code, "errmsg": text, "request_id": request_id}


def _body(method: str) -> Json:
    if method == "GET":
        return dict(request.args.items())
    if request.mimetype == "multipart/form-data":
        return dict(request.form.items())
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        body = dict(request.form.items())
    return body
