"""Many at a time: nothing lost, nothing doubled without a flag, order kept, below the ceiling."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator

import pytest
import redis
from hypothesis import given, settings, strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.card import Card
from bot.db import begin
from bot.delivery import claim as outbox_claim, crowds, deliver, outbox, pacing, results as deliver_results
from bot.delivery.deliver import Courier
from bot.delivery.pacing import Ceilings, Pace, Rate
from bot.errors import PlatformError
from bot.evidence.tables import ev_event
from bot.people import sync
from bot.ports import DirectoryPerson, Sent
from bot.tables import outbox as table
from bot.wire import dump_card
from config.settings import load, sandbox_env
from tests.world import Firm

STAFF = [DirectoryPerson(f"u{n:03}", f"员工{n}", "", ("门店",)) for n in range(120)]
CARD = Card("通知", "明天停水")


class Killed(BaseException):
    """Nobody catches it, as nobody catches kill -9."""


@pytest.fixture
def wide(firm: Firm) -> Firm:
    """The firm with 120 people more and eight senders side by side."""
    with begin(firm.app.engine) as connection:
        sync(connection, "fake", STAFF, {})
    firm.app.settings = firm.app.settings.model_copy(update={"senders": 8})
    firm.courier = Courier(firm.app, firm.dispatch)
    return firm


def personal(firm: Firm, people: int, matter: str = "case:1", times: int = 1) -> None:
    with firm.app.context() as ctx:
        found = [each for each in ctx.people.on("fake") if each.user_id.startswith("u")][:people]
        for number in range(times):
            body = dump_card(Card(f"第{number}条"))
            outbox.queue_many(ctx.db, ctx.now, matter, (outbox.Saying(each, body) for each in found))


def crowd(firm: Firm, people: int) -> None:
    with firm.app.context() as ctx:
        members = [(f"fake:{each.user_id}", each.user_id) for each in STAFF[:people]]
        crowds.queue(ctx, firm.platform, "shared", members, CARD, "crowd:1")


def test_calls_run_side_by_side_and_one_person_at_a_time(wide: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting, together = threading.Barrier(4, timeout=10), list[str]()
    order: defaultdict[str, list[str]] = defaultdict(list)

    def send(to: str, card: Card, key: str) -> Sent:
        if len(together) < 4:
            together.append(to)
            meeting.wait()  # only passes when four calls are under way
        order[to].append(card.title)
        return Sent(f"m-{key}")

    monkeypatch.setattr(wide.platform, "send", send)
    personal(wide, 20, times=3)
    assert wide.courier.drain() == 60
    assert len(set(together)) == 4
    assert dict(order) == {each.user_id: ["第0条", "第1条", "第2条"] for each in STAFF[:20]}


def test_results_share_transactions_and_evidence(wide: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    inner = deliver_results._together

    def counting(app: object, results: list[object], *, tell: bool) -> int:
        sizes.append(len(results))
        return inner(app, results, tell=tell)  # type: ignore[arg-type]

    monkeypatch.setattr(deliver_results, "_together", counting)
    personal(wide, 120)
    assert wide.courier.drain() == 120
    assert sum(sizes) == 120
    assert len(sizes) < 60
    assert Counter(row["type"] for row in wide.rows(ev_event)) == {"delivery.accepted": 120}
    assert len({row["subject"] for row in wide.rows(ev_event)}) == 120


def crash_after(count: int, step: Callable[..., object], *, before: bool) -> Callable[..., object]:
    left = [count]

    def crashing(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        if before and not left[0]:
            raise Killed
        done = step(*arguments, **named)
        if not before and not left[0]:
            raise Killed
        return done

    return crashing


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", ["claim", "call", "crowd", "write"])
def test_killed_at_any_step_nothing_is_lost_or_doubled_unflagged(
    wide: Firm, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    calls: Counter[str] = Counter()

    def send(to: str, card: Card, key: str) -> Sent:
        calls[key] += 1
        return Sent(f"m-{key}")

    def send_many(route: str, to: list[str], card: Card, key: str) -> object:
        calls[key] += 1
        return type(wide.platform).send_many(wide.platform, route, to, card, key)

    monkeypatch.setattr(wide.platform, "send", send)
    monkeypatch.setattr(wide.platform, "send_many", send_many)
    personal(wide, 100)
    crowd(wide, 90)
    place = {
        "claim": (outbox_claim, "claim_many"), "call": (wide.platform, "send"),
        "crowd": (wide.platform, "send_many"), "write": (deliver, "write"),
    }[step]  # fmt: skip
    killed = 0
    for round_ in range(30):
        with monkeypatch.context() as patch:
            patch.setattr(*place, crash_after(2 + 9 * round_, getattr(*place), before=before))
            try:
                Courier(wide.app, wide.dispatch).drain()
                break
            except Killed:
                killed += 1
        wide.pass_time(seconds=61)
    rows = wide.rows(table)
    assert killed > 0
    assert {row["state"] for row in rows} == {"sent"}
    assert set(calls) == {row["id"] for row in rows}
    flagged = {row["id"] for row in rows if row["ambiguous"]}
    assert {key for key, count in calls.items() if count > 1} <= flagged
    told = Counter(row["object_id"] for row in wide.rows(ev_event) if row["type"] == "delivery.accepted")
    assert told == {"case:1": 100}


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_did_not_start(wide: Firm) -> None:
    stop = threading.Event()
    seen: list[str] = []

    def send(to: str, card: Card, key: str) -> Sent:
        seen.append(to)
        stop.set()
        return Sent(f"m-{key}")

    wide.platform.send = send  # type: ignore[method-assign]
    personal(wide, 60)
    done = wide.courier.drain(stop)
    states = Counter(row["state"] for row in wide.rows(table))
    assert done == len(seen) == states["sent"] < 60
    assert states == {"sent": len(seen), "queued": 60 - len(seen)}
    assert not [row for row in wide.rows(table) if row["state"] == "queued" and row["attempts"]]
    left = 60 - len(seen)
    assert wide.courier.drain() == left > 0


def test_two_workers_share_the_rows_and_each_goes_out_once(wide: Firm) -> None:
    calls: Counter[str] = Counter()

    def send(to: str, card: Card, key: str) -> Sent:
        calls[key] += 1
        return Sent(f"m-{key}")

    wide.platform.send = send  # type: ignore[method-assign]
    personal(wide, 120)
    threads = [threading.Thread(target=Courier(wide.app, wide.dispatch).drain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(calls.values()) == {1: 120}
    assert {row["state"] for row in wide.rows(table)} == {"sent"}


def test_a_platform_that_stalls_holds_up_no_other(wide: Firm) -> None:
    other, free = type(wide.platform)("other"), threading.Event()
    wide.app.platforms = {"fake": wide.platform, "other": other}  # type: ignore[dict-item]

    def stuck(to: str, card: Card, key: str) -> Sent:
        free.wait(10)
        return Sent(f"m-{key}")

    def last(to: str, card: Card, key: str) -> Sent:
        free.set()
        return Sent(f"m-{key}")

    wide.platform.send = stuck  # type: ignore[method-assign]
    other.send = last  # type: ignore[method-assign]
    personal(wide, 40)
    with wide.app.context() as ctx:
        person = ctx.people.find("fake", "u100")
        outbox.queue(ctx.db, ctx.now, "send", "other", person, "case:2", dump_card(CARD))
    begun = time.monotonic()
    assert wide.courier.drain() == 41
    assert time.monotonic() - begun < 8


def test_an_urgent_message_passes_a_broadcast_in_full_swing(wide: Firm) -> None:
    sent: list[str] = []

    def send(to: str, card: Card, key: str) -> Sent:
        sent.append(card.title)
        if len(sent) == 10:
            with wide.app.context() as ctx:
                person = ctx.people.find("fake", "u119")
                assert person
                ctx.say(person, Card("急"), "chat")
        return Sent(f"m-{key}")

    wide.platform.send = send  # type: ignore[method-assign]
    wide.courier = Courier(wide.app, wide.dispatch, ceilings=lambda _: Ceilings(Rate(80, 1)))
    personal(wide, 100)
    wide.courier.drain()
    assert len(sent) == 101
    assert sent.index("急") < 60


def test_two_workers_together_stay_below_the_ceiling_and_near_it(wide: Firm) -> None:
    times: list[float] = []

    def send(to: str, card: Card, key: str) -> Sent:
        times.append(time.monotonic())
        return Sent(f"m-{key}")

    wide.platform.send = send  # type: ignore[method-assign]
    personal(wide, 100)
    known = lambda _: Ceilings(Rate(50, 1))  # noqa: E731
    threads = [threading.Thread(target=Courier(wide.app, wide.dispatch, ceilings=known).drain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = max(times) - min(times)
    assert len(times) == 100
    assert took >= 99 / 50 * 0.97
    assert took <= 99 / 50 * 1.5


def test_a_held_back_person_gets_it_later_and_that_is_no_attempt(wide: Firm) -> None:
    wide.courier = Courier(wide.app, wide.dispatch, ceilings=lambda _: Ceilings(members=((2, 60),)))
    personal(wide, 2, times=3)
    assert wide.courier.drain() == 4
    wide.pass_time(seconds=30)
    assert wide.courier.drain() == 0
    wide.pass_time(seconds=31)
    assert wide.courier.drain() == 2
    assert {row["attempts"] for row in wide.rows(table)} == {1}


def test_a_bug_in_an_adapter_is_retried_and_given_up_like_any_failure(wide: Firm) -> None:
    def send(to: str, card: Card, key: str) -> Sent:
        raise KeyError("surprise")

    wide.platform.send = send  # type: ignore[method-assign]
    personal(wide, 1)
    for _ in range(outbox.MAX_ATTEMPTS):
        wide.courier.drain()
        wide.pass_time(hours=2)
    assert [(row["state"], row["error"]) for row in wide.rows(table)] == [("failed", "KeyError: unexpected")]


def test_the_settings_ceilings_leave_the_margin() -> None:
    known = pacing.known(load(sandbox_env("http://127.0.0.1:1")))
    wecom, dingtalk = known("wecom"), known("dingtalk")
    assert wecom.calls
    assert dingtalk.calls
    assert wecom.calls.most + wecom.calls.burst <= 10_000
    assert wecom.calls.most >= 9_000
    assert wecom.members == ((28, 60), (950, 3600))
    assert (dingtalk.calls.most, dingtalk.members) == (19, ((475, 86_400),))
    assert known("other") == Ceilings(share=0.95)


@pytest.fixture(scope="module")
def client(redis_socket: object) -> Iterator[redis.Redis]:
    connection = redis.Redis(unix_socket_path=str(redis_socket))
    yield connection
    connection.close()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 120)), min_size=1, max_size=30),
    st.integers(1, 200), st.integers(1, 60), st.floats(1, 20),
)  # fmt: skip
def test_no_window_ever_holds_more_than_the_pace_and_its_burst(
    rows: list[tuple[int, int]], most: int, span: int, burst: float
) -> None:
    rate, spoken_for = Rate(most, span, burst), dict[str, float]()
    waits = pacing.reserve_locally(spoken_for, ["a", "b"], [rate.pace, rate.pace], rows, 1000.0)
    for bucket in (0, 1):
        moments = [(wait, costs[bucket]) for wait, costs in zip(waits, rows, strict=True) if costs[bucket]]
        for index, (begun, _) in enumerate(moments):
            window = [cost for at, cost in moments[index:] if at < begun + span]
            assert sum(window[:-1]) <= most + burst + 1e-6


def test_redis_and_this_process_reckon_alike(client: redis.Redis) -> None:
    client.flushall()
    pace, rows = Pace(client), [{"a": 1.0, "b": 30.0 * (n % 2)} for n in range(20)]
    buckets = {"a": Rate(10, 1, 3), "b": Rate(100, 1)}
    shared = pace.reserve(buckets, rows)
    costs = [[row["a"], row["b"]] for row in rows]
    own = pacing.reserve_locally({}, ["a", "b"], [each.pace for each in buckets.values()], costs, 5.0)
    assert shared == pytest.approx(own, abs=1e-3)
    limits, sent = ((3, 60), (5, 3600)), deque[float](maxlen=1000)
    for now in (0.0, 1, 2, 3, 59, 61, 62, 63, 64, 700, 3601, 3602):
        found = pace.members("p", limits, ["U1"], now).get("U1", 0.0)
        assert found == pytest.approx(pacing.member_locally(sent, limits, now), abs=0.01)


def test_without_redis_a_process_paces_itself_at_half_speed() -> None:
    pace = Pace(redis.Redis(unix_socket_path="/nonexistent.sock", retry=Retry(NoBackoff(), 0)))
    waits = pace.reserve({"a": Rate(10, 1)}, [{"a": 1.0}] * 11)
    assert waits[-1] == pytest.approx(2.0, abs=0.05)
    assert [pace.members("p", [(2, 60)], ["u"], float(now)) for now in range(3)] == [{}, {}, {"u": 58.0}]


def test_a_failed_call_is_tried_again_under_the_same_key(wide: Firm) -> None:
    wide.platform.fail = [PlatformError("-1", retry_after=5)]
    crowd(wide, 3)
    assert wide.courier.drain() == 0
    wide.pass_time(seconds=6)
    assert wide.courier.drain() == 1
    row = wide.rows(table)[0]
    assert (wide.platform.handed[0][3], row["attempts"], row["ambiguous"]) == (row["id"], 2, False)
