"""Keeping below the platforms' ceilings, together with every other worker.

A call reserves its moment (generic cell rate algorithm: a bucket is one number, the time up to which it is spoken for),
so that two workers interleave without talking. What vendors drop without an error, too many messages to one member, is
held back by looking at the moment of the n-th last one. The numbers live in Redis; without it each process paces
itself, at half speed because it cannot see the others.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

import redis
import structlog

from bot.ports.crowds import Route
from config.settings import Settings

log = structlog.get_logger("huizhi.pacing")
_RESERVE = """
local t = redis.call('TIME')
local now, req, tat, out = t[1] + t[2] / 1e6, cjson.decode(ARGV[1]), {}, {}
for i, key in ipairs(KEYS) do tat[i] = tonumber(redis.call('GET', key) or '0') end
for r, costs in ipairs(req.rows) do
  local at = now
  for i, cost in ipairs(costs) do
    if cost > 0 then at = math.max(at, tat[i] - req.rates[i][2]) end
  end
  for i, cost in ipairs(costs) do
    if cost > 0 then tat[i] = math.max(tat[i], at) + cost * req.rates[i][1] end
  end
  out[r] = string.format('%.6f', at - now)
end
for i, key in ipairs(KEYS) do
  if tat[i] > now then redis.call('SET', key, string.format('%.6f', tat[i]), 'PX', math.ceil((tat[i] - now) * 1000) + 1000) end
end
return out
"""  # noqa: E501
_MEMBERS = """
local req, out = cjson.decode(ARGV[1]), {}
local now, most, longest = req.now, 0, 0
for _, limit in ipairs(req.limits) do
  most, longest = math.max(most, limit[1]), math.max(longest, limit[2])
end
for i, key in ipairs(KEYS) do
  local wait = 0
  for _, limit in ipairs(req.limits) do
    local at = redis.call('LINDEX', key, -limit[1])
    if at then wait = math.max(wait, tonumber(at) + limit[2] - now) end
  end
  if wait <= 0 then
    redis.call('RPUSH', key, string.format('%.3f', now))
    redis.call('LTRIM', key, -most, -1)
    redis.call('EXPIRE', key, longest)
  end
  out[i] = string.format('%.3f', wait)
end
return out
"""
ALONE = 5.0
_MANY = 1000
"""Members in one Redis script, so that nobody else waits long for theirs."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` units in `seconds`, of which `burst` may come at once."""

    most: float
    seconds: float
    burst: float = 1.0

    @property
    def pace(self) -> tuple[float, float]:
        """(seconds a unit takes, seconds by which one may be early)."""
        each = self.seconds / self.most
        return each, each * max(self.burst - 1, 0)


@dataclass(frozen=True, slots=True)
class Ceilings:
    """One platform's ceilings, the safety margin already taken off; `share` is what it leaves of a route's ceilings.
    `members`: (messages to one member, in so many seconds)."""

    calls: Rate | None = None
    share: float = 1.0
    members: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Pace:
    """See the module. Thread-safe."""

    redis: redis.Redis
    _own: dict[str, float] = field(default_factory=dict)
    _sent: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=1000)))
    _lock: Lock = field(default_factory=Lock)
    _alone_until: float = 0.0

    def _together(self, script: str, keys: Sequence[str], wanted: str) -> list[float] | None:
        """What the shared script says; None without Redis, which is asked again after a while only."""
        if time.monotonic() < self._alone_until:
            return None
        try:
            return [float(each) for each in self.redis.eval(script, len(keys), *keys, wanted)]
        except redis.RedisError as error:
            log.warning("pace.alone", error=type(error).__name__)
            self._alone_until = time.monotonic() + ALONE
            return None

    def reserve(self, buckets: Mapping[str, Rate], rows: Sequence[Mapping[str, float]]) -> list[float]:
        """For each row, in order, how many seconds from now its moment is. A row names what it costs in each bucket."""
        names = list(buckets)
        if not names:
            return [0.0] * len(rows)
        costs = [[float(row.get(name, 0)) for name in names] for row in rows]
        rates = [buckets[name].pace for name in names]
        wanted = json.dumps({"rows": costs, "rates": rates})
        found = self._together(_RESERVE, [f"huizhi:pace:{name}" for name in names], wanted)
        if found is not None:
            return found
        with self._lock:
            slower = [(2 * each, early) for each, early in rates]
            return reserve_locally(self._own, names, slower, costs, time.monotonic())

    def members(
        self, platform: str, limits: Sequence[tuple[int, int]], users: Sequence[str], now: float
    ) -> dict[str, float]:
        """user -> seconds to wait, of those who would get too much; everybody else is counted as having got one.

        `now`: Unix seconds of the product's clock, which a rehearsal may move.
        """
        if not limits:
            return {}
        waits: list[float] = []
        for start in range(0, len(users), _MANY):
            keys = [f"huizhi:pace:{platform}:of:{user.casefold()}" for user in users[start : start + _MANY]]
            waits += self._members(keys, limits, now)
        return {user: wait for user, wait in zip(users, waits, strict=True) if wait > 0}

    def _members(self, keys: Sequence[str], limits: Sequence[tuple[int, int]], now: float) -> list[float]:
        found = self._together(_MEMBERS, keys, json.dumps({"limits": limits, "now": now}))
        if found is not None:
            return found
        with self._lock:
            return [member_locally(self._sent[key], limits, now) for key in keys]


def reserve_locally(
    spoken_for: dict[str, float],
    names: Sequence[str],
    rates: Sequence[tuple[float, float]],
    rows: Sequence[Sequence[float]],
    now: float,
) -> list[float]:
    """The same arithmetic as the script's, in this process; `spoken_for` is changed."""
    waits = []
    for costs in rows:
        used = [(name, rate, cost) for name, rate, cost in zip(names, rates, costs, strict=True) if cost > 0]
        at = max([now, *(spoken_for.get(name, 0.0) - rate[1] for name, rate, _ in used)])
        for name, rate, cost in used:
            spoken_for[name] = max(spoken_for.get(name, 0.0), at) + cost * rate[0]
        waits.append(at - now)
    return waits


def member_locally(sent: deque[float], limits: Sequence[tuple[int, int]], now: float) -> float:
    """Seconds to wait by the moments of earlier messages; a message that may go is added to them."""
    wait = max([0.0, *(sent[-most] + seconds - now for most, seconds in limits if len(sent) >= most)])
    if wait <= 0:
        sent.append(now)
    return max(wait, 0.0)


Known = Callable[[str], Ceilings]
"""A platform's ceilings by its name."""


def known(settings: Settings) -> Known:
    """The settings' ceilings less the margin. A platform without such settings has none."""
    share = settings.pace_margin / 100

    def find(platform: str) -> Ceilings:
        def said(name: str) -> int | None:
            return getattr(settings, f"{platform}_{name}", None)

        minute, second = said("calls_per_minute"), said("calls_per_second")
        # Within any minute the whole burst may be added to the pace: half the margin is enough for a worker's stutter.
        rate = Rate(minute * share, 60, 1 + minute * (1 - share) / 2) if minute else None
        rate = Rate(second * share, 1) if second else rate
        windows = (("member_per_minute", 60), ("member_per_hour", 3600), ("member_per_day", 86_400))
        members = tuple((max(1, int(most * share)), span) for name, span in windows if (most := said(name)))
        return Ceilings(rate, share, members)

    return find


def buckets_of(name: str, ceilings: Ceilings, route: Route | None = None) -> dict[str, Rate]:
    """The buckets a call draws on: the platform's, and its route's."""
    found = {f"{name}:calls": ceilings.calls} if ceilings.calls else {}
    if route and route.per_second:
        found[f"{name}:{route.name}:calls"] = Rate(route.per_second * ceilings.share, 1)
    if route and route.per_minute:
        # One whole call may come on top of the pace within a minute.
        most = min(route.per_minute * ceilings.share, max(route.per_minute - route.people, route.per_minute / 2))
        found[f"{name}:{route.name}:people"] = Rate(most, 60)
    return found
