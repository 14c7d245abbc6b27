"""A witness as a small HTTP service: POST /add-checkpoint as in c2sp.org/tlog-witness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from bot.evidence import notes
from bot.evidence.notes import BadNote, VKey
from bot.evidence.witness import Behind, Conflict, Witness, parse_request

MAX_BODY = 65_536
_SIZE = "text/x.tlog.size"
Answer = tuple[int, str, str]
"""(status, body, content type)."""


def answer(witness: Witness, logs: Mapping[str, VKey], body: bytes, now: datetime) -> Answer:
    """200 with the cosignature; 400 malformed, 403 not signed by the log, 404 unknown, 409 other size, 422 proof."""
    plain = "text/plain; charset=utf-8"
    try:
        old, proof, note = parse_request(body.decode())
        origin, head = notes.parse_checkpoint(notes.split(note)[0])
    except ValueError:
        return 400, "malformed\n", plain
    if origin not in logs:
        return 404, "unknown log\n", plain
    if old > head.size:
        return 400, "old size beyond the checkpoint\n", plain
    try:
        return 200, witness.cosign(logs[origin], note, old, proof, now), plain
    except BadNote:
        return 403, "no signature of the log\n", plain
    except Behind as behind:
        return 409, f"{behind.size}\n", _SIZE
    except Conflict:
        return 422, "the proof does not hold\n", plain


def server(witness: Witness, logs: Mapping[str, VKey], port: int, clock: Callable[[], datetime]) -> HTTPServer:
    """Bound to 127.0.0.1, one request at a time; a reverse proxy brings TLS. Port 0 picks a free one."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint" or not length.isdigit() or int(length) > MAX_BODY:
                self._say((404 if self.path != "/add-checkpoint" else 400, "refused\n", "text/plain"))
                return
            self._say(answer(witness, logs, self.rfile.read(int(length)), clock()))

        def _say(self, said: Answer) -> None:
            body = said[1].encode()
            self.send_response(said[0])
            self.send_header("Content-Type", said[2])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_all: object) -> None:
            """Quiet: the conflict files say what matters."""

    return HTTPServer(("127.0.0.1", port), Handler)
