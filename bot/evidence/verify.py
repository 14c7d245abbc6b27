"""Check a Huizhi 回执 evidence package. One file: Python 3.11 and `cryptography`, nothing else.

    python huizhi_verify.py PACKAGE.zip [--json] [--log-key VKEY]

--log-key: the public key printed in the consent you signed; without it the package only proves agreement with the
key it brings along. Exit codes: 0 everything fits, 1 tampered or incomplete, 2 not a readable package.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_FILES, MAX_BYTES = 20_000, 1 << 30
SAFE_NAME = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
MERGE_DELAY_MS = 60_000
UNLISTED = ("manifest.json", "manifest.note", "SHA256SUMS")


MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, InvalidSignature)
BAD_ZIP = (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, struct.error)


class Unreadable(Exception):
    """Not a package, or one this program refuses to open."""


@dataclass(frozen=True)
class Finding:
    """`event_id` or `file` may be empty when the finding is not about one."""

    event_id: str
    file: str
    zh: str
    en: str


@dataclass
class Report:
    """`findings` make the package fail; `notes` do not (withheld content, events not yet in the log)."""

    ok: bool = True
    events: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def canonical_zip(files: Mapping[str, bytes]) -> bytes:
    """The only bytes a package with these files may have: sorted names, stored, 1980-01-01, mode 0644."""
    body, index = bytearray(), bytearray()
    for name in sorted(files):
        data, raw = files[name], name.encode("ascii")
        sizes = (zlib.crc32(data), len(data), len(data))
        index += struct.pack("<4s6H3I5H2I", b"PK\1\2", 788, 20, 0, 0, 0, 33, *sizes, len(raw), 0, 0, 0, 0,
                             0o100644 << 16, len(body)) + raw  # fmt: skip
        body += struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, *sizes, len(raw), 0) + raw + data
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(files), len(files), len(index), len(body), 0)
    return bytes(body + index + end)


def read_zip(path: str | Path) -> tuple[bytes, dict[str, bytes], list[str]]:
    """(raw bytes, readable files, names of files that cannot be read); Unreadable for unsafe archives."""
    try:
        if Path(path).stat().st_size > MAX_BYTES:
            raise Unreadable("压缩包超过 1 GiB / the archive is larger than 1 GiB")
        raw = Path(path).read_bytes()
        with zipfile.ZipFile(path) as archive:
            _refuse_unsafe(archive.infolist())
            files, broken = dict[str, bytes](), list[str]()
            for member in archive.infolist():
                try:
                    files[member.filename] = archive.read(member)
                except BAD_ZIP:
                    broken.append(member.filename)
            return raw, files, broken
    except (OSError, *BAD_ZIP) as error:
        raise Unreadable(f"不是可读的证据包 / not a readable package: {error}") from error


def _refuse_unsafe(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise Unreadable(f"文件超过 {MAX_FILES} 个 / more than {MAX_FILES} files")
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise Unreadable("解开后超过 1 GiB / more than 1 GiB when unpacked")
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        if not SAFE_NAME.fullmatch(name):
            raise Unreadable(f"不安全的文件名 / unsafe file name: {name!r}")
        if name.lower() in seen:
            raise Unreadable(f"重复的文件名 / duplicate file name: {name}")
        seen.add(name.lower())
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise Unreadable(f"不是普通文件（如符号链接） / not a regular file (a link?): {name}")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise Unreadable(f"证据包不压缩，此文件被压缩过 / compressed, which packages never are: {name}")


def unb64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 is not canonical")
    return data


def open_note(note: str, vkey: str) -> str:
    """The text of a note signed by `vkey`; ValueError otherwise."""
    name, number, blob = vkey.split("+", 2)
    key = unb64(blob)
    wanted = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    text, gap, lines = note.rpartition("\n\n")
    if len(key) != 33 or key[0] != 1 or number != wanted.hex() or not gap or not lines.endswith("\n"):
        raise ValueError("malformed key or note")
    for line in lines[:-1].split("\n"):
        dash, signer, sig = line.split(" ")
        data = unb64(sig)
        if dash == "\u2014" and signer == name and hmac.compare_digest(data[:4], wanted):
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(data[4:], f"{text}\n".encode())
            return f"{text}\n"
    raise ValueError("not signed by the known key")


def root_of(entry: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that `entry` at `index` leads to (RFC 9162 2.1.3.2); ValueError for malformed paths."""
    if not 0 <= index < size or any(len(step) != 32 for step in path):
        raise ValueError("malformed path")
    last, node = size - 1, hashlib.sha256(b"\0" + entry).digest()
    for step in path:
        if not last:
            raise ValueError("path too long")
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + step + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + step).digest()
        index, last = index >> 1, last >> 1
    if last:
        raise ValueError("path too short")
    return node


class _Check:
    def __init__(self, files: dict[str, bytes], broken: list[str]) -> None:
        self.files, self.broken, self.report = files, broken, Report()
        self.manifest: dict[str, Any] = {}
        self.bad: set[str] = set()
        self.log_key = self.promise_key = ""
        self.chain: dict[str, dict[int, tuple[str, str, bytes | None, str | None]]] = {}

    def fail(self, event_id: str, file: str, zh: str, en: str) -> None:
        self.bad.add(file)
        self.report.findings.append(Finding(event_id, file, zh, en))

    def event_of(self, name: str) -> str:
        number = re.match(r"(?:events|parts)/(\d{6})", name)
        for event in self.manifest.get("events", []):
            if name == event["proof"] or (number and event["file"] == f"events/{number[1]}.json"):
                return str(event["id"])
        return ""

    def load_manifest(self, pinned: str) -> None:
        try:
            lines = self.files["policy.txt"].decode("ascii").splitlines()
            self.log_key, self.promise_key = [x.removeprefix("log ") for x in lines if x.startswith("log ")]
        except (KeyError, ValueError):
            self.fail("", "policy.txt", "公钥文件缺失或损坏", "the file with the public keys is missing or damaged")
        if pinned and not hmac.compare_digest(pinned.encode(), self.log_key.encode()):
            self.fail("", "policy.txt", "日志公钥与您提供的不同", "the log key is not the one you gave")
        try:
            raw = self.files["manifest.json"]
            text = open_note(self.files["manifest.note"].decode(), self.promise_key)
            digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
            if text != f"huizhi-manifest/1\n{self.log_key.split('+')[0]}\n{digest}\n":
                raise ValueError("the note signs another manifest")
            self.manifest = json.loads(raw)
        except (KeyError, ValueError, InvalidSignature):
            self.fail("", "manifest.json", "清单或其签名缺失或损坏", "manifest or its signature missing or damaged")

    def check_files(self) -> None:
        for name in self.broken:
            self.fail(self.event_of(name), name, "文件已损坏（校验和不符）", "the file is damaged (checksum)")
        listed = self.manifest.get("files", {})
        for name, fact in listed.items():
            if name not in self.files and name not in self.broken:
                self.fail(self.event_of(name), name, "文件缺失", "the file is missing")
            elif name in self.files and hashlib.sha256(self.files[name]).hexdigest() != fact["sha256"]:
                self.fail(self.event_of(name), name, "文件内容与清单不符", "the file differs from the manifest")
        for name in sorted(self.files.keys() - {*listed, *UNLISTED}) if listed else ():
            self.fail("", name, "清单之外的文件", "the file is not in the manifest")
        if self.files.get("SHA256SUMS") != sums(self.files) and not self.bad:
            self.fail("", "SHA256SUMS", "校验和列表不符", "the list of checksums is wrong")

    def check_events(self) -> None:
        known = {x["file"]: x for x in self.manifest.get("events", [])}
        last_index, last_seen = -1, 0
        for name in sorted({*known, *(x for x in self.files if x.startswith("events/"))}):
            self.report.events += 1
            fact = known.get(name, {})
            if name in self.bad:
                if fact:
                    self.chain.setdefault(fact["object"], {})[fact["seq"]] = fact["id"], name, None, None
                continue
            try:
                index, seen = self.check_event(name, json.loads(self.files[name]), fact)
            except MALFORMED as error:
                self.fail(self.event_of(name), name, f"这条记录无法证明：{error}", f"the event is not proven: {error}")
                continue
            if index is not None and index <= last_index:
                self.fail(self.event_of(name), name, "记录次序被调换", "the event is out of log order")
            if seen and seen < last_seen - MERGE_DELAY_MS:
                self.note(self.event_of(name), name, "收录晚于其时间一分钟以上", "logged over a minute late")
            last_index, last_seen = index if index is not None else last_index, max(seen, last_seen)

    def note(self, event_id: str, file: str, zh: str, en: str) -> None:
        self.report.notes.append(Finding(event_id, file, zh, en))

    def check_event(self, name: str, event: dict[str, Any], fact: dict[str, Any]) -> tuple[int | None, int]:
        entry, origin, seen = unb64(event["entry"]), self.log_key.split("+")[0], 0
        leaf = hashlib.sha256(b"\0" + entry).digest()
        event_id, place, seq, prev = fact.get("id", ""), fact.get("object", ""), fact.get("seq", 0), None
        if event["envelope"] is None:
            self.note(event_id, name, "内容已依法删除，仅存承诺值", "content erased; only its commitment is left")
        else:
            raw, salt = unb64(event["envelope"]), unb64(event["salt"])
            digest = base64.b64encode(hashlib.sha256(salt + raw).digest())
            if len(salt) != 32 or entry != b"hrlog/1\n" + digest + b"\n":
                raise ValueError("内容与承诺值不符 / the envelope differs from its commitment")
            envelope = json.loads(raw)
            link = envelope["object"]
            event_id, place, seq, prev = envelope["id"], link["id"], link["seq"], link["prev"] or ""
            seen = int(datetime.fromisoformat(envelope["seen"]).timestamp() * 1000)
            listed = [fact[x] for x in ("id", "object", "seq")] if fact else [event_id, place, seq]
            if envelope["log"] != origin or listed != [event_id, place, seq]:
                raise ValueError("与清单所列的记录不同 / not the event the manifest lists")
            self.check_parts(name, event, envelope)
        head = open_note(event["promise"], self.promise_key).split("\n")
        signed = ["huizhi-promise/1", origin, base64.b64encode(leaf).decode()]
        if head[:3] != signed or (seen and abs(int(head[3]) - seen) > 1):
            raise ValueError("回执属于另一条记录 / the promise is for another event")
        chain = self.chain.setdefault(place, {})
        if seq in chain or not 1 <= seq <= MAX_FILES:
            raise ValueError("同一位置有两条记录 / two events claim the same place")
        chain[seq] = event_id, name, leaf, prev
        if event["index"] is None:
            self.note(event_id, name, "导出时尚未编入日志，仅有签名承诺", "not in the log yet; only promised")
        else:
            self.check_proof(event["index"], entry, origin)
        return event["index"], seen

    def check_parts(self, name: str, event: dict[str, Any], envelope: dict[str, Any]) -> None:
        disclosed = {part["name"]: part for part in event["disclosed"]}
        for part in envelope["parts"]:
            shown = disclosed.pop(part["name"], None)
            if shown is None:
                what = part["name"]
                self.note(envelope["id"], name, f"附件未提供或已删除：{what}", f"part withheld or erased: {what}")
                continue
            data, salt = self.files[shown["file"]], unb64(shown["salt"])
            digest = base64.b64encode(hashlib.sha256(salt + data).digest()).decode()
            if len(salt) != 32 or len(data) != part["len"] or not hmac.compare_digest(digest, part["c"]):
                raise ValueError(f"附件与记录不符 / a part differs from the event: {shown['file']}")
        if disclosed:
            raise ValueError("附件不属于这条记录 / a part does not belong to the event")

    def check_proof(self, index: int, entry: bytes, origin: str) -> None:
        top, _, note = self.files[f"proofs/{index}.tlog-proof"].decode().partition("\n\n")
        lines = top.split("\n")
        if lines[:2] != ["c2sp.org/tlog-proof@v1", f"index {index}"]:
            raise ValueError("证明的位置不符 / the proof is for another place")
        head = open_note(note, self.log_key).split("\n")
        root = root_of(entry, index, int(head[1]), [unb64(line) for line in lines[2:]])
        if head[0] != origin or not hmac.compare_digest(root, unb64(head[2])):
            raise ValueError("不在已签名的日志中 / not in the signed log")
        if self.files.get(f"checkpoints/{head[1]}.note") != note.encode():
            raise ValueError("检查点不一致 / the checkpoint differs from the one in checkpoints/")

    def check_chains(self) -> None:
        objects = self.manifest.get("objects", {})
        listed = {(x["object"], x["seq"]): x for x in self.manifest.get("events", [])}
        for place in sorted({*objects, *self.chain}):
            chain, fact = self.chain.get(place, {}), objects.get(place)
            before: bytes | None = b""
            for seq in range(1, min(max([*chain, fact["count"] if fact else 0]), MAX_FILES) + 1):
                known = listed.get((place, seq), {})
                if seq not in chain:
                    if known.get("file", "") not in self.bad:
                        zh, en = f"{place} 的第 {seq} 条记录缺失", f"event {seq} of {place} is missing"
                        self.fail(known.get("id", ""), known.get("file", ""), zh, en)
                    before = None
                    continue
                event_id, name, leaf, prev = chain[seq]
                if before is not None and prev is not None and prev != before.hex():
                    self.fail(event_id, name, f"{place} 第 {seq} 条与前一条接不上", f"{place}: link to {seq} broken")
                before = leaf
            if fact and before is not None and before.hex() != fact["head"]:
                self.fail("", "manifest.json", f"{place} 的最后一条与清单不符", f"the last event of {place} differs")


def sums(files: Mapping[str, bytes]) -> bytes:
    """The SHA256SUMS file over all other files (`sha256sum -c` reads it)."""
    lines = [f"{hashlib.sha256(files[x]).hexdigest()}  {x}\n" for x in sorted(files) if x != "SHA256SUMS"]
    return "".join(lines).encode()


def verify(path: str | Path, log_vkey: str = "") -> Report:
    """Check a package file; `log_vkey` pins the log key. Unreadable when it cannot be opened safely."""
    raw, files, broken = read_zip(path)
    check = _Check(files, broken)
    check.load_manifest(log_vkey)
    try:
        check.check_files()
        check.check_events()
        check.check_chains()
    except MALFORMED as error:
        check.fail("", "manifest.json", f"清单格式不对：{error}", f"the manifest is malformed: {error}")
    if not check.bad and not hmac.compare_digest(canonical_zip(files), raw):
        check.fail("", Path(path).name, "压缩包的结构被改动过", "the archive itself (headers, order) was changed")
    check.report.ok = not check.report.findings
    return check.report


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Verify a Huizhi evidence package / 校验回执证据包")
    parser.add_argument("file")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--log-key", default="")
    options = parser.parse_args(argv)
    try:
        report = verify(options.file, options.log_key)
    except Unreadable as error:
        print(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False) if options.json else str(error))
        return 2
    if options.json:
        print(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        for mark, found in [*(("✗", x) for x in report.findings), *(("·", x) for x in report.notes)]:
            print(f"{mark} {found.event_id or '-'} {found.file}: {found.zh} / {found.en}")
        ok = report.ok
        print(f"{'✓ 全部相符 / everything fits' if ok else '✗ 未通过 / NOT VALID'} ({report.events} 条记录 / events)")
        print("请核对日志公钥与同意书上的一致；本程序不能证明内容为真，也不能排除末尾少了记录。")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
