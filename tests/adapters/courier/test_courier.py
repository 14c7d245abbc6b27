"""Tracks of letters: 快递100's answers from a sandbox that checks the signature, and its states one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from adapters.courier.courier import Tracks, build, scans, sign
from adapters.courier.states import CODES, scan_state, signed_by
from adapters.sandbox.app import Running, start
from bot.errors import PlatformError
from config.settings import Settings, SettingsError, load, sandbox_channels, sandbox_env
from tests.adapters.wecom.fake import Store

NUMBER = "1234567890123"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    running = start(load(sandbox_env("http://127.0.0.1:1") | sandbox_channels("http://127.0.0.1:1", 0)))
    yield running
    running.stop()


@pytest.fixture
def settings(sandbox: Running) -> Settings:
    sandbox.world.reset()
    return load(sandbox_env(sandbox.url) | sandbox_channels(sandbox.url, 0))


def tracks(settings: Settings, store: Store | None = None) -> Tracks:
    found = build(settings, store or Store())
    assert isinstance(found, Tracks)
    return found


def scanned(sandbox: Running, code: str, at: str, number: str = NUMBER, **more: str) -> None:
    reply = requests.post(f"{sandbox.url}/_sandbox/parcels", json={"number": number, "code": code, "at": at, **more})
    assert reply.ok, reply.text


def test_a_letter_from_the_counter_to_the_porter(sandbox: Running, settings: Settings) -> None:
    assert tracks(settings).track(NUMBER) == [], "known to nobody yet"
    for code, at in (("103", "2026-06-12T10:00"), ("0", "2026-06-12T20:00"), ("303", "2026-06-14T09:30")):
        scanned(sandbox, code, at)
    found = tracks(settings).track(NUMBER)
    assert [(scan.state, scan.signed_by, scan.code) for scan in found] == [
        ("accepted", "", "103"), ("in_transit", "", "0"), ("signed", "other", "303"),
    ]  # fmt: skip
    assert found[-1].at == datetime(2026, 6, 14, 1, 30, tzinfo=UTC)
    assert "门卫" in found[-1].words


def test_the_same_number_is_asked_for_every_half_hour_only(sandbox: Running, settings: Settings) -> None:
    store = Store()
    scanned(sandbox, "5", "2026-06-13T08:00")
    assert len(tracks(settings, store).track(f"ems:{NUMBER}")) == 1
    scanned(sandbox, "301", "2026-06-13T09:00")
    assert len(tracks(settings, store).track(NUMBER)) == 1
    assert set(store.ttls.values()) == {1800.0}
    assert tracks(settings).track(NUMBER)[-1].signed_by == "own"


@pytest.mark.parametrize(
    ("state", "code", "words", "who"),
    [
        ("signed", "301", "已签收，本人签收", "own"),
        ("signed", "301", "已签收，丰巢代收点", "other"),
        ("signed", "303", "已签收", "other"),
        ("signed", "302", "已签收", "unknown"),
        ("signed", "3", "签收人：前台", "other"),
        ("signed", "3", "签收人凭取货码签收", "unknown"),
        ("signed", "签收", "已签收", "unknown"),
        ("at_address", "304", "已由快递柜签收", ""),
        ("at_address", "501", "已投柜", ""),
        ("returned", "14", "收件人拒签", ""),
        ("problem", "203", "拒收", ""),
    ],
)
def test_who_signed_is_never_overstated(state: Any, code: str, words: str, who: str) -> None:
    assert scan_state(code) == state
    assert signed_by(state, code, words) == who


@pytest.mark.parametrize("code", ["", "999", "到了", "delivered"])
def test_an_unknown_word_is_never_a_delivery(code: str) -> None:
    assert scan_state(code) == "in_transit"
    assert len(CODES) == 36


def test_lines_without_numbers_and_without_times() -> None:
    rows = [{"ftime": "2026-06-13 09:00:00", "context": "妥投"}, {"time": "soon"}, "x",
            {"time": "2026-06-12 09:00:00", "status": "揽收", "context": "a"}]  # fmt: skip
    found = scans({"state": "3", "data": rows})
    assert [(scan.state, scan.signed_by) for scan in found] == [("accepted", ""), ("signed", "unknown")]
    assert scans({}) == scans({"data": "none"}) == []


@pytest.mark.parametrize(
    ("change", "number", "code", "permanent", "alarm"),
    [
        ({"courier_key": "wrong"}, NUMBER, "503", False, True),
        ({}, "shunfeng:SF1234567890", "408", True, False),
        ({}, "no number", "courier.number", True, False),
        ({}, "1" * 40, "courier.number", True, False),
        ({"courier_url": "http://127.0.0.1:9/poll/query.do"}, NUMBER, "network", False, False),
    ],
)
def test_refusals(settings: Settings, change: Any, number: str, code: str, permanent: bool, alarm: bool) -> None:
    with pytest.raises(PlatformError) as found:
        tracks(settings.model_copy(update=change)).track(number)
    assert (found.value.code, found.value.permanent, found.value.alarm) == (code, permanent, alarm)
    assert number not in str(found.value), "no log line holds a number"


@pytest.mark.parametrize("kind", ["http_500", "rate_limit"])
def test_a_courier_that_is_away(sandbox: Running, settings: Settings, kind: str) -> None:
    requests.post(f"{sandbox.url}/_sandbox/faults", json={"kind": kind, "match": "/poll/"})
    with pytest.raises(PlatformError) as found:
        tracks(settings).track(NUMBER)
    assert not found.value.permanent


def test_a_phone_number_goes_with_the_question(sandbox: Running, settings: Settings) -> None:
    scanned(sandbox, "103", "2026-06-12T10:00", "SF1234567890")
    assert tracks(settings).track("shunfeng:SF1234567890:0001")[0].state == "accepted"


def test_the_published_signature() -> None:
    """MD5 of param, key and customer one after the other, in capitals."""
    assert sign('{"com":"ems"}', "key", "customer") == "C24B998461CFC998D92C8EB63C57B923"


def test_settings() -> None:
    env = sandbox_env("http://127.0.0.1:1")
    assert build(load(env), Store()) is None
    with pytest.raises(SettingsError, match="HUIZHI_COURIER_KEY"):
        load(env | {"HUIZHI_COURIER_URL": "https://poll.example.cn/q", "HUIZHI_COURIER_CUSTOMER": "c"})
    with pytest.raises(SettingsError, match="HUIZHI_COURIER_COMPANY"):
        load(env | {"HUIZHI_COURIER_COMPANY": "EMS!"})
