"""Reports that are fetched: every channel asked, one's failure apart, the doctor told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import structlog

from adapters.mail.channel import Mail
from bot.db import begin
from bot.delivery import channels, custody_reports
from bot.errors import PlatformError
from bot.evidence.tables import ev_event
from bot.ports import Dispatch, Sent
from bot.tables import outbox
from tests.adapters.mail.test_reports import OURS, Imap, imap, mail
from tests.world import Firm

__all__ = ["imap"]
TO = "zhang@example.com"


class Broken:
    """A channel whose reports cannot be had."""

    name = "odd"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, to: str, text: str, key: str) -> Sent:
        return Sent("")

    def collect(self, dispatch: Dispatch) -> int:
        raise self.error


@pytest.fixture
def mailed(firm: Firm) -> Firm:
    """A mail of ours that went out."""
    with firm.app.context() as ctx:
        row_id = channels.queue(ctx, ctx.people.find("fake", "zhang"), "mail", TO, "请看", "case:1")
    with begin(firm.app.engine) as db:
        mine = sa.update(outbox).where(outbox.c.id == row_id)
        db.execute(mine.values(state="sent", sent_at=firm.now, message_id=OURS))
    return firm


def test_a_bounce_is_fetched_and_recorded_though_another_channel_fails(mailed: Firm, imap: Imap) -> None:  # noqa: F811
    odd = Broken(ValueError(f"cannot read <{TO}>"))
    with structlog.testing.capture_logs() as logs:
        found = custody_reports.collect(mailed.app, mailed.dispatch, {"odd": odd, "mail": mail(imap)})
    assert found == 2
    said = [str(each["type"]) for each in mailed.rows(ev_event) if each["object_id"] == "case:1"]
    assert sorted(said) == ["delivery.delivered", "delivery.failed"]
    assert [each["channel"] for each in logs if each["event"] == "reports.broken"] == ["odd"]
    assert TO not in str(logs)
    assert {each.check.split()[0]: each.ok for each in custody_reports.findings(
        mailed.app, {"odd": odd, "mail": mail(imap)}
    )} == {"odd": False, "mail": True}  # fmt: skip


def test_the_doctor_names_what_failed_what_is_late_and_what_never_ran(firm: Firm) -> None:
    channel = Broken(PlatformError("imap", "no", alarm=True))
    known = {"odd": channel}
    assert [each.ok for each in custody_reports.findings(firm.app, known)] == [None]
    assert custody_reports.collect(firm.app, firm.dispatch, known) == 0
    (found,) = custody_reports.findings(firm.app, known)
    assert found.ok is False and "imap" in found.detail and found.advice
    channel.collect = lambda dispatch: 0  # type: ignore[method-assign]
    custody_reports.collect(firm.app, firm.dispatch, known)
    assert [each.ok for each in custody_reports.findings(firm.app, known)] == [True]
    firm.now += custody_reports.LATE + timedelta(seconds=1)
    assert [each.ok for each in custody_reports.findings(firm.app, known)] == [False]
    assert custody_reports.collect(firm.app, firm.dispatch) == 0, "no channel is set up"


def test_an_account_without_a_mailbox_is_not_said_to_be_fetched(firm: Firm) -> None:
    known = {"mail": Mail("smtp://127.0.0.1:9", "hr@example.cn")}
    assert custody_reports.collect(firm.app, firm.dispatch, known) == 0
    assert custody_reports.findings(firm.app, known) == []
