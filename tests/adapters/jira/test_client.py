"""What a site may answer: the documented samples, limits, redirects, endless pages."""

from __future__ import annotations

import itertools
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.jira import client as module
from adapters.jira.client import Client, signed
from adapters.jira.progress import Jira
from bot.errors import PlatformError
from bot.ports.progress import Progress
from tests.adapters.dingtalk.fakes import Store
from tests.adapters.jira.site import JSON, Answer, Site, plain, running

SAMPLES = Path(module.__file__).with_name("samples")
ME = plain({"active": True})


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return found


def jira(site: Site, deployment: str = "cloud", field: str = "") -> Jira:
    return Jira(Client(site.url, signed(deployment, "bot@example.cn", "t0k"), Store()), deployment, field)


def answering(answer: Answer) -> Any:
    """A site that knows the account and answers everything else with `answer`."""
    return running(lambda path, body: ME if path.endswith("myself") else answer)


@pytest.mark.parametrize("name", ["cloud_search_page.json", "server_search_page.json"])
def test_a_documented_page_becomes_its_value(name: str) -> None:
    told = sample(name)
    means, kind = told["means"], told["deployment"]
    with answering((told["status"], told["headers"], json.dumps(told["answer"]).encode())) as site:
        found = jira(site, kind).progress(["project:APP"])["project:APP"]
        assert isinstance(found, Progress)
        assert (str(found.done), str(found.target), found.at.isoformat()) == (
            means["done"],
            means["target"],
            means["at"],
        )
        points = jira(site, kind, "customfield_10016").progress(["project:APP"])["project:APP"]
        if means["points"]:
            assert isinstance(points, Progress)
            assert (points.done, points.target) == tuple(Decimal(each) for each in means["points"])
        else:
            assert isinstance(points, PlatformError) and points.code == "jira.no_points"


@pytest.mark.parametrize("told", sample("refusals.json")["answers"], ids=lambda told: told["what"])
def test_a_documented_refusal_becomes_what_to_do(told: dict[str, Any]) -> None:
    with answering((told["status"], JSON | told["headers"], json.dumps(told["answer"]).encode())) as site:
        try:
            found = jira(site).progress(["jql:project = GONE"])["jql:project = GONE"]
        except PlatformError as error:
            found = error
    assert isinstance(found, PlatformError)
    assert (found.code, found.permanent, found.alarm) == (told["code"], told["permanent"], told["alarm"])
    assert told["names"] in found.hint
    assert found.permanent or found.retry_after == told["retry_after"]


def test_every_sample_names_its_source() -> None:
    assert all("developer.atlassian.com" in sample(path.name)["source"] for path in SAMPLES.glob("*.json"))


def test_each_deployment_signs_in_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password stolen\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with running(lambda path, body: ME) as site:
        for kind in ("cloud", "server"):
            Client(site.url, signed(kind, "bot@example.cn", "t0k"), Store()).get("/x")
    assert [each[2]["authorization"] for each in site.seen] == ["Basic Ym90QGV4YW1wbGUuY246dDBr", "Bearer t0k"]


def test_no_redirect_is_followed_and_no_credential_travels_on() -> None:
    with running(lambda path, body: plain({"issues": []})) as other:
        target = other.url + "/rest/api/3/myself"
        away = running(lambda path, body: (302, {"Location": target}, b""))
        with away as site, pytest.raises(PlatformError, match="HUIZHI_JIRA_BASE") as found:
            jira(site).progress(["APP-1"])
    assert other.seen == []
    assert found.value.permanent and found.value.alarm and other.url not in str(found.value)


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<html>{}</html>"),
        (200, {}, b"{}"),
        (200, JSON, b"<html></html>"),
        (200, JSON, b"[]"),
        (200, JSON, b'{"issues": NaN}'),
        (200, JSON, b'{"issues": "none"}'),
        (200, JSON, b'{"issues": [{"key": "APP-1"}]}'),
        (200, JSON, b'{"issues": [{"key": "A-1", "fields": {"updated": "yesterday", "status": {"statusCategory":'
                    b' {"key": "new"}}}}]}'),
        (200, JSON, b'{"issues": [{"key": "A-1", "fields": {"updated": "2026-06-11T09:16:00", "status":'
                    b' {"statusCategory": {"key": "new"}}}}]}'),
        (200, JSON, b"[" * 100_000),
    ],
)  # fmt: skip
def test_foreign_answers_are_passing_failures(answer: Answer) -> None:
    with answering(answer) as site, pytest.raises(PlatformError) as found:
        jira(site).progress(["project:APP"])
    assert (found.value.code, found.value.permanent) == ("garbled", False)


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100_000)
    with running(lambda path, body: (200, JSON, b" " * 400_000)) as site, pytest.raises(PlatformError) as found:
        Client(site.url, signed("server", "", "t"), Store()).get("/x")
    assert found.value.code == "too_long"


def test_a_dripping_answer_is_given_up() -> None:
    ticks: Iterator[float] = itertools.count(0, 30.0)
    with running(lambda path, body: (200, JSON, b" " * 200_000)) as site, pytest.raises(PlatformError) as found:
        Client(site.url, signed("server", "", "t"), Store(), ticks=lambda: next(ticks)).get("/x")
    assert (found.value.code, found.value.permanent) == ("slow", False)


def test_nobody_there_says_nothing_secret() -> None:
    with pytest.raises(PlatformError, match="network") as found:
        Client("http://127.0.0.1:9", signed("cloud", "bot@example.cn", "t0k"), Store()).get("/x")
    assert "127.0.0.1" not in str(found.value) and not found.value.permanent


def test_a_site_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", (1.0, 0.2))
    tired = threading.Event()

    def answer(path: str, body: dict[str, object]) -> Answer:
        tired.wait(5)
        return ME

    with running(answer) as site:
        with pytest.raises(PlatformError, match="Timeout") as found:
            Client(site.url, signed("server", "", "t"), Store()).get("/x")
        tired.set()
    assert (found.value.code, found.value.permanent) == ("network", False)


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    since = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, since, since + timedelta(days=9))
    signed_by_itself = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "site.pem").write_bytes(key.private_bytes(*form) + signed_by_itself.public_bytes(form[0]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "site.pem")
    with running(lambda path, body: ME, context) as site, pytest.raises(PlatformError, match="SSLError"):
        Client(site.url, signed("server", "", "t"), Store()).get("/x")
    assert site.seen == [], "the token was never sent"


def row(number: int) -> dict[str, Any]:
    status = {"statusCategory": {"key": "done"}}
    return {"key": f"APP-{number}", "fields": {"updated": "2026-06-11T09:16:00.000+0800", "status": status}}


def test_an_empty_page_with_a_token_is_not_the_end() -> None:
    def answer(path: str, body: dict[str, object]) -> Answer:
        if path.endswith("myself"):
            return ME
        token = body.get("nextPageToken")
        rows = {None: [], "a": [row(1)], "b": [row(1), row(2)]}[token]  # type: ignore[index]
        return plain({"issues": rows, **({"nextPageToken": "b" if token else "a"} if token != "b" else {})})

    with running(answer) as site:
        found = jira(site).progress(["project:APP"])["project:APP"]
    assert isinstance(found, Progress) and found.target == 2, "the issue that moved between pages counts once"


def test_a_token_that_comes_back_ends_the_search() -> None:
    endless = answering(plain({"issues": [row(1)], "nextPageToken": "same"}))
    with endless as site, pytest.raises(PlatformError, match="garbled"):
        jira(site).progress(["project:APP"])
    assert len(site.seen) == 3


def test_a_server_that_stops_half_way_is_not_believed() -> None:
    def answer(path: str, body: dict[str, object]) -> Answer:
        return ME if path.endswith("myself") else plain({"issues": [] if body["startAt"] else [row(1)], "total": 3})

    with running(answer) as site, pytest.raises(PlatformError, match="garbled"):
        jira(site, "server").progress(["project:APP"])


def test_too_many_issues_are_a_query_that_means_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.jira.progress.MOST", 3)
    with answering(plain({"issues": [row(each) for each in range(1, 6)]})) as site:
        found = jira(site).progress(["project:APP"])["project:APP"]
    assert isinstance(found, PlatformError) and found.code == "jira.too_many"
