"""The table of settings: the single source of names, defaults, help, examples and of docs/settings.md."""

from __future__ import annotations

from config.attendance import ATTENDANCE_SETTINGS
from config.channels import CHANNEL_SETTINGS
from config.delivery import DELIVERY_SETTINGS
from config.notices import NOTICE_SETTINGS
from config.progress import PROGRESS_SETTINGS
from config.proof import EVIDENCE_SETTINGS
from config.setting import SECRET_KEY_LENGTH, URL, Setting
from config.signing import SIGNING_SETTINGS
from config.vendors import VENDOR_SETTINGS

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_PLATFORMS",
        "platforms",
        "Chat platforms to serve, separated by commas. Empty means all that ship.",
        "wecom,dingtalk",
        "lower-case folder names under adapters/, separated by commas",
        "wecom,dingtalk",
    ),
    Setting(
        "HUIZHI_ENVIRONMENT",
        "environment",
        "`production` refuses every convenience meant for rehearsal.",
        "production",
        "development | production",
        "development",
    ),
    Setting(
        "HUIZHI_PUBLIC_URL",
        "public_url",
        "Where employees' phones and the platforms' callbacks reach the web process.",
        "https://hr.example.cn",
        URL,
        "http://127.0.0.1:8000",
    ),
    Setting(
        "HUIZHI_SECRET_KEY",
        "secret_key",
        "Signs sessions and links. Development generates one; production needs yours.",
        "the output of: openssl rand -hex 32",
        f"at least {SECRET_KEY_LENGTH} characters",
        secret=True,
    ),
    Setting(
        "HUIZHI_KEY_DIR",
        "key_dir",
        "Directory of the keys that sign evidence checkpoints. Back it up.",
        "/var/lib/huizhi/keys",
        "a directory path",
        "var/keys",
    ),
    Setting(
        "HUIZHI_ROLES",
        "roles",
        "Who is HR, who heads HR and who is asked as IT (optional), until the directory can say it.",
        "wecom:wang=hr,wecom:chen=hr_head,wecom:zhao=it,dingtalk:wu=hr",
        "platform:userid=hr, hr_head or it, separated by commas",
    ),
    Setting(
        "HUIZHI_TIMEZONE",
        "timezone",
        "The firm's time zone: shifts, working days and everything people read.",
        "Asia/Shanghai",
        "an IANA time zone name",
        "Asia/Shanghai",
    ),
    Setting(
        "HUIZHI_CLOCK_FILE",
        "clock_file",
        "Rehearsal only: a file holding seconds by which all processes shift their clock.",
        "var/clock",
        "a file path; refused in production",
    ),
    Setting(
        "DATABASE_URL",
        "database_url",
        "Where everything that must not be lost is kept.",
        "postgresql+psycopg://huizhi:password@db/huizhi",
        "sqlite:///… or postgresql+psycopg://…",
        "sqlite:///var/huizhi.db",
        secret=True,
    ),
    Setting(
        "REDIS_URL",
        "redis_url",
        "Queue, locks and platform tokens; nothing that cannot be rebuilt. Empty starts an embedded Redis.",
        "redis://redis:6379/0",
        "redis://… | rediss://… | unix://… | empty",
        secret=True,
    ),
    *ATTENDANCE_SETTINGS,
    *CHANNEL_SETTINGS,
    *DELIVERY_SETTINGS,
    Setting(
        "HUIZHI_APPROVALS",
        "approvals",
        "File with the firm's own chains of approval: who decides what, limits, conditions. Empty: the shipped chains."
        " `huizhi approvals check` tells what is wrong with it.",
        "/etc/huizhi/approvals.toml",
        "a file path, or empty",
    ),
    Setting(
        "HUIZHI_LEAVER_LINK_DAYS",
        "leaver_link_days",
        "How many days the link works by which a person who left sees their own record, after HR checked who they are.",
        "7",
        "1 to 30",
        "7",
    ),
    *NOTICE_SETTINGS,
    *PROGRESS_SETTINGS,
    *EVIDENCE_SETTINGS,
    *SIGNING_SETTINGS,
    *VENDOR_SETTINGS,
)

BY_ENV = {setting.env: setting for setting in SETTINGS}


def default(env: str) -> str:
    """The default text of the setting named `env`."""
    return BY_ENV[env].default
