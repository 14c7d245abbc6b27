"""The leaver's link: opened by HR after an identity check, useless without its code, and only to the own record."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from bot import access, leaver
from bot.cli import privacy as cli_privacy
from bot.evidence.tables import ev_part
from bot.evidence.vault import open_vault
from bot.leaver import codes as leaver_codes
from bot.tables import leaver_link, outbox, person as person_table
from tests.web.leaving import MOBILE, ZHANG, Leaving, gone, lite
from tests.web.office import csrf
from tests.world import Firm


@pytest.fixture
def leaving(firm: Firm) -> Iterator[Leaving]:
    with gone(firm) as found:
        yield found


def test_hr_states_how_the_identity_was_checked_and_gets_a_link_once(leaving: Leaving) -> None:
    page = leaving.office.browser("wang").get(ZHANG).text
    assert "为本人开通查看链接" in page and "当面看了身份证件" in page and "验证码只能由您转交" in page
    path, code = leaving.link(how="representative", note="代理人赵律师，委托书编号 7")
    checked, opened, handed = leaving.events("identity.")
    assert (checked["type"], opened["type"], handed["type"]) == (
        "identity.verified",
        "identity.link_opened",
        "identity.code_handed",
    )
    wang, zhang = leaving.office.person("wang"), leaving.office.person("zhang")
    assert (checked["actor"], checked["subject"], checked["source"]["how"]) == (wang.ref, zhang.ref, "representative")
    assert checked["source"]["until"].startswith("2026-06-18") and opened["source"]["way"] == "hand"
    (row,) = leaving.firm.rows(leaver_link)
    kept = json.dumps([row, leaving.firm.rows(outbox)], default=str)
    assert path.rsplit("/", 1)[1] not in kept and f'"{code}"' not in kept and len(path.rsplit("/", 1)[1]) >= 43
    assert "链接" in leaving.office.browser("wang").get(ZHANG).text
    assert "代理人赵律师" not in leaving.office.browser("li").get("/people").text


@lite
@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"how": ""}, "请选择身份核验方式"),
        ({"how": "i_know_him"}, "请选择身份核验方式"),
        ({"way": "sms"}, "这个地址没有确认过"),
        ({"how": "representative"}, "请在备注里写明代理人"),
        ({"note": "长" * 301}, "300 字以内"),
    ],
)
def test_nothing_is_opened_unless_everything_is_stated(leaving: Leaving, form: dict[str, str], said: str) -> None:
    answer = leaving.open(**form)
    assert answer.status_code == 400 and said in answer.text
    assert leaving.firm.rows(leaver_link) == [] and leaving.events("identity.") == []


@lite
def test_only_hr_opens_links_and_only_for_people_who_left(leaving: Leaving) -> None:
    for viewer in ("li", "stranger"):
        assert leaving.open(viewer).status_code == 404
        assert "开通" not in leaving.office.browser(viewer).get(ZHANG).text
    with leaving.office.writing() as connection:
        connection.execute(sa.update(person_table).where(person_table.c.id == "fake:zhang").values(active=True))
    assert "仍在职" in leaving.open().text
    assert leaving.firm.rows(leaver_link) == []


@lite
def test_hr_finds_those_who_left_and_nobody_else_does(leaving: Leaving) -> None:
    assert "张三" in leaving.office.browser("wang").get("/people").text.split("已离职")[1]
    assert "张三" not in leaving.office.browser("li").get("/people", follow_redirects=True).text
    with leaving.firm.app.engine.connect() as connection:
        assert [each.name for each in access.gone(connection, leaving.office.person("wang"), "张")] == ["张三"]
        assert access.gone(connection, leaving.office.person("stranger")) == []


def test_a_forwarded_link_without_the_code_shows_nothing(leaving: Leaving) -> None:
    leaving.confirm_mobile()
    path, code = leaving.link(way="sms")
    assert code == ""
    for method in (leaving.visitor.get, leaving.visitor.post):
        page = method(path).text
        assert "六位验证码" in page
        assert all(secret not in page for secret in ("张三", MOBILE, MOBILE[-4:], "机房抢修", "王HR"))
    assert leaving.visitor.get("/leaver").status_code == 401
    assert leaving.events("access.") == [] and leaving.gateway.texts == []


def test_the_code_goes_to_the_confirmed_number_and_works_once(leaving: Leaving) -> None:
    leaving.confirm_mobile()
    page = leaving.office.browser("wang").get(ZHANG).text
    assert "139****0001" in page and MOBILE not in page
    path, _ = leaving.link(way="sms")
    assert "正在发出" in leaving.visitor.post(f"{path}/code").text
    assert "等一分钟" in leaving.visitor.post(f"{path}/code").text
    code = leaving.text_code()
    assert leaving.gateway.texts[-1][0] == MOBILE and len(leaving.gateway.texts) == 1
    assert leaving.give(path, f" {code[:3]} {code[3:]} ").headers["Location"] == "/leaver"
    assert "机房抢修，9:02 到的" in leaving.visitor.get("/leaver").text
    assert "先获取新的验证码" in leaving.give(path, code, leaving.office.browser()).text
    assert leaving.types("identity.") == ["identity.verified", "identity.link_opened", "identity.code_sent"]
    with leaving.firm.app.engine.connect() as connection:
        contents = [row.content for row in connection.execute(sa.select(ev_part))]
        vault = open_vault(leaving.firm.app.keys.key_dir)
        plain = [vault.open_part(connection, row) or b"" for row in connection.execute(sa.select(ev_part)).all()]
    assert contents and not [each for each in plain if code.encode() in each]


@lite
def test_a_code_runs_out_and_is_sent_five_times_at_most(leaving: Leaving) -> None:
    leaving.confirm_mobile()
    path, _ = leaving.link(way="sms")
    for _ in range(5):
        assert "正在发出" in leaving.visitor.post(f"{path}/code").text
        code = leaving.text_code()
        leaving.firm.pass_time(minutes=2)
    assert "次数用完了" in leaving.visitor.post(f"{path}/code").text
    leaving.firm.pass_time(minutes=9)
    assert "先获取新的验证码" in leaving.give(path, code).text
    assert len(leaving.gateway.texts) == 5


@lite
@pytest.mark.parametrize(
    "over", [{"state": "withdrawn"}, {"scope": json.dumps({"account": "fake:other", "mobile": MOBILE})}]
)
def test_an_address_that_does_not_count_any_more_gets_no_code(leaving: Leaving, over: dict[str, str]) -> None:
    leaving.confirm_mobile(**over)
    assert "没有确认过" in leaving.open(way="sms").text


def test_five_wrong_codes_lock_the_link_and_tell_hr(leaving: Leaving) -> None:
    path, code = leaving.link()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(4):
        answer = leaving.give(path, wrong)
        assert answer.status_code == 403 and "验证码不对" in answer.text
    assert "已锁定" in leaving.give(path, wrong).text
    assert "已锁定" in leaving.give(path, code).text and "已锁定" in leaving.visitor.get(path).text
    assert leaving.types("identity.")[3:] == ["identity.code_wrong"] * 5 + ["identity.link_locked"]
    assert "验证码连续输错 5 次" in leaving.card("wang", "张三 的查看链接已锁定").text
    assert leaving.types("access.link") == []


def test_tries_at_the_same_time_are_not_free(leaving: Leaving) -> None:
    """Ten who type at once, each with another number: five are looked at."""
    path, code = leaving.link()
    token, start, outcomes = path.rsplit("/", 1)[1], threading.Barrier(10), list[str]()

    def one(number: int) -> None:
        with leaving.firm.app.engine.connect() as connection:
            link = leaver.find(connection, token)
        assert link
        start.wait()
        with leaving.firm.app.context() as ctx:
            guess = f"{(int(code) + number) % 1_000_000:06}"
            outcomes.append(leaver_codes.try_code(ctx, link, leaving.office.person("zhang"), token, guess))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(1, 11)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["locked"] * 6 + ["wrong"] * 4
    assert leaving.types("identity.code_wrong") == ["identity.code_wrong"] * 5


def test_a_right_code_forgets_the_wrong_ones(leaving: Leaving) -> None:
    path, code = leaving.link()
    for _ in range(3):
        for _ in range(4):
            leaving.give(path, "abc")
        assert leaving.give(path, code).status_code == 303
        leaving.firm.pass_time(minutes=2)


@lite
@pytest.mark.parametrize(
    ("what", "status", "said"),
    [
        ("expired", 410, "链接已过期"),
        ("revoked", 410, "链接已停用"),
        ("newer", 410, "链接已停用"),
        ("back", 403, "请用工作账号登录"),
        ("cut", 404, "没有复制完整"),
    ],
)
def test_a_link_that_does_not_work_says_why_and_what_to_do(leaving: Leaving, what: str, status: int, said: str) -> None:
    path, code = leaving.link()
    assert leaving.give(path, code).status_code == 303
    if what == "expired":
        leaving.firm.pass_time(days=7)
        leaving.visitor = leaving.office.browser()
    elif what == "revoked":
        (row,) = leaving.firm.rows(leaver_link)
        wang = leaving.office.browser("wang")
        data = {"csrf": csrf(wang.get(ZHANG).text)}
        assert wang.post(f"{ZHANG}/leaver-link/{row['id']}/revoke", data=data).status_code == 303
        assert leaving.types("identity.link_revoked")
    elif what == "newer":
        leaving.link()
    elif what == "back":
        with leaving.office.writing() as connection:
            connection.execute(sa.update(person_table).where(person_table.c.id == "fake:zhang").values(active=True))
    shown = path[:-3] if what == "cut" else path
    for answer in (leaving.visitor.get(shown), leaving.give(shown, code), leaving.visitor.post(f"{shown}/code")):
        assert answer.status_code == status and said in answer.text, answer.text
        assert ('href="/in"' in answer.text) == (what == "back")
    if what not in ("cut", "expired"):
        inside = leaving.visitor.get("/leaver")
        assert inside.status_code == status and said in inside.text and "机房抢修" not in inside.text


@lite
def test_guessing_is_slowed_down(leaving: Leaving) -> None:
    answers = [leaving.visitor.post("/l/nothing", data={"code": "1"}).status_code for _ in range(21)]
    assert set(answers[:20]) == {404} and answers[20] == 429


@lite
def test_the_command_opens_a_link_too(leaving: Leaving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_privacy, "application", lambda: leaving.firm.app)

    def call(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli_privacy.privacy, ["leaver-link", "fake:zhang", *words])
        return done.exit_code, done.output

    assert tuple(leaver.HOWS) == cli_privacy.HOWS
    code, refused = call("--by", "fake:li", "--checked", "id_in_person")
    assert code == 1 and "只有 HR" in refused and leaving.firm.rows(leaver_link) == []
    code, output = call("--by", "fake:wang", "--checked", "id_in_video", "--json")
    opened = json.loads(output)
    assert code == 0 and leaving.events("identity.verified")[0]["source"]["how"] == "id_in_video"
    assert leaving.give("/l/" + opened["link"].rsplit("/", 1)[1], opened["code"]).status_code == 303
    code, output = call("--by", "fake:wang", "--revoke")
    assert code == 0 and leaving.visitor.get("/leaver").status_code == 410
