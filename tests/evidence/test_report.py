from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pylopdf_fonts_zh_cn as fonts
import pytest
from hypothesis import given, settings, strategies as st

from bot.evidence import glyphs, typeset
from bot.evidence.facts import ConsentFact
from bot.evidence.meaning import meaning
from bot.evidence.package_facts import _sentence
from bot.evidence.report import receipt_pdf, render
from bot.evidence.report_consents import scopes
from bot.evidence.report_parts import part_view, readable
from bot.evidence.report_view import leaves_digest
from bot.evidence.typeset import CannotSet
from bot.evidence.verify import Reason
from tests.evidence.example import AT, HOSTILE, PROVEN, event, facts, part

ROOT = Path(__file__).parents[2]


def text(pdf: bytes, tmp_path: Path) -> str:
    """What poppler extracts, without white space: lines break anywhere."""
    (tmp_path / "r.pdf").write_bytes(pdf)
    out = subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True).stdout.decode()
    return re.sub(r"\s", "", out)


def only(*parts: object, type: str = "checkin.replied") -> bytes:
    """A report about one event with these parts."""
    return render(replace(facts(), events=(event(1, type, *parts),)))  # type: ignore[arg-type]


def test_a_judge_finds_every_section(tmp_path: Path) -> None:
    found = text(render(facts()), tmp_path)
    for heading in (
        "一、当事人",
        "二、同意与送达地址",
        "三、时间线",
        "四、证据清单",
        "五、每项回执证明了什么、不能证明什么",
        "六、缺口",
        "七、对员工有利的事项",
        "八、未披露与已删除",
        "九、检查点与时间戳",
        "十、校验方法",
        "十一、局限",
    ):
        assert heading in found
    assert "已证明，外部时间在一小时之内：8项" in found and "只有承诺，尚未编入日志：1项" in found
    assert "2026-11-2009:06:05+08:00" in found and "第6项与第7项之间没有外部时间戳" in found
    assert "王小明：没有有效的《电子签名与存证方式同意》（本包中没有记录）" in found
    assert "未披露：screenshot.png、medical.txt" in found and "--log-key" in found
    assert facts().vkeys[0] in found and leaves_digest(facts().events) in found
    assert "[我没事][忘打卡了]" in found and "missed_punch.safe" not in found


def test_what_speaks_for_the_employee_is_listed_in_his_words(tmp_path: Path) -> None:
    found = text(render(facts()), tmp_path)
    section = found[found.rindex("七、对员工有利的事项") : found.rindex("八、未披露与已删除")]
    for words in ("打卡机也坏了", "机房抢修是领导安排的", "证000005"):
        assert words in section
    assert "门禁记录" not in section
    quiet = replace(facts(), events=(event(1, "checkin.rejected"),))
    assert "这不等于不存在" in text(render(quiet), tmp_path)


@pytest.mark.parametrize(("days", "said"), [(64, ""), (66, "已到期")])
def test_a_consent_that_ran_out_is_no_consent(tmp_path: Path, days: int, said: str) -> None:
    found = text(render(replace(facts(), made=AT + timedelta(days=days))), tmp_path)
    assert ("没有有效的《送达地址确认》（已到期）" in found) is bool(said)


def test_only_embedded_fonts_and_a_pdf_a_part(tmp_path: Path) -> None:
    pdf = render(facts())
    (tmp_path / "r.pdf").write_bytes(pdf)
    listed = subprocess.run(["pdffonts", str(tmp_path / "r.pdf")], capture_output=True, check=True).stdout.decode()
    rows = listed.splitlines()[2:]
    assert rows and all("NotoSansSC" in row and re.search(r"\byes +yes +yes\b", row) for row in rows)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf and b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    size = subprocess.run(["pdfinfo", str(tmp_path / "r.pdf")], capture_output=True, check=True).stdout.decode()
    assert "(A4)" in size and "CreationDate:    Mon Nov 23 01:00:05 2026" in size


def test_same_facts_same_bytes_even_in_another_process(tmp_path: Path) -> None:
    here = hashlib.sha256(render(facts())).hexdigest()
    program = (
        "import hashlib; from bot.evidence.report import render; from tests.evidence.example import facts;"
        "print(hashlib.sha256(render(facts())).hexdigest())"
    )
    command = [sys.executable, "-c", program]
    there = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().strip()
    assert here == there
    assert hashlib.sha256(render(replace(facts(), scope="别的"))).hexdigest() != here
    assert render(facts(), zone=ZoneInfo("Asia/Urumqi")) != render(facts())


def test_markup_in_the_data_is_printed_not_run(tmp_path: Path) -> None:
    hostile = replace(facts(), scope=HOSTILE, origin=HOSTILE, parties={"p:wang": HOSTILE}, gaps=(HOSTILE,))
    found = text(render(hostile), tmp_path)
    assert found.count(re.sub(r"\s", "", HOSTILE)) >= 6


def test_a_character_the_font_lacks_stays_visible(tmp_path: Path) -> None:
    pdf = render(
        replace(facts(), parties={"p:wang": "𠮷田"}, events=(event(1, "checkin.replied", part("w", "𠮷😀".encode())),))
    )
    found = text(pdf, tmp_path)
    assert "〔U+20BB7〕田" in found and "〔U+20BB7〕〔U+1F600〕" in found
    assert "U+20BB7CJKUNIFIEDIDEOGRAPH-20BB7" in found and "排印说明" in found
    assert "排印说明" not in text(render(facts()), tmp_path)


def test_what_cannot_be_seen_becomes_visible(tmp_path: Path) -> None:
    found = text(only(part("w", "甲\u202e乙\u200b丙\x00\x1b\u05d0\ue000丁\ufffe".encode())), tmp_path)
    assert "甲〔U+202E〕乙〔U+200B〕丙〔U+0000〕〔U+001B〕〔U+05D0〕〔U+E000〕丁〔U+FFFE〕" in found


def test_a_word_without_end_wraps_and_loses_nothing(tmp_path: Path) -> None:
    word = "x" * 4000
    pdf = render(replace(facts(), scope="y" * 20_000, events=(event(1, "checkin.replied", part("w", word.encode())),)))
    found = text(pdf, tmp_path)
    assert found.count("y") > 20_000 and found.count("x") > 4000 and "\u200b" not in found
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode()
    assert max(float(right) for right in re.findall(r'xMax="([\d.]+)"', boxes)) < 595.28 - 45


@given(st.text(max_size=60))
@settings(max_examples=25, deadline=None)
def test_any_text_prints(words: str) -> None:
    assert only(part("w", words.encode("utf-8", "surrogatepass")), part(words, b"1")).startswith(b"%PDF")


def test_every_character_called_printable_is_accepted_by_the_compiler() -> None:
    has = glyphs.characters(fonts.sans_path())
    missing: set[str] = set()
    printable = glyphs.printer(has, missing)
    chars = [chr(point) for point in sorted(has) if printable(chr(point)) == chr(point)]
    assert len(chars) > 30_000 and "𠮷" not in chars
    pdf = receipt_pdf(b"{}", "".join(chars), title="全", lines=[], at=AT)
    assert pdf.startswith(b"%PDF")


def test_what_the_compiler_refuses_after_all_is_replaced_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = frozenset(range(0x110000))
    monkeypatch.setattr(glyphs, "characters", lambda _path: everything)
    found = text(only(part("w", "好𠮷😀".encode())), tmp_path)
    assert "好〔U+20BB7〕〔U+1F600〕" in found


def test_an_error_of_the_template_is_not_taken_for_a_missing_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "_source", lambda _name: b"#panic(1)")
    with pytest.raises(CannotSet, match="panicked"):
        render(facts())


def test_a_long_report_is_set_in_a_process_of_its_own_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = text(render(facts()), tmp_path)
    monkeypatch.setattr(typeset, "LONG", 0)
    first, second = render(facts()), render(facts())
    assert first == second and text(first, tmp_path) == here
    assert b"/StructTreeRoot" not in first
    everything = frozenset(range(0x110000))
    monkeypatch.setattr(glyphs, "characters", lambda _path: everything)
    assert "好〔U+20BB7〕" in text(only(part("w", "好𠮷".encode())), tmp_path), "its refusals come back"


def test_a_typesetting_process_that_dies_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "LONG", 0)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="typesetting ended with 1"):
        render(facts())


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("words", "好".encode(), "原文"),
        ("words", b"a" * 4096, "原文"),
        ("words", b"a" * 4097, "文件"),
        ("words", b"\xff\xfe", "文件"),
        ("a.json", b'{"b": [1, {"c": "\\ud800"}]}', "数据"),
        ("a.json", b"[" * 4000, "原文"),
        ("a.json", b'{"title": 7}', "数据"),
        ("a.json", b"not json", "原文"),
        ("a.json", b"[" + b"1," * 4000 + b"1]", "文件"),
    ],
)
def test_how_a_part_is_shown(name: str, content: bytes, kind: str) -> None:
    assert readable(part(name, content))[0] == kind
    assert hashlib.sha256(content).hexdigest() in part(name, content).sha256
    assert only(part(name, content)).startswith(b"%PDF")


def test_the_receipt_carries_its_json_unchanged(tmp_path: Path) -> None:
    body = json.dumps({"format": "huizhi-receipt/1", "human": "𠮷 #x"}, ensure_ascii=False).encode()
    made = receipt_pdf(body, f"您确认收到。{HOSTILE}𠮷", title="回执", lines=[("叶", "a" * 64)], at=AT)
    assert made == receipt_pdf(body, f"您确认收到。{HOSTILE}𠮷", title="回执", lines=[("叶", "a" * 64)], at=AT)
    found = text(made, tmp_path)
    assert "〔U+20BB7〕" in found and "#sys.inputs" in found and "a" * 64 in found
    subprocess.run(["pdfdetach", "-saveall", "-o", str(tmp_path), str(tmp_path / "r.pdf")], check=True)
    assert (tmp_path / "receipt.json").read_bytes() == body
    assert b"<pdfaid:part>3</pdfaid:part>" in made
    pages = subprocess.run(["pdfinfo", str(tmp_path / "r.pdf")], capture_output=True, check=True).stdout
    assert re.search(rb"Pages: +1\n", pages)
    with pytest.raises(ValueError, match="Expecting"):
        receipt_pdf(b"no json", "x", title="x", lines=[], at=AT)


def test_every_recorded_type_is_explained() -> None:
    sources = [path.read_text() for folder in ("handlers", "bot") for path in (ROOT / folder).rglob("*.py")]
    written = r'record\(\s*(?:ctx, row, )?"([a-z_]+\.[a-z_]+)"|"(checkin\.[a-z_]+)"'
    calls = {first or second for source in sources for first, second in re.findall(written, source)}
    assert len(calls) > 15
    assert [type for type in sorted(calls) if not meaning(type).known] == []
    assert not meaning("brand.new").known and "不证明内容属实" in meaning("brand.new").not_zh
    assert meaning("brand.appealed").favours and not meaning("brand.new").favours


def test_a_year_prints_what_people_said_and_points_to_the_rest(tmp_path: Path) -> None:
    said = part("words", "我有异议，原因见附件".encode())
    shown = part("card", "今天没有看到您的打卡".encode())
    many = [event(n, "checkin.replied" if n == 77 else "delivery.accepted", said if n == 77 else shown)
            for n in range(1, 200)]  # fmt: skip
    found = text(render(replace(facts(), events=tuple(many))), tmp_path)
    assert "我有异议，原因见附件" in found
    assert "今天没有看到您的打卡" not in found
    assert "其余198项的内容在证据包" in found
    assert all(f"{n:06d}" in found for n in (1, 100, 199)), "the timeline names every event"


def test_names_of_parts_are_told_in_words_and_short_ones_stand_in_a_line() -> None:
    said, guard = part_view(part("words", "在修机房".encode())), part_view(part("guard.device", b"up"))
    assert (said["title"], said["name"], said["short"], said["text"]) == ("本人原话", "words", True, "在修机房")
    assert (guard["title"], guard["short"]) == ("发问前的检查", True)
    for long in ("两\n行", "长" * 49, ""):
        assert not part_view(part("note", long.encode()))["short"]
    assert part_view(part("note", b"x"))["title"] == "note"


def test_the_zone_of_the_verdicts_and_whole_sentences(tmp_path: Path) -> None:
    assert "各项结论中的时间为北京时间" in text(render(facts()), tmp_path)
    assert _sentence(Reason("没有核对。", "revocation was not checked.")) == "没有核对。 Revocation was not checked."


def test_times_far_from_their_recording_show_both(tmp_path: Path) -> None:
    late = replace(event(1, "checkin.replied"), seen=AT + timedelta(hours=5))
    found = text(render(replace(facts(), events=(late,))), tmp_path)
    assert "收录于2026-11-2014:00:05+08:00" in found
    assert PROVEN.partition("。")[0] in found


def test_an_empty_package_says_so(tmp_path: Path) -> None:
    bare = replace(facts(), events=(), checkpoints=(), tokens=(), cosignatures=(), anchors=(), consents=(), gaps=())
    found = text(render(replace(bare, parties={}, limits=())), tmp_path)
    for said in ("没有记录", "没有检查点", "没有外部时间戳", "没有公司以外的副本记录", "没有发现不等于没有"):
        assert said in found


def test_what_a_consent_covers_stands_beside_its_state(tmp_path: Path) -> None:
    whole = "电子送达地址确认书\n\n一、我确认以下地址：\n1. 工作账号 wecom:wang（指定的接收系统）\n2. 手机号：未填写\n"
    whole += "日志公钥：acme.example/hr-log/1+9d0c1f2e+AWq4\n二、未披露的不算。\n"
    told, silent = (
        event(1, "consent.edelivery_confirmed", part("text", whole.encode())),
        event(2, "consent.esign_agreed"),
    )
    given = [ConsentFact("p:wang", kind, "agreed", AT, None, each.id)
             for kind, each in (("edelivery", told), ("esign", silent))]  # fmt: skip
    made = replace(facts(), events=(told, silent), consents=(*given, replace(given[0], state="withdrawn")))
    first, second = scopes(made)
    assert "证 000001" in first and "1. 工作账号 wecom:wang（指定的接收系统）；日志公钥：acme.example" in first
    assert "手机号" not in first and "不算" not in first and "我确认" not in first
    assert "全文未披露" in second
    assert "各项同意的范围" in text(render(made), tmp_path)
