"""The listing behind `huizhi routes`."""

from __future__ import annotations

from bot.app import App
from bot.router import routes


def listing(app: App) -> list[tuple[str, str]]:
    """(what arrives, who answers): buttons first, then HTTP doors."""
    rows = [
        (action, f"{flow.__module__}:{getattr(flow, '__name__', '?')}") for action, flow in sorted(routes.flows.items())
    ]
    for name, platform in sorted(app.platforms.items()):
        rows += [(f"{method} {path}", f"adapters.{name}") for method, path in sorted(platform.doors())]
    return [
        *rows,
        ("GET /healthz", "bot.web.server"),
        ("GET /readyz", "bot.web.server"),
        ("GET /metrics", "bot.web.server"),
    ]
