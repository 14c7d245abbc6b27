"""Hops 5 and 6: claim rows, look at their stop conditions, call the platforms side by side outside any transaction,
write back together.

Each platform has a lane of its own, so that a slow one holds up nobody else. A lane takes only what it can send within
a quarter of a second, by its ceiling and by how long the vendor's calls take: whatever is more urgent than the rest of
100,000 is looked for again that soon, and takes the first moment of those that wait.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event as Flag

from bot import clock, db
from bot.app import App
from bot.card import Card
from bot.delivery import claim, crowds, pacing
from bot.delivery.moves import Facts, Move, Moves, Result, facts_of
from bot.delivery.outbox import BULK, Row
from bot.delivery.pacing import Ceilings, Pace
from bot.delivery.results import write
from bot.event import Event
from bot.ports.crowds import Crowds, Route

AHEAD = 0.25
"""Seconds of work a lane takes at a time."""
TOGETHER, TOGETHER_AFTER, BULK_AFTER = 64, 0.05, 0.25
"""Results are written when there are so many, or the oldest is so many seconds old; those of a message to thousands may
wait longer. A worker that dies in between leaves those rows flagged, never lost."""
SMOOTH = 0.1
"""What the newest call counts in the mean of how long calls take."""
TICK = 0.02


@dataclass(slots=True)
class Lane:
    """One platform's rows: `waiting` for their moment, `flying` with the vendor."""

    ceilings: Ceilings
    pool: ThreadPoolExecutor
    waiting: deque[tuple[float, Row, Move]] = field(default_factory=deque)
    flying: dict[Future[Result], tuple[float, Row]] = field(default_factory=dict)
    took: float = 0.0

    def room(self, senders: int) -> int:
        """How many more rows it may take now; 0 while it has half of that, because each claim costs."""
        calls = self.ceilings.calls
        most = min(4 * senders, math.ceil(calls.most / calls.seconds * AHEAD)) if calls else 4 * senders
        if self.took:
            # A slow vendor: what is more than its free places and the next quarter of a second would only wait here.
            most = min(most, senders - len(self.flying) + math.ceil(senders * AHEAD / self.took))
        left = most - len(self.waiting)
        return left if 2 * left >= most else 0

    def add(self, moves: Sequence[tuple[float, Row, Move]]) -> None:
        """Moments are shared out again, the first to the most urgent, where each call costs the same."""
        every = [*self.waiting, *moves]
        if not any(row.route for _, row, _ in every):
            moments = sorted(at for at, _, _ in every)
            every.sort(key=lambda each: each[1].priority)
            every = [(at, row, move) for at, (_, row, move) in zip(moments, every, strict=True)]
        self.waiting = deque(every)

    def land(self, future: Future[Result], now: float) -> Result:
        """Take a call that ended out of those under way."""
        begun, _ = self.flying.pop(future)
        self.took += (now - begun - self.took) * (SMOOTH if self.took else 1.0)
        return future.result()


class Courier:
    """Drains the outbox. `dispatch` receives the events that requests come back with."""

    def __init__(
        self, app: App, dispatch: Callable[[Event], Card | None], *, ceilings: pacing.Known | None = None
    ) -> None:
        self._app, self._moves, self._pace = app, Moves(app, dispatch), Pace(app.redis)
        self._known = ceilings or pacing.known(app.settings)
        self._senders = app.settings.senders
        self._lanes: dict[str, Lane] = {}
        self._results: list[tuple[float, Result]] = []
        self._renewed = self._looked = 0.0

    def drain(self, stop: Flag | None = None) -> int:
        """Everything due, until nothing is (or `stop` is set); returns how many rows were settled."""
        done, dry_until = 0, 0.0
        try:
            while True:
                done += self._write()
                ended = stop is not None and stop.is_set()
                if ended:
                    self._give_back()
                if not ended and time.monotonic() >= dry_until and not self._claim():
                    dry_until = time.monotonic() + TOGETHER_AFTER
                if not self._busy():
                    # What was just written may have freed the next message to the same person.
                    if not self._results and (ended or not self._claim()):
                        return done
                    continue
                self._fly()
        finally:
            for lane in self._lanes.values():
                lane.pool.shutdown(wait=True)
            self._lanes.clear()

    def _busy(self) -> bool:
        return any(lane.waiting or lane.flying for lane in self._lanes.values())

    def _lane(self, name: str) -> Lane:
        if name not in self._lanes:
            pool = ThreadPoolExecutor(self._senders, thread_name_prefix=f"send-{name}")
            self._lanes[name] = Lane(self._known(name), pool)
        return self._lanes[name]

    def _claim(self) -> int:
        """Take what fits; how many rows were taken."""
        if self._lanes and not any(lane.room(self._senders) for lane in self._lanes.values()) and not self._look():
            return 0
        with self._app.engine.connect() as connection:
            names = claim.lanes(connection)
            room = {name: self._lane(name).room(self._senders) for name in {*names, *self._lanes}}
            if not claim.due(connection, clock.now(), room, names):  # without a transaction that waits
                return 0
        with db.begin(self._app.engine) as connection:
            rows = claim.claim_many(connection, clock.now(), room, names)
        for name in dict.fromkeys(row.platform for row in rows):
            self._plan(name, [row for row in rows if row.platform == name])
        return len(rows)

    def _look(self) -> bool:
        """Every lane is full: another platform's rows are looked for now and then."""
        due = time.monotonic() - self._looked >= AHEAD
        self._looked = time.monotonic() if due else self._looked
        return due

    def _plan(self, name: str, rows: Sequence[Row]) -> None:
        """Hold back what would be dropped, decide what to do, and give each call its moment."""
        lane, moves = self._lane(name), list[tuple[Row, Move]]()
        rows = self._within_limits(name, lane.ceilings, rows)
        with self._app.engine.connect() as connection:
            facts: Facts = facts_of(connection, rows)
            for row in rows:
                found = self._moves.prepare(connection, row, facts)
                if isinstance(found, Result):
                    self._keep(found)
                else:
                    moves.append((row, found))
        buckets = [pacing.buckets_of(name, lane.ceilings, self._route(row)) for row, _ in moves]
        costs = [
            {bucket: row.people if bucket.endswith(":people") else 1 for bucket in each}
            for each, (row, _) in zip(buckets, moves, strict=True)
        ]
        begun = time.monotonic()
        together = {bucket: rate for each in buckets for bucket, rate in each.items()}
        waits = self._pace.reserve(together, costs)
        lane.add([(begun + late, *move) for late, move in zip(waits, moves, strict=True)])

    def _route(self, row: Row) -> Route | None:
        platform = self._app.platforms.get(row.platform)
        return platform.routes.get(row.route) if row.route and isinstance(platform, Crowds) else None

    def _within_limits(self, name: str, ceilings: Ceilings, rows: Sequence[Row]) -> list[Row]:
        """Without those who would get more than the vendor delivers; they wait until they may."""
        going: list[Row] = []
        for row in rows:
            limits, key = ceilings.members, name
            route = self._route(row)
            if route and route.per_person:
                limits, key = (*limits, (max(1, int(route.per_person * ceilings.share)), 86_400)), f"{name}:{row.route}"
            users = [row.user_id] if row.kind == "send" else [user for _, user in crowds.listed(row) if user]
            late = self._pace.members(key, limits, users, clock.now().timestamp()) if limits else {}
            if not late or (row.kind == crowds.KIND and row.attempts > 1):
                going.append(row)
                continue
            until = {user: clock.now() + timedelta(seconds=math.ceil(wait)) for user, wait in late.items()}
            if len(late) == len(users):
                self._keep(Result(row, "later", "pace", until=max(until.values()), counted=False, code="pace"))
                continue
            with db.begin(self._app.engine) as connection:
                going.append(crowds.split(connection, row, until, clock.now()))
        return going

    def _fly(self) -> None:
        """Start whose moment has come, wait a little, collect what came back."""
        now, flying, nexts = time.monotonic(), list[Future[Result]](), list[float]()
        for lane in self._lanes.values():
            while lane.waiting and lane.waiting[0][0] <= now and len(lane.flying) < self._senders:
                _, row, move = lane.waiting.popleft()
                if self._senders == 1:
                    self._keep(move())
                else:
                    lane.flying[lane.pool.submit(move)] = now, row
            nexts += [lane.waiting[0][0] - now] if lane.waiting and len(lane.flying) < self._senders else []
            flying += lane.flying
        pause = max(0.0, min([TICK, *nexts]))
        if flying:
            wait(flying, timeout=pause, return_when=FIRST_COMPLETED)
        elif pause and not self._results:
            time.sleep(pause)
        for lane in self._lanes.values():
            for future in [each for each in lane.flying if each.done()]:
                self._keep(lane.land(future, time.monotonic()))
        self._renew()

    def _keep(self, result: Result) -> None:
        self._results.append((time.monotonic(), result))

    def _write(self) -> int:
        """Results of several calls in one transaction, unless nothing else is under way."""
        results = self._results
        if not results:
            return 0
        patience = BULK_AFTER if all(each.row.priority == BULK for _, each in results) else TOGETHER_AFTER
        ripe = len(results) >= TOGETHER or time.monotonic() - results[0][0] >= patience
        if not ripe and self._busy():
            return 0
        done = write(self._app, [each for _, each in results])
        self._results = []  # kept until they are written: the database may be gone for a moment
        return done

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < claim.RENEW:
            return
        self._renewed = time.monotonic()
        rows = [row.id for lane in self._lanes.values() for _, row in lane.flying.values()]
        rows += [row.id for lane in self._lanes.values() for _, row, _ in lane.waiting]
        rows += [result.row.id for _, result in self._results]
        with db.begin(self._app.engine) as connection:
            claim.renew(connection, rows, clock.now())

    def _give_back(self) -> None:
        """What was claimed and not started: somebody else's now."""
        rows = [row.id for lane in self._lanes.values() for _, row, _ in lane.waiting]
        for lane in self._lanes.values():
            lane.waiting.clear()
        if rows:
            with db.begin(self._app.engine) as connection:
                claim.give_back(connection, rows)
