"""DingTalk stand-in: interactive cards (docs: create-and-deliver-cards, interactive card update, card callbacks)."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from adapters.dingtalk import sandbox_views
from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox.state import Bubble, Json, Person

SPACE = re.compile(r"dtv1\.card//(?i:IM_ROBOT)\.(.+)")
CREATE = {
    "cardTemplateId",
    "outTrackId",
    "callbackType",
    "callbackRouteKey",
    "userId",
    "userIdType",
    "cardData",
    "privateData",
    "openSpaceId",
    "imRobotOpenSpaceModel",
    "imRobotOpenDeliverModel",
    "imGroupOpenSpaceModel",
    "imGroupOpenDeliverModel",
    "imSingleOpenSpaceModel",
    "imSingleOpenDeliverModel",
    "cardAtUserIds",
    "openDynamicDataConfig",
}
UPDATE = {"outTrackId", "cardData", "privateData", "cardUpdateOptions", "userIdType"}


class Cards:
    """Card instances by outTrackId. A card is one bubble on one phone."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.new("POST", "/v1.0/card/instances/createAndDeliver", self.create)
        desk.new("PUT", "/v1.0/card/instances", self.update)
        desk.new("POST", "/v1.0/card/callbacks/register", self.register)

    def create(self, body: Json) -> Json:
        """`success` at the top does not mean delivered: each deliverResults row tells of its own space."""
        self._only(body, CREATE)
        for field in ("cardTemplateId", "outTrackId", "openSpaceId", "cardData"):
            if not body.get(field):
                raise Fail(f"param.{field}Empty", f"{field} is empty")
        track, template = str(body["outTrackId"]), str(body["cardTemplateId"])
        if template not in {sandbox_views.PUBLIC, self.desk.settings.dingtalk_card_template_id}:
            raise Fail("param.templateNotExist", "card template does not exist")
        if len(track) > 64:
            raise Fail("param.outTrackIdInvalid", "outTrackId is longer than 64")
        data = self._params(body["cardData"])
        robot = body.get("imRobotOpenDeliverModel")
        if not isinstance(robot, dict) or robot.get("spaceType") != "IM_ROBOT":
            raise Fail("param.openDeliverModelError", "imRobotOpenDeliverModel.spaceType is IM_ROBOT")
        if body.get("callbackType") == "HTTP" and not body.get("callbackRouteKey"):
            raise Fail("param.callbackRouteKeyEmpty", "callbackRouteKey is empty")
        found = [SPACE.fullmatch(part) for part in str(body["openSpaceId"]).replace(";", ";dtv1.card//").split(";")]
        if None in found:
            raise Fail("param.openSpaceIdInvalid", "openSpaceId is invalid")
        if self.world.copies("track", track):
            raise Fail("param.cardAlreadyExist", "card already exists")
        wire = {
            "track": track,
            "template": template,
            "params": data,
            "callback": body.get("callbackType", ""),
            "route": body.get("callbackRouteKey", ""),
        }
        return {
            "success": True,
            "result": {
                "outTrackId": track,
                "deliverResults": [self._deliver(match.group(1), wire) for match in found if match],
            },
        }

    def _deliver(self, user: str, wire: Json) -> Json:
        where, person = f"/v1.0/card/instances/createAndDeliver {user}", self.desk.person(user)
        if person is None or self.world.fault("invalid_user", where):
            return {
                "spaceType": "IM_ROBOT",
                "spaceId": user,
                "success": False,
                "carrierId": "",
                "errorMsg": "userId not exist",
            }
        carrier = secrets.token_urlsafe(24)
        if not self.world.hit("drop_silently", where, [person]):
            self.world.put(
                person, "card", card=sandbox_views.view(wire["template"], wire["params"]), **wire, carrier=carrier
            )
        self.world.store("dingtalk.sent")[carrier] = {"at": self.world.now(), "users": [user]}
        return {"spaceType": "IM_ROBOT", "spaceId": user, "success": True, "carrierId": carrier, "errorMsg": ""}

    def update(self, body: Json) -> Json:
        """Without cardUpdateOptions.updateCardDataByKey everything not sent again is gone."""
        self._only(body, UPDATE)
        track = body.get("outTrackId")
        if not track:
            raise Fail("param.outTrackIdEmpty", "outTrackId is empty")
        if not body.get("cardData") and not body.get("privateData"):
            raise Fail("param.cardDataAndPrivateDataBothEmpty", "cardData and privateData are empty")
        copies = [bubble for _, bubble in self.world.copies("track", track)]
        if not copies:
            raise Fail("param.cardNotExist", "card does not exist")
        by_key = (body.get("cardUpdateOptions") or {}).get("updateCardDataByKey") is True
        for bubble in copies:
            self.change(bubble, self._params(body.get("cardData") or {"cardParamMap": {}}), by_key=by_key)
        return {"success": True, "result": True}

    def change(self, bubble: Bubble, params: Json, *, by_key: bool) -> None:
        """Shows new variables on one phone."""
        if bubble.state == "recalled":
            return
        bubble.data["params"] = {**bubble.data["params"], **params} if by_key else params
        bubble.card = sandbox_views.view(bubble.data["template"], bubble.data["params"], updated=True)
        bubble.state = "updated"

    def answered(self, bubble: Bubble, answer: Any) -> None:
        """A callback's answer changes the clicker's view; a body without cardData changes nothing."""
        data = answer.get("cardData") if isinstance(answer, dict) else None
        if data:
            options = answer.get("cardUpdateOptions") or {}
            self.change(bubble, self._params(data), by_key=options.get("updateCardDataByKey") is True)

    def register(self, body: Json) -> Json:
        """Where HTTP card callbacks of one route key go."""
        for field in ("callbackRouteKey", "callbackUrl"):
            if not body.get(field):
                raise Fail(f"param.{field}Empty", f"{field} is empty")
        routes = self.world.store("dingtalk.routes")
        if body["callbackRouteKey"] in routes and not body.get("forceUpdate"):
            raise Fail("param.callbackRouteKeyExist", "callbackRouteKey exists", 500)
        secret = body.get("apiSecret") or secrets.token_hex(16)
        routes[body["callbackRouteKey"]] = {"url": body["callbackUrl"], "secret": secret}
        return {"success": True, "result": {"callbackUrl": body["callbackUrl"], "apiSecret": secret}}

    def callback(self, person: Person, bubble: Bubble, key: str, form: Json) -> Json:
        """Payload of a click (docs: event-callback-card). `params` as the template's button declares them."""
        button: Json = next((each for each in bubble.card["buttons"] if each["key"] == key), {})
        params = {**button.get("params", {}), **({"form": form} if form else {})}
        content = {"cardPrivateData": {"actionIds": [key], "params": params}}
        return {
            "type": "actionCallback",
            "outTrackId": bubble.data["track"],
            "corpId": self.desk.settings.dingtalk_corp_id,
            "userId": person.id,
            "userIdType": 1,
            "spaceId": person.id,
            "spaceType": "IM",
            "extension": "{}",
            "content": json.dumps(content, ensure_ascii=False),
        }

    def _only(self, body: Json, allowed: set[str]) -> None:
        if unknown := sorted(set(body) - allowed):
            raise Fail("param.invalid", f"unknown field {unknown[0]}")

    def _params(self, holder: Any) -> Json:
        params = holder.get("cardParamMap") if isinstance(holder, dict) else None
        if not isinstance(params, dict):
            raise Fail("param.cardParamMapEmpty", "cardParamMap is empty")
        for key, value in params.items():
            if not isinstance(value, str):
                raise Fail("param.invalid", f"cardParamMap.{key} must be a string")
            # 100 bytes and 1 KB are the documented maxima; the button JSON is a map of its own and may be larger.
            if len(key.encode()) > 100 or (len(value.encode()) > 1024 and key != "sys_full_json_obj"):
                raise Fail("param.invalid", f"cardParamMap.{key} is too long")
        return dict(params)
