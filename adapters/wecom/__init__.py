"""WeCom 企业微信, self-built app."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports import Platform, SharedStore
    from config.settings import Settings


def build(settings: Settings, store: SharedStore) -> Platform:
    """The platform as configured. Raises Misconfigured when the callback key or token cannot be right."""
    # Imported here so that the sandbox, which lives in this package, loads none of what it checks.
    from adapters.wecom.client import Client
    from adapters.wecom.crypto import Crypto
    from adapters.wecom.platform import WeCom

    client = Client(
        settings.wecom_api_base, settings.wecom_corp_id, settings.wecom_agent_id, settings.wecom_secret, store
    )
    crypto = Crypto(settings.wecom_token, settings.wecom_encoding_aes_key, settings.wecom_corp_id)
    return WeCom(client, crypto, settings.wecom_oauth_base, settings.public_url)
