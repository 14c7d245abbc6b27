"""The signing page on a slow phone, and the sealed copy.

    python -m bench.signing [rounds]

first paint: headless Chromium with an empty cache, a processor four times slower, 1.6 Mbit/s down, 750 kbit/s up and
150 ms of delay (the "slow 4G" phone profile of Lighthouse); the browser's own first contentful paint. plain: the same
text as a bare HTML page without style, script, session or database from the same server. Target: under 1 s.
sealed copy: from the committed signature to the stored PDF, typeset, sealed (no outside time stamp), recorded; the
process has made one before. plain: the document typeset alone. Target: at most 1 s.
"""

from __future__ import annotations

import logging
import math
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from bench.rounds import Row, apart, median, own_peak
from bot import db, embedded, schema, signing
from bot.app import App
from bot.evidence.keys import load_or_create
from bot.evidence.signed import unsigned
from bot.signing import copy as signing_copy, flow as signing_flow
from bot.signing.flow import Answer, Attempt, Seat
from bot.store import RedisStore
from config.settings import load, sandbox_env
from tests.web.office import Office, SigningPlatform
from tests.world import Firm

ROUNDS = 7
PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER, PATIENCE = 4, 30.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CLAUSE = "依据《绩效管理办法》第十二条，本月绩效奖金按 50% 发放。您可以在五个工作日内提出异议或申诉。\n"
BLOCKS = [("结果", [("季度", "2026 年第二季度"), ("得分", "62.5 / 100"), ("等级", "C")]), ("说明", CLAUSE * 30)]
WAVE = ";".join(
    " ".join(f"{40 + i * 4 + n * 90},{int(80 + 30 * math.sin(i / 3))}" for i in range(60)) for n in range(3)
)
PAINT = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0] || 0"


@contextmanager
def office() -> Iterator[Office]:
    """A small firm with its web process, on SQLite and a Redis of its own."""
    with tempfile.TemporaryDirectory(prefix="hz-sign-") as folder:
        url, socket = f"sqlite:///{folder}/bench.db", Path(folder) / "r.sock"
        schema.upgrade(url)
        process = embedded.start(socket)
        client = redis.Redis(unix_socket_path=str(socket))
        settings, keys = (
            load(sandbox_env("http://127.0.0.1:1")),
            load_or_create(Path(folder) / "keys", "bench/hr-log/1"),
        )
        platform = SigningPlatform()
        app = App(settings, db.create_engine(url), client, RedisStore(client), keys, {"fake": platform})
        yield Office(Firm(app, platform), platform)
        app.engine.dispose()
        client.close()
        process.terminate()
        process.wait(5)


def prepare(place: Office, number: int) -> signing.Document:
    """A page and a half of text for one person."""
    with place.firm.app.context() as ctx:
        who = place.person("zhang")
        return signing.prepare(ctx, who, f"bench:{number}", "2026 年第二季度绩效结果", BLOCKS, kind="bench")


def copies(rounds: int) -> tuple[list[float], list[float], float]:
    """Seconds of (sealed copy, document typeset alone), peak MB."""
    ours, plain = list[float](), list[float]()
    with office() as place:
        for number in range(rounds + 1):
            found = prepare(place, number)
            sign(place, found)
            begun = time.perf_counter()
            copy = signing_copy.copy_of(place.firm.app, found.ref)
            sealed = time.perf_counter()
            bare = unsigned(found)
            if number:  # the first one loads typesetter and fonts
                ours.append(sealed - begun)
                plain.append(time.perf_counter() - sealed)
            assert copy is not None
            assert copy.startswith(b"%PDF-")
            assert len(copy) > len(bare)
    return ours, plain, own_peak()


def sign(place: Office, found: signing.Document) -> None:
    """As the page does it."""
    with place.firm.app.context(place.person("zhang")) as ctx:
        seat = Seat("bench", ctx.now)
        token = signing_flow.show(ctx, found, seat)
        answer = signing_flow.sign(ctx, found.ref, seat, Attempt(token, "drawn", WAVE), strict=False)
    assert answer is Answer.SIGNED


def paints(rounds: int) -> tuple[list[float], list[float], float]:
    """Seconds until first contentful paint of (the signing page, a bare page with the same text), peak MB."""
    ours, plain = list[float](), list[float]()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with office() as place, sync_playwright() as play:
        found = prepare(place, 0)
        bare = f"<!doctype html><meta charset=utf-8><title>bare</title><pre>{found.content.decode()}</pre>"
        place.web.add_url_rule("/bare", view_func=lambda: bare)
        cookie = place.browser("zhang").get_cookie("huizhi")
        assert cookie is not None
        server = make_server("127.0.0.1", 0, place.web, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.port}"
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for number in range(rounds + 1):
            one = paint(browser, base, f"/sign/{found.ref}?lang=zh", cookie.value)
            other = paint(browser, base, "/bare", cookie.value)
            if number:  # the first one also starts the browser's processes
                ours.append(one)
                plain.append(other)
        browser.close()
        server.shutdown()
    return ours, plain, own_peak()


def paint(browser: Browser, base: str, path: str, session: str) -> float:
    """One visit with an empty cache; seconds."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=3, is_mobile=True)
    context.add_cookies([{"name": "huizhi", "value": session, "url": base}])
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", PHONE)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(base + path)
    assert "62.5 / 100" in page.content()
    until = time.monotonic() + PATIENCE
    while not (painted := float(page.evaluate(PAINT))):  # waiting inside the page would need eval, which it forbids
        assert time.monotonic() < until, "nothing was painted"
        page.wait_for_timeout(20)
    context.close()
    return painted / 1000


def compare(rounds: int = ROUNDS) -> list[Row]:
    """Both, each in a process of its own."""
    found = []
    for task, name, note in (
        (paints, "signing: first paint, slow phone", "target < 1 s; worst {:.2f} s"),
        (copies, "signing: sealed copy", "target <= 1 s; worst {:.2f} s"),
    ):
        ours, plain, peak = apart(task, rounds)
        found.append(Row(name, "s", median(ours), median(plain), peak, peak, note.format(max(ours))))
    return found


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:2])):
        print(line)
