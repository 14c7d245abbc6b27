"""What is set up beside the platforms, found by name: `adapters/*/channel.py` and `adapters/*/signing.py`."""

from __future__ import annotations

from bot import router
from bot.ports import Channel, SharedStore
from bot.ports.signing import SigningProvider
from config.settings import Settings


def channels(settings: Settings, store: SharedStore) -> dict[str, Channel]:
    """name -> channel, of those that are set up: `build(settings, store) -> Channel | None` of each."""
    found: dict[str, Channel] = {}
    for module in router.discover("adapters", "channel"):
        channel: Channel | None = module.build(settings, store)  # type: ignore[attr-defined]
        if channel is not None:
            found[channel.name] = channel
    return found


def signing_providers(settings: Settings) -> dict[str, SigningProvider]:
    """name -> provider, of those that are set up: `build(settings) -> SigningProvider | None` of each."""
    found: dict[str, SigningProvider] = {}
    for module in router.discover("adapters", "signing"):
        provider: SigningProvider | None = module.build(settings)  # type: ignore[attr-defined]
        if provider is not None:
            found[provider.name] = provider
    return found
