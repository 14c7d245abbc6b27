"""Work on many people writes what it records, asks and says in a few statements, and nothing of it is lost or early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from bot.card import Button, Card
from bot.context import Context
from bot.delivery import channels
from bot.evidence.selfaudit import examine
from bot.evidence.tables import ev_event
from bot.people import Person
from bot.tables import ask, outbox
from tests.world import Firm

KIND = "probe.question"


def question(number: int, ref: str) -> Card:
    return Card("问题", str(number), buttons=(Button("好", KIND, ref),))


def zhang(ctx: Context) -> Person:
    found = ctx.people.find("fake", "zhang")
    assert found
    return found


def one(ctx: Context, number: int) -> str:
    """An event, a question, a plain card and a message of another channel about a matter; returns the ref."""
    person, matter = zhang(ctx), f"case:{number % 2}"
    ctx.record("checkin.missed_punch_asked", matter, subject=person, parts={"step": str(number)})
    ref = ctx.ask(person, KIND, matter, partial(question, number))
    ctx.say(person, Card("知会", str(number)), matter)
    channels.queue(ctx, person, "sms", "13900000000", str(number), matter, ref)
    return ref


def failing(ctx: Context, inside: AbstractContextManager[None], number: int) -> None:
    with inside:
        one(ctx, number)
        raise RuntimeError(str(number))


def written(firm: Firm) -> tuple[int, int, int]:
    return len(firm.rows(ev_event)), len(firm.rows(ask)), len(firm.rows(outbox))


@contextmanager
def statements(firm: Firm) -> Iterator[list[str]]:
    found: list[str] = []

    def heard(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement.split("(")[0])

    sa.event.listen(firm.app.engine, "before_cursor_execute", heard)
    yield found
    sa.event.remove(firm.app.engine, "before_cursor_execute", heard)


def test_it_is_the_same_in_fewer_statements(firm: Firm) -> None:
    with statements(firm) as singly, firm.app.context() as ctx:
        for number in range(6):
            one(ctx, number)
    assert written(firm) == (6, 6, 18)
    with statements(firm) as together, firm.app.context() as ctx:
        with ctx.gathering():
            for number in range(6):
                one(ctx, number)
            assert ctx.db.execute(sa.select(sa.func.count()).select_from(ask)).scalar_one() == 6
        assert [each.type for each in ctx.recorded] == ["checkin.missed_punch_asked"] * 6
    assert written(firm) == (12, 12, 36)
    assert Counter(together)["INSERT INTO outbox "] == Counter(together)["INSERT INTO ask "] == 1
    assert len(together) < len(singly) / 2
    rows = firm.rows(ev_event)
    assert [(row["object_id"], row["object_seq"]) for row in rows] == [
        (f"case:{number % 2}", number // 2 + 1 + 3 * again) for again in (0, 1) for number in range(6)
    ]
    said = sorted(firm.rows(outbox), key=lambda row: str(row["id"]))
    assert [row["kind"] for row in said] == ["send", "send", "channel"] * 12
    firm.courier.drain()
    assert examine(firm.app.engine).findings == []


def test_who_looks_finds_what_was_gathered(firm: Firm) -> None:
    with firm.app.context() as ctx, ctx.gathering():
        ref = one(ctx, 1)
        assert [each.ref for each in ctx.open_asks(zhang(ctx).id)] == [ref]
        later = one(ctx, 2)
        ctx.close("case:0", lambda _person, _ask: Card("完成", ""))
    states = {row["ref"]: row["state"] for row in firm.rows(ask)}
    assert states == {ref: "open", later: "closed"}


def test_a_failed_attempt_takes_only_its_own_along(firm: Firm) -> None:
    with firm.app.context() as ctx, ctx.gathering():
        kept = one(ctx, 1)
        with pytest.raises(RuntimeError, match="2"):
            failing(ctx, ctx.attempt(), 2)
        with ctx.attempt():
            also = one(ctx, 3)
    assert {row["ref"] for row in firm.rows(ask)} == {kept, also}
    assert written(firm) == (2, 2, 6)


def test_what_breaks_off_leaves_nothing_to_whoever_goes_on(firm: Firm) -> None:
    with firm.app.context() as ctx:
        with pytest.raises(RuntimeError, match="1"):
            failing(ctx, ctx.gathering(), 1)
        assert ctx.recorded == []
        ref = one(ctx, 2)
    assert [row["ref"] for row in firm.rows(ask)] == [ref]
    assert written(firm) == (1, 1, 3)
