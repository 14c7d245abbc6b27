from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from adapters.timestamp.client import Stamper
from bot import db
from bot.evidence.keys import Keys
from bot.evidence.package import export
from bot.evidence.report import Sealing, sealed_report
from bot.evidence.seal import validate
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_report
from bot.evidence.verify import read_zip, verify
from tests.evidence.conftest import NOW as LOGGED, add, salts
from tests.evidence.example import facts
from tests.evidence.test_seal import Gone
from tests.evidence.tsa import Authority, authority

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as found:
        yield found


@pytest.fixture(scope="module")
def tsa_roots(tsa: Authority) -> bytes:
    return tsa.roots_path.read_bytes()


def said(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "r.pdf").write_bytes(pdf)
    return subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True).stdout.decode()


def test_the_same_facts_give_the_same_sealed_file(database_url: str, tmp_path: Path, tsa: Authority) -> None:
    engine = db.create_engine(database_url)
    sealing = Sealing(tmp_path / "keys", [Stamper("tsa1", tsa.url)], tsa.roots_path.read_bytes())
    with db.begin(engine) as conn:
        one = sealed_report(conn, facts(), sealing, NOW)
    with db.begin(engine) as conn:
        two = sealed_report(conn, facts(), sealing, NOW + timedelta(days=1))
        other = sealed_report(conn, replace(facts(), scope="别的"), sealing, NOW)
        rows = conn.execute(sa.select(sa.func.count()).select_from(ev_report)).scalar()
    engine.dispose()
    assert one == two != other and rows == 2
    assert validate(one, roots=sealing.roots).level == "PAdES-B-LTA"
    assert validate(one).certificate == validate(other).certificate


def test_a_report_that_got_no_stamp_does_not_speak_of_one(database_url: str, tmp_path: Path, tsa_roots: bytes) -> None:
    engine = db.create_engine(database_url)
    sealing = Sealing(tmp_path / "keys", [Gone()], tsa_roots)
    with db.begin(engine) as conn:
        pdf = sealed_report(conn, facts(), sealing, NOW)
        again = sealed_report(conn, facts(), sealing, NOW)
    engine.dispose()
    assert "没有外部时间戳：封印时间只是公司系统自己的时钟" in said(pdf, tmp_path) and pdf == again and validate(pdf).ok


def test_a_package_holds_its_report_and_stays_reproducible(
    lite: Engine, keys: Keys, tmp_path: Path, tsa: Authority, tsa_roots: bytes
) -> None:
    made, sealing = salts(), Sealing(keys.key_dir, [Stamper("tsa1", tsa.url)], tsa_roots)
    with db.begin(lite) as conn:
        for number in range(4):
            add(conn, keys, number, "ntc_1", salts=made)
    sequence(lite, keys, LOGGED)
    files = []
    for name in ("one.zip", "two.zip"):
        with db.begin(lite) as conn:
            export(
                conn,
                keys,
                ["ntc_1"],
                tmp_path / name,
                now=LOGGED,
                names=lambda refs: {"p:e1": "王小明"},
                report=lambda facts, conn=conn: sealed_report(conn, facts, sealing, NOW),  # type: ignore[misc]
            )
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]
    assert verify(tmp_path / "one.zip").ok
    pdf = read_zip(tmp_path / "one.zip")[1]["report.pdf"]
    assert validate(pdf, roots=tsa_roots).level == "PAdES-B-LTA"
    text = said(pdf, tmp_path)
    assert "第 3 条" in text and "拟定了通知" in text and "王小明" in text
