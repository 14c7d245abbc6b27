"""Erasure: what goes is gone down to the bytes, what the law keeps stays, and nobody else's proof is hurt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import Connection

from bot import db, people
from bot.card import Card
from bot.cli import privacy as cli_privacy
from bot.evidence import audit, erase, register, retention
from bot.evidence.keys import Keys
from bot.evidence.log import Part, append
from bot.evidence.package import export
from bot.evidence.scrub import scrub
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_part, ev_report, ev_subject_key
from bot.evidence.vault import open_vault
from bot.evidence.verify import read_zip, verify
from bot.handover import Wanted, export_person
from bot.people import Person
from bot.router import Gone, routes
from bot.tables import outbox, person
from tests.house.tree import ROOT
from tests.world import FIRM, START, Firm

YEARS = timedelta(days=365)
SECRET = "发烧了，在人民医院"
TABLES = (ev_event, ev_part, ev_subject_key)


def who(firm: Firm, user: str) -> Person:
    with firm.app.engine.connect() as conn:
        found = people.People(conn).find("fake", user)
    assert found is not None
    return found


def add(
    firm: Firm, number: int, type: str, actor: str, subject: str, *, words: str = SECRET, plain: bool = False
) -> str:
    """One event in the firm's log with one part; sealed unless `plain`."""
    keys: Keys = firm.app.keys
    with db.begin(firm.app.engine) as conn:
        append(
            conn,
            keys,
            event_id=f"evt_{number}",
            type=type,
            at=firm.now,
            seen=firm.now,
            actor=actor,
            subject=subject,
            object_id=f"o-{subject[-6:]}",
            parts=[Part("words", "text/plain", words.encode())],
            source={},
            vault=None if plain else open_vault(keys.key_dir),
        )
    return f"evt_{number}"


def leave(firm: Firm, *users: str) -> None:
    """They are no longer in the directory."""
    staying = [each for each in FIRM if each.user_id not in users]
    with db.begin(firm.app.engine) as conn:
        people.sync(conn, "fake", staying, {"wang": "hr"})


def run(firm: Firm, subject: str, when: datetime | None = None) -> erase.Erased:
    with db.begin(firm.app.engine) as conn:
        return erase.erase_person(
            conn, firm.app.keys, subject=subject, now=when or firm.now, by="p:hr", request_event="evt_r"
        )


def rows(firm: Firm, event_id: str) -> tuple[bytes | None, bytes | None]:
    with firm.app.engine.connect() as conn:
        envelope = conn.execute(sa.select(ev_event.c.envelope).where(ev_event.c.event_id == event_id)).scalar_one()
        content = conn.execute(sa.select(ev_part.c.content).where(ev_part.c.event_id == event_id)).scalar_one()
    return envelope, content


def kinds(firm: Firm, object_id: str) -> list[str]:
    where = ev_event.c.object_id == object_id
    with firm.app.engine.connect() as conn:
        return list(conn.execute(sa.select(ev_event.c.type).where(where).order_by(ev_event.c.object_seq)).scalars())


@pytest.fixture
def erasers() -> Iterator[list[Gone]]:
    """A handler that keeps words; what it was told."""
    told: list[Gone] = []

    def forget(conn: Connection, gone: Gone) -> Iterable[str]:
        told.append(gone)
        return ["m-zhang"]

    routes.erasers.append(forget)
    yield told
    routes.erasers.remove(forget)


def test_everything_goes_and_every_other_proof_stays(firm: Firm, tmp_path: Path, erasers: list[Gone]) -> None:
    zhang, li = who(firm, "zhang"), who(firm, "li")
    own = add(firm, 1, "checkin.replied", zhang.ref, zhang.ref)
    his = add(firm, 2, "checkin.approved", li.ref, zhang.ref)  # concerns the manager too
    other = add(firm, 3, "checkin.replied", li.ref, li.ref, words="我到了")
    about_li = add(firm, 4, "notice.created", zhang.ref, li.ref, words="给李的通知")
    lone = add(firm, 5, "chat.said", zhang.ref, "p:none", plain=True)
    sequence(firm.app.engine, firm.app.keys, firm.now)
    with db.begin(firm.app.engine) as conn:
        outbox_row(conn, zhang, "m-x", "你好 张三")
        outbox_row(conn, li, "m-zhang", "张三 没来")
        outbox_row(conn, li, "m-li", "李的消息")
    leave(firm, "zhang")
    firm.now += 3 * YEARS
    assert run(firm, zhang.ref) == erase.Erased(True, (), 2, 3)
    assert scrub(firm.app.engine)
    assert rows(firm, own) == rows(firm, lone) == (None, None)
    assert rows(firm, his)[0] is not None and rows(firm, his)[1] is None
    assert None not in rows(firm, other) + rows(firm, about_li)
    with firm.app.engine.connect() as conn:
        gone = conn.execute(sa.select(person).where(person.c.ref == zhang.ref)).one()
        key = conn.execute(sa.select(ev_subject_key).where(ev_subject_key.c.subject == zhang.ref)).one()
        said = conn.execute(sa.select(outbox.c.matter, outbox.c.body, outbox.c.state, outbox.c.user_id)).all()
    assert (gone.name, gone.active, gone.manager_id) == ("已删除", False, None)
    assert "zhang" not in gone.id + gone.user_id
    assert key.wrapped is None and key.destroyed_ms is not None
    assert erasers == [Gone(gone.id, zhang.ref)]
    assert sorted(row.matter for row in said if "已删除" in row.body and row.state == "stopped") == ["m-x", "m-zhang"]
    assert [row.user_id for row in said if "李的消息" in row.body] == ["li"]
    assert kinds(firm, f"erasure:{zhang.ref}") == ["erasure.requested", "erasure.done"]
    # The log goes on, and what is handed to a court verifies.
    add(firm, 6, "checkin.replied", li.ref, li.ref, words="第二天")
    sequence(firm.app.engine, firm.app.keys, firm.now)
    out = tmp_path / "all.zip"
    with db.begin(firm.app.engine) as conn:
        objects = list(conn.execute(sa.select(ev_event.c.object_id).distinct()).scalars())
        read = open_vault(firm.app.keys.key_dir).open_part
        assert export(conn, firm.app.keys, objects, out, now=firm.now, read=read) == 8
    report = verify(out)
    assert report.ok, report.findings
    events = [json.loads(data) for name, data in read_zip(out)[1].items() if name.startswith("events/")]
    assert [each["envelope"] is None for each in events].count(True) == 2
    assert SECRET.encode() not in out.read_bytes() and "给李的通知".encode() in out.read_bytes()
    # The same account may come back as somebody new.
    with db.begin(firm.app.engine) as conn:
        people.sync(conn, "fake", FIRM, {})
    assert who(firm, "zhang").ref != zhang.ref
    assert run(firm, zhang.ref).done and len(erasers) == 1


def outbox_row(conn: Connection, to: Person, matter: str, text: str) -> None:
    from bot.delivery import outbox as box
    from bot.wire import dump_card

    box.queue(conn, START, "send", to.platform, to, matter, dump_card(Card(text)))


def test_a_sealed_report_goes_with_whom_it_names(firm: Firm) -> None:
    zhang, li = who(firm, "zhang"), who(firm, "li")
    add(firm, 1, "checkin.replied", zhang.ref, zhang.ref)
    add(firm, 2, "checkin.replied", li.ref, li.ref)
    sequence(firm.app.engine, firm.app.keys, firm.now)
    out = firm.app.keys.key_dir / "out.zip"
    for user in ("zhang", "li"):
        assert export_person(firm.app, "fake", user, out, Wanted(report=True))
    with firm.app.engine.connect() as conn:
        about = conn.execute(sa.select(ev_report.c.about)).scalars().all()
    assert len(about) == 2 and any(f" {zhang.ref} " in each for each in about)
    leave(firm, "zhang")
    assert run(firm, zhang.ref, firm.now + 3 * YEARS).done
    with firm.app.engine.connect() as conn:
        left = conn.execute(sa.select(ev_report.c.about)).scalars().all()
    assert len(left) == 1 and zhang.ref not in left[0] and f" {li.ref} " in left[0]


def test_a_sealed_part_in_a_backup_dies_with_the_key(firm: Firm) -> None:
    zhang = who(firm, "zhang")
    event = add(firm, 1, "checkin.replied", zhang.ref, zhang.ref)
    vault = open_vault(firm.app.keys.key_dir)
    with firm.app.engine.connect() as conn:
        backup = conn.execute(sa.select(ev_part).where(ev_part.c.event_id == event)).one()
        assert vault.open_part(conn, backup) == SECRET.encode()
    leave(firm, "zhang")
    run(firm, zhang.ref, firm.now + 3 * YEARS)
    with firm.app.engine.connect() as conn:
        assert vault.open_part(conn, backup) is None


def test_a_hold_keeps_everything_until_it_is_released(firm: Firm) -> None:
    zhang, late = who(firm, "zhang"), firm.now + 4 * YEARS
    event = add(firm, 1, "checkin.replied", zhang.ref, zhang.ref)
    leave(firm, "zhang")
    with db.begin(firm.app.engine) as conn:
        hold = erase.place_hold(conn, firm.app.keys, subject=zhang.ref, reason="劳动争议 001", by="p:hr", now=firm.now)
        texts = conn.execute(sa.select(ev_event.c.envelope).where(ev_event.c.type == "hold.placed")).scalars().all()
        assert len(texts) == 1 and "争议".encode() not in texts[0]
    refused = run(firm, zhang.ref, late)
    assert not refused.done and [(stay.kind, stay.why) for stay in refused.stays] == [("hold", "劳动争议 001")]
    assert None not in rows(firm, event)
    firm.now = late
    assert retention.expire(firm.app) == 0
    with db.begin(firm.app.engine) as conn:
        assert erase.restricted(conn, zhang.ref)
        assert erase.release_hold(conn, firm.app.keys, hold_id=hold, by="p:hr", now=late)
        assert not erase.release_hold(conn, firm.app.keys, hold_id=hold, by="p:hr", now=late)
    # What was asked for then happens by itself.
    assert retention.expire(firm.app) == 1
    assert rows(firm, event) == (None, None)
    with firm.app.engine.connect() as conn:
        assert not erase.restricted(conn, zhang.ref)
    assert kinds(firm, f"hold:{zhang.ref}") == ["hold.placed", "hold.released"]


def test_what_the_law_keeps_stays_and_the_rest_goes(firm: Firm) -> None:
    zhang = who(firm, "zhang")
    wage = add(firm, 1, "checkin.replied", zhang.ref, zhang.ref)
    goal = add(firm, 2, "goal.agreed", zhang.ref, zhang.ref)
    employed = run(firm, zhang.ref)
    assert [(stay.kind, stay.until) for stay in employed.stays] == [
        ("person", None),
        ("checkin.", None),
        ("goal.", None),
    ]
    leave(firm, "zhang")
    partly = run(firm, zhang.ref, firm.now + timedelta(days=500))
    assert [(stay.kind, stay.until) for stay in partly.stays] == [("checkin.", firm.now + 2 * YEARS)]
    assert "工资支付暂行规定" in partly.stays[0].why and (partly.events, partly.parts) == (1, 1)
    assert None not in rows(firm, wage) and rows(firm, goal) == (None, None)
    assert who(firm, "zhang").name == "张三"
    assert open_vault(firm.app.keys.key_dir) and run(firm, zhang.ref, firm.now + 2 * YEARS).done


def test_records_expire_by_themselves(firm: Firm) -> None:
    zhang, li = who(firm, "zhang"), who(firm, "li")
    mine = add(firm, 1, "checkin.replied", zhang.ref, zhang.ref)
    asked = add(firm, 2, "data.correction_requested", li.ref, li.ref)
    his = add(firm, 3, "checkin.replied", li.ref, li.ref)
    with firm.app.context(actor=li) as ctx:
        view = audit.viewed(ctx, zhang, "case:mp-1")
        assert audit.viewed(ctx, li, "case:mp-2") == ""
    leave(firm, "zhang")
    firm.now += 3 * YEARS - timedelta(days=1)
    assert retention.expire(firm.app) == 0
    firm.now += timedelta(days=1)
    with firm.app.engine.connect() as conn:
        assert [(each.subject, each.whole) for each in retention.due(conn, firm.now)] == sorted(
            [(zhang.ref, True), (li.ref, False)]
        )
    assert retention.expire(firm.app) == 2
    assert rows(firm, mine) == rows(firm, asked) == (None, None)
    assert None not in rows(firm, his)  # still employed
    assert kinds(firm, f"erasure:{li.ref}") == ["erasure.expired"]
    with firm.app.engine.connect() as conn:
        envelope = conn.execute(sa.select(ev_event.c.envelope).where(ev_event.c.event_id == view)).scalar_one()
        left = audit.who_viewed(conn, zhang.ref, START)
    assert envelope is None and [each.what for each in left] == [""]
    assert retention.expire(firm.app) == 0


def test_who_looked_is_remembered(firm: Firm) -> None:
    zhang, li = who(firm, "zhang"), who(firm, "li")
    with firm.app.context(actor=li) as ctx:
        audit.viewed(ctx, zhang, "case:mp-1")
    firm.pass_time(hours=1)
    with db.begin(firm.app.engine) as conn:
        done = audit.exported(
            conn, firm.app.keys, by="p:hr", subjects=[zhang.ref, zhang.ref, "p:none"], what="mp-1", now=firm.now
        )
        assert list(done) == [zhang.ref]
        assert list(audit.exported(conn, firm.app.keys, by="p:hr", subjects=[], what="x", now=firm.now)) == ["p:none"]
        views = audit.who_viewed(conn, zhang.ref, START)
        assert audit.who_viewed(conn, zhang.ref, firm.now + timedelta(hours=1)) == []
    assert [(each.viewer, each.what, each.exported) for each in views] == [
        ("p:hr", "mp-1", True),
        (li.ref, "case:mp-1", False),
    ]
    assert views[1].at == START


def test_the_commands(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_privacy, "application", lambda: firm.app)
    zhang = who(firm, "zhang")
    add(firm, 1, "checkin.replied", zhang.ref, zhang.ref)

    def call(*words: str) -> tuple[int, object]:
        done = CliRunner().invoke(cli_privacy.privacy, [*words, "--json"], catch_exceptions=False)
        return done.exit_code, json.loads(done.output) if done.output.startswith(("{", "[")) else done.output

    by = ("--by", "fake:wang")
    code, held = call("hold", "fake:zhang", *by, "--reason", "争议")
    assert code == 0 and isinstance(held, dict) and held["subject"] == zhang.ref
    code, found = call("erase", zhang.ref, *by, "--yes")
    assert (
        code == 1
        and isinstance(found, dict)
        and {stay["kind"] for stay in found["stays"]} == {"hold", "person", "checkin."}
    )
    assert call("release", str(held["hold"]), *by) == (0, {"released": True})
    assert call("release", str(held["hold"]), *by)[0] == 1
    leave(firm, "zhang")
    firm.now += 2 * YEARS
    assert call("erase", "fake:zhang", *by, "--yes") == (0, {"done": True, "events": 1, "parts": 1, "stays": []})
    assert call("erase", "fake:zhang", *by, "--yes")[0] == 1
    assert call("who-viewed", zhang.ref) == (0, [])
    told = CliRunner().invoke(cli_privacy.privacy, ["impact"]).output
    assert "第五十六条第一款第一项" in told and "密钥已销毁（已删除）keys destroyed after erasure：1" in told
    assert "____" in told and "张三" not in told and zhang.ref not in told
    code, listed = call("register")
    assert code == 0 and isinstance(listed, list) and {"prefix", "purpose", "basis", "keep_days"} <= set(listed[0])


def test_the_page_about_privacy_is_current() -> None:
    assert (ROOT / "docs/privacy.md").read_text(encoding="utf-8") == register.markdown()


def test_no_kind_is_kept_for_less_than_the_law_wants() -> None:
    assert all(kind.keep >= kind.minimum for kind in register.KINDS.values())
    assert [register.kind_of(each) for each in ("log.epoch", "system.health")] == [None, None]
    found = [register.kind_of(each) for each in ("checkin.replied", "unheard.of", "access.viewed")]
    assert [kind and (kind.prefix, kind.audit) for kind in found] == [
        ("checkin.", False),
        ("", False),
        ("access.", True),
    ]
