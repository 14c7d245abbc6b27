from __future__ import annotations

import functools
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import structlog

from bot import clock, embedded
from bot.app import App
from bot.db import create_engine
from bot.evidence.keys import load_or_create
from bot.store import RedisStore
from config.settings import Settings, load, sandbox_env
from tests import databases as dbs
from tests.databases import Databases
from tests.world import FakePlatform, Firm

MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30


def pytest_configure() -> None:
    """Databases and all other files of tests lie in memory where there is room: a disk costs more than the tests do.

    Not on a mount that refuses to run programs, since some tests build one.
    """
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK | os.X_OK):
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC:
            os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    # Or every process a test starts would compile the product again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@functools.cache
def firm_settings() -> Settings:
    """The same for every firm."""
    return load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_SENDERS": "1"})  # one after the other


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command run inside a test configures logging for its process; the next test starts without that."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def redis_socket() -> Iterator[Path]:
    """A real Redis for the whole run; the socket's path must stay under 108 bytes."""
    socket = Path(f"/tmp/huizhi-test-{uuid.uuid4().hex[:8]}/r.sock")
    process = embedded.start(socket)
    yield socket
    process.terminate()
    process.wait(5)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL without root; the URL of its maintenance database.

    Not below pytest's own folder: that one is closed to the unprivileged user PostgreSQL runs as.
    """
    folder = tempfile.mkdtemp(prefix="huizhi-pg-")
    server = dbs.start(folder)
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def all_databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The templates of the run."""
    made = Databases(tmp_path_factory.mktemp("databases"), lambda: request.getfixturevalue("postgres_server"))
    yield made
    made.close()


@pytest.fixture
def databases(all_databases: Databases) -> Iterator[Databases]:
    """Where a test gets its databases; they are gone afterwards."""
    yield all_databases
    all_databases.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> str:
    """A fresh database of each kind, with the schema and nothing in it."""
    return databases.sqlite(tmp_path / "huizhi.db") if request.param == "sqlite" else databases.postgresql()


@pytest.fixture
def firm(database_url: str, tmp_path: Path, redis_socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    """The core with a fake platform on a real database; `firm.now` is the clock."""
    client = redis.Redis(unix_socket_path=str(redis_socket))
    client.flushall()
    platform = FakePlatform()
    keys = load_or_create(tmp_path / "keys", "test.example/hr-log/1")
    app = App(firm_settings(), create_engine(database_url), client, RedisStore(client), keys, {"fake": platform})
    world = Firm(app, platform)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    yield world
    app.engine.dispose()
    client.close()
