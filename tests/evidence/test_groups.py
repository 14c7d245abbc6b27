"""The daily checkpoint line in group chats of both platforms: real adapters, the sandbox over HTTP, both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters import dingtalk, wecom
from adapters.dingtalk.sandbox_groups import CHAT, NAME
from adapters.sandbox.app import Running, start
from bot import anchors
from bot.context import Context
from bot.errors import PlatformError
from bot.evidence.package_proofs import add_proofs
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_anchor, ev_checkpoint, ev_event, ev_part, ev_post
from bot.evidence.vault import vault_of
from bot.ports import Groups
from bot.receipts import checkpoint_line
from bot.store import RedisStore
from config.settings import SettingsError, load, sandbox_env
from tests.world import Firm

EVENING = datetime(2026, 6, 11, 10, 0, tzinfo=UTC)  # 18:00 in Shanghai
HR_GROUP = "hrgroup"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    found = start(load(sandbox_env("http://127.0.0.1:1")))
    yield found
    found.stop()


@dataclass
class Place:
    """A firm whose two platforms are the sandbox's."""

    firm: Firm
    url: str

    def ask(self, what: str, method: str = "POST", **body: Any) -> Any:
        return requests.request(method, f"{self.url}/_sandbox/{what}", json=body or None, timeout=10).json()

    def shown(self, user: str) -> list[tuple[str, str]]:
        """(group, text) of the group messages on somebody's phone."""
        people = self.ask("phones", "GET")["people"]
        bubbles = next(each["bubbles"] for each in people if each["id"] == user)
        return [(each["group"], each["text"]) for each in bubbles if each.get("group")]

    def record(self) -> str:
        """One event and its checkpoint; returns the line."""
        with self.firm.app.context() as ctx:
            ctx.record("system.health", "health")
        sequence(self.firm.app.engine, self.firm.app.keys, self.firm.now)
        return newest_line(self.firm)

    def rows(self) -> list[tuple[object, object]]:
        return [(row["target"], row["state"]) for row in self.firm.rows(ev_post)]

    def events(self, kind: str) -> list[dict[str, object]]:
        return [row for row in self.firm.rows(ev_event) if row["type"] == kind]


def newest_line(firm: Firm) -> str:
    rows = sorted(firm.rows(ev_checkpoint), key=lambda row: int(str(row["size"])))
    return checkpoint_line(str(rows[-1]["note"]))


@pytest.fixture
def place(firm: Firm, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("HUIZHI_CLOCK_FILE", str(tmp_path / "clock"))
    running.world.reset()
    chats = {"HUIZHI_CHECKPOINT_TO": "", "HUIZHI_CHECKPOINT_CHATS": f"wecom:{HR_GROUP}, dingtalk:{CHAT}"}
    settings = load(sandbox_env(running.url) | chats)
    store = RedisStore(firm.app.redis)
    firm.app.settings = settings
    firm.app.platforms = {"wecom": wecom.build(settings, store), "dingtalk": dingtalk.build(settings, store)}
    token = {"corpid": settings.wecom_corp_id, "corpsecret": settings.wecom_secret}
    given = requests.get(f"{running.url}/cgi-bin/gettoken", token, timeout=10).json()["access_token"]
    made = {"chatid": HR_GROUP, "name": "人事与员工代表", "userlist": ["wang", "li"]}
    answer = requests.post(
        f"{running.url}/cgi-bin/appchat/create", params={"access_token": given}, json=made, timeout=10
    )
    assert answer.json()["errcode"] == 0
    firm.now = EVENING
    return Place(firm, running.url)


def test_the_line_reaches_every_member_of_the_groups_once_a_day_and_is_an_anchor(place: Place) -> None:
    firm, line = place.firm, place.record()
    assert all(isinstance(each, Groups) for each in firm.app.platforms.values())
    firm.now = EVENING - timedelta(minutes=1)
    assert anchors.post(firm.app) == 0
    firm.now = EVENING
    assert [anchors.post(firm.app), anchors.post(firm.app)] == [2, 0]
    for user, group in (("wang", "人事与员工代表"), ("li", "人事与员工代表"), ("wu", NAME), ("sun", NAME)):
        ((where, text),) = place.shown(user)
        assert where == group
        assert text.split("\n")[:2] == ["存证检查点 2026-06-11", line]
    assert place.shown("zhangsan") == []
    found = {row["target"]: row for row in firm.rows(ev_anchor)}
    assert set(found) == {f"wecom:{HR_GROUP}", f"dingtalk:{CHAT}"}
    assert {row["kind"] for row in found.values()} == {"group"}
    said = place.events("anchor.posted")
    assert len(said) == 2 and all(row["object_id"] == "anchor:group" for row in said)
    firm.now += timedelta(days=1)
    assert anchors.post(firm.app) == 2
    assert len(place.shown("sun")) == 2


def test_a_group_anchor_goes_into_the_package(place: Place) -> None:
    firm = place.firm
    place.record()
    anchors.post(firm.app)
    files: dict[str, bytes] = {}
    with firm.app.engine.connect() as conn:
        events = list(conn.execute(ev_event.select().where(ev_event.c.log_index.is_not(None))))
        made = add_proofs(conn, files, events, ())
    assert {row.target for row in made.anchors} == {f"wecom:{HR_GROUP}", f"dingtalk:{CHAT}"}


def test_an_outage_is_said_once_and_the_line_follows_when_it_is_over(place: Place) -> None:
    firm = place.firm
    place.record()
    place.ask("faults", kind="rate_limit", times=99, match="appchat/send")
    anchors.post(firm.app)
    assert place.shown("wang") == [] and len(place.shown("wu")) == 1
    assert anchors.post(firm.app) == 0
    assert len(place.events("anchor.post_failed")) == 1, "the pause is kept: nothing was asked again"
    firm.now += timedelta(minutes=11)
    anchors.post(firm.app)
    assert [row["failures"] for row in firm.rows(ev_post) if row["state"] == "queued"] == [2]
    assert len(place.events("anchor.post_failed")) == 1
    place.ask("faults", "DELETE")
    firm.now += timedelta(minutes=11)
    anchors.post(firm.app)
    assert len(place.shown("wang")) == 1 and {state for _, state in place.rows()} == {"sent"}


def test_tomorrows_line_takes_the_place_of_one_that_never_got_through(place: Place) -> None:
    firm = place.firm
    place.record()
    place.ask("faults", kind="rate_limit", times=99, match="groupMessages/send")
    anchors.post(firm.app)
    firm.now += timedelta(days=1)
    line = place.record()
    place.ask("faults", "DELETE")
    anchors.post(firm.app)
    ((_, text),) = place.shown("wu")
    assert line in text and (f"dingtalk:{CHAT}", "replaced") in place.rows()


@pytest.mark.parametrize("chat", ["wecom:nosuchgroup", "dingtalk:cidUnknown==", "sms:1", "wecom:no+letters"])
def test_a_group_that_is_not_there_is_given_up_for_the_day_and_said(place: Place, chat: str) -> None:
    firm = place.firm
    firm.app.settings = firm.app.settings.model_copy(update={"checkpoint_chats": (chat,)})
    place.record()
    anchors.post(firm.app)
    firm.now += timedelta(hours=2)
    anchors.post(firm.app)
    assert place.rows() == [(chat, "refused")]
    (said,) = place.events("anchor.post_failed")
    assert f'"target":"{chat}"' in str(said["envelope"])
    assert firm.rows(ev_anchor) == []


def test_a_worker_that_died_after_posting_posts_again_and_nothing_is_lost(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = place.firm
    place.record()
    record = Context.record

    def dies(ctx: Context, type: str, matter: str, **more: Any) -> str:
        if type == "anchor.posted":
            raise KeyboardInterrupt
        return record(ctx, type, matter, **more)

    with monkeypatch.context() as dying:
        dying.setattr(Context, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            anchors.post(firm.app)
    assert firm.rows(ev_anchor) == []
    firm.now += timedelta(minutes=2)
    anchors.post(firm.app)
    assert {state for _, state in place.rows()} == {"sent"} and len(firm.rows(ev_anchor)) == 2


def test_a_text_over_the_limit_is_refused_before_it_is_cut(place: Place) -> None:
    for platform, chat, size in (("wecom", HR_GROUP, 2049), ("dingtalk", CHAT, 15_001)):
        speaker = place.firm.app.platforms[platform]
        assert isinstance(speaker, Groups)
        with pytest.raises(PlatformError) as refused:
            speaker.post(chat, "x" * size, "k")
        assert (refused.value.code, refused.value.permanent) == ("too_long", True)


def test_the_vendors_answer_is_kept_as_a_part(place: Place) -> None:
    firm = place.firm
    place.record()
    anchors.post(firm.app)
    with firm.app.engine.connect() as conn:
        rows = conn.execute(ev_part.select().where(ev_part.c.name == "answer.json")).all()
        answers = [vault_of(firm.app.keys.key_dir).open_part(conn, row) for row in rows]
    assert any(b"processQueryKey" in (each or b"") for each in answers)


def test_a_chat_without_its_platform_is_no_setting() -> None:
    with pytest.raises(SettingsError, match="HUIZHI_CHECKPOINT_CHATS"):
        load(sandbox_env("http://127.0.0.1:1") | {"HUIZHI_CHECKPOINT_CHATS": "hrgroup"})
