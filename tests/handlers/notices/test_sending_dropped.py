"""Through the sandbox: what the platform accepted and dropped is found within ten minutes and reaches its person."""

from __future__ import annotations

from datetime import timedelta

from bot.delivery import custody
from handlers.notices import tables as tb
from handlers.notices.sending import drops
from tests.journeys.conftest import enter, journey_database, mails, sandbox, sms
from tests.journeys.test_notices import Enter, composed, recorded, run, stand
from tests.journeys.theatre import Theatre

__all__ = ["enter", "journey_database", "mails", "sandbox", "sms"]


def wait_for_drop(play: Theatre, user: str) -> timedelta:
    """Minute by minute, with the jobs that run by themselves; how long it took."""
    begun = play.now
    while stand(play, user)[1] != "dropped":
        assert play.now - begun < drops.WITHIN, "not found in time"
        play.now += timedelta(minutes=1)
        custody.harvest(play.app)
    return play.now - begun


def test_what_dingtalk_dropped_is_found_in_time_and_served_again_in_other_words(enter: Enter) -> None:  # noqa: F811
    play = enter("dingtalk")
    play.at("09:30", jobs=False)
    play.ask("faults", kind="drop_silently", match="zhou", times=1)
    notice_id = composed(play, "zhangsan", "zhou", importance="read", answers=[])
    run(play)
    assert play.phone("zhangsan").sees("考勤制度")
    assert not play.phone("zhou").sees("考勤制度")
    assert stand(play, "zhou") == (1, "", ""), "accepted is all that was said"
    took = wait_for_drop(play, "zhou")
    assert took <= timedelta(minutes=10)
    run(play)
    assert play.phone("zhou").sees("考勤制度")
    first, again = sorted((row for row in play.rows(tb.attempt) if row["person_id"].endswith("zhou")), key=_step)
    assert (first["state"], again["state"]) == ("dropped", "accepted")
    assert first["channel"] != again["channel"]
    said = recorded(play, notice_id)
    assert said.count("notice.dropped") == said.count("notice.served_again") == 1
    assert stand(play, "zhangsan")[1] == ""


def _step(row: dict[str, object]) -> int:
    return int(str(row["step"]))
