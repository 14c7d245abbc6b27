"""WeCom never tells of a message that it took and dropped: nothing is invented, and silence is served another way.

What WeCom does list (`invaliduser`, `unlicenseduser`; WeCom docs 90236) is a refusal at once. What is beyond its limits
per member our own count finds. Anything else can be noticed by silence alone, which the plan answers: in the chat in
another form and other words, then by another channel.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import addresses
from bot.addresses import Confirmed
from handlers.notices import tables as tb
from handlers.notices.pages.words import LIMITS
from handlers.notices.sending import climbing, drops
from tests.handlers.notices import office
from tests.journeys.conftest import enter, journey_database, mails, sandbox, sms
from tests.journeys.test_notices import Enter, composed, recorded, run, stand
from tests.world import Firm

__all__ = ["enter", "journey_database", "mails", "sandbox", "sms"]


def test_an_unexplained_drop_is_never_called_one_and_is_served_by_another_route(
    enter: Enter,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    play = enter("wecom")
    play.at("09:30", jobs=False)
    mail = {"mail": Confirmed("mail", "zhou@example.com", play.now)}
    monkeypatch.setattr(addresses, "reachable", lambda *_: mail)
    play.ask("faults", kind="drop_silently", match="zhou", times=1)
    notice_id = composed(play, "zhangsan", "zhou", importance="read", answers=[])
    run(play)
    assert play.phone("zhangsan").sees("考勤制度")
    assert not play.phone("zhou").sees("考勤制度")
    play.now += drops.WITHIN + timedelta(minutes=1)
    run(play)
    assert stand(play, "zhou") == stand(play, "zhangsan") == (1, "", ""), "the two cannot be told apart"
    assert "不代表送到" in LIMITS["not_accepted"][0]
    play.at("06-12 09:31", jobs=False)
    run(play)
    assert play.phone("zhou").sees("考勤制度")
    play.at("06-15 09:40", jobs=False)
    run(play)
    mine = {row["step"]: row["channel"] for row in play.rows(tb.attempt) if row["person_id"].endswith("zhou")}
    assert mine == {0: "wecom.shared", 1: "wecom.card", 2: "mail"}
    assert "notice.dropped" not in recorded(play, notice_id)


def test_who_the_platform_lists_is_refused_at_once_and_the_next_channel_does_not_wait(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = {"mail": Confirmed("mail", "p0001@example.com", office.at(firm))}
    monkeypatch.setattr(addresses, "reachable", lambda *_: mail)
    firm.platform.refusing = {"p0001": "unlicenseduser"}
    office.compose(firm, office.crowd(firm, 3), importance="read", answers="[]")
    office.send(firm)
    refused = office.row(firm, "fake:p0001")
    assert (refused.rung, refused.trouble) == (0, "rejected")
    assert office.attempts(firm, person_id="fake:p0001", step=0)[0]["code"] == "unlicenseduser"
    climbing.climb(firm.app)
    assert [each["channel"] for each in office.attempts(firm, person_id="fake:p0001", step=2)] == ["mail"]
    assert not office.attempts(firm, person_id="fake:p0000", step=1)


def test_who_is_only_informed_and_was_refused_gets_it_by_mail_once_and_nobody_else_does(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"fake:p0001": {"mail": Confirmed("mail", "p0001@example.com", office.at(firm))}}
    monkeypatch.setattr(addresses, "reachable", lambda _app, _db, who, _now: known.get(who.id, {}))
    firm.platform.refusing = {"p0001": "unlicenseduser", "p0002": "invaliduser"}
    office.compose(firm, office.crowd(firm, 4), importance="inform", answers="[]")
    office.send(firm)
    for _ in range(3):
        climbing.climb(firm.app)
        firm.pass_time(hours=25)
    assert {row["person_id"]: row["channel"] for row in office.attempts(firm, step=1)} == {"fake:p0001": "mail"}
    assert office.row(firm, "fake:p0002").trouble == "rejected"  # nobody knows another way: the list says so
    assert {office.row(firm, f"fake:p000{n}").next_at for n in range(4)} == {None}
