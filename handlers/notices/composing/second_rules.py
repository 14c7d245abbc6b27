"""Two-person approval as arithmetic. Pure."""

from __future__ import annotations

FROM_PEOPLE = 50
"""So many people, or a signature: two persons, unless the firm has set another number."""
MORE = 10
"""A tenth more people than were agreed to, and at least so many, is another audience."""


def needed(people: int, importance: str, from_people: int = FROM_PEOPLE) -> bool:
    """Whether a second person has to agree."""
    return people >= from_people or importance == "sign"


def again(agreed: int, people: int, importance: str, from_people: int = FROM_PEOPLE) -> bool:
    """Whether `people` now are not what was agreed to: `agreed` people then, 0 when nobody was asked."""
    if not needed(people, importance, from_people):
        return False
    return not agreed or people - agreed >= max(MORE, -(-agreed // 10))
