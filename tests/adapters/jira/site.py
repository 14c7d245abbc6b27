"""An HTTP server on port 0 that answers what a test tells it to, with headers."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON = {"Content-Type": "application/json;charset=UTF-8"}
Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Site:
    """`answer` by path and body; `seen` holds (method, path, lower-case headers, body)."""

    answer: Callable[[str, dict[str, object]], Answer]
    url: str = ""
    seen: list[tuple[str, str, dict[str, str], dict[str, object]]] = field(default_factory=list)


def plain(value: object, status: int = 200, **headers: str) -> Answer:
    return status, JSON | {name.replace("_", "-"): each for name, each in headers.items()}, json.dumps(value).encode()


@contextmanager
def running(answer: Callable[[str, dict[str, object]], Answer], tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
            head = {name.lower(): value for name, value in self.headers.items()}
            site.seen.append((self.command, self.path, head, body))
            status, headers, data = site.answer(self.path.split("?")[0], body)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(data))} | dict(headers)).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:  # the client has read enough
                self.close_connection = True

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        site.url = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
