"""docs/settings.md, written from the table."""

from __future__ import annotations

from config.setting import DINGTALK, GENERAL, WECOM, Setting
from config.table import SETTINGS

_HEADINGS = {GENERAL: "General", WECOM: "WeCom 企业微信", DINGTALK: "DingTalk 钉钉"}
_INTRO = """# Settings

Generated from `config/table.py` by `python -m config > docs/settings.md`; a test compares the two.

The environment is read once, at start. All problems are reported together. A setting marked 🔒 is a secret: it never
appears in logs or `repr`, and `NAME_FILE=/run/secrets/name` reads it from a file instead of `NAME`. Settings of a
platform that is not in `HUIZHI_PLATFORMS` are ignored.
"""

_COLUMNS = "| name | default | allowed | example | meaning |\n|---|---|---|---|---|\n"


def markdown() -> str:
    """The whole page, ending in one newline."""
    parts = [_INTRO]
    for group, heading in _HEADINGS.items():
        rows = "\n".join(_row(setting) for setting in SETTINGS if setting.group == group)
        parts.append(f"\n## {heading}\n\n{_COLUMNS}{rows}\n")
    return "".join(parts)


def _row(setting: Setting) -> str:
    missing = "*required*" if setting.required else "*empty*"
    default = f"`{setting.default}`" if setting.default else missing
    cells = (
        f"`{setting.env}`{' 🔒' if setting.secret else ''}",
        default,
        setting.allowed,
        f"`{setting.example}`",
        setting.help,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
