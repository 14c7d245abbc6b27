"""A WeCom message from the socket to the commit, against a Flask that only decrypts it.

    python -m bench.callback [seconds] [rounds]

ours:  the product's web process (`bot.processes.web`): verify, decrypt, parse, then durable on SQLite with WAL and
       synchronous=FULL before the 200. Up to three events at a time are answered in the same transaction (person,
       flows, evidence, reply in the outbox); under this load nearly all are stored first, many to a commit, and
       answered by the worker afterwards. What the worker manages is measured too and printed beside.
plain: Flask with the same gunicorn settings and the same `Crypto.open`; it stores nothing and answers 200.

32 keep-alive connections post text messages of known people, encrypted beforehand, every MsgId unique. The servers take
turns, a round each, both stay up; p99 is of all answers of all rounds, including the wait for one of 16 threads. The
client shares the machine's cores with the server. Checked: every answer is 200, and ours stored as many rows as it
answered.
"""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from itertools import count as counter, cycle
from pathlib import Path
from urllib.parse import urlencode

from adapters.wecom.crypto import Crypto
from adapters.wecom.inbound import PATH
from bench.rounds import Row, median, peak_of
from bot import embedded, schema

CONNECTIONS = 32
LATER = 500
"""Stored events whose answering is timed."""
PEOPLE = 200
TOKEN, CORP, AES_KEY = "benchtoken", "wwbench0000000000", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
Message = tuple[str, bytes]
"""(path with signed query, body)."""
numbers = counter(1)


def crypto() -> Crypto:
    """The same keys on both sides."""
    return Crypto(TOKEN, AES_KEY, CORP)


def messages(how_many: int) -> list[Message]:
    """Text messages nobody has seen before."""
    sealing, made = crypto(), []
    for number in (next(numbers) for _ in range(how_many)):
        stamp, nonce = str(int(time.time())), secrets.token_hex(8)
        xml = (
            f"<xml><ToUserName>{CORP}</ToUserName><FromUserName>u{number % PEOPLE}</FromUserName>"
            f"<CreateTime>{stamp}</CreateTime><MsgType>text</MsgType><Content>今天的安排是什么？</Content>"
            f"<MsgId>{7_000_000_000 + number}</MsgId><AgentID>1000002</AgentID></xml>"
        )
        sealed = sealing.seal(xml.encode())
        query = {"msg_signature": sealing.sign(stamp, nonce, sealed), "timestamp": stamp, "nonce": nonce}
        made.append((f"{PATH}?{urlencode(query)}", f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()))
    return made


def serve_ours(port: int) -> None:
    """The product's web process as it is."""
    from bot.app import build
    from bot.db import begin
    from bot.people import sync
    from bot.ports import DirectoryPerson
    from bot.processes import web
    from config.settings import load

    app = build(load(os.environ))
    with begin(app.engine) as connection:
        sync(connection, "wecom", [DirectoryPerson(f"u{n}", f"员工{n}", "", ("研发",)) for n in range(PEOPLE)], {})
    web(app, "127.0.0.1", port)


def serve_plain(port: int) -> None:
    """Flask, decrypt, 200."""
    from defusedxml.ElementTree import fromstring
    from flask import Flask, request
    from gunicorn.app.base import BaseApplication

    wsgi, opening = Flask("plain", static_folder=None), crypto()

    @wsgi.post(PATH)
    def receive() -> str:
        sealed = fromstring(request.get_data(cache=False)).findtext("Encrypt") or ""
        opening.open(request.args["msg_signature"], request.args["timestamp"], request.args["nonce"], sealed)
        return ""

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            same = {"bind": f"127.0.0.1:{port}", "workers": 1, "threads": 16, "worker_class": "gthread"}
            for key, value in {**same, "loglevel": "warning", "graceful_timeout": 10}.items():
                self.cfg.set(key, value)

        def load(self) -> object:
            return wsgi

    Server().run()


@contextmanager
def served(name: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """(port, pid of the worker process) of a running server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.callback", "serve", name, str(port)]
    log = Path(environment["BENCH_LOGS"]) / f"{name}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"the {name} server did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
        post(port, iter(messages(1)), time.perf_counter() + 60, [], [])
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
        yield port, int(children[0])
    finally:
        server.terminate()
        server.wait(15)


def post(port: int, waiting: Iterator[Message], until: float, seconds: list[float], statuses: list[int]) -> None:
    """One connection, one message after the other; list appends and iterator steps are atomic between threads."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    while time.perf_counter() < until and (message := next(waiting, None)):
        begun = time.perf_counter()
        connection.request("POST", message[0], message[1], {"Content-Type": "text/xml"})
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - begun)
        statuses.append(answer.status)
    connection.close()


def load(port: int, waiting: Iterator[Message], seconds: float) -> tuple[float, list[float]]:
    """(answers per second, seconds of each) over all connections."""
    spent: list[float] = []
    statuses: list[int] = []
    begun = time.perf_counter()
    arguments = (port, waiting, begun + seconds, spent, statuses)
    threads = [threading.Thread(target=post, args=arguments) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begun
    assert set(statuses) == {200}, f"not every answer is 200: {sorted(set(statuses))}"
    assert elapsed >= seconds, "ran out of messages"
    return len(spent) / elapsed, spent


def answered_later(environment: dict[str, str]) -> float:
    """Stored events one worker answers in a second: person, flows, reply, receipt, one transaction each."""
    code = (
        "import os, time; from bot import jobs; from bot.app import build; from config.settings import load;"
        " app = build(load(os.environ)); hall = jobs.dispatcher(app); begun = time.perf_counter();"
        " print(hall.answer_waiting() / (time.perf_counter() - begun))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def compare(seconds: float = 3.0, count: int = 5) -> list[Row]:
    """Interleaved rounds; AssertionError when an answer was refused or an answered message is not stored."""
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    spent: dict[str, list[float]] = {"ours": [], "plain": []}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        environment = _environment(folder)
        schema.upgrade(environment["DATABASE_URL"])
        redis = embedded.start(Path(environment["HUIZHI_REDIS_SOCKET"]))
        stack.callback(redis.wait, 15)
        stack.callback(redis.terminate)
        up = {name: stack.enter_context(served(name, environment)) for name in rates}
        for _ in range(count):
            batch = messages(int(1500 * seconds))
            for name, (port, _pid) in up.items():
                rate, each = load(port, iter(batch) if name == "ours" else cycle(batch), seconds)
                rates[name].append(rate)
                spent[name] += each
        peaks = {name: peak_of(pid) for name, (_port, pid) in up.items()}
        with sqlite3.connect(f"{folder}/bench.db") as stored:
            (rows,) = stored.execute("SELECT count(*) FROM inbox").fetchone()
            stored.execute(
                "DELETE FROM inbox WHERE state = 'waiting' AND event_id NOT IN"
                f" (SELECT event_id FROM inbox WHERE state = 'waiting' LIMIT {LATER})"
            )
        stored.close()
        later = answered_later(environment)
    assert rows == len(spent["ours"]) + 1, f"{rows} stored, {len(spent['ours']) + 1} answered"
    p99 = {name: 1000 * sorted(each)[int(len(each) * 0.99)] for name, each in spent.items()}
    note = f"p99 {p99['ours']:.0f} / {p99['plain']:.0f} ms, {rows:,} stored; the worker answers {later:.0f}/s"
    ours, plain = median(rates["ours"]), median(rates["plain"])
    return [Row("callback", "req/s", ours, plain, peaks["ours"], peaks["plain"], note)]


def _environment(folder: str) -> dict[str, str]:
    return {
        "BENCH_LOGS": folder, "HUIZHI_PLATFORMS": "wecom", "HUIZHI_ENVIRONMENT": "development",
        "HUIZHI_KEY_DIR": f"{folder}/keys", "DATABASE_URL": f"sqlite:///{folder}/bench.db", "REDIS_URL": "",
        "HUIZHI_REDIS_SOCKET": f"{folder}/redis.sock", "WECOM_CORP_ID": CORP, "WECOM_AGENT_ID": "1000002",
        "WECOM_SECRET": "s" * 43, "WECOM_TOKEN": TOKEN, "WECOM_ENCODING_AES_KEY": AES_KEY,
    }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        {"ours": serve_ours, "plain": serve_plain}[sys.argv[2]](int(sys.argv[3]))
    else:
        for line in compare(*(kind(word) for kind, word in zip((float, int), sys.argv[1:3], strict=False))):
            print(line)
