"""What an attendance system said about many people, written a few thousand at a time.

Each part is a transaction of its own and each may be written twice: whoever taps a button meanwhile waits for one part,
not for a hundred thousand people, and a process that dies in between begins anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from bot.context import Context
from bot.db import for_many
from bot.people import Person
from bot.ports import Leave, Punch, Shift
from handlers.missed_punch.attendance import expected, findings, late, sources

if TYPE_CHECKING:
    from bot.app import App

PART = 2_000
_Said = TypeVar("_Said", Shift, Leave, Punch)


def plan(
    app: App,
    platform: str,
    people: Mapping[str, Person],
    day: date,
    shifts: Sequence[Shift],
    since: datetime,
    leaves: Sequence[Leave],
) -> None:
    """Store shifts of `day` and leave after `since` of `people` (by case-folded user id), everybody's whole or not."""
    planned, away = _by_user(shifts), _by_user(leaves)
    for users in _parts(list(people)):
        with app.context() as ctx:
            for_many(ctx.db)
            some = {user: people[user] for user in users}
            expected.write_shifts(ctx, platform, some, day, _of(users, planned))
            expected.write_leaves(ctx, some, since, _of(users, away))
            late.excuse(ctx, [each.id for each in some.values()])


def punches(app: App, platform: str, people: Mapping[str, Person], found: Sequence[Punch]) -> None:
    """Store punches of `people`, as `keep` does."""
    told = _by_user(found)
    for users in _parts([user for user in told if user in people]):
        with app.context() as ctx:
            for_many(ctx.db)
            keep(ctx, platform, people, _of(users, told))


def keep(ctx: Context, name: str, people: Mapping[str, Person], punches: Sequence[Punch]) -> None:
    """Store punches of `people` (by case-folded user id); what they disprove is taken back, odd ones are findings."""
    added = sources.add(ctx.db, sources.records(punches, people), ctx.now)
    for row in added.future:
        at = row.at.astimezone(ctx.zone)
        findings.note(ctx, "future", name, row.person_id, f"{at:%m-%d %H:%M} ({row.source})", row.person_id)
    late.settle(ctx, added.punches)


def _parts(users: Sequence[str]) -> Iterator[Sequence[str]]:
    return (users[start : start + PART] for start in range(0, len(users), PART))


def _by_user(said: Iterable[_Said]) -> dict[str, list[_Said]]:
    found: dict[str, list[_Said]] = defaultdict(list)
    for each in said:
        found[each.user_id.casefold()].append(each)
    return found


def _of(users: Iterable[str], said: Mapping[str, Sequence[_Said]]) -> list[_Said]:
    return [each for user in users for each in said.get(user, ())]
