"""Departments of the invented firm: `研发/平台组` on a person means that the two hang below each other."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.sandbox.state import Person

Path = tuple[str, ...]
ROOT = 1
COMPANY = "公司"


def paths(people: Iterable[Person], first: int) -> dict[int, Path]:
    """Number -> names from the top, the company's own empty. Numbers begin at `first`, parents before children."""
    found: dict[Path, None] = {}
    for department in dict.fromkeys(person.department for person in people):
        names = path(department)
        found |= dict.fromkeys(names[: end + 1] for end in range(len(names)))
    return {ROOT: (), **{first + place: names for place, names in enumerate(found)}}


def path(department: str) -> Path:
    """`研发/平台组` as names from the top."""
    return tuple(name for name in department.split("/") if name)


def homes(people: Iterable[Person], tree: dict[int, Path]) -> dict[str, int]:
    """Person's id -> number of the department they belong to."""
    numbers = {names: number for number, names in tree.items()}
    return {person.id: numbers[path(person.department)] for person in people}


def parent(tree: dict[int, Path], number: int) -> int:
    """Number of the department above; 0 above the company."""
    names = tree[number]
    return next(above for above, each in tree.items() if each == names[:-1]) if names else 0


def name(tree: dict[int, Path], number: int) -> str:
    """The department's own name."""
    return tree[number][-1] if tree[number] else COMPANY


def labels(people: Iterable[Person], first: int) -> dict[int, str]:
    """Number -> label (tag, role) that somebody in the firm has, from `first` in order of appearance."""
    found = dict.fromkeys(label for person in people for label in person.tags)
    return {first + place: label for place, label in enumerate(found)}
