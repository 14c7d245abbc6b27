"""The sealed copy as a stranger's tools see it: the exact bytes, the certificate's words, the outside time."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.timestamp.client import Stamper
from bot.evidence.report import Sealing
from bot.evidence.seal import validate
from bot.evidence.signed import sealed_copy, unsigned
from bot.signing import rules as signing_rules
from bot.signing.rules import Attachment
from bot.signing.store import Document, Signature
from tests.evidence.test_seal import Gone
from tests.evidence.tsa import authority

NOW = datetime.now(UTC).replace(microsecond=0)
TITLE = "绩效结果 𠮷田 #let x = 1"
FILES = (Attachment("明细.xlsx", "ab" * 32, 12_345),)
BLOCKS = signing_rules.blocks_of(
    [("结果", [("得分", "62.5")]), ("说明", "第一行 *not bold*\n\n第二行 $x$ " + "长" * 900)]
)
CONTENT = signing_rules.exact(TITLE, 3, BLOCKS, FILES)
DOCUMENT = Document(
    "d" * 24, "paper:1", "paper", 3, "p1", TITLE, BLOCKS, FILES, CONTENT, signing_rules.digest(CONTENT), False,
    "signed", "", "", "", "", "Asia/Shanghai", NOW, NOW, NOW,
)  # fmt: skip


def made(how: str, marks: str) -> Signature:
    return Signature(
        DOCUMENT.ref, "p1", how, "fake:zhang", DOCUMENT.sha256, 3, marks, "chat", NOW, NOW, True, NOW, "Asia/Shanghai",
        "evt_1", "", None,
    )  # fmt: skip


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def words(pdf: bytes, folder: Path) -> str:
    (folder / "copy.pdf").write_bytes(pdf)
    return "".join(run("pdftotext", str(folder / "copy.pdf"), "-").split())


@pytest.mark.parametrize(("how", "marks"), [("drawn", "10,10 30,60 50,10 70,60"), ("typed", "张三")])
def test_the_copy_holds_the_text_the_certificate_and_the_exact_bytes(tmp_path: Path, how: str, marks: str) -> None:
    pdf = sealed_copy(DOCUMENT, made(how, marks), "张三", Sealing(tmp_path / "keys"), NOW)
    said = words(pdf, tmp_path)
    for each in (
        "62.5",
        "第一行*not bold*".replace(" ", ""),
        "fake:zhang",
        "不是",
        "签名不代表同意",
        "没有：时间是公司系统的时钟",
    ):
        assert each in said
    assert "Whetheritequalshandwriting" in said and "〔U+20BB7〕" in said
    run("pdfdetach", "-saveall", "-o", str(tmp_path), str(tmp_path / "copy.pdf"))
    assert hashlib.sha256((tmp_path / "document.txt").read_bytes()).hexdigest() == DOCUMENT.sha256
    report = validate(pdf)
    assert report.ok and report.level == "PAdES-B-B"
    assert not validate(pdf[:-40] + b"x" + pdf[-39:]).ok


def test_with_an_authority_the_copy_carries_outside_time_and_without_one_does_not_speak_of_it(tmp_path: Path) -> None:
    with authority(tmp_path) as tsa:
        roots = tsa.roots_path.read_bytes()
        one = Sealing(tmp_path / "keys", [Stamper("tsa1", tsa.url)], roots)
        pdf = sealed_copy(DOCUMENT, made("typed", "张三"), "张三", one, NOW)
    assert "封印时已向外部机构取得" in words(pdf, tmp_path)
    assert validate(pdf, roots=roots).level == "PAdES-B-LTA"
    away = sealed_copy(DOCUMENT, made("typed", "张三"), "张三", Sealing(tmp_path / "keys", [Gone()], roots), NOW)
    assert "没有：时间是公司系统的时钟" in words(away, tmp_path)


def test_what_a_provider_gets_is_the_document_alone_and_always_the_same(tmp_path: Path) -> None:
    pdf = unsigned(DOCUMENT)
    said = words(pdf, tmp_path)
    assert "62.5" in said and "签名证书" not in said
    assert unsigned(DOCUMENT) == pdf
