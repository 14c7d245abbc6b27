"""Chains of approval as data: kinds, steps, conditions. Pure: text and facts in, plans out; names no feature.

The shipped data is `approvals.toml`; its head describes every field.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Literal

from bot.locale import current

Role = Literal["manager", "skip_level", "hr", "hr_head"]
ROLES = ("manager", "skip_level", "hr", "hr_head")
FACTS = ("count", "days", "clashes", "people", "stakes")
TESTS = ("at_least", "more_than")
Facts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Condition:
    """`fact` is one of FACTS, `test` one of TESTS."""

    fact: str
    test: str
    number: float

    def holds(self, facts: Facts) -> bool:
        """A fact that is not given counts as 0."""
        found = facts.get(self.fact, 0)
        return found >= self.number if self.test == "at_least" else found > self.number


@dataclass(frozen=True, slots=True)
class Step:
    """One decision. `when` None: always. `why` by language, zh first."""

    who: Role
    when: Condition | None
    why: tuple[str, str]

    @property
    def reason(self) -> str:
        """Why this step exists, in the language being spoken."""
        return self.why[current() == "en"] or self.why[0]


@dataclass(frozen=True, slots=True)
class Chain:
    """`limit`: requests a calendar month, None without limit. `bulk`: several may be approved together."""

    kind: str
    steps: tuple[Step, ...]
    limit: int | None
    bulk: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What holds from the local day `since` on. `hours`: local working hours; `remind`: working hours."""

    number: int
    since: date
    hours: tuple[time, time]
    remind: float
    escalate: Mapping[str, str]
    chains: Mapping[str, Chain]


def parse(text: str) -> tuple[Version, ...]:
    """Versions in the order of their days. ValueError holds every problem, one a line."""
    if found := problems(text):
        raise ValueError("\n".join(found))
    return tuple(sorted((_version(each) for each in tomllib.loads(text)["version"]), key=lambda each: each.since))


def in_force(versions: Sequence[Version], day: date) -> Version:
    """The version of a local day; the first one for days before it."""
    return next((each for each in reversed(versions) if each.since <= day), versions[0])


def plan(chain: Chain, facts: Facts) -> tuple[Step, ...]:
    """The steps this request takes, in order. Never empty: without one whose condition holds, the first is taken."""
    taken = tuple(each for each in chain.steps if each.when is None or each.when.holds(facts))
    return taken or chain.steps[:1]


def plain(chain: Chain, facts: Facts) -> bool:
    """Low-risk and nothing special about it: may be approved together with others."""
    special = any(each.when is not None and each.when.holds(facts) for each in chain.steps)
    return chain.bulk and not special and not facts.get("clashes")


def problems(text: str) -> list[str]:
    """Everything that is wrong with the data; empty when it can be used."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [f"not TOML: {error}"]
    versions = raw.get("version") or []
    if not isinstance(versions, list) or not versions:
        return ["no [[version]]"]
    found = [line for at, each in enumerate(versions, 1) for line in _problems(each, f"version {at}")]
    for name in ("number", "since"):
        if len({str(each.get(name)) for each in versions}) < len(versions):
            found.append(f"two versions share a {name}")
    return found


def _problems(raw: Mapping[str, Any], where: str) -> Iterator[str]:
    if not isinstance(raw.get("number"), int):
        yield f"{where}: number is missing"
    if type(raw.get("since")) is not date:
        yield f"{where}: since must be a day such as 2026-01-01"
    yield from _wrong_hours(raw, where)
    yield from _wrong_escalation(raw.get("escalate", {}), where)
    chains = raw.get("chain", {})
    if not chains:
        yield f"{where}: no chain"
    for kind, chain in chains.items():
        yield from _wrong_chain(chain, f"{where}, {kind}")


def _wrong_hours(raw: Mapping[str, Any], where: str) -> Iterator[str]:
    try:
        opens, closes = (time.fromisoformat(each) for each in raw["hours"])
        if opens >= closes:
            yield f"{where}: hours end before they begin"
    except (KeyError, TypeError, ValueError):
        yield f'{where}: hours must look like ["09:00", "18:00"]'
    if not isinstance(raw.get("remind"), int | float) or raw["remind"] <= 0:
        yield f"{where}: remind must be a number of working hours above 0"


def _wrong_escalation(raw: Mapping[str, str], where: str) -> Iterator[str]:
    for role in sorted({*raw.keys(), *raw.values()} - set(ROLES)):
        yield f"{where}, escalate: unknown role {role!r}"
    for start in ROLES:
        seen, at = [start], start
        while at != "hr" and at in raw and raw[at] not in seen:
            at = raw[at]
            seen.append(at)
        if at != "hr":
            path = " -> ".join([*seen, raw[at]] if at in raw else seen)
            yield f"{where}, escalate: {path} {'goes round in a circle' if at in raw else 'does not end at hr'}"
    if "hr" in raw:
        yield f"{where}, escalate: hr is the end, it goes nowhere"


def _wrong_chain(raw: Mapping[str, Any], where: str) -> Iterator[str]:
    steps = raw.get("step") or []
    if not steps:
        yield f"{where}: empty chain"
    limit = raw.get("limit")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        yield f"{where}: limit must be a whole number above 0"
    for at, step in enumerate(steps, 1):
        if step.get("who") not in ROLES:
            yield f"{where}, step {at}: unknown role {step.get('who')!r}; one of {', '.join(ROLES)}"
        if "when" in step:
            yield from _wrong_condition(step["when"], f"{where}, step {at}")
    if steps and all("when" in step for step in steps):
        yield f"{where}: every step has a condition, so there may be nobody to ask"


def _wrong_condition(raw: Mapping[str, Any], where: str) -> Iterator[str]:
    if raw.get("fact") not in FACTS:
        yield f"{where}: unknown fact {raw.get('fact')!r}; one of {', '.join(FACTS)}"
    tests = [name for name in TESTS if isinstance(raw.get(name), int | float)]
    if len(tests) != 1 or set(raw) - {"fact", *TESTS}:
        yield f"{where}: a condition has a fact and one of {', '.join(TESTS)} with a number"


def _version(raw: Mapping[str, Any]) -> Version:
    opens, closes = (time.fromisoformat(each) for each in raw["hours"])
    chains = {kind: _chain(kind, each) for kind, each in raw["chain"].items()}
    remind, escalate = float(raw["remind"]), dict(raw.get("escalate", {}))
    return Version(int(raw["number"]), raw["since"], (opens, closes), remind, escalate, chains)


def _chain(kind: str, raw: Mapping[str, Any]) -> Chain:
    steps = tuple(
        Step(each["who"], _condition(each.get("when")), (str(each.get("why", "")), str(each.get("why_en", ""))))
        for each in raw["step"]
    )
    return Chain(kind, steps, raw.get("limit"), bool(raw.get("bulk", False)))


def _condition(raw: Mapping[str, Any] | None) -> Condition | None:
    if raw is None:
        return None
    test = next(name for name in TESTS if name in raw)
    return Condition(str(raw["fact"]), test, float(raw[test]))
