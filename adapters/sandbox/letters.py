"""SMS and mail as they lie on people's phones, outside the chat."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from adapters.sandbox.state import Letter, Person, World

DELAY = 1.0
"""Real seconds after which a gateway tells what became of a message; by then the sender has written its number down."""


def owner(world: World, channel: Literal["sms", "mail"], to: str) -> Person | None:
    """Whose number or address that is."""
    field = {"sms": "phone", "mail": "mail"}[channel]
    wanted = to.strip().removeprefix("+86").casefold()
    with world.lock:
        return next((person for person in world.people if wanted and getattr(person, field).casefold() == wanted), None)


def lay(world: World, person: Person, letter: Letter) -> None:
    """On the phone, newest last; a number that is there already is not laid down twice."""
    with world.lock:
        if all(letter.number != each.number for each in person.letters):
            person.letters.append(letter)


def later(report: Callable[[], object]) -> None:
    """Calls `report` after DELAY, in the background."""
    timer = threading.Timer(DELAY, report)
    timer.daemon = True
    timer.start()
