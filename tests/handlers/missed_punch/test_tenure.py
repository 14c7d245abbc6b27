"""First and last working day: known from the directory or a file, and then HR is asked instead of the person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import attendance as cli_attendance
from bot.errors import PlatformError
from bot.ports import Shift
from bot.ports.tenure import Tenure
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import tenure
from handlers.missed_punch.ladder import reach
from tests.handlers.missed_punch.story import DAY, NINE, Story
from tests.world import FakePlatform

NEW, LEAVING = "张三 第一天上班，没有打卡记录", "张三 今天离职，没有打卡记录"
HEAD = "person,joined_on,leaving_on\n"


class Roster(FakePlatform):
    """A platform that knows when people began; `asked` about whom."""

    def __init__(self, known: list[Tenure]) -> None:
        super().__init__()
        self.known, self.asked, self.broken = known, list[str](), False

    def tenures(self, user_ids: Sequence[str]) -> list[Tenure]:
        self.asked += user_ids
        if self.broken:
            raise PlatformError("503", "away")
        return [each for each in self.known if each.user_id in user_ids]


def with_roster(story: Story, *known: Tenure) -> Roster:
    found = Roster(list(known))
    found.shift_list = story.firm.platform.shift_list
    story.firm.platform = found
    story.firm.app.platforms = {"fake": found}
    return found


@pytest.mark.parametrize(
    ("known", "title"),
    [
        (Tenure("zhang", DAY), NEW),
        (Tenure("zhang", None, DAY), LEAVING),
        (Tenure("zhang", DAY - timedelta(days=400), DAY - timedelta(days=1)), LEAVING),
    ],
)
def test_the_directory_says_so_and_hr_is_asked_instead(story: Story, known: Tenure, title: str) -> None:
    roster = with_roster(story, known)
    for clock in ("9:15", "9:16", "9:50"):
        story.tick(clock)
    assert story.titles("zhang") == [] and story.titles("wang") == [title]
    assert roster.asked == ["zhang"], "once, however often the platform is polled"


def test_neither_first_nor_last_day_is_asked_as_usual(story: Story) -> None:
    with_roster(story, Tenure("zhang", DAY - timedelta(days=400), DAY + timedelta(days=5)))
    story.tick("9:16")
    assert len(story.titles("zhang")) == 1 and story.titles("wang") == []


def test_a_roster_that_is_away_holds_nobody_up_and_is_asked_again(story: Story) -> None:
    roster = with_roster(story, Tenure("zhang", DAY))
    roster.broken = True
    story.tick("9:16")
    assert len(story.titles("zhang")) == 1


def test_only_those_who_are_missing_are_looked_up(story: Story) -> None:
    roster = with_roster(story)
    roster.shift_list = [*roster.shift_list, Shift("li", DAY, NINE, NINE + timedelta(hours=9))]
    story.tick("9:16")
    assert sorted(set(roster.asked)) == ["li", "zhang"] and "wang" not in roster.asked


def test_the_file_fills_it_where_the_platform_does_not(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_attendance, "application", lambda: story.firm.app)
    file = tmp_path / "people.csv"
    file.write_text(f"{HEAD}ZHANG,,{DAY}\nli,2020-01-02,\n", encoding="utf-8")

    def run(*more: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli_attendance.attendance, ["people", str(file), *more])
        return result.exit_code, result.output

    code, output = run("--dry-run")
    assert code == 0 and "2 行 / rows, 2 处改动" in output and story.firm.rows(t.contact) == []
    assert run() == (0, "✓ 2 行 / rows, 2 处改动 / changed\n")
    assert run() == (0, "✓ 2 行 / rows, 0 处改动 / changed\n")
    story.tick("9:16")
    assert story.titles("zhang") == [] and story.titles("wang") == [LEAVING]
    with story.firm.app.engine.connect() as db:
        assert reach.contact_of(db, "fake:li").leaving_on is None


@pytest.mark.parametrize(
    "body",
    ["nobody,2026-01-02,\n", "zhang,2.1.2026,\n", "zhang,2026-02-02,2026-02-01\n", "zhang,2026-01-02\n"],
)
def test_one_bad_row_and_nothing_is_changed(story: Story, body: str) -> None:
    with pytest.raises(tenure.BadFile, match=r"^3: "):
        tenure.load_file(story.firm.app, f"{HEAD}li,2020-01-02,\n{body}".encode())
    assert story.firm.rows(t.contact) == []


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"name,day\n"])
def test_a_file_of_another_kind_is_refused(story: Story, data: bytes) -> None:
    with pytest.raises(tenure.BadFile):
        tenure.load_file(story.firm.app, data)
