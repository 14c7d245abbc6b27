"""First and last working days: from the platform where it says so, else from a file the firm imports.

WeCom's directory names neither (docs: user/get 90196; the fields of its roster are each firm's own), so there the file
is the only source. DingTalk is asked only about people who are missing and whom nobody was asked about yet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from bot.errors import BotError, PlatformError
from bot.people import Person
from bot.ports import Platform
from bot.ports.tenure import Tenures
from bot.tables import person as person_table
from handlers.missed_punch.ladder import reach

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.missed_punch")
AGAIN = 12 * 3600.0
"""Seconds after which somebody is looked up again."""
HEADER = ("person", "joined_on", "leaving_on")


class BadFile(BotError):
    """Nothing was changed; one line per row that is wrong."""


@dataclass(slots=True)
class Loaded:
    """`changed` people; `rows` that were read."""

    rows: int = 0
    changed: list[str] = field(default_factory=list)


def learn(app: App, platform: Platform, people: Sequence[Person]) -> None:
    """Ask the platform about these people, outside any transaction; a failure only means that nothing is learnt."""
    if not isinstance(platform, Tenures):
        return
    fresh = [each for each in people if app.store.get(_key(each)) is None]
    if not fresh:
        return
    try:
        found = platform.tenures([each.user_id for each in fresh])
    except PlatformError as error:
        log.warning("tenure.unknown", code=error.code, alarm=error.alarm)
        return
    ids = {each.user_id: each.id for each in fresh}
    with app.context() as ctx:
        for row in found:
            said = {"joined_on": row.joined_on, "leaving_on": row.leaving_on}
            if row.user_id in ids and (values := {name: day for name, day in said.items() if day}):
                reach.keep(ctx.db, ids[row.user_id], **values)
    for each in fresh:
        app.store.set(_key(each), "1", AGAIN)


def load_file(app: App, data: bytes, platform: str = "", *, dry_run: bool = False) -> Loaded:
    """CSV with person,joined_on,leaving_on (ISO days; an empty cell clears). All of it or, with BadFile, none.

    `person` is a user id of `platform`, or of any when that is empty.
    """
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"不是 UTF-8 的 CSV / not CSV in UTF-8: {type(error).__name__}") from None
    if not lines or tuple(cell.strip().lower() for cell in lines[0]) != HEADER:
        raise BadFile(f"第一行应为 / the first line must be: {','.join(HEADER)}")
    found, problems = Loaded(), list[str]()
    with app.context() as ctx:
        known = _known(ctx.db, platform)
        for number, person_id, values in _rows(lines[1:], known, problems):
            found.rows += 1
            kept = reach.contact_of(ctx.db, person_id)
            if any(getattr(kept, name) != day for name, day in values.items()):
                found.changed.append(f"{number}:{person_id}")
                if not dry_run and not problems:
                    reach.keep(ctx.db, person_id, **values)
        if problems:
            raise BadFile("\n".join(problems))
        if found.changed and not dry_run:
            ctx.record("attendance.finding", "mp-tenure", source={"kind": "tenure", "changed": str(len(found.changed))})
    return found


def _known(db: sa.Connection, platform: str) -> dict[str, list[str]]:
    where = person_table.c.platform == platform if platform else sa.true()
    found: dict[str, list[str]] = {}
    for row in db.execute(sa.select(person_table.c.user_id, person_table.c.id).where(where)):
        found.setdefault(row.user_id.casefold(), []).append(row.id)
    return found


def _rows(
    lines: Sequence[Sequence[str]], known: dict[str, list[str]], problems: list[str]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        ids = known.get(cells[0].strip().casefold(), [])
        if len(cells) != len(HEADER) or len(ids) != 1:
            what = "不认识 / nobody" if not ids else "有多人 / several people"
            problems.append(f"{number}: {what if len(cells) == len(HEADER) else '列数不对 / wrong number of columns'}")
            continue
        try:
            joined, leaving = (date.fromisoformat(cell.strip()) if cell.strip() else None for cell in cells[1:])
        except ValueError:
            problems.append(f"{number}: 日期应为 / days look like 2026-06-11")
            continue
        if joined and leaving and leaving < joined:
            problems.append(f"{number}: 离职早于入职 / leaves before joining")
            continue
        yield number, ids[0], {"joined_on": joined, "leaving_on": leaving}


def _key(person: Person) -> str:
    return f"mp:tenure:{person.id}"
