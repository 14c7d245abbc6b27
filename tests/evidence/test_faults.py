"""Things that go wrong by themselves: killed processes, a full disk, a clock set back, an authority away for a day."""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from adapters.timestamp.client import Stamper
from bot import db
from bot.db import begin
from bot.evidence import sidecar
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.package import export
from bot.evidence.selfaudit import examine
from bot.evidence.sequencer import sequence
from bot.evidence.stamping import stamp_due
from bot.evidence.tables import ev_event, ev_token
from bot.rehearsal import until
from tests.evidence import tsa
from tests.evidence.conftest import NOW, ORIGIN, Made, add
from tests.evidence.stamped_log import Log
from tests.evidence.test_verify_attacks import faults, packed, say

AUTHORITY = tsa.Authority

Action = Callable[[Engine, Keys], object]


def order(engine: Engine, keys: Keys) -> object:
    """What the worker does every second."""
    return sequence(engine, keys, NOW)


def killed(action: Action, step: str, made: Made) -> None:
    """Run `action` in a process that is killed before or after `module.name`."""
    made[0].dispose()  # no connection may be shared with the child
    when, _, place = step.partition(" ")
    module, _, name = place.partition(".")
    target = importlib.import_module(f"bot.evidence.{module}")
    pid = os.fork()
    if pid == 0:
        try:
            dying(target, name, after=when == "after")
            action(db.create_engine(made[1]), load_or_create(FOLDERS[made[1]], ORIGIN))
        finally:
            os._exit(3)  # it lived: the step was never reached
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL, step


FOLDERS: dict[str, Path] = {}


def dying(target: ModuleType, name: str, *, after: bool) -> None:
    real = getattr(target, name)

    def die(*given: object, **more: object) -> None:
        if after:
            real(*given, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(target, name, die)


SEQUENCING = [
    f"{when} sequencer.{name}"
    for name in ("_trusted_head", "pending_of", "_place", "head_at", "_sign", "_begin_epoch", "extend")
    for when in ("before", "after")
] + ["before sidecar.save", "after sidecar.save"]


@pytest.fixture
def three(made: Made, keys: Keys) -> Made:
    FOLDERS[made[1]] = keys.key_dir
    with begin(made[0]) as conn:
        for number in range(3):
            add(conn, keys, number)
    return made


@pytest.mark.parametrize("made", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", SEQUENCING)
def test_killed_between_any_two_steps_of_sequencing(three: Made, keys: Keys, step: str) -> None:
    killed(order, step, three)
    after_the_kill(three[0], keys)


@pytest.mark.parametrize("made", ["postgresql"], indirect=True)
@pytest.mark.parametrize("step", ["before sequencer._sign", "after sequencer.extend", "before sidecar.save"])
def test_killed_while_sequencing_on_postgresql(three: Made, keys: Keys, step: str) -> None:
    killed(order, step, three)
    after_the_kill(three[0], keys)


def after_the_kill(engine: Engine, keys: Keys) -> None:
    """Nothing half done is visible; the next run goes on, and nothing is placed twice."""
    with engine.connect() as conn:
        placed = conn.execute(sa.select(ev_event.c.log_index).order_by(ev_event.c.n)).scalars().all()
    assert list(placed) in ([None] * 3, [0, 1, 2])
    with begin(engine) as conn:
        add(conn, keys, 9)
    done = sequence(engine, keys, NOW)
    assert done and done.size == 4
    assert examine(engine).ok and sidecar.path_of(keys).read_text() == done.note


STAMPING = [
    f"{when} stamping.{name}"
    for name in ("_claim", "_attempt", "make_request", "read_response", "_insert_new", "_record", "_stamped")
    for when in ("before", "after")
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tsa.Authority]:
    with tsa.authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.mark.parametrize("made", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", STAMPING)
def test_killed_between_any_two_steps_of_stamping(three: Made, keys: Keys, authority: AUTHORITY, step: str) -> None:
    """What was claimed is free again after its lease; one token in the end, and one event about it."""
    engine, roots = three[0], authority.roots_path.read_bytes()
    sequence(engine, keys, NOW)
    stampers = [Stamper("tsa1", authority.url)]
    killed(lambda engine, keys: stamp_due(engine, keys, stampers, roots, NOW), step, three)
    stamp_due(engine, keys, stampers, roots, NOW + timedelta(seconds=61))
    with engine.connect() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(ev_token)).scalar() == 1
        types = conn.execute(sa.select(ev_event.c.type).where(ev_event.c.type.like("anchor.%"))).scalars().all()
    assert list(types) == ["anchor.stamped"]
    sequence(engine, keys, NOW)
    assert examine(engine).ok


@pytest.mark.parametrize("made", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "name", ["choose", "add_events", "add_proofs", "add_tokens", "_signed", "_packed", "canonical_zip"]
)
def test_killed_between_any_two_steps_of_an_export(three: Made, keys: Keys, tmp_path: Path, name: str) -> None:
    """There is no file, or a whole one; the export itself changed nothing."""
    sequence(three[0], keys, NOW)
    out = tmp_path / "case.zip"

    def hand_over(engine: Engine, keys: Keys) -> object:
        return export(engine.connect(), keys, ["ntc_1"], out, now=NOW)

    killed(hand_over, f"after package.{name}", three)
    assert not out.exists()
    assert packed(three[0], keys, tmp_path, ["ntc_1"]).ok and examine(three[0]).ok


def test_two_sequencers_and_a_killer(made: Made, keys: Keys) -> None:
    """Two at once, one of them killed again and again; dense places and one line of checkpoints."""
    command = [sys.executable, "-m", "tests.evidence.worker", "order", made[1], str(keys.key_dir), "7"]
    chance, engine = random.Random(5), made[0]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for each in running:
        assert each.stdout and each.stdout.readline() == "ready\n"
    for batch in range(3):
        with begin(engine) as conn:
            for number in range(20):
                add(conn, keys, batch * 20 + number, f"ntc_{number % 3}")
        victim = chance.randrange(2)
        running[victim].kill()
        running[victim].communicate()
        running[victim] = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    until("everything has its place", lambda: not waiting(engine), 20)
    for each in running:
        each.kill()
        each.communicate()
    report = examine(engine)
    assert report.ok and (report.events, report.pending) == (60, 0)


def waiting(engine: Engine) -> int:
    with engine.connect() as conn:
        return int(conn.execute(sa.select(sa.func.count()).where(ev_event.c.log_index.is_(None))).scalar_one())


FULL = """
import resource, signal, sys
from bot.db import begin, create_engine
from bot.evidence.keys import load_or_create
from bot.evidence.sequencer import sequence
from tests.evidence.conftest import NOW, ORIGIN, add
engine, keys = create_engine(sys.argv[1]), load_or_create(sys.argv[2], ORIGIN)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
done = 0
try:
    for number in range(100, 5000):
        with begin(engine) as conn:
            for each in range(10):
                add(conn, keys, number * 10 + each, f"ntc_{each}")
        done += 10
        sequence(engine, keys, NOW)
except Exception as error:
    print(done, type(error).__name__, str(error).splitlines()[0])
"""


@pytest.mark.parametrize("made", ["sqlite"], indirect=True)
def test_a_full_disk_leaves_nothing_half_written(three: Made, keys: Keys, tmp_path: Path) -> None:
    """Files may not grow any more: what was said to be written is, the rest is not, and it goes on with room."""
    engine, url = three
    sequence(engine, keys, NOW)
    size = (tmp_path / "log.db").stat().st_size
    command = [sys.executable, "-c", FULL, url, str(keys.key_dir), str(max(size, 300_000) + 400_000)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    done, kind, words = said.split(" ", 2)
    assert kind == "OperationalError" and ("full" in words or "disk I/O error" in words), said
    with engine.connect() as conn:
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        stored = conn.execute(sa.select(sa.func.count()).select_from(ev_event)).scalar_one()
    assert 3 + int(done) <= stored <= 13 + int(done) and stored % 10 == 3
    with begin(engine) as conn:
        add(conn, keys, 9)
    while sequence(engine, keys, NOW):
        continue
    report = examine(engine)
    assert report.ok and (report.events, report.pending) == (stored + 1, 0)


PACKING = """
import resource, signal, sys
from pathlib import Path
from bot.db import create_engine
from bot.evidence.keys import load_or_create
from bot.evidence.package import export
from tests.evidence.conftest import NOW, ORIGIN
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
engine, keys = create_engine(sys.argv[1]), load_or_create(sys.argv[2], ORIGIN)
export(engine.connect(), keys, ["ntc_1"], Path(sys.argv[3]), now=NOW)
"""


def test_a_full_disk_while_a_package_is_written(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """The error says so, and no half package is left that could be handed over."""
    with begin(lite) as conn:
        for number in range(40):
            add(conn, keys, number)
    sequence(lite, keys, NOW)
    with lite.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    out, url = tmp_path / "out" / "case.zip", lite.url.render_as_string(hide_password=False)
    out.parent.mkdir()
    command = [sys.executable, "-c", PACKING, url, str(keys.key_dir), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "File too large" in done.stderr, done.stderr
    assert list(out.parent.iterdir()) == []


def test_clock_set_back(engine: Engine, keys: Keys, tmp_path: Path) -> None:
    """Nothing stops; the order of the log shows what the clock did."""
    say(engine, keys, "notice.created", "ntc_1", NOW)
    sequence(engine, keys, NOW)
    back = NOW - timedelta(hours=3)
    say(engine, keys, "notice.accepted", "ntc_1", back)
    done = sequence(engine, keys, back)
    assert done and done.size == 2 and examine(engine).ok
    report = packed(engine, keys, tmp_path, ["ntc_1"], now=NOW)
    assert "evt_ntc_1_notice.accepted_1 events/000002.json 所称时间早于" in faults(report)
    say(engine, keys, "notice.delivered", "ntc_1", NOW + timedelta(seconds=1))
    assert sequence(engine, keys, NOW + timedelta(seconds=1))


def test_authority_down_for_a_day(engine: Engine, keys: Keys, tmp_path: Path) -> None:
    """Recorded once an hour, retried without hurry, closed by the first token afterwards; the report says how wide."""
    with tsa.authority(tmp_path / "tsa") as running:
        roots, begun = running.roots_path.read_bytes(), datetime.now(UTC) - timedelta(hours=25)
        log = Log(engine, keys, [Stamper("tsa1", running.url)], roots)
        running.faults.mode = "down"
        for hour in range(25):
            log.happen("notice.refused" if hour == 1 else "notice.created", begun + timedelta(hours=hour))
            log.run(begun + timedelta(hours=hour))
        assert log.tokens() == [] and log.types().count("anchor.tsa_failed") == 25
        running.faults.mode = ""
        log.run(datetime.now(UTC))
    assert len(log.tokens()) == 1 and "anchor.tsa_recovered" in log.types()
    report = packed(engine, keys, tmp_path, ["ntc_1"], roots=roots, now=datetime.now(UTC))
    assert report.ok and {each.verdict for each in report.verdicts} == {"wide", "proven"}
    refused = next(each for each in report.verdicts if each.type == "notice.refused")
    assert refused.until and any("应在 10 分钟内" in reason.zh for reason in refused.reasons)
