"""Alembic's entry: our engine, our metadata with every handler's tables."""

from __future__ import annotations

import importlib

from alembic import context

from bot import router
from bot.db import create_engine, metadata
from bot.schema import lock

importlib.import_module("bot.tables")
importlib.import_module("bot.evidence.tables")
router.discover("handlers", "tables")

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    lock(connection)
    context.configure(
        connection=connection, target_metadata=metadata, transactional_ddl=connection.dialect.name != "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("COMMIT")
    else:
        connection.commit()
engine.dispose()
