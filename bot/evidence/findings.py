"""What a self-audit reports: counts, and findings that name events."""

from __future__ import annotations

from dataclasses import dataclass, field

LIMIT = 200
"""Findings listed one by one; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is a short code; `event_id` may be empty and `index` None when it is not about one event."""

    kind: str
    event_id: str
    epoch: int
    index: int | None
    zh: str
    en: str


@dataclass(slots=True)
class Report:
    """Counts and the first findings of one audit. `ok`: nothing was found."""

    events: int = 0
    pending: int = 0
    checkpoints: int = 0
    signatures: int = 0
    parts: int = 0
    erased: int = 0
    sealed: int = 0
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return self.found == 0

    def add(self, kind: str, zh: str, en: str, *, event_id: str = "", epoch: int = 0, index: int | None = None) -> None:
        """Report one."""
        self.found += 1
        if len(self.findings) < LIMIT:
            self.findings.append(Finding(kind, event_id, epoch, index, zh, en))
