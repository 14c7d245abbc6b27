"""When people are asked, what the words of an address mean, and that the texts are whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.card import Can, as_text, reduce
from handlers.agreements import wording
from handlers.agreements.cards import SAMPLES
from handlers.agreements.rules import Addresses, Known, counts, merged, quiet_hour, to_ask, understand, wish

NOW = datetime(2026, 6, 11, 2, tzinfo=UTC)
A = "fake:zhang"


def known(state: str, ago: int = 0, *, account: str = A, version: int = 1) -> Known:
    at = NOW - timedelta(days=ago)
    return Known(state, account, version, at, at, at + timedelta(days=365))


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([], True),
        ([known("asked", 20)], False),
        ([known("agreed", 10)], False),
        ([known("agreed", 334)], False),
        ([known("agreed", 335)], True),  # thirty days before its end
        ([known("asked"), known("agreed", 340)], False),
        ([known("expired", 366)], True),
        ([known("refused", 364)], False),
        ([known("refused", 365)], True),
        ([known("withdrawn", 3)], False),
        ([known("withdrawn", 3, account="fake:other")], True),
        ([known("agreed", 3, account="fake:other")], True),
        ([known("agreed", 3, version=0)], True),
        ([known("refused", 3, version=0)], True),
        ([known("superseded", 3)], True),
        ([known("superseded", 1), known("refused", 3)], False),
    ],
)
def test_who_is_asked(found: list[Known], wanted: bool) -> None:
    assert to_ask(found, A, 1, NOW) is wanted


def test_what_counts() -> None:
    assert counts(known("agreed", 364), A, NOW)
    assert not counts(known("agreed", 365), A, NOW)
    assert not counts(known("agreed"), "fake:other", NOW)
    assert not any(counts(known(state), A, NOW) for state in ("asked", "refused", "withdrawn", "expired"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("13800000000", Addresses("13800000000")),
        ("手机：+86 138-0000-0000", Addresses("13800000000")),
        ("Zhang.San@Example.com", Addresses("", "zhang.san@example.com")),
        (
            "手机改成 139 0000 0001，邮箱 a@b.example.cn，地址：上海市浦东新区世纪路8号302室",
            Addresses("13900000001", "a@b.example.cn", "上海市浦东新区世纪路8号302室"),
        ),
        ("上海市浦东新区世纪路 8 号 302 室", Addresses("", "", "上海市浦东新区世纪路 8 号 302 室")),
        ("Room 302, 8 Century Road, Pudong District", Addresses("", "", "Room 302, 8 Century Road, Pudong District")),
        ("忘打卡了，9:02 到的", None),
        ("在路上，堵车", None),
        ("好的", None),
        ("12345678901", None),
        ("订单号 2013800000000123", None),
        ("地址 " + "长" * 500, None),
    ],
)
def test_addresses_in_words(text: str, found: Addresses | None) -> None:
    assert understand(text) == found


def test_what_was_not_mentioned_stays() -> None:
    old = Addresses("13800000000", "a@b.cn", "旧地址")
    assert merged(old, Addresses(email="c@d.cn")) == Addresses("13800000000", "c@d.cn", "旧地址")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("撤回电子送达同意", "withdraw_edelivery"),
        ("撤销电子送达地址确认书。", "withdraw_edelivery"),
        ("withdraw delivery consent", "withdraw_edelivery"),
        ("我要撤回电子签名同意", "withdraw_esign"),
        ("撤回电子签名与存证方式同意书", "withdraw_esign"),
        ("Withdraw my signature consent", "withdraw_esign"),
        ("撤回全部同意", "withdraw_all"),
        ("withdraw all consents", "withdraw_all"),
        ("我的同意", "state"),
        ("My consents", "state"),
        ("同意书全文", "full_text"),
        ("签署同意书", "sign"),
        ("修改地址", "change"),
        ("我的待办", ""),
        ("同意", ""),
        ("撤回", ""),
        ("我的同意是有条件的", ""),
    ],
)
def test_wishes(text: str, wanted: str) -> None:
    assert wish(text) == wanted


@given(st.text(max_size=600))
def test_any_words_are_survived(text: str) -> None:
    assert isinstance(wish(text), str)
    found = understand(text)
    assert found is None or found != Addresses()


def test_working_hours_only() -> None:
    day = datetime(2026, 6, 11)  # noqa: DTZ001 - wall clock
    assert not quiet_hour(day.replace(hour=9, minute=59), False)
    assert quiet_hour(day.replace(hour=10), False)
    assert not quiet_hour(day.replace(hour=10), True)
    assert not quiet_hour(day.replace(hour=17), False)


def texts() -> list[str]:
    log = wording.log_of("hr.example.com/hr-log/1", "hr.example.com/hr-log/1+1a2b3c4d+AAAA")
    until = date(2027, 6, 11)
    where = Addresses("13800000000", "a@b.cn", "上海市 {name} 路 8 号")
    return [wording.edelivery("张三", A, where, until), wording.esign("张三", A, log, until)]


def test_the_texts_say_what_they_must() -> None:
    delivery, signing = texts()
    for must in (
        "张三",
        A,
        "13800000000",
        "a@b.cn",
        "{name} 路",
        "民法典第一百三十七条",
        "不等于同意",
        "撤回",
        "2027-06-11",
    ):
        assert must in delivery
    for must in (
        "hr-log/1+1a2b3c4d+AAAA",
        "指纹",
        "提取方式",
        "保存期限",
        "签字不代表同意其内容",
        "撤回",
        "第九十四条",
    ):
        assert must in signing
    assert len(wording.log_of("o", "key").fingerprint.split()) == 8
    assert wording.NOT_GIVEN in wording.edelivery("张三", A, Addresses(), date(2027, 6, 11))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=3000))
def test_pages_lose_nothing(text: str) -> None:
    found = wording.pages(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(page.encode()) <= wording.PAGE_BYTES for page in found)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_card_fits_every_platform(name: str) -> None:
    card = SAMPLES[name]
    assert all(len(fact.label) <= 5 for fact in card.facts) and all(button.ref for button in card.buttons)
    assert card.closed or reduce(card, Can()) == card
    text = as_text(card)
    assert not [word for word in ("必须", "否则", "处罚", "后果", "视为同意") if word in text]
