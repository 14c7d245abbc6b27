"""What one setting is: a row of the table in config/table.py."""

from __future__ import annotations

from dataclasses import dataclass

GENERAL, WECOM, DINGTALK = "general", "wecom", "dingtalk"
AES_KEY_LENGTH = 43
"""Base64 of 32 bytes without the final `=` (WeCom doc 90930, DingTalk http-callback-overview)."""
SECRET_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Setting:
    """One row. `group` names the platform that needs it; `required` means: when that platform is enabled.

    `secret` values never appear in repr and may come from the file named by `<env>_FILE`.
    """

    env: str
    attribute: str
    help: str
    example: str
    allowed: str
    default: str = ""
    group: str = GENERAL
    required: bool = False
    secret: bool = False


URL = "an http:// or https:// address without trailing slash; https:// in production"
TEXT = "any text"
