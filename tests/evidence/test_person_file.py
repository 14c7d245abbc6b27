"""One person's file of matters that many share: their own records, nobody else's, and words about what is left out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from bot.db import begin
from bot.evidence import notes
from bot.evidence.keys import Keys
from bot.evidence.package import export
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_object
from bot.evidence.verify import Report, canonical_zip, read_zip, verify
from tests.evidence.conftest import NOW
from tests.evidence.test_package import resign
from tests.evidence.test_verify_attacks import say

Files = dict[str, bytes]
NAMES = {"p:e1": "张三", "p:e2": "李四", "p:e3": "王五", "p:boss": "赵经理", "p:hr": "孙人事"}
STEPS = (
    ("notice.composed", "ntc_1", "p:none"),
    ("notice.content_shown", "ntc_1", "p:e2"),
    ("notice.content_shown", "ntc_1", "p:e1"),
    ("notice.acknowledged", "ntc_1", "p:e1"),
    ("notice.disputed", "ntc_1", "p:e2"),
    ("notice.closed", "ntc_1", "p:none"),
    ("notice.skipped", "ntc_1", "p:e3"),
    ("expectation.missed", "mp_1", "p:e1"),
    ("checkin.manager_asked", "mp_1", "p:boss"),
    ("expectation.missed", "mp_2", "p:e2"),
)


def person_file(engine: Engine, keys: Keys, out: Path, person: str = "p:e1") -> Files:
    """The file after `STEPS`, with everybody's names at hand."""
    for number, (type, place, subject) in enumerate(STEPS):
        say(
            engine,
            keys,
            type,
            place,
            NOW + timedelta(seconds=number),
            subject=subject,
            source=dict.fromkeys(map(str, range(number + 1)), ""),
        )
    sequence(engine, keys, NOW + timedelta(seconds=20))
    with begin(engine) as conn:
        export(conn, keys, person, out, now=NOW + timedelta(seconds=30), names=lambda refs: NAMES)
    return read_zip(out)[1]


def envelopes(files: Files) -> list[dict[str, str]]:
    raw = (json.loads(data)["envelope"] for name, data in sorted(files.items()) if name.startswith("events/"))
    return [json.loads(notes.unb64(text)) for text in raw]


def test_other_people_are_not_in_it(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    files = person_file(lite, keys, tmp_path / "p.zip")
    inside = [(each["type"], each["subject"]) for each in envelopes(files)]
    assert inside == [(type, subject) for type, _, subject in STEPS if subject not in ("p:e2", "p:e3")]
    everything = b"\n".join(data for name, data in files.items() if not name.startswith("verify/")).decode()
    everything += json.dumps(envelopes(files))
    for stranger in ("p:e2", "p:e3", "李四", "王五", "mp_2", "disputed"):
        assert stranger not in everything
    assert set(json.loads(files["manifest.json"])["names"]) == {"p:e1", "p:boss", "p:hr"}
    report = verify(tmp_path / "p.zip", str(keys.log_vkey))
    assert (report.ok, report.findings, report.events) == (True, [], 6)
    (note,) = [found for found in report.notes if "其他人" in found.zh]
    assert "3 条记录不在这份个人档案内" in note.zh and "3 records" in note.en


def test_who_only_acted_takes_their_own_acts(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    say(lite, keys, "result.scored", "pr_1", NOW, subject="p:e2", actor="p:e1")
    say(lite, keys, "result.appealed", "pr_1", NOW, subject="p:e2", actor="p:e2", source={})
    files = person_file(lite, keys, tmp_path / "p.zip")
    assert [each["type"] for each in envelopes(files) if each["subject"] == "p:e2"] == ["result.scored"]
    assert verify(tmp_path / "p.zip", str(keys.log_vkey)).ok


def test_a_case_has_everybody_and_every_event(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    person_file(lite, keys, tmp_path / "p.zip")
    with begin(lite) as conn:
        export(conn, keys, ["ntc_1"], tmp_path / "case.zip", now=NOW + timedelta(seconds=30))
    files = read_zip(tmp_path / "case.zip")[1]
    assert len(envelopes(files)) == 7
    assert not [found for found in verify(tmp_path / "case.zip").notes if "其他人" in found.zh]

    def apart(manifest: dict[str, Any]) -> None:
        manifest["objects"]["ntc_1"]["others"] = 1
        manifest["events"] = manifest["events"][:2] + manifest["events"][3:]

    kept = {name: data for name, data in files.items() if name != "events/000003.json"}
    report = checked(resign(kept, keys, apart), tmp_path)
    assert any("ntc_1 的第 3 条记录缺失" in found.zh for found in report.findings)  # only a person's file may lack


def checked(files: Files, tmp_path: Path) -> Report:
    (tmp_path / "changed.zip").write_bytes(canonical_zip(files))
    return verify(tmp_path / "changed.zip")


@pytest.mark.parametrize("lie", [0, 2, 4, -3, 3.0, "3", None, True])
def test_the_number_left_out_must_fit(lite: Engine, keys: Keys, tmp_path: Path, lie: object) -> None:
    files = person_file(lite, keys, tmp_path / "p.zip")

    def change(manifest: dict[str, Any]) -> None:
        manifest["objects"]["ntc_1"]["others"] = lie

    report = checked(resign(files, keys, change), tmp_path)
    assert not report.ok
    if isinstance(lie, int) and not isinstance(lie, bool):
        assert {found.zh for found in report.findings} >= {f"ntc_1 的第 {seq} 条记录缺失" for seq in (2, 5, 7)}


def test_an_own_record_left_out_is_missed_by_its_receipt(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    """With the keys an operator can call a record somebody else's; whoever holds the receipt shows it."""
    files = person_file(lite, keys, tmp_path / "p.zip")
    gone = "events/000003.json"
    assert checked({name: data for name, data in files.items() if name != gone}, tmp_path).ok is False

    def change(manifest: dict[str, Any]) -> None:
        manifest["events"] = [line for line in manifest["events"] if line["file"] != gone]
        manifest["objects"]["ntc_1"]["others"] += 1

    without = ("parts/000003", gone)
    kept = resign({name: data for name, data in files.items() if not name.startswith(without)}, keys, change)
    (tmp_path / "changed.zip").write_bytes(canonical_zip(kept))
    (tmp_path / "receipt.txt").write_text(json.loads(files[gone])["promise"], "utf-8")
    report = verify(tmp_path / "changed.zip", checkpoints=[tmp_path / "receipt.txt"])
    assert any("就是被漏掉了" in found.zh for found in report.findings)


def test_a_notice_to_hundreds_of_thousands_costs_no_more(lite: Engine, keys: Keys, tmp_path: Path) -> None:
    files = person_file(lite, keys, tmp_path / "small.zip")
    with begin(lite) as conn:
        conn.execute(sa.update(ev_object).where(ev_object.c.object_id == "ntc_1").values(head_seq=1_500_000))
        export(conn, keys, "p:e1", tmp_path / "p.zip", now=NOW + timedelta(seconds=30), names=lambda refs: NAMES)
        assert conn.execute(sa.select(sa.func.count()).select_from(ev_event)).scalar_one() == len(STEPS)
    report = verify(tmp_path / "p.zip", str(keys.log_vkey))
    assert report.ok and any("1499996 条记录" in found.zh for found in report.notes)
    assert len(read_zip(tmp_path / "p.zip")[1]) == len(files)
