"""The alarm clock over a real Redis, and a Redis that vanished."""

from __future__ import annotations

import pytest
import redis
from click.testing import CliRunner

from bot import jobs, scaffold
from bot.cli import main
from bot.tables import outbox
from tests.core.test_once import card
from tests.world import Firm


def test_many_nudges_are_one_job_and_the_mark_goes_before_the_work(firm: Firm) -> None:
    for _ in range(5):
        jobs.nudge(firm.app, "drain")
    assert firm.app.redis.llen("rq:queue:huizhi") == 1
    jobs.run("drain", firm.app)
    jobs.nudge(firm.app, "drain")
    assert firm.app.redis.llen("rq:queue:huizhi") == 2


def test_without_redis_the_answer_is_still_committed_and_said_later(firm: Firm) -> None:
    real = firm.app.redis
    firm.app.redis = redis.Redis(unix_socket_path="/nonexistent.sock")
    with firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        assert person is not None
        ctx.ask(person, "probe", "c1", card)
    jobs.nudge(firm.app, "drain")
    assert [row["state"] for row in firm.rows(outbox)] == ["queued"]
    firm.app.redis = real
    real.flushall()
    jobs.run("drain", firm.app)
    assert [row["state"] for row in firm.rows(outbox)] == ["sent"]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage:")


def test_wrong_settings_end_with_2_and_all_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    monkeypatch.setenv("HUIZHI_TIMEZONE", "Mars/Base")
    result = CliRunner().invoke(main, ["db", "check"])
    assert result.exit_code == 2
    assert "DATABASE_URL" in result.output
    assert "HUIZHI_TIMEZONE" in result.output


@pytest.mark.parametrize("name", ["../evil", "Bad", "1x", "", "a" * 40])
def test_a_bad_name_for_a_new_room_is_refused(name: str, tmp_path: object) -> None:
    with pytest.raises(ValueError, match="名称"):
        scaffold.write("handler", name, __import__("pathlib").Path(str(tmp_path)))
