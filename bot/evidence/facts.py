"""What a package says, in order, for whoever prints it. All times are aware UTC; hashes are lower-case hex."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PartFact:
    """A disclosed part. `content`: its plain bytes; `sha256`: of exactly these bytes, unsalted."""

    name: str
    media_type: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class EventFact:
    """One event. `number` counts from 1 in package order and names `events/<number:06d>.json`.

    `at`: what the source claims; `seen`: when we recorded it. `index`: place in the log of `epoch`, None while it is
    only promised. `erased`: the contents are gone, only the commitment is left. `covering`: size of the smallest
    included checkpoint that covers the event. `token_time`: earliest outside time over a checkpoint covering it.
    """

    number: int
    id: str
    type: str
    at: datetime
    seen: datetime
    actor: str
    subject: str
    object: str
    seq: int
    epoch: int
    index: int | None
    leaf: str
    erased: bool
    parts: tuple[PartFact, ...]
    withheld: tuple[str, ...]
    covering: int | None
    token_time: datetime | None
    verdict: str  # "中文。 English."


@dataclass(frozen=True, slots=True)
class CheckpointFact:
    """An included checkpoint; `note` is the signed text."""

    epoch: int
    size: int
    root: str
    made: datetime
    note: str


@dataclass(frozen=True, slots=True)
class TokenFact:
    """A time stamp over a checkpoint: `time` is the authority's."""

    epoch: int
    size: int
    authority: str
    time: datetime


@dataclass(frozen=True, slots=True)
class CosignatureFact:
    """A witness signed a checkpoint too; `received` is our clock."""

    epoch: int
    size: int
    witness: str
    received: datetime


@dataclass(frozen=True, slots=True)
class AnchorFact:
    """A checkpoint was shown to somebody who keeps a copy: `kind` chat, mail, witness, notary."""

    kind: str
    epoch: int
    size: int
    target: str
    posted: datetime


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """One step of a person's consent. `kind`: edelivery or esign; `state`: agreed, confirmed, withdrawn, …"""

    subject: str
    kind: str
    state: str
    at: datetime
    expires: datetime | None
    event_id: str


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Everything a report may print about a package. `parties`: pseudonym -> display name (only those the caller
    gave). `gaps` and `limits` are finished sentences, Chinese first then English."""

    origin: str
    scope: str
    made: datetime
    vkeys: tuple[str, ...]
    parties: Mapping[str, str]
    events: tuple[EventFact, ...]
    checkpoints: tuple[CheckpointFact, ...]
    tokens: tuple[TokenFact, ...]
    cosignatures: tuple[CosignatureFact, ...]
    anchors: tuple[AnchorFact, ...]
    consents: tuple[ConsentFact, ...]
    gaps: tuple[str, ...]
    limits: tuple[str, ...]


Report = Callable[[PackageFacts], bytes]
"""The sealed PDF of a package. Called while the package is built, so the same facts must give the same bytes."""
