"""What platforms tell becomes state and evidence: once, in any order, and never more than was said."""

from __future__ import annotations

from itertools import permutations

import pytest

from bot.delivery import crowds, outbox
from bot.ports.crowds import Outcome
from bot.router import Carried
from bot.tables import failed, outbox as outbox_table
from handlers.notices import store
from handlers.notices.receiving import hearing
from handlers.notices.sending import recall
from tests.handlers.notices import office
from tests.world import Firm


def sent(firm: Firm, count: int = 3) -> outbox.Row:
    """A notice of one crowd row that went out."""
    office.compose(firm, office.crowd(firm, count), importance="inform", answers="[]")
    office.send(firm)
    row_id = next(str(each["id"]) for each in firm.rows(outbox_table) if each["kind"] == crowds.KIND)
    with firm.app.engine.connect() as db:
        row = outbox.get(db, row_id)
    assert row
    return row


def tell(firm: Firm, row: outbox.Row, **outcomes: Outcome) -> None:
    with firm.app.context() as ctx:
        hearing.reported(ctx, row, {f"fake:{user}": one for user, one in outcomes.items()})


def test_accepted_and_refused_are_each_recorded_with_their_source(firm: Firm) -> None:
    firm.platform.refusing = {"p0001": "60111"}
    row = sent(firm)
    assert {each["person_id"]: (each["state"], each["code"]) for each in office.attempts(firm)} == {
        "fake:p0000": ("accepted", ""), "fake:p0001": ("rejected", "60111"), "fake:p0002": ("accepted", "")
    }  # fmt: skip
    assert len(office.events(firm, "notice.accepted")) == 2
    assert [each["subject"] for each in office.events(firm, "notice.rejected")] == ["p:fake:p0001"]
    assert b"60111" in bytes(str(office.events(firm, "notice.rejected")[0]), "utf-8")
    assert firm.rows(failed) == []
    with firm.app.context() as ctx:
        hearing.carried_out(ctx, row, Carried("sent", "m", {"p0001": "60111"}))
    assert len(office.events(firm, "notice.accepted")) == 2
    assert len(office.events(firm, "notice.rejected")) == 1


@pytest.mark.parametrize("order", list(permutations(("delivered", "opened", "dropped"))))
def test_reports_in_any_order_end_in_the_highest(firm: Firm, order: tuple[str, ...]) -> None:
    row = sent(firm, 1)
    for state in order:
        tell(firm, row, p0000=Outcome(state, firm.now))  # type: ignore[arg-type]
    found = office.row(firm, "fake:p0000")
    assert (found.rung, found.trouble) == (3, "")
    assert office.attempts(firm)[0]["state"] == "opened"


def test_not_opened_says_nothing_and_unknown_is_said(firm: Firm) -> None:
    row = sent(firm, 2)
    tell(firm, row, p0000=Outcome("unopened"), p0001=Outcome("unknown"))
    assert (office.row(firm, "fake:p0000").rung, office.row(firm, "fake:p0000").trouble) == (1, "")
    assert office.row(firm, "fake:p0001").trouble == "unknown"
    assert len(office.events(firm, "notice.unknown")) == 1


def test_a_read_of_a_recalled_message_still_counts(firm: Firm) -> None:
    row = sent(firm, 2)
    with firm.app.context() as ctx:
        recall.recall(ctx, office.get(firm), "文字有误")
    assert recall.carry(firm.app) == 1
    assert firm.platform.recalled == [row.id] or len(firm.platform.recalled) == 1
    tell(firm, row, p0000=Outcome("opened", firm.now), p0001=Outcome("unopened"))
    assert office.row(firm, "fake:p0000").rung == 3
    with firm.app.engine.connect() as db:
        assert sum(count for *_, count in store.counts(db, office.ID)) == 2
    assert recall.carry(firm.app) == 0


def test_a_failed_message_is_a_refusal_with_its_reason(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.start(firm)
    from bot.errors import PlatformError
    from handlers.notices.sending import sending

    sending.send_due(firm.app)
    firm.platform.fail = [PlatformError("60111", permanent=True)]
    firm.courier.drain()
    assert office.row(firm, "fake:zhang").trouble == "rejected"
    assert office.attempts(firm)[0]["code"] == "60111"
    assert office.row(firm, "fake:zhang").next_at == firm.now
