"""Jira as the real adapter sees it: Cloud (REST v3) or Server (REST v2), whichever the settings name. A small page at
/_sandbox/jira moves issues, deletes projects and switches faults on.

Docs (developer.atlassian.com): Jira Cloud REST API v3 "Issue search", "Issues", "Myself", "Server info", "Rate
limiting"; Jira Data Center REST API v2 "search". A stranger is served as on the real sites: what is public, here
nothing, with X-Seraph-LoginReason saying why.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, after_this_request, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from adapters.jira.sandbox_control import Control
from adapters.jira.sandbox_issues import BadQuery, Issues, shown
from adapters.sandbox.state import Bubble, Json, Person, World
from adapters.sandbox.vendor import Courier

if TYPE_CHECKING:
    from config.settings import Settings

NOT_FOUND = "Issue does not exist or you do not have permission to see it."
REMOVED = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
SERVER_CAP = 50
"""What this server gives at most per page, whatever is asked for: the real ones are capped by their administrators."""


class JiraSite:
    """The vendor as the shell drives it. No phone belongs to it."""

    name = "jira"
    prefixes: tuple[str, ...] = ("/rest/api/",)

    def __init__(self, settings: Settings, world: World, blueprint: Blueprint) -> None:
        self.settings, self.world, self.blueprint = settings, world, blueprint
        self.issues = Issues(world)
        Control(self.issues, blueprint)
        for version in ("2", "3"):
            self._route(version, "GET", "myself", self.myself)
            self._route(version, "GET", "serverInfo", self.server_info)
            self._route(version, "GET", "issue/<key>", self.issue)
        self._route("3", "POST", "search/jql", self.search_jql)
        self._route("2", "POST", "search", self.search)
        self._route("3", "POST", "search", self.removed)

    def start(self) -> str:
        return ""

    def stop(self) -> None:
        return

    def disconnect(self) -> None:
        return

    def fault(self, kind: str, path: str, code: str = "") -> tuple[Json, int]:
        """One injected refusal; "refuse" carries an HTTP status as its code."""
        if kind == "rate_limit":
            _header("Retry-After", "17")
            _header("X-RateLimit-NearLimit", "true")
            return errors("Rate limit exceeded"), 429
        if kind == "expired_token":
            _header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
            return {"message": "Client must be authenticated to access this resource.", "status-code": 401}, 401
        if kind in ("no_permission", "ip_untrusted"):
            return errors("Forbidden"), 403
        return errors("refused on request"), int(code) if code.isdigit() and 400 <= int(code) < 600 else 400

    def click(self, person: Person, bubble: Bubble, key: str, form: Json) -> Json:
        return {"status": 404, "answer": ""}

    def read(self, person: Person, bubble: Bubble) -> Json:
        return {"status": 404, "answer": ""}

    def say(self, person: Person, text: str) -> Json:
        return {"status": 404, "answer": ""}

    def hand(self, person: Person, kind: str, name: str, content: bytes) -> Json:
        return {"status": 404, "answer": ""}

    def punched(self, person: Person, at: datetime) -> None:
        return

    def _route(self, version: str, method: str, path: str, answer: Callable[..., ResponseReturnValue]) -> None:
        def view(**parts: str) -> ResponseReturnValue:
            if odd := self._switched():
                return odd
            if (version == "2") != self._server():
                # Cloud still speaks v2; only its search is gone. A server has never heard of v3.
                if version == "3":
                    return jsonify(errors("null for uri")), 404
                if path == "search":
                    return jsonify(errors(REMOVED)), 410
            return answer(**parts)

        name = f"{method}_{version}_{path.replace('/', '_').replace('<', '').replace('>', '')}"
        self.blueprint.add_url_rule(f"/rest/api/{version}/{path}", name, view, methods=[method])

    def _server(self) -> bool:
        return self.settings.jira_deployment == "server"

    def _switched(self) -> ResponseReturnValue | None:
        """Answers a proxy or a login page gives instead of Jira."""
        kind = self.issues.switch()
        if kind == "html":
            return Response("<!doctype html><title>Log in</title>", 200, content_type="text/html; charset=UTF-8")
        if kind == "redirect":
            return redirect("https://login.example.com/login?dest=jira", 302)
        if kind == "captcha":
            _header("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")
            return jsonify(errors("Basic auth with CAPTCHA required")), 403
        if kind == "garbage":
            return Response('{"issues": [', 200, content_type="application/json")
        return None

    def _known(self) -> bool:
        """Cloud: basic with address and token; server: the token as bearer."""
        mail, token = self.settings.jira_mail, self.settings.jira_token
        pair = base64.b64encode(f"{mail}:{token}".encode()).decode()
        wanted = f"Bearer {token}" if self._server() else f"Basic {pair}"
        good = secrets.compare_digest(request.headers.get("Authorization", "").encode(), wanted.encode())
        if not good:
            _header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
        return good

    def myself(self) -> ResponseReturnValue:
        if not self._known():
            return jsonify(
                {"message": "Client must be authenticated to access this resource.", "status-code": 401}
            ), 401
        me = {
            "displayName": "HR Bot",
            "emailAddress": self.settings.jira_mail,
            "active": True,
            "timeZone": "Asia/Shanghai",
        }
        return jsonify(me | ({"name": "hr-bot"} if self._server() else {"accountId": "5b10a2844c20165700ede21g"}))

    def server_info(self) -> ResponseReturnValue:
        kind, version = ("Server", "9.12.4") if self._server() else ("Cloud", "1001.0.0-SNAPSHOT")
        return jsonify({"baseUrl": request.host_url.rstrip("/"), "version": version, "deploymentType": kind})

    def issue(self, key: str) -> ResponseReturnValue:
        found = self.issues.find(key) if self._known() else None
        if found is None:
            return jsonify(errors(NOT_FOUND)), 404
        return jsonify(shown(found, request.args.get("fields", "").split(","), request.host_url))

    def search_jql(self) -> ResponseReturnValue:
        """Token paging, no total; without `fields` only ids come back. A page may be shorter than asked for."""
        body: Json = request.get_json(force=True)
        try:
            rows = self._matching(body)
        except BadQuery as wrong:
            return jsonify(errors(str(wrong))), 400
        size = min(int(body.get("maxResults", 50)), self.issues.page_size())
        start = int(str(body.get("nextPageToken") or "t0")[1:])
        page = {"issues": self._shown(rows[start : start + size], body), "isLast": start + size >= len(rows)}
        if start + size < len(rows):
            page["nextPageToken"] = f"t{start + size}"
        return jsonify(page)

    def search(self) -> ResponseReturnValue:
        """startAt and total; the page is capped by the server."""
        body: Json = request.get_json(force=True)
        try:
            rows = self._matching(body)
        except BadQuery as wrong:
            return jsonify(errors(str(wrong))), 400
        start, size = (
            int(body.get("startAt", 0)),
            min(int(body.get("maxResults", 50)), SERVER_CAP, self.issues.page_size()),
        )
        page = self._shown(rows[start : start + size], body)
        return jsonify({"startAt": start, "maxResults": size, "total": len(rows), "issues": page})

    def removed(self) -> ResponseReturnValue:
        return jsonify(errors(REMOVED)), 410

    def _matching(self, body: Json) -> list[Json]:
        return self.issues.query(str(body.get("jql", "")), server=self._server()) if self._known() else []

    def _shown(self, rows: list[Json], body: Json) -> list[Json]:
        return [shown(each, list(body.get("fields", ["id"])), request.host_url) for each in rows]


def errors(text: str) -> Json:
    """Jira's error collection."""
    return {"errorMessages": [text], "errors": {}}


def _header(name: str, value: str) -> None:
    @after_this_request
    def add(response: Response) -> Response:
        response.headers[name] = value
        return response


def build(settings: Settings, world: World, courier: Courier) -> JiraSite:
    """Found and called by the shell."""
    return JiraSite(settings, world, Blueprint("jira", __name__, template_folder="templates"))
