"""The page in the package says what its Python verifier says: in a real browser, offline, from a file."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from asn1crypto import tsp  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import Engine

from bot.db import begin
from bot.evidence import notes
from bot.evidence.epochs import new_epoch
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.package import export
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event
from bot.evidence.tokens import make_request
from bot.evidence.tree import Head
from bot.evidence.verify import Unreadable, canonical_zip, read_zip, sums, verify
from tests.evidence import test_verify_attacks as attacks, tsa
from tests.evidence.conftest import NOW, ORIGIN
from tests.evidence.test_person_file import person_file
from tests.evidence.test_verify_attacks import World, resign, say

Files = dict[str, bytes]
Said = tuple[int, list[tuple[str, str, str]], dict[str, tuple[str, str, str]]]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SHOWN = """() => ({
  exit: Number(document.body.dataset.exit),
  findings: [...document.querySelectorAll('#findings li')].map((x) => [x.dataset.event, x.dataset.file, x.dataset.zh]),
  verdicts: [...document.querySelectorAll('.event')].map(
    (x) => [x.dataset.file, [x.dataset.event, x.dataset.verdict, x.dataset.zh]]),
})"""
DIRECT = """async ({ raw, pins, brought, roots }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const given = { pins, roots: roots ? bytes(roots) : null, brought: new Map(brought.map(([x, y]) => [x, bytes(y)])) };
  const why = (each) => [...each.reasons, ...each.beside].map((x) => x.zh).join('\\0');
  try {
    const report = await verifyPackage(new File([bytes(raw)], 'p.zip'), given);
    return { exit: report.ok ? 0 : 1, findings: report.findings.map((x) => [x.event, x.file, x.zh]),
             verdicts: report.verdicts.map((x) => [x.file, [x.id, x.verdict, why(x)]]) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { exit: 2, findings: [], verdicts: [] };
  }
}"""
LACKS_ED25519 = """const real = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (form, key, how, ...more) =>
  how === 'Ed25519' ? Promise.reject(new DOMException('no', 'NotSupportedError')) : real(form, key, how, ...more);"""
world = attacks.world  # the log with consents, a token, a witness and an anchor


@dataclass
class Tab:
    """The open page; `errors` and `requests` are what a reader's browser would complain about or send."""

    page: Page
    folder: Path
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def click(self, raw: bytes, pins: list[str], brought: dict[str, bytes], roots: bytes) -> dict[str, Any]:
        """What a reader does and sees."""
        self.page.reload()
        self.page.locator("#file").set_input_files({"name": "p.zip", "mimeType": "application/zip", "buffer": raw})
        self.page.locator("#key").fill("\n".join(pins))
        for place, given in (("#pointFiles", brought), ("#roots", {"roots.pem": roots} if roots else {})):
            payload = [{"name": name, "mimeType": "text/plain", "buffer": data} for name, data in given.items()]
            self.page.locator(place).set_input_files(payload)  # type: ignore[arg-type]
        self.page.locator("#start").click()
        self.page.wait_for_selector("body:is([data-exit='0'], [data-exit='1'], [data-exit='2'])", state="attached")
        found: dict[str, Any] = self.page.evaluate(SHOWN)
        return found

    def ask(self, raw: bytes, pins: list[str], brought: dict[str, bytes], roots: bytes) -> dict[str, Any]:
        """The same without the clicks, for the many cases."""
        kept = [(f"{number}:{name}", notes.b64(data)) for number, (name, data) in enumerate(brought.items(), 1)]
        given = {"raw": notes.b64(raw), "pins": pins, "brought": kept, "roots": notes.b64(roots)}
        found: dict[str, Any] = self.page.evaluate(DIRECT, given)
        return found

    def agrees(
        self,
        raw: bytes,
        pins: list[str] | None = None,
        brought: dict[str, bytes] | None = None,
        roots: bytes = b"",
        *,
        click: bool = False,
        exact: bool = True,
    ) -> Said:
        """What both say; asserts that it is the same: every word, or (not `exact`) outcome and accused events."""
        expected = by_python(self.folder, raw, pins or [], brought or {}, roots)
        found = (self.click if click else self.ask)(raw, pins or [], brought or {}, roots)
        findings = sorted((event, file, plain(zh)) for event, file, zh in found["findings"])
        verdicts = {
            file: (event, word, "\0".join(map(plain, zh.split("\0")))) for file, (event, word, zh) in found["verdicts"]
        }
        if exact:
            assert (found["exit"], findings, verdicts) == expected
        assert (found["exit"], {x[0] for x in findings}) == (expected[0], {x[0] for x in expected[1]})
        return expected


def plain(zh: str) -> str:
    """Without the words of a caught exception, which are each language's own."""
    return re.sub("证据包格式不对（.*", "证据包格式不对", zh, flags=re.DOTALL)


def by_python(folder: Path, raw: bytes, pins: list[str], brought: dict[str, bytes], roots: bytes) -> Said:
    (folder / "p.zip").write_bytes(raw)
    for name, data in brought.items():
        (folder / name).write_bytes(data)
    try:
        report = verify(folder / "p.zip", pins, roots=roots, checkpoints=[folder / name for name in brought])
    except Unreadable:
        return 2, [], {}
    findings = sorted((x.event_id, x.file, plain(x.zh)) for x in report.findings)
    verdicts = {x.file: (x.event_id, x.verdict, "\0".join(plain(y.zh) for y in (*x.reasons, *x.beside)))
                for x in report.verdicts}  # fmt: skip
    return 0 if report.ok else 1, findings, verdicts


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp("page")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(viewport={"width": 1100, "height": 900})
        context.set_offline(True)
        opened = Tab(context.new_page(), folder)
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("console", lambda line: opened.errors.append(line.text) if line.type == "error" else None)
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        (folder / "verify.html").write_bytes(page_bytes())
        opened.page.goto((folder / "verify.html").as_uri())
        yield opened
        browser.close()
    assert opened.errors == []
    assert {url.partition(":")[0] for url in opened.requests} == {"file"}


def page_bytes() -> bytes:
    return resources.files("bot.evidence").joinpath("verify.html").read_bytes()


def flip(data: bytes, at: int | None = None, bit: int = 0) -> bytes:
    changed = bytearray(data)
    changed[len(data) // 2 if at is None else at] ^= 1 << bit
    return bytes(changed)


def without(files: Files, *gone: str) -> Files:
    return {name: data for name, data in files.items() if not name.startswith(gone)}


def trimmed(world: World) -> Files:
    """The package without the files that say nothing about events, to keep the tests quick."""
    return resign(without(world.files, "README", "verify/", "timeline"), world.keys)


def test_the_page_is_in_the_package_and_allows_nothing_but_itself(world: World) -> None:
    assert world.files["verify/verify.html"] == page_bytes()
    text = page_bytes().decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy and "default-src 'none'" in policy[1] and "unsafe" not in policy[1]
    for tag in ("script", "style"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1], f"put sha256-{digest} in the page's policy"
    markup = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|https?://| style=| on\w+=\""
    assert not re.search(markup, text)


def test_a_good_package_is_proven(tab: Tab, world: World) -> None:
    code, findings, verdicts = tab.agrees(canonical_zip(world.files), [str(world.keys.log_vkey)], click=True)
    assert (code, findings) == (0, []) and {x[1] for x in verdicts.values()} == {"proven", "wide"}
    expect(tab.page.locator(".banner")).to_contain_text("全部相符")
    expect(tab.page.locator(".banner")).to_contain_text(hashlib.sha256(canonical_zip(world.files)).hexdigest())
    expect(tab.page.locator(".limit")).to_have_count(5)
    assert "没有填同意书上的公钥" not in tab.page.locator(".banner").inner_text()
    tab.page.locator("#language").click()
    expect(tab.page.locator(".banner")).to_contain_text("Everything fits")
    shown = tab.page.locator("main").inner_text()
    assert not re.search("[一-鿿]", shown), shown
    assert tab.page.evaluate("document.documentElement.lang") == "en"
    tab.page.locator("#language").click()


def test_a_flip_in_every_file_is_named_alike(tab: Tab, world: World) -> None:
    """By a stranger; by an operator who signs everything again; and by a disk, under the zip's checksum."""
    files, raw = trimmed(world), canonical_zip(trimmed(world))
    for name, data in files.items():
        changed = {**files, name: flip(data)}
        x509 = name.endswith((".pem", ".tst"))  # other libraries stop at other bytes of a broken certificate
        assert tab.agrees(canonical_zip(changed), exact=not x509)[0] == 1, name
        if name.split(".")[0] != "manifest" and not x509:
            tab.agrees(canonical_zip(resign(changed, world.keys)))
        start = raw.index(name.encode() + data) + len(name)
        code, findings, _ = tab.agrees(flip(raw, start + len(data) // 2))
        assert code == 1 and name in {file for _, file, _ in findings}


def test_a_lost_file_is_named_alike(tab: Tab, world: World) -> None:
    files = trimmed(world)
    for name in files:
        assert tab.agrees(canonical_zip(without(files, name)))[0] == 1, name


def test_random_attacks_end_alike(tab: Tab, world: World) -> None:
    bare = without(world.files, "README", "verify/", "timeline", "tsa-roots", "checkpoints/1-6.tsa1")
    chance, files = random.Random(20261121), resign(bare, world.keys)
    codes = [tab.agrees(canonical_zip(attacks.attack(chance, files, world.keys)))[0] for _ in range(40)]
    assert codes.count(1) > 25


def test_random_changes_of_the_archive_end_alike(tab: Tab, world: World) -> None:
    raw = canonical_zip(resign(without(world.tiny, "README", "verify/", "timeline"), world.keys))
    chance = random.Random(8)
    start = raw.rindex(b"PK\5\6")
    for number in range(60):
        place = chance.randrange(start - 300, len(raw)) if number % 2 else chance.randrange(len(raw))
        assert tab.agrees(flip(raw, place, chance.randrange(8)))[0] in (1, 2), place
    for other in (raw + b"x", b"x" + raw, raw[:-1], raw[: len(raw) // 2], raw[1:], b"", b"PK\5\6" + bytes(18), raw * 2):
        assert tab.agrees(other)[0] in (1, 2)


def test_tokens_count_alike(tab: Tab, world: World, tmp_path: Path) -> None:
    name, files, chance = "checkpoints/1-6.tsa1.tst", trimmed(world), random.Random(4)
    token, good = files[name], tab.agrees(canonical_zip(files))
    stamped = hashlib.sha256(files["checkpoints/1-6.note"]).digest()
    inside = [token.index(stamped), token.index(b"Z", token.index(stamped)) - 6, token.rindex(b"\x04\x20") + 9]
    junk = [flip(token, place) for place in (*inside, len(token) - 1, len(token) - 20)]
    for data in junk:
        assert tab.agrees(canonical_zip(resign({**files, name: data}, world.keys)))[0] == 1
    junk = [b"", b"\x30", b"\x30\x80\0\0", b"\x30\x84\xff\xff\xff\xff", token + b"x", token[:-1]]
    for data in junk:
        assert tab.agrees(canonical_zip(resign({**files, name: data}, world.keys)))[0] == 1
    for _ in range(30):  # anywhere: refused, or the byte says nothing about the time
        changed = flip(token, chance.randrange(len(token)), chance.randrange(8))
        found = tab.ask(canonical_zip(resign({**files, name: changed}, world.keys)), [], {}, b"")
        assert found["exit"] == 1 or {file: tuple(rest) for file, rest in found["verdicts"]} == good[2]
    moved = tab.agrees(canonical_zip(resign({**files, "checkpoints/1-3.tsa1.tst": token}, world.keys)))
    assert "时间戳盖的不是这个检查点" in moved[1][0][2]
    lost = canonical_zip(resign(without(files, "tsa-roots.pem"), world.keys))
    assert {x[1] for x in tab.agrees(lost)[2].values()} == {"wide"}
    assert "proven" in {x[1] for x in tab.agrees(lost, roots=world.roots)[2].values()}
    with tsa.authority(tmp_path / "tsa") as other:
        assert tab.agrees(canonical_zip(files), roots=other.roots_path.read_bytes())[0] == 1
        for mode in ("wrong purpose", "two purposes", "unnamed"):
            answer = tsa._answer(tmp_path / "tsa", mode, make_request(
                hashlib.sha256(files["checkpoints/1-6.note"]).digest(), 7), "application/timestamp-query")  # fmt: skip
            assert answer
            bad = tsp.TimeStampResp.load(answer[2])["time_stamp_token"].dump()
            given = {**files, "tsa-roots.pem": other.roots_path.read_bytes(), name: bad}
            assert "时间戳无效" in tab.agrees(canonical_zip(resign(given, world.keys)))[1][0][2]


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def test_hostile_archives_are_refused_in_words(tab: Tab, world: World) -> None:
    link = zipfile.ZipInfo("policy.txt")
    link.external_attr = 0o120777 << 16
    whole = [*world.tiny.items()]
    refused = {
        "被压缩": zipped(*whole, method=zipfile.ZIP_DEFLATED),
        "符号链接": zipped((link, b"/etc/passwd")),
        "重复": zipped(("policy.txt", b"1"), ("POLICY.txt", b"2")),
        "不安全": zipped(("../../policy.txt", b"1")),
    }
    for word, raw in refused.items():
        assert tab.agrees(raw, click=True)[0] == 2
        expect(tab.page.locator(".banner")).to_contain_text(word)
    for name in ("/x", "a//b", "名", "a b", "C:x", "dir/"):
        assert tab.agrees(zipped((name, b"")))[0] == 2
    assert tab.agrees(zipped(*whole))[0] == 1  # the right files in an archive the exporter would not write


def change_event(files: Files, name: str, change: Callable[[dict[str, Any]], None]) -> Files:
    event = json.loads(files[name])
    change(event)
    return {**files, name: json.dumps(event).encode()}


def back_date(event: dict[str, Any]) -> None:
    raw = re.sub(rb'"at":"\d{4}', b'"at":"2020', base64.b64decode(event["envelope"]))
    event["envelope"] = notes.b64(raw)
    entry = f"hrlog/1\n{notes.b64(hashlib.sha256(base64.b64decode(event['salt']) + raw).digest())}\n"
    event["entry"] = notes.b64(entry.encode())


def swap(files: Files) -> Files:
    one, four = "events/000001.json", "events/000004.json"
    return {**files, one: files[four], four: files[one]}


CHANGES: dict[str, Callable[[World, Files], Files]] = {
    "swapped": lambda world, files: swap(files),
    "swapped, signed again": lambda world, files: resign(swap(files), world.keys),
    "back-dated": lambda world, files: resign(change_event(files, "events/000004.json", back_date), world.keys),
    "not placed": lambda world, files: resign(
        change_event(files, "events/000004.json", lambda event: event.update(index=None)), world.keys
    ),
    "index true": lambda world, files: resign(
        change_event(files, "events/000002.json", lambda event: event.update(index=True)), world.keys
    ),
    "part disowned": lambda world, files: resign(
        change_event(files, "events/000005.json", lambda event: event.update(disclosed=[])), world.keys
    ),
    "part twice": lambda world, files: resign(
        change_event(files, "events/000005.json", lambda event: event["disclosed"].extend(event["disclosed"])),
        world.keys,
    ),
    "event dropped": lambda world, files: resign(
        without(files, "events/000004", "parts/000004"), world.keys, lambda manifest: manifest["events"].pop(3)
    ),
    "count raised": lambda world, files: resign(
        files, world.keys, lambda manifest: manifest["objects"]["ntc_1"].update(count=7)
    ),
    "head changed": lambda world, files: resign(
        files, world.keys, lambda manifest: manifest["objects"]["ntc_1"].update(head="00")
    ),
    "count absurd": lambda world, files: resign(
        files, world.keys, lambda manifest: manifest["objects"]["ntc_1"].update(count=10**400)
    ),
    "alarm": lambda world, files: resign(
        files,
        world.keys,
        lambda manifest: manifest["alarms"].append({"event": "evt_x", "file": "", "zh": "警报", "en": "alarm"}),
    ),
    "no witness": lambda world, files: resign(without(files, "checkpoints/1-6.cosig"), world.keys),
    "rewritten": lambda world, files: resign(
        {
            **files,
            "checkpoints/1-6.note": notes.sign(
                notes.checkpoint_text(ORIGIN, Head(6, bytes(32))), ORIGIN, world.keys.log
            ).encode(),
        },
        world.keys,
    ),
    "file added": lambda world, files: {**files, "extra.txt": b"", "SHA256SUMS": sums({**files, "extra.txt": b""})},
    "file added, signed again": lambda world, files: resign({**files, "extra.txt": b""}, world.keys),
    "consents rewritten": lambda world, files: resign({**files, "consents/consents.json": b"[]"}, world.keys),
    "anchor of another size": lambda world, files: resign(
        {**files, "anchors/anchors.json": b'[{"epoch":1,"size":5}]'}, world.keys
    ),
    "key twice": lambda world, files: resign({**files, "epochs/epochs.json": b'{"a":1,"a":2}'}, world.keys),
    "deep": lambda world, files: resign({**files, "events/000002.json": b"[" * 9999}, world.keys),
    "huge number": lambda world, files: resign({**files, "events/000002.json": b"1" + b"0" * 5000}, world.keys),
    "prototype": lambda world, files: resign({**files, "events/000002.json": b'{"__proto__":{"entry":1}}'}, world.keys),
    "not UTF-8": lambda world, files: resign({**files, "policy.txt": b"\xff\xfe"}, world.keys),
    "empty": lambda world, files: {"policy.txt": b""},
}


@pytest.mark.parametrize("change", CHANGES)
def test_tampering_accuses_the_same_events(tab: Tab, world: World, change: str) -> None:
    changed = CHANGES[change](world, trimmed(world))
    code, findings, verdicts = tab.agrees(canonical_zip(changed))
    assert code == (0 if change in ("no witness", "part disowned") else 1) or findings


def test_pinned_keys_and_brought_checkpoints(tab: Tab, world: World, tmp_path: Path) -> None:
    raw, other = canonical_zip(trimmed(world)), load_or_create(tmp_path / "other", ORIGIN)
    assert {x[1] for x in tab.agrees(raw, [str(other.log_vkey)])[2].values()} == {"not"}
    assert tab.agrees(raw, [str(other.log_vkey), str(world.keys.log_vkey)])[0] == 0
    line = f"存证检查点 {ORIGIN} {{}} {notes.b64(bytes(32))}"
    brought = {
        "good.note": (world.files["checkpoints/1-6.note"], 0),
        "between.txt": (line.format(4).encode(), 0),
        "chat.txt": (line.format(6).encode(), 1),
        "newer.txt": (line.format(70000).encode(), 1),
        "hello.txt": (b"hello", 1),
        "promise.json": (world.files["events/000003.json"], 0),
        "left-out.txt": (json.loads(world.tiny["events/000003.json"])["promise"].encode(), 1),
        "forged.txt": (flip(json.loads(world.files["events/000003.json"])["promise"].encode(), -40), 1),
        "receipt.json": (json.dumps({"proof": world.files["proofs/1-5.tlog-proof"].decode()}).encode(), 0),
    }
    for name, (data, code) in brought.items():
        assert tab.agrees(raw, brought={name: data})[0] == code, name
    tab.agrees(raw, brought={name: data for name, (data, _) in brought.items()}, roots=world.roots, click=True)
    tab.page.locator("#point").fill(line.format(6))
    tab.page.locator("#start").click()
    expect(tab.page.locator(".banner.code1")).to_be_visible()
    expect(tab.page.locator("#result")).to_contain_text("历史被重写：对方保存的检查点 6")


def test_erased_withheld_pending_and_a_second_log(tab: Tab, lite: Engine, keys: Keys, tmp_path: Path) -> None:
    say(lite, keys, "notice.created", "ntc_1", NOW)
    say(lite, keys, "notice.content_shown", "ntc_1", NOW)
    sequence(lite, keys, NOW)
    (keys.key_dir / "log.pem").unlink()  # lost: the waiting event cannot be placed any more
    broken = load_or_create(keys.key_dir, ORIGIN)
    say(lite, keys, "notice.accepted", "ntc_1", NOW)
    later = new_epoch(lite, broken, "日志密钥遗失", NOW + timedelta(seconds=5))
    say(lite, later, "notice.delivered", "ntc_1", NOW + timedelta(seconds=9))
    sequence(lite, later, NOW + timedelta(seconds=10))
    say(lite, later, "notice.acknowledged", "ntc_1", NOW + timedelta(seconds=20))
    erased = sa.update(ev_event).where(ev_event.c.event_id == "evt_ntc_1_notice.content_shown_1")
    both = [str(keys.log_vkey), str(later.log_vkey)]
    with begin(lite) as conn:
        conn.execute(erased.values(salt=None, envelope=None))
        held = frozenset({("evt_ntc_1_notice.created_1", "正文.txt")})
        for name, minutes in (("now", 0), ("late", 5)):
            when = NOW + timedelta(seconds=30, minutes=minutes)
            export(conn, later, ["ntc_1"], tmp_path / f"{name}.zip", now=when, withhold=held)
    code, findings, verdicts = tab.agrees((tmp_path / "now.zip").read_bytes(), both)
    said = "\n".join(x[2] for x in verdicts.values())
    assert (code, findings) == (0, [])
    for words in ("附件未提供或已删除：正文.txt", "内容已依法删除", "由其后一条记录", "仅有签名承诺"):
        assert words in said, said
    assert tab.agrees((tmp_path / "late.zip").read_bytes(), both)[0] == 1
    one = tab.agrees((tmp_path / "now.zip").read_bytes(), [str(later.log_vkey)])
    assert one[0] == 1 and "not" in {x[1] for x in one[2].values()}
    files = read_zip(tmp_path / "now.zip")[1]
    assert tab.agrees(canonical_zip(without(files, "epochs/")), both)[0] == 1


def test_a_person_s_file_is_judged_alike(tab: Tab, lite: Engine, keys: Keys, tmp_path: Path) -> None:
    files = person_file(lite, keys, tmp_path / "p.zip")
    code, findings, _ = tab.agrees(canonical_zip(files), [str(keys.log_vkey)], click=True)
    assert (code, findings) == (0, [])
    expect(tab.page.locator("#result")).to_contain_text("关于其他人的 3 条记录不在这份个人档案内")
    for lie in (0, 2, 4, -3, "3", None, True, 1_500_000):

        def change(manifest: dict[str, Any], lie: object = lie) -> None:
            manifest["objects"]["ntc_1"]["others"] = lie

        assert tab.agrees(canonical_zip(resign(files, keys, change)), exact=isinstance(lie, int))[0] != 0


def test_hostile_words_stay_words(tab: Tab, lite: Engine, keys: Keys, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    say(lite, keys, hostile, "ntc_1", NOW)
    sequence(lite, keys, NOW)
    with begin(lite) as conn:
        export(conn, keys, ["ntc_1"], tmp_path / "p.zip", now=NOW)
    assert tab.agrees((tmp_path / "p.zip").read_bytes(), click=True)[0] == 0
    expect(tab.page.locator(".event .type")).to_contain_text(hostile)
    assert tab.page.locator("img").count() == 0 and tab.page.locator("script").count() == 1


def test_a_browser_without_ed25519_uses_the_page_s_own(tab: Tab, world: World) -> None:
    page = tab.page.context.new_page()
    page.add_init_script(LACKS_ED25519)
    page.goto(tab.page.url)
    old, files = Tab(page, tab.folder), trimmed(world)
    assert old.agrees(canonical_zip(files), click=True)[0] == 0
    expect(page.locator("#result")).to_contain_text("这个浏览器没有 Ed25519")
    note = files["checkpoints/1-6.note"]
    signature = base64.b64decode(note.split(b" ")[-1])
    for place in (4, 40, 67):
        bad = note.replace(notes.b64(signature).encode(), notes.b64(flip(signature, place)).encode())
        assert old.agrees(canonical_zip(resign({**files, "checkpoints/1-6.note": bad}, world.keys)))[0] == 1
    page.close()


def test_it_fits_a_phone_and_a_printer(tab: Tab, world: World) -> None:
    tab.agrees(
        canonical_zip({**world.files, "events/000004.json": flip(world.files["events/000004.json"])}), click=True
    )
    tab.page.set_viewport_size({"width": 390, "height": 844})
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.page.emulate_media(media="print")
    expect(tab.page.locator("form")).to_be_hidden()
    expect(tab.page.locator(".banner")).to_be_visible()
    tab.page.emulate_media(media="screen")
    tab.page.set_viewport_size({"width": 1100, "height": 900})
