"""`huizhi privacy`: what is kept and why, holds, erasure, who looked. Exit codes: 0 done, 1 refused or unknown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from bot.cli.app import application

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.people import Person

HOWS = ("id_in_person", "id_in_video", "known_mobile", "representative")
_JSON = click.option("--json", "as_json", is_flag=True)
_PERSON = click.argument("person", metavar="PERSON")
_BY = click.option("--by", "by", required=True, metavar="PERSON", help="Who is answerable: platform:userid or p:….")


@click.group()
def privacy() -> None:
    """Personal data. PERSON is platform:userid (wecom:zhang) or a pseudonym (p:…)."""


@privacy.command("register")
@_JSON
def register(as_json: bool) -> None:
    """The purpose register: kinds of records, purpose, legal ground, periods."""
    from bot.evidence.register import markdown, rows

    click.echo(json.dumps(rows(), ensure_ascii=False) if as_json else markdown(), nl=as_json)


@privacy.command("impact")
def impact() -> None:
    """The impact assessment of 个人信息保护法 art. 55 and 56, with this system's figures, for the firm to conclude."""
    from bot import clock
    from bot.evidence.assessment import markdown

    app = application()
    with app.engine.connect() as connection:
        click.echo(markdown(connection, app.keys.origin, clock.now()), nl=False)


@privacy.command("hold")
@_PERSON
@_BY
@click.option("--reason", required=True, help="Why; the person reads it. Not in the log.")
@_JSON
def hold(person: str, by: str, reason: str, as_json: bool) -> None:
    """Keep everything about a person while a dispute lasts."""
    from bot import clock, db
    from bot.evidence.erase import place_hold

    app = application()
    with db.begin(app.engine) as connection:
        subject, actor = _ref(connection, person), _ref(connection, by)
        placed = place_hold(connection, app.keys, subject=subject, reason=reason, by=actor, now=clock.now())
    _say({"hold": placed, "subject": subject}, f"已保全 held: {placed}", as_json)


@privacy.command("release")
@click.argument("hold_id")
@_BY
@_JSON
def release(hold_id: str, by: str, as_json: bool) -> None:
    """End a hold. Exit 1 when it is unknown or already released."""
    from bot import clock, db
    from bot.evidence.erase import release_hold

    app = application()
    with db.begin(app.engine) as connection:
        actor = _ref(connection, by)
        done = release_hold(connection, app.keys, hold_id=hold_id, by=actor, now=clock.now())
    words = "已解除保全 released" if done else "没有这条保全，或已解除。 No such hold, or already released."
    _say({"released": done}, words, as_json)
    raise SystemExit(0 if done else 1)


@privacy.command("erase")
@_PERSON
@_BY
@click.option("--request", "request_event", default="cli", help="Event id of the person's request.")
@click.confirmation_option(prompt="删除后无法恢复，继续吗？ This cannot be undone. Continue?")
@_JSON
def erase(person: str, by: str, request_event: str, as_json: bool) -> None:
    """Erase what the law does not require to keep. Exit 1 when something stays; it is said what and until when."""
    from bot import clock, db
    from bot.evidence.erase import erase_person
    from bot.evidence.scrub import scrub

    app = application()
    with db.begin(app.engine) as connection:
        subject, actor = _ref(connection, person), _ref(connection, by)
        found = erase_person(
            connection, app.keys, subject=subject, now=clock.now(), by=actor, request_event=request_event
        )
    scrub(app.engine)
    lines = [f"已删除 erased: {found.events} events, {found.parts} parts"]
    lines += [f"保留 kept {stay.kind or '*'}: {stay.why}，至 until {_day(stay.until)}" for stay in found.stays]
    stays = [{"kind": stay.kind, "why": stay.why, "until": _day(stay.until)} for stay in found.stays]
    body = {"done": found.done, "events": found.events, "parts": found.parts, "stays": stays}
    _say(body, "\n".join(lines), as_json)
    raise SystemExit(0 if found.done else 1)


@privacy.command("who-viewed")
@_PERSON
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650))
@_JSON
def who(person: str, days: int, as_json: bool) -> None:
    """Who saw or exported a person's data."""
    from bot import clock
    from bot.evidence.audit import who_viewed

    app = application()
    with app.engine.connect() as connection:
        views = who_viewed(connection, _ref(connection, person), clock.now() - timedelta(days=days))
    rows = [
        {"viewer": each.viewer, "at": each.at.isoformat(), "what": each.what, "exported": each.exported}
        for each in views
    ]
    lines = [
        f"{row['at']}  {row['viewer']}  {'导出 exported' if row['exported'] else '查看 viewed'}  {row['what']}"
        for row in rows
    ]
    _say(rows, "\n".join(lines) or "没有人查看过 nobody looked", as_json)


@privacy.command("leaver-link")
@_PERSON
@_BY
@click.option("--checked", default="", help="How you checked who they are: " + " | ".join(HOWS) + ".")
@click.option("--way", default="hand", show_default=True, help="How the code reaches them: sms | mail | hand.")
@click.option("--note", default="", help="In your words; with a representative who that is. Recorded.")
@click.option("--revoke", is_flag=True, help="Only switch off the links that are open.")
@_JSON
def leaver_link(person: str, by: str, checked: str, way: str, note: str, revoke: bool, as_json: bool) -> None:
    """Open a link by which somebody who left sees their own record; it is shown once. Exit 1 when refused."""
    from bot import leaver
    from bot.errors import Refused
    from bot.web.leaver_desk import address, open_for

    app = application()
    with app.engine.connect() as connection:
        subject, actor = _known(connection, person), _known(connection, by)
    try:
        with app.context(actor) as ctx:
            if revoke:
                leaver.must_be_hr(ctx)
                ended = [each.id for each in leaver.of(ctx.db, subject) if leaver.revoke(ctx, subject, each.id)]
            else:
                opened = open_for(app, ctx, subject, leaver.Wish(checked, way, note))
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    if revoke:
        _say({"revoked": ended}, f"已停用 revoked: {len(ended)}", as_json)
        return
    body = {"link": address(app, opened.token), "code": opened.code, "until": opened.expires_at.isoformat()}
    handed = f"验证码 code: {opened.code}\n请用另一种方式转交。 Hand it over another way." if opened.code else ""
    _say(body, f"链接 link: {body['link']}\n有效期至 until: {body['until']}\n{handed}".rstrip(), as_json)


def _ref(connection: Connection, name: str) -> str:
    return _known(connection, name).ref


def _known(connection: Connection, name: str) -> Person:
    found = _find(connection, name)
    if found is None:
        raise click.ClickException(
            f"没有这个人：{name}。请写 平台:账号，例如 wecom:zhang。 No such person; write platform:userid."
        )
    return found


def _find(connection: Connection, name: str) -> Person | None:
    from bot.people import People
    from bot.tables import person

    if name.startswith("p:"):
        import sqlalchemy as sa

        return People(connection).get(connection.execute(sa.select(person.c.id).where(person.c.ref == name)).scalar())
    platform, _, user_id = name.partition(":")
    return People(connection).find(platform, user_id)


def _day(moment: object) -> str:
    return "open" if moment is None else str(moment)[:10]


def _say(body: object, words: str, as_json: bool) -> None:
    click.echo(json.dumps(body, ensure_ascii=False) if as_json else words)


commands = (privacy,)
