"""Fresh databases in no time: each kind is brought up to date once in a run and copied from then on."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pgserver
import sqlalchemy as sa

from bot.db import create_engine
from bot.schema import upgrade

_FULL = "template_full"
_HASTY = ("fsync", "full_page_writes", "synchronous_commit")
"""What keeps data through a loss of power. Tests kill our processes, never the machine below PostgreSQL."""


class Databases:
    """`server` is asked for when the first PostgreSQL database is wanted. Everything lies in `folder`."""

    def __init__(self, folder: Path, server: Callable[[], str]) -> None:
        self._folder, self._server = folder, server
        self._made: list[str] = []
        self._ready = False
        self._admin: sa.Engine | None = None

    def sqlite(self, file: Path, *, full: bool = True) -> str:
        """URL of `file`; `full`: with the schema and nothing in it, else not yet there."""
        if full:
            template = self._folder / "template.db"
            if not template.exists():
                upgrade(f"sqlite:///{template}")
            for each in self._folder.glob("template.db*"):
                shutil.copy(each, f"{file}{each.name.removeprefix('template.db')}")
        return f"sqlite:///{file}"

    def postgresql(self, *, full: bool = True) -> str:
        """URL of a new database; `full`: with the schema and nothing in it."""
        name = f"t{uuid.uuid4().hex[:12]}"
        if full and not self._ready:
            self._run(f"CREATE DATABASE {_FULL}")
            upgrade(self._url(_FULL))
            self._ready = True
        # Copying the files beats copying page by page through the log: the template is small.
        self._run(f"CREATE DATABASE {name}" + f" TEMPLATE {_FULL} STRATEGY FILE_COPY" * full)
        self._made.append(name)
        return self._url(name)

    def drop(self) -> None:
        """What was made on the server since the last call; whoever is still connected is cut off."""
        for name in self._made:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.clear()

    def close(self) -> None:
        """Let go of the server."""
        if self._admin:
            self._admin.dispose()

    def _url(self, name: str) -> str:
        return sa.make_url(self._server()).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        if self._admin is None:
            self._admin = create_engine(self._server()).execution_options(isolation_level="AUTOCOMMIT")
        with self._admin.connect() as connection:
            connection.execute(sa.text(statement))


def start(folder: str) -> Any:
    """A real PostgreSQL without root."""
    server = pgserver.get_server(folder, cleanup_mode="delete")
    admin = create_engine(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for each in _HASTY:
            connection.execute(sa.text(f"ALTER SYSTEM SET {each} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    admin.dispose()
    return server
