"""The only source of now. Production time is real; a rehearsal moves it for all processes through one small file."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path


def now() -> datetime:
    """UTC now, aware; moved when HUIZHI_CLOCK_FILE names a file holding seconds of offset."""
    return datetime.fromtimestamp(time.time() + offset(), UTC)


def offset() -> float:
    """Seconds added to real time; 0 without a clock file. The file is refused in production by `config`."""
    name = os.environ.get("HUIZHI_CLOCK_FILE", "")
    if not name:
        return 0.0
    try:
        return float(Path(name).read_text() or 0)
    except FileNotFoundError:
        return 0.0
