"""Day 90 with real processes, the sandbox's phones and a real local time-stamping authority: what somebody who left can
see, take away and have put right, and what the case file proves to a stranger."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
import requests
import sqlalchemy as sa

from bot.db import create_engine
from bot.evidence.tables import ev_event, ev_token
from bot.evidence.verify import Report, verify, verify_files
from bot.rehearsal import LATE, Stage, stage, until
from tests.evidence import tsa

ROOF = "wecom:zhangsan"


@dataclass(frozen=True)
class Scene:
    """A stage whose log is stamped, and what people hold in their hands."""

    theatre: Stage
    folder: Path
    roots: Path

    def rows(self, query: sa.Select[Any]) -> list[sa.RowMapping]:
        engine = create_engine(self.theatre.environment["DATABASE_URL"])
        try:
            with engine.connect() as connection:
                return list(connection.execute(query).mappings())
        finally:
            engine.dispose()

    def types(self) -> list[str]:
        return [str(row["type"]) for row in self.rows(sa.select(ev_event.c.type).order_by(ev_event.c.n))]

    def browser(self, user: str, path: str = "/me") -> Visitor:
        """Somebody follows a link on their own phone; the platform says who it is."""
        visitor = Visitor(self.theatre.bot_url, requests.Session())
        where = {"phone": user, "url": f"{self.theatre.bot_url}/in?p={user.split(':')[0]}&next={path}"}
        visitor.page = visitor.session.get(f"{self.theatre.sandbox_url}/_sandbox/open", params=where, timeout=20)
        return visitor

    def huizhi(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot.cli", *words]
        return subprocess.run(command, env=dict(self.theatre.environment), capture_output=True, text=True, check=False)

    def log_key(self) -> str:
        found = re.search(r"log key: *(\S+)", self.huizhi("evidence", "keys").stdout)
        assert found
        return found[1]

    def pass_time(self, seconds: float) -> None:
        self.theatre.control("clock", {"advance": seconds})


@dataclass
class Visitor:
    """A browser with its cookies."""

    url: str
    session: requests.Session
    page: requests.Response | None = None

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.url}{path}", timeout=30)

    def send(self, page: str, path: str, **form: str) -> requests.Response:
        """Fill in the form of `page` that goes to `path`, and send it."""
        secret = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(page).text)
        assert secret
        return self.session.post(f"{self.url}{path}", data=form | {"csrf": secret[1]}, timeout=30)

    def press(self, page: str, path: str) -> bytes:
        """Press the button of `page` that leads to `path`, wait for the file as the wait page does."""
        waiting = self.send(page, path)
        onward = re.search(r'content="0;url=([^"]+)"', waiting.text)
        assert onward, waiting.text
        answer = self.get(onward[1])
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/zip", answer.text[:500]
        return answer.content


def workday(at: datetime) -> datetime:
    """Quarter past nine, local, of that day or of the nearest working day before it."""
    while not chinese_calendar.is_workday(at.date()):
        at -= timedelta(days=1)
    return at.replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Ninety days ago: everybody but two has punched in, a consent is asked for at ten."""
    with tsa.authority(tmp_path / "tsa") as authority:
        settings = {"HUIZHI_TSA": f"tsa1={authority.url}", "HUIZHI_TSA_ROOTS": str(authority.roots_path)}
        with stage(tmp_path / "stage", overrides=settings) as theatre:
            begin = workday(datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=90))
            theatre.control("clock", {"at": f"{begin:%Y-%m-%dT08:50:00}"})
            for person in theatre.control("people"):
                if person["id"] not in LATE:
                    theatre.control("punch", {"user": person["id"]})
            theatre.open()
            theatre.move_to(f"{begin:%Y-%m-%dT09:16:30}")
            yield Scene(theatre, tmp_path, authority.roots_path)


def the_day(scene: Scene) -> None:
    """He forgot to punch, his manager does not believe him, he signs what he is asked to sign."""
    zhangsan, boss = scene.theatre.phone("zhangsan"), scene.theatre.phone("li")
    zhangsan.click("一切还好吗", "忘打卡")
    zhangsan.wait("你是几点到的")
    zhangsan.say("9:02 到的，机房抢修")
    boss.click("申请补卡", "驳回")
    boss.wait("请直接回复驳回原因")
    boss.say("请先提供机房的门禁记录")
    zhangsan.wait("请先提供机房的门禁记录")
    scene.pass_time(50 * 60)
    for question in ("请确认您的电子送达地址", "是否同意电子签名与存证方式"):
        zhangsan.click(question, "同意并确认")
    until(
        "both consents are in the log",
        lambda: {"consent.edelivery_confirmed", "consent.esign_agreed"} <= {*scene.types()},
    )
    scene.theatre.settle()


def stamped(scene: Scene) -> None:
    """Wait until the authority has stamped what there is.

    The clock is moved on only after the worker had time to look at it: a busy machine must not look like an authority
    that answers a quarter of an hour late, which the verifier would rightly say.
    """

    def done() -> bool:
        newest = scene.rows(
            sa.select(sa.func.max(ev_event.c.log_index).label("n")).where(ev_event.c.type.not_like("anchor.%"))
        )
        token = scene.rows(sa.select(sa.func.max(ev_token.c.size).label("n")))
        return bool(token[0]["n"] and int(token[0]["n"]) > int(newest[0]["n"]))

    for _ in range(20):
        scene.pass_time(16)
        with suppress(TimeoutError):
            until("the authority stamped the log", done, patience=4)
            return
    raise TimeoutError("the authority stamped the log")


def members(data: bytes) -> list[zipfile.ZipInfo]:
    return zipfile.ZipFile(io.BytesIO(data)).infolist()


def flipped(data: bytes, info: zipfile.ZipInfo, chance: random.Random) -> bytes:
    """One byte of one file inside the archive changed in place."""
    start = info.header_offset + 30 + len(info.filename) + int.from_bytes(data[info.header_offset + 28 :][:2], "little")
    at = start + chance.randrange(max(1, info.file_size))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def named(report: Report) -> set[str]:
    return {each.event_id for each in report.findings} | {x.event_id for x in report.verdicts if x.verdict == "not"}


def returned(scene: Scene) -> Visitor:
    """王HR checks who he is and opens a link; 张三 opens it in a browser that knows nothing of him."""
    wang = scene.browser("wecom:wang", f"/people/{ROOF}")
    form = {"how": "id_in_person", "note": "核对了身份证", "way": "hand"}
    opened = wang.send(f"/people/{ROOF}", f"/people/{ROOF}/leaver-link", **form).text
    link, code = re.search(r"/l/[\w-]{43}", opened), re.search(r'id="code"[^>]*>(\d{6})<', opened)
    assert link and code, opened
    zhangsan = Visitor(scene.theatre.bot_url, requests.Session())
    assert "六位验证码" in zhangsan.get(link[0]).text and "张三" not in zhangsan.get(link[0]).text
    assert zhangsan.get("/leaver").status_code == 401
    entered = zhangsan.session.post(f"{zhangsan.url}{link[0]}", data={"code": code[1]}, timeout=30)
    assert entered.status_code == 200 and entered.url.endswith("/leaver"), entered.text
    assert zhangsan.get("/todo").status_code == 403 and "只能打开您本人的记录" in zhangsan.get("/people").text
    return zhangsan


def put_right(scene: Scene, zhangsan: Visitor) -> None:
    """要求更正, 申请证明补发: HR answers in chat, he reads it on the same page."""
    wang = scene.theatre.phone("wang")
    for kind, words, title, answer in (
        ("correction", "紧急联系人电话应为 13900001234", "请求更正记录", "已更正为 13900001234"),
        ("certificate", "原件遗失，请邮寄", "申请补发离职证明", "已于今日邮寄，单号 1234567890"),
    ):
        assert words in zhangsan.send("/leaver", "/leaver/request", kind=kind, words=words).text
        wang.click(title, "已办理")
        wang.wait("请直接回复")
        wang.say(answer)
        until("the answer is on his page", lambda: answer in zhangsan.get("/leaver").text)  # noqa: B023 - called at once


def test_who_left_sees_everything_and_the_case_file_convinces_a_stranger(scene: Scene) -> None:
    the_day(scene)
    stamped(scene)
    offset = scene.theatre.control("clock")["offset"]
    scene.theatre.settle()
    staff = [each for each in scene.theatre.control("people") if each["id"] != "zhangsan"]
    scene.theatre.control("people", staff)
    scene.pass_time(-offset)  # ninety days later
    scene.theatre.settle()

    until("the directory was read again", lambda: "已离职" in scene.browser("wecom:wang").get("/people").text)
    chen = scene.browser("wecom:chen", f"/people/{ROOF}")
    assert chen.page is not None and "张三 的记录" in chen.page.text and "机房抢修" not in chen.page.text
    zhangsan = returned(scene)
    page = zhangsan.get("/leaver").text
    for words in ("机房抢修", "请先提供机房的门禁记录", "陈总监", "查看了记录", "第三方时间", "已同意", "下载我的副本"):
        assert words in page, words
    mine = zhangsan.press("/leaver", "/leaver/copy")
    receipt = re.search(r"/leaver/receipts/(evt_\w+)\.json", page)
    assert receipt
    until("the newest event is in the log", lambda: zhangsan.get(receipt[0]).json()["proof"])
    assert zhangsan.get(receipt[0]).json()["proof"].startswith("c2sp.org/tlog-proof@v1")
    put_right(scene, zhangsan)

    stamped(scene)
    case = chen.press(f"/people/{ROOF}", f"/people/{ROOF}/case")
    assert "导出了证据包" in zhangsan.get("/leaver").text
    key, roots = scene.log_key(), scene.roots.read_bytes()
    for name, data in (("mine.zip", mine), ("case.zip", case)):
        (scene.folder / name).write_bytes(data)
        report = verify(scene.folder / name, key, roots=roots)
        assert report.ok, (name, report.findings)
        assert any(each.until for each in report.verdicts)
    report = verify(scene.folder / "case.zip", key, roots=roots)
    said = {each.type: each for each in report.verdicts}
    assert {"checkin.rejected", "consent.esign_agreed", "data.correction_requested", "data.corrected"} <= said.keys()
    assert {"identity.verified", "access.link_used", "certificate.reissued"} <= said.keys()
    assert said["data.corrected"].verdict == "proven"
    assert not [each for each in said["data.corrected"].beside if "没有有效的" in each.zh]
    offline(scene, key)
    one_byte(case)


def offline(scene: Scene, key: str) -> None:
    """The verifier out of the package, in an interpreter that knows nothing of us, in an empty folder."""
    away = scene.folder / "away"
    away.mkdir()
    with zipfile.ZipFile(scene.folder / "case.zip") as archive:
        (away / "huizhi_verify.py").write_bytes(archive.read("verify/huizhi_verify.py"))
    command = [sys.executable, "-I", "huizhi_verify.py", str(scene.folder / "case.zip"), "--log-key", key, "--json"]
    done = subprocess.run(command, cwd=away, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["ok"], done.stdout[-2000:]


def one_byte(case: bytes) -> None:
    """A byte of every file: always found; in an event's own files the event is named, in a part's too."""
    chance = random.Random(90)
    with zipfile.ZipFile(io.BytesIO(case)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    listed = {each["file"]: each for each in json.loads(files["manifest.json"])["events"]}
    owner = {name: each["id"] for name, each in listed.items()}
    owner |= {each["proof"]: each["id"] for each in listed.values() if each["proof"]}
    for name in sorted(files):
        if name.startswith("parts/"):
            owner[name] = listed[f"events/{name[6:12]}.json"]["id"]
    for name, data in files.items():
        at = chance.randrange(len(data))
        changed = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        report = verify_files({**files, name: changed})
        assert not report.ok, name
        if name in owner:
            assert owner[name] in named(report), name
    for info in members(case)[:: max(1, len(members(case)) // 12)]:
        place = Path(info.filename).name
        changed = flipped(case, info, chance)
        assert changed != case and len(changed) == len(case), place


def test_who_is_no_longer_on_the_platform_is_told_what_to_do(scene: Scene) -> None:
    """The account is closed: the page does not open, in humane words; HR hands the file over, and it is the same."""
    the_day(scene)
    staff = [each for each in scene.theatre.control("people") if each["id"] != "zhangsan"]
    scene.theatre.control("people", staff)
    scene.pass_time(301)
    chen = scene.browser("wecom:chen", f"/people/{ROOF}")

    until("the directory was read again", lambda: "张三" not in scene.browser("wecom:wang").get("/people").text)
    case = chen.press(f"/people/{ROOF}", f"/people/{ROOF}/case")
    (scene.folder / "case.zip").write_bytes(case)
    assert verify(scene.folder / "case.zip", scene.log_key()).ok
