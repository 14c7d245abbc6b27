"""What a flow is handed. Everything it records, asks or says lands in the one transaction it was opened with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from bot import asks
from bot.asks import Ask
from bot.card import Card
from bot.delivery import outbox
from bot.errors import Refused
from bot.evidence.keys import Keys
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.vault import vault_of
from bot.locale import speaking, t
from bot.people import People, Person
from bot.store import new_ref
from bot.waiting import Recorded, Row, Waiting
from bot.wire import dump_card
from config.settings import Settings

STALE = "这张卡片已失效或不属于您，可能已经处理过了。回复「我的待办」查看现在需要您处理的事项。"


@dataclass(frozen=True, slots=True)
class Entry:
    """One evidence event about one person, see Context.record."""

    type: str
    matter: str
    subject: Person
    parts: Mapping[str, str | bytes]
    source: Mapping[str, str]


class Context:
    """One unit of work. `now` is UTC; `actor` is None for the system; `zone` is the actor's or the firm's.

    `pages` turns a path of ours and its reader into an address, see bot.web.links; without it there are none.
    `recorded` lists the evidence so far; `reply` is the last card said to the actor without a question, by outbox id.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        now: datetime,
        keys: Keys,
        zone: str,
        settings: Settings,
        actor: Person | None = None,
        pages: Callable[[str, Person | None], str] | None = None,
    ) -> None:
        self.db, self.now, self.actor, self.settings = connection, now, actor, settings
        self.people = People(connection)
        self.zone = ZoneInfo(actor.zone if actor else zone)
        self.recorded: list[Recorded] = []
        self.reply: tuple[str, Card] | None = None
        self._keys, self._pages = keys, pages
        self._gathering, self._waiting = False, Waiting()

    @property
    def keys(self) -> Keys:
        """The log's keys, for what is recorded outside `record`."""
        return self._keys

    def page(self, path: str, reader: Person | None = None) -> str:
        """Address of one of our pages for a card's `link`; empty where no public address is known."""
        return self._pages(path, reader) if self._pages else ""

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of the work that leaves nothing behind when it raises, in the database or here."""
        self._write()
        before, reply = len(self.recorded), self.reply
        try:
            with self.db.begin_nested():
                yield
        except BaseException:
            del self.recorded[before:]
            self.reply, self._waiting = reply, Waiting()
            raise

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """What is recorded, asked and said inside is written at its end, in a few statements instead of a few for each:
        for work on many people that does not look for it meanwhile. What looks here (`close`, `open_asks`, …) finds it.
        """
        self._gathering = True
        try:
            yield
            self._write()
        finally:
            self._gathering, self._waiting = False, Waiting()

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, Waiting()
        self.recorded += waiting.write(self.db, self._keys)

    def put(self, draft: Draft | None = None, ask: Row | None = None, said: Row | None = None) -> None:
        """Write these, or keep them while it gathers; `ask` is one of `asks.row_of`, `said` of `outbox.row_of`."""
        self._waiting.add(draft, ask, said)
        if not self._gathering:
            self._write()

    def record(
        self,
        type: str,
        matter: str,
        *,
        subject: Person | None = None,
        parts: Mapping[str, str | bytes] | None = None,
        source: Mapping[str, str] | None = None,
        at: datetime | None = None,
    ) -> str:
        """Append an evidence event about `matter`; returns its id. Parts are exact contents, salted and committed."""
        event_id = f"evt_{new_ref()}"
        actor, about = self.actor.ref if self.actor else "p:system", subject.ref if subject else "p:none"
        when, contents = (at or self.now, self.now), _contents(parts or {})
        self.put(Draft(event_id, type, *when, actor, about, matter, contents, dict(source or {})))
        return event_id

    def record_many(self, entries: Sequence[Entry]) -> None:
        """The same for thousands, in bulk statements. They are not in `recorded`: whoever acts gets one receipt of the
        whole, which is recorded apart, and not thousands."""
        actor = self.actor.ref if self.actor else "p:system"
        drafts = [
            Draft(
                f"evt_{new_ref()}", each.type, self.now, self.now, actor, each.subject.ref, each.matter,
                _contents(each.parts), dict(each.source),
            )
            for each in entries
        ]  # fmt: skip
        if drafts:
            append_many(self.db, self._keys, drafts, vault=vault_of(self._keys.key_dir))

    def ask(
        self,
        person: Person,
        kind: str,
        matter: str,
        card: Callable[[str], Card],
        *,
        deadline: datetime | None = None,
        priority: int = outbox.SOON,
    ) -> str:
        """Put one question to one person; it is sent only while it is still open. Returns its ref.

        `priority`: outbox.SOON for what answers somebody, NORMAL for what was planned, BULK where thousands are asked.
        """
        ref = new_ref()
        row = asks.row_of(Ask(ref, kind, matter, person.id, "open", None), self.now, deadline)
        with speaking(person.locale):
            body = dump_card(card(ref))
        who = (person.platform, person, matter)
        self.put(ask=row, said=outbox.row_of(self.now, "send", *who, body, ask_ref=ref, priority=priority))
        return ref

    def asked(self, ref: str) -> Ask:
        """The ask behind a button; Refused for a forged ref or somebody else's card."""
        self._write()
        found = asks.get(self.db, ref)
        if found is None or self.actor is None or found.person_id != self.actor.id:
            raise Refused(t(STALE))
        return found

    def answer(self, ref: str, answer: str) -> bool:
        """Take the one answer; False when it was answered or closed before."""
        self._write()
        return asks.answer(self.db, ref, answer, self.now)

    def open_asks(self, person_id: str, kind_prefix: str = "") -> list[Ask]:
        """Open asks of a person, newest first."""
        self._write()
        return asks.open_of(self.db, person_id, kind_prefix)

    def close(
        self,
        matter: str,
        card: Callable[[Person, Ask], Card],
        *,
        kinds: Sequence[str] | None = None,
        interim: bool = False,
    ) -> None:
        """End the matter's asks and let every copy of every card show `card`.

        `interim`: more will follow, so a copy that can be changed only once more waits for the outcome.
        """
        self._write()
        found = asks.of_matter(self.db, matter, kinds)
        if not found:
            return
        asks.close(self.db, [each.ref for each in found])
        sent = outbox.cards_of(self.db, [each.ref for each in found])
        kind = "interim" if interim else "update"
        for each in found:
            person = self.people.get(each.person_id)
            if person is None:
                continue
            with speaking(person.locale):
                body = dump_card(card(person, each))
            for original in sent.get(each.ref, []):
                outbox.queue(self.db, self.now, kind, person.platform, person, matter, body, of=original)

    def say(self, person: Person, card: Card | Callable[[], Card], matter: str, *, priority: int = outbox.SOON) -> None:
        """A card that needs no answer. A function is called in the reader's language, a card is taken as it is.

        `priority`: see `ask`.
        """
        if not isinstance(card, Card):
            with speaking(person.locale):
                card = card()
        who = (person.platform, person, matter)
        row = outbox.row_of(self.now, "send", *who, dump_card(card), priority=priority)
        self.put(said=row)
        if self.actor and person.id == self.actor.id:
            self.reply = str(row["id"]), card

    def request(self, platform: str, op: str, args: Mapping[str, str], matter: str, then: str) -> None:
        """Let the worker write to the platform; it comes back as an event with action `then` and ref `matter`."""
        body = json.dumps({"op": op, "args": dict(args), "then": then}, ensure_ascii=False)
        outbox.queue(self.db, self.now, "request", platform, None, matter, body)


def _contents(parts: Mapping[str, str | bytes]) -> list[Part]:
    return [
        Part(name, "text/plain; charset=utf-8", body.encode())
        if isinstance(body, str)
        else Part(name, "application/octet-stream", body)
        for name, body in sorted(parts.items())
    ]
