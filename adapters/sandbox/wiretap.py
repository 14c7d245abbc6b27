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
        "authcode",
        "refreshtoken",
    )
)
ASKED = SECRETS | {"code"}
"""What is asked with; in answers `code` is what went wrong."""
SLOW_SECONDS = 3.0
TOKEN_PATHS = ("/cgi-bin/gettoken", "/gettoken", "/v1.0/oauth2", "/v1.0/gateway")
REFUSALS = ("expired_token", "rate_limit", "no_permission", "ip_untrusted", "no_callback", "refuse")


def mask(value: Any, names: frozenset[str] = SECRETS) -> Any:
    """The same structure with every secret value replaced by its first four characters."""
    if isinstance(value, Mapping):
        return {key: _dots(each) if str(key).lower() in names else mask(each, names) for key, each in value.items()}
    return [mask(each, names) for each in value] if isinstance(value, list) else value


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
        g.vendor, where = vendor.name, f"{request.path} {_sent()}"
        if world.fault("slow", where):
            threading.Event().wait(SLOW_SECONDS)
        if world.fault("http_500", where):
            return Response("<html><body>Internal Server Error</body></html>", 500, content_type="text/html")
        if request.path.startswith(TOKEN_PATHS):
            return None
        for kind in REFUSALS:
            if fault := world.strike(kind, where):
                body, status = vendor.fault(kind, request.path, fault.code)
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
                    "query": mask(request.args.to_dict(), ASKED),
                    "request": mask(_parsed(_sent()), ASKED),
                    "status": response.status_code,
                    "response": mask(_parsed(_answered(response))),
                }
            )
        return response


def _sent() -> str:
    """The body as text; of an upload only its size, it may be 20 MB of anything."""
    if request.mimetype == "multipart/form-data":
        return f"(multipart, {request.content_length or 0} bytes)"
    return request.get_data(as_text=True)


def _answered(response: Response) -> str:
    """The same of an answer."""
    if response.mimetype == "application/octet-stream":
        return f"(file, {response.content_length or 0} bytes)"
    return response.get_data(as_text=True)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text[:500]
