"""Erasing somebody: the words of goals, reviews, results and appeals go with their files, numbers and other people's
proofs stay; while an appeal is open, or a case is held, nothing goes and everybody is told so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import people
from bot.card import as_text
from bot.db import begin
from bot.evidence.erase import Erased, erase_person, place_hold, release_hold, stays
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_hold, ev_part
from bot.evidence.verify import read_zip, verify
from bot.handover import export_person
from bot.signing.tables import document, signature
from bot.tables import outbox
from handlers.performance import erasing, tables
from handlers.performance.store import Result
from handlers.performance.telling import answering, appeals
from handlers.performance.telling.uploads import Upload
from tests.handlers.performance.results_story import Month
from tests.world import FIRM

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORDS = "延期是客户换了三次方案"
REASON = "客户方案邮件已核对属实"
PDF = Upload("客户邮件.pdf", b"%PDF-1.7 three changes")
SECRETS = (WORDS, REASON, "客户邮件", "交付 3 个项目", "项目 A 05-20", "辛苦了", "两次评审没有到场", "需要一名测试")


def appealed(month: Month) -> Result:
    """张三 appeals, with a file, and his manager has answered a request for support before."""
    result = month.told()
    row = {"id": "pn-1", "goal_id": str(month.firm.rows(tables.goal)[0]["id"]), "person_id": "fake:zhang"}
    row |= {"need": "people", "words": "需要一名测试", "task_words": "需要一名测试：下月到岗", "task_by": "fake:li"}
    with begin(month.firm.app.engine) as db:
        db.execute(sa.insert(tables.nudge).values(**row, at=month.firm.now))
    with month.ctx("zhang") as ctx:
        answering.take(ctx, result, "appealed", WORDS, (PDF,))
    month.firm.courier.drain()
    return result


def decided(month: Month) -> Result:
    result = appealed(month)
    with month.firm.app.engine.connect() as db:
        appeal = appeals.of_result(db, result.id)
    assert appeal
    month.tap("stranger", month.card("stranger", "请处理申诉"), "维持")
    month.say("stranger", REASON)
    return month.again(result)


def leave(month: Month, *users: str) -> None:
    with begin(month.firm.app.engine) as db:
        people.sync(db, "fake", [each for each in FIRM if each.user_id not in users], {"wang": "hr"})


def erase(month: Month, user: str, ref: str = "") -> Erased:
    """Three years after."""
    firm = month.firm
    ref = ref or month.person(user).ref
    leave(month, user)
    firm.pass_time(days=3 * 365 + 1)
    with begin(firm.app.engine) as db:
        return erase_person(db, firm.app.keys, subject=ref, now=firm.now, by="p:hr", request_event="e")


def readable(month: Month) -> str:
    """Everything that the working tables say, files and messages included."""
    rooms = [each for each in tables.goal.metadata.sorted_tables if each.name.startswith("pf_")]
    rows = [month.firm.rows(each) for each in (*rooms, document, signature, outbox)]
    return json.dumps(rows, ensure_ascii=False, default=lambda value: bytes(value).decode(errors="replace")
                      if isinstance(value, bytes | memoryview) else str(value))  # fmt: skip


def test_the_words_go_the_numbers_stay_and_other_peoples_proofs_verify(month: Month, tmp_path: Path) -> None:
    firm, result = month.firm, decided(month)
    month.sign(result)
    cycle, before = result.cycle_id, readable(month)
    assert all(each in before for each in SECRETS) and "three changes" in before and "张三" in before
    sha256 = result.sha256
    sequence(firm.app.engine, firm.app.keys, firm.now)
    assert erase(month, "zhang").done
    left = readable(month)
    for each in (*SECRETS, "three changes", "张三", "fake:zhang", sha256, "扣 40 分"):
        assert each not in left, each
    kept = month.firm.rows(tables.result)[-1]
    assert (kept["score"], kept["clause"], kept["answer"], kept["cycle_id"]) == ("70.5", "8.3", "signed", cycle)
    (appeal,) = firm.rows(tables.appeal)
    assert (appeal["outcome"], appeal["words"], appeal["reason"]) == ("upheld", "", "")
    (file,) = firm.rows(tables.file)
    assert (file["content"], file["sha256"], file["name"]) == (b"", "", "")
    assert {row["points"] for row in firm.rows(tables.line)} >= {"60", "95"}
    sequence(firm.app.engine, firm.app.keys, firm.now)
    out = tmp_path / "li.zip"
    assert export_person(firm.app, "fake", "li", out) > 0
    report = verify(out)
    assert report.ok, report.findings
    handed = b"\n".join(read_zip(out)[1].values()).decode(errors="replace")
    assert not [each for each in SECRETS if each in handed]


@lite
def test_who_scored_others_leaves_no_account_and_their_words_stay_with_whom_they_are_about(month: Month) -> None:
    result = month.told()
    assert erase(month, "li").done is True
    left = readable(month)
    assert "fake:li" not in left
    given = next(row for row in month.firm.rows(tables.review) if row["side"] == "manager")
    assert str(given["by_id"]).startswith("erased:") and given["comment"] == "辛苦了"
    assert str(month.firm.rows(tables.member)[0]["scorer_id"]).startswith("erased:")
    assert month.again(result).text == result.text  # 张三's own document is his proof as well


def test_an_open_appeal_keeps_everything_until_it_is_decided(month: Month) -> None:
    firm, ref = month.firm, month.person("zhang").ref
    appealed(month)
    assert "相关记录都会保留，不会删除" in as_text(month.seen("zhang")[-1])
    before = readable(month)
    found = erase(month, "zhang", ref)
    assert not found.done and "hold" in {each.kind for each in found.stays}
    assert all(each in readable(month) for each in SECRETS if each in before)
    with firm.app.engine.connect() as db:
        (hold,) = db.execute(sa.select(ev_hold)).mappings().all()
        (appeal,) = db.execute(sa.select(tables.appeal)).mappings().all()
    assert hold["subject"] == ref and appeal["id"] in hold["reason"] and hold["released_ms"] is None
    with month.ctx("stranger") as ctx:
        erasing.let_go(ctx, str(appeal["id"]))
        erasing.let_go(ctx, str(appeal["id"]))  # again: nothing
        assert "hold" not in {each.kind for each in stays(ctx.db, ref, firm.now)}
    assert [name for name, _ in month.events("hold.")] == ["hold.placed", "hold.released"]


@lite
def test_the_decision_ends_the_appeal_s_hold_and_no_other(month: Month) -> None:
    ref, firm = month.person("zhang").ref, month.firm
    with month.ctx("wang") as ctx:
        other = place_hold(ctx.db, ctx.keys, subject=ref, reason="仲裁", by="p:hr", now=ctx.now)
    decided(month)
    found = erase(month, "zhang", ref)
    assert [(each.kind, each.why) for each in found.stays] == [("hold", "仲裁")]
    assert WORDS in readable(month)
    with begin(firm.app.engine) as db:
        assert release_hold(db, firm.app.keys, hold_id=other, by="p:hr", now=firm.now)
        done = erase_person(db, firm.app.keys, subject=ref, now=firm.now, by="p:hr", request_event="e")
    assert done.done and WORDS not in readable(month)


@lite
def test_asked_for_in_chat_while_an_appeal_is_open_the_answer_says_what_stays(month: Month) -> None:
    appealed(month)
    month.say("zhang", "删除我的数据")
    month.tap("stranger", month.card("stranger", "请求删除个人信息"), "同意删除")
    told = month.last("zhang")
    assert "争议保全期间的全部记录" in told and "保全解除后处理" in told
    with month.firm.app.engine.connect() as db:
        assert db.execute(sa.select(sa.func.count()).where(ev_part.c.content.is_(None))).scalar() == 0
