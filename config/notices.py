"""Settings of notices: who may write them, when a second person checks, how large files may be, what is late."""

from __future__ import annotations

from config.setting import Setting

NOTICE_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_NOTICE_TWO_FROM",
        "notice_two_from",
        "A notice to so many people is checked by a second person before it goes out; one that asks for a signature"
        " always is.",
        "50",
        "1 to 1000000",
        "50",
    ),
    Setting(
        "HUIZHI_NOTICE_CARDS_TO",
        "notice_cards_to",
        "A notice that asks for an answer goes to so many people as a card of their own, with its buttons; to more as"
        " one message for many, answered on the page. Each card is a call, and costs DingTalk's monthly quota.",
        "200",
        "1 to 100000",
        "200",
    ),
    Setting(
        "HUIZHI_NOTICE_MANAGERS",
        "notice_managers",
        "Whether managers may write to their own team, or only HR writes notices.",
        "yes",
        "yes | no",
        "yes",
    ),
    Setting(
        "HUIZHI_NOTICE_FILE_MB",
        "notice_file_mb",
        "Largest file that may be attached to a notice, in MB.",
        "10",
        "1 to 10",
        "10",
    ),
    Setting(
        "HUIZHI_NOTICE_FILES",
        "notice_files",
        "How many files a notice may have.",
        "9",
        "1 to 9",
        "9",
    ),
    Setting(
        "HUIZHI_NOTICE_LATE_MINUTES",
        "notice_late_minutes",
        "A notice whose time passed by more than this, because the server was down, is not sent: its author is asked."
        " A notice with its own latest time has that instead.",
        "30",
        "1 to 720",
        "30",
    ),
)
