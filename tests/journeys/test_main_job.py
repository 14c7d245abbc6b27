"""The main job through real processes, real adapters and the sandbox, while processes are killed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.db import create_engine
from bot.evidence.tables import ev_event
from bot.evidence.verify import verify
from bot.rehearsal import Stage, free_port, stage, until
from bot.tables import failed, inbox, outbox, person
from tests.databases import Databases

DAY = "2026-06-11"


@pytest.fixture(params=["sqlite", "postgresql"])
def theatre(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[Stage]:
    overrides = {"WECOM_MEMBER_PER_MINUTE": "1000"}  # a crowd of two people: nobody is held back here
    if request.param == "postgresql":
        overrides["DATABASE_URL"] = databases.postgresql(full=False)
    with stage(tmp_path, overrides=overrides) as everything:
        everything.morning()
        everything.open()
        yield everything


def rows(theatre: Stage, table: sa.Table) -> list[dict[str, object]]:
    engine = create_engine(theatre.environment["DATABASE_URL"])
    try:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]
    finally:
        engine.dispose()


def kill(theatre: Stage, name: str) -> None:
    """kill -9, then a new process of the same kind, as a supervisor would do."""
    child = theatre.fleet.children[name]
    child.kill()
    child.wait(5)
    theatre.fleet.start(name, extra=theatre.fleet.arguments[name])
    theatre.quiet()
    theatre.control("clock", {"advance": 61})  # a row it held is free again when its lease has run out


def reconciled(theatre: Stage) -> bool:
    """Open is only what the words of its person settled before a worker's death on it was noticed, and we say so."""
    said = rows(theatre, outbox)
    people = theatre.control("phones")["people"]
    shown = [bubble for person in people for bubble in person["bubbles"] if not bubble["mine"]]
    told = len([row for row in said if row["kind"] == "send" and row["state"] == "sent"])
    told += [row["type"] for row in rows(theatre, ev_event)].count("delivery.superseded")
    stopped = [row for row in said if row["kind"] == "send" and row["state"] == "stopped" and row["ambiguous"]]
    assert all("may have arrived" in str(row["error"]) for row in stopped)
    return told <= len(shown) <= told + len(stopped)


def test_every_answer_once_while_processes_die(theatre: Stage) -> None:
    choose = random.Random(20260611)
    theatre.move_to(f"{DAY}T09:16:30")
    people = (("zhangsan", "li"), ("zhou", "sun"))
    for user, _boss in people:
        theatre.phone(user).wait("一切还好吗", button="忘打卡")
    theatre.control("faults", {"kind": "duplicate_callback", "times": 6})
    for user, boss in people:
        theatre.phone(user).click("一切还好吗", "忘打卡")
        kill(theatre, choose.choice(["worker", "scheduler"]))
        theatre.phone(user).wait("你是几点到的")
        theatre.phone(user).say("9:02 到的")
        kill(theatre, "worker")
        theatre.phone(boss).wait("申请补卡", button="同意")
        theatre.phone(boss).click("申请补卡", "同意")
        kill(theatre, choose.choice(["worker", "scheduler"]))
        theatre.phone(user).wait("补卡已完成")
    for name in ("web", "stream"):
        kill(theatre, name)
    until("web came back", lambda: not theatre.waiting())
    for user in ("zhangsan", "zhou"):  # one door by HTTP, one by Stream
        words = {"user": user, "text": "谢谢"}
        until(f"{user} is heard again", lambda said=words: theatre.control("say", said).get("status") == 200)
    theatre.settle()
    kinds = [row["type"] for row in rows(theatre, ev_event)]
    assert kinds.count("checkin.missed_punch_asked") == 2
    assert kinds.count("checkin.approved") == 2
    assert kinds.count("checkin.correction_written") == 2
    assert rows(theatre, failed) == []
    seen = [(row["platform"], row["event_id"]) for row in rows(theatre, inbox)]
    assert len(seen) == len(set(seen))
    # Totals reconcile: what is on the phones is what we say we sent, to the last message, repeats after kills included.
    # A word whose answer was lost with a process may still be on its way here: they agree once everything is at rest.
    until("the phones and the outbox agree", lambda: reconciled(theatre))
    assert {row["state"] for row in rows(theatre, outbox)} <= {"sent", "stopped"}
    corrected = [
        punch for person in theatre.control("people") for punch in person["punches"] if punch["source"] == "correction"
    ]
    assert len(corrected) == 2
    for user, _boss in people:
        titles = [bubble["card"]["title"] for bubble in theatre.phone(user).bubbles() if bubble["kind"] == "card"]
        assert len([title for title in titles if "一切还好吗" in title]) <= 1


@pytest.mark.parametrize(("user", "boss"), [("zhangsan", "li"), ("zhou", "sun")])
def test_the_words_arrive_before_the_click_that_came_first(theatre: Stage, user: str, boss: str) -> None:
    theatre.move_to(f"{DAY}T09:16:30")
    theatre.phone(user).wait("一切还好吗", button="忘打卡")
    theatre.control("faults", {"kind": "reorder_callbacks", "times": 1})
    theatre.phone(user).click("一切还好吗", "忘打卡")
    theatre.phone(user).say("忘打卡了，9:02 到的")
    theatre.phone(boss).click("申请补卡", "同意")
    theatre.phone(user).wait("补卡已完成")
    theatre.settle()
    kinds = [row["type"] for row in rows(theatre, ev_event)]
    assert kinds.count("checkin.approval_requested") == 1
    assert rows(theatre, failed) == []


def test_the_exported_case_verifies_in_a_process_of_its_own(theatre: Stage, tmp_path: Path) -> None:
    theatre.move_to(f"{DAY}T09:16:30")
    theatre.phone("zhou").click("一切还好吗", "在路上")
    theatre.phone("zhou").wait("已记下")
    theatre.settle()
    file = tmp_path / "case.zip"
    command = [sys.executable, "-m", "bot.cli", "evidence"]
    environment = dict(theatre.environment)
    export = [*command, "export", "--case", "all", "--out", str(file)]
    made = subprocess.run(export, env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    checked = subprocess.run([*command, "verify", str(file)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    assert verify(file).ok


def test_a_dead_redis_costs_nothing_but_time(theatre: Stage) -> None:
    theatre.move_to(f"{DAY}T09:16:30")
    theatre.phone("zhangsan").wait("一切还好吗", button="在路上")
    redis = theatre.fleet.children["redis"]
    redis.kill()
    redis.wait(5)
    theatre.phone("zhangsan").click("一切还好吗", "在路上")  # committed by the web process without Redis
    answered = [row for row in rows(theatre, inbox) if row["action"] == "missed_punch.on_my_way"]
    assert len(answered) == 1
    theatre.fleet.redis(Path(theatre.environment["REDIS_URL"].removeprefix("unix://")))
    for name in ("worker", "scheduler"):
        kill(theatre, name)
    theatre.phone("zhangsan").wait("已记下")


def test_sqlite_is_what_the_default_says(tmp_path: Path) -> None:
    with stage(tmp_path) as everything:
        everything.open()
        path = everything.environment["DATABASE_URL"].removeprefix("sqlite:///")
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_dingtalk_by_http_callbacks_does_the_same_as_by_stream(tmp_path: Path) -> None:
    with stage(tmp_path, overrides={"DINGTALK_MODE": "http"}) as everything:
        everything.morning()
        everything.open()
        everything.move_to(f"{DAY}T09:16:30")
        zhou, sun = everything.phone("zhou"), everything.phone("sun")
        zhou.click("一切还好吗", "忘打卡")
        zhou.wait("你是几点到的")
        zhou.say("9:02")
        sun.click("申请补卡", "驳回")
        sun.wait("请直接回复驳回原因")
        sun.say("那天你十点才到，监控里有")
        zhou.wait("那天你十点才到，监控里有")
        everything.settle()
        wire = everything.control("wire")
        assert any("/callbacks/dingtalk/cards" in str(entry) for entry in wire)
        assert any("/callbacks/dingtalk/robot" in str(entry) for entry in wire)
        assert rows(everything, failed) == []


def test_killing_the_supervisor_leaves_nothing_behind_and_nothing_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot.cli", "run", "--port", str(free_port()), "--var", str(tmp_path / "run")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    until("huizhi run says where it is", lambda: "is running" in str(process.stdout and process.stdout.readline()))
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert len(children) == 6  # Redis, sandbox, worker, scheduler, stream, web
    process.kill()
    process.communicate()
    until("all children are gone", lambda: not any(_alive(pid) for pid in children))
    engine = create_engine(f"sqlite:///{tmp_path}/run/huizhi.db")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    engine.dispose()


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_crowd_is_answered_once_each_while_web_and_worker_die(theatre: Stage) -> None:
    theatre.move_to(f"{DAY}T08:00:00")
    said = [(user, f"今天的安排是什么？{number}") for number in range(60) for user in ("zhangsan", "zhou")]

    def say(each: tuple[str, str]) -> int:
        return int(theatre.control("say", {"user": each[0], "text": each[1]}).get("status") or 0)

    known = {"zhangsan", "zhou"}  # whoever writes before the directory was read is a stranger, and gets no answer
    until("both are known", lambda: known <= {row["user_id"] for row in rows(theatre, person)})
    with ThreadPoolExecutor(24) as crowd:
        first = list(crowd.map(say, said[:40]))
        dying = [crowd.submit(say, each) for each in said[40:80]]
        for name in ("web", "worker"):
            kill(theatre, name)
        until("web came back", lambda: say(("zhangsan", "在吗")) == 200)
        last = list(crowd.map(say, said[80:]))
    acknowledged = sum(status == 200 for status in (*first, *(each.result() for each in dying), *last))

    def heard() -> int:
        return sum(row["action"] == "chat.text" for row in rows(theatre, inbox))

    def replies() -> list[dict[str, object]]:
        return [row for row in rows(theatre, outbox) if row["kind"] == "send" and "没有看懂" in str(row["body"])]

    # The platforms repeat what they were not thanked for, so a few may still be on their way here.
    until("everything was answered", lambda: {row["state"] for row in rows(theatre, inbox)} == {"done"})
    until("each has one reply", lambda: len(replies()) == heard() >= acknowledged)
    theatre.settle()
    assert {row["state"] for row in replies()} == {"sent"}
    assert len(replies()) == heard()
    assert rows(theatre, failed) == []
