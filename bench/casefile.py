"""A person's year as a case file: built, with and without its PDF, and verified.

    python -m bench.casefile [events] [rounds]

The log: eight events with two parts each on every working day, parts encrypted for the person, a checkpoint a day and a
real RFC 3161 token on every fifth. The authority is a local one; its tokens are made before the clock starts.

build:  read, open the parts, prove every event, link the checkpoints, sign the manifest, write the canonical zip; the
        PDF is typeset from the facts but not sealed, for sealing waits for an authority. A long one is typeset in a
        process of its own, whose peak is named beside ours. Against `zipfile` storing the same bytes, which are in
        memory already.
verify: what `huizhi evidence verify` does; against reading the zip and hashing every file. Verdicts are checked.
proofs: the inclusion proofs alone, ours and `proofbundle` verifying the same .tlog-proof files one by one.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proofbundle import verify_tlog_proof
from sqlalchemy import Engine, insert, select

from bench.evidence import Measured, Place, keys_in
from bench.rounds import Row, apart, median, own_peak
from bot import db, schema
from bot.evidence.log import Draft, Part, append_many, milliseconds
from bot.evidence.notes import open_proof, parse_vkey, unb64
from bot.evidence.package import export
from bot.evidence.report import render
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_checkpoint, ev_token
from bot.evidence.tokens import make_request, read_response
from bot.evidence.vault import vault_of
from bot.evidence.verify import verify
from tests.evidence import tsa

PERSON, A_DAY, TOKEN_EVERY = "p:year", 8, 5
TYPES = ("notice.content_shown", "notice.acknowledged", "checkin.replied", "delivery.accepted")
WORDS = "我在九楼机房抢修，手机没有信号，打卡机也坏了。".encode()
CARD = json.dumps(
    {"title": "早上好", "text": "今天 9:00 没有看到您的打卡记录，一切还好吗？"} | {"x": "·" * 600}
).encode()
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def year(place: Place, events: int) -> list[float]:
    """Write the log."""
    schema.upgrade(place[0])
    engine, keys, vault = db.create_engine(place[0]), keys_in(place[1]), vault_of(Path(place[1]) / "keys")
    with tsa.authority(Path(place[1]) / "tsa") as authority:
        roots = authority.roots_path.read_bytes()
    for day, low in enumerate(range(0, events, A_DAY)):
        at = NOW - timedelta(days=360) + timedelta(days=day)
        with db.begin(engine) as conn:
            append_many(
                conn, keys, [_draft(number, at) for number in range(low, min(low + A_DAY, events))], vault=vault
            )
        done = sequence(engine, keys, at)
        assert done
        if day % TOKEN_EVERY == 0:
            _stamp(engine, place[1], done.size, roots)
    engine.dispose()
    return []


def _draft(number: int, day: datetime) -> Draft:
    at = day + timedelta(minutes=number % A_DAY)
    parts = [Part("words", "text/plain; charset=utf-8", WORDS), Part("card.json", "application/json", CARD)]
    return Draft(f"evt_{number:032x}", TYPES[number % 4], at, at, PERSON, PERSON, f"case_{number // 4}", parts)


def _stamp(engine: Engine, folder: str, size: int, roots: bytes) -> None:
    with db.begin(engine) as conn:
        note = conn.execute(select(ev_checkpoint.c.note).where(ev_checkpoint.c.size == size)).scalar_one()
        digest = hashlib.sha256(note.encode()).digest()
        token = read_response(tsa.reply(Path(folder) / "tsa", "healthy", make_request(digest, 5)), digest, 5, roots)
        row = {"epoch": 1, "size": size, "authority": "tsa1", "token": token.token, "chain": token.chain_pem}
        conn.execute(insert(ev_token).values(row | {"gen_ms": token.gen_ms, "received_ms": milliseconds(NOW)}))


def built(place: Place, events: int) -> list[float]:
    """Without the PDF."""
    return _built(place, events, "plain.zip", pdf=False)


def built_pdf(place: Place, events: int) -> list[float]:
    """With the PDF."""
    return _built(place, events, "pdf.zip", pdf=True)


def _built(place: Place, events: int, name: str, *, pdf: bool) -> list[float]:
    engine, keys = db.create_engine(place[0]), keys_in(place[1])
    vault, roots = vault_of(keys.key_dir), (Path(place[1]) / "tsa" / "root.pem").read_bytes()
    begun, report = time.perf_counter(), render if pdf else None
    with engine.connect() as conn:
        out, read = Path(place[1]) / name, vault.open_part
        count = export(
            conn, keys, PERSON, out, now=NOW, roots=roots, read=read, names=lambda _: {PERSON: "王小明"}, report=report
        )
    spent = time.perf_counter() - begun
    assert count == events
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [spent, child] if pdf else [spent]


def zipped(place: Place, events: int) -> list[float]:
    """The same bytes, stored by zipfile."""
    with zipfile.ZipFile(Path(place[1]) / "plain.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    begun = time.perf_counter()
    with zipfile.ZipFile(Path(place[1]) / "bare.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    spent = time.perf_counter() - begun
    assert len(files) > 4 * events
    return [spent]


def verified(place: Place, events: int) -> list[float]:
    """The verifier, roots and log key pinned as a careful reader does."""
    pin, roots = str(keys_in(place[1]).log_vkey), (Path(place[1]) / "tsa" / "root.pem").read_bytes()
    begun = time.perf_counter()
    report = verify(Path(place[1]) / "plain.zip", pin, roots=roots)
    spent = time.perf_counter() - begun
    assert report.ok, report.findings[:3]
    assert len(report.verdicts) == events
    return [spent]


def hashed(place: Place, events: int) -> list[float]:
    """Read and hash every file of the bare zip."""
    begun = time.perf_counter()
    with zipfile.ZipFile(Path(place[1]) / "bare.zip") as archive:
        seen = {hashlib.sha256(archive.read(name)).digest() for name in archive.namelist()}
    spent = time.perf_counter() - begun
    assert len(seen) > events
    return [spent]


def proofs_ours(place: Place, events: int) -> list[float]:
    """Every .tlog-proof file with its entry, checked by the library half."""
    key, proofs = parse_vkey(str(keys_in(place[1]).log_vkey)), list(_proofs(place))
    begun = time.perf_counter()
    for proof, entry in proofs:
        open_proof(proof, entry, key)
    spent = time.perf_counter() - begun
    assert len(proofs) == events
    return [spent]


def proofs_peer(place: Place, events: int) -> list[float]:
    """The same by proofbundle."""
    key, proofs = str(keys_in(place[1]).log_vkey), list(_proofs(place))
    begun = time.perf_counter()
    good = [verify_tlog_proof(proof, entry, key)["ok"] for proof, entry in proofs]
    spent = time.perf_counter() - begun
    assert good == [True] * events
    return [spent]


def _proofs(place: Place) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(Path(place[1]) / "plain.zip") as archive:
        for name in archive.namelist():
            if name.startswith("events/"):
                event = json.loads(archive.read(name))
                proof = archive.read(f"proofs/{event['epoch']}-{event['index']}.tlog-proof").decode()
                yield proof, unb64(event["entry"])


TASKS = (built, built_pdf, zipped, verified, hashed, proofs_ours, proofs_peer)


def measured(task: str, place: Place, events: int) -> Measured:
    """A task by name in a fresh process: seconds, peak resident MB."""
    return {each.__name__: each for each in (year, *TASKS)}[task](place, events), own_peak()


def compare(events: int = 2000, count: int = 3) -> list[Row]:
    """Interleaved rounds; AssertionError when an event is missing or not proven."""
    with tempfile.TemporaryDirectory() as folder:
        place = f"sqlite:///{folder}/bench.db", folder
        apart(measured, "year", place, events)
        seen = [{task.__name__: apart(measured, task.__name__, place, events) for task in TASKS} for _ in range(count)]
        size = (Path(folder) / "plain.zip").stat().st_size / 1e6

    def side(task: str) -> tuple[float, float]:
        return median(row[task][0][0] for row in seen), max(row[task][1] for row in seen)

    found = []
    for name, mine, other in (
        ("build", "built", "zipped"), ("build with PDF", "built_pdf", "zipped"),
        ("verify", "verified", "hashed"), ("proofs", "proofs_ours", "proofs_peer"),
    ):  # fmt: skip
        (ours, ours_mb), (plain, plain_mb) = side(mine), side(other)
        note = f"{events:,} events, {2 * events:,} parts, {size:.1f} MB"
        if child := max((row[mine][0][1:] or [0.0])[0] for row in seen):
            note += f"; typesetting process {child:.0f} MB, given back"
        found.append(Row(f"case file: {name}", "s", ours, plain, ours_mb, plain_mb, note))
    return found


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:3])):
        print(line)
