"""From the click to the receipt in the person's chat, through web, worker, Redis and the sandbox's two platforms.

    python -m bench.receipts [clicks]

People of both platforms get their two consents and click [同意并确认], one after the other. ours: the receipt with the
signed promise is on the phone. plain: the platform has the bot's answer to the same click, which is after the commit
(WeCom) or after the hand-over (DingTalk Stream). p95 in both columns; the target is 2 s. The phones are looked at every
20 ms over HTTP by a client that shares the machine. Checked: one receipt per click, on the phone that clicked.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.rounds import Row, peak_of
from bot.receipts import TITLE
from bot.rehearsal import Stage, stage, until

MOMENT = "2026-06-11T10:05:00"
AGREE, PATIENCE = "同意并确认", 60.0


def staff(count: int) -> list[dict[str, Any]]:
    """Invented people without working hours, half of them on each platform."""
    return [
        {"id": f"u{n}", "name": f"员工{n}", "platform": ("wecom", "dingtalk")[n % 2], "shift": {"days": []}}
        for n in range(count)
    ]


def waiting(theatre: Stage) -> list[tuple[str, str, str]]:
    """(person, bubble, key) of every consent that can be agreed to."""
    found = []
    for person in theatre.control("phones")["people"]:
        for bubble in person["bubbles"]:
            buttons = (bubble.get("card") or {}).get("buttons", [])
            found += [(person["id"], bubble["id"], each["key"]) for each in buttons if AGREE in each["label"]]
    return found


def receipts(theatre: Stage, user: str) -> int:
    """How many receipts are on the phone."""
    return sum(TITLE in str(bubble) for bubble in theatre.phone(user).bubbles())


def one(theatre: Stage, user: str, bubble: str, key: str) -> tuple[float, float]:
    """Milliseconds until (the click is answered, the receipt is there)."""
    before, begun = receipts(theatre, user), time.perf_counter()
    theatre.control("click", {"user": user, "bubble": bubble, "key": key})
    answered = time.perf_counter()
    while receipts(theatre, user) == before:
        assert time.perf_counter() - begun < PATIENCE, f"{user} got no receipt"
        time.sleep(0.02)
    return 1000 * (answered - begun), 1000 * (time.perf_counter() - begun)


def p95(values: list[float]) -> float:
    """The value that 95 of 100 stay below."""
    return sorted(values)[int(len(values) * 0.95)]


def compare(clicks: int = 100) -> list[Row]:
    """One row; AssertionError when a receipt is missing or comes twice."""
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as theatre:
        theatre.control("people", staff(clicks // 2))
        theatre.control("clock", {"at": MOMENT})
        theatre.open()
        until("everybody was asked", lambda: len(waiting(theatre)) >= clicks, patience=120)
        theatre.settle()
        spent = [one(theatre, *each) for each in waiting(theatre)[:clicks]]
        total = sum(receipts(theatre, person["id"]) for person in theatre.control("people"))
        peak = peak_of(theatre.fleet.children["worker"].pid), peak_of(theatre.fleet.children["web"].pid)
    assert total == clicks, f"{total} receipts for {clicks} clicks"
    answered, seen = ([each[side] for each in spent] for side in (0, 1))
    note = f"p95 of {clicks} clicks, slowest {max(seen):.0f} ms; memory of worker / web"
    return [Row("receipt in chat", "ms", p95(seen), p95(answered), *peak, note)]


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:2])):
        print(line)
