"""DingTalk 钉钉: everything that knows its wire. The composition root finds `build` by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports import Platform, SharedStore
    from config.settings import Settings


def build(settings: Settings, store: SharedStore) -> Platform:
    """The platform for these settings. Raises Misconfigured for a half-configured HTTP event push."""
    # Imported here so that reading one module of the package, e.g. the pure renderer, does not load the SDK.
    from adapters.dingtalk.platform import DingTalk

    return DingTalk(settings, store)
