"""The sandbox: both vendors' interfaces, the phones of a little company and a control plane, on one port.

`serve` runs it; `start` runs it inside a test. The vendors are found by name, `adapters/*/sandbox.py`.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

import adapters
from adapters.sandbox import calls, control, signin, wiretap
from adapters.sandbox.state import World
from adapters.sandbox.vendor import Courier, Vendor
from bot.errors import Misconfigured

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from config.settings import Settings


class _Quiet(WSGIRequestHandler):
    """The wire on the page is the log; URLs carry tokens, so none is printed."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started sandbox. `ws_url` is DingTalk's Stream endpoint, `addresses` holds every port besides `url`."""

    url: str
    ws_url: str
    world: World
    courier: Courier
    vendors: Mapping[str, Vendor]
    server: BaseWSGIServer
    thread: threading.Thread
    addresses: Mapping[str, str] = field(default_factory=dict)

    def point_to(self, bot_url: str) -> None:
        """Where callbacks go from now on."""
        self.courier.url = bot_url.rstrip("/")

    def stop(self) -> None:
        """Closes both ports and waits for the server's thread."""
        for vendor in self.vendors.values():
            vendor.stop()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def start(settings: Settings, port: int = 0, bot_url: str = "", host: str = "127.0.0.1") -> Running:
    """Serve in the background; port 0 takes any free one. Raises Misconfigured in production."""
    if settings.environment == "production":
        raise Misconfigured("the sandbox does not start when HUIZHI_ENVIRONMENT is production")
    world = World(settings.timezone)
    courier = Courier(world, bot_url.rstrip("/"))
    vendors: dict[str, Vendor] = {}
    for module in _vendor_modules():
        vendor: Vendor = module.build(settings, world, courier)
        vendors[vendor.name] = vendor
    started = {name: vendor.start() for name, vendor in vendors.items()}
    server = calls.Server(host, port, _flask(world, vendors), _Quiet)
    server.world = world
    thread = threading.Thread(target=server.serve_forever, name="sandbox", daemon=True)
    thread.start()
    url, stream = f"http://{host}:{server.server_port}", started.get("dingtalk", "")
    return Running(url, stream, world, courier, vendors, server, thread, started)


def serve(settings: Settings, port: int, bot_url: str) -> None:
    """Serve until interrupted and print where."""
    running = start(settings, port, bot_url)
    print(f"sandbox  {running.url}  (callbacks go to {bot_url}; DingTalk Stream at {running.ws_url})", flush=True)
    try:
        running.thread.join()
    except KeyboardInterrupt:
        running.stop()


def _vendor_modules() -> list[ModuleType]:
    modules = []
    for found in pkgutil.iter_modules(adapters.__path__, "adapters."):
        name = f"{found.name}.sandbox"
        if found.ispkg and found.name != "adapters.sandbox" and importlib.util.find_spec(name):
            modules.append(importlib.import_module(name))
    return modules


def _flask(world: World, vendors: Mapping[str, Vendor]) -> Flask:
    app = Flask("adapters.sandbox", template_folder="templates", static_folder="static")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it, its base class does not
    app.register_blueprint(control.blueprint(world, vendors))
    for vendor in vendors.values():
        app.register_blueprint(vendor.blueprint)
    wiretap.attach(app, world, vendors)

    @app.get("/")
    def page() -> ResponseReturnValue:
        return render_template("sandbox.html"), {"Content-Security-Policy": signin.POLICY, "Cache-Control": "no-store"}

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> ResponseReturnValue:
        return {"error": error.name, "message": error.description}, error.code or 500

    return app
