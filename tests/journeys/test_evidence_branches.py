"""What a database owner tries (branch 10) and what somebody who left may ask for (branch 15), with real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.db import begin, create_engine
from bot.evidence import guard
from bot.evidence.tables import ev_event, ev_hold, ev_object, ev_part
from bot.evidence.verify import verify
from bot.people import People
from bot.rehearsal import Stage, stage, until
from tests.databases import Databases
from tests.journeys.test_evidence_day90 import Scene, named, workday

AGREE, ERASE = "同意并确认", "同意删除"
CONSENTS = ("请确认您的电子送达地址", "是否同意电子签名与存证方式")


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[Scene]:
    """A working day in the past, five past ten, in a firm of office people; everybody is asked for two consents."""
    overrides = {}
    if request.param == "postgresql":
        overrides["DATABASE_URL"] = databases.postgresql()
    with stage(tmp_path / "stage", overrides=overrides) as theatre:
        begun = workday(datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=90))
        theatre.control("clock", {"at": f"{begun:%Y-%m-%dT10:05:00}"})
        theatre.control("people", [each | {"shift": {"days": []}} for each in theatre.control("people")])
        theatre.open()
        yield Scene(theatre, tmp_path, tmp_path)


def sign(theatre: Stage, *people: str) -> None:
    """Both consents, by everybody named."""
    for user in people:
        for question in CONSENTS:
            theatre.phone(user).click(question, AGREE)
    theatre.settle()


def owner(scene: Scene, *statements: sa.Executable) -> None:
    """Whoever owns the database drops its triggers first and puts them back."""
    engine = create_engine(scene.theatre.environment["DATABASE_URL"])
    with begin(engine) as connection:
        guard.remove(connection)
        for statement in statements:
            connection.execute(statement)
        guard.install(connection)
    engine.dispose()


def audited(scene: Scene) -> dict[str, Any]:
    """The audit of the night, by the scheduler, as its own event tells it."""
    mine = ev_event.c.type == "system.audit"
    before = len(scene.rows(sa.select(ev_event.c.n).where(mine)))
    scene.theatre.settle()
    scene.pass_time(86_401)
    until("the nightly audit ran", lambda: len(scene.rows(sa.select(ev_event.c.n).where(mine))) > before)
    parts = sa.select(ev_part.c.content).join(ev_event, ev_event.c.event_id == ev_part.c.event_id).where(mine)
    newest = scene.rows(parts.order_by(ev_event.c.n.desc()).limit(1))
    return dict(json.loads(bytes(newest[0]["content"])))


def placed(scene: Scene) -> list[sa.RowMapping]:
    until(
        "everything is in the log",
        lambda: not scene.rows(sa.select(ev_event.c.n).where(ev_event.c.log_index.is_(None))),
    )
    return scene.rows(sa.select(ev_event).order_by(ev_event.c.log_index))


def test_what_the_owner_of_the_database_changes_is_pointed_at(scene: Scene) -> None:
    sign(scene.theatre, "zhangsan", "li", "zhou", "sun")
    scene.theatre.phone("zhangsan").say("更正：考核分数应为 92 分")
    scene.theatre.phone("wang").wait("请求更正个人信息")
    assert audited(scene)["ok"]
    rows = placed(scene)
    signed = next(row for row in rows if row["type"] == "consent.esign_agreed")
    score = next(row for row in rows if row["type"] == "data.correction_requested")
    for_part = (ev_part.c.event_id == signed["event_id"], ev_part.c.name == "text")
    owner(scene, sa.update(ev_part).where(*for_part).values(content=b"something else"))
    other = bytes(score["envelope"]).replace(b"data.correction_requested", b"data.correction_withdrawn")
    owner(scene, sa.update(ev_event).where(ev_event.c.event_id == score["event_id"]).values(envelope=other))
    report = audited(scene)
    found = {(each["kind"], each["event_id"]) for each in report["findings"]}
    assert not report["ok"] and found == {("part", signed["event_id"]), ("envelope", score["event_id"])}

    gone = [row for row in placed(scene) if row["type"] != "system.audit"][-20:]
    ids = [row["event_id"] for row in gone]
    heads = {row["object_id"] for row in gone}
    owner(
        scene,
        sa.delete(ev_part).where(ev_part.c.event_id.in_(ids)),
        sa.delete(ev_event).where(ev_event.c.event_id.in_(ids)),
    )
    owner(scene, *shortened(scene, heads))
    missing = {each["index"] for each in audited(scene)["findings"] if each["kind"] == "missing"}
    assert missing == {row["log_index"] for row in gone}
    said = scene.huizhi("evidence", "audit", "--json")
    assert said.returncode == 1 and {each["kind"] for each in json.loads(said.stdout)["findings"]} >= {"missing"}

    case = scene.folder / "all.zip"
    made = scene.huizhi("evidence", "export", "--all", "--no-report", "--out", str(case))
    assert made.returncode == 0, made.stderr
    checked = scene.huizhi("evidence", "verify", str(case), "--json")
    told = json.loads(checked.stdout)
    assert checked.returncode == 1 and "已从数据库中删除" in checked.stdout
    if score["event_id"] not in ids:
        assert score["event_id"] in {each["event_id"] for each in told["findings"]}
    assert signed["event_id"] in ids or signed["event_id"] in named(verify(case))


def shortened(scene: Scene, objects: set[Any]) -> list[sa.Executable]:
    """The chains made to end where the owner cut them."""
    made: list[sa.Executable] = []
    for name in objects:
        left = scene.rows(
            sa.select(ev_event).where(ev_event.c.object_id == name).order_by(ev_event.c.object_seq.desc()).limit(1)
        )
        values = {"head_seq": left[0]["object_seq"], "head_leaf": left[0]["leaf_hash"]} if left else {"head_seq": 0}
        made.append(sa.update(ev_object).where(ev_object.c.object_id == name).values(values))
    return made


def ref_of(scene: Scene, user: str) -> str:
    engine = create_engine(scene.theatre.environment["DATABASE_URL"])
    with engine.connect() as connection:
        found = People(connection).find("wecom", user)
    engine.dispose()
    assert found
    return found.ref


def readable(scene: Scene, ref: str) -> list[str]:
    """Types of events that still hold something about a person."""
    about = sa.or_(ev_event.c.subject == ref, ev_event.c.actor == ref)
    parts = sa.exists().where(ev_part.c.event_id == ev_event.c.event_id, ev_part.c.content.is_not(None))
    return [str(row["type"]) for row in scene.rows(sa.select(ev_event.c.type).where(about, parts))]


def test_who_left_asks_for_erasure_and_every_proof_stays(scene: Scene) -> None:
    theatre = scene.theatre
    sign(theatre, "zhangsan", "li", "zhou")
    theatre.phone("zhangsan").say("更正：住址应为 和平路 1 号")
    theatre.phone("wang").click("请求更正个人信息", "已更正")
    theatre.phone("zhangsan").wait("您的更正请求已处理")
    placed(scene)
    ref, zhangsan = ref_of(scene, "zhangsan"), scene.browser("wecom:zhangsan")
    event = next(
        row["event_id"] for row in placed(scene) if row["type"] == "consent.esign_agreed" and row["actor"] == ref
    )
    receipt = scene.folder / "receipt.json"
    receipt.write_bytes(zhangsan.get(f"/me/receipts/{event}.json").content)
    before = scene.folder / "mine.zip"
    before.write_bytes(zhangsan.press("/me", "/me/copy"))
    theatre.phone("zhangsan").say("删除我的数据")
    theatre.phone("chen").wait("张三", button=ERASE)
    held = scene.huizhi("privacy", "hold", "wecom:zhangsan", "--by", "wecom:chen", "--reason", "劳动仲裁")
    assert held.returncode == 0, held.stderr
    left = readable(scene, ref)

    theatre.control("people", [each for each in theatre.control("people") if each["id"] != "zhangsan"])
    scene.pass_time(301)
    theatre.settle()
    theatre.phone("chen").say(ERASE)  # the card is on her old phone; words count as much
    until("the request was answered", lambda: "erasure.postponed" in scene.types())
    assert set(left) <= set(readable(scene, ref))  # under hold nothing goes
    released = scene.rows(sa.select(ev_hold.c.id))[0]["id"]
    assert scene.huizhi("privacy", "release", str(released), "--by", "wecom:chen").returncode == 0
    scene.theatre.settle()
    scene.pass_time(6 * 366 * 86_400)
    until("the sweep erased what was asked for", lambda: "erasure.done" in scene.types(), patience=60)
    assert readable(scene, ref) == []
    everything_still_proves(scene, before, receipt)


def everything_still_proves(scene: Scene, before: Path, receipt: Path) -> None:
    """His old copy, his receipt against the whole log of today, and the others' files."""
    key = scene.log_key()
    assert verify(before, key).ok and verify(before, key, checkpoints=[receipt]).ok
    whole = scene.folder / "all.zip"
    made = scene.huizhi("evidence", "export", "--all", "--no-report", "--out", str(whole))
    assert made.returncode == 0, made.stderr
    report = verify(whole, key, checkpoints=[receipt])
    assert report.ok, report.findings
    assert any("内容已依法删除" in reason.zh for each in report.verdicts for reason in each.beside)
    for user in ("wecom:li", "dingtalk:zhou"):
        out = scene.folder / "other.zip"
        made = scene.huizhi("evidence", "export", "--person", user, "--no-report", "--out", str(out))
        assert made.returncode == 0, made.stderr
        theirs = verify(out, key)
        assert theirs.ok and "consent.esign_agreed" in {each.type for each in theirs.verdicts}, theirs.findings
    assert scene.huizhi("evidence", "audit").returncode == 0
