"""WeCom stand-in, common part: token checks, answers in WeCom's shape, access to the little world."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from adapters.sandbox.state import Json, Person, World
from adapters.sandbox.vendor import Courier

if TYPE_CHECKING:
    from config.settings import Settings

TOKEN_LIFE = timedelta(seconds=7200)
Answer = Callable[[Json], Json]


class Fail(Exception):
    """An errcode with HTTP 200, as every WeCom business error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Desk:
    """What every WeCom route needs."""

    settings: Settings
    world: World
    courier: Courier
    blueprint: Blueprint

    def people(self) -> list[Person]:
        return self.world.on("wecom")

    def person(self, user: str) -> Person | None:
        return self.world.find(user, "wecom")

    def moment(self, seconds: object) -> datetime:
        """Unix seconds (number or digits) to an aware time in the company's zone."""
        try:
            return datetime.fromtimestamp(int(str(seconds)), self.world.zone)
        except (ValueError, OverflowError, OSError) as broken:
            raise Fail(40058, f"invalid timestamp {seconds}") from broken

    def route(self, method: str, path: str, answer: Answer, *, token: bool = True) -> None:
        """`answer` gets the JSON body (POST) or the query (GET)."""

        def view() -> Response:
            try:
                if token:
                    self._check_token()
                query = {key: value for key, value in request.args.items() if key != "access_token"}
                result = answer(query if method == "GET" else {**_json_body(), "?": query})
                return _reply({"errcode": 0, "errmsg": "ok", **result})
            except Fail as failure:
                return _reply(refusal(failure.code, failure.text))

        self.blueprint.add_url_rule("/cgi-bin/" + path, path.replace("/", "_"), view, methods=[method])

    def raw(self, method: str, path: str, answer: Callable[[], Response]) -> None:
        """A route that answers with something else than JSON, unless it fails."""

        def view() -> Response:
            try:
                self._check_token()
                return answer()
            except Fail as failure:
                return _reply(refusal(failure.code, failure.text))

        self.blueprint.add_url_rule("/cgi-bin/" + path, path.replace("/", "_"), view, methods=[method])

    def checked_people(self, body: Json) -> list[Person]:
        """`useridlist` of the attendance calls; one unknown id spoils the request."""
        users = body.get("useridlist")
        if not isinstance(users, list) or not 1 <= len(users) <= 100:
            raise Fail(301023, "useridlist must have 1 to 100 members")
        people = [self.person(str(user)) for user in users]
        if None in people:
            raise Fail(301021, "invalid userid")
        return [person for person in people if person is not None]

    def span(self, body: Json, days: int) -> tuple[datetime, datetime]:
        """`starttime` and `endtime` of the attendance calls."""
        start, end = self.moment(body.get("starttime")), self.moment(body.get("endtime"))
        if not timedelta(0) <= end - start <= timedelta(days=days):
            raise Fail(301024, f"time span is over {days} days or negative")
        return start, end

    def _check_token(self) -> None:
        token = request.args.get("access_token", "")
        if not token:
            raise Fail(41001, "access_token missing")
        known = self.world.store("wecom.tokens").get(token)
        if known is None:
            raise Fail(40014, "invalid access_token")
        if known <= self.world.now():
            raise Fail(42001, "access_token expired")

    def get_token(self, query: Json) -> Json:
        """GET gettoken: the same token while it is valid (docs: gettoken)."""
        corp, secret = str(query.get("corpid", "")), str(query.get("corpsecret", ""))
        if not corp:
            raise Fail(41002, "corpid missing")
        if not secret:
            raise Fail(41004, "corpsecret missing")
        if corp != self.settings.wecom_corp_id:
            raise Fail(40013, "invalid corpid")
        if not secrets.compare_digest(secret.encode(), self.settings.wecom_secret.encode()):
            raise Fail(40001, "invalid credential")
        tokens, now = self.world.store("wecom.tokens"), self.world.now()
        with self.world.lock:
            token = next((each for each, end in tokens.items() if end > now), "")
            if not token:
                token = secrets.token_urlsafe(160)
                tokens[token] = now + TOKEN_LIFE
            return {"access_token": token, "expires_in": int((tokens[token] - now).total_seconds())}


def refusal(code: int, text: str) -> Json:
    """WeCom adds a hint and a link to its error texts; clients must branch on errcode."""
    hint = secrets.token_hex(4)
    return {
        "errcode": code,
        "errmsg": f"{text}, hint: [{hint}], more info at https://open.work.weixin.qq.com/devtool/query?e={code}",
    }


def _json_body() -> Json:
    if request.mimetype == "multipart/form-data":
        return {}
    raw = request.get_data()
    if not raw:
        raise Fail(44001, "empty post data")
    try:
        body = json.loads(raw.decode("utf-8"))
    except ValueError as broken:
        raise Fail(40033, "invalid request charset or JSON") from broken
    if not isinstance(body, dict):
        raise Fail(40035, "invalid parameter")
    return body


def _reply(body: Json) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), content_type="application/json; charset=UTF-8")
