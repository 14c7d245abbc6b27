"""Three ways in which D-5 may go, told with real browsers and phones. What is handed over, as files and as PDF, says
each differently, and calls neither silence nor disagreement a consent."""

from __future__ import annotations

import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.evidence.meaning import meaning
from bot.handover import Wanted, export_person
from handlers.performance.store import Cycle, Result
from tests.journeys.appraisal import Enter, Play, up_to_the_outcome

BOTH = pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
SAID = "延期不是我造成的"


@dataclass(frozen=True)
class Handed:
    """What a stranger reads of the file about 张三: what each event about the result proves, and the PDF as text."""

    zh: str
    en: str
    pdf: str


def handed_over(play: Play, folder: Path) -> Handed:
    out = folder / "case.zip"
    assert export_person(play.theatre.app, play.theatre.platform, "zhangsan", out, Wanted(report=True)) > 0
    with zipfile.ZipFile(out) as book:
        types = re.findall(r"  (result\.[a-z_]+)  ", book.read("timeline.zh.txt").decode())
        pdf = book.read("report.pdf")
    found = [meaning(each) for each in types]
    assert found and all(each.known for each in found)
    return Handed(
        "\n".join(f"{each.title_zh}：{each.proves_zh}" for each in found),
        "\n".join(f"{each.title_en}: {each.proves_en}" for each in found),
        text_of(pdf, folder),
    )


def text_of(pdf: bytes, folder: Path) -> str:
    """As poppler reads it, without its line breaks: columns break sentences."""
    file = folder / "read.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True)
    return "".join(done.stdout.split())


TRUE = (
    r"不(?:是|等于|会被当作|证明本人读过或)?(?:本人的)?[“「]?同意",  # said not to be
    r"没有答复不会被当作同意|收到但不同意",
    r"\[?同意并签字\]?",  # the button as it was offered, not pressed
    r"(?<=签字表示您看过并)同意(?=以上结果。不同意请不要签字)",  # what a signature would mean
    r"同意目标|同意了附件中的目标",  # of the goals, which both confirmed
    r"审批人账号同意把附件中的结果告知本人",  # HR's own
    r"同意书|同意与送达地址|有效的同意|(?:方式|存证)同意",  # the chapter about electronic delivery
)
"""Where the file of somebody who did not sign may say 同意."""
TRUE_EN = (
    r"disagreement|notagree|noagreement",
    r"notshowthatthepersonreaditoragreed|notthe\w+['’]sagreement",
    r"accountagreedtotheenclosedgoals|goal\.agreed",
    r"approver['’]saccountagreedtotell",
)


def left(text: str, true: tuple[str, ...], word: str) -> list[str]:
    """Where `word` is said in any other way, with what stands around it."""
    for each in true:
        text = re.sub(each, "…", text)
    return [text[max(0, found.start() - 30) : found.end() + 20] for found in re.finditer(word, text)]


def consents(found: Handed) -> list[str]:
    """What the file says that reads as a consent of the person to the result, in both languages; everywhere in it."""
    zh = left(found.zh + found.pdf, TRUE, "同意")
    en = left("".join(found.en.split()) + found.pdf, TRUE_EN, "(?i:agree|consented)")
    return zh + en


def on_the_last_day(play: Play, cycle: Cycle) -> Result:
    """D-1 17:40."""
    play.at("06-10 17:40")
    return play.result(cycle)


@BOTH
def test_a_signs(enter: Enter, platform: str, tmp_path: Path) -> None:
    play, cycle, result = up_to_the_outcome(enter, platform)
    play.at("06-06 10:00")  # D-5
    labels = [label for _, label in play.theatre.phone("zhangsan").find("绩效结果：2026 年 5 月", "收到").buttons]
    assert "申诉" not in labels
    zhang, here = play.desk("zhangsan"), f"/performance/results/{result.id}"
    page = zhang.press(here, "同意并签字")
    there = page.url.removeprefix(zhang.url)
    assert there.startswith("/sign/") and result.text.splitlines()[0] in page.text and "从 70 调整为 72" in page.text
    zhang.press(there, "签名", {"how": "typed", "typed": "张三"})
    play.theatre.courier.drain()
    found = on_the_last_day(play, cycle)
    assert (found.answer, found.held) == ("signed", False)
    assert play.theatre.events("payroll.hold")[-1].at < play.theatre.events("payroll.release")[-1].at
    file = handed_over(play, tmp_path)
    for said in ("签署了结果", "同意结果", "以签字表示同意附件中的结果"):
        assert said in file.zh and said in file.pdf, said
    assert "by signing, the account agreed" in file.en and consents(file)
    for other in ("结果没有答复", "收到结果但不同意", "仅确认收到结果"):
        assert other not in file.zh and other not in file.pdf, other
    sealed = text_of(play.desk("zhangsan").raw(f"{there}/copy.pdf").content, tmp_path)
    for said in ("绩效结果确认：2026年5月（第2版）", "从70调整为72", "签字表示您看过并同意以上结果", "张三"):
        assert said in sealed, said


@BOTH
def test_b_stays_silent(enter: Enter, platform: str, tmp_path: Path) -> None:
    play, cycle, result = up_to_the_outcome(enter, platform)
    for day in ("06-06 10:00", "06-08 11:00"):
        play.at(day)
    found = on_the_last_day(play, cycle)
    assert (found.id, found.state, found.answer) == (result.id, "published", "")
    for day in ("06-11 11:00", "06-12 18:30", "06-15 10:00"):
        play.at(day)
    found = play.result(cycle)
    assert (found.id, found.state, found.answer) == (result.id, "published", "")
    assert "不会被当作同意" in play.theatre.phone("zhangsan").find("绩效结果等您看一看").text
    assert play.desk("zhangsan").raw(f"/sign/{found.document_ref}/copy.pdf").status_code == 404
    file = handed_over(play, tmp_path)
    for said in ("结果没有答复", "沉默就是沉默，不是同意"):
        assert said in file.zh and said in file.pdf, said
    assert "silence is silence and no agreement" in file.en and "silenceissilenceandnoagreement" in file.pdf
    assert consents(file) == []
    for other in ("签署了结果", "同意结果", "收到结果但不同意", "仅确认收到结果", "视为收到"):
        assert other not in file.zh and other not in file.pdf, other


@BOTH
def test_c_received_but_disagrees(enter: Enter, platform: str, tmp_path: Path) -> None:
    play, cycle, result = up_to_the_outcome(enter, platform)
    play.at("06-06 10:00")
    here = f"/performance/results/{result.id}"
    page = play.desk("zhangsan").press(here, "收到但不同意", {"words": SAID})
    assert SAID in page.text
    play.theatre.courier.drain()
    found = on_the_last_day(play, cycle)
    assert (found.answer, found.words, found.held) == ("objected", SAID, True)
    assert play.theatre.events("payroll.hold")[-1].source["factor"] == "0.5"
    assert play.desk("zhangsan").raw(f"/sign/{found.document_ref}/copy.pdf").status_code == 404
    assert SAID in play.theatre.phone("wang").find(SAID).text and not play.theatre.phone("li").sees(SAID)
    file = handed_over(play, tmp_path)
    for said in ("收到结果但不同意", "这是不同意"):
        assert said in file.zh and said in file.pdf, said
    assert SAID in file.pdf and "this is disagreement" in file.en and "thisisdisagreement" in file.pdf
    assert consents(file) == []
    for other in ("签署了结果", "同意结果：", "以签字表示同意", "结果没有答复", "仅确认收到结果", "视为收到"):
        assert other not in file.zh and other not in file.pdf, other
