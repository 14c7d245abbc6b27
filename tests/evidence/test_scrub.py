"""What was erased is not left in the files of the database either: not in free pages, dead rows or the journal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import handlers.notices.tables as notices
import handlers.performance.tables as performance
from bot import db, jobs, router
from bot.evidence import erase, scrub
from bot.evidence.tables import ev_scrub
from bot.signing import tables as signing_tables
from bot.tables import outbox
from tests.evidence.test_erase import leave, outbox_row, who
from tests.handlers.data_rights.story import Story
from tests.world import START, Firm

WORDS = "北海道滑雪摔断了左腿请假"
LATER = timedelta(days=3 * 365)


@pytest.fixture(autouse=True)
def rooms() -> None:
    for module in ("flow", "erasing"):
        router.discover("handlers", module)


def fill(firm: Firm) -> None:
    """What every room may hold about 张三, long texts (stored apart by both databases) and short ones."""
    zhang = who(firm, "zhang")
    long = "".join(f"{WORDS}{number:04x}" for number in range(600))
    about: dict[str, object] = {"person_id": zhang.id}
    rows: list[tuple[sa.Table, dict[str, object]]] = [
        (
            performance.review,
            about
            | {"cycle_id": "pc-1", "side": "self", "version": 1, "by_id": zhang.id, "state": "submitted"}
            | {"comment": long, "reason": WORDS, "saved_at": START},
        ),
        (
            performance.result,
            about
            | {"id": "pr-1", "cycle_id": "pc-1", "version": 1, "score": "70", "band": "C", "clause": "8"}
            | {"consequence": WORDS, "text": long, "sha256": "", "state": "final", "words": WORDS},
        ),
        (
            performance.appeal,
            {"id": "pa-1", "result_id": "pr-1", "words": WORDS, "state": "decided", "reviewer_id": "x"}
            | {"due_at": START, "reason": long},
        ),
        (
            performance.file,
            about
            | {"id": "pf-1", "matter": "pa-1", "name": WORDS, "media_type": "text/plain", "sha256": ""}
            | {"content": long.encode(), "at": START},
        ),
        (
            signing_tables.document,
            about
            | {"ref": "d-1", "matter": "pr-1", "kind": "result", "version": 1, "title": WORDS, "blocks": long}
            | {"attachments": WORDS, "content": long.encode(), "sha256": "", "high_stakes": False, "state": "signed"}
            | {"words": WORDS, "zone": "Asia/Shanghai", "prepared_at": START},
        ),
        (
            signing_tables.signature,
            about
            | {"document_ref": "d-1", "how": "typed", "account": "zhang", "sha256": "", "version": 1, "marks": WORDS}
            | {"second_factor": "none", "at": START, "zone": "Asia/Shanghai", "event_id": "evt_s"}
            | {"pdf": long.encode()},
        ),
        (
            notices.recipient,
            about | {"notice_id": "ntc-1", "platform": "fake", "user_id": "zhang", "words": WORDS},
        ),
    ]
    with db.begin(firm.app.engine) as conn:
        for table, values in rows:
            conn.execute(sa.insert(table).values(**values))
        outbox_row(conn, zhang, "m-x", long)


def files(firm: Firm) -> list[Path]:
    """Where the database keeps its rows on disk; PostgreSQL writes them there at a checkpoint."""
    if firm.app.engine.dialect.name == "sqlite":
        database = Path(str(firm.app.engine.url.database))
        return [each for each in (database, database.with_name(database.name + "-wal")) if each.exists()]
    with firm.app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("CHECKPOINT")
        folder = conn.exec_driver_sql("SHOW data_directory").scalar_one()
        number = conn.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar_one()
    return [each for each in (Path(str(folder)) / "base" / str(number)).iterdir() if each.is_file()]


def found(firm: Firm) -> int:
    return sum(each.read_bytes().count(WORDS.encode()) for each in files(firm))


def test_no_word_of_any_room_is_left_in_the_files(firm: Firm) -> None:
    fill(firm)
    leave(firm, "zhang")
    # PostgreSQL compresses long texts, so the short ones are what can be counted there.
    assert found(firm) >= 10
    with db.begin(firm.app.engine) as conn:
        subject = conn.execute(sa.text("SELECT ref FROM person WHERE user_id = 'zhang'")).scalar_one()
        done = erase.erase_person(
            conn, firm.app.keys, subject=subject, now=firm.now + LATER, by="p:hr", request_event="evt_r"
        )
    assert done.done
    assert found(firm) > 0, "a commit alone leaves the words in the files"
    assert scrub.scrub(firm.app.engine)
    assert found(firm) == 0


def test_a_table_too_large_to_be_rewritten_at_once_is_vacuumed(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrub, "REWRITTEN", 0)
    fill(firm)
    if firm.app.engine.dialect.name == "sqlite":
        assert scrub.scrub(firm.app.engine)
        return
    with db.begin(firm.app.engine) as conn:
        conn.execute(sa.delete(performance.review))
    assert scrub.scrub(firm.app.engine)
    with firm.app.engine.connect() as conn:
        dead = "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'pf_review'"
        assert conn.exec_driver_sql(dead).scalar_one() >= 1


def test_an_erasure_by_chat_is_scrubbed_within_minutes(firm: Firm) -> None:
    """HR agrees on a card; nobody runs a command."""
    story = Story(firm)
    story.say("zhang", f"更正：{WORDS}")
    story.say("zhang", "删除我的数据")
    with db.begin(firm.app.engine) as conn:
        conn.execute(sa.delete(outbox))  # the phones' copies; what is looked for is our record
    assert not scrubs(firm)
    story.tap("wang", "同意删除")
    assert scrubs(firm) == 1
    jobs.run_here("data_rights.scrub", firm.app)
    assert scrubs(firm) == 0
    assert found(firm) == 0


def test_a_reader_in_the_way_is_not_forgotten(firm: Firm) -> None:
    fill(firm)
    leave(firm, "zhang")
    subject = who_ref(firm)
    with db.begin(firm.app.engine) as conn:
        erase.erase_person(conn, firm.app.keys, subject=subject, now=firm.now + LATER, by="p:hr", request_event="e")
    with firm.app.engine.connect() as reader:
        reader.execute(sa.select(outbox)).all()
        if firm.app.engine.dialect.name == "sqlite":
            reader.exec_driver_sql("BEGIN")
            reader.execute(sa.select(outbox)).all()
        assert not scrub.scrub(firm.app.engine, wait=0.05)
    assert scrubs(firm) == 1
    assert scrub.scrub(firm.app.engine) and scrubs(firm) == 0 and found(firm) == 0


def who_ref(firm: Firm) -> str:
    with firm.app.engine.connect() as conn:
        return str(conn.execute(sa.text("SELECT ref FROM person WHERE user_id = 'zhang'")).scalar_one())


def scrubs(firm: Firm) -> int:
    with firm.app.engine.connect() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(ev_scrub)).scalar_one())
