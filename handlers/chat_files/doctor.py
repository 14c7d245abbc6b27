"""What `huizhi doctor` says about files from the chat: how many still wait, and what stands in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot import clock
from bot.ports import Finding
from handlers.chat_files.tables import chat_file

if TYPE_CHECKING:
    from bot.app import App

LATE = timedelta(minutes=10)
ADVICE = (
    "检查到平台的网络；file.elsewhere 见 DINGTALK_FILE_HOSTS"
    " / check the network to the platform; for file.elsewhere see DINGTALK_FILE_HOSTS"
)


def findings(app: App) -> list[Finding]:
    """One for each platform on which files wait for longer than they should; asks nobody."""
    c = chat_file.c
    late = (c.state == "waiting", c.sent_at < clock.now() - LATE)
    with app.engine.connect() as db:
        rows = db.execute(
            sa.select(c.platform, c.code, sa.func.count()).where(*late).group_by(c.platform, c.code)
        ).all()
    found: dict[str, list[str]] = {}
    for platform, code, count in rows:
        found.setdefault(platform, []).append(f"{count} × {code or 'waiting'}")
    return [
        Finding(f"chat files: {name}", False, "，".join(sorted(codes)), ADVICE) for name, codes in sorted(found.items())
    ]
