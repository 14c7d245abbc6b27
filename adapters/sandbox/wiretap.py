"""Between the socket and the vendors: injects faults, and writes every exchange down with its secrets masked."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, request

from adapters.sandbox.state import World
from adapters.sandbox.vendor import Vendor

SECRETS = frozenset(
    (
        "access_token",
        "accesstoken",
        "corpsecret",
        "appsecret",
        "clientsecret",
        "client_secret",
        "ticket",
        "apisecret",
        "x-acs-dingtalk-access-token",
        "jsapiticket",
    )
)
SLOW_SECONDS = 3.0
TOKEN_PATHS = ("/cgi-bin/gettoken", "/gettoken", "/v1.0/oauth2", "/v1.0/gateway")


def mask(value: Any) -> Any:
    """The same structure with every secret value replaced by its first four characters."""
    if isinstance(value, Mapping):
        return {key: _dots(each) if str(key).lower() in SECRETS else mask(each) for key, each in value.items()}
    return [mask(each) for each in value] if isinstance(value, list) else value


def _dots(value: Any) -> str:
    return str(value)[:4] + "…" if value else ""


def attach(app: Flask, world: World, vendors: Mapping[str, Vendor]) -> None:
    """Hooks for the vendor paths; the control plane and the page stay out of the wire."""

    def vendor_of(path: str) -> Vendor | None:
        return next((each for each in vendors.values() if path.startswith(each.prefixes)), None)

    @app.before_request
    def inject() -> Any:
        vendor = vendor_of(request.path)
        if vendor is None:
            return None
        g.vendor, where = vendor.name, f"{request.path} {request.get_data(as_text=True)}"
        if world.fault("slow", where):
            threading.Event().wait(SLOW_SECONDS)
        if world.fault("http_500", where):
            return Response("<html><body>Internal Server Error</body></html>", 500, content_type="text/html")
        if request.path.startswith(TOKEN_PATHS):
            return None
        for kind in ("expired_token", "rate_limit"):
            if world.fault(kind, where):
                body, status = vendor.fault(kind, request.path)
                return jsonify(body), status
        return None

    @app.after_request
    def write(response: Response) -> Response:
        if vendor := g.pop("vendor", ""):
            world.log(
                {
                    "direction": "api",
                    "vendor": vendor,
                    "method": request.method,
                    "path": request.path,
                    "query": mask(request.args.to_dict()),
                    "request": mask(_parsed(request.get_data(as_text=True))),
                    "status": response.status_code,
                    "response": mask(_parsed(response.get_data(as_text=True))),
                }
            )
        return response


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text[:500]
