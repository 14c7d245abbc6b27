"""How well people's words are understood, on a corpus written for it: `python -m bench.understanding`.

`tune` is what the rules were written against, `held` was written afterwards. A question instead of a guess (`unclear`)
is counted apart from a wrong guess: asking once more costs a tap, a wrong guess costs trust.

`held` has no calls for help: a miss there is too grave to be left standing, so each was learnt as soon as it was seen.
Before that, two blind rounds of 33 and 23 calls for help were recognised to 67 % and 52 %; of the misses all but two
became the question that offers 需要帮助. Words never heard before may be missed: the number above is not a promise.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from handlers.missed_punch.understanding import Kind, Understood, understand

CORPUS = Path(__file__).parents[1] / "tests/handlers/missed_punch/corpus.tsv"
KINDS: tuple[str, ...] = get_args(Kind)
DAY = datetime(2026, 6, 11, tzinfo=ZoneInfo("Asia/Shanghai"))


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance with what it means; `part` is tune or held, `at` the local moment it was said."""

    part: str
    at: datetime
    kind: str
    time: time | None
    text: str

    def understood(self) -> Understood:
        """What our rules make of it."""
        return understand(self.text, self.at)


def corpus(path: Path = CORPUS) -> list[Said]:
    """Every row of the labelled file (part, said_at, kind, time, text)."""
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Said(row["part"], _at(row["said_at"]), row["kind"], _time(row["time"]), row["text"]) for row in rows]


def _time(text: str) -> time | None:
    return time.fromisoformat(text) if text else None


def _at(text: str) -> datetime:
    return datetime.combine(DAY.date(), time.fromisoformat(text), DAY.tzinfo)


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one part: right, asked (`unclear` although it had a meaning), wrong; precision and recall per kind."""

    total: int
    right: int
    asked: int
    wrong: int
    times_right: int
    table: Counter[tuple[str, str]]

    def precision(self, kind: str) -> float:
        """Of what was taken for `kind`, how much was."""
        taken = sum(count for (_, got), count in self.table.items() if got == kind)
        return self.table[kind, kind] / taken if taken else 1.0

    def recall(self, kind: str) -> float:
        """Of what was `kind`, how much was taken for it."""
        were = sum(count for (meant, _), count in self.table.items() if meant == kind)
        return self.table[kind, kind] / were if were else 1.0


def score(said: Sequence[Said]) -> Score:
    """Compare every row with its label."""
    got = [(each, each.understood()) for each in said]
    table: Counter[tuple[str, str]] = Counter((each.kind, found.kind) for each, found in got)
    right = sum(count for (meant, found), count in table.items() if meant == found)
    asked = sum(count for (meant, found), count in table.items() if found == "unclear" != meant)
    timed = sum(each.time == found.time for each, found in got if each.kind == found.kind and each.kind in TIMED)
    return Score(len(said), right, asked, len(said) - right - asked, timed, table)


TIMED = ("forgot", "on_my_way", "leave", "field", "device")
"""Kinds whose time is used; elsewhere a time is only kept in the words."""


def lines(said: Sequence[Said]) -> Iterator[str]:
    """The report: one line per part, the confusion table of all, and what went wrong, word for word."""
    for part in ("tune", "held"):
        found = score([each for each in said if each.part == part])
        if found.total:
            yield (f"{part}: {found.total} utterances, right {found.right / found.total:.1%}, asked back "
                   f"{found.asked / found.total:.1%}, wrong guesses {found.wrong / found.total:.1%}; time right "
                   f"{found.times_right}/{sum(found.table[kind, kind] for kind in TIMED)}")  # fmt: skip
    whole = score(said)
    yield f"{'meant / taken for':<18}" + "".join(f"{kind[:9]:>10}" for kind in KINDS) + f"{'recall':>10}"
    for kind in KINDS:
        cells = "".join(f"{whole.table[kind, other] or '.':>10}" for other in KINDS)
        yield f"{kind:<18}{cells}{whole.recall(kind):>10.3f}"
    yield f"{'precision':<18}" + "".join(f"{whole.precision(kind):>10.3f}" for kind in KINDS)
    for each in said:
        found_as = each.understood()
        if found_as.kind not in (each.kind, "unclear") or (found_as.kind in TIMED and found_as.time != each.time):
            meant = f"{each.kind} {each.time or ''}"
            yield f"wrong ({each.part}): {each.text} -> {found_as.kind} {found_as.span}, meant {meant}"


def compare() -> list[str]:
    """The report as `python -m bench` prints it."""
    return list(lines(corpus()))


if __name__ == "__main__":
    print("\n".join(compare()))
