"""A channel whose vendor leaves reports somewhere to be fetched, e.g. bounces in a mailbox."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from bot.ports import Dispatch


@runtime_checkable
class Collecting(Protocol):
    """`collect` may be called as often as one likes; what was handed over is not handed over again."""

    def collect(self, dispatch: Dispatch) -> int:
        """Hands over each new report as an event `channel.report`; how many. PlatformError when nobody answers."""
        ...
