"""/absences/<case>/proof: the files that lie with a case, and the form by which HR adds a police record or other proof.

For HR and for the person; a manager has no such page, because a file may be about health.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import access, filetypes, receipts
from bot.context import Context
from bot.errors import Refused
from bot.locale import speaking, t
from bot.people import People, Person
from bot.web import record
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.missed_punch import proofs, store
from handlers.missed_punch.store import Case

KINDS = ("jpg", "jpeg", "png", "pdf")
MOST_FORM = (10 << 20) + (1 << 18)
"""Bytes of the form: the largest file that may be set, and the words."""
LONGEST = 200
WORDS = {
    "proof": ("附上证明材料", "Add a proof"),
    "lead": (
        "报警回执、走访照片或其他证明。JPEG、PNG 或 PDF，最多 {most} MB。它会作为证据保存，附上后不能改。",
        "A police record, a photo of a visit, or another proof. JPEG, PNG or PDF, at most {most} MB. It is kept as "
        "evidence and cannot be changed afterwards.",
    ),
    "file": ("文件", "File"),
    "what": ("这是什么", "What it is"),
    "what_hint": (
        "如：朝阳派出所报警回执。请不要写健康状况。",
        "E.g. receipt of the police. Nothing about health, please.",
    ),
    "add": ("附上", "Add"),
    "added": ("已附上，并已存证。", "Added and on record."),
    "back": ("返回个案", "Back to the case"),
    "files": ("证明材料", "Proofs"),
    "none": ("还没有材料。", "No files yet."),
    "by": ("{name}，{time}，{n} 字节", "{name}, {time}, {n} bytes"),
    "open": ("下载", "Download"),
    "erased": ("内容已按要求删除", "The contents were erased on request"),
    "private": (
        "可能有个人健康等敏感信息，请只在办理这件事时使用，不要转给经理。每次打开都会留下记录，本人可见。",
        "They may hold sensitive personal information, such as health. Use them for this matter only and do not pass "
        "them to managers. Every opening is recorded, and the person can see that.",
    ),
    "own": (
        "这些材料只有您本人和 HR 能打开。HR 每次打开都会留下记录。",
        "Only you and HR can open these. Every opening by HR is recorded.",
    ),
}  # fmt: skip


def proof(visit: Visit, case_id: str) -> ResponseReturnValue:
    """The list, without contents; for HR with the form."""
    case, person = _case(visit, case_id)
    return _drawn(visit, case, person, "", request.args.get("said", "") == "added")


def file(visit: Visit, case_id: str, event_id: str) -> ResponseReturnValue:
    """One file, always as a download: nothing of it runs in our pages. That it was opened is on record first."""
    case, person = _case(visit, case_id)
    read = record.reader(visit.app)
    with visit.app.engine.connect() as db:
        found = next((each for each in proofs.of_case(db, case.id, read) if each.id == event_id), None)
    if found is None:
        raise NotFound
    with visit.app.context(visit.person) as ctx:
        access.viewed(ctx, person, f"proof:{event_id}")
    with visit.app.engine.connect() as db:
        content = proofs.content(db, event_id, read)
    if content is None:  # erased
        raise NotFound
    return attached(content, found.name, found.media)


def add(visit: Visit, case_id: str) -> ResponseReturnValue:
    """Check the file by its bytes, keep it, and go back to the form."""
    case, person = _case(visit, case_id)
    if person.id == visit.person.id:
        raise NotFound
    given = request.files.get("file")
    most = visit.app.settings.case_file_mb << 20
    content = given.stream.read(most + 1) if given else b""
    name, what = (given.filename or "" if given else ""), request.form.get("what", "").strip()[:LONGEST]
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            keep(ctx, case, person, (name, content), what)
            receipts.give(ctx)
    except Refused as error:
        return _drawn(visit, case, person, str(error), False), 422
    return redirect(f"/absences/{quote(case_id, safe='')}/proof?said=added", 303)


def keep(ctx: Context, case: Case, person: Person, file: tuple[str, bytes], what: str) -> None:
    """One piece of evidence about the case: `file` as (name, bytes). Refused says what is wrong with it."""
    if not file[0]:
        raise Refused(t("请选择一个文件。"))
    try:
        name, media_type = filetypes.checked(*file, KINDS, ctx.settings.case_file_mb << 20)
    except ValueError as error:
        raise Refused(str(error)) from error
    ending = name.rsplit(".", 1)[-1]
    parts: dict[str, str | bytes] = {f"proof.{ending}": file[1], "file": f"{what}（{name}）" if what else name}
    source = {"sha256": hashlib.sha256(file[1]).hexdigest(), "media": media_type}
    ctx.record(proofs.ADDED, case.id, subject=person, parts=parts, source=source)


def _case(visit: Visit, case_id: str) -> tuple[Case, Person]:
    """For HR and for the person; for everybody else there is no such page."""
    with visit.app.engine.connect() as db:
        case = store.get(db, case_id)
        person = People(db).get(case.person_id) if case else None
    if case is None or person is None or not (access.is_hr(visit.person) or visit.person.id == person.id):
        raise NotFound
    return case, person


def _drawn(visit: Visit, case: Case, person: Person, problem: str, added: bool) -> str:
    number = 0 if visit.lang == "zh" else 1
    said = {name: pair[number].replace("{most}", str(visit.app.settings.case_file_mb)) for name, pair in WORDS.items()}
    with visit.app.engine.connect() as db:
        found = proofs.of_case(db, case.id, record.reader(visit.app))
    values: dict[str, object] = {
        "case": case,
        "subject": person,
        "problem": problem,
        "added": added,
        "longest": LONGEST,
    }
    values |= {"files": found, "own": person.id == visit.person.id}
    return visit.page("missed_punch/proof.html", said=said, **values)
