"""What a unit of work has still to write: evidence, questions and what is to be said, each kind in one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Connection

from bot import asks
from bot.delivery import outbox
from bot.evidence.keys import Keys
from bot.evidence.log import Appended, Draft, append_many
from bot.evidence.vault import vault_of

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Evidence written in this unit of work. `seen` is UTC."""

    type: str
    seen: datetime
    appended: Appended


@dataclass(slots=True)
class Waiting:
    """Drafts, rows of `ask` and rows of `outbox`, each in the order in which they came."""

    drafts: list[Draft] = field(default_factory=list)
    asked: list[Row] = field(default_factory=list)
    said: list[Row] = field(default_factory=list)

    def add(self, draft: Draft | None, ask: Row | None, said: Row | None) -> None:
        """One more of each that is given."""
        self.drafts += [draft] if draft else []
        self.asked += [ask] if ask else []
        self.said += [said] if said else []

    def write(self, connection: Connection, keys: Keys) -> list[Recorded]:
        """Insert everything; what was recorded thereby, in order."""
        if self.asked:
            asks.insert(connection, self.asked)
        if self.said:
            outbox.insert(connection, self.said)
        if not self.drafts:
            return []
        written = append_many(connection, keys, self.drafts, vault=vault_of(keys.key_dir))
        return [Recorded(draft.type, draft.seen, each) for draft, each in zip(self.drafts, written, strict=True)]
