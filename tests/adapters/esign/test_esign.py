"""The licensed provider, signed with over HTTP through its stand-in: the real adapter, the real page, the callback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from werkzeug.serving import make_server

from adapters.esign import wire
from adapters.esign.sandbox import APP_ID, SECRET, House
from adapters.esign.signing import Esign
from adapters.sandbox import app as sandbox
from adapters.sandbox.aside import Aside
from bot import signing
from bot.errors import BadRequest, PlatformError
from bot.event import Event
from bot.ports import WireRequest
from bot.ports.signing import Order
from bot.signing import code as signing_code, copy as signing_copy
from bot.signing.tables import signature
from tests.web.office import Office, SigningPlatform, csrf
from tests.world import Firm

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PDF = b"%PDF-1.7 a document"


@dataclass
class Place:
    """The bot's web process and the stand-in, both on loopback ports."""

    office: Office
    running: sandbox.Running
    firm: Firm

    @property
    def provider(self) -> Esign:
        return Esign(self.running.url, APP_ID, SECRET, self.firm.app.settings.public_url)

    @property
    def stand_in(self) -> House:
        found = self.running.vendors["esign"]
        assert isinstance(found, Aside) and isinstance(found.house, House)
        return found.house

    def prepare(self) -> signing.Document:
        with self.firm.app.context() as ctx:
            person = self.office.person("zhang")
            return signing.prepare(ctx, person, "paper:1", "劳动合同 2026", [("", "全文")], kind="contract")

    def now(self, ref: str) -> signing.Document:
        with self.firm.app.engine.connect() as conn:
            return signing.must(conn, ref)

    def go(self, found: signing.Document) -> str:
        """Press the page's button; the address at the provider."""
        browser = self.office.browser("zhang")
        page = browser.get(f"/sign/{found.ref}?lang=zh").text
        assert "由持牌电子签名平台" in page and "signature_pad" not in page
        answer = browser.post(f"/sign/{found.ref}", data={"csrf": csrf(page), "do": "licensed"})
        link = re.search(r'href="(http://127[^"]+/esign/sign/[^"]+)"', answer.text)
        return link[1] if link else answer.headers.get("Location", "")


@pytest.fixture
def place(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(signing_code, "_phones", [lambda _conn, _person: "13800000000"])
    running = sandbox.start(firm.app.settings)
    server = make_server("127.0.0.1", 0, lambda environ, start: web(environ, start), threaded=True)
    ours = {"esign_kinds": ("contract",), "esign_url": running.url, "esign_app_id": APP_ID, "esign_secret": SECRET}
    ours["public_url"] = f"http://127.0.0.1:{server.port}"
    firm.app.settings = firm.app.settings.model_copy(update=ours)
    office = Office(firm, SigningPlatform())
    web = office.web
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield Place(office, running, firm)
    server.shutdown()
    running.stop()


def test_a_document_is_signed_at_the_provider_and_its_file_is_the_copy(place: Place) -> None:
    found = place.prepare()
    there = place.go(found)
    assert place.go(found) == there  # a second visit goes to the same flow
    assert len(place.stand_in.desk.flows) == 1
    done = requests.post(there, data={"how": "sign"}, timeout=5).json()
    assert (done["status"], place.now(found.ref).state) == (200, "signed")
    row = place.firm.rows(signature)[0]
    assert (row["how"], row["second_factor"], row["shown_at"]) == ("provider", "none", None)
    assert signing_copy.make_due(place.firm.app) == 1
    copy = signing_copy.copy_of(place.firm.app, found.ref)
    assert copy is not None and copy.startswith(b"%PDF-") and copy in place.stand_in.desk.files.values()
    page = place.office.browser("zhang").get(f"/sign/{found.ref}?lang=zh").text
    assert "持牌电子签名平台签署" in page


def test_reports_that_come_twice_leave_one_signature(place: Place) -> None:
    found = place.prepare()
    there = place.go(found)
    place.running.world.faults.clear()
    requests.post(there, data={"how": "sign"}, timeout=5)
    requests.post(there, data={"how": "sign"}, timeout=5)
    assert len(place.firm.rows(signature)) == 1


def test_a_refusal_there_is_a_refusal_here_and_an_expired_flow_begins_anew(place: Place) -> None:
    found = place.prepare()
    requests.post(place.go(found), data={"how": "expire"}, timeout=5)
    assert place.now(found.ref).state == "open"
    second = place.go(found)
    assert len(place.stand_in.desk.flows) == 2
    requests.post(second, data={"how": "refuse"}, timeout=5)
    assert (place.now(found.ref).state, place.firm.rows(signature)) == ("declined", [])


def test_without_a_number_nothing_is_sent_and_the_page_says_why(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_code, "_phones", [])
    assert place.go(place.prepare()).endswith("?said=elsewhere")
    assert place.stand_in.desk.flows == {}


def test_what_the_provider_must_sign_is_not_signed_on_our_page(place: Place) -> None:
    found, browser = place.prepare(), place.office.browser("zhang")
    page = browser.get(f"/sign/{found.ref}").text
    form = {"csrf": csrf(page), "do": "sign", "how": "typed", "typed": "张三", "token": "0" * 64}
    assert browser.post(f"/sign/{found.ref}", data=form).headers["Location"].endswith("said=old_page")
    assert place.firm.rows(signature) == []


def test_a_forged_old_or_foreign_report_is_refused(place: Place) -> None:
    body = json.dumps({"action": "SIGN_FLOW_COMPLETE", "signFlowId": "f1", "signFlowStatus": 2}).encode()
    ms = str(int(place.firm.now.timestamp() * 1000))
    good = wire.callback_signature(SECRET, ms, {"b": "2", "a": "1"}, body)
    heard: list[Event] = []

    def report(sign: str, sent: str = ms, app: str = APP_ID, data: bytes = body) -> None:
        head = {"x-tsign-open-timestamp": sent, "x-tsign-open-signature": sign, "x-tsign-open-app-id": app}
        request = WireRequest("POST", {"b": "2", "a": "1"}, head, data)
        place.provider.report(request, lambda event: heard.append(event))

    report(good)
    assert [(each.data["flow"], each.data["state"]) for each in heard] == [("f1", "signed")]
    old = str(int(ms) - wire.WINDOW_MS - 1)
    for sign, sent, app in (
        ("0" * 64, ms, APP_ID),
        ("", ms, APP_ID),
        (good, ms, "another"),
        (wire.callback_signature(SECRET, old, {"a": "1", "b": "2"}, body), old, APP_ID),
        (wire.callback_signature(SECRET, "now", {"a": "1", "b": "2"}, body), "now", APP_ID),
    ):
        with pytest.raises(BadRequest):
            report(sign, sent, app)
    other = b'{"action":"SIGN_MISSON_COMPLETE","signFlowId":"f1"}'
    report(wire.callback_signature(SECRET, ms, {"a": "1", "b": "2"}, other), data=other)
    assert len(heard) == 1


def test_the_stand_in_is_as_strict_as_the_gateway(place: Place) -> None:
    order = Order("d1", "合同", PDF, "张三", "13800000000", "http://x.example/")
    with pytest.raises(PlatformError) as wrong:
        Esign(place.running.url, APP_ID, "another secret", "http://x.example").start(order)
    assert wrong.value.alarm
    flow = place.provider.start(order)
    with pytest.raises(PlatformError):
        place.provider.url(flow, "13900000000", order.back)
    with pytest.raises(PlatformError):
        place.provider.file(flow)
    with pytest.raises(PlatformError):
        Esign("http://127.0.0.1:1", APP_ID, SECRET, "http://x.example").start(order)
    assert place.provider.url(flow, order.account, order.back).startswith(place.running.url)


def test_requests_are_signed_as_the_vendor_writes_it_down(place: Place) -> None:
    assert wire.content_md5(b"{}") == "mZFLkyvTelC5g8XnyQrpOw=="  # MD5 99914b932bd37a50b983c5e7c90ae93b
    assert wire.content_md5(b"") == ""
    head = wire.headers("app", "secret", "POST", "/v3/sign-flow/create-by-file", b"{}", 1_700_000_000_000)
    assert head["X-Tsign-Open-Ca-Signature"] == wire.request_signature(
        "secret", "POST", "/v3/sign-flow/create-by-file", "mZFLkyvTelC5g8XnyQrpOw=="
    )
    assert "secret" not in json.dumps(head)
