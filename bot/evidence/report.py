"""The report a judge can read: facts of a package -> PDF/A-2b, the same bytes for the same facts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pylopdf_fonts_zh_cn as fonts
from sqlalchemy import Connection, insert, select

from bot.evidence import glyphs
from bot.evidence.facts import PackageFacts
from bot.evidence.log import milliseconds
from bot.evidence.report_view import view
from bot.evidence.seal import seal, validate
from bot.evidence.tables import ev_report
from bot.evidence.typeset import CannotSet, Standard, typeset
from bot.ports import TimeStamper

ZONE = ZoneInfo("Asia/Shanghai")
RUNNING = 40  # characters of the scope in the header
_TRIES = 64
_LACKING = re.compile(r"the text `\"(.*)\"` could not be displayed", re.DOTALL)
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")


@dataclass(frozen=True, slots=True)
class Sealing:
    """How reports are sealed. `roots`: PEM of the authorities' roots, `revocation`: DER CRLs."""

    key_dir: Path
    stampers: Sequence[TimeStamper] = ()
    roots: bytes = b""
    revocation: Sequence[bytes] = ()


def render(facts: PackageFacts, *, zone: ZoneInfo = ZONE, stamped: bool = False) -> bytes:
    """The unsealed report, PDF/A-2b, times in `zone`. The same arguments give the same bytes.

    `stamped`: an outside time stamp will be asked for when it is sealed. Data is printed literally; a character that
    the font lacks shows as 〔U+20BB7〕 and is listed at the end.
    """
    values = view(facts, zone, stamped=stamped)
    scope = values["scope"]
    running = scope if len(scope) <= RUNNING else scope[: RUNNING - 1] + "…"
    values |= {"title": f"证据报告 {scope}", "author": facts.origin, "running": f"{running} · {facts.origin}"}
    return printed("report.typ", values, facts.made, "a-2b")


def sealed_report(conn: Connection, facts: PackageFacts, sealing: Sealing, now: datetime) -> bytes:
    """The sealed report; the one stored for the same facts if there is one, for sealing is never the same twice.

    Stores a new one in the caller's transaction and does not commit. Raises Misconfigured for an unusable seal key.
    """
    wanted = bool(sealing.stampers)
    plain = render(facts, stamped=wanted)
    digest = hashlib.sha256(plain).hexdigest()
    stored = conn.execute(select(ev_report.c.pdf).where(ev_report.c.digest == digest)).scalar()
    if stored is not None:
        return bytes(stored)
    pdf = _sealed(plain, sealing, now)
    if wanted and validate(pdf, roots=sealing.roots, now=now).stamped is None:
        # No authority answered: the text must not speak of a stamp.
        pdf = _sealed(render(facts, stamped=False), Sealing(sealing.key_dir), now)
    about = sorted({ref for each in facts.events for ref in (each.actor, each.subject)} | set(facts.parties))
    values = {"digest": digest, "pdf": pdf, "made_ms": milliseconds(now), "about": f" {' '.join(about)} "}
    conn.execute(insert(ev_report).values(**values))
    return pdf


def _sealed(pdf: bytes, sealing: Sealing, now: datetime) -> bytes:
    return seal(pdf, sealing.key_dir, sealing.stampers, now, roots=sealing.roots, revocation=sealing.revocation)


def receipt_pdf(
    receipt_json: bytes, human: str, *, title: str, lines: Sequence[tuple[str, str]], at: datetime
) -> bytes:
    """A receipt to keep: one page of PDF/A-3b (more if `human` is long) with `receipt_json` attached as receipt.json.

    `human`: what happened, said to the employee. `lines`: (label, value) below it, such as number, leaf, checkpoint.
    `at`: aware; the same arguments give the same bytes. Raises ValueError if `receipt_json` is not JSON in UTF-8.
    """
    json.loads(receipt_json)
    values = {"title": title, "human": human, "lines": [list(each) for each in lines]}
    return printed("receipt.typ", values, at, "a-3b", receipt_json.decode())


def printed(template: str, values: dict[str, Any], made: datetime, standard: Standard, attached: str = "") -> bytes:
    """Compile; should the font refuse a character after all, print that one as its number too and try again."""
    has = glyphs.characters(fonts.sans_path())
    for _ in range(_TRIES):
        missing: set[str] = set()
        shown = _mapped(values, glyphs.printer(has, missing))
        shown["replaced"] = [glyphs.named(char) for char in sorted(missing)]
        inputs = {"data": json.dumps(shown, ensure_ascii=False), "attached": attached}
        try:
            return typeset(template, inputs, int(made.timestamp()), standard)
        except CannotSet as error:
            refused = _refused(str(error)) & has
            if not refused:
                raise
            has -= refused
    raise ValueError("too many characters that the font cannot show")


def _refused(message: str) -> frozenset[int]:
    found = _LACKING.search(message)
    text = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), found[1]) if found else ""
    return frozenset(map(ord, text))


def _mapped(value: Any, printable: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _mapped(each, printable) for key, each in value.items()}
    return [_mapped(each, printable) for each in value] if isinstance(value, list | tuple) else value
