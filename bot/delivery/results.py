"""Results written back, many in one transaction: rows, evidence, and whoever wants to know, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot.app import App
from bot.context import Context
from bot.delivery import alarms, claim, crowds, custody, outbox, untold
from bot.delivery.moves import Result
from bot.delivery.outbox import Row
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.vault import vault_of
from bot.router import Carried, routes
from bot.store import new_ref
from bot.tables import outbox as table, person

log = structlog.get_logger("huizhi.deliver")
_TOLD = ("send", "channel", crowds.KIND)
_ITS = table.c.id == sa.bindparam("its")
_FINISH = sa.update(table).where(_ITS).values(
    state=sa.bindparam("new"), lease=None, error=sa.bindparam("note"), sent_at=sa.bindparam("at"),
    message_id=sa.bindparam("vendor"),
    # A click may have brought its own code before this write: both are kept.
    update_token=sa.func.trim(table.c.update_token + sa.bindparam("code")),
)  # fmt: skip
_LATER = sa.update(table).where(_ITS).values(
    state=sa.bindparam("new"), lease=None, error=sa.bindparam("note"), due=sa.bindparam("at"),
    attempts=table.c.attempts - sa.bindparam("uncounted"),
)  # fmt: skip


def write(app: App, results: Sequence[Result]) -> int:
    """Write what came of these rows; how many are settled now. When the shared transaction fails, each gets its own,
    and a hook that fails even then leaves the result written and itself among the failed events (`huizhi replay`)."""
    if not results:
        return 0
    try:
        return _together(app, results, tell=True)
    except Exception as error:  # noqa: BLE001 - what was sent must be written whatever one hook or one row does
        log.warning("results.apart", count=len(results), error=type(error).__name__)
    return sum(_alone(app, each) for each in results)


def _alone(app: App, result: Result) -> int:
    try:
        return _together(app, [result], tell=True)
    except Exception as error:  # noqa: BLE001 - see write
        log.error("carried.failed", row=result.row.id, matter=result.row.matter, error=type(error).__name__)
        return _together(app, [result], tell=False)


def _together(app: App, results: Sequence[Result], *, tell: bool) -> int:
    with app.context() as ctx:
        ours = _still_ours(ctx.db, results)
        results = _unless_cancelled(ctx.db, [each for each in results if each.row.id in ours])
        done = [each for each in results if each.state != "later"]
        _rows(ctx, results)
        _evidence(ctx, done)
        alarms.tell(ctx, results)
        custody.enrol(
            ctx, app.platforms, [(each.row, each.message_id, each.at) for each in done if each.state == "sent"]
        )
        for each in done:
            carrier = routes.carrier(each.row.matter) if each.row.kind in _TOLD else None
            if carrier and tell:
                carrier(ctx, each.row, carried_of(each))
            elif carrier:
                untold.keep(ctx, each.row, carried_of(each))
    return len(done)


def _still_ours(connection: Connection, results: Sequence[Result]) -> set[str]:
    """Ids of rows nobody else has taken meanwhile: a lease that ran out makes the other one's result the row's."""
    mine = {each.row.id: each.row.attempts for each in results}
    columns = (table.c.id, table.c.attempts)
    rows = sa.select(*columns).where(table.c.id.in_(sorted(mine)), table.c.state == "sending").order_by(table.c.id)
    ours = {row.id for row in connection.execute(rows.with_for_update()) if row.attempts == mine[row.id]}
    for lost in sorted(mine.keys() - ours):
        log.warning("delivery.overtaken", row=lost)
    return ours


def _unless_cancelled(connection: Connection, results: Sequence[Result]) -> list[Result]:
    again = [each for each in results if each.state == "later"]
    if again:
        claim.lock(connection)  # no pause half-way through
    found = claim.paused(connection, (each.row.matter for each in again))
    stop = {each.row.id for each in again if found.get(each.row.matter) == "cancelled"}
    return [
        Result(each.row, "stopped", "cancelled", code="cancelled") if each.row.id in stop else each for each in results
    ]


def _rows(ctx: Context, results: Sequence[Result]) -> None:
    finished: list[dict[str, Any]] = []
    later: list[dict[str, Any]] = []
    for each in results:
        common = {"its": each.row.id, "note": each.note[:300] or None}
        if each.state == "later":
            uncounted = 0 if each.counted else 1
            later.append(common | {"new": "queued", "at": each.until or ctx.now, "uncounted": uncounted})
            continue
        sent = each.state == "sent"
        more = {"at": each.at, "vendor": each.message_id} if sent else {"at": None, "vendor": None}
        finished.append(common | more | {"new": each.state, "code": f" {each.token}" if each.token else ""})
        if each.spent:
            outbox.spend_token(ctx.db, each.row.of or "", each.spent)
    if finished:
        ctx.db.execute(_FINISH, finished)
    if later:
        ctx.db.execute(_LATER, later)
        crowds.hold_again(ctx.db, [each["its"] for each in later])


def _evidence(ctx: Context, results: Sequence[Result]) -> None:
    """One event per row that says something, in one go; a crowd's are its feature's own."""
    telling = [each for each in results if each.type and each.row.kind != crowds.KIND]
    telling = [each for each in telling if each.row.matter not in ("system", "chat")]
    if not telling:
        return
    refs = _refs(ctx.db, [each.row for each in telling])
    drafts = [
        Draft(
            f"evt_{new_ref()}", each.type, each.at, ctx.now, "p:system",
            refs.get(each.row.person_id or "", "p:none"), each.row.matter,
            [Part(name, "text/plain; charset=utf-8", body.encode()) for name, body in sorted(each.parts.items())],
            _source(each.row),
        )
        for each in telling
    ]  # fmt: skip
    append_many(ctx.db, ctx.keys, drafts, vault=vault_of(ctx.keys.key_dir))


def _source(row: Row) -> dict[str, str]:
    return {"ch": row.platform, "attempt": str(row.attempts), "ambiguous": str(row.ambiguous).lower()}


def _refs(connection: Connection, rows: Sequence[Row]) -> Mapping[str, str]:
    ids = sorted({row.person_id for row in rows if row.person_id})
    found = connection.execute(sa.select(person.c.id, person.c.ref).where(person.c.id.in_(ids))) if ids else ()
    return {row.id: row.ref for row in found}


def carried_of(result: Result) -> Carried:
    """A written result as the hooks see it."""
    state = "stopped" if result.state == "later" else result.state
    ambiguous = result.row.ambiguous
    return Carried(state, result.message_id, result.refused, result.raw, result.code, ambiguous, result.at)
