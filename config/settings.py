"""The environment, read once: every problem is reported at once, each with what is allowed and an example."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from config.checks import complaint
from config.setting import DINGTALK, GENERAL, SECRET_KEY_LENGTH, WECOM, Setting
from config.table import SETTINGS, default

DEFAULT_PLATFORMS = tuple(default("HUIZHI_PLATFORMS").split(","))


class SettingsError(Exception):
    """The environment cannot be used; `problems` holds one readable sentence per setting."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseModel):
    """What the environment says. Frozen; secrets are left out of repr.

    `timezone` is an IANA name, `*_url` and `*_base` have no trailing slash, `wecom_agent_id` is 0 when WeCom is off,
    `secret_key` is empty only in development, where the caller generates one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    platforms: tuple[str, ...] = DEFAULT_PLATFORMS
    environment: Literal["development", "production"] = "development"
    public_url: str = default("HUIZHI_PUBLIC_URL")
    secret_key: str = Field(default="", repr=False)
    key_dir: str = default("HUIZHI_KEY_DIR")
    roles: Mapping[str, str] = Field(default_factory=dict)
    timezone: str = default("HUIZHI_TIMEZONE")
    clock_file: str = default("HUIZHI_CLOCK_FILE")
    approvals: str = ""
    attendance_clause: str = ""
    case_file_mb: int = int(default("HUIZHI_CASE_FILE_MB"))
    leaver_link_days: int = int(default("HUIZHI_LEAVER_LINK_DAYS"))
    database_url: str = Field(default=default("DATABASE_URL"), repr=False)
    redis_url: str = Field(default=default("REDIS_URL"), repr=False)
    tsa: Mapping[str, str] = Field(default_factory=dict)
    tsa_roots: str = ""
    checkpoint_to: tuple[str, ...] = ()
    checkpoint_chats: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    pkcs11: str = ""
    pkcs11_pin: str = Field(default="", repr=False)
    sms_url: str = ""
    sms_token: str = Field(default="", repr=False)
    sms_template: str = default("HUIZHI_SMS_TEMPLATE")
    sms_report_token: str = Field(default="", repr=False)
    smtp_url: str = Field(default="", repr=False)
    smtp_from: str = ""
    imap_url: str = Field(default="", repr=False)
    mail_report_secret: str = Field(default="", repr=False)
    courier_url: str = ""
    courier_customer: str = ""
    courier_key: str = Field(default="", repr=False)
    courier_company: str = default("HUIZHI_COURIER_COMPANY")
    voice: str = ""
    sign_high_stakes: tuple[str, ...] = ()
    sign_code: Literal["chat", "sms"] = "chat"
    esign_kinds: tuple[str, ...] = ()
    esign_url: str = ""
    esign_app_id: str = ""
    esign_secret: str = Field(default="", repr=False)
    jira_base: str = ""
    jira_deployment: Literal["cloud", "server"] = "cloud"
    jira_mail: str = ""
    jira_token: str = Field(default="", repr=False)
    jira_points_field: str = ""
    progress_secret: str = Field(default="", repr=False)
    progress_stale_days: int = int(default("HUIZHI_PROGRESS_STALE_DAYS"))
    dingtalk_project_user: str = ""
    notice_two_from: int = int(default("HUIZHI_NOTICE_TWO_FROM"))
    notice_cards_to: int = int(default("HUIZHI_NOTICE_CARDS_TO"))
    notice_managers: Literal["yes", "no"] = "yes"
    notice_file_mb: int = int(default("HUIZHI_NOTICE_FILE_MB"))
    notice_files: int = int(default("HUIZHI_NOTICE_FILES"))
    notice_late_minutes: int = int(default("HUIZHI_NOTICE_LATE_MINUTES"))
    chat_file_mb: int = int(default("HUIZHI_CHAT_FILE_MB"))
    senders: int = int(default("HUIZHI_SENDERS"))
    pace_margin: int = int(default("HUIZHI_PACE_MARGIN"))
    custody_warning: int = int(default("HUIZHI_CUSTODY_WARNING"))
    wecom_calls_per_minute: int = int(default("WECOM_CALLS_PER_MINUTE"))
    wecom_member_per_minute: int = int(default("WECOM_MEMBER_PER_MINUTE"))
    wecom_member_per_hour: int = int(default("WECOM_MEMBER_PER_HOUR"))
    dingtalk_calls_per_second: int = int(default("DINGTALK_CALLS_PER_SECOND"))
    dingtalk_member_per_day: int = int(default("DINGTALK_MEMBER_PER_DAY"))
    wecom_corp_id: str = ""
    wecom_agent_id: int = 0
    wecom_secret: str = Field(default="", repr=False)
    wecom_token: str = Field(default="", repr=False)
    wecom_encoding_aes_key: str = Field(default="", repr=False)
    wecom_api_base: str = default("WECOM_API_BASE")
    wecom_oauth_base: str = default("WECOM_OAUTH_BASE")
    dingtalk_client_id: str = ""
    dingtalk_client_secret: str = Field(default="", repr=False)
    dingtalk_corp_id: str = ""
    dingtalk_agent_id: str = ""
    dingtalk_robot_code: str = ""
    dingtalk_card_template_id: str = ""
    dingtalk_board_operator: str = ""
    dingtalk_mode: Literal["stream", "http"] = "stream"
    dingtalk_token: str = Field(default="", repr=False)
    dingtalk_aes_key: str = Field(default="", repr=False)
    dingtalk_api_base: str = default("DINGTALK_API_BASE")
    dingtalk_oapi_base: str = default("DINGTALK_OAPI_BASE")
    dingtalk_login_base: str = default("DINGTALK_LOGIN_BASE")
    dingtalk_file_hosts: tuple[str, ...] = tuple(default("DINGTALK_FILE_HOSTS").split(","))


def load(env: Mapping[str, str]) -> Settings:
    """Read `env`; raises SettingsError listing every problem. Touches nothing but the files named by `<NAME>_FILE`."""
    problems: list[str] = []
    names = env.get("HUIZHI_PLATFORMS", "").strip() or default("HUIZHI_PLATFORMS")
    platforms = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    wanted = [setting for setting in SETTINGS if setting.group in (GENERAL, *platforms)]
    values = {setting.env: setting.default for setting in SETTINGS}
    values |= {setting.env: _given(setting, env, problems) or setting.default for setting in wanted}
    production = values["HUIZHI_ENVIRONMENT"] == "production"
    for setting in wanted:
        reason = complaint(setting, values, production=production)
        if reason:
            problems.append(_sentence(setting, reason))
    if problems:
        raise SettingsError(problems)
    return _build(values, platforms)


def _given(setting: Setting, env: Mapping[str, str], problems: list[str]) -> str:
    """The text for one setting: the variable itself, or for a secret the content of the file `<env>_FILE` names."""
    value = env.get(setting.env, "").strip()
    name = env.get(f"{setting.env}_FILE", "").strip() if setting.secret else ""
    if not name:
        return value
    if value:
        problems.append(_sentence(setting, f"is given twice, here and in {setting.env}_FILE; keep one"))
        return value
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(_sentence(setting, f"cannot be read from {setting.env}_FILE ({type(error).__name__})"))
        return ""


def _sentence(setting: Setting, reason: str) -> str:
    return f"{setting.env} {reason}. Allowed: {setting.allowed}. Example: {setting.example}"


def _build(values: Mapping[str, str], platforms: tuple[str, ...]) -> Settings:
    fields: dict[str, object] = {setting.attribute: values[setting.env] for setting in SETTINGS}
    fields |= {name: str(text).rstrip("/") for name, text in fields.items() if name.endswith(("public_url", "_base"))}
    fields["platforms"] = platforms
    fields["roles"] = _pairs(values["HUIZHI_ROLES"])
    fields["tsa"] = _pairs(values["HUIZHI_TSA"])
    fields["checkpoint_to"] = _listed(values["HUIZHI_CHECKPOINT_TO"])
    fields["checkpoint_chats"] = _listed(values["HUIZHI_CHECKPOINT_CHATS"])
    fields["witnesses"] = tuple(values["HUIZHI_WITNESSES"].split())
    fields["sign_high_stakes"] = _names(values["HUIZHI_SIGN_HIGH_STAKES"])
    fields["esign_kinds"] = _names(values["HUIZHI_ESIGN_KINDS"])
    fields["dingtalk_file_hosts"] = _names(values["DINGTALK_FILE_HOSTS"].lower())
    fields["esign_url"] = values["HUIZHI_ESIGN_URL"].rstrip("/")
    fields["leaver_link_days"] = int(values["HUIZHI_LEAVER_LINK_DAYS"])
    fields["progress_stale_days"] = int(values["HUIZHI_PROGRESS_STALE_DAYS"])
    fields["wecom_agent_id"] = int(values["WECOM_AGENT_ID"] or 0)
    fields["dingtalk_robot_code"] = values["DINGTALK_ROBOT_CODE"] or values["DINGTALK_CLIENT_ID"]
    # A bare postgresql:// would make SQLAlchemy look for psycopg2, which is not what ships.
    fields["database_url"] = values["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
    return Settings.model_validate(fields)


def _names(text: str) -> tuple[str, ...]:
    """`a, b` as a tuple."""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _listed(text: str) -> tuple[str, ...]:
    """`a,b` without blanks and empty ones."""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _pairs(text: str) -> dict[str, str]:
    """`a=1,b=2` as a dictionary."""
    return dict(pair.strip().split("=", 1) for pair in text.split(",") if pair.strip())


def sandbox_channels(url: str, smtp_port: int) -> dict[str, str]:
    """SMS gateway, mail server and courier of the sandbox at `url`; its SMTP listens on `smtp_port`."""
    base, secret = url.rstrip("/"), "opens-nothing-real"
    return {
        "HUIZHI_SMS_URL": f"{base}/sms/send",
        "HUIZHI_SMS_TOKEN": f"sandbox-sms-token-{secret}",
        "HUIZHI_SMS_REPORT_TOKEN": f"sandbox-sms-report-token-{secret}",
        "HUIZHI_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "HUIZHI_SMTP_FROM": "hr@example.cn",
        "HUIZHI_MAIL_REPORT_SECRET": f"sandbox-mail-report-secret-{secret}",
        "HUIZHI_COURIER_URL": f"{base}/poll/query.do",
        "HUIZHI_COURIER_CUSTOMER": "SANDBOXCUSTOMER",
        "HUIZHI_COURIER_KEY": f"sandbox-courier-key-{secret}",
    }


def sandbox_env(url: str, ws: str = "") -> dict[str, str]:
    """A complete set of invented credentials whose vendor addresses are the sandbox at `url`.

    `ws` is the sandbox's DingTalk Stream endpoint: with it DingTalk arrives by Stream, without it by HTTP callback.
    The values are the same in every process, so that sandbox and bot agree without talking; none opens anything real.
    """
    base = url.rstrip("/")
    return {
        "HUIZHI_PLATFORMS": f"{WECOM},{DINGTALK}",
        "HUIZHI_ENVIRONMENT": "development",
        "HUIZHI_SECRET_KEY": "sandbox-only-".ljust(SECRET_KEY_LENGTH, "x"),
        "HUIZHI_ROLES": "wecom:wang=hr,wecom:chen=hr_head,dingtalk:wu=hr",
        "HUIZHI_ATTENDANCE_CLAUSE": "考勤制度|v4|第12条|收到返岗通知后三个工作日仍未返岗，属于严重违纪",
        "WECOM_CORP_ID": "ww00000000000000f1",
        "WECOM_AGENT_ID": "1000002",
        "WECOM_SECRET": "sandbox-wecom-secret-opens-nothing-real-000",
        "WECOM_TOKEN": "sandboxWecomToken",
        "WECOM_ENCODING_AES_KEY": "SandboxWecomKeyOpensNothingReal000000000000",
        "WECOM_API_BASE": base,
        "WECOM_OAUTH_BASE": base,
        "DINGTALK_CLIENT_ID": "dingsandboxclient01",
        "DINGTALK_CLIENT_SECRET": "sandbox-dingtalk-secret-opens-nothing-real",
        "DINGTALK_CORP_ID": "dingsandboxcorp0000000001",
        "DINGTALK_AGENT_ID": "1234567890",
        "DINGTALK_ROBOT_CODE": "dingsandboxclient01",
        "DINGTALK_BOARD_OPERATOR": "wu",
        "DINGTALK_CARD_TEMPLATE_ID": "00000000-0000-4000-8000-0000000000f1.schema",
        "DINGTALK_MODE": "stream" if ws else "http",
        "DINGTALK_TOKEN": "sandboxDingtalkToken",
        "DINGTALK_AES_KEY": "SandboxDingtalkKeyOpensNothingReal000000000",
        "DINGTALK_API_BASE": base,
        "DINGTALK_OAPI_BASE": base,
        "DINGTALK_LOGIN_BASE": base,
        "DINGTALK_PROJECT_USER": "wu",
        "HUIZHI_JIRA_BASE": base,
        "HUIZHI_JIRA_MAIL": "hr-bot@example.cn",
        "HUIZHI_JIRA_TOKEN": "sandbox-jira-token-opens-nothing-real",
        "HUIZHI_PROGRESS_SECRET": "sandbox-progress-secret-opens-nothing-real",
        "HUIZHI_CHECKPOINT_TO": "wecom:wang,wecom:li,dingtalk:wu,dingtalk:sun",
    }
