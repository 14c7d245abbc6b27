"""A courier's word is a courier's word: signed by somebody else is arrival at the address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import PlatformError, Refused
from bot.ports.courier import Scan
from handlers.notices.receiving import parcel_rules, parcels
from tests.handlers.notices import office
from tests.world import Firm

AT = datetime(2026, 6, 11, 2, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
PEDIGREE = "本人 2026-01-05 在送达地址确认书上确认"


class Courier:
    """Says what it was given."""

    name = "ems"

    def __init__(self, *scans: Scan) -> None:
        self.scans, self.asked = list(scans), list[str]()

    def track(self, number: str) -> list[Scan]:
        self.asked.append(number)
        if not self.scans:
            raise PlatformError("busy")
        return self.scans


def posted(firm: Firm) -> str:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    with firm.app.context() as ctx:
        who = office.who(firm, "zhang")
        return parcels.add(ctx, office.get(firm), who, "ems", "ea123456789cn", "某市某路 1 号", PEDIGREE)


@pytest.mark.parametrize(
    ("scans", "state"),
    [
        ([], "posted"),
        ([Scan(AT, "in_transit", "运输中")], "moving"),
        ([Scan(AT, "at_address", "已放入快递柜")], "arrived"),
        ([Scan(AT, "signed", "已签收", "own")], "signed_self"),
        ([Scan(AT, "signed", "他人代收", "other")], "signed_other"),
        ([Scan(AT, "signed", "已签收", "unknown")], "arrived"),
        ([Scan(AT + timedelta(hours=1), "returned", "退回"), Scan(AT, "signed", "已签收", "own")], "returned"),
        ([Scan(AT, "problem", "联系不上")], "unknown"),
    ],
)
def test_states(scans: list[Scan], state: str) -> None:
    assert parcel_rules.state_of(scans) == state


def test_signed_by_somebody_else_is_not_received_and_the_author_hears_it(firm: Firm) -> None:
    parcel_id = posted(firm)
    firm.pass_time(hours=3)
    courier = Courier(Scan(firm.now, "signed", "门卫代收", "other"))
    assert parcels.track(firm.app, {"ems": courier}) == 1
    firm.courier.drain()
    found = office.row(firm, "fake:zhang")
    assert (found.rung, found.delivered_at) == (1, None)
    assert any("不等于本人收到" in card.text for user, card, _ in firm.platform.sent if user == "wang")
    assert len(office.events(firm, "notice.parcel_signed_other")) == 1
    assert parcels.track(firm.app, {"ems": courier}) == 0
    with firm.app.engine.connect() as db:
        row = parcels.get(db, parcel_id)
    assert row
    assert (row["state"], row["pedigree"]) == ("signed_other", PEDIGREE)


def test_signed_in_person_is_delivered_and_an_outage_only_delays(firm: Firm) -> None:
    posted(firm)
    firm.pass_time(hours=3)
    parcels.track(firm.app, {"ems": Courier()})
    assert office.row(firm, "fake:zhang").rung == 1
    firm.pass_time(hours=3)
    parcels.track(firm.app, {"ems": Courier(Scan(firm.now, "signed", "本人签收", "own"))})
    assert office.row(firm, "fake:zhang").rung == 2


def test_a_photo_is_what_its_bytes_say(firm: Firm) -> None:
    parcel_id = posted(firm)
    with firm.app.context() as ctx:
        for content in (b"MZ\x90", b"<svg/>", b"", PNG + b"0" * parcels.LARGEST):
            with pytest.raises(Refused, match="JPEG"):
                parcels.photo(ctx, parcel_id, content)
        parcels.photo(ctx, parcel_id, PNG)
    assert len(office.events(firm, "notice.parcel_photo")) == 1


@pytest.mark.parametrize(
    ("number", "address", "pedigree", "why"),
    [
        ("abc", "某路", PEDIGREE, "单号"),
        ("EA123456789CN", "", PEDIGREE, "地址"),
        ("EA123456789CN", "某路", " ", "谁"),
        ("EA123456789CN", "某路", PEDIGREE, "登记过"),
    ],
)
def test_a_parcel_needs_a_number_and_the_origin_of_its_address(
    firm: Firm, number: str, address: str, pedigree: str, why: str
) -> None:
    posted(firm)
    with firm.app.context() as ctx, pytest.raises(Refused, match=why):
        parcels.add(ctx, office.get(firm), office.who(firm, "zhang"), "ems", number, address, pedigree)
