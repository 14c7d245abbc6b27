"""Who is meant: departments, tags, rules, files, minus exclusions; and the list that is frozen from it."""

from __future__ import annotations

import hashlib
import random

import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot import people
from bot.db import begin
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson
from bot.sheets import BadFile
from bot.tables import membership, person
from handlers.notices import store, tables as tb
from handlers.notices.composing import audience, drafts, freezing
from handlers.notices.composing.audience_rules import as_json, header_of, list_sha256, spec_of
from handlers.notices.store import Notice
from tests.handlers.notices.office import get, who
from tests.world import FIRM, Firm

DIRECTORY = (
    *FIRM,
    DirectoryPerson("a", "赵一", "li", ("平台组",), paths=(("研发", "平台组"),), tags=("党员",)),
    DirectoryPerson("b", "钱二", "li", ("研发二部",), paths=(("研发二部",),), tags=("党员", "司机")),
    DirectoryPerson("c", "孙三", "a", ("50%_组",), paths=(("50%_组",), ("研发", "平台组"))),
)


def sync(firm: Firm, directory: tuple[DirectoryPerson, ...] = DIRECTORY) -> None:
    with begin(firm.app.engine) as db:
        people.sync(db, "fake", directory, {"wang": "hr"})


def names(firm: Firm, **raw: object) -> list[str]:
    with firm.app.engine.connect() as db:
        return [each.user_id for each in audience.resolve(db, raw).people]


def test_a_department_holds_what_is_below_it_and_nothing_beside_it(firm: Firm) -> None:
    sync(firm)
    assert names(firm, into={"departments": ["研发"]}) == ["a", "c", "li", "zhang"]
    assert names(firm, into={"departments": ["研发/平台组"]}) == ["a", "c"]
    assert names(firm, into={"departments": ["50%_组"]}) == ["c"]
    assert names(firm, into={"tags": ["党员"]}, minus={"tags": ["司机"]}) == ["a"]
    assert names(firm, into={"team_of": ["fake:li"]}) == ["a", "b", "zhang"]
    assert names(firm, into={"roles": ["hr"], "people": ["fake:a"]}, minus={"people": ["fake:wang"]}) == ["a"]
    assert names(firm, into={"everybody": True}, platforms=["elsewhere"]) == []
    assert names(firm) == []


def test_overlaps_count_once_and_slips_of_the_pen_are_named(firm: Firm) -> None:
    sync(firm)
    raw = {
        "into": {"departments": ["研发", "不存在"], "people": ["fake:a", "fake:nobody"]},
        "minus": {"people": ["fake:li"]},
    }
    with firm.app.engine.connect() as db:
        found = audience.resolve(db, raw)
    assert [each.user_id for each in found.people] == ["a", "c", "zhang"]
    assert found.excluded == 1
    assert found.unknown == ("不存在", "fake:nobody")


def test_forty_thousand_named_people_are_one_statement(firm: Firm) -> None:
    sync(firm)
    ids = [f"fake:x{at}" for at in range(40_000)] + ["fake:b"]
    assert names(firm, into={"people": ids}) == ["b"]


def test_a_second_sync_writes_only_what_changed(firm: Firm) -> None:
    sync(firm)
    before = sorted(map(str, firm.rows(membership)))
    sync(firm)
    assert sorted(map(str, firm.rows(membership))) == before
    moved = tuple(
        DirectoryPerson("a", "赵一", "li", ("人事",), paths=(("人事",),)) if each.user_id == "a" else each
        for each in DIRECTORY
        if each.user_id != "b"
    )
    sync(firm, moved)
    rows = {(row["person_id"], row["name"]) for row in firm.rows(membership)}
    assert ("fake:a", "人事") in rows
    assert not [name for one, name in rows if one == "fake:b" or (one == "fake:a" and name != "人事")]
    active = {row["id"]: row["active"] for row in firm.rows(person)}
    assert active["fake:b"] in (False, 0)
    assert active["fake:a"]


def test_rows_of_a_file_have_errors_of_their_own(firm: Firm) -> None:
    sync(firm)
    with firm.app.engine.connect() as db:
        found = audience.imported(db, "账号,姓名\na,赵一\nA,\n,钱二\nnobody,\n,\n".encode("gb18030"))
        assert found.people == ("fake:a", "fake:b")
        assert [row for row, _ in found.errors] == [3, 5]
        assert "第 2 行" in found.errors[0][1]
        assert "nobody" in found.errors[1][1]
        with pytest.raises(ValueError, match="薪资"):
            audience.imported(db, "账号,薪资\na,1\n".encode())
        with pytest.raises(ValueError, match="空"):
            audience.imported(db, b"")
        with pytest.raises(BadFile):
            audience.imported(db, b"PK\x03\x04 not a book")


def test_two_of_one_name_are_never_guessed(firm: Firm) -> None:
    sync(firm, (*DIRECTORY, DirectoryPerson("b2", "钱二", "li", ("研发",))))
    with firm.app.engine.connect() as db:
        found = audience.imported(db, "姓名\n钱二\n".encode())
    assert found.people == ()
    assert "2 个人" in found.errors[0][1]


def test_the_list_is_frozen_with_its_hash_and_only_the_rule_adds_anybody(firm: Firm) -> None:
    sync(firm)
    draft = drafts.Draft({"zh": ("制度", "正文")}, audience={"into": {"departments": ["研发"]}}, joiners="deadline",
                         deadline=firm.now.replace(day=20))  # fmt: skip
    with firm.app.context(who(firm, "wang")) as ctx:
        notice_id = drafts.create(ctx, draft)
        frozen = freezing.freeze(ctx, get_in(ctx.db, notice_id))
    lines = "fake:a\nfake:c\nfake:li\nfake:zhang\n"
    assert frozen.list_sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert frozen.people == 4
    sync(firm, (*DIRECTORY, DirectoryPerson("new", "新人", "li", ("研发",))))
    with firm.app.context() as ctx:
        assert freezing.joined(ctx, get(firm, notice_id)) == 1
        assert freezing.joined(ctx, get_in(ctx.db, notice_id)) == 0
    rows = {row["user_id"]: row["late_joiner"] for row in firm.rows(tb.recipient)}
    assert {user for user, late in rows.items() if late} == {"new"}
    assert get(firm, notice_id).list_sha256 == frozen.list_sha256
    with firm.app.engine.connect() as db:
        types = set(db.execute(sa.select(ev_event.c.type)).scalars())
    assert {"notice.composed", "notice.frozen", "notice.joined"} <= types


def get_in(db: sa.Connection, notice_id: str) -> Notice:
    found = store.get(db, notice_id)
    assert found
    return found


@given(st.lists(st.tuples(st.sampled_from(["wecom", "dingtalk"]), st.text(min_size=1)), unique=True), st.randoms())
def test_the_hash_does_not_depend_on_the_order(accounts: list[tuple[str, str]], chance: random.Random) -> None:
    shuffled = list(accounts)
    chance.shuffle(shuffled)
    try:
        assert list_sha256(shuffled) == list_sha256(accounts)
    except UnicodeEncodeError:
        assert any("\ud800" <= c <= "\udfff" for _, user in accounts for c in user)


def test_an_audience_is_read_strictly_and_comes_back_the_same() -> None:
    raw = {"into": {"everybody": True, "tags": ["x"]}, "minus": {"people": ["a"]}, "locales": ["en"]}
    assert spec_of(as_json(spec_of(raw))) == spec_of(raw)
    bad: tuple[dict[str, object], ...]
    bad = ({"to": {}}, {"into": {"departement": []}}, {"into": {"tags": "abc"}}, {"into": "x"})
    for wrong in bad:
        with pytest.raises(ValueError, match="对象"):
            spec_of(wrong)
    with pytest.raises(ValueError, match="两次"):
        header_of(["账号", "工号"])
