"""Jira stand-in: its own page and control calls under /_sandbox/jira. Forms or JSON in, the page or JSON out."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from adapters.jira.sandbox_issues import STATES, Issues
from adapters.sandbox.state import Json

SWITCHES = ("html", "redirect", "captcha", "garbage")
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"


class Control:
    """Moves issues, deletes projects, switches odd answers on. 401, 429 and 500 are the shell's own faults."""

    def __init__(self, issues: Issues, blueprint: Blueprint) -> None:
        self.issues = issues
        for path, view, method in (
            ("", self.page, "GET"),
            ("/issues", self.look, "GET"),
            ("/issues", self.move, "POST"),
            ("/delete", self.delete, "POST"),
            ("/switches", self.switch, "POST"),
            ("/pages", self.pages, "POST"),
        ):
            name = f"{method}_control{path.replace('/', '_')}"
            blueprint.add_url_rule(f"/_sandbox/jira{path}", name, view, methods=[method])

    def page(self) -> ResponseReturnValue:
        rows = sorted(self.issues.all().values(), key=lambda each: str(each["key"]))
        body = render_template("jira_sandbox.html", issues=rows, states=list(STATES), switches=SWITCHES)
        return body, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}

    def look(self) -> ResponseReturnValue:
        return jsonify(list(self.issues.all().values()))

    def move(self) -> ResponseReturnValue:
        """{"key", "status" or other fields}: moves an issue, or makes it."""
        body = _body()
        key = str(body.pop("key", "")).upper()
        if not key.rpartition("-")[2].isdigit() or not key.rpartition("-")[0]:
            abort(400, "key like APP-1")
        return _done(self.issues.put(key, **body))

    def delete(self) -> ResponseReturnValue:
        """{"name": "APP" | "APP-3" | "APP/1.2"}."""
        return _done({"deleted": self.issues.delete(str(_body().get("name", "")))})

    def switch(self) -> ResponseReturnValue:
        """{"kind", "times"}: the next answers are a login page, a redirect, a captcha refusal or half a JSON."""
        body = _body()
        if body.get("kind") not in SWITCHES:
            abort(400, "kind is one of " + ", ".join(SWITCHES))
        self.issues.arm(str(body["kind"]), int(body.get("times", 1)))
        return _done({"ok": True})

    def pages(self) -> ResponseReturnValue:
        """{"size": 2}: pages of search results are no longer than this."""
        self.issues.world.store("jira.settings")["page"] = max(1, int(_body().get("size", 5000)))
        return _done({"ok": True})


def _body() -> Json:
    given = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    return dict(given) if isinstance(given, dict) else {}


def _done(answer: Json) -> ResponseReturnValue:
    return jsonify(answer) if request.is_json else redirect("/_sandbox/jira", 303)
