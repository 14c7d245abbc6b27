"""What a finished package says, for its report: the verifier's own verdicts beside the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from bot.evidence import facts
from bot.evidence.package_events import Added
from bot.evidence.package_proofs import Proofs
from bot.evidence.package_rows import Chosen
from bot.evidence.verify import Finding, Reason, Report, Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROOTS = "tsa-roots.pem"
_WORDS = {
    "proven": ("已证明", "Proven"),
    "wide": ("已证明，时间范围较宽", "Proven, wide window"),
    "not": ("未证明", "Not proven"),
}


def facts_of(
    chosen: Chosen, added: Added, proofs: Proofs, checked: Report, manifest: Mapping[str, Any], steps: Sequence[Any]
) -> facts.PackageFacts:
    """Facts of the package whose verification gave `checked`. `steps`: the lines of its list of consents."""
    verdicts = {each.file: each for each in checked.verdicts}
    log: Sequence[Mapping[str, Any]] = manifest["epochs"]
    scope = manifest["scope"]
    return facts.PackageFacts(
        origin=manifest["log"],
        scope=scope if isinstance(scope, str) else "、".join(scope),
        made=datetime.fromisoformat(manifest["made"]),
        vkeys=tuple(key for each in log for key in (each["log_vkey"], each["promise_vkey"])),
        parties=manifest["names"],
        events=tuple(
            _event(number, row, added, proofs, verdicts.get(f"events/{number:06d}.json"))
            for number, row in enumerate(chosen.events, 1)
        ),
        checkpoints=tuple(
            facts.CheckpointFact(row.epoch, row.size, bytes(row.root).hex(), moment(row.created_ms), row.note)
            for row in proofs.checkpoints
        ),
        tokens=tuple(facts.TokenFact(row.epoch, row.size, row.authority, moment(row.gen_ms)) for row in proofs.tokens),
        cosignatures=tuple(
            facts.CosignatureFact(row.epoch, row.size, row.witness, moment(row.received_ms))
            for row in proofs.cosignatures
        ),
        anchors=tuple(
            facts.AnchorFact(row.kind, row.epoch, row.size, row.target, moment(row.posted_ms)) for row in proofs.anchors
        ),
        consents=tuple(_consent(step) for step in steps),
        gaps=tuple(_gap(found) for found in (*checked.findings, *checked.notes) if found.file != _ROOTS),
        # Which roots were trusted is no gap in the records; the reader compares them with the authority's.
        limits=(
            *map(_sentence, checked.limits),
            *(_gap(found) for found in (*checked.findings, *checked.notes) if found.file == _ROOTS),
        ),
    )


def moment(ms: int) -> datetime:
    """Aware UTC from Unix milliseconds."""
    return _EPOCH + timedelta(milliseconds=ms)


def _sentence(reason: Reason) -> str:
    zh, en = reason.zh.rstrip("。"), reason.en.rstrip(".")
    return f"{zh}。 {en[:1].upper()}{en[1:]}."


def _gap(found: Finding) -> str:
    where = found.event_id or found.file
    return _sentence(Reason(f"{where}：{found.zh}" if where else found.zh, found.en))


def _verdict(verdict: Verdict | None) -> str:
    zh, en = _WORDS[verdict.verdict if verdict else "not"]
    said = [*verdict.reasons, *verdict.beside] if verdict else [Reason("没有核对结果", "it was not checked")]
    return f"{zh}：{'；'.join(each.zh for each in said)}。 {en}: {'; '.join(each.en for each in said)}."


def _event(number: int, row: Row[Any], added: Added, proofs: Proofs, verdict: Verdict | None) -> facts.EventFact:
    envelope = added.envelopes.get(row.event_id)
    said = envelope or {"type": row.type, "actor": row.actor, "subject": row.subject}
    until = verdict.until if verdict else None
    return facts.EventFact(
        number=number,
        id=row.event_id,
        type=said["type"],
        at=datetime.fromisoformat(envelope["at"]) if envelope else moment(row.at_ms),
        seen=datetime.fromisoformat(envelope["seen"]) if envelope else moment(row.seen_ms),
        actor=said["actor"],
        subject=said["subject"],
        object=row.object_id,
        seq=row.object_seq,
        epoch=row.epoch,
        index=row.log_index,
        leaf=bytes(row.leaf_hash).hex(),
        erased=envelope is None,
        parts=tuple(added.parts.get(row.event_id, ())),
        withheld=tuple(added.withheld.get(row.event_id, ())),
        covering=proofs.covers.get(row.event_id),
        token_time=None if until is None else moment(until),
        verdict=_verdict(verdict),
    )


def _consent(step: Mapping[str, Any]) -> facts.ConsentFact:
    expires = None if step["expires"] is None else datetime.fromisoformat(step["expires"])
    at = datetime.fromisoformat(step["at"])
    return facts.ConsentFact(step["subject"], step["kind"], step["state"], at, expires, step["event"])
