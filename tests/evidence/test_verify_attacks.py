"""What an operator, a database owner or a stranger could do to a package, and what its verifier says then."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from bot import db
from bot.db import begin
from bot.evidence import due, guard, notes
from bot.evidence.epochs import new_epoch
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.log import Part, append
from bot.evidence.package import export
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_anchor, ev_checkpoint, ev_cosignature, ev_event, ev_object, ev_part, ev_token
from bot.evidence.tokens import make_request, read_response
from bot.evidence.verify import (
    HIGH_STAKES,
    UNCHECKED,
    Report,
    Unreadable,
    canonical_zip,
    main,
    read_zip,
    sums,
    verify,
    verify_files,
)
from bot.handover import Wanted, export_case, export_person
from bot.people import People
from tests.evidence import tsa
from tests.evidence.conftest import NOW, ORIGIN, add, log_tables
from tests.world import Firm

Files = dict[str, bytes]
EXPIRES = {"expires": "2099-01-01T00:00:00.000Z"}


@dataclass(frozen=True)
class World:
    """A small log with everything in it: two consents, a token, a witness, an anchor."""

    engine: Engine
    keys: Keys
    witness: str
    roots: bytes
    now: datetime
    files: Files
    tiny: Files


def say(engine: Engine, keys: Keys, type: str, place: str, at: datetime, **more: Any) -> str:
    given = {"actor": "p:hr", "subject": "p:e1", "source": {"ch": "test"}, **more}
    event_id = f"evt_{place.replace(':', '_')}_{type}_{len(given['source'])}"
    with begin(engine) as conn:
        parts = [Part("正文.txt", "text/plain", f"{type} 的正文".encode())]
        append(conn, keys, event_id=event_id, type=type, at=at, seen=at, object_id=place, parts=parts, **given)
    return event_id


def stamp(engine: Engine, folder: Path, roots: bytes) -> None:
    """A real token over the newest checkpoint."""
    with begin(engine) as conn:
        row = conn.execute(sa.select(ev_checkpoint).order_by(ev_checkpoint.c.size.desc())).first()
        assert row
        digest = hashlib.sha256(row.note.encode()).digest()
        token = read_response(tsa.reply(folder, "healthy", make_request(digest, 5)), digest, 5, roots)
        values = {"epoch": row.epoch, "size": row.size, "authority": "tsa1", "token": token.token}
        values |= {"chain": token.chain_pem, "gen_ms": token.gen_ms, "received_ms": token.gen_ms}
        conn.execute(sa.insert(ev_token).values(values))


def witness(engine: Engine, key: Ed25519PrivateKey, name: str) -> str:
    """Cosigns the newest checkpoint (c2sp.org/tlog-cosignature); returns the verifier key."""
    public = b"\x04" + key.public_key().public_bytes_raw()
    number = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    with begin(engine) as conn:
        row = conn.execute(sa.select(ev_checkpoint).order_by(ev_checkpoint.c.size.desc())).first()
        assert row
        text = row.note.rpartition("\n\n")[0] + "\n"
        signed = key.sign(b"cosignature/v1\ntime 1800000000\n" + text.encode())
        blob = number + (1_800_000_000).to_bytes(8, "big") + signed
        values = {"epoch": row.epoch, "size": row.size, "witness": name, "line": f"\u2014 {name} {notes.b64(blob)}\n"}
        conn.execute(sa.insert(ev_cosignature).values(values | {"received_ms": 1}))
        anchor = {"id": "a1", "kind": "chat", "epoch": row.epoch, "size": row.size, "target": "全员群", "posted_ms": 1}
        conn.execute(sa.insert(ev_anchor).values(anchor))
    return f"{name}+{number.hex()}+{notes.b64(public)}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, now = tmp_path_factory.mktemp("world"), datetime.now(UTC)
    engine = db.create_engine(f"sqlite:///{folder}/log.db")
    db.metadata.create_all(engine, tables=log_tables())
    with begin(engine) as conn:
        guard.install(conn)
    keys = load_or_create(folder / "keys", ORIGIN)
    for type, hours in (("consent.edelivery_confirmed", 30), ("consent.esign_agreed", 29)):
        say(engine, keys, type, "consent:1", now - timedelta(hours=hours), source=EXPIRES)
    say(engine, keys, "notice.created", "ntc_1", now - timedelta(hours=5))
    sequence(engine, keys, now)
    for type, minutes in (("notice.content_shown", 40), ("notice.acknowledged", 30), ("notice.refused", 20)):
        say(engine, keys, type, "ntc_1", now - timedelta(minutes=minutes), actor="p:e1")
    sequence(engine, keys, now)
    with tsa.authority(folder / "tsa") as authority:
        roots = authority.roots_path.read_bytes()
    stamp(engine, folder / "tsa", roots)
    vkey = witness(engine, Ed25519PrivateKey.generate(), "union.example/w")
    out = folder / "package.zip"
    with begin(engine) as conn:
        export(
            conn,
            keys,
            ["ntc_1"],
            out,
            now=now,
            witnesses=[vkey],
            roots=roots,
            names=lambda refs: {"p:e1": "赵一", "p:x": "无关"},
        )
    small = load_or_create(folder / "small", ORIGIN)
    other = db.create_engine(f"sqlite:///{folder}/small.db")
    db.metadata.create_all(other, tables=log_tables())
    for number, type in enumerate(["notice.created", "notice.content_shown", "notice.acknowledged"]):
        say(other, keys, type, "ntc_1", now - timedelta(seconds=9 - number))
    sequence(other, replace(keys, key_dir=small.key_dir), now)
    with begin(other) as conn:
        export(conn, keys, ["ntc_1"], folder / "tiny.zip", now=now)
    yield World(engine, keys, vkey, roots, now, read_zip(out)[1], read_zip(folder / "tiny.zip")[1])
    other.dispose()
    engine.dispose()


def resign(files: Files, keys: Keys, change: Callable[[dict[str, Any]], None] = lambda manifest: None) -> Files:
    """What a dishonest operator can do: bring manifest, its signature and checksums in line again."""
    manifest = json.loads(files["manifest.json"])
    plain = {x: y for x, y in files.items() if x not in ("manifest.json", "manifest.note", "SHA256SUMS")}
    change(manifest)
    manifest["files"] = {x: {"sha256": hashlib.sha256(y).hexdigest(), "len": len(y)} for x, y in plain.items()}
    raw = json.dumps(manifest).encode()
    text = f"huizhi-manifest/1\n{ORIGIN}\n{notes.b64(hashlib.sha256(raw).digest())}\n"
    note = notes.sign(text, keys.promise_vkey.name, keys.promise).encode()
    plain |= {"manifest.json": raw, "manifest.note": note}
    return plain | {"SHA256SUMS": sums(plain)}


def words(report: Report) -> list[str]:
    return [each.verdict for each in report.verdicts]


def faults(report: Report) -> str:
    assert not report.ok
    return "\n".join(f"{x.event_id} {x.file} {x.zh}" for x in report.findings)


def test_verdicts_follow_the_time_stamp(world: World) -> None:
    report = verify_files(world.files, pins=[str(world.keys.log_vkey)])
    assert report.ok, report.findings
    said = {each.type: (each.verdict, "；".join(why.zh for why in each.reasons)) for each in report.verdicts}
    assert said["notice.created"][0] == "wide" and "应在 120 分钟内" in said["notice.created"][1]
    wide = next(each for each in report.verdicts if each.type == "notice.created").reasons[-1]
    assert (wide.zh, wide.en) == UNCHECKED and "吊销" in wide.zh and "revocation" in wide.en
    assert all(UNCHECKED[1] != why.en for each in report.verdicts if each.verdict == "proven" for why in each.reasons)
    assert UNCHECKED[1] in [each.en for each in report.limits], "and of every package, whatever its verdicts"
    assert said["notice.acknowledged"][0] == said["notice.content_shown"][0] == "proven"
    assert said["notice.refused"][0] == "wide" and "应在 10 分钟内" in said["notice.refused"][1]
    assert not any(each.beside for each in report.verdicts)
    names = json.loads(world.files["manifest.json"])["names"]
    assert names == {"p:e1": "赵一"}
    assert len(json.loads(world.files["consents/consents.json"])) == 2
    assert {x for x in world.files if x.startswith("checkpoints/")} == {
        "checkpoints/1-3.note", "checkpoints/1-6.note", "checkpoints/1-6.cosig",
        "checkpoints/1-6.tsa1.tst", "checkpoints/1-6.tsa1.chain.pem",
    }  # fmt: skip
    assert "consistency/1-3-6.txt" in world.files


def test_high_stakes_mean_the_same_everywhere() -> None:
    kinds = [pattern.replace("*", "x") for pattern in due.HIGH_STAKES]
    for kind in [*kinds, "anchor.confirmed", "notice.created", "x.y", "decision", "log.epoch", "notice.expired.x", ""]:
        assert bool(HIGH_STAKES.fullmatch(kind)) == due.high_stakes(kind), kind


def harmless(mine: Files, theirs: Files) -> bool:
    """What the stated limits leave an operator: hold back newest events, parts, tokens, or witnesses' lines."""
    listed, kept = (json.loads(x["manifest.json"])["events"] for x in (mine, theirs))
    old, new = ({x["id"]: (json.loads(f[x["file"]]), x) for x in e} for f, e in ((mine, listed), (theirs, kept)))
    for event_id, (event, fact) in new.items():
        same = all(event[x] == old[event_id][0][x] for x in ("entry", "envelope", "salt", "promise", "index"))
        before = {x["id"] for x in listed if x["object"] == fact["object"] and x["seq"] < fact["seq"]}
        given = {each["file"]: theirs[each["file"]] for each in event["disclosed"]}
        if not same or not before <= new.keys() or any(mine.get(x) != y for x, y in given.items()):
            return False
    return True


def attack(chance: random.Random, files: Files, keys: Keys) -> Files:
    """One random change, as a stranger (signatures do not fit) or as an operator (everything is signed again)."""
    changed, names = dict(files), sorted(files)
    name, other = chance.choice(names), chance.choice(names)
    kind = chance.randrange(10)
    if kind < 4:  # a flipped bit
        data = bytearray(changed[name])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        changed[name] = bytes(data)
    elif kind == 4:
        del changed[name]
    elif kind == 5:  # cut off
        changed[name] = changed[name][: chance.randrange(len(changed[name]))]
    elif kind == 6:  # two files of a kind swapped
        same = [x for x in names if x.split("/")[0] == name.split("/")[0]]
        other = chance.choice(same)
        changed[name], changed[other] = changed[other], changed[name]
    elif kind == 7:  # renamed, so that another order results
        changed[other + ".x" if chance.random() < 0.5 else other] = changed.pop(name)
    else:
        changed = rewrite(chance, changed)
    if chance.random() < 0.5:
        return changed
    changed["manifest.json"] = files["manifest.json"]
    return resign(changed, keys, lambda manifest: forge(chance, manifest))


def rewrite(chance: random.Random, files: Files) -> Files:
    """Back-dates, renames or re-salts an event in place."""
    name = chance.choice([x for x in sorted(files) if x.startswith("events/")])
    event = json.loads(files[name])
    envelope = json.loads(base64.b64decode(event["envelope"]))
    field = chance.choice(["at", "seen", "type", "actor", "subject", "id"])
    envelope[field] = {"at": "2020-01-01T00:00:00.000Z", "seen": "2020-01-01T00:00:00.000Z"}.get(field, "p:other")
    raw = json.dumps(envelope, separators=(",", ":")).encode()
    event["envelope"] = notes.b64(raw)
    if chance.random() < 0.5:
        entry = f"hrlog/1\n{notes.b64(hashlib.sha256(base64.b64decode(event['salt']) + raw).digest())}\n".encode()
        event["entry"] = notes.b64(entry)
    if chance.random() < 0.2:
        event["index"] = None
    return {**files, name: json.dumps(event).encode()}


def forge(chance: random.Random, manifest: dict[str, Any]) -> None:
    """Now and then the manifest lies as well."""
    if chance.random() < 0.6:
        return
    event = chance.choice(manifest["events"])
    kind = chance.randrange(4)
    if kind == 0:
        manifest["events"].remove(event)
        manifest["objects"][event["object"]]["count"] -= 1
    elif kind == 1:
        other = chance.choice(manifest["events"])
        event["file"], other["file"] = other["file"], event["file"]
    elif kind == 2:
        event["seq"], event["index"] = event["seq"] + 1, chance.randrange(9)
    else:
        manifest["objects"].pop(event["object"], None)


@pytest.mark.parametrize(("size", "count"), [("tiny", 9000), ("whole", 1000)])
def test_random_changes_are_found_or_are_a_stated_limit(world: World, size: str, count: int) -> None:
    """10 000 in all. What still verifies shows only true events, from the first of each object on."""
    chance, found = random.Random(20261120), 0
    files = world.tiny if size == "tiny" else world.files
    small = resign({x: y for x, y in files.items() if not x.startswith(("README", "verify/"))}, world.keys)
    assert verify_files(small).ok
    for number in range(count):
        changed = attack(chance, small, world.keys)
        if changed == small:
            continue
        report = verify_files(changed)
        if report.ok:
            assert harmless(small, changed), number
        else:
            assert report.findings or "not" in words(report)
            found += 1
    assert found > count * 0.75


def test_random_changes_of_the_archive_are_found(world: World, tmp_path: Path) -> None:
    raw, chance, path = canonical_zip(world.tiny), random.Random(7), tmp_path / "x.zip"
    for _ in range(300):
        bad = bytearray(raw)
        kind, at = chance.randrange(3), chance.randrange(len(raw))
        if kind == 0:
            bad[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del bad[at : at + chance.choice([1, 40, len(raw)])]
        else:
            bad[at:at] = bad[at : at + 200]
        path.write_bytes(bad)
        assert main([str(path), "--json"]) in (1, 2), bytes(bad)


def test_operator_cannot_leave_out_but_the_tail(world: World) -> None:
    def drop(*gone: int) -> Report:
        def forget(manifest: dict[str, Any]) -> None:
            manifest["events"] = [x for x in manifest["events"] if x["index"] not in gone]
            left = [x for x in manifest["events"] if x["object"] == "ntc_1"]
            leaf = hashlib.sha256(b"\0" + base64.b64decode(json.loads(kept[left[-1]["file"]])["entry"])).hexdigest()
            manifest["objects"]["ntc_1"] = {"count": left[-1]["seq"], "head": leaf}

        files = {x["index"]: x for x in json.loads(world.files["manifest.json"])["events"]}
        prefixes = [files[each]["file"][7:13] for each in gone]
        kept = {x: y for x, y in world.files.items() if not any(f"s/{each}" in x for each in prefixes)}
        return verify_files(resign(kept, world.keys, forget))

    assert "ntc_1 的第 2 条记录缺失" in faults(drop(3))
    assert "ntc_1 的第 3 条记录缺失" in faults(drop(4))
    tail = drop(5)
    assert tail.ok and any("末尾" in limit.zh for limit in tail.limits)


def test_rewritten_history_shows_both_notes(world: World, tmp_path: Path) -> None:
    line = f"{ORIGIN} 6 {notes.b64(bytes(32))}"
    (tmp_path / "chat.txt").write_text(f"存证检查点 {line}", encoding="utf-8")
    (tmp_path / "good.note").write_bytes(world.files["checkpoints/1-6.note"])
    (tmp_path / "newer.txt").write_text(f"存证检查点 {ORIGIN} 70000 {notes.b64(bytes(32))}", encoding="utf-8")
    (tmp_path / "between.txt").write_text(f"存证检查点 {ORIGIN} 4 {notes.b64(bytes(32))}", encoding="utf-8")
    (tmp_path / "other.txt").write_text("hello", encoding="utf-8")
    package = tmp_path / "p.zip"
    package.write_bytes(canonical_zip(world.files))
    assert verify(package, checkpoints=[tmp_path / "good.note", tmp_path / "between.txt"]).ok
    said = verify(package, checkpoints=[tmp_path / "chat.txt"])
    assert "历史被重写" in faults(said) and set(words(said)) == {"not"}
    assert "请出示较新的证据包" in faults(verify(package, checkpoints=[tmp_path / "newer.txt"]))
    assert "没有本日志的检查点" in faults(verify(package, checkpoints=[tmp_path / "other.txt"]))
    assert main([str(package), "--checkpoint", str(tmp_path / "absent")]) == 2
    forged = dict(world.files)
    text = notes.checkpoint_text(ORIGIN, notes.Head(6, bytes(32)))
    forged["checkpoints/1-6.note"] = notes.sign(text, ORIGIN, world.keys.log).encode()
    assert "互相矛盾" in faults(verify_files(resign(forged, world.keys)))


def test_tokens_count_only_when_they_hold(world: World) -> None:
    name = "checkpoints/1-6.tsa1.tst"
    token = world.files[name]
    chance = random.Random(3)
    for _ in range(150):
        bad = bytearray(token)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        report = verify_files(resign({**world.files, name: bytes(bad)}, world.keys))
        times = {each.until for each in report.verdicts} - {None}
        assert not report.ok or times == {each.until for each in verify_files(world.files).verdicts}
    for junk in (
        b"",
        b"\x30",
        b"\x30\x80\0\0",
        b"\x30\x84\xff\xff\xff\xff",
        token + b"x",
        token[:-1],
        b"\x30\x03\x06\x01",
    ):
        assert "时间戳无效" in faults(verify_files(resign({**world.files, name: junk}, world.keys)))
    other = verify_files(world.files, roots=world.files["checkpoints/1-6.tsa1.chain.pem"].split(b"-----END")[0])
    assert not other.ok
    moved = {**world.files, "checkpoints/1-3.tsa1.tst": token}
    assert "盖的不是这个检查点" in faults(verify_files(resign(moved, world.keys)))
    without = resign({x: y for x, y in world.files.items() if x != "tsa-roots.pem"}, world.keys)
    assert set(words(verify_files(without))) == {"wide"}
    assert verify_files(without, roots=world.roots).ok and "proven" in words(verify_files(without, roots=world.roots))


@pytest.mark.parametrize("mode", ["wrong purpose", "two purposes", "unnamed"])
def test_tokens_of_unfit_signers_are_refused(world: World, tmp_path: Path, mode: str) -> None:
    with tsa.authority(tmp_path / "tsa") as authority:
        roots = authority.roots_path.read_bytes()
        digest = hashlib.sha256(world.files["checkpoints/1-6.note"]).digest()
        answer = tsa._answer(tmp_path / "tsa", mode, make_request(digest, 7), "application/timestamp-query")  # type: ignore[arg-type]
    assert answer
    token = tsa.tsp.TimeStampResp.load(answer[2])["time_stamp_token"].dump()
    files = {**world.files, "tsa-roots.pem": roots, "checkpoints/1-6.tsa1.tst": token}
    assert "时间戳无效" in faults(verify_files(resign(files, world.keys)))


def test_witnesses_are_checked(world: World) -> None:
    name = "checkpoints/1-6.cosig"
    without = resign({x: y for x, y in world.files.items() if x != name}, world.keys)
    report = verify_files(without)
    assert report.ok and set(words(report)) == {"wide"}
    assert all("见证人" in "".join(why.zh for why in each.reasons) for each in report.verdicts)
    line = world.files[name].decode()
    blob = bytearray(base64.b64decode(line.split(" ")[2]))
    blob[-1] ^= 1
    forged = {**world.files, name: line.rpartition(" ")[0].encode() + b" " + notes.b64(bytes(blob)).encode() + b"\n"}
    assert "见证人的签名不符" in faults(verify_files(resign(forged, world.keys)))


def packed(engine: Engine, keys: Keys, tmp_path: Path, scope: list[str] | str, **more: Any) -> Report:
    out = tmp_path / "made.zip"
    with begin(engine) as conn:
        export(conn, keys, scope, out, **{"now": NOW + timedelta(hours=1), **more})
    return verify(out)


def test_one_who_read_does_not_stand_for_another_who_confirms(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """Everybody on a notice's list shares its chain: each has to have been shown the text."""
    say(lite, keys, "notice.content_shown", "ntc_1", NOW)
    say(lite, keys, "notice.acknowledged", "ntc_1", NOW + timedelta(seconds=1))
    say(lite, keys, "notice.acknowledged", "ntc_1", NOW + timedelta(seconds=2), subject="p:e2", source={})
    sequence(lite, keys, NOW)
    found = faults(packed(lite, keys, tmp_path, ["ntc_1"])).splitlines()
    assert len(found) == 1 and found[0].startswith("evt_ntc_1_notice.acknowledged_0 ") and "全文展示" in found[0]


def test_the_order_the_law_asks_for(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    for number, type in enumerate(["notice.acknowledged", "notice.content_shown"]):
        say(lite, keys, type, "ntc_1", NOW + timedelta(seconds=number))
    for number, type in enumerate(["decision.proposed", "decision.issued", "decision.human_reviewed"]):
        say(lite, keys, type, "dec_1", NOW + timedelta(seconds=number))
    say(lite, keys, "decision.issued", "dec_2", NOW)
    sequence(lite, keys, NOW)
    assert "evt_ntc_1_notice.acknowledged_1" in faults(packed(lite, keys, tmp_path, ["ntc_1"]))
    said = packed(lite, keys, tmp_path, ["dec_1"])
    assert "evt_dec_1_decision.issued_1 events/000002.json 决定早于应有的步骤" in faults(said)
    assert words(said) == ["wide", "not", "wide"]
    assert packed(lite, keys, tmp_path, ["dec_2"]).ok


def test_back_dating_is_named(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    say(lite, keys, "notice.created", "ntc_1", NOW)
    say(lite, keys, "notice.accepted", "ntc_1", NOW - timedelta(seconds=61))
    sequence(lite, keys, NOW)
    assert "evt_ntc_1_notice.accepted_1 events/000002.json 所称时间早于" in faults(
        packed(lite, keys, tmp_path, ["ntc_1"])
    )


def test_missing_consent_is_said_beside_the_verdict(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    say(lite, keys, "notice.created", "ntc_0", NOW)
    say(lite, keys, "consent.edelivery_confirmed", "consent:9", NOW + timedelta(seconds=1))
    say(lite, keys, "notice.created", "ntc_1", NOW + timedelta(seconds=2))
    say(lite, keys, "consent.withdrawn", "consent:9", NOW + timedelta(seconds=3))
    say(lite, keys, "notice.created", "ntc_2", NOW + timedelta(seconds=4))
    say(lite, keys, "notice.created", "ntc_3", NOW + timedelta(seconds=5), subject="p:none")
    sequence(lite, keys, NOW)
    report = packed(lite, keys, tmp_path, [f"ntc_{number}" for number in range(4)])
    missing = [len(each.beside) for each in report.verdicts if each.type == "notice.created"]
    assert report.ok and missing == [2, 1, 2, 0]


def test_a_person_s_file_holds_their_parts_only(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    say(lite, keys, "notice.created", "ntc_1", NOW)
    say(lite, keys, "notice.accepted", "ntc_1", NOW, subject="p:other")
    say(lite, keys, "notice.created", "ntc_2", NOW, subject="p:other")
    say(lite, keys, "consent.esign_agreed", "consent:1", NOW)
    say(lite, keys, "consent.esign_agreed", "consent:2", NOW, subject="p:other")
    sequence(lite, keys, NOW)
    report = packed(lite, keys, tmp_path, "p:e1")
    assert report.ok and [each.event_id for each in report.verdicts] == [
        "evt_ntc_1_notice.created_1", "evt_ntc_1_notice.accepted_1", "evt_consent_1_consent.esign_agreed_1"
    ]  # fmt: skip
    files = read_zip(tmp_path / "made.zip")[1]
    assert {x[6:12] for x in files if x.startswith("parts/")} == {"000001", "000003"}
    held = packed(lite, keys, tmp_path, "p:e1", withhold=frozenset({("evt_ntc_1_notice.created_1", "正文.txt")}))
    assert held.ok and held.verdicts[0].beside[0].zh == "附件未提供或已删除：正文.txt"
    assert not packed(lite, keys, tmp_path, "p:e1", withhold={"正文.txt"}).findings
    with pytest.raises(KeyError):
        packed(lite, keys, tmp_path, "p:nobody")


def test_events_of_an_ended_log_are_proven_by_its_successor(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    say(lite, keys, "notice.created", "ntc_1", NOW)
    sequence(lite, keys, NOW)
    (keys.key_dir / "log.pem").unlink()  # lost: the waiting event cannot be placed any more
    broken = load_or_create(keys.key_dir, ORIGIN)
    say(lite, keys, "notice.accepted", "ntc_1", NOW)
    later = new_epoch(lite, broken, "日志密钥遗失", NOW + timedelta(seconds=5))
    say(lite, later, "notice.delivered", "ntc_1", NOW + timedelta(seconds=9))
    sequence(lite, later, NOW + timedelta(seconds=10))
    with begin(lite) as conn:
        facts = []
        export(conn, later, ["ntc_1"], tmp_path / "p.zip", now=NOW + timedelta(hours=1),
               report=lambda given: facts.append(given) or b"%PDF")  # fmt: skip
    report = verify(tmp_path / "p.zip", [str(keys.log_vkey), str(later.log_vkey)])
    assert report.ok, report.findings
    assert facts[0].events[1].type == "notice.accepted" and "由其后一条记录" in facts[0].events[1].verdict
    assert read_zip(tmp_path / "p.zip")[1]["report.pdf"] == b"%PDF"
    one = verify(tmp_path / "p.zip", str(later.log_vkey))
    assert not one.ok and [each.verdict for each in one.verdicts[:2]] == ["not", "not"]


def spoil(engine: Engine, *statements: sa.Executable) -> None:
    """The owner of the database: drops the triggers first."""
    with begin(engine) as conn:
        guard.remove(conn)
        for statement in statements:
            conn.execute(statement)


CHANGES: dict[str, Callable[[], list[sa.Executable]]] = {
    "content": lambda: [sa.update(ev_part).where(ev_part.c.event_id == "evt_ntc_1_7").values(content=b"no")],
    "envelope": lambda: [sa.update(ev_event).where(ev_event.c.event_id == "evt_ntc_1_7").values(envelope=b"{}")],
    "backdate": lambda: [sa.update(ev_event).where(ev_event.c.event_id == "evt_ntc_1_7").values(at_ms=1, seen_ms=1)],
    "person": lambda: [sa.update(ev_event).where(ev_event.c.event_id == "evt_ntc_1_7").values(actor="p:e1")],
    "promise": lambda: [sa.update(ev_event).where(ev_event.c.event_id == "evt_ntc_1_7").values(promise="x")],
    "reorder": lambda: [
        sa.update(ev_event).where(ev_event.c.event_id == name).values(log_index=place)
        for name, place in (("evt_ntc_1_7", 999), ("evt_ntc_1_8", 7), ("evt_ntc_1_7", 8))
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_of_the_database_name_the_event(engine: Engine, keys: Keys, tmp_path: Path, change: str) -> None:
    with begin(engine) as conn:
        guard.install(conn)
        for number in range(30):
            add(conn, keys, number)
    sequence(engine, keys, NOW)
    assert packed(engine, keys, tmp_path, ["ntc_1"]).ok
    spoil(engine, *CHANGES[change]())
    report = packed(engine, keys, tmp_path, ["ntc_1"])
    assert "evt_ntc_1_7" in faults(report)
    assert "evt_ntc_1_7" in {each.event_id for each in report.verdicts if each.verdict == "not"}


def test_deleted_rows_are_found_even_with_the_chain_shortened(engine: Engine, keys: Keys, tmp_path: Path) -> None:
    with begin(engine) as conn:
        for number in range(40):
            add(conn, keys, number, f"ntc_{number % 2}")
    sequence(engine, keys, NOW)
    gone = sa.select(ev_event.c.event_id).where(ev_event.c.log_index >= 20)
    spoil(engine, sa.delete(ev_part).where(ev_part.c.event_id.in_(gone)),
          sa.delete(ev_event).where(ev_event.c.log_index >= 20))  # fmt: skip
    assert "ntc_1 的第 11 条记录缺失" in faults(packed(engine, keys, tmp_path, ["ntc_1"]))
    with begin(engine) as conn:
        last = conn.execute(sa.select(ev_event.c.leaf_hash).where(ev_event.c.log_index == 19)).scalar_one()
    spoil(engine, sa.update(ev_object).where(ev_object.c.object_id == "ntc_1").values(head_seq=10, head_leaf=last))
    assert "日志第 1-20 … 1-39 位的记录已从数据库中删除" in faults(packed(engine, keys, tmp_path, ["ntc_1"]))


@pytest.mark.parametrize("readme", ["README.zh.txt", "README.en.txt"])
def test_the_openssl_recipe_works_as_written(world: World, tmp_path: Path, readme: str) -> None:
    for name, data in world.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    text = world.files[readme].decode()
    lines = [line for line in text.splitlines() if line.startswith("  ")]
    recipe = "\n".join(line for line in lines if not line.startswith("  python"))
    (tmp_path / "p.zip").write_bytes(canonical_zip(world.files))
    key, here = str(world.keys.log_vkey), {"huizhi_verify.py": "verify/huizhi_verify.py"}
    here |= {"本包.zip": "p.zip", "PACKAGE.zip": "p.zip", "公钥": key, "KEY": key}
    here |= {"检查点文件": "checkpoints/1-6.note", "FILE": "checkpoints/1-6.note"}
    python = next(line for line in lines if line.startswith("  python")).split()[1:]
    command = [sys.executable, "-I", *(here.get(word, word) for word in python)]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    def run(number: int) -> str:
        script = recipe.replace("000001", f"{number:06d}")
        done = subprocess.run(["bash", "-e"], input=script, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    for number in (1, 4, 6):
        said = run(number)
        for line in ("files: ok", "entry: ok", "root: ok", "Signature Verified Successfully", "Verification: OK"):
            assert line in said, said
    event = json.loads(world.files["events/000004.json"])
    changed = base64.b64decode(event["envelope"]).replace(b"p:hr", b"p:xx").replace(b"p:e1", b"p:xx")
    bad = world.files["events/000004.json"].replace(event["envelope"].encode(), notes.b64(changed).encode())
    (tmp_path / "events/000004.json").write_bytes(bad)
    assert "entry: ok" not in run(4)
    assert max(map(len, text.splitlines())) <= 125


def test_hostile_archives_are_refused_in_words(
    tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = canonical_zip(world.files)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("policy.txt", bytes(50_000_000))
    link, twice = tmp_path / "link.zip", tmp_path / "twice.zip"
    with zipfile.ZipFile(link, "w") as archive:
        info = zipfile.ZipInfo("policy.txt")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, b"/etc/passwd")
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("policy.txt", b"1")
        archive.writestr("POLICY.txt", b"2")
    up = tmp_path / "up.zip"
    with zipfile.ZipFile(up, "w") as archive:
        archive.writestr("../../policy.txt", b"1")
    lying = bytearray(canonical_zip({"policy.txt": b"x"}))
    place = lying.rindex(b"PK\1\2") + 20
    lying[place : place + 8] = b"\xff" * 8
    (tmp_path / "lying.zip").write_bytes(lying)
    for name, wanted in (("bomb", "compressed"), ("link", "link"), ("twice", "duplicate"), ("up", "unsafe")):
        assert main([str(tmp_path / f"{name}.zip")]) == 2
        assert wanted in capsys.readouterr().out
    for data in (
        b"",
        b"PK\5\6" + bytes(18),
        raw[: len(raw) // 2],
        raw[:-1],
        raw[1:],
        bytes(lying),
        b"PK\3\4" + bytes(99),
    ):
        (tmp_path / "cut.zip").write_bytes(data)
        assert main([str(tmp_path / "cut.zip"), "--json"]) in (1, 2)
        assert not json.loads(capsys.readouterr().out)["ok"]
    with pytest.raises(Unreadable):
        verify(tmp_path)


def test_hostile_contents_are_findings_not_crashes(world: World) -> None:
    huge, deep = b"1" + b"0" * 400, b"[" * 100_000 + b"]" * 100_000
    event = json.loads(world.files["events/000003.json"])
    junk = [
        b"", b"null", b"[]", b"{}", huge, b"1" + b"0" * 5000, deep, b'{"a":' * 50_000, b"\xff\xfe", b"NaN",
        json.dumps({**event, "index": 10**400}).encode(), json.dumps({**event, "epoch": [1]}).encode(),
        json.dumps({**event, "index": True}).encode(), json.dumps({**event, "disclosed": [None]}).encode(),
        json.dumps({**event, "index": 1e400}).encode(), json.dumps({**event, "promise": 7}).encode(),
    ]  # fmt: skip
    kinds = ("events/000003.json", "epochs/epochs.json", "consents/consents.json", "anchors/anchors.json", "policy.txt",
             "proofs/1-2.tlog-proof", "checkpoints/1-6.note", "checkpoints/1-6.cosig", "consistency/1-3-6.txt",
             "manifest.json", "manifest.note", "tsa-roots.pem", "checkpoints/1-6.tsa1.chain.pem")  # fmt: skip
    for name in kinds:
        for data in [*junk, b'{"a":1,"a":2}']:
            changed = {**world.files, name: data}
            assert not verify_files(changed).ok, (name, data[:40])
            if name not in ("manifest.json", "manifest.note"):
                report = verify_files(resign(changed, world.keys))
                assert not report.ok or (name.endswith((".pem", ".cosig", "anchors.json")) and len(data) < 5), name
    text = f"{ORIGIN}\n{10**400}\n{notes.b64(bytes(32))}\n"
    size = {**world.files, "checkpoints/1-6.note": notes.sign(text, ORIGIN, world.keys.log).encode()}
    assert not verify_files(resign(size, world.keys)).ok
    for field, value in (("count", 10**400), ("count", -1), ("count", "x"), ("head", None)):
        change = {"count": 4, "head": "00", field: value}
        report = verify_files(resign(world.files, world.keys, lambda m, c=change: m["objects"].update(ntc_1=c)))  # type: ignore[misc]
        assert not report.ok
    for far in (10**9, 10**400):  # would be counted up to, one missing event after the other
        report = verify_files(resign(world.files, world.keys, lambda m, n=far: m["events"][0].update(seq=n)))  # type: ignore[misc]
        assert not report.ok


def test_a_certificate_with_a_negative_serial_is_a_finding_not_a_warning(world: World) -> None:
    """One flipped bit of a certificate: libraries warn of it, the report names the file."""
    for name in ("tsa-roots.pem", "checkpoints/1-6.tsa1.chain.pem"):
        before = b"\xa0\x03\x02\x01\x02\x02"  # version 3, then the serial number: a tag, its length, its bytes
        first = world.files[name].decode().split("-----END")[0] + "-----END CERTIFICATE-----\n"
        der = ssl.PEM_cert_to_DER_cert(first)
        at = der.index(before) + len(before) + 1
        changed = ssl.DER_cert_to_PEM_cert(der[:at] + bytes([der[at] | 0x80]) + der[at + 1 :]).encode()
        report = verify_files({**world.files, name: changed})
        assert not report.ok and name in {each.file for each in report.findings}


def test_what_was_saved_with_notepad_is_a_checkpoint_too(world: World, tmp_path: Path) -> None:
    kept, note = tmp_path / "kept.txt", world.files["checkpoints/1-6.note"].decode()
    kept.write_bytes(b"\xef\xbb\xbf" + note.replace("\n", "\r\n").encode())
    report = verify_files(world.files, brought={"kept.txt": kept.read_bytes()})
    assert [each.en for each in report.notes if each.file == "kept.txt"] == ["checkpoint 6 agrees with the package"]


def test_command_line(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from click.testing import CliRunner

    from bot.cli.evidence import evidence

    package = tmp_path / "p.zip"
    package.write_bytes(canonical_zip(world.files))
    (tmp_path / "c.txt").write_text(f"{ORIGIN} 6 {notes.b64(bytes(32))}")
    good = CliRunner().invoke(evidence, ["verify", str(package), "--log-key", str(world.keys.log_vkey), "--lang", "zh"])
    assert good.exit_code == 0 and "已证明" in good.output and "账号不等于本人" in good.output
    bad = CliRunner().invoke(evidence, ["verify", str(package), "--checkpoint", str(tmp_path / "c.txt"), "--json"])
    assert bad.exit_code == 1 and "历史被重写" in json.loads(bad.output)["findings"][0]["zh"]
    assert CliRunner().invoke(evidence, ["export", "--case", "a", "--all"]).exit_code == 2
    assert main([str(package), "--lang", "en"]) == 0
    assert "limit" not in capsys.readouterr().out.split("!")[0]


def test_a_case_and_a_person_are_handed_over_with_their_report(firm: Firm, tmp_path: Path) -> None:
    with firm.app.engine.connect() as connection:
        employee = People(connection).find("fake", "zhang")
    assert employee
    with firm.app.context(employee) as ctx:
        ctx.record("notice.content_shown", "ntc-7", subject=employee, parts={"正文": "请于明日九时到会议室。"})
    case, person = tmp_path / "case.zip", tmp_path / "person.zip"
    assert export_case(firm.app, "ntc-7", case, Wanted(report=True)) == 1
    files = read_zip(case)[1]
    assert verify(case, str(firm.app.keys.log_vkey)).ok and files["report.pdf"].startswith(b"%PDF")
    assert employee.name in json.loads(files["manifest.json"])["names"].values()
    assert export_person(firm.app, employee.platform, employee.user_id, person, Wanted(frozenset({"正文"}))) == 2
    report = verify(person)
    assert [each.type for each in report.verdicts] == ["notice.content_shown", "export.made"] and report.ok
    assert not any(name.startswith("parts/") for name in read_zip(person)[1])
    assert export_person(firm.app, "fake", "nobody", person) == export_case(firm.app, "none", case) == 0
