"""What a person has agreed to, read from the log itself: for every room, by the rule the verifier uses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_event
from bot.evidence.verify import consent_of, consent_valid

DELIVERY, SIGNING = "edelivery", "esign"


@dataclass(frozen=True, slots=True)
class Standing:
    """`valid` is what may be relied on. `state` is the newest step ("none": never decided), `at` and `expires` are the
    ISO times in its record (empty: none), `event` its id."""

    kind: str
    valid: bool
    state: str
    at: str
    expires: str
    event: str


def standing(conn: Connection, ref: str, kind: str, now: datetime) -> Standing:
    """Where the consent `kind` of the person with pseudonym `ref` stands at `now` (aware)."""
    where = (ev_event.c.object_id == f"consent:{ref}", ev_event.c.envelope.is_not(None))
    stored = conn.execute(sa.select(ev_event.c.envelope).where(*where).order_by(ev_event.c.object_seq)).scalars()
    steps = [step for each in stored if (step := consent_of(json.loads(each))) and step["kind"] in (kind, "")]
    valid = consent_valid(steps, ref, kind, milliseconds(now))
    if not steps:
        return Standing(kind, valid, "none", "", "", "")
    last = steps[-1]
    return Standing(kind, valid, str(last["state"]), str(last["at"]), str(last["expires"] or ""), str(last["event"]))
