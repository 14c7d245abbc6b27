"""Schema: Alembic, run from code so that `huizhi db upgrade` needs no configuration file."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.db import create_engine

FOLDER = Path(__file__).parent / "migrations"


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> str:
    """Apply what is missing; returns the revision. Safe to repeat and to run from several processes."""
    command.upgrade(_config(url), "head")
    return state(url)[0] or ""


def state(url: str) -> tuple[str | None, str]:
    """(revision of the database or None, revision this code wants)."""
    wanted = ScriptDirectory.from_config(_config(url)).get_current_head() or ""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), wanted
    finally:
        engine.dispose()


def lock(connection: sa.Connection) -> None:
    """One migrator at a time on PostgreSQL; SQLite's writer lock does the same by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_lock(7310001)"))
