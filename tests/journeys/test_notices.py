"""A notice through the sandbox on each platform: read, confirmed, objected to, and never overstated."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot import custody
from bot.db import begin
from handlers.notices import answers, climbing, drops, sending, store
from handlers.notices import tables as tb
from tests.journeys.theatre import STAFF, Theatre

BOTH = pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
Enter = Callable[..., Theatre]
ID = "nt-000000000000000000a1b2c3"


def frozen(play: Theatre, *users: str, **values: object) -> None:
    """The notice as composing and freezing leave it, and begun."""
    play.people(*STAFF)
    listed = [f"{play.platform}:{each}" for each in users]
    row: dict[str, object] = {"id": ID, "state": "draft", "importance": "confirm", "audience": "{}", "plan": "[]"}
    row |= {"answers": json.dumps(["received", "objected", "appealed"]), "people": len(users), "basis": "", "quiet": ""}
    row |= {"author_id": f"{play.platform}:wang", "frozen_at": play.now, "created_at": play.now, "list_sha256": "ab"}
    with begin(play.app.engine) as db:
        db.execute(sa.insert(tb.notice).values(row | values))
        said = {"notice_id": ID, "locale": "zh", "title": "考勤制度", "body": "第一条 全文。", "sha256": ""}
        db.execute(sa.insert(tb.text).values(said))
        rows = [
            {"notice_id": ID, "person_id": each, "platform": play.platform, "user_id": user, "locale": "zh"}
            for each, user in zip(listed, users, strict=True)
        ]
        db.execute(sa.insert(tb.recipient), rows)
    with play.app.context() as ctx:
        notice = store.get(ctx.db, ID)
        assert notice
        sending.start(ctx, notice)


def run(play: Theatre) -> None:
    for job in (sending.send_due, drops.find, climbing.climb, climbing.close_due):
        job(play.app)
        play.courier.drain()


def stand(play: Theatre, user: str) -> tuple[int, str, str]:
    found = {row["user_id"]: row for row in play.rows(tb.recipient)}[user]
    return found["rung"], found["trouble"], found["answer"]


def opens(play: Theatre, user: str) -> None:
    with play.app.engine.connect() as db:
        notice = store.get(db, ID)
    with play.app.context() as ctx:
        person = ctx.people.find(play.platform, user)
        assert person
        assert notice
        answers.opened(ctx, notice, person)


@BOTH
def test_one_confirms_one_objects_in_words_one_never_opens(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    frozen(play, "zhangsan", "zhou", "he")
    run(play)
    play.phone("zhou").say("收到")
    play.phone("zhangsan").say("有异议 第三条与合同不符")
    play.courier.drain()
    assert stand(play, "zhou") == (4, "", "received")
    assert stand(play, "zhangsan") == (4, "", "objected")
    assert play.phone("wang").sees("第三条与合同不符")
    play.at("06-12 09:31", jobs=False)
    run(play)
    assert play.phone("he").sees("跟进 1")
    assert not play.phone("zhou").sees("跟进 1")
    assert stand(play, "he") == (1, "", "")
    with play.app.engine.connect() as db:
        assert sum(count for *_, count in store.counts(db, ID)) == 3


@BOTH
def test_6_one_text_to_all_and_its_reading_is_told_where_the_platform_tells_it(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    frozen(play, "zhangsan", "zhou", importance="read", answers="[]")
    run(play)
    assert {row["state"] for row in play.rows(tb.attempt)} == {"accepted"}
    assert play.phone("zhou").sees("考勤制度")
    play.now += timedelta(minutes=2)
    custody.harvest(play.app)
    assert stand(play, "zhou")[0] in (1, 2)
    opens(play, "zhou")
    assert stand(play, "zhou") == (3, "", "")
    assert stand(play, "zhangsan")[2] == ""


@BOTH
def test_8_somebody_deleted_from_the_directory_is_said_to_be_out_of_reach(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    frozen(play, "zhangsan", "zhou")
    play.people(*[each for each in STAFF if each["id"] != "zhangsan"])
    run(play)
    assert stand(play, "zhangsan")[1] in ("unreached", "rejected")
    assert stand(play, "zhou") == (1, "", "")


@BOTH
def test_12_opened_late_at_night_hr_hears_it_in_the_morning(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    frozen(play, "zhangsan", importance="read", answers="[]")
    run(play)
    play.at("06-12 09:31", jobs=False)
    run(play)
    play.at("06-12 23:41", jobs=False)
    opens(play, "zhangsan")
    play.courier.drain()
    assert not play.phone("wang").sees("23:41")
    play.at("06-13 08:01", jobs=False)
    run(play)
    assert play.phone("wang").sees("23:41")
