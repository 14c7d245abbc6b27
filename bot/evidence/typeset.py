"""Typesetting: template and data -> PDF. A long report is set in a process of its own, whose memory is given back.

The compiler needs more than a megabyte per page while it works, and the allocator of a worker or web process would keep
it for good. `python -m bot.evidence.typeset` is that process: a job as JSON on stdin, the PDF on stdout.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from importlib import resources
from typing import Literal

import pylopdf_fonts_zh_cn as fonts
import typst

Standard = Literal["a-2b", "a-3b"]
LONG = 300_000
"""Characters of data from which a process of its own is worth its start (about 0.3 s): some hundred pages."""
SECONDS = 600.0
_REFUSED = 3
_lock = threading.Lock()


class CannotSet(ValueError):
    """The compiler refused; its own words."""


def typeset(template: str, inputs: dict[str, str], made: int, standard: Standard) -> bytes:
    """The PDF; the same arguments give the same bytes. `made`: Unix seconds.

    Tagged for screen readers unless it is long: there the tags are most of the file. Raises CannotSet, RuntimeError
    when the process of its own was killed, TimeoutExpired after ten minutes.
    """
    if sum(map(len, inputs.values())) < LONG:
        return _compiled(template, inputs, made, standard, tags=True)
    job = json.dumps([template, inputs, made, standard]).encode()
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=job,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if done.returncode == _REFUSED:
        raise CannotSet(done.stderr.decode())
    if done.returncode:
        raise RuntimeError(f"typesetting ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout


def _compiled(template: str, inputs: dict[str, str], made: int, standard: Standard, *, tags: bool) -> bytes:
    source = _source(template)
    try:
        with _lock:  # a compiler keeps its inputs between calls
            out = _compiler().compile(
                input=source, format="pdf", sys_inputs=inputs, pdf_standards=[standard], timestamp=made, pdf_tags=tags
            )
    except typst.TypstError as error:
        raise CannotSet(str(error)) from error
    if not isinstance(out, bytes):
        raise TypeError("the compiler gave no PDF")
    return out


@functools.cache
def _source(template: str) -> bytes:
    return resources.files("bot.evidence").joinpath(template).read_bytes()


@functools.cache
def _compiler() -> typst.Compiler:
    """One compiler for the life of the process: reading the fonts costs more than a page.

    Only the package's fonts, so that every machine prints the same. Its root is the fonts' folder; no template reads.
    """
    folder = fonts.sans_path().parent
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    return typst.Compiler(b"", root=folder, font_paths=found)


def main() -> int:
    """One job; 3 and the compiler's words on stderr when it refuses."""
    template, inputs, made, standard = json.load(sys.stdin.buffer)
    try:
        pdf = _compiled(template, inputs, made, standard, tags=False)
    except CannotSet as error:
        sys.stderr.write(str(error))
        return _REFUSED
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
