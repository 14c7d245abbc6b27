"""What may be wrong with one setting. Pure apart from the time zone database; never quotes a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.setting import AES_KEY_LENGTH, SECRET_KEY_LENGTH, Setting

ESIGN = ("HUIZHI_ESIGN_URL", "HUIZHI_ESIGN_APP_ID", "HUIZHI_ESIGN_SECRET")
COURIER = ("HUIZHI_COURIER_CUSTOMER", "HUIZHI_COURIER_KEY")
Check = Callable[[str, bool], str]
"""(value, production) -> what is wrong, or empty."""


def complaint(setting: Setting, values: Mapping[str, str], *, production: bool) -> str:
    """What is wrong with `setting` among `values` (by env name), as the rest of a sentence; empty when nothing is."""
    value = values[setting.env]
    if not value:
        return _missing(setting, values, production)
    check = CHECKS.get(setting.env)
    return check(value, production) if check else ""


def _missing(setting: Setting, values: Mapping[str, str], production: bool) -> str:
    if setting.required:
        return f"is missing; {setting.group} is enabled in HUIZHI_PLATFORMS"
    if setting.env == "HUIZHI_SECRET_KEY" and production:
        return "is missing; production needs one of your own"
    if setting.env == "HUIZHI_TSA_ROOTS" and values["HUIZHI_TSA"]:
        return "is missing; tokens are only worth something when their root is known"
    if setting.env in ESIGN and values["HUIZHI_ESIGN_KINDS"]:
        return "is missing; HUIZHI_ESIGN_KINDS names what the provider signs"
    if setting.env == "HUIZHI_SMTP_FROM" and values["HUIZHI_SMTP_URL"]:
        return "is missing; e-mail needs a sender"
    if setting.env in COURIER and values["HUIZHI_COURIER_URL"]:
        return "is missing; every question about a parcel is signed with it"
    if setting.env == "HUIZHI_JIRA_TOKEN" and values["HUIZHI_JIRA_BASE"]:
        return "is missing; Jira is read with an account of its own"
    if setting.env == "HUIZHI_JIRA_MAIL" and values["HUIZHI_JIRA_BASE"] and values["HUIZHI_JIRA_DEPLOYMENT"] == "cloud":
        return "is missing; Jira Cloud wants the account's address with its token"
    if setting.env in ("DINGTALK_TOKEN", "DINGTALK_AES_KEY") and values["DINGTALK_MODE"] == "http":
        return "is missing; DINGTALK_MODE is http"
    return ""


def _platforms(value: str, _: bool) -> str:
    names = [name.strip() for name in value.split(",") if name.strip()]
    bad = [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]
    if bad:
        return f"holds {bad[0]!r}, which is no folder name"
    return "" if names else "names no platform"


def _one_of(*allowed: str) -> Check:
    return lambda value, _: "" if value in allowed else f"is {value!r}"


def _url(value: str, production: bool) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"is {value!r}, which is no web address"
    if parts.query or parts.fragment or parts.username:
        return "must not hold a query, a fragment or a user name"
    return "must begin with https:// in production" if production and parts.scheme != "https" else ""


def _secret_key(value: str, production: bool) -> str:
    short = production and len(value) < SECRET_KEY_LENGTH
    return f"has {len(value)} characters, production needs at least {SECRET_KEY_LENGTH}" if short else ""


def _roles(value: str, _: bool) -> str:
    pattern = r"[a-z0-9_]+:[^=,\s]+=(hr|hr_head|it)"
    wrong = [pair for pair in value.split(",") if not re.fullmatch(pattern, pair.strip())]
    return "" if not wrong else f"holds {wrong[0]!r}"


def _timezone(value: str, _: bool) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return f"is {value!r}, which is no time zone known here"
    return ""


def _clock_file(_: str, production: bool) -> str:
    return "moves the clock and is refused in production" if production else ""


def _database(value: str, _: bool) -> str:
    good = value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://"))
    return "" if good else f"has the unknown scheme {value.split(':', 1)[0]!r}"


def _redis(value: str, _: bool) -> str:
    good = value.startswith(("redis://", "rediss://", "unix://"))
    return "" if good else f"has the unknown scheme {value.split(':', 1)[0]!r}"


def _whole_number(value: str, _: bool) -> str:
    return "" if re.fullmatch(r"[1-9][0-9]{0,17}", value) else f"is {value!r}"


def _token(value: str, _: bool) -> str:
    if len(value) > 32:
        return f"has {len(value)} characters"
    return "" if re.fullmatch(r"[A-Za-z0-9]+", value) else "holds something other than letters and digits"


def _aes_key(value: str, _: bool) -> str:
    if len(value) != AES_KEY_LENGTH:
        return f"has {len(value)} characters"
    return "" if re.fullmatch(r"[A-Za-z0-9]+", value) else "holds something other than letters and digits"


def _schema(value: str, _: bool) -> str:
    return "" if value.endswith(".schema") else f"is {value!r}"


def _tsa(value: str, production: bool) -> str:
    for pair in (each.strip() for each in value.split(",") if each.strip()):
        name, _, address = pair.partition("=")
        if not re.fullmatch(r"[a-z0-9]{1,20}", name):
            return f"holds {pair!r}, which has no name before the ="
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
            return f"holds {address!r}, which is no web address"
    return ""


def _addresses(value: str, _: bool) -> str:
    wrong = [each for each in value.split(",") if not re.fullmatch(r"[a-z0-9_]+:[^:,\s]+", each.strip())]
    return f"holds {wrong[0]!r}" if wrong else ""


def _smtp(value: str, _: bool) -> str:
    parts = urlsplit(value)
    good = parts.scheme in ("smtp", "smtps", "smtp+starttls") and parts.hostname
    return "" if good else "is no mail server's address"


def _imap(value: str, _: bool) -> str:
    parts = urlsplit(value)
    good = parts.scheme in ("imap", "imaps", "imap+starttls") and parts.hostname and parts.username
    return "" if good else "is no mailbox's address with a user"


def _domains(value: str, _: bool) -> str:
    wrong = [each for each in value.split(",") if not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", each.strip().lower())]
    return f"holds {wrong[0]!r}, which is no domain name" if wrong else ""


def _company(value: str, _: bool) -> str:
    return "" if re.fullmatch(r"[a-z0-9]{2,30}", value) else f"is {value!r}"


def _sms_template(value: str, _: bool) -> str:
    try:
        good = isinstance(json.loads(value), dict)
    except ValueError:
        good = False
    return "" if good and "{to}" in value and "{text}" in value else "is no JSON object with {to} and {text}"


def _points_field(value: str, _: bool) -> str:
    return "" if re.fullmatch(r"customfield_[0-9]{1,12}", value) else f"is {value!r}"


def _mail(value: str, _: bool) -> str:
    return "" if re.fullmatch(r"[^\s@:]+@[^\s@:]+", value) else "is no e-mail address"


def _shared_secret(value: str, _: bool) -> str:
    return "" if len(value) >= SECRET_KEY_LENGTH else f"has {len(value)} characters"


def _witnesses(value: str, _: bool) -> str:
    wrong = [each for each in value.split() if not re.fullmatch(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*", each)]
    return f"holds {wrong[0]!r}, which is no verifier key" if wrong else ""


def _pkcs11(value: str, _: bool) -> str:
    return "" if len([each for each in value.split(",") if each.strip()]) == 3 else f"is {value!r}"


def _days(value: str, _: bool) -> str:
    return "" if value.isascii() and value.isdigit() and 1 <= int(value) <= 30 else f"is {value!r}"


def _between(low: int, high: int) -> Check:
    return lambda value, _: "" if value.isascii() and value.isdigit() and low <= int(value) <= high else f"is {value!r}"


def _clause(value: str, _: bool) -> str:
    parts = [each.strip() for each in value.split("|", 3)]
    return "" if len(parts) == 4 and all(parts) and len(value) <= 400 else "is no clause of four parts"


CHECKS: Mapping[str, Check] = {
    "HUIZHI_PLATFORMS": _platforms,
    "HUIZHI_ENVIRONMENT": _one_of("development", "production"),
    "HUIZHI_PUBLIC_URL": _url,
    "HUIZHI_SECRET_KEY": _secret_key,
    "HUIZHI_ROLES": _roles,
    "HUIZHI_TIMEZONE": _timezone,
    "HUIZHI_ATTENDANCE_CLAUSE": _clause,
    "HUIZHI_CASE_FILE_MB": _between(1, 10),
    "HUIZHI_CLOCK_FILE": _clock_file,
    "HUIZHI_LEAVER_LINK_DAYS": _days,
    "HUIZHI_PROGRESS_STALE_DAYS": _days,
    "HUIZHI_TSA": _tsa,
    "HUIZHI_CHECKPOINT_TO": _addresses,
    "HUIZHI_CHECKPOINT_CHATS": _addresses,
    "HUIZHI_WITNESSES": _witnesses,
    "HUIZHI_PKCS11": _pkcs11,
    "HUIZHI_SMS_URL": _url,
    "HUIZHI_SMS_TEMPLATE": _sms_template,
    "HUIZHI_SMTP_URL": _smtp,
    "HUIZHI_IMAP_URL": _imap,
    "HUIZHI_MAIL_REPORT_SECRET": _shared_secret,
    "HUIZHI_COURIER_URL": _url,
    "HUIZHI_COURIER_COMPANY": _company,
    "HUIZHI_VOICE": _one_of("wecom"),
    "HUIZHI_SIGN_CODE": _one_of("chat", "sms"),
    "HUIZHI_ESIGN_URL": _url,
    "HUIZHI_JIRA_BASE": _url,
    "HUIZHI_JIRA_DEPLOYMENT": _one_of("cloud", "server"),
    "HUIZHI_JIRA_MAIL": _mail,
    "HUIZHI_JIRA_POINTS_FIELD": _points_field,
    "HUIZHI_PROGRESS_SECRET": _shared_secret,
    "DATABASE_URL": _database,
    "REDIS_URL": _redis,
    "HUIZHI_SENDERS": _between(1, 64),
    "HUIZHI_PACE_MARGIN": _between(50, 100),
    "HUIZHI_CUSTODY_WARNING": _between(1, 20),
    "HUIZHI_NOTICE_TWO_FROM": _between(1, 1_000_000),
    "HUIZHI_NOTICE_CARDS_TO": _between(1, 100_000),
    "HUIZHI_NOTICE_MANAGERS": _one_of("yes", "no"),
    "HUIZHI_NOTICE_FILE_MB": _between(1, 10),
    "HUIZHI_NOTICE_FILES": _between(1, 9),
    "HUIZHI_NOTICE_LATE_MINUTES": _between(1, 720),
    "HUIZHI_CHAT_FILE_MB": _between(1, 20),
    "WECOM_CALLS_PER_MINUTE": _whole_number,
    "WECOM_MEMBER_PER_MINUTE": _whole_number,
    "WECOM_MEMBER_PER_HOUR": _whole_number,
    "DINGTALK_CALLS_PER_SECOND": _whole_number,
    "DINGTALK_MEMBER_PER_DAY": _whole_number,
    "WECOM_AGENT_ID": _whole_number,
    "WECOM_TOKEN": _token,
    "WECOM_ENCODING_AES_KEY": _aes_key,
    "WECOM_API_BASE": _url,
    "WECOM_OAUTH_BASE": _url,
    "DINGTALK_AGENT_ID": _whole_number,
    "DINGTALK_CARD_TEMPLATE_ID": _schema,
    "DINGTALK_MODE": _one_of("stream", "http"),
    "DINGTALK_AES_KEY": _aes_key,
    "DINGTALK_FILE_HOSTS": _domains,
    "DINGTALK_API_BASE": _url,
    "DINGTALK_OAPI_BASE": _url,
    "DINGTALK_LOGIN_BASE": _url,
}
