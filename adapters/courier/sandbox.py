"""A stand-in for 快递100's query, as strict about its signature; parcels are moved by /_sandbox/parcels."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from adapters.sandbox import asked
from adapters.sandbox.aside import Aside
from adapters.sandbox.state import Json, World
from adapters.sandbox.vendor import Courier

if TYPE_CHECKING:
    from config.settings import Settings

PATH = "/poll/query.do"
WORDS = {
    "102": "已下单，等待揽收",
    "103": "【北京】已揽收",
    "0": "离开【北京处理中心】，发往【广州】",
    "5": "投递员正在派件",
    "501": "已投递到丰巢快递柜，请凭取件码取件",
    "301": "已签收，本人签收",
    "302": "已签收",
    "303": "已签收，他人代收：门卫",
    "304": "已由快递柜签收",
    "3": "已签收",
    "203": "收件人拒收，待寄件人确认",
    "6": "退回寄件人途中",
    "4": "已退回，寄件人已签收",
}
"""By state number, what the line says unless `context` is given."""


class House:
    """Parcels by number."""

    def __init__(self, world: World, customer: str, key: str) -> None:
        self.world, self._customer, self._key = world, customer, key

    def query(self) -> ResponseReturnValue:
        """docs: 实时快递查询接口; every refusal arrives with HTTP 200."""
        param, customer = request.form.get("param", ""), request.form.get("customer", "")
        mark = hashlib.md5((param + self._key + self._customer).encode(), usedforsecurity=False).hexdigest().upper()
        if customer != self._customer or not hmac.compare_digest(mark.encode(), request.form.get("sign", "").encode()):
            return _refused("503", "验证签名失败")
        try:
            wanted: Any = json.loads(param)
        except ValueError:
            wanted = None
        if not isinstance(wanted, dict) or not wanted.get("com") or not wanted.get("num"):
            return _refused("400", "提交的数据不完整")
        if wanted["com"] in ("shunfeng", "zhongtong") and not wanted.get("phone"):
            return _refused("408", "快递公司参数异常：验证码错误")
        rows = self.world.store("courier").get(str(wanted["num"]))
        if not rows:
            return _refused("500", "查询无结果，请隔段时间再查")
        shown = list(reversed(rows))
        state = str(shown[0]["statusCode"])
        named = {"message": "ok", "nu": wanted["num"], "com": wanted["com"], "status": "200", "state": state}
        return jsonify({**named, "ischeck": str(int(state in ("3", "301", "302", "303", "304", "4"))), "data": shown})

    def move(self) -> ResponseReturnValue:
        """{"number", "code", "context", optional, "at", optional ISO time}: one more line of a track."""
        body = asked.body()
        number, code = str(body.get("number", "")), str(body.get("code", ""))
        if not number or code not in WORDS:
            abort(400, "number, and code one of " + ", ".join(WORDS))
        at = asked.moment(self.world, body["at"]) if body.get("at") else self.world.now()
        time = f"{at.astimezone(self.world.zone):%Y-%m-%d %H:%M:%S}"
        line: Json = {"time": time, "ftime": time, "context": str(body.get("context") or WORDS[code])}
        with self.world.lock:
            self.world.store("courier").setdefault(number, []).append({**line, "statusCode": code})
        return jsonify(ok=True)


def _refused(code: str, message: str) -> ResponseReturnValue:
    return jsonify(result=False, returnCode=code, message=message)


def build(settings: Settings, world: World, bot: Courier) -> Aside:
    """For the shell."""
    house = House(world, getattr(settings, "courier_customer", ""), getattr(settings, "courier_key", ""))
    routes = Blueprint("courier", __name__)
    routes.add_url_rule(PATH, "query", house.query, methods=["POST"])
    routes.add_url_rule("/_sandbox/parcels", "move", house.move, methods=["POST"])
    return Aside("courier", routes, ("/poll/",))
