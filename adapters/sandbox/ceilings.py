"""How much a vendor takes before it refuses: calls per second and calls per month. /_sandbox/ceilings moves them."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from adapters.sandbox import asked
from adapters.sandbox.state import Json, World

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NAMES = ("dingtalk_qps", "dingtalk_month", "wecom_minute", "wecom_day")
"""0 or missing: the vendor's documented number holds; `dingtalk_month` has none unless it is set."""


def add(routes: Blueprint, world: World) -> None:
    """`{"dingtalk_qps": 20, …}`; a reset forgets them."""

    @routes.post("/ceilings")
    def set_ceilings() -> ResponseReturnValue:
        body = asked.body()
        world.store("ceilings").update({name: int(body[name]) for name in NAMES if name in body})
        return jsonify(world.store("ceilings"))


def limit(world: World, name: str, documented: int) -> int:
    """The number that holds now; 0 means none."""
    return int(world.store("ceilings").get(name) or documented)


def over(world: World, key: str, most: int, window: timedelta, size: int = 1) -> bool:
    """True when `size` more would be too many within the sliding `window`; otherwise they are counted."""
    with world.lock:
        now, kept = world.now(), world.store("ceilings.seen").setdefault(key, [])
        kept[:] = [(at, many) for at, many in kept if timedelta(0) <= now - at < window]
        if sum(many for _, many in kept) + size > most:
            return True
        kept.append((now, size))
        return False


def counted(world: World, key: str, now: datetime, span: str) -> int:
    """One more in this calendar span ("%Y-%m", "%Y-%m-%d"); how many there are now."""
    with world.lock:
        seen: Json = world.store("ceilings.counted")
        name = f"{key} {now:{span}}"
        seen[name] = int(seen.get(name, 0)) + 1
        return int(seen[name])
