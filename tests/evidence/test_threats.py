"""The rows of the threat table, one test each: what finds the attack, or the limit that is printed instead."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from bot import db
from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence import guard, notes, tlog_export, witness
from bot.evidence.epochs import new_epoch, revoke
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.log import commit, entry_of
from bot.evidence.selfaudit import examine
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_checkpoint, ev_event, ev_object, ev_part
from bot.evidence.tokens import make_request, read_response
from bot.evidence.verify import Report, canonical_zip, main, read_zip, verify, verify_files
from tests.evidence import test_verify_attacks as attacks, tsa
from tests.evidence.conftest import NOW, ORIGIN, log_tables
from tests.evidence.test_verify_attacks import (
    EXPIRES,
    World,
    faults,
    packed,
    resign,
    say,
    spoil,
    stamp,
    words,
    world,
)

__all__ = ["world"]
STEPS = ("score.submitted", "score.appealed", "score.reviewed", "score.confirmed")


def scored(engine: Engine, keys: Keys, now: datetime = NOW, object_id: str = "score_1") -> list[str]:
    """Four events about one score, in the log."""
    made = [say(engine, keys, type, object_id, now + timedelta(seconds=at)) for at, type in enumerate(STEPS)]
    sequence(engine, keys, now)
    return made


def promise_of(engine: Engine, event_id: str) -> str:
    with engine.connect() as conn:
        return str(conn.execute(sa.select(ev_event.c.promise).where(ev_event.c.event_id == event_id)).scalar_one())


def forget(engine: Engine, event_id: str, before: str) -> None:
    """The owner of the database removes the newest event of an object as if it had never been."""
    with engine.connect() as conn:
        row = conn.execute(sa.select(ev_event).where(ev_event.c.event_id == before)).one()
    values = {"head_seq": row.object_seq, "head_leaf": row.leaf_hash}
    spoil(engine, sa.delete(ev_part).where(ev_part.c.event_id == event_id),
          sa.delete(ev_event).where(ev_event.c.event_id == event_id),
          sa.update(ev_object).where(ev_object.c.object_id == row.object_id).values(values))  # fmt: skip


def printed(files: Mapping[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """What the verifier prints about a package that it accepts."""
    (tmp_path / "printed.zip").write_bytes(canonical_zip(files))
    assert main([str(tmp_path / "printed.zip"), *more]) == 0
    return capsys.readouterr().out


def against(tmp_path: Path, kept: str, name: str = "made.zip") -> Report:
    """The package beside what somebody else kept."""
    (tmp_path / "kept.txt").write_text(kept, encoding="utf-8")
    return verify(tmp_path / name, checkpoints=[tmp_path / "kept.txt"])


EDITS = {
    "content": lambda name: sa.update(ev_part).where(ev_part.c.event_id == name).values(content="改过的分".encode()),
    "time": lambda name: sa.update(ev_event).where(ev_event.c.event_id == name).values(at_ms=1, seen_ms=1),
    "score": lambda name: sa.update(ev_event).where(ev_event.c.event_id == name).values(envelope=b'{"score":59}'),
}


@pytest.mark.parametrize("what", EDITS)
def test_edit_of_content_time_or_score_in_the_database(engine: Engine, keys: Keys, tmp_path: Path, what: str) -> None:
    name = scored(engine, keys)[0]
    spoil(engine, EDITS[what](name))
    assert {each.event_id for each in examine(engine).findings} == {name}
    report = packed(engine, keys, tmp_path, ["score_1"])
    assert name in faults(report)
    assert [each.event_id for each in report.verdicts if each.verdict == "not"] == [name]


def test_edit_and_manifest_signed_again(world: World) -> None:
    part = next(name for name in sorted(world.files) if name.startswith("parts/000004"))
    report = verify_files(resign({**world.files, part: "另一份正文".encode()}, world.keys))
    assert "evt_ntc_1_notice.content_shown_1" in faults(report)


def test_delete_a_sequenced_event(engine: Engine, keys: Keys, tmp_path: Path) -> None:
    name, last = scored(engine, keys)[2:]
    spoil(engine, sa.delete(ev_part).where(ev_part.c.event_id == name),
          sa.delete(ev_event).where(ev_event.c.event_id == name))  # fmt: skip
    found = {(each.kind, each.index, each.event_id) for each in examine(engine).findings}
    assert {("missing", 2, ""), ("chain", 3, last)} <= found
    assert "score_1 的第 3 条记录缺失" in faults(packed(engine, keys, tmp_path, ["score_1"]))


def test_delete_a_pending_event(engine: Engine, keys: Keys, tmp_path: Path) -> None:
    """The promise in his chat is what nobody can take back."""
    last = scored(engine, keys)[-1]
    objection = say(engine, keys, "score.objected", "score_1", NOW + timedelta(seconds=9), actor="p:e1")
    receipt = (
        f"提出异议｜2026-11-20 09:00:14\n编号 {objection}\n{promise_of(engine, objection).strip()}\n\n请保留本条。"
    )
    assert packed(engine, keys, tmp_path, ["score_1"], now=NOW + timedelta(seconds=20)).ok
    assert against(tmp_path, receipt).ok
    forget(engine, objection, last)
    sequence(engine, keys, NOW)
    assert examine(engine).ok and packed(engine, keys, tmp_path, ["score_1"]).ok  # by themselves they cannot know
    assert "就是被漏掉了" in faults(against(tmp_path, receipt))
    head, dash, signature = promise_of(engine, last).rpartition(" ")
    forged = f"{head}{dash}{signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"
    assert "不是本日志签发的" in faults(against(tmp_path, forged))


def other_log(folder: Path, keys: Keys, body: str = "改写过") -> Engine:
    """The same operator with the real keys and another history."""
    folder.mkdir(parents=True)
    engine = db.create_engine(f"sqlite:///{folder}/other.db")
    db.metadata.create_all(engine, tables=log_tables())
    mine = Keys(keys.origin, keys.log, keys.promise, folder)
    for at, type in enumerate(STEPS):
        say(engine, mine, type, "score_1", NOW + timedelta(seconds=at), actor="p:boss", source={"ch": body})
    sequence(engine, mine, NOW)
    return engine


def newest_note(engine: Engine) -> str:
    with engine.connect() as conn:
        query = sa.select(ev_checkpoint.c.note).order_by(ev_checkpoint.c.epoch.desc(), ev_checkpoint.c.size.desc())
        return str(conn.execute(query).scalars().first())


def test_rewrite_of_the_whole_log_with_the_real_keys(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    scored(lite, keys)
    line = "存证检查点 " + " ".join(newest_note(lite).split("\n")[:3])
    rewritten = other_log(tmp_path / "new", keys)
    alone = packed(rewritten, Keys(ORIGIN, keys.log, keys.promise, tmp_path / "new"), tmp_path, ["score_1"])
    assert alone.ok and any("公布的检查点" in limit.zh for limit in alone.limits)  # not by the package alone
    report = against(tmp_path, line)
    assert "历史被重写" in faults(report) and set(words(report)) == {"not"}
    rewritten.dispose()


def test_two_logs_in_parallel_from_the_first_day(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    his = scored(lite, keys)
    second = other_log(tmp_path / "new", keys)
    packed(second, Keys(ORIGIN, keys.log, keys.promise, tmp_path / "new"), tmp_path, ["score_1"])
    assert "历史被重写" in faults(against(tmp_path, newest_note(lite)))
    assert "就是被漏掉了" in faults(against(tmp_path, promise_of(lite, his[1])))
    union = witness.init(tmp_path / "union", "union.example/w")
    union.cosign(keys.log_vkey, newest_note(lite), None, [], NOW)
    with pytest.raises(witness.Conflict) as caught:
        union.cosign(keys.log_vkey, newest_note(second), None, [], NOW)
    assert newest_note(lite) in caught.value.kept.read_text() and newest_note(second) in caught.value.kept.read_text()
    second.dispose()


def test_backdating(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    scored(lite, keys)
    say(lite, keys, "notice.created", "ntc_9", NOW - timedelta(days=3))
    sequence(lite, keys, NOW)
    assert "倒签时间" in faults(packed(lite, keys, tmp_path, ["score_1", "ntc_9"]))


def test_middle_event_left_out_of_an_export(world: World) -> None:
    attacks.test_operator_cannot_leave_out_but_the_tail(world)


def test_tail_cut_off(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """His refusal is held back: the package alone cannot tell and says so; his receipt can."""
    refusal = json.loads(world.files["events/000006.json"])

    def held_back(manifest: dict[str, Any]) -> None:
        manifest["events"] = [x for x in manifest["events"] if x["index"] != refusal["index"]]
        last = json.loads(kept[next(x["file"] for x in manifest["events"] if x["seq"] == 3)])
        leaf = hashlib.sha256(b"\0" + base64.b64decode(last["entry"])).hexdigest()
        manifest["objects"]["ntc_1"] = {"count": 3, "head": leaf}

    kept = {x: y for x, y in world.files.items() if "s/000006" not in x and "proofs/1-5" not in x}
    cut = resign(kept, world.keys, held_back)
    assert "末尾" in printed(cut, tmp_path, capsys)
    assert "就是被漏掉了" in faults(against(tmp_path, json.dumps(refusal, ensure_ascii=False), "printed.zip"))


def test_a_talk_by_voice_is_never_logged(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "从未记录的事" in printed(world.files, tmp_path, capsys, "--lang=zh")
    assert "never recorded" in printed(world.files, tmp_path, capsys, "--lang=en")


def test_click_faked_by_an_administrator(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "账号不等于本人" in printed(world.files, tmp_path, capsys)


def test_replay_of_an_old_consent(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """A consent that ran out, or was withdrawn, does not cover what came later, whatever the export claims."""
    year = {"expires": (NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    say(lite, keys, "consent.esign_agreed", "consent:1", NOW - timedelta(days=366), source=year)
    say(lite, keys, "consent.edelivery_confirmed", "consent:1", NOW - timedelta(days=5), source=EXPIRES)
    say(lite, keys, "notice.created", "ntc_1", NOW)
    sequence(lite, keys, NOW)
    report = packed(lite, keys, tmp_path, ["ntc_1"])
    beside = [reason.zh for each in report.verdicts if each.type == "notice.created" for reason in each.beside]
    assert beside == ["当时没有有效的电子签名与存证同意"]


def test_key_theft(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """Before the theft all stays good; the thief's log contradicts what others hold; the old key signs no more."""
    scored(lite, keys)
    before = newest_note(lite)
    later = revoke(lite, keys, "笔记本电脑被盗", NOW + timedelta(minutes=1))
    report = packed(lite, later, tmp_path, ["score_1"])
    assert report.ok and set(words(report)) == {"wide"} and later.epoch == 2
    forged = other_log(tmp_path / "thief", keys, "小偷写的")
    packed(forged, Keys(ORIGIN, keys.log, keys.promise, tmp_path / "thief"), tmp_path, ["score_1"])
    assert "历史被重写" in faults(against(tmp_path, before))
    told = notes.parse_checkpoint(notes.split(newest_note(lite))[0])[0]
    assert told.endswith("/2") and examine(lite).ok
    forged.dispose()


@pytest.mark.parametrize(("hours", "said"), [(5, "早于所称收录时间"), (-5, "第三方时间晚了"), (-73, "晚了 3 天")])
def test_clock_tampering(lite: Engine, keys: Keys, tmp_path: Path, hours: int, said: str) -> None:
    """Set ahead, the token comes before the event; set back, the window between them is as wide as the lie."""
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    scored(lite, keys, wrong)
    with tsa.authority(tmp_path / "tsa") as authority:
        roots = authority.roots_path.read_bytes()
    stamp(lite, tmp_path / "tsa", roots)
    report = packed(lite, keys, tmp_path, ["score_1"], roots=roots, now=wrong + timedelta(minutes=1))
    assert set(words(report)) == ({"not"} if hours > 0 else {"wide"})
    assert all(any(said in reason.zh for reason in each.reasons) for each in report.verdicts)


def test_time_stamping_authority_compromised_or_gone(world: World, tmp_path: Path) -> None:
    """Its root is struck off: its tokens count no more, another authority's still do, and nothing else falls."""
    with tsa.authority(tmp_path / "second", "第二家 TSA") as second:
        roots = second.roots_path.read_bytes()
    digest = hashlib.sha256(world.files["checkpoints/1-6.note"]).digest()
    token = read_response(tsa.reply(tmp_path / "second", "healthy", make_request(digest, 5)), digest, 5, roots)
    more = {"checkpoints/1-6.tsa2.tst": token.token, "checkpoints/1-6.tsa2.chain.pem": token.chain_pem}
    both = resign({**world.files, **more, "tsa-roots.pem": world.roots + roots}, world.keys)
    assert verify_files(both).ok
    without = {x: y for x, y in both.items() if ".tsa1." not in x}
    assert "proven" in words(verify_files(resign(without, world.keys), roots=roots))
    gone = {x: y for x, y in both.items() if ".tsa" not in x and x != "tsa-roots.pem"}
    report = verify_files(resign(gone, world.keys))
    assert report.ok and set(words(report)) == {"wide"}
    assert "时间戳无效" in faults(verify_files(both, roots=roots))


def test_database_restored_or_machine_cloned(tmp_path: Path, keys: Keys) -> None:
    live, clone = tmp_path / "live.db", tmp_path / "clone.db"
    engine = db.create_engine(f"sqlite:///{live}")
    db.metadata.create_all(engine, tables=log_tables())
    scored(engine, keys)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(live, clone)
    say(engine, keys, "score.objected", "score_1", NOW + timedelta(seconds=9))
    sequence(engine, keys, NOW)
    copy = db.create_engine(f"sqlite:///{clone}")
    say(copy, keys, "score.dropped", "score_1", NOW + timedelta(seconds=9))
    with pytest.raises(Misconfigured, match="new-epoch"):
        sequence(copy, keys, NOW)
    later = new_epoch(copy, keys, "恢复了旧备份", NOW + timedelta(minutes=1))
    assert later.epoch == 2 and packed(copy, later, tmp_path, ["score_1"]).ok and examine(copy).ok
    engine.dispose()
    copy.dispose()


def test_message_recalled_or_edited_in_chat(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """The bytes that were sent stay proven, and so does who took them back."""
    sent = say(lite, keys, "notice.accepted", "ntc_1", NOW)
    say(lite, keys, "notice.recalled", "ntc_1", NOW + timedelta(hours=20))
    sequence(lite, keys, NOW)
    report = packed(lite, keys, tmp_path, ["ntc_1"], now=NOW + timedelta(days=1))
    assert report.ok and [each.type for each in report.verdicts] == ["notice.accepted", "notice.recalled"]
    assert "notice.accepted 的正文".encode() in read_zip(tmp_path / "made.zip")[1].values()
    assert "就是被漏掉了" not in str(against(tmp_path, promise_of(lite, sent)).findings)


def test_guessing_private_contents_from_their_hashes(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """A stranger has the whole published log; the score has a hundred and one values and none can be confirmed."""
    scored(lite, keys)
    with begin(lite) as conn:
        tlog_export.write(conn, 1, tmp_path / "log")
    public = b"".join(each.read_bytes() for each in sorted((tmp_path / "log").rglob("*")) if each.is_file())
    with lite.connect() as conn:
        row = conn.execute(sa.select(ev_event)).first()
        part = conn.execute(sa.select(ev_part)).first()
    assert row and part and len(row.salt) == len(part.salt) == 32
    for guess in [row.envelope, *(f"{score}".encode() for score in range(101))]:
        for salt in (b"", bytes(32), secrets.token_bytes(32)):
            told = hashlib.sha256(salt + guess).digest()
            assert told not in public and base64.b64encode(told) not in public
    for secret in (b"p:e1", b"p:hr", b"score", b"2026"):
        assert secret not in public
    assert entry_of(row.salt, row.envelope) == row.entry and commit(part.salt, part.content) == part.commitment


def test_malicious_verifier_in_the_package(world: World, tmp_path: Path) -> None:
    """It says what it is told to; README says where else to get one, and any other program finds the change."""
    liar = b"print('all proven')\n"
    event = world.files["events/000004.json"].replace(b'"index": 3', b'"index": 4')
    bad = resign({**world.files, "verify/huizhi_verify.py": liar, "events/000004.json": event}, world.keys)
    (tmp_path / "liar.py").write_bytes(liar)
    said = subprocess.run([sys.executable, "-I", tmp_path / "liar.py"], capture_output=True, text=True, check=True)
    assert said.stdout == "all proven\n"
    assert "events/000004.json" in faults(verify_files(bad))
    readme = world.files["README.en.txt"].decode(), world.files["README.zh.txt"].decode()
    assert "do not trust the cop" in readme[0] and "openssl" in readme[0] and "openssl" in readme[1]


def test_ed25519_broken_one_day(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """One fresh stamp on the newest checkpoint bounds every event before it, by consistency."""
    scored(lite, keys)
    for number in range(3):
        say(lite, keys, "log.heartbeat", f"hb_{number}", NOW + timedelta(days=number))
        sequence(lite, keys, NOW)
    with tsa.authority(tmp_path / "tsa") as authority:
        roots = authority.roots_path.read_bytes()
    stamp(lite, tmp_path / "tsa", roots)
    report = packed(lite, keys, tmp_path, ["score_1"], roots=roots)
    assert report.ok and all(each.until for each in report.verdicts)
    files = read_zip(tmp_path / "made.zip")[1]
    files.pop(next(name for name in files if name.startswith("consistency/")))
    assert "两个检查点之间的衔接证明缺失" in faults(verify_files(resign(files, keys)))


def test_parsers_abused(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attacks.test_hostile_archives_are_refused_in_words(tmp_path, world, capsys)


def test_the_database_refuses_before_anybody_has_to_find_out(engine: Engine, keys: Keys) -> None:
    name = scored(engine, keys)[0]
    with begin(engine) as conn:
        guard.install(conn)
    for statement in (EDITS["time"](name), sa.delete(ev_event).where(ev_event.c.event_id == name)):
        with pytest.raises(sa.exc.DBAPIError), begin(engine) as conn:
            conn.execute(statement)
    assert examine(engine).ok
    assert load_or_create(keys.key_dir, ORIGIN).log_vkey == keys.log_vkey
