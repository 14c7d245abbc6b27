"""The port `SigningProvider` over e签宝's open API v3: a file, one signer, an address to go to, a callback.

The provider checks who the signer is and signs with its own certificates; what that proves is its to show. We send the
file, the name and the mobile number, and nothing else about the person. Shapes after the vendor's pages "获取文件上传
地址", "基于文件发起签署", "获取签署页面链接", "下载已签署文件及附属材料" and "签署流程结束通知"; not tried against the
vendor itself. Off unless HUIZHI_ESIGN_KINDS names what is signed there.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

from adapters.esign import wire
from bot import clock
from bot.errors import BadRequest, PlatformError
from bot.event import Event
from bot.ports import Dispatch, Door, WireReply, WireRequest
from bot.ports.signing import OUTCOME, Order, SigningProvider
from config.settings import Settings

NAME, LABEL = "esign", "e签宝"
TIMEOUT = (3.05, 15.0)
"""Seconds to connect, seconds to read."""
LARGEST = 30_000_000
READY = (2, 5)
"""`fileStatus`: uploaded, or converted and ready ("查询文件上传状态")."""
ENDED = {2: "signed", 3: "revoked", 5: "expired", 7: "declined"}
"""`signFlowStatus` of a finished flow."""
_BAD = re.compile(r'[/\\:*"<>|?\U0001F000-\U0001FAFF]')


class Esign:
    """One application. No exception and no log line holds the secret, a number or an address to sign at."""

    name, label = NAME, LABEL

    def __init__(self, url: str, app_id: str, secret: str, public_url: str) -> None:
        self._url, self._app_id, self._secret, self._public = url, app_id, secret, public_url

    def start(self, order: Order) -> str:
        """Upload and begin; returns `signFlowId`."""
        file_name = _BAD.sub(" ", order.title)[:80] + ".pdf"
        file_id = self._upload(file_name, order.pdf)
        field = {"fileId": file_id, "signFieldType": 0, "normalSignFieldConfig": {"freeMode": True}}
        signer = {
            "signerType": 0,
            "psnSignerInfo": {"psnAccount": order.account, "psnInfo": {"psnName": order.name}},
            "signFields": [field],
        }
        config = {
            "signFlowTitle": file_name.removesuffix(".pdf"),
            "autoFinish": True,
            "notifyUrl": f"{self._public}/callbacks/esign",
            "redirectConfig": {"redirectUrl": order.back},
        }
        body = {"docs": [{"fileId": file_id, "fileName": file_name}], "signFlowConfig": config, "signers": [signer]}
        return str(self._call("POST", "/v3/sign-flow/create-by-file", body)["signFlowId"])

    def url(self, flow_id: str, account: str, back: str) -> str:
        """The page at which this person signs."""
        body = {"operator": {"psnAccount": account}, "redirectConfig": {"redirectUrl": back}}
        found = self._call("POST", f"/v3/sign-flow/{quote(flow_id, safe='')}/sign-url", body)
        return str(found.get("shortUrl") or found["url"])

    def file(self, flow_id: str) -> bytes:
        """The first signed file of the flow."""
        found = self._call("GET", f"/v3/sign-flow/{quote(flow_id, safe='')}/file-download-url")
        try:
            address = str(found["files"][0]["downloadUrl"])
        except (IndexError, KeyError, TypeError):
            raise PlatformError("no_file", "esign", retry_after=60) from None
        reply = self._raw("GET", address, b"", {})
        if not reply.content.startswith(b"%PDF-") or len(reply.content) > LARGEST:
            raise PlatformError("no_pdf", "esign", retry_after=60)
        return reply.content

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """Where e签宝 posts what happened."""
        return {("POST", "/callbacks/esign"): self.report}

    def report(self, request: WireRequest, dispatch: Dispatch) -> WireReply:
        """A signed callback; other actions than the end of a flow are acknowledged and left alone."""
        self._verify(request)
        try:
            body = json.loads(request.body)
        except ValueError:
            raise BadRequest("callback is no JSON") from None
        event = _event(body, request.body) if isinstance(body, dict) else None
        if event:
            dispatch(event)
        return WireReply(200, b'{"code":"200","msg":"success"}', "application/json")

    def _verify(self, request: WireRequest) -> None:
        sent = request.headers.get("x-tsign-open-timestamp", "")
        given = request.headers.get("x-tsign-open-signature", "").lower()
        known = wire.callback_signature(self._secret, sent, request.args, request.body)
        if not hmac.compare_digest(given.encode(), known.encode()):
            raise BadRequest("callback signature", 403)
        if request.headers.get("x-tsign-open-app-id", "") != self._app_id:
            raise BadRequest("callback of another application", 403)
        age = abs(int(clock.now().timestamp() * 1000) - int(sent)) if re.fullmatch(r"\d{13}", sent) else wire.WINDOW_MS
        if age >= wire.WINDOW_MS:
            raise BadRequest("callback too old", 403)

    def _upload(self, name: str, pdf: bytes) -> str:
        md5 = wire.content_md5(pdf)
        asked = {"contentMd5": md5, "contentType": wire.PDF, "fileName": name, "fileSize": len(pdf)}
        place = self._call("POST", "/v3/files/file-upload-url", asked | {"convertToPDF": False})
        reply = self._raw("PUT", str(place["fileUploadUrl"]), pdf, {"Content-MD5": md5, "Content-Type": wire.PDF})
        if _json(reply).get("errCode", 0) != 0:
            raise PlatformError("upload", "esign")
        status = self._call("GET", f"/v3/files/{quote(str(place['fileId']), safe='')}").get("fileStatus")
        if status not in READY:
            raise PlatformError("file_not_ready", "esign", retry_after=10)
        return str(place["fileId"])

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """`data` of an answer with code 0."""
        sent = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        now_ms = int(clock.now().timestamp() * 1000)
        headers = wire.headers(self._app_id, self._secret, method, path, sent, now_ms)
        answer = _json(self._raw(method, f"{self._url}{path}", sent, headers))
        data = answer.get("data")
        if answer.get("code") != 0 or not isinstance(data, dict):
            raise PlatformError(f"code_{answer.get('code')}", "esign", permanent=True, alarm=True)
        return data

    def _raw(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        try:
            reply = requests.request(
                method, url, data=body, headers=dict(headers), timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as problem:
            raise PlatformError("network", f"esign: {type(problem).__name__}") from None
        if reply.status_code in (401, 403):
            raise PlatformError(f"http_{reply.status_code}", "esign: HUIZHI_ESIGN_SECRET", alarm=True)
        if reply.status_code != 200:
            late = reply.status_code == 429 or reply.status_code >= 500
            raise PlatformError(f"http_{reply.status_code}", "esign", permanent=not late, retry_after=30)
        return reply


def _json(reply: requests.Response) -> dict[str, Any]:
    try:
        found = reply.json()
    except ValueError:
        raise PlatformError("garbled", "esign: no JSON", retry_after=30) from None
    if not isinstance(found, dict):
        raise PlatformError("garbled", "esign: no object", retry_after=30)
    return found


def _event(body: Mapping[str, Any], raw: bytes) -> Event | None:
    """The end of a flow; None for every other action, which may be added at any time."""
    state, flow = ENDED.get(_number(body.get("signFlowStatus"))), str(body.get("signFlowId", ""))
    if body.get("action") != "SIGN_FLOW_COMPLETE" or not state or not flow:
        return None
    moment = _number(body.get("signFlowFinishTime")) or _number(body.get("timestamp"))
    at = datetime.fromtimestamp(moment / 1000, UTC) if moment else clock.now()
    return Event(NAME, f"{flow}:{state}"[:200], "", OUTCOME, at, "", {"flow": flow, "state": state}, raw)


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0


def build(settings: Settings) -> SigningProvider | None:
    """None while no kind of document is signed there."""
    if not settings.esign_kinds:
        return None
    return Esign(settings.esign_url, settings.esign_app_id, settings.esign_secret, settings.public_url)
