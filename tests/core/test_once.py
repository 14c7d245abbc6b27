"""Once means once, nothing lost: inbox, one transaction, outbox."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from bot import router
from bot.card import Button, Card
from bot.context import Context
from bot.delivery import claim as outbox_claim, outbox
from bot.errors import PlatformError, Refused
from bot.event import Event
from bot.evidence.tables import ev_event
from bot.replay import replay
from bot.tables import ask, failed, inbox, outbox as outbox_table
from bot.wire import dump_card
from tests.world import Firm

QUESTION = "probe.yes"


def card(ref: str) -> Card:
    return Card("问题", "好吗？", buttons=(Button("好", QUESTION, ref),))


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A tiny matter: one question, one answer; `broken` in the list makes it fail."""
    told: list[str] = []

    def yes(event: Event, ctx: Context) -> Card | None:
        found = ctx.asked(event.ref)
        if "broken" in told:
            raise RuntimeError("secret words of a person")
        if ctx.answer(found.ref, "yes"):
            ctx.record("probe.answered", found.matter, subject=ctx.actor, parts={"answer": "好"})
            ctx.close(found.matter, lambda _person, _ask: Card("问题", closed="已回答"))
            told.append("answered")
        return None

    monkeypatch.setitem(router.routes.flows, QUESTION, yes)
    monkeypatch.setattr(router.routes, "hooks", [])
    monkeypatch.setattr(router.routes, "words", [])
    return told


def ask_zhang(firm: Firm) -> str:
    with firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        assert person is not None
        ref = ctx.ask(person, "probe", "case1", card)
        ctx.record("probe.asked", "case1", subject=person)
    return ref


def caught_in_the_act(firm: Firm, *, sent: bool = True) -> str:
    """The worker is gone with the question in its hands, after the platform had it unless not `sent`; the row's id."""
    with firm.app.engine.connect() as connection:
        row_id = outbox_claim.due(connection, firm.now)[0]
    with firm.app.context() as ctx:
        assert outbox_claim.claim(ctx.db, row_id, firm.now) is not None
    if sent:
        firm.platform.send("zhang", card("x"), row_id)
    return row_id


def test_a_redelivered_click_is_answered_once(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    firm.courier.drain()
    click = firm.event("zhang", QUESTION, ref)
    for _ in range(3):
        firm.dispatch(click)
    assert flow == ["answered"]
    assert len(firm.rows(inbox)) == 1
    firm.courier.drain()
    assert [each[1].closed for each in firm.platform.updated] == ["已回答"]


def test_eight_simultaneous_copies_have_one_effect(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    click = firm.event("zhang", QUESTION, ref)
    threads = [threading.Thread(target=firm.dispatch, args=(click,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert flow == ["answered"]
    assert [row["type"] for row in firm.rows(ev_event)].count("probe.answered") == 1
    assert firm.rows(failed) == []


def test_two_different_clicks_have_one_winner(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    firm.dispatch(firm.event("zhang", QUESTION, ref))
    firm.dispatch(firm.event("zhang", QUESTION, ref))
    assert flow == ["answered"]


def test_somebody_elses_card_is_refused_politely(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    firm.courier.drain()
    firm.dispatch(firm.event("stranger", QUESTION, ref))
    firm.dispatch(firm.event("zhang", QUESTION, "forged"))
    firm.courier.drain()
    assert flow == []
    assert [to for to, sent, _ in firm.platform.sent if "已失效或不属于您" in sent.text] == ["stranger", "zhang"]
    assert {row["state"] for row in firm.rows(ask)} == {"open"}


def test_an_unknown_person_changes_nothing(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    firm.dispatch(firm.event("nobody", QUESTION, ref))
    assert flow == []
    assert firm.rows(failed) == []


def test_a_broken_flow_is_kept_told_and_replayed(
    firm: Firm, flow: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ref = ask_zhang(firm)
    flow.append("broken")
    firm.dispatch(firm.event("zhang", QUESTION, ref))
    assert firm.rows(inbox) == []  # rolled back, so the replay is not a duplicate
    assert len(firm.rows(failed)) == 1
    firm.courier.drain()
    assert "已经记下" in firm.platform.sent[-1][1].text
    captured = capsys.readouterr()
    assert "secret words" not in captured.out + captured.err
    flow.clear()
    results = replay(firm.app, None)
    assert list(results.values()) == ["done"]
    assert flow == ["answered"]
    assert replay(firm.app, None) == {}


def test_a_settled_question_is_not_sent(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    firm.dispatch(firm.event("zhang", QUESTION, ref))
    firm.courier.drain()
    assert firm.platform.sent == []
    assert [row["state"] for row in firm.rows(outbox_table) if row["ask_ref"]] == ["stopped"]


def test_a_worker_that_dies_after_sending_does_not_send_twice(firm: Firm, flow: list[str]) -> None:
    ask_zhang(firm)
    row_id = caught_in_the_act(firm)
    assert firm.courier.drain() == 0  # the lease still holds
    firm.pass_time(seconds=61)
    assert firm.courier.drain() == 1
    assert len(firm.platform.sent) == 1
    row = next(row for row in firm.rows(outbox_table) if row["id"] == row_id)
    assert (row["state"], row["ambiguous"], row["attempts"]) == ("sent", True, 2)


@pytest.mark.parametrize("sent", [True, False])
def test_a_question_that_was_answered_meanwhile_is_not_sent_again_after_a_crash(
    firm: Firm, flow: list[str], sent: bool
) -> None:
    """The worker died with the row in its hands: before the platform had it, or after. Nobody is asked once more."""
    ref = ask_zhang(firm)
    row_id = caught_in_the_act(firm, sent=sent)
    with firm.app.context() as ctx:
        ctx.close("case1", lambda _person, _ask: Card("已有打卡", ""))
    firm.pass_time(seconds=61)
    firm.courier.drain()
    assert len(firm.platform.sent) == sent
    row = next(row for row in firm.rows(outbox_table) if row["id"] == row_id)
    assert (row["state"], row["ambiguous"], row["ask_ref"]) == ("stopped", True, ref)


@pytest.mark.parametrize(
    "tells", [{"response_code": "from-the-click"}, {"message_id": "its-own-name"}], ids=["code", "name"]
)
def test_a_press_shows_that_a_card_arrived_of_which_nothing_was_known(
    firm: Firm, flow: list[str], tells: dict[str, str]
) -> None:
    """WeCom's click brings a code to change the card with, DingTalk's the card's name. The worker died before the
    platform's answer was written: the card counts as sent, is not sent again, and changes like any other."""
    ref = ask_zhang(firm)
    row_id = caught_in_the_act(firm)
    firm.dispatch(firm.event("ZHANG", QUESTION, ref, **tells))  # a platform may echo an id in another case
    firm.pass_time(seconds=61)
    firm.courier.drain()
    row = next(row for row in firm.rows(outbox_table) if row["id"] == row_id)
    assert (row["state"], row["ambiguous"], row["message_id"]) == ("sent", True, tells.get("message_id", ""))
    firm.pass_time(seconds=5)  # the change waited for its card
    firm.courier.drain()
    assert len(firm.platform.sent) == 1
    assert [(card.closed, sent) for _to, card, sent in firm.platform.updated] == [
        ("已回答", tells.get("message_id", ""))
    ]
    assert [row["type"] for row in firm.rows(ev_event)].count("delivery.accepted") == 1


def test_a_press_on_one_of_two_cards_tells_nothing_about_the_other(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    firm.courier.drain()
    with firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        second = outbox.queue(ctx.db, firm.now, "send", "fake", person, "case1", dump_card(card(ref)), ask_ref=ref)
        assert outbox_claim.claim(ctx.db, second, firm.now) is not None
    named = next(str(row["message_id"]) for row in firm.rows(outbox_table) if row["message_id"])
    firm.dispatch(firm.event("zhang", QUESTION, ref, response_code="one", message_id=named))
    firm.pass_time(seconds=61)
    firm.courier.drain()
    row = next(row for row in firm.rows(outbox_table) if row["id"] == second)
    assert (row["state"], row["message_id"]) == ("stopped", None)
    assert "may have arrived" in str(row["error"])


def test_a_passing_failure_is_retried_and_a_permanent_one_is_recorded(firm: Firm, flow: list[str]) -> None:
    ask_zhang(firm)
    firm.platform.fail = [PlatformError("-1", retry_after=5), PlatformError("60111", permanent=True)]
    assert firm.courier.drain() == 0
    firm.pass_time(seconds=6)
    firm.courier.drain()
    assert [row["state"] for row in firm.rows(outbox_table)] == ["failed"]
    assert [row["type"] for row in firm.rows(ev_event)] == ["probe.asked", "delivery.failed"]


def test_an_update_waits_for_its_card(firm: Firm, flow: list[str]) -> None:
    ref = ask_zhang(firm)
    with firm.app.engine.connect() as connection:
        send_id = outbox_claim.due(connection, firm.now)[0]
    with firm.app.context() as ctx:
        outbox_claim.claim(ctx.db, send_id, firm.now)
    firm.dispatch(firm.event("zhang", QUESTION, ref))  # answered while the send is still in flight
    firm.courier.drain()
    assert firm.platform.updated == []
    with firm.app.context() as ctx:
        outbox.finish(ctx.db, send_id, firm.now, state="sent", message_id="m1", token="c1")
    firm.now += timedelta(seconds=2)
    firm.courier.drain()
    assert [each[2] for each in firm.platform.updated] == ["m1"]


def test_refused_rolls_the_flow_back_but_counts_as_seen(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(event: Event, ctx: Context) -> Card | None:
        ctx.record("probe.half", "case2")
        raise Refused("现在不行，请明天再试。")

    monkeypatch.setitem(router.routes.flows, "probe.refuse", refuse)
    monkeypatch.setattr(router.routes, "hooks", [])
    firm.dispatch(firm.event("zhang", "probe.refuse"))
    firm.courier.drain()
    assert firm.rows(ev_event) == []
    assert len(firm.rows(inbox)) == 1
    assert firm.platform.sent[0][1].text == "现在不行，请明天再试。"


def test_an_interim_state_does_not_spend_the_last_code_the_outcome_does(firm: Firm, flow: list[str]) -> None:
    ask_zhang(firm)
    firm.courier.drain()
    for closed, interim in (("等待确认", True), ("已补卡", False)):
        with firm.app.context() as ctx:
            ctx.close("case1", lambda _p, _a, label=closed: Card("问题", closed=label), interim=interim)  # type: ignore[misc]
        firm.courier.drain()
    assert [each[1].closed for each in firm.platform.updated] == ["已补卡"]


def test_only_the_latest_of_several_waiting_states_is_shown(firm: Firm, flow: list[str]) -> None:
    ask_zhang(firm)
    firm.courier.drain()
    for closed in ("一", "二", "三"):
        with firm.app.context() as ctx:
            ctx.close("case1", lambda _p, _a, label=closed: Card("问题", closed=label))  # type: ignore[misc]
    firm.courier.drain()
    assert [each[1].closed for each in firm.platform.updated] == ["三"]


def test_a_card_that_cannot_change_any_more_is_followed_by_its_outcome_once(firm: Firm, flow: list[str]) -> None:
    ask_zhang(firm)
    ask_zhang(firm)  # two cards of one matter, as after a second rung
    firm.courier.drain()
    firm.platform.fail = [PlatformError("60140", permanent=True)]
    with firm.app.context() as ctx:
        ctx.close("case1", lambda _p, _a: Card("问题", closed="已补卡"))
    firm.courier.drain()
    assert [sent.closed for _, sent, _ in firm.platform.sent] == ["", "", "已补卡"]
    firm.platform.fail = [PlatformError("60140", permanent=True), PlatformError("60140", permanent=True)]
    with firm.app.context() as ctx:
        ctx.close("case1", lambda _p, _a: Card("问题", closed="已补卡"))
    firm.courier.drain()
    assert len(firm.platform.sent) == 3


def test_a_refused_click_is_still_a_sign_of_life(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    lives: list[str] = []

    def alive(event: Event, ctx: Context) -> None:
        ctx.record("probe.alive", "case3")
        lives.append(event.actor)

    monkeypatch.setattr(router.routes, "hooks", [alive])
    firm.dispatch(firm.event("zhang", "probe.gone", "forged"))
    assert lives == ["zhang"]
    assert [row["type"] for row in firm.rows(ev_event)] == ["probe.alive"]
