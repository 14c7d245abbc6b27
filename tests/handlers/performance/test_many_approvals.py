"""20,000 results wait for a few people of HR: some cards, then one a working day that counts; nothing is lost by it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot import people, todo
from bot.approvals import kept as approvals_kept, rows as approvals_rows
from bot.approvals.faces import faces
from bot.approvals.sweep import sweep
from bot.card import Card, as_text
from bot.db import begin
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson
from bot.tables import ask, outbox as outbox_table, person
from handlers.performance import store, tables
from handlers.performance.preparing import timeline
from handlers.performance.scoring import reviews
from handlers.performance.telling import approving, releasing, results
from tests.handlers.performance.results_story import FULL, Month
from tests.handlers.performance.test_releasing import CREW, confirmed, scored
from tests.world import FIRM, Firm

HEAD = False
MOST = 3


@pytest.fixture(autouse=True)
def _few_cards(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (results.KIND, f"{results.KIND}_head"):
        assert faces[kind].most == 20 and faces[kind].page == "/performance/cockpit/approvals"
        monkeypatch.setitem(faces, kind, replace(faces[kind], most=MOST))


def approvals(month: Month) -> list[Card]:
    """Cards that HR was sent about single results."""
    month.firm.courier.drain()
    return [card for card in month.seen("wang") if card.title.startswith("请审批")]


def digests(month: Month) -> list[str]:
    sweep(month.firm.app)
    month.firm.courier.drain()
    return [as_text(card) for card in month.seen("wang") if "等您审批" in card.title]


def kept(month: Month) -> list[dict[str, object]]:
    return [row for row in month.firm.rows(outbox_table) if row["state"] == "kept"]


def said_of(month: Month, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """What is on record about these messages."""
    names = {str(row["id"]) for row in rows}
    return [each for each in month.firm.rows(ev_event) if any(name in str(each["envelope"]) for name in names)]


def test_the_first_come_as_cards_the_rest_is_counted_once_a_working_day(month: Month) -> None:
    scored(month)
    assert len(approvals(month)) == MOST and len(kept(month)) == len(CREW) - MOST
    assert said_of(month, kept(month)) == []  # a card that was not sent is nowhere said to have been
    assert len([row for row in month.firm.rows(ask) if row["kind"] == approving.ASK and row["state"] == "open"]) == 7
    (told,) = digests(month)
    assert "7 件绩效结果等您审批" in told and "其中 4 件没有逐件发卡片" in told
    assert digests(month) == [told]
    month.firm.pass_time(hours=9)  # Thursday, 19:16
    assert digests(month) == [told]
    month.firm.pass_time(hours=15)  # Friday, 10:16
    assert len(digests(month)) == 2
    month.firm.pass_time(days=1)
    assert len(digests(month)) == 2  # nobody works on Saturday
    month.firm.pass_time(days=2)
    assert len(digests(month)) == 3
    assert len(approvals(month)) == MOST


def test_reminders_are_for_those_who_had_a_card(month: Month) -> None:
    scored(month)
    month.firm.courier.drain()
    month.firm.pass_time(hours=5)
    with month.ctx() as ctx:
        assert len(approvals_rows.due(ctx.db, ctx.now)) == len(CREW)
    approvals_kept.sweep(month.firm.app)
    with month.ctx() as ctx:  # the others cost one statement, not a transaction each
        assert len(approvals_rows.due(ctx.db, ctx.now)) == MOST
    sweep(month.firm.app)
    month.firm.courier.drain()
    reminded = [card for card in month.seen("wang") if card.title.startswith("提醒")]
    assert len(reminded) == MOST and len(kept(month)) == len(CREW) - MOST
    assert [source["people"] for _, source in month.events("approval.reminded")] == ["1"] * MOST


def test_when_few_enough_wait_their_cards_are_sent_after_all(month: Month) -> None:
    cycle = scored(month)
    month.firm.pass_time(hours=5)
    sweep(month.firm.app)  # their time for a reminder passes without one
    for card in approvals(month)[:MOST]:
        month.tap("wang", card, "同意")
    sweep(month.firm.app)
    assert len(approvals(month)) == MOST and len(kept(month)) == 4  # four wait: still too many
    with month.firm.app.engine.connect() as db:
        one = store.results(db, cycle_id=cycle.id, state="approving")[0].person_id
    confirmed(month, cycle, 1, only=[one])
    releasing.run(month.firm.app)
    sweep(month.firm.app)
    assert len(approvals(month)) == 2 * MOST and kept(month) == []
    last = approvals(month)[-1]
    month.firm.pass_time(hours=24)
    sweep(month.firm.app)
    month.firm.courier.drain()
    assert last.title in [card.title.removeprefix("提醒：") for card in month.seen("wang")[-MOST:]]
    month.tap("wang", last, "同意")
    assert "同意" in month.copies("wang")[-1].closed


def test_who_asks_for_the_list_gets_cards_that_are_not_sent_again(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(todo, "MOST", 2)
    cycle = scored(month)
    approvals(month)
    month.do("wang", "menu.todo")
    assert len(approvals(month)) == MOST + 2 and "有 7 件事等您回复" in month.last("wang")
    (told,) = digests(month)
    had = {card.title for card in approvals(month)}
    assert len(kept(month)) == len(CREW) - len(had) and f"其中 {len(kept(month))} 件" in told
    with month.firm.app.engine.connect() as db:
        some = [each.person_id for each in store.results(db, cycle_id=cycle.id, state="approving")][:4]
    confirmed(month, cycle, 4, only=some)
    releasing.run(month.firm.app)
    sweep(month.firm.app)
    titles = [card.title for card in approvals(month)]
    assert kept(month) == [] and all(titles[MOST:].count(each) <= 1 for each in titles)
    with month.firm.app.engine.connect() as db:
        left = store.results(db, cycle_id=cycle.id, state="approving")
    assert len(left) == 3 and all(any(each.person_id[5:] in title for title in titles) for each in left)


def test_a_new_one_comes_as_a_card_again_once_there_is_room(month: Month) -> None:
    cycle = scored(month, CREW[:5])
    approvals(month)
    confirmed(month, cycle, 4, only=[f"fake:{each}" for each in CREW[:4]])
    releasing.run(month.firm.app)
    sweep(month.firm.app)
    assert kept(month) == [] and len(approvals(month)) == MOST + 1
    with month.ctx("wang") as ctx:
        waiting = releasing.ready(ctx, cycle, None)
    assert waiting.ready == 1


def test_together_those_without_a_card_are_decided_like_all_others(month: Month) -> None:
    cycle = scored(month)
    approvals(month)
    confirmed(month, cycle, len(CREW))
    assert releasing.run(month.firm.app) == len(CREW)
    sweep(month.firm.app)
    month.firm.courier.drain()
    assert kept(month) == [] and len(approvals(month)) == MOST and digests(month) == []
    with month.firm.app.engine.connect() as db:
        told = store.results(db, cycle_id=cycle.id, state="published")
        answers = db.execute(sa.select(ask.c.answer).where(ask.c.kind == approving.ASK)).scalars().all()
    assert len(told) == len(CREW) and set(answers) == {"agree"}
    # only what was shown is changed, and a card that never went out is not on record as delivered
    assert len([card for card in month.copies("wang") if card.closed == "已同意"]) == MOST
    never = [
        row for row in month.firm.rows(outbox_table) if row["state"] == "stopped" and row["person_id"] == "fake:wang"
    ]
    assert len(never) == len(CREW) - MOST and said_of(month, never) == []


def test_who_left_is_neither_counted_for_nor_sent_anything(month: Month) -> None:
    scored(month)
    approvals(month)
    with begin(month.firm.app.engine) as db:
        db.execute(sa.update(person).where(person.c.id == "fake:wang").values(active=False))
    assert digests(month) == [] and len(kept(month)) == len(CREW) - MOST


@pytest.mark.parametrize(
    ("side", "scorer", "page"),
    [("hr", "wang", "performance%2Fcockpit%2Fscores"), ("manager", "li", "performance%2Fteam")],
)
def test_many_that_one_has_to_score_come_as_some_cards_and_a_count(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, side: str, scorer: str, page: str
) -> None:
    kind = f"{reviews.ASK}.{side}"
    assert approvals_kept._others[kind].most == 20
    monkeypatch.setitem(approvals_kept._others, kind, replace(approvals_kept._others[kind], most=2))
    month = Month(firm, (side,), head=False)
    crew = [DirectoryPerson(each, f"员工{each}", "li", ("研发",)) for each in CREW[:4]]
    with begin(firm.app.engine) as db:
        people.sync(db, "fake", [*FIRM, *crew], {"wang": "hr"})
    cycle = month.cycle()
    with begin(firm.app.engine) as db:
        db.execute(sa.update(tables.member).values(state="running"))
        db.execute(sa.update(tables.cycle).values(state="running"))
    timeline.advance(firm.app)
    month.turns()
    asked = [card for card in month.seen(scorer) if card.title.startswith("请为")]
    assert len(asked) == 2 and len(kept(month)) == 3
    sweep(firm.app)
    firm.courier.drain()
    (told,) = [c for c in month.seen(scorer) if c.title == "5 人等您评分"]
    assert "其中 3 人没有逐件发卡片" in told.text and page in told.link
    for who in ("zhang", *CREW[:2]):  # on the page, whoever had a card or not
        with month.ctx(scorer) as ctx:
            reviews.save(ctx, cycle, month.person(who), side, FULL)
            reviews.submit(ctx, cycle, month.person(who), side)
    sweep(firm.app)
    assert kept(month) == []
    firm.courier.drain()
    still = {card.title for card in month.seen(scorer) if card.title.startswith("请为")} - {c.title for c in asked}
    assert still  # two are left: their cards have come
