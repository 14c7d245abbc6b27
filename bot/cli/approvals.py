"""`huizhi approvals`: who would be asked, and is the data sound. Exit codes: 0 fine, 1 a finding, 2 wrong use."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import click

from bot.cli.app import application, settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.approvals import Step, Version
    from bot.people import Person


@click.group()
def approvals() -> None:
    """Chains of approval: HUIZHI_APPROVALS names the firm's own file, else the shipped one counts."""


@approvals.command("check")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True)
def check(file: str | None, as_json: bool) -> None:
    """Is the data sound: roles, conditions, empty chains, circles? FILE instead of the one in force. Exit 1 if not."""
    from bot.approvals import problems
    from bot.approvals.data import text
    from bot.errors import Misconfigured

    try:
        found = problems(text(file or settings().approvals))
    except Misconfigured as error:
        found = [str(error)]
    said = "\n".join(f"✗ {each}" for each in found) or "✓ 审批链没有问题 / the chains are sound"
    click.echo(json.dumps({"problems": found}, ensure_ascii=False) if as_json else said)
    raise SystemExit(1 if found else 0)


@approvals.command("simulate")
@click.option("--kind", required=True, help="A chain of the data: correction, leave, field, …")
@click.option("--person", "name", required=True, metavar="PLATFORM:USERID")
@click.option("--day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The local day it is about.")
@click.option("--fact", "facts", multiple=True, metavar="NAME=NUMBER", help="count, days, clashes; count is looked up.")
@click.option("--json", "as_json", is_flag=True)
def simulate(kind: str, name: str, day: datetime, facts: tuple[str, ...], as_json: bool) -> None:
    """Who would be asked in which order and why, if the person asked at noon of that day. Changes nothing."""
    from bot.approvals.data import use
    from bot.errors import Misconfigured
    from bot.people import People

    app = application()
    try:
        use(app.settings.approvals)
    except Misconfigured as error:
        raise click.ClickException(str(error)) from error
    with app.engine.connect() as connection:
        platform, _, user_id = name.partition(":")
        person = People(connection).find(platform, user_id)
        if person is None:
            raise click.ClickException(f"没有这个人：{name}。请写 平台:账号 / no such person; write platform:userid.")
        result = _simulated(connection, kind, person, day.date(), facts)
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _told(result))


def _simulated(db: Connection, kind: str, person: Person, day: date, facts: tuple[str, ...]) -> dict[str, Any]:
    from bot.approvals import plain, plan
    from bot.approvals.data import version_at

    noon = datetime.combine(day, time(12), ZoneInfo(person.zone)).astimezone(UTC)
    version = version_at(noon, person.zone)
    if kind not in version.chains:
        raise click.UsageError(f"no chain {kind!r}; known: {', '.join(version.chains)}")
    chain, given = version.chains[kind], _facts(db, kind, person, day, facts)
    return {
        "kind": kind,
        "person": person.name,
        "day": day.isoformat(),
        "version": version.number,
        "facts": given,
        "limit": chain.limit,
        "bulk": plain(chain, given),
        "steps": _steps(db, person, version, plan(chain, given), noon),
    }


def _facts(db: Connection, kind: str, person: Person, day: date, given: tuple[str, ...]) -> dict[str, float]:
    from bot.approvals import FACTS
    from bot.approvals.rows import history

    known = [each for each in history(db, person.id, kind, day) if each.state in ("open", "approved")]
    found: dict[str, float] = {"count": len(known) + 1, "days": 1, "clashes": 0}
    for each in given:
        name, _, number = each.partition("=")
        if name not in FACTS or not number.replace(".", "", 1).isdigit():
            raise click.UsageError(f"--fact {each}: write one of {', '.join(FACTS)} as NAME=NUMBER")
        found[name] = float(number)
    return found


def _steps(
    db: Connection, person: Person, version: Version, steps: tuple[Step, ...], at: datetime
) -> list[dict[str, Any]]:
    """Each step with who answers first; whoever is alone in a step is taken to have answered it."""
    from bot.approvals.cards import on_behalf, why
    from bot.approvals.org import org_of
    from bot.approvals.who import choose
    from bot.people import People

    people, org, before, rows = People(db), org_of(db, person.id, at), set[str](), list[dict[str, Any]]()

    def name_of(person_id: str) -> str:
        found = people.get(person_id)
        return found.name if found else ""

    for step in steps:
        picked = choose(org, person.id, step.who, before)
        same = not picked.seats and bool(choose(org, person.id, step.who).seats)
        after, role = list[str](), picked.role
        while role in version.escalate:
            role = cast(Any, version.escalate[role])
            after.append(role)
        rows.append(
            {
                "role": step.who,
                "asked": [on_behalf(name_of(seat.person), name_of(seat.behalf)) for seat in picked.seats],
                "because": step.why[0],
                "how": [why(what, name_of(about)) for what, about in picked.why],
                "then": after,
                "skipped": same,
            }
        )
        before |= {seat.person for seat in picked.seats} if len(picked.seats) == 1 else set()
    return rows


def _told(result: dict[str, Any]) -> str:
    facts = ", ".join(f"{name}={number:g}" for name, number in result["facts"].items())
    limit = f"，每月 {result['limit']} 次" if result["limit"] else ""
    lines = [f"{result['person']} · {result['kind']} · {result['day']} · 版本 v{result['version']} · {facts}{limit}"]
    for no, step in enumerate(result["steps"], 1):
        who = "已由同一人决定，跳过" if step["skipped"] else "、".join(step["asked"]) or "HR 待办（现在没有人）"
        lines.append(f"{no}. {who}（{step['role']}：{step['because']}）")
        lines += [f"   · {each}" for each in step["how"]]
        if step["then"]:
            lines.append(f"   · 无人答复时：{' → '.join(step['then'])}")
    return "\n".join(lines)


commands = (approvals,)
