"""A stand-in for e签宝: the same addresses, as strict about signatures, with a page on which one tap signs.

Nothing it makes is a licensed signature: the "signed" file is the one it was given. The shell finds it by name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from adapters.sandbox.aside import Aside
from adapters.sandbox.state import Json, World
from adapters.sandbox.vendor import Courier, Parcel
from bot import clock
from config.settings import Settings

NAME, APP_ID, SECRET = "esign", "7438000001", "sandbox-esign-secret-opens-nothing-real"  # noqa: S105 - opens nothing
HEADER = "X-Tsign-Open-"
STATUS = {"sign": 2, "refuse": 7, "expire": 5}


@dataclass(slots=True)
class Flow:
    """One flow: whose, of which file, how it ended (0: not yet)."""

    id: str
    account: str
    file_id: str
    notify: str
    status: int = 0


@dataclass(slots=True)
class Desk:
    """Files and flows of one run."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: dict[str, Json] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class House:
    """Flows of one run, and what becomes of them."""

    def __init__(self, bot: Courier) -> None:
        self.desk, self._bot = Desk(), bot

    def end(self, flow: Flow, how: str) -> Json:
        """The signer's choice, and the callback about it, signed as the provider signs it."""
        flow.status = STATUS[how]
        now_ms = str(int(clock.now().timestamp() * 1000))
        shown = {"action": "SIGN_FLOW_COMPLETE", "signFlowId": flow.id, "signFlowStatus": flow.status}
        shown |= {"signFlowFinishTime": int(now_ms), "timestamp": int(now_ms)}
        body = json.dumps(shown).encode()
        mark = hmac.new(SECRET.encode(), now_ms.encode() + body, hashlib.sha256).hexdigest()
        headers = {f"{HEADER}App-Id": APP_ID, f"{HEADER}TIMESTAMP": now_ms, f"{HEADER}SIGNATURE": mark}
        headers |= {f"{HEADER}SIGNATURE-ALGORITHM": "hmac-sha256", "Content-Type": "application/json"}
        parcel = Parcel(flow.notify, {}, headers, body, shown)
        return self._bot.deliver(NAME, flow.id, lambda: self._bot.post(NAME, parcel))


def _routes(house: House) -> Blueprint:
    routes, desk = Blueprint(NAME, __name__), house.desk
    _file_routes(routes, desk)
    _flow_routes(routes, desk)
    _page_routes(routes, house)
    return routes


def _file_routes(routes: Blueprint, desk: Desk) -> None:
    @routes.post("/v3/files/file-upload-url")
    def upload_url() -> ResponseReturnValue:
        if wrong := _refused():
            return wrong
        body = _body()
        missing = [name for name in ("contentMd5", "contentType", "fileName", "fileSize") if name not in body]
        if missing or any(char in str(body["fileName"]) for char in '/\\:*"<>|?'):
            return _error(1435002, f"bad parameter {missing or 'fileName'}")
        with desk.lock:
            file_id = f"file{len(desk.asked) + 1:028d}"
            desk.asked[file_id] = body
        return _data({"fileId": file_id, "fileUploadUrl": f"{request.url_root}esign-files/put/{file_id}"})

    @routes.put("/esign-files/put/<file_id>")
    def put(file_id: str) -> ResponseReturnValue:
        data, asked = request.get_data(), desk.asked.get(file_id)
        same = asked and asked["contentMd5"] == _md5(data) == request.headers.get("Content-MD5")
        if not same or asked is None or asked["fileSize"] != len(data):
            return {"errCode": 1, "msg": "content does not match"}
        desk.files[file_id] = data
        return {"errCode": 0, "msg": "成功"}

    @routes.get("/v3/files/<file_id>")
    def status(file_id: str) -> ResponseReturnValue:
        return _refused() or _data({"fileId": file_id, "fileStatus": 2 if file_id in desk.files else 0})


def _flow_routes(routes: Blueprint, desk: Desk) -> None:
    @routes.post("/v3/sign-flow/create-by-file")
    def create() -> ResponseReturnValue:
        if wrong := _refused():
            return wrong
        body = _body()
        try:
            file_id, config, signer = body["docs"][0]["fileId"], body["signFlowConfig"], body["signers"][0]
            account = signer["psnSignerInfo"]["psnAccount"]
            fits = file_id in desk.files and signer["signFields"][0]["fileId"] == file_id and config["signFlowTitle"]
        except (KeyError, IndexError, TypeError):
            return _error(1435002, "bad parameter")
        if not fits or signer["signerType"] != 0:
            return _error(1437102, "file is not there")
        with desk.lock:
            flow = Flow(f"flow{len(desk.flows) + 1:028d}", account, file_id, str(config.get("notifyUrl", "")))
            desk.flows[flow.id] = flow
        return _data({"signFlowId": flow.id})

    @routes.post("/v3/sign-flow/<flow_id>/sign-url")
    def sign_url(flow_id: str) -> ResponseReturnValue:
        if wrong := _refused():
            return wrong
        flow = desk.flows.get(flow_id)
        if flow is None or flow.status or _body().get("operator", {}).get("psnAccount") != flow.account:
            return _error(1437104, "not to be signed by this operator")
        url = f"{request.url_root}esign/sign/{flow_id}"
        return _data({"shortUrl": url, "url": url})

    @routes.get("/v3/sign-flow/<flow_id>/file-download-url")
    def download(flow_id: str) -> ResponseReturnValue:
        if wrong := _refused():
            return wrong
        flow = desk.flows.get(flow_id)
        if flow is None or flow.status != STATUS["sign"]:
            return _error(1437106, "flow is not finished")
        url = f"{request.url_root}esign-files/get/{flow.file_id}"
        return _data({"files": [{"fileId": flow.file_id, "fileName": "signed.pdf", "downloadUrl": url}]})

    @routes.get("/esign-files/get/<file_id>")
    def get(file_id: str) -> ResponseReturnValue:
        return Response(desk.files.get(file_id, b""), content_type="application/pdf")


def _page_routes(routes: Blueprint, house: House) -> None:
    @routes.get("/esign/sign/<flow_id>")
    def page(flow_id: str) -> ResponseReturnValue:
        if flow_id not in house.desk.flows:
            return Response("", 404)
        buttons = "".join(f'<button name="how" value="{how}">{how}</button> ' for how in STATUS)
        return f"<!doctype html><title>e签宝 (sandbox)</title><p>Stand-in, no signature.</p><form method=post>{buttons}"

    @routes.post("/esign/sign/<flow_id>")
    def choose(flow_id: str) -> ResponseReturnValue:
        flow, how = house.desk.flows.get(flow_id), request.form.get("how", "")
        if flow is None or how not in STATUS:
            return Response("", 404)
        return house.end(flow, how)


def _refused() -> ResponseReturnValue | None:
    """What the gateway answers to a request whose signature is wrong."""
    head, body = request.headers, request.get_data()
    text = "\n".join(
        (request.method, head.get("Accept", ""), head.get("Content-MD5", ""), head.get("Content-Type", ""), "",
         request.full_path.rstrip("?"))
    )  # fmt: skip
    known = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    given, sent = head.get(f"{HEADER}Ca-Signature", ""), head.get(f"{HEADER}Ca-Timestamp", "0")
    late = abs(int(sent) - clock.now().timestamp() * 1000) > 15 * 60 * 1000 if sent.isdigit() else True
    named = head.get(f"{HEADER}App-Id") == APP_ID and head.get(f"{HEADER}Auth-Mode") == "Signature"
    whole = head.get("Content-MD5", "") == (_md5(body) if body else "")
    if named and whole and not late and hmac.compare_digest(given, known):
        return None
    return {"code": 401, "message": "INVALID_SIGNATURE"}, 401


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _body() -> Json:
    found: Any = request.get_json(force=True, silent=True)
    return found if isinstance(found, dict) else {}


def _data(data: Json) -> Json:
    return {"code": 0, "message": "成功", "data": data}


def _error(code: int, message: str) -> Json:
    return {"code": code, "message": message, "data": None}


def build(settings: Settings, world: World, bot: Courier) -> Aside:
    """For the shell."""
    house = House(bot)
    # What is put to /esign-files stays outside: the wire is written down as text.
    return Aside(NAME, _routes(house), ("/v3/", "/esign/"), house=house)
