"""Settings of signatures: what needs a second factor, and a licensed provider for what needs more than that."""

from __future__ import annotations

from config.setting import Setting

SIGNING_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_SIGN_HIGH_STAKES",
        "sign_high_stakes",
        "Kinds of document that are only signed after a fresh sign-in and a six-digit code, beside those a feature"
        " marks itself.",
        "review.result,handbook",
        "kinds separated by commas",
    ),
    Setting(
        "HUIZHI_SIGN_CODE",
        "sign_code",
        "How that code travels. `sms` uses the number a feature knows, and the chat where none is known.",
        "sms",
        "chat | sms",
        "chat",
    ),
    Setting(
        "HUIZHI_ESIGN_KINDS",
        "esign_kinds",
        "Kinds of document that are signed with the licensed provider (e签宝). Empty: none.",
        "contract",
        "kinds separated by commas; needs the three settings below",
    ),
    Setting(
        "HUIZHI_ESIGN_URL",
        "esign_url",
        "Address of e签宝's open API v3.",
        "https://openapi.esign.cn",
        "an http:// or https:// address; https:// in production",
    ),
    Setting("HUIZHI_ESIGN_APP_ID", "esign_app_id", "The application's AppId there.", "7438000000", "any text"),
    Setting(
        "HUIZHI_ESIGN_SECRET",
        "esign_secret",
        "The application's secret: signs our requests and checks the provider's callbacks to /callbacks/esign.",
        "given by the provider",
        "any text",
        secret=True,
    ),
)
