"""One message to many, and a card of their own to many, at a platform's ceiling.

    python -m bench.broadcast [shared people] [personal people] [ceiling a second]
    python -m bench.broadcast one KIND PEOPLE CEILING [PEOPLE A CALL] [SECONDS BETWEEN KILLS]

A loopback stand-in (bench.loopback) takes calls after a latency and refuses those above its ceiling. The worker is a
process of its own with the product's courier, on SQLite with WAL and synchronous=FULL and a real Redis; its calls go
through `requests`. `plain` is the theoretical minimum: for the shared text ceil(calls / senders) x latency or the
ceiling, whichever is longer; for personal cards people / ceiling. Printed beside: our CPU per recipient, rows, queue
jobs, calls refused by the ceiling, what an urgent message waited from its row's commit to the stand-in while the
broadcast ran, and peak memory of the worker at one and three times the recipients (in the memory columns). In the last
line a worker is killed with SIGKILL every few seconds and another one started: lost and unflagged doubles must be 0.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench.loopback import LATENCY, PER_CALL, URGENT, Loopback, Stand, standing
from bench.rounds import Row, apart, median
from bot import embedded, schema
from bot.app import App, build
from bot.card import Card
from bot.db import begin
from bot.delivery import crowds, outbox, pacing
from bot.delivery.deliver import Courier
from bot.delivery.outbox import Saying
from bot.people import People
from bot.tables import person
from bot.wire import dump_card
from config.settings import load

PROBES, PEEK = 0.5, 0.2
"""Seconds between urgent messages, and between looks at what is left."""


def application(url: str, per_call: int = PER_CALL) -> App:
    """The product's, with the stand-in for its platform."""
    app = build(load(os.environ))
    app.platforms = {"loopback": Loopback(url, per_call)}  # type: ignore[dict-item]
    return app


def ceilings(calls: float) -> pacing.Known:
    """The stand-in's, with the product's margin."""
    return lambda _: pacing.Ceilings(pacing.Rate(calls * 0.985, 1, 1 + calls * 0.1), 0.985)


def worker(url: str, calls: float, per_call: int) -> None:
    """A process: drain until nothing is left, then say what it cost."""
    app = application(url, per_call)
    before = resource.getrusage(resource.RUSAGE_SELF)
    courier = Courier(app, lambda _: None, ceilings=ceilings(calls))
    while not app.redis.exists("bench:end"):
        courier.drain()
        time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu": cpu, "peak": _peak()}), flush=True)


def _peak() -> float:
    """MB of this process alone: what the kernel calls maxrss is begun with the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


@dataclass(frozen=True, slots=True)
class Measured:
    """One broadcast; `peak` in MB and `cpu` in ms per recipient, both of the last worker; `urgent` in seconds; `lost`
    and `unflagged` in rows, `missing` in people."""

    seconds: float
    cpu: float
    peak: float
    rows: int
    refused: int
    urgent: tuple[float, ...]
    lost: int
    unflagged: int
    ambiguous: int
    kills: int
    jobs: int
    missing: int


def broadcast(kind: str, people: int, calls: float, kill_every: float = 0.0, per_call: int = PER_CALL) -> Measured:
    """One broadcast in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "HUIZHI_PLATFORMS": "wecom", "HUIZHI_ENVIRONMENT": "development", "HUIZHI_KEY_DIR": f"{folder}/keys",
            "DATABASE_URL": f"sqlite:///{folder}/bench.db", "REDIS_URL": "",
            "HUIZHI_REDIS_SOCKET": f"{folder}/redis.sock", "WECOM_CORP_ID": "wwbench0000000000", "WECOM_AGENT_ID": "1",
            "WECOM_SECRET": "s" * 43, "WECOM_TOKEN": "benchtoken", "WECOM_ENCODING_AES_KEY": "a" * 43,
        }  # fmt: skip
        os.environ |= environment
        schema.upgrade(environment["DATABASE_URL"])
        redis = embedded.start(Path(environment["HUIZHI_REDIS_SOCKET"]))
        try:
            stand = Stand(calls)
            with standing(stand) as url:
                app = application(url, per_call)
                _fill(app, kind, people)
                command = [sys.executable, "-m", "bench.broadcast", "worker", url, str(calls), str(per_call)]
                return _measured(kind, people, kill_every, _Scene(app, stand, command))
        finally:
            redis.terminate()
            redis.wait(15)


@dataclass(frozen=True, slots=True)
class _Scene:
    app: App
    stand: Stand
    command: list[str]


def _measured(kind: str, people: int, kill_every: float, scene: _Scene) -> Measured:
    app, stand, command = scene.app, scene.stand, scene.command
    running, kills = subprocess.Popen(command, stdout=subprocess.PIPE), 0
    born = probed = time.monotonic()
    while stand.once < people or _left(app):
        time.sleep(PEEK)
        if kill_every and time.monotonic() - born > kill_every:
            running.send_signal(signal.SIGKILL)
            running.communicate()
            running, born, kills = subprocess.Popen(command, stdout=subprocess.PIPE), time.monotonic(), kills + 1
        if kind == "personal" and stand.once < people and time.monotonic() - probed > PROBES:
            probed = time.monotonic()
            with app.context() as ctx:
                reader = ctx.people.find("loopback", "urgent")
                assert reader
                outbox.queue(ctx.db, ctx.now, "send", "loopback", reader, "chat", dump_card(_urgent()))
    jobs = sum(int(app.redis.llen(name)) for name in app.redis.keys("rq:queue:*"))
    app.redis.set("bench:end", "1")
    told = json.loads(running.communicate(timeout=60)[0].splitlines()[-1])
    with sqlite3.connect(app.settings.database_url.removeprefix("sqlite:///")) as store:
        rows = store.execute("SELECT id, state, ambiguous, matter FROM outbox").fetchall()
    store.close()
    twice = {key for key, count in stand.taken.items() if count > 1}
    flagged = {row[0] for row in rows if row[2]}
    lost = sum(row[1] != "sent" or not stand.taken[row[0]] for row in rows)
    cpu = 1000 * told.get("cpu", 0.0) / people
    seconds = stand.last - stand.first
    mine = sum(row[3] == "bench" for row in rows)
    missing = people + len(rows) - mine - stand.once
    return Measured(
        seconds, cpu, told.get("peak", 0.0), mine, stand.refused, tuple(stand.urgent), lost, len(twice - flagged),
        len(flagged), kills, jobs, missing,
    )  # fmt: skip


def _urgent() -> Card:
    return Card(f"{URGENT} {time.time()}", "请看")


def _left(app: App) -> bool:
    with app.engine.connect() as connection:
        counts = [crowds.progress(connection, matter) for matter in ("bench", "chat")]
    return any(each[state].rows for each in counts for state in ("queued", "sending"))


def _fill(app: App, kind: str, people: int) -> None:
    users = [*(f"u{number:06}" for number in range(people)), "urgent"]
    staff = [
        {"id": f"loopback:{user}", "ref": f"p:{user}", "name": user, "platform": "loopback", "user_id": user}
        for user in users
    ]
    with begin(app.engine) as connection:
        connection.execute(sa.insert(person), staff)
    with app.context() as ctx:
        everybody = [each for each in People(ctx.db).on("loopback") if each.user_id != "urgent"]
        if kind == "shared":
            members = [(each.id, each.user_id) for each in everybody]
            card = Card("通知", "明天停水")
            crowds.queue(ctx, app.platforms["loopback"], "shared", members, card, "bench")
        else:
            cards = (Saying(each, dump_card(Card("绩效确认", f"{each.name}：本月 92 分"))) for each in everybody)
            outbox.queue_many(ctx.db, ctx.now, "bench", cards)


def compare(shared: int = 100_000, personal: int = 20_000, calls: float = 166.0) -> list[Row]:
    """Three lines; AssertionError when a message was lost, doubled without a flag, or refused by the ceiling often."""
    text = [apart(broadcast, "shared", shared, calls) for _ in range(3)]
    more = apart(broadcast, "shared", 3 * shared, calls)
    number = -(-shared // PER_CALL)
    least = max(-(-number // 16) * LATENCY, (number - 1) / calls)
    seconds = median(each.seconds for each in text)
    note = f"{median(each.cpu for each in text):.3f} ms CPU and {text[0].rows / shared:.4f} rows each, {more.jobs} jobs"
    lines = [Row(f"text to {shared:,}", "s", seconds, least, text[0].peak, more.peak, f"{note}; peak at 1x / 3x")]
    own, third = apart(broadcast, "personal", personal, calls), apart(broadcast, "personal", personal // 3, calls)
    waits = sorted(own.urgent)
    note = f"{own.cpu:.2f} ms CPU each, {own.refused} refused, urgent p95 {1000 * waits[int(len(waits) * 0.95)]:.0f} ms"
    lines.append(
        Row(f"cards to {personal:,}", "s", own.seconds, personal / calls, third.peak, own.peak, f"{note}; 1x / 3x")
    )
    hit = apart(broadcast, "personal", personal // 3, calls, 10.0)
    note = f"{hit.kills} x kill -9, {hit.lost} lost, {hit.unflagged} doubled unflagged, {hit.ambiguous} flagged"
    lines.append(Row(f"cards to {personal // 3:,}, killed", "s", hit.seconds, personal / 3 / calls, 0, hit.peak, note))
    assert all(each.lost == each.unflagged == 0 for each in (*text, more, own, third, hit))
    return lines


def one(kind: str, people: int, calls: float, per_call: int = PER_CALL, kill_every: float = 0.0) -> str:
    """One broadcast, in words; AssertionError when somebody was lost or got it twice without a flag."""
    got = broadcast(kind, people, calls, kill_every, per_call)
    units = people if kind == "personal" else -(-people // per_call)
    waits = sorted(got.urgent) or [0.0]
    said = (
        f"{kind} to {people:,}, {units:,} calls at {calls:g}/s: {got.seconds:.1f} s"
        f" ({got.seconds / max((units - 1) / calls, LATENCY):.3f} of the ceiling's), CPU {got.cpu:.3f} ms a person,"
        f" {got.rows:,} rows, {got.jobs} jobs, {got.refused} refused, peak {got.peak:.0f} MB, urgent p95"
        f" {1000 * waits[int(len(waits) * 0.95)]:.0f} ms of {len(got.urgent)}; {got.kills} x kill -9,"
        f" {got.lost} rows lost, {got.missing} people missing, {got.unflagged} doubled unflagged,"
        f" {got.ambiguous} flagged"
    )
    assert got.lost == got.missing == got.unflagged == 0, said
    return said


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1:2] == ["one"]:
        rest = zip((int, float, int, float), sys.argv[3:], strict=False)
        print(one(sys.argv[2], *(kind(word) for kind, word in rest)))
    else:
        for line in compare(*(kind(word) for kind, word in zip((int, int, float), sys.argv[1:4], strict=False))):
            print(line)
