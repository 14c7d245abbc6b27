"""What the messages of a replayed month would have cost: how many by channel, and calls against the vendors' months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

CALLS = 2
"""Of one card: it is sent, and changed once when it is answered or over. What is batched costs less, never more."""
Counted = Mapping[str, Counter[tuple[str, str]]]
"""what (then, in_force, draft) -> (platform, channel) -> messages."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`messages`: channel -> how many. `calls`: platform -> calls for its cards; `share`: platform -> percent of the
    calls that the vendor allows in a month, only where it counts them."""

    messages: Mapping[str, int]
    calls: Mapping[str, int]
    share: Mapping[str, float]

    def told(self) -> str:
        """`card=3 sms=1; dingtalk: 6 calls, 0.1 %`."""
        sent = " ".join(f"{channel}={count}" for channel, count in sorted(self.messages.items())) or "0"
        parts = [
            f"{name}: {count} 次调用 / calls" + (f", {self.share[name]:.2f} %" if name in self.share else "")
            for name, count in sorted(self.calls.items())
        ]
        return "; ".join([sent, *parts])


def costs(sent: Counted, monthly: Mapping[str, int | None]) -> dict[str, Cost]:
    """Of each column. `monthly`: platform -> calls a month, None without a limit."""
    return {what: _cost(found, monthly) for what, found in sent.items()}


def _cost(found: Counter[tuple[str, str]], monthly: Mapping[str, int | None]) -> Cost:
    messages, calls = Counter[str](), Counter[str]()
    for (platform, channel), count in found.items():
        messages[channel] += count
        if channel == "card":
            calls[platform] += CALLS * count
    share = {name: 100 * count / most for name, count in calls.items() if (most := monthly.get(name))}
    return Cost(dict(messages), dict(calls), share)
