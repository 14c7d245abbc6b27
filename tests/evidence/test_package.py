"""The exported package: reproducible, checked by its own verifier, and every change to it found and named."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from bot.db import begin
from bot.evidence import notes
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.package import export
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.verify import Report, Unreadable, canonical_zip, main, read_zip, sums, verify
from tests.evidence.conftest import NOW, ORIGIN, add, salts

Files = dict[str, bytes]


@pytest.fixture
def package(lite: Engine, keys: Keys, tmp_path: Path) -> Path:
    """Three events of ntc_1 and two of ntc_2, interleaved with another object that is not exported."""
    made = salts()
    with begin(lite) as conn:
        for number, place in enumerate(["ntc_1", "other", "ntc_2", "ntc_1", "ntc_2", "other", "ntc_1"]):
            add(conn, keys, number, place, salts=made)
    sequence(lite, keys, NOW)
    out = tmp_path / "package.zip"
    with begin(lite) as conn:
        assert export(conn, keys, ["ntc_2", "ntc_1"], out, now=NOW, also={"cover.txt": "说明"}) == 5
    return out


def resign(files: Files, keys: Keys, change: Callable[[dict[str, Any]], None] = lambda manifest: None) -> Files:
    """What a dishonest operator can do: bring manifest, its signature and checksums in line again."""
    manifest = json.loads(files["manifest.json"])
    plain = {x: y for x, y in files.items() if x not in ("manifest.json", "manifest.note", "SHA256SUMS")}
    manifest["files"] = {x: {"sha256": hashlib.sha256(y).hexdigest(), "len": len(y)} for x, y in plain.items()}
    change(manifest)
    raw = json.dumps(manifest).encode()
    text = f"huizhi-manifest/1\n{ORIGIN}\n{notes.b64(hashlib.sha256(raw).digest())}\n"
    note = notes.sign(text, keys.promise_vkey.name, keys.promise).encode()
    plain |= {"manifest.json": raw, "manifest.note": note}
    return plain | {"SHA256SUMS": sums(plain)}


def check(files: Files, tmp_path: Path) -> Report:
    path = tmp_path / "changed.zip"
    path.write_bytes(canonical_zip(files))
    return verify(path)


def named(report: Report) -> set[str]:
    assert not report.ok
    return {finding.event_id for finding in report.findings}


def test_good_package(package: Path, keys: Keys) -> None:
    report = verify(package, str(keys.log_vkey))
    assert (report.ok, report.events, report.findings) == (True, 5, [])
    assert [(each.event_id, each.verdict) for each in report.verdicts] == [
        (f"evt_{name}", "wide") for name in ("ntc_1_0", "ntc_2_2", "ntc_1_3", "ntc_2_4", "ntc_1_6")
    ]
    assert all("无第三方时间" in each.reasons[0].zh for each in report.verdicts)
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == sorted(names) and all(name.isascii() for name in names)
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        timeline = archive.read("timeline.zh.txt").decode()
    assert {"README.zh.txt", "README.en.txt", "policy.txt", "also/cover.txt", "events/000005.json"} <= set(names)
    assert {"checkpoints/1-7.note", "proofs/1-0.tlog-proof", "proofs/1-6.tlog-proof"} <= set(names)
    assert "2026-11-20 09:00:05  notice.created  ntc_1 第 1 条" in timeline


def test_reproducible(package: Path, lite: Engine, keys: Keys, tmp_path: Path) -> None:
    with begin(lite) as conn:
        export(conn, keys, ["ntc_1", "ntc_2"], tmp_path / "again.zip", now=NOW, also={"cover.txt": "说明"})
        with pytest.raises(KeyError, match="nobody"):
            export(conn, keys, ["nobody"], tmp_path / "none.zip", now=NOW, also={})
        with pytest.raises(ValueError, match="ASCII"):
            export(conn, keys, ["ntc_1"], tmp_path / "none.zip", now=NOW, also={"../x": ""})
    assert package.read_bytes() == (tmp_path / "again.zip").read_bytes()


def test_stands_alone_with_exit_codes(package: Path, keys: Keys, tmp_path: Path) -> None:
    script = tmp_path / "huizhi_verify.py"
    script.write_bytes(read_zip(package)[1]["verify/huizhi_verify.py"])

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", str(script), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        return done.returncode, done.stdout

    code, text = run(str(package), "--json", "--log-key", str(keys.log_vkey))
    found = json.loads(text)
    assert code == 0 and (found["ok"], found["events"], found["findings"]) == (True, 5, [])
    assert found["verdicts"][0]["reasons"][0].keys() == {"zh", "en"} and len(found["limits"]) == 5
    zh, en = run(str(package), "--lang", "zh")[1], run(str(package), "--lang", "en")[1]
    assert "proven" not in zh and "wide window" in en and not any("一" <= each <= "鿿" for each in en)
    bad = bytearray(package.read_bytes())
    bad[bad.index("第 3 条".encode())] ^= 1
    (tmp_path / "bad.zip").write_bytes(bad)
    code, text = run(str(tmp_path / "bad.zip"))
    assert code == 1 and "evt_ntc_1_3 parts/000003-00-___body.txt" in text
    (tmp_path / "no.zip").write_text("no zip")
    assert run(str(tmp_path / "no.zip"))[0] == run(str(tmp_path / "absent.zip"), "--json")[0] == 2


def test_every_sampled_byte_flip_is_found(package: Path, tmp_path: Path) -> None:
    raw, chance, target = package.read_bytes(), random.Random(2026), tmp_path / "flip.zip"
    tail = range(raw.rindex(b"PK\1\2"), len(raw))
    for position in [*chance.sample(range(len(raw)), 200), *tail]:
        bad = bytearray(raw)
        bad[position] ^= 1 << chance.randrange(8)
        target.write_bytes(bad)
        try:
            assert not verify(target).ok, position
        except Unreadable:
            continue
    for other in (raw + b"x", b"x" + raw, raw[:-1]):
        target.write_bytes(other)
        assert main([str(target)]) in (1, 2)


def test_a_flip_in_every_file_names_the_file_and_its_event(package: Path, tmp_path: Path) -> None:
    raw, files = package.read_bytes(), read_zip(package)[1]
    events = {x["file"]: x for x in json.loads(files["manifest.json"])["events"]}
    for name, data in files.items():
        changed = bytearray(raw)
        start = raw.index(name.encode() + data) + len(name)
        changed[start + len(data) // 2] ^= 1
        (tmp_path / "one.zip").write_bytes(changed)
        findings = verify(tmp_path / "one.zip").findings
        assert name in {finding.file for finding in findings}, name
        if name.startswith(("events/", "parts/")):
            assert events[f"events/{name.split('/')[1][:6]}.json"]["id"] in {x.event_id for x in findings}


def test_missing_files_are_named(package: Path, tmp_path: Path) -> None:
    files = read_zip(package)[1]
    listed = json.loads(files["manifest.json"])["events"]
    for name in files:
        report = check({x: y for x, y in files.items() if x != name}, tmp_path)
        assert name in {finding.file for finding in report.findings} | {"manifest.note"} and not report.ok
        owner = [x["id"] for x in listed if name in (x["file"], x["proof"])]
        assert set(owner) <= named(report)
    assert not check(files | {"extra.txt": b""}, tmp_path).ok


def test_swapped_events_are_named(package: Path, keys: Keys, tmp_path: Path) -> None:
    files = read_zip(package)[1]
    one, three = "events/000001.json", "events/000003.json"
    swapped = files | {one: files[three], three: files[one]}
    assert {"evt_ntc_1_0", "evt_ntc_1_3"} <= named(check(swapped, tmp_path))

    def renumber(manifest: dict[str, Any]) -> None:
        first, third = manifest["events"][0], manifest["events"][2]
        first["file"], third["file"] = third["file"], first["file"]

    report = check(resign(swapped, keys, renumber), tmp_path)
    assert any("次序" in finding.zh and finding.event_id == "evt_ntc_1_0" for finding in report.findings)


def test_operator_cannot_rewrite_or_leave_out(package: Path, keys: Keys, tmp_path: Path) -> None:
    files = read_zip(package)[1]
    body = "parts/000003-00-___body.txt"
    assert named(check(resign(files | {body: "第 9 条".encode()}, keys), tmp_path)) == {"evt_ntc_1_3"}

    event = json.loads(files["events/000003.json"])
    early = base64.b64decode(event["envelope"]).replace(b'"at":"2026', b'"at":"2025')
    backdated = files | {"events/000003.json": json.dumps(event | {"envelope": notes.b64(early)}).encode()}
    assert "evt_ntc_1_3" in named(check(resign(backdated, keys), tmp_path))
    entry = f"hrlog/1\n{notes.b64(hashlib.sha256(base64.b64decode(event['salt']) + early).digest())}\n".encode()
    leaf = hashlib.sha256(b"\0" + entry).digest()
    text = f"huizhi-promise/1\n{ORIGIN}\n{notes.b64(leaf)}\n{event['promise'].split(chr(10))[3]}\n"
    promise = notes.sign(text, keys.promise_vkey.name, keys.promise)
    event |= {"envelope": notes.b64(early), "entry": notes.b64(entry), "promise": promise}
    forged = files | {"events/000003.json": json.dumps(event).encode()}
    assert "evt_ntc_1_3" in named(check(resign(forged, keys), tmp_path))

    gone = {x: y for x, y in files.items() if x not in ("events/000003.json", body, "proofs/1-3.tlog-proof")}

    def forget(manifest: dict[str, Any]) -> None:
        del manifest["events"][2]

    report = check(resign(gone, keys, forget), tmp_path)
    assert not report.ok and "ntc_1 的第 2 条记录缺失" in {finding.zh for finding in report.findings}


def test_other_keys_are_refused(package: Path, keys: Keys, tmp_path: Path) -> None:
    files, other = read_zip(package)[1], load_or_create(tmp_path / "other", ORIGIN)
    assert not check(resign(files, other), tmp_path).ok
    assert [x.file for x in verify(package, str(other.log_vkey)).findings] == ["policy.txt"]
    assert {x.verdict for x in verify(package, str(other.log_vkey)).verdicts} == {"not"}
    policy = f"log {other.log_vkey}\nlog {other.promise_vkey}\nquorum none\n".encode()
    report = check(resign(files | {"policy.txt": policy}, other), tmp_path)
    assert len(named(report) - {""}) == 5


def test_erased_and_pending_are_notes(lite: Engine, keys: Keys, package: Path, tmp_path: Path) -> None:
    with begin(lite) as conn:
        conn.execute(sa.update(ev_part).where(ev_part.c.event_id == "evt_ntc_1_0").values(salt=None, content=None))
        erased = sa.update(ev_event).where(ev_event.c.event_id == "evt_ntc_1_3")
        conn.execute(erased.values(salt=None, envelope=None))
        add(conn, keys, 8, "ntc_1")
        export(conn, keys, ["ntc_1"], tmp_path / "later.zip", now=NOW, also={})
        export(conn, keys, ["ntc_1"], tmp_path / "late.zip", now=NOW + timedelta(seconds=69), also={})
    report = verify(tmp_path / "later.zip")
    assert report.ok and report.events == 4, report.findings
    first, erased_one, _, waiting = report.verdicts
    assert first.beside[0].zh.startswith("附件未提供或已删除") and erased_one.beside[0].zh.startswith("内容已依法删除")
    assert waiting.event_id == "evt_ntc_1_8" and "仅有签名承诺" in waiting.reasons[0].zh
    late = verify(tmp_path / "late.zip")
    assert not late.ok and late.verdicts[-1].verdict == "not" and "已超过一分钟" in late.verdicts[-1].reasons[0].zh
    assert "内容已依法删除" in read_zip(tmp_path / "later.zip")[1]["timeline.zh.txt"].decode()


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["../x", "/x", "a/../x", "a//b", "a/./b", "名", "a\\b", "dir/", "a b", "C:x"])
def test_unsafe_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unreadable, match="unsafe"):
        verify(zipped(tmp_path / "x.zip", (name, b"")))


def test_unsafe_archives_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with pytest.raises(Unreadable, match="regular"):
        verify(zipped(tmp_path / "link.zip", (link, b"/etc/passwd")))
    with pytest.raises(Unreadable, match="compressed"):
        verify(zipped(tmp_path / "bomb.zip", ("zero", bytes(10**6)), method=zipfile.ZIP_DEFLATED))
    with pytest.raises(Unreadable, match="duplicate"):
        verify(zipped(tmp_path / "twice.zip", ("Name", b"1"), ("name", b"2")))
    for limit, value in (("MAX_FILES", 1), ("MAX_BYTES", 150)):
        with monkeypatch.context() as patch:
            patch.setattr(f"bot.evidence.verify.{limit}", value)
            with pytest.raises(Unreadable):
                verify(zipped(tmp_path / "many.zip", ("a", b"1"), ("b", b"2")))


def test_nonsense_inside_is_a_finding(tmp_path: Path, package: Path, keys: Keys) -> None:
    assert not check({}, tmp_path).ok
    files = read_zip(package)[1]
    for junk in (b"", b"[]", b"null", b"{", b'{"entry": 1}', b"\xff"):
        assert "evt_ntc_1_0" in named(check(resign(files | {"events/000001.json": junk}, keys), tmp_path))
        assert not check(files | {"manifest.json": junk}, tmp_path).ok
        assert not check(files | {"policy.txt": junk}, tmp_path).ok
