"""Time-stamping authorities over HTTP (RFC 3161)."""

from __future__ import annotations

from adapters.timestamp.client import build

__all__ = ["build"]
