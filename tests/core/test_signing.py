"""Signing as a matter: fixed texts, one signature, refusals, codes, copies. On both databases."""

from __future__ import annotations

import hashlib
import math
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given, strategies as st

from bot import installed, signing
from bot.context import Context
from bot.db import metadata
from bot.errors import Refused
from bot.evidence.meaning import meaning
from bot.evidence.seal import validate
from bot.evidence.tables import ev_event
from bot.people import People, Person
from bot.router import Gone
from bot.signing import (
    code as signing_code,
    copy as signing_copy,
    flow as signing_flow,
    refusal as signing_refusal,
    rules as signing_rules,
)
from bot.signing.flow import Answer, Attempt, Seat
from bot.signing.rules import Problem
from bot.signing.tables import code, document, signature, witness
from bot.tables import ask, outbox
from bot.web.links import page_url
from tests.world import Firm

BLOCKS = [("结果", [("得分", "62.5"), ("等级", "C")]), ("说明", "本季完成 62.5%。\r\n可在五个工作日内申诉。")]
WAVE = ";".join(
    " ".join(f"{40 + i * 5 + n * 70},{int(80 + 30 * math.sin(i / 2))}" for i in range(18)) for n in range(2)
)
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TYPES = ("prepared", "opened", "signed", "declined", "withdrawn", "code_sent", "witnesses_asked", "witness_confirmed",
         "witness_denied", "refusal_witnessed", "handed_over", "copy_sealed")  # fmt: skip


def person(firm: Firm, user: str) -> Person:
    with firm.app.engine.connect() as conn:
        found = People(conn).find("fake", user)
    assert found
    return found


def prepare(firm: Firm, matter: str = "paper:1", **more: bool) -> signing.Document:
    with firm.app.context() as ctx:
        return signing.prepare(ctx, person(firm, "zhang"), matter, "季度结果", BLOCKS, kind="paper", **more)


def seat(firm: Firm, sid: str = "s1", minutes: float = 1) -> Seat:
    return Seat(sid, firm.now - timedelta(minutes=minutes))


def show(firm: Firm, found: signing.Document, sid: str = "s1") -> str:
    with firm.app.context(person(firm, "zhang")) as ctx:
        return signing_flow.show(ctx, found, seat(firm, sid))


def sign(firm: Firm, found: signing.Document, attempt: Attempt, sid: str = "s1", strict: bool = False) -> Answer:
    with firm.app.context(person(firm, "zhang")) as ctx:
        return signing_flow.sign(ctx, found.ref, seat(firm, sid), attempt, strict=strict)


def now(firm: Firm, ref: str) -> signing.Document:
    with firm.app.engine.connect() as conn:
        return signing.must(conn, ref)


def types(firm: Firm) -> list[str]:
    with firm.app.engine.connect() as conn:
        return list(conn.execute(sa.select(ev_event.c.type).order_by(ev_event.c.n)).scalars())


def digits(firm: Firm) -> str:
    """The newest code as it went to the person's chat."""
    bodies = [str(row["body"]) for row in firm.rows(outbox) if "验证码" in str(row["body"])]
    return bodies[-1].split("验证码 ")[1][:6]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, bool]]:
    """What hooks for matters `paper:` heard: which, the state by then, whether there is a signature."""
    heard: list[tuple[str, str, bool]] = []

    def note(name: str) -> signing.Hook:
        def hook(_ctx: Context, found: signing.Document, made: signing.Signature | None) -> None:
            heard.append((name, found.state, made is not None))

        return hook

    monkeypatch.setattr(signing, "_signed", {})
    monkeypatch.setattr(signing, "_declined", {})
    signing.signed("paper:")(note("signed"))
    signing.declined("paper:")(note("declined"))
    return heard


def test_the_text_is_fixed_and_signed_once_with_its_evidence(firm: Firm, told: list[tuple[str, str, bool]]) -> None:
    found = prepare(firm)
    assert found.content.decode().startswith("季度结果\n第 1 版 / version 1\n\n# 结果\n得分：62.5\n")
    assert found.sha256 == hashlib.sha256(found.content).hexdigest()
    assert signing.link(firm.app, found).endswith(f"/sign/{found.ref}")
    token = show(firm, found)
    assert sign(firm, found, Attempt(token, "drawn", WAVE, seen_to_end=True)) is Answer.SIGNED
    assert sign(firm, found, Attempt(token, "drawn", WAVE)) is Answer.ALREADY
    assert told == [("signed", "signed", True)]
    assert types(firm) == ["document.prepared", "document.opened", "document.signed"]
    row = firm.rows(signature)[0]
    assert (row["how"], row["account"], row["sha256"]) == ("drawn", "fake:zhang", found.sha256)
    assert row["seen_to_end"] and row["shown_at"] == firm.now


def test_a_newer_version_takes_the_place_of_the_older(firm: Firm) -> None:
    old = prepare(firm)
    token = show(firm, old)
    new = prepare(firm)
    assert (new.version, now(firm, old.ref).superseded_by) == (2, new.ref)
    assert sign(firm, old, Attempt(token, "drawn", WAVE)) is Answer.SUPERSEDED
    assert sign(firm, new, Attempt(token, "drawn", WAVE)) is Answer.OLD_PAGE
    assert firm.rows(signature) == []
    with firm.app.engine.connect() as conn:
        assert [each.version for each in signing.of_matter(conn, "paper:1")] == [1, 2]


@lite
def test_only_what_was_shown_in_this_session_is_signed(firm: Firm) -> None:
    found, other = prepare(firm), prepare(firm, "paper:2")
    token = show(firm, found)
    for attempt, sid in (
        (Attempt("", "drawn", WAVE), "s1"),
        (Attempt("f" * 64, "drawn", WAVE), "s1"),
        (Attempt(token, "drawn", WAVE), "another session"),
        (Attempt(show(firm, other), "drawn", WAVE), "s1"),
    ):
        assert sign(firm, found, attempt, sid) is Answer.OLD_PAGE
    firm.pass_time(hours=9)
    assert sign(firm, found, Attempt(token, "drawn", WAVE)) is Answer.OLD_PAGE
    assert firm.rows(signature) == []


@lite
def test_a_text_that_was_altered_in_the_database_is_not_signed(firm: Firm) -> None:
    found = prepare(firm)
    token = show(firm, found)
    with firm.app.context() as ctx:
        ctx.db.execute(sa.update(document).values(blocks='[["", "别的话"]]'))
    assert sign(firm, found, Attempt(token, "drawn", WAVE)) is Answer.ALTERED
    assert firm.rows(signature) == []


@pytest.mark.parametrize(
    ("how", "marks", "answer"),
    [
        ("drawn", "", Answer.EMPTY),
        ("", WAVE, Answer.EMPTY),
        ("drawn", "50,50", Answer.DOT),
        ("drawn", " ".join(["50,50"] * 30), Answer.DOT),
        ("drawn", " ".join(f"{50 + i},50" for i in range(10)), Answer.SMALL),
        ("drawn", "1,1;<script>", Answer.GARBLED),
        ("drawn", "9999999,1 2,2", Answer.GARBLED),
        ("drawn", "1 2 3", Answer.GARBLED),
        ("drawn", " ".join(["1,1"] * 9000), Answer.GARBLED),
        ("typed", "张四", Answer.NAME),
        ("typed", "", Answer.NAME),
        ("typed", " 张 三 ", Answer.SIGNED),
    ],
)
@lite
def test_what_is_no_signature_is_not_taken(firm: Firm, how: str, marks: str, answer: Answer) -> None:
    found = prepare(firm)
    assert sign(firm, found, Attempt(show(firm, found), how, marks)) is answer
    assert len(firm.rows(signature)) == (answer is Answer.SIGNED)


def test_two_devices_in_the_same_moment_leave_one_signature(firm: Firm, told: list[tuple[str, str, bool]]) -> None:
    found = prepare(firm)
    tokens = [show(firm, found, f"s{n}") for n in range(4)]
    gate, answers = threading.Barrier(4), list[Answer]()

    def press(n: int) -> None:
        gate.wait(10)
        answers.append(sign(firm, found, Attempt(tokens[n], "drawn", WAVE), f"s{n}"))

    threads = [threading.Thread(target=press, args=(n,)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(answers) == [Answer.ALREADY] * 3 + [Answer.SIGNED]
    assert len(firm.rows(signature)) == len(told) == 1


@lite
def test_declining_keeps_the_words_and_is_no_signature(firm: Firm, told: list[tuple[str, str, bool]]) -> None:
    found = prepare(firm)
    token = show(firm, found)
    with firm.app.context(person(firm, "zhang")) as ctx:
        assert signing_flow.decline(ctx, found.ref, " 第二条我不认可 ") is Answer.DECLINED
    assert now(firm, found.ref).words == "第二条我不认可"
    assert sign(firm, found, Attempt(token, "drawn", WAVE)) is Answer.WAS_DECLINED
    assert told == [("declined", "declined", False)]
    assert meaning("document.declined").favours


@lite
def test_a_document_taken_back_says_why_and_cannot_be_signed(firm: Firm) -> None:
    found = prepare(firm)
    token = show(firm, found)
    with firm.app.context() as ctx:
        assert signing.withdraw(ctx, found, "数据有误")
        assert not signing.withdraw(ctx, found, "again")
    assert sign(firm, found, Attempt(token, "drawn", WAVE)) is Answer.WITHDRAWN
    assert now(firm, found.ref).words == "数据有误"


def test_high_stakes_need_a_fresh_sign_in_and_the_right_code_with_few_tries(firm: Firm) -> None:
    found, who = prepare(firm, high_stakes=True), person(firm, "zhang")
    token = show(firm, found)
    with firm.app.context(who) as ctx:
        old = signing_flow.sign(ctx, found.ref, seat(firm, minutes=6), Attempt(token, "drawn", WAVE), strict=True)
    assert old is Answer.SIGN_IN
    assert sign(firm, found, Attempt(token, "drawn", WAVE), strict=True) is Answer.CODE_NEEDED
    with firm.app.context(who) as ctx:
        assert signing_code.send(ctx, found, "s1", "sms")  # nobody knows a number: by chat
        assert not signing_code.send(ctx, found, "s1", "chat")
    right = digits(firm)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    answers = [sign(firm, found, Attempt(token, "drawn", WAVE, wrong), strict=True) for _ in range(6)]
    assert answers == [Answer.CODE_WRONG] * 4 + [Answer.CODE_SPENT] * 2
    assert sign(firm, found, Attempt(token, "drawn", WAVE, right), strict=True) is Answer.CODE_SPENT
    firm.pass_time(minutes=2)
    with firm.app.context(who) as ctx:
        assert signing_code.send(ctx, found, "s1", "chat")
    assert sign(firm, found, Attempt(token, "drawn", WAVE, digits(firm)), "s2", strict=True) is Answer.OLD_PAGE
    assert sign(firm, found, Attempt(token, "drawn", WAVE, digits(firm)), strict=True) is Answer.SIGNED
    assert firm.rows(signature)[0]["second_factor"] == "chat"
    assert firm.rows(code) == []


@lite
def test_a_code_goes_by_sms_to_the_number_a_feature_knows(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_code, "_phones", [])
    signing_code.phone_of(lambda _conn, who: "13800000000" if who.user_id == "zhang" else "")
    found = prepare(firm)
    with firm.app.context(person(firm, "zhang")) as ctx:
        assert signing_code.send(ctx, found, "s1", "sms")
    sms = [row for row in firm.rows(outbox) if row["platform"] == "sms"]
    assert len(sms) == 1 and "13800000000" in str(sms[0]["body"])


def asked(firm: Firm, found: signing.Document, how: str = "6 月 11 日 9 点在 301 会议室，他看完后说不签。") -> None:
    with firm.app.context(person(firm, "wang")) as ctx:
        both = [person(firm, "li"), person(firm, "stranger")]
        signing_refusal.ask_witnesses(ctx, found.ref, both, how)


def answer(firm: Firm, user: str, found: signing.Document, action: str) -> None:
    with firm.app.engine.connect() as conn:
        where = (ask.c.matter == f"refusal:{found.ref}", ask.c.person_id == person(firm, user).id)
        ref = conn.execute(sa.select(ask.c.ref).where(*where).order_by(ask.c.state.desc())).scalars().first()
    firm.dispatch(firm.event(user, f"signing.{action}", str(ref)))


def test_a_refusal_stands_once_two_people_who_were_there_confirm_it(
    firm: Firm, told: list[tuple[str, str, bool]]
) -> None:
    found = prepare(firm)
    token = show(firm, found)
    asked(firm, found)
    answer(firm, "li", found, "witness_yes")
    answer(firm, "li", found, "witness_yes")
    assert now(firm, found.ref).state == "open"
    answer(firm, "stranger", found, "witness_yes")
    assert now(firm, found.ref).state == "refused_witnessed"
    assert told == [("declined", "refused_witnessed", False)]
    assert sign(firm, found, Attempt(token, "drawn", WAVE)) is Answer.WAS_WITNESSED
    assert "document.signed" not in types(firm)
    texts = [str(row["body"]) for row in firm.rows(outbox) if row["person_id"] == person(firm, "zhang").id]
    assert any("不是您的签名，也不表示您同意" in text for text in texts)
    assert not any("62.5" in str(row["body"]) for row in firm.rows(outbox))  # witnesses never see what the paper says


@lite
def test_one_who_was_not_there_leaves_it_open_and_the_person_may_still_sign(firm: Firm) -> None:
    found = prepare(firm)
    asked(firm, found)
    answer(firm, "li", found, "witness_yes")
    answer(firm, "stranger", found, "witness_no")
    assert now(firm, found.ref).state == "open"
    told_hr = [str(row["body"]) for row in firm.rows(outbox) if row["person_id"] == person(firm, "wang").id]
    assert any("没有成立" in text for text in told_hr)
    assert sign(firm, found, Attempt(show(firm, found), "drawn", WAVE)) is Answer.SIGNED
    asked_again = [row["state"] for row in firm.rows(witness)]
    assert sorted(map(str, asked_again)) == ["confirmed", "denied"]


@lite
def test_who_may_record_a_refusal_and_with_whom(firm: Firm) -> None:
    found = prepare(firm)
    li, wang, zhang, stranger = (person(firm, each) for each in ("li", "wang", "zhang", "stranger"))
    for actor, people, how in (
        (li, [wang, stranger], "x"),
        (wang, [li], "x"),
        (wang, [li, li], "x"),
        (wang, [li, wang], "x"),
        (wang, [li, zhang], "x"),
        (wang, [li, stranger], " "),
    ):
        with firm.app.context(actor) as ctx, pytest.raises(Refused):
            signing_refusal.ask_witnesses(ctx, found.ref, people, how)
    assert firm.rows(witness) == []


def test_the_copy_is_sealed_once_and_made_again_after_a_crash(firm: Firm) -> None:
    found = prepare(firm)
    sign(firm, found, Attempt(show(firm, found), "drawn", WAVE))
    assert signing_copy.make_due(firm.app) == 1
    assert signing_copy.make_due(firm.app) == 0
    first, again = signing_copy.copy_of(firm.app, found.ref), signing_copy.copy_of(firm.app, found.ref)
    assert first == again and first is not None
    report = validate(first, roots=b"", now=firm.now)
    assert report.ok and report.level == "PAdES-B-B"
    assert hashlib.sha256(first).hexdigest() == firm.rows(signature)[0]["pdf_sha256"]
    assert types(firm)[-1] == "document.copy_sealed"
    assert signing_copy.copy_of(firm.app, prepare(firm, "paper:9").ref) is None


def test_erasing_a_person_takes_texts_handwriting_and_copies(firm: Firm) -> None:
    found = prepare(firm)
    sign(firm, found, Attempt(show(firm, found), "drawn", WAVE))
    signing_copy.make_due(firm.app)
    with firm.app.context() as ctx:
        assert signing_refusal.forget(ctx.db, Gone(found.person_id, "p:x")) == []
    kept, made = firm.rows(document)[0], firm.rows(signature)[0]
    assert (kept["content"], kept["sha256"], kept["title"], kept["state"]) == (b"", "", "", "signed")
    assert (made["marks"], made["pdf"], made["account"]) == ("", None, "")
    assert signing_copy.make_due(firm.app) == 0


@lite
def test_every_event_says_what_it_proves_and_nobody_signs_for_the_system(firm: Firm) -> None:
    assert all(meaning(f"document.{name}").known for name in TYPES)
    assert not meaning("document.refusal_witnessed").proves_zh.startswith("本人")
    found = prepare(firm)
    with firm.app.context() as ctx, pytest.raises(LookupError):
        signing_flow.sign(ctx, found.ref, seat(firm), Attempt("", "typed", "张三"), strict=False)
    assert installed.signing_providers(firm.app.settings) == {}
    assert page_url(firm.app.settings, signing.path(found)) == signing.link(firm.app.settings, found)


@given(st.lists(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000)), max_size=30), max_size=10))
def test_strokes_come_back_as_sent_and_draw_a_picture(given_strokes: list[list[tuple[int, int]]]) -> None:
    text = ";".join(" ".join(f"{x},{y}" for x, y in stroke) for stroke in given_strokes)
    found = signing_rules.strokes(text)
    kept = tuple(tuple(stroke) for stroke in given_strokes if stroke)
    assert found == (kept if any(given_strokes) else Problem.EMPTY if not text.strip() else ())
    if kept:
        assert signing_rules.picture(kept).count("<path") == len(kept)


@given(st.text(max_size=200))
def test_any_text_a_page_may_send_is_a_problem_or_strokes(text: str) -> None:
    found = signing_rules.strokes(text)
    assert isinstance(found, Problem | tuple)


@pytest.mark.filterwarnings("ignore:.*ix_person_folded")  # SQLite cannot read back an index on lower()
def test_the_migration_makes_the_tables_the_code_knows(firm: Firm) -> None:
    mine = {"document", "document_showing", "signature", "signing_code", "refusal_witness"}
    with firm.app.engine.connect() as connection:
        changes = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [change for change in changes if mine.intersection(str(change).split("'"))] == []


@lite
def test_when_the_feature_cannot_take_it_nothing_was_signed(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_ctx: Context, _found: signing.Document, _made: signing.Signature | None) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(signing, "_signed", {"paper:": broken})
    found = prepare(firm)
    token = show(firm, found)
    with pytest.raises(ZeroDivisionError):
        sign(firm, found, Attempt(token, "drawn", WAVE))
    assert (now(firm, found.ref).state, firm.rows(signature)) == ("open", [])
    assert "document.signed" not in types(firm)
    monkeypatch.setattr(signing, "_signed", {})
    assert sign(firm, found, Attempt(token, "drawn", WAVE)) is Answer.SIGNED
