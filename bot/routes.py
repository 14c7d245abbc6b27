"""Who answers what: `huizhi routes`, and `python -m bot.routes > docs/reference/routes.md`."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.app import App, build
from bot.dispatch import Dispatcher
from bot.event import TEXT
from bot.router import routes
from config.settings import load, sandbox_env

NOWHERE = "http://127.0.0.1:1"
INTRO = """# Routes

Written by `python -m bot.routes > docs/reference/routes.md`; a test compares. `huizhi routes` prints the same for your
settings.

A button travels as `action~ref`: the action names the function, the ref a row on the server that says what it is about.
"""


@dataclass(frozen=True, slots=True)
class Route:
    """`what` arrives, `function` (module:name) answers, `says` is the first line of its docstring."""

    what: str
    function: str
    says: str


def actions() -> list[Route]:
    """Buttons and other events, by action; then free words in the order in which they are offered; then the hooks."""
    rows = [_route(action, flow) for action, flow in sorted(routes.flows.items())]
    rows += [_route(f"{TEXT} ({number}.)", flow) for number, flow in enumerate((*routes.commands, *routes.words), 1)]
    return rows + [_route("every event of a known person", hook) for hook in routes.hooks]


def doors(app: App) -> list[Route]:
    """Every HTTP address of the web process: the platforms' doors, pages, health."""
    from bot.web.server import create_app

    known = {at: door for _name, at, door in app.doors()}
    web = create_app(app, Dispatcher(app, lambda: None))
    rows = []
    for rule in sorted(web.url_map.iter_rules(), key=lambda each: (each.rule, each.endpoint)):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            view = known.get((method, rule.rule)) or web.view_functions[rule.endpoint]
            rows.append(_route(f"{method} {rule.rule}", view))
    return rows


def listing(app: App) -> list[tuple[str, str]]:
    """(what arrives, who answers): events first, then HTTP doors."""
    return [(route.what, route.function) for route in (*actions(), *doors(app))]


def document() -> str:
    """The reference page, for all platforms and handlers in this repository."""
    with TemporaryDirectory() as folder:
        app = build(load(sandbox_env(NOWHERE) | _nothing(Path(folder))))
        try:
            parts = [INTRO, *_table("Events", "action", actions()), *_table("HTTP", "door", doors(app))]
        finally:
            app.engine.dispose()
            app.redis.close()
    return "\n".join(parts)


def _nothing(folder: Path) -> dict[str, str]:
    """Settings of a process that is put together and never runs."""
    return {
        "HUIZHI_KEY_DIR": str(folder / "keys"),
        "DATABASE_URL": f"sqlite:///{folder / 'none.db'}",
        "REDIS_URL": f"unix://{folder / 'none.sock'}",
    }


def _table(title: str, left: str, rows: list[Route]) -> Iterator[str]:
    yield f"## {title}\n\n| {left} | function | what it does |\n|---|---|---|"
    yield from (f"| `{row.what}` | `{row.function}` | {row.says.replace('|', chr(92) + '|')} |" for row in rows)
    yield ""


def _route(what: str, function: Callable[..., Any]) -> Route:
    bare = inspect.unwrap(function)
    while isinstance(bare, functools.partial):  # a guard around a page: the page is what it was given
        bare = inspect.unwrap(next((each for each in bare.args if callable(each)), bare.func))
    name = str(getattr(bare, "__qualname__", type(bare).__name__))
    return Route(what, f"{bare.__module__}:{name.replace('.<locals>', '')}", _first_line(bare, name))


def _first_line(function: Callable[..., Any], name: str) -> str:
    """Of the function itself, else of the one that made it, else of its module."""
    module = sys.modules[function.__module__]
    maker = getattr(module, name.split(".", 1)[0], None)
    said = inspect.getdoc(function) or inspect.getdoc(maker) or inspect.getdoc(module) or ""
    return said.split("\n\n", 1)[0].replace("\n", " ").strip()


if __name__ == "__main__":
    # As a module of the package, not as __main__: handlers register with the one router.
    from bot.routes import document as page

    sys.stdout.write(page())
