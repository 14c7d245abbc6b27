"""Settings: everything wrong is said at once, secrets stay out of sight, the sandbox's set is complete."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.reference import markdown
from config.setting import AES_KEY_LENGTH
from config.settings import Settings, SettingsError, load, sandbox_env
from config.table import SETTINGS

URL = "http://127.0.0.1:9001"
ROOT = Path(__file__).parents[2]


def problems(env: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(env)
    return caught.value.problems


def production(**more: str) -> dict[str, str]:
    https = dict.fromkeys(
        (
            "HUIZHI_PUBLIC_URL",
            "WECOM_API_BASE",
            "WECOM_OAUTH_BASE",
            "DINGTALK_API_BASE",
            "DINGTALK_OAPI_BASE",
            "DINGTALK_LOGIN_BASE",
            "HUIZHI_JIRA_BASE",
        ),
        "https://a.example",
    )
    return sandbox_env(URL) | https | {"HUIZHI_ENVIRONMENT": "production", "HUIZHI_SECRET_KEY": "k" * 32} | more


def test_the_sandbox_set_is_complete_and_points_every_vendor_at_the_sandbox() -> None:
    settings = load(sandbox_env(URL + "/"))
    assert settings.platforms == ("wecom", "dingtalk")
    assert {settings.wecom_api_base, settings.dingtalk_api_base, settings.dingtalk_oapi_base} == {URL}
    assert settings.wecom_agent_id == 1000002
    assert settings.database_url == "sqlite:///var/huizhi.db"
    assert settings.public_url == "http://127.0.0.1:8000"
    for key in (settings.wecom_encoding_aes_key, settings.dingtalk_aes_key):
        assert len(base64.b64decode(key + "=")) == 32


def test_a_stream_endpoint_chooses_stream_mode() -> None:
    assert load(sandbox_env(URL, "ws://127.0.0.1:9002/connect")).dingtalk_mode == "stream"
    assert load(sandbox_env(URL)).dingtalk_mode == "http"


def test_every_problem_is_reported_at_once_with_what_is_allowed_and_an_example() -> None:
    found = problems(
        sandbox_env(URL)
        | {
            "HUIZHI_TIMEZONE": "Asia/Atlantis",
            "DATABASE_URL": "mysql://root:hunter2@db/x",
            "WECOM_AGENT_ID": "one",
            "WECOM_ENCODING_AES_KEY": "short",
            "DINGTALK_MODE": "pigeon",
        }
    )
    assert [line.split()[0] for line in found] == [
        "HUIZHI_TIMEZONE",
        "DATABASE_URL",
        "WECOM_AGENT_ID",
        "WECOM_ENCODING_AES_KEY",
        "DINGTALK_MODE",
    ]
    assert all("Allowed: " in line and "Example: " in line for line in found)
    assert "hunter2" not in "".join(found)


def test_nothing_set_names_every_credential_of_both_platforms() -> None:
    assert {line.split()[0] for line in problems({})} == {setting.env for setting in SETTINGS if setting.required}


def test_credentials_of_a_platform_that_is_off_are_not_asked_for() -> None:
    only = {name: value for name, value in sandbox_env(URL).items() if not name.startswith("WECOM")}
    settings = load(only | {"HUIZHI_PLATFORMS": " dingtalk ", "WECOM_AGENT_ID": "garbage", "WECOM_SECRET_FILE": "none"})
    assert (settings.platforms, settings.wecom_agent_id) == (("dingtalk",), 0)


def test_http_mode_needs_token_and_key_and_stream_mode_does_not() -> None:
    bare = sandbox_env(URL) | {"DINGTALK_TOKEN": "", "DINGTALK_AES_KEY": ""}
    assert [line.split()[0] for line in problems(bare)] == ["DINGTALK_TOKEN", "DINGTALK_AES_KEY"]
    assert load(bare | {"DINGTALK_MODE": "stream"}).dingtalk_token == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUIZHI_CLOCK_FILE", "var/clock"),
        ("HUIZHI_SECRET_KEY", ""),
        ("HUIZHI_SECRET_KEY", "k" * 31),
        ("HUIZHI_PUBLIC_URL", "http://hr.example.cn"),
        ("WECOM_API_BASE", URL),
    ],
)
def test_production_refuses_the_conveniences_of_rehearsal(name: str, value: str) -> None:
    assert load(production()).environment == "production"
    assert [line.split()[0] for line in problems(production(**{name: value}))] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WECOM_ENCODING_AES_KEY", "a" * (AES_KEY_LENGTH - 1)),
        ("WECOM_ENCODING_AES_KEY", "a" * (AES_KEY_LENGTH - 1) + "="),
        ("WECOM_TOKEN", "t" * 33),
        ("WECOM_AGENT_ID", "0"),
        ("HUIZHI_PUBLIC_URL", "ftp://hr.example.cn"),
        ("HUIZHI_PUBLIC_URL", "http://hr.example.cn/?x=1"),
        ("HUIZHI_PLATFORMS", "WeCom"),
        ("HUIZHI_PLATFORMS", " , "),
        ("REDIS_URL", "memcached://x"),
        ("HUIZHI_ENVIRONMENT", "prod"),
        ("DINGTALK_CARD_TEMPLATE_ID", "template"),
    ],
)
def test_a_wrong_value_is_one_problem(name: str, value: str) -> None:
    found = [line.split()[0] for line in problems(sandbox_env(URL) | {name: value})]
    assert found == [name]


def test_secrets_come_from_files_and_never_from_both(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-the-file\n")
    env = sandbox_env(URL) | {"WECOM_SECRET": "", "WECOM_SECRET_FILE": str(secret)}
    assert load(env).wecom_secret == "from-the-file"
    assert "twice" in problems(env | {"WECOM_SECRET": "x"})[0]
    assert "FileNotFoundError" in problems(env | {"WECOM_SECRET_FILE": str(tmp_path / "none")})[0]


def test_repr_leaks_no_secret() -> None:
    env = sandbox_env(URL) | {"DATABASE_URL": "postgresql://u:hunter2@db/x", "REDIS_URL": "redis://:hunter2@r/0"}
    settings = load(env)
    shown = repr(settings) + str(settings)
    for setting in SETTINGS:
        value = str(getattr(settings, setting.attribute))
        assert not (setting.secret and value and value in shown), setting.env
    assert "hunter2" not in shown


def test_postgresql_means_psycopg_3_and_robot_code_falls_back_to_the_client_id() -> None:
    settings = load(sandbox_env(URL) | {"DATABASE_URL": "postgresql://u@db/x", "DINGTALK_ROBOT_CODE": ""})
    assert settings.database_url == "postgresql+psycopg://u@db/x"
    assert settings.dingtalk_robot_code == settings.dingtalk_client_id


def test_table_and_model_name_the_same_settings() -> None:
    assert {setting.attribute for setting in SETTINGS} == set(Settings.model_fields)


def test_the_page_about_settings_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == markdown()
