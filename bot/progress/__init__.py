"""Systems in which goals move on, found by name: `adapters/*/progress.py` with `build(settings, store)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot import router
from bot.errors import PlatformError
from bot.ports import Finding, SharedStore
from bot.ports.progress import Progress, ProgressSource
from config.settings import Settings

if TYPE_CHECKING:
    from bot.app import App


def sources(settings: Settings, store: SharedStore) -> dict[str, ProgressSource]:
    """name -> source, of those that are set up."""
    found: dict[str, ProgressSource] = {}
    for module in router.discover("adapters", "progress"):
        source: ProgressSource | None = module.build(settings, store)  # type: ignore[attr-defined]
        if source is not None:
            found[source.name] = source
    return found


def gather(keys: Sequence[str], ask: Callable[[str], Progress]) -> dict[str, Progress | PlatformError]:
    """`ask` for every key once. A failure that is permanent and no alarm belongs to its key alone (deleted, forbidden).

    Any other one concerns the system as a whole: what is left is not asked, the same error stands for it. Raises it
    when no key got an answer of its own.
    """
    found: dict[str, Progress | PlatformError] = {}
    answered, broken = False, None
    for key in dict.fromkeys(keys):
        if broken is not None:
            found[key] = broken
            continue
        try:
            found[key] = ask(key)
            answered = True
        except PlatformError as error:
            found[key] = error
            if error.permanent and not error.alarm:
                answered = True
            else:
                broken = error
    if broken is not None and not answered:
        raise broken
    return found


def findings(app: App) -> list[Finding]:
    """One connection test per source, and whether pushed values are taken; writes nothing."""
    found = [each for source in sources(app.settings, app.store).values() for each in source.doctor()]
    taken = bool(app.settings.progress_secret)
    detail = "/progress/webhook 接收签名推送" if taken else "未设置 HUIZHI_PROGRESS_SECRET，推送一律拒收"
    return [*found, Finding("进度推送 / pushed progress", True if taken else None, detail)]
