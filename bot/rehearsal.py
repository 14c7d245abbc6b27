"""A rehearsal: the whole product against the sandbox on a moved clock, in a folder of its own. Used by `huizhi run`,
`huizhi demo` and the journeys in tests. Loopback only; refused in production by the settings it uses."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from bot.processes import Fleet
from bot.schema import upgrade
from config.settings import sandbox_channels, sandbox_env

PATIENCE = 25.0
MORNING = "2026-06-11T08:50:00"
"""Thursday of the acceptance story, local time: a rehearsal starts before the shift begins."""
LATE = ("zhangsan", "zhou")
"""The two of the sandbox's people who do not punch in."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(url: str, body: object = None) -> Any:
    """JSON over loopback HTTP; raises RuntimeError with the answer when refused."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - loopback, scheme fixed by caller
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - see above
            raw = answer.read()
    except HTTPError as error:
        raise RuntimeError(f"{url}: {error.code} {error.read()[:200]!r}") from error
    return json.loads(raw) if raw[:1] in (b"{", b"[") else raw.decode()


def until(what: str, check: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait for a condition; raises TimeoutError naming it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if found := check():
                return found
        except (URLError, ConnectionError, OSError):
            pass  # a process that is still starting; the deadline speaks if it never does
        time.sleep(0.05)
    raise TimeoutError(what)


@dataclass(slots=True)
class Stage:
    """Started processes, a sandbox and a clock. Use as a context manager: nothing is left behind."""

    folder: Path
    web_port: int
    sandbox_port: int
    environment: Mapping[str, str]
    fleet: Fleet
    played: bool = False

    def __enter__(self) -> Stage:
        upgrade(self.environment["DATABASE_URL"])
        if not self.environment["REDIS_URL"] or self.environment["REDIS_URL"].startswith("unix://"):
            self.fleet.redis(Path(self.environment["REDIS_URL"].removeprefix("unix://")))
        self.fleet.start("sandbox", extra=["--port", str(self.sandbox_port), "--bot", self.bot_url])
        until("the sandbox did not start", lambda: call(f"{self.sandbox_url}/_sandbox/clock"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.fleet.stop()
        Path(self.environment["REDIS_URL"].removeprefix("unix://")).unlink(missing_ok=True)

    @property
    def bot_url(self) -> str:
        """Where the doors are."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox_url(self) -> str:
        """Where the phones and the vendors are."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def open(self) -> None:
        """Start the bot's four processes and wait until all can be reached."""
        self.fleet.start("worker", "scheduler", "stream")
        self.fleet.start("web", extra=["--port", str(self.web_port)])
        until("the web process did not get ready", lambda: call(f"{self.bot_url}/readyz") == "ready")

    def control(self, path: str, body: object = None) -> Any:
        """The sandbox's control plane."""
        return call(f"{self.sandbox_url}/_sandbox/{path}", body)

    def move_to(self, moment: str) -> None:
        """Set the clock (local ISO time) once nothing is in flight, so that no lease runs out by the jump."""
        self.settle()
        self.control("clock", {"at": moment})

    def morning(self, late: Sequence[str] = LATE) -> None:
        """Ten to nine on the story's day; everybody but the late has punched in. For a stage that was never played."""
        self.control("clock", {"at": MORNING})
        for person in self.control("people"):
            if person["id"] not in late:
                self.control("punch", {"user": person["id"]})

    def settle(self) -> None:
        """Wait until the outbox holds nothing unsaid."""
        until("the outbox did not drain", lambda: not self.waiting())

    def waiting(self) -> bool:
        """True while something is queued or being sent."""
        lines = str(call(f"{self.bot_url}/metrics")).splitlines()
        busy = [
            line
            for line in lines
            if line.startswith(('huizhi_outbox{state="queued"}', 'huizhi_outbox{state="sending"}'))
        ]
        return any(float(line.rsplit(" ", 1)[1]) for line in busy)

    def quiet(self) -> None:
        """Wait until the vendors have done what they were asked before, also by a process that has died since. A lease
        is longer than any call; who lets a clock jump over the lease has to wait for the calls."""
        before = {*self.control("calls")["open"]}
        until("a call to the sandbox did not end", lambda: not before & {*self.control("calls")["open"]})

    def phone(self, user: str) -> Phone:
        """Somebody's phone."""
        return Phone(self, user)


@dataclass(frozen=True, slots=True)
class Phone:
    """What a person sees and does."""

    stage: Stage
    user: str

    def bubbles(self) -> list[dict[str, Any]]:
        """Everything in the chat, oldest first."""
        people = self.stage.control("phones")["people"]
        return next((list(each["bubbles"]) for each in people if each["id"] == self.user), [])

    def wait(self, text: str, *, button: str = "") -> dict[str, Any]:
        """The newest bubble that holds `text` (and a live button of that label)."""
        return dict(until(f"{self.user} never saw 「{text}」 {button}", lambda: self._find(text, button)))

    def click(self, text: str, button: str) -> dict[str, Any]:
        """Tap a button on the newest card that holds `text`."""
        bubble = self.wait(text, button=button)
        key = next(each["key"] for each in bubble["card"]["buttons"] if button in each["label"])
        self.stage.control("click", {"user": self.user, "bubble": bubble["id"], "key": key})
        return bubble

    def say(self, text: str) -> None:
        """Type into the chat."""
        self.stage.control("say", {"user": self.user, "text": text})

    def _find(self, text: str, button: str) -> dict[str, Any] | None:
        bubble: dict[str, Any]
        for bubble in reversed(self.bubbles()):
            card = bubble.get("card") or {}
            if text not in json.dumps([bubble["text"], card], ensure_ascii=False) or bubble["mine"]:
                continue
            if not button or any(button in each["label"] for each in card.get("buttons", [])):
                return bubble
        return None


def stage(
    folder: Path, *, web_port: int = 0, sandbox_port: int = 0, overrides: Mapping[str, str] | None = None
) -> Stage:
    """A stage in `folder`, which is created; ports 0 are chosen. `overrides` replace single variables."""
    folder.mkdir(parents=True, exist_ok=True)
    web_port, sandbox_port = web_port or free_port(), sandbox_port or free_port()
    clock_file = folder / "clock"
    played = clock_file.exists()
    if not played:
        clock_file.write_text("0")
    url = f"http://127.0.0.1:{sandbox_port}"
    environment = (
        sandbox_env(url, ws="stream")
        | sandbox_channels(url, free_port())
        | {
            "HUIZHI_PUBLIC_URL": f"http://127.0.0.1:{web_port}",
            "HUIZHI_CLOCK_FILE": str(clock_file.absolute()),
            "HUIZHI_KEY_DIR": str((folder / "keys").absolute()),
            "DATABASE_URL": f"sqlite:///{(folder / 'huizhi.db').absolute()}",
            # A unix socket's path may have 107 bytes at most, so it does not live in an arbitrarily deep folder.
            "REDIS_URL": f"unix:///tmp/huizhi-{os.getpid()}-{web_port}.sock",
        }
    )
    environment |= overrides or {}
    return Stage(folder, web_port, sandbox_port, environment, Fleet(environment, output=folder), played)
