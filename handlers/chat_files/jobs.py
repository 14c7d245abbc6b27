"""What runs by itself."""

from __future__ import annotations

from handlers.chat_files import fetching

JOBS = {"fetch": (fetching.SECOND, fetching.fetch_due)}
