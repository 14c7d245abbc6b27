"""Revocation lists of the time-stamping authorities, kept while they can still be had.

For each authority of the settings the chain of its newest token names where its lists are: each is fetched as soon as
there is a first token, then once a day, and an hour after it could not be had. A list that its issuer signed becomes
the part `list.crl.pem` of an event `anchor.revocation_list`, so it is in the log and dated by the next stamp. A package
carries an authority's newest lists beside its chains.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Engine, and_, or_, select

from bot import clock
from bot.db import begin
from bot.errors import PlatformError
from bot.evidence.keys import Keys, newest
from bot.evidence.log import Part, append, milliseconds
from bot.evidence.tables import ev_event, ev_part, ev_token
from bot.evidence.tokens import printable
from bot.store import new_ref

if TYPE_CHECKING:
    from bot.app import App

logger = structlog.get_logger("huizhi.tsa")
LIST, FAILED, PART = "anchor.revocation_list", "anchor.revocation_failed", "list.crl.pem"
JOB, SECONDS = "revocation", 60.0
"""Name of the core job, and seconds between two looks at what is due."""
DAY, HOUR = 86_400_000, 3_600_000
"""Milliseconds until a list is fetched again, and until a failed attempt is repeated."""
MAX_LISTS = 10
"""Of one chain."""
Fetch = Callable[[str], bytes]
"""URL -> what lies there. PlatformError."""


def collect(app: App) -> int:
    """The job: how many lists were kept; 0 without authorities, or while none is due. Failures are events."""
    if not app.settings.tsa:
        return 0
    fetch: Fetch = importlib.import_module("adapters.timestamp.lists").fetch
    return collect_from(app.engine, newest(app.keys), list(app.settings.tsa), fetch, clock.now())


def collect_from(engine: Engine, keys: Keys, authorities: Iterable[str], fetch: Fetch, now: datetime) -> int:
    """The lists that are due of these authorities' newest tokens. The network is used between transactions only."""
    kept = 0
    for name in authorities:
        with engine.connect() as conn:
            due = due_lists(conn, name, milliseconds(now))
        for url, issuer in due:
            type_, facts, parts = _attempt(fetch, url, issuer)
            with begin(engine) as conn:
                append(
                    conn, keys, event_id=f"evt_{new_ref()}", type=type_, at=now, seen=now, actor="p:system",
                    subject="p:none", object_id=f"anchor:{name}", parts=parts,
                    source={"authority": name, "url": printable(url), **facts},
                )  # fmt: skip
            kept += type_ == LIST
            logger.info("tsa.revocation", authority=name, kept=type_ == LIST)
    return kept


def due_lists(conn: Connection, authority: str, now_ms: int) -> list[tuple[str, x509.Certificate]]:
    """What `places` names of the newest token and was not tried within a day, or an hour if that failed; empty before
    the first token. `now_ms`: Unix milliseconds; attempts later than that were before the clock was put back."""
    at = ev_token.c
    mine = select(at.chain).where(at.authority == authority).order_by(at.epoch.desc(), at.size.desc())
    chain = conn.execute(mine.limit(1)).scalar()
    named = list(places(bytes(chain)))[:MAX_LISTS] if chain else []
    tried = _tried(conn, authority, now_ms) if named else set()
    return [(url, issuer) for url, issuer in named if printable(url) not in tried]


def _tried(conn: Connection, authority: str, now_ms: int) -> set[str]:
    """The URLs of attempts that still count: a day for a list, an hour for a failure."""
    at = ev_event.c
    counts = or_(*(
        and_(at.type == type_, at.seen_ms > now_ms - span, at.seen_ms <= now_ms)
        for type_, span in ((LIST, DAY), (FAILED, HOUR))
    ))  # fmt: skip
    found = conn.execute(select(at.envelope).where(at.object_id == f"anchor:{authority}", counts)).scalars()
    return {json.loads(envelope)["source"]["url"] for envelope in found}


def places(chain_pem: bytes) -> Iterator[tuple[str, x509.Certificate]]:
    """(URL of a list, certificate that must have signed it), of each certificate whose issuer the chain holds."""
    chain = x509.load_pem_x509_certificates(chain_pem)
    for certificate in chain:
        issuers = [each for each in chain if each.subject == certificate.issuer]
        try:
            points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        except x509.ExtensionNotFound:
            continue
        names = [name.value for point in points for name in point.full_name or ()]
        urls = [each for each in names if isinstance(each, str) and each.lower().startswith("http")]
        if urls and issuers:
            yield urls[0], issuers[0]


def lists_of(conn: Connection, authority: str) -> bytes:
    """The newest list of each issuer, PEM behind PEM; empty when none was kept."""
    joined = select(ev_part.c.content).join(ev_event, ev_event.c.event_id == ev_part.c.event_id)
    mine = joined.where(ev_event.c.type == LIST, ev_event.c.object_id == f"anchor:{authority}")
    found: dict[bytes, bytes] = {}
    for content in conn.execute(mine.order_by(ev_event.c.object_seq.desc()).limit(2 * MAX_LISTS)).scalars():
        if content:
            found.setdefault(x509.load_pem_x509_crl(bytes(content)).issuer.public_bytes(), bytes(content))
    return b"".join(found[each] for each in sorted(found))


def _attempt(fetch: Fetch, url: str, issuer: x509.Certificate) -> tuple[str, dict[str, str], list[Part]]:
    """(event type, facts, parts)."""
    try:
        made = _read(fetch(url), issuer)
    except (PlatformError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        return FAILED, {"detail": printable(f"{type(error).__name__}: {error}")}, []
    pem = made.public_bytes(Encoding.PEM)
    ends = made.next_update_utc.isoformat() if made.next_update_utc else ""
    facts = {"issuer": printable(made.issuer.rfc4514_string()), "this": made.last_update_utc.isoformat(), "next": ends}
    return LIST, facts, [Part(PART, "application/x-pem-file", pem)]


def _read(data: bytes, issuer: x509.Certificate) -> x509.CertificateRevocationList:
    pem = data.lstrip().startswith(b"-----BEGIN")
    made = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
    if made.issuer != issuer.subject or not made.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
        raise ValueError("the list is not signed by the certificate's issuer")
    return made
