"""Export an evidence package a stranger can check offline: one reproducible zip with its own verifier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from bot.evidence import notes
from bot.evidence.facts import PackageFacts, Report
from bot.evidence.keys import Keys, newest
from bot.evidence.log import stamp
from bot.evidence.package_events import Added, Read, Withhold, add_events, plain, pretty
from bot.evidence.package_facts import facts_of
from bot.evidence.package_proofs import Proofs, add_proofs, add_tokens
from bot.evidence.package_rows import Chosen, alarms, choose, epochs_of
from bot.evidence.verify import MAX_BYTES, MAX_FILES, SAFE_NAME, canonical_zip, consent_of, sums, verify_files

__all__ = ["PackageFacts", "Report", "export"]
FORMAT = "huizhi-package/2"
_BEIJING = timezone(timedelta(hours=8))
Names = Callable[[Sequence[str]], Mapping[str, str]]
_TEXTS = ("README.zh.txt", "README.en.txt")


def export(
    conn: Connection,
    keys: Keys,
    scope: Sequence[str] | str,
    out: Path,
    *,
    now: datetime,
    also: Mapping[str, str] | None = None,
    withhold: Withhold = frozenset(),
    names: Names = lambda refs: {},
    witnesses: Sequence[str] = (),
    roots: bytes = b"",
    include: Collection[tuple[int, int]] = (),
    read: Read = plain,
    report: Report | None = None,
) -> int:
    """Write a package to `out`; returns how many events it holds.

    `scope`: object ids, or one pseudonym (a string): that person's events with their parts; without parts, the other
    events of matters that began about them and, of matters of many people, those about nobody. The manifest counts
    those left out. Consents of the people concerned come along.
    `also`: ASCII file name -> text, stored below `also/`. `withhold`: part names, or (event id, part name), that are
    not disclosed. `names`: pseudonyms to names. `witnesses`: verifier keys; with any, one cosignature is asked
    for. `roots`: PEM of the time-stamping authorities' roots. `include`: (epoch, size) of further checkpoints.
    `read` opens parts (`vault.open_part`). `report` makes the PDF from the facts.

    Same database, `now` and arguments give the same bytes. Events the sequencer has not reached go in with their
    promise and no proof. Raises KeyError for a scope without evidence, ValueError for an unusable name or a package
    over the verifier's limits.
    """
    keys = newest(keys)
    chosen = choose(conn, scope)
    files = {f"also/{name}": text.encode() for name, text in (also or {}).items()}
    added = add_events(conn, files, chosen, withhold=withhold, read=read)
    proofs = add_proofs(conn, files, chosen.events, include)
    add_tokens(conn, files, proofs)
    steps = _steps(added)
    epochs = epochs_of(conn, keys)
    _add_texts(files, added, proofs, epochs, steps)
    _add_policy(files, epochs, witnesses, roots)
    manifest = _manifest(keys, chosen, added, names(chosen.refs), now)
    manifest |= {"scope": scope if isinstance(scope, str) else sorted(set(scope))}
    manifest["alarms"] = [*alarms(conn, chosen.events, added.envelopes), *added.alarms, *proofs.alarms]
    files["timeline.zh.txt"] = _timeline(chosen.events, added.envelopes).encode()
    if report is not None:
        checked = verify_files(_signed(files, keys, manifest))
        files["report.pdf"] = report(facts_of(chosen, added, proofs, checked, {**manifest, "epochs": epochs}, steps))
    _write(out, _packed(_signed(files, keys, manifest)))
    return len(chosen.events)


def _write(out: Path, data: bytes) -> None:
    """Whole or not at all: half a package on a full disk must not look like one."""
    draft = out.with_name(f".{out.name}.part")
    try:
        draft.write_bytes(data)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def _steps(added: Added) -> list[dict[str, Any]]:
    """Every step of a consent that the package holds, oldest first."""
    found = [step for envelope in added.envelopes.values() if (step := consent_of(envelope))]
    return sorted(found, key=lambda step: (step["at"], step["event"]))


def _manifest(keys: Keys, chosen: Chosen, added: Added, names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "log": keys.origin,
        "made": stamp(now),
        "person": chosen.person,
        "names": {ref: names[ref] for ref in chosen.refs if ref in names},
        "objects": {
            name: {"count": row.head_seq, "head": bytes(row.head_leaf).hex(), "others": chosen.others.get(name, 0)}
            for name, row in chosen.objects.items()
        },
        "events": added.listed,
    }


def _add_policy(
    files: dict[str, bytes], epochs: Sequence[Mapping[str, Any]], witnesses: Sequence[str], roots: bytes
) -> None:
    lines = [f"log {each[kind]}" for each in epochs for kind in ("log_vkey", "promise_vkey")]
    lines += [f"witness {key.split('+')[0]} {key}" for key in witnesses]
    lines.append("quorum any" if witnesses else "quorum none")
    files["policy.txt"] = ("\n".join(lines) + "\n").encode("ascii")
    if roots:
        files["tsa-roots.pem"] = roots


def _add_texts(
    files: dict[str, bytes],
    added: Added,
    proofs: Proofs,
    epochs: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
) -> None:
    package = resources.files("bot.evidence")
    for name in _TEXTS:
        files[name] = package.joinpath(name).read_bytes()
    files["verify/huizhi_verify.py"] = package.joinpath("verify.py").read_bytes()
    page = package.joinpath("verify.html")
    if page.is_file():
        files["verify/verify.html"] = page.read_bytes()
    posted = ("kind", "epoch", "size", "target", "posted_ms")
    files["anchors/anchors.json"] = pretty([{name: row._mapping[name] for name in posted} for row in proofs.anchors])
    files["consents/consents.json"] = pretty(steps)
    files["epochs/epochs.json"] = pretty(epochs)


def _timeline(events: Sequence[Row[Any]], envelopes: Mapping[str, Mapping[str, Any]]) -> str:
    """Read from the signed contents; the table's own columns could have been changed."""
    lines = ["时间线（北京时间）。时间为来源所称时间；“收录”为本系统收到的时间。", ""]
    for number, event in enumerate(events, 1):
        where = "尚未编入日志" if event.log_index is None else f"日志 {event.epoch} 第 {event.log_index} 位"
        said = envelopes.get(event.event_id)
        if said is None:
            lines.append(f"{number:06d}  内容已依法删除  {where}")
            continue
        at, seen = (
            datetime.fromisoformat(said[name]).astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")
            for name in ("at", "seen")
        )
        lines.append(
            f"{number:06d}  {at}  {said['type']}  {event.object_id} 第 {event.object_seq} 条"
            f"  操作 {said['actor']}  对象 {said['subject']}  收录 {seen}  {where}  {event.event_id}"
        )
    return "\n".join(lines) + "\n"


def _signed(files: Mapping[str, bytes], keys: Keys, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The files with their manifest, its signature and the checksums."""
    facts = {name: {"sha256": hashlib.sha256(data).hexdigest(), "len": len(data)} for name, data in files.items()}
    raw = pretty({**manifest, "files": facts})
    text = f"huizhi-manifest/1\n{keys.origin}\n{notes.b64(hashlib.sha256(raw).digest())}\n"
    note = notes.sign(text, keys.promise_vkey.name, keys.promise).encode()
    done = {**files, "manifest.json": raw, "manifest.note": note}
    return {**done, "SHA256SUMS": sums(done)}


def _packed(files: Mapping[str, bytes]) -> bytes:
    if any(not SAFE_NAME.fullmatch(name) for name in files) or len({x.lower() for x in files}) != len(files):
        raise ValueError("a file name in the package is not plain ASCII or appears twice")
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise ValueError("证据包过大，请分开导出。 The package is too large; export fewer objects at a time.")
    return canonical_zip(files)
