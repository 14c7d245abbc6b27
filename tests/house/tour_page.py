"""The words around what `tests.house.tour` saw."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """What the run showed: `steps` (module:function, in order), the card tapped, and the phone's cards afterwards."""

    steps: tuple[str, ...]
    asked: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """`rooms` are the modules whose functions belong to this hop, before or after the commit (`later`)."""

    name: str
    rooms: tuple[str, ...]
    tale: str
    later: bool = False


HOPS = (
    Hop("Heard", ("adapters.wecom.inbound", "adapters.wecom.crypto", "bot.card"),
        "The platform posts a sealed envelope. Nothing is parsed before it is verified; what comes out is an `Event`,\n"
        "the same for every redelivery. On DingTalk by Stream the same hop is `adapters/dingtalk/stream.py`."),
    Hop("Recognised", ("bot.dispatch", "bot.people"),
        "The one transaction opens. The inbox says whether the event is new; a duplicate ends here. Then: who is it,\n"
        "and which function answers?"),
    Hop("Decided", ("handlers.missed_punch",),
        "The flow loads its case, asks the pure `rules.py` where there is something to weigh, and chooses the words."),
    Hop("Kept", ("bot.context", "bot.asks", "bot.delivery.outbox", "bot.evidence.log:append"),
        "The answer, its evidence and everything that has to be said are rows of that same transaction. It commits,\n"
        "the queue is nudged, and only then is the vendor told that the click arrived."),
    Hop("Carried",
        tuple(f"bot.delivery.{each}" for each in ("deliver", "moves", "results", "outbox", "claim")),
        "The worker claims rows under a lease, many at a time and urgent ones first, checks again that each is still\n"
        "wanted, and writes back together what the platforms answered.",
        later=True),
    Hop("Said", ("adapters.wecom.platform", "adapters.wecom.outbound", "adapters.wecom.render", "bot.card",
                 "adapters.wecom.client"),
        "The card becomes the vendor's dictionary; an error code becomes a `PlatformError` that says what to do. The\n"
        "message id is written back, with evidence that the platform accepted it.", later=True),
)  # fmt: skip

HEAD = """# A click, hop by hop

An employee taps「忘打卡」on the card「{asked}」. This page is written by a real run of that
click, `python -m tests.house.tour > docs/tour.md`: the WeCom adapter in front of the sandbox. A test plays it again and
compares, so what you read here is what runs. The lists hold the public functions in the order in which they were
entered for the first time, each with what its docstring says.
"""

TAIL = """Afterwards the phone shows {after}.

Meanwhile `bot/evidence/sequencer.py` gives the events their place in the tree and signs a checkpoint.

## When something goes wrong

- **Not authentic**: hop 1 raises `BadRequest`; nothing is stored, nothing is answered.
- **Not allowed, too late, already decided**: the flow raises `Refused`; its text becomes a card for the person.
- **A bug**: everything of hops 2 to 4 is rolled back, the event is kept in its own transaction, the person is told that
  it was noted, the vendor is acknowledged. `huizhi replay` answers it again after the repair.
- **The vendor refuses**: `permanent` marks that delivery as failed, with evidence; otherwise it is tried again, ever
  more slowly.
- **The process dies**: before the commit the vendor redelivers; after it the outbox still holds what has to be said.

See it live: `make run`, click, and read the wire beside the phones. [Routes](reference/routes.md) lists every action
and every door.
"""


def page(seen: Seen) -> str:
    """docs/tour.md. Raises ValueError when a hop was never entered: then the map above is wrong."""
    parts = [HEAD.format(asked=seen.asked)]
    shown = [step for step in seen.steps if _public(step)]
    commit = next((at for at, step in enumerate(shown) if step.startswith("bot.delivery.deliver:")), len(shown))
    for number, hop in enumerate(HOPS, 1):
        steps = shown[commit:] if hop.later else shown[:commit]
        mine = [step for step in steps if _inside(step, hop.rooms)]
        if not mine:
            raise ValueError(f"nothing of hop {number} was entered")
        rows = [f"- `{step}`" + (f": {said}" if (said := _said(step)) else "") for step in mine]
        parts.append("\n".join([f"## {number}. {hop.name}\n", hop.tale, "", *rows, ""]))
    after = ", ".join(f"「{title}」" for title in seen.after)
    return "\n".join([*parts, TAIL.format(after=after)])


def _public(step: str) -> bool:
    last = step.rsplit(".", 1)[-1].rsplit(":", 1)[-1]
    return "<" not in step and (not last.startswith("_") or last == "__call__")


def _inside(step: str, rooms: tuple[str, ...]) -> bool:
    module = step.split(":", 1)[0]
    return any(step == room or module == room or module.startswith(f"{room}.") for room in rooms)


def _said(step: str) -> str:
    """The first sentence of the docstring; of the maker when the function was made by another."""
    module, name = step.split(":", 1)
    found: object = importlib.import_module(module)
    for part in name.split("."):
        inner = inspect.getattr_static(found, part, None)
        if inner is None:
            break
        found = inner
    text = (inspect.getdoc(found) or "").split("\n\n", 1)[0].replace("\n", " ")
    first = text.split(". ", 1)[0]
    return first if not first or first[-1] in ".?!" else f"{first}."
