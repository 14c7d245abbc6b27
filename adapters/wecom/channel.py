"""WeCom voice calls (紧急通知, docs 97115 and 97116): off unless HUIZHI_VOICE names the platform.

The app needs the vendor's 紧急通知 permission. The vendor keeps an outcome for seven days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Channel, Sent, SharedStore

if TYPE_CHECKING:
    from adapters.wecom.client import Client
    from config.settings import Settings


class Voice:
    """A call to a member's phone; WeCom speaks its own fixed text, ours is not read out."""

    name = "voice"

    def __init__(self, client: Client) -> None:
        self._client = client

    def send(self, to: str, text: str, key: str) -> Sent:
        """`to` is a user id. PlatformError when WeCom refuses this person; calls are not idempotent at the vendor."""
        from adapters.wecom.client import rows
        from adapters.wecom.errors import error

        answer = self._client.post("pstncc/call", {"callee_userid": [to]})
        state = next(iter(rows(answer, "states")), {})
        if code := int(state.get("code", 0)):
            raise error(code, "pstncc/call")
        return Sent(str(state.get("callid", "")), raw=answer)

    def outcome(self, to: str, message_id: str) -> str:
        """`talked=0 reason=8`, in WeCom's own codes; empty while the call is not over."""
        answer = self._client.post("pstncc/getstates", {"callee_userid": to, "callid": message_id})
        if "istalked" not in answer:
            return ""
        told = {"talked": answer["istalked"], "seconds": answer.get("talktime", 0), "reason": answer.get("reason", 0)}
        return " ".join(f"{name}={value}" for name, value in told.items())


def build(settings: Settings, store: SharedStore) -> Channel | None:
    """None unless asked for."""
    if settings.voice != "wecom" or "wecom" not in settings.platforms:
        return None
    from adapters.wecom.client import Client

    return Voice(
        Client(settings.wecom_api_base, settings.wecom_corp_id, settings.wecom_agent_id, settings.wecom_secret, store)
    )
