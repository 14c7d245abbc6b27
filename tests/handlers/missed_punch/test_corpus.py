"""The labelled corpus: distress is never missed, illness never told, and a doubt is a question and not a guess."""

from __future__ import annotations

import time as stopwatch
from collections.abc import Iterator

import pytest

from bench.understanding import TIMED, Said, corpus, lines, score
from bot.card import as_text
from bot.locale import LOCALES, speaking
from handlers.missed_punch.cards import approval as cards_approval, manager as cards_manager
from handlers.missed_punch.cards.approval import Situation
from handlers.missed_punch.understanding import private, shareable, understand

ALL = corpus()
SECRET = [each for each in ALL if each.kind in ("medical", "help")]
DISTRESS = [each for each in ALL if each.kind == "help"]


def part(name: str) -> list[Said]:
    return [each for each in ALL if each.part == name]


def test_the_corpus_is_large_and_has_a_part_that_no_rule_was_written_for() -> None:
    assert len(ALL) >= 300 and len(part("held")) >= 70
    assert len({each.text for each in ALL}) == len(ALL)
    assert {each.kind for each in ALL} == {
        "forgot", "on_my_way", "leave", "field", "device", "help", "medical", "safe", "unclear"
    }  # fmt: skip


@pytest.mark.parametrize("said", DISTRESS, ids=lambda said: said.text)
def test_distress_is_never_missed(said: Said) -> None:
    assert said.understood().kind == "help"


def test_illness_and_distress_are_not_read_into_other_words() -> None:
    found = score(ALL)
    assert found.precision("medical") >= 0.97
    assert found.precision("help") >= 0.97
    assert found.recall("help") == 1.0


def test_wrong_guesses_are_rare_also_where_no_rule_was_written_for_it() -> None:
    tuned, held = score(part("tune")), score(part("held"))
    assert tuned.wrong == 0 and tuned.right >= 0.97 * tuned.total
    assert held.wrong <= 0.02 * held.total and held.right >= 0.7 * held.total


def test_the_times_are_right() -> None:
    found = score(ALL)
    assert found.times_right >= 0.99 * sum(found.table[kind, kind] for kind in TIMED)


def to_manager(words: str) -> Iterator[str]:
    """Every card that carries, or could carry, an employee's words to a manager."""
    for locale in LOCALES:
        with speaking(locale):
            yield as_text(cards_approval.correction("r", "张三", "09:00–18:00", "09:02", words, Situation(1, 3)))
            yield cards_manager.for_manager(words)


@pytest.mark.parametrize("said", SECRET, ids=lambda said: said.text)
def test_no_word_about_illness_or_danger_reaches_a_manager(said: Said) -> None:
    for around in (
        said.text,
        f"忘打卡了，9:02 到，{said.text}",
        f"{said.text}, forgot to punch",
        f"手机没电，{said.text}",
    ):
        shown = list(to_manager(around))
        assert not [text for text in shown if said.text in text], around
        assert not [text for text in shown if around in text], around


def test_what_nobody_could_sort_is_not_shown_to_a_manager_either() -> None:
    unknown = "上午约了帕特里克医师做康复训练"
    assert not shareable(unknown)
    assert not [text for text in to_manager(unknown) if unknown in text]
    everyday = [each.text for each in ALL if each.kind == "forgot" and each.understood().kind == "forgot"]
    held_back = [text for text in everyday if not shareable(text)]
    assert len(held_back) <= 0.2 * len(everyday), held_back


@pytest.mark.parametrize("said", [each for each in ALL if each.kind == "medical"], ids=lambda said: said.text)
def test_illness_is_private_or_a_question(said: Said) -> None:
    assert private(said.text) or said.understood().kind == "unclear"


def test_a_page_of_anything_takes_no_time() -> None:
    begun = stopwatch.perf_counter()
    for text in (
        "好的" * 1000 + "x",
        "嗯" * 2000 + "？",
        "请" * 2000,
        "9:" * 1000,
        "help " * 400,
        "昨天" * 500 + "1:",
        "a " * 1000,
    ):
        understand(text, ALL[0].at)
    assert stopwatch.perf_counter() - begun < 3


def test_the_report_names_every_part_and_every_wrong_guess() -> None:
    said = "\n".join(lines(ALL))
    assert "tune: " in said and "held: " in said and "wrong guesses" in said
    assert "precision" in said and "recall" in said
    wrong = [each.text for each in ALL if each.understood().kind not in (each.kind, "unclear")]
    assert all(text in said for text in wrong)
