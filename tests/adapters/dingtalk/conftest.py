# ruff: noqa: E501 - tables of payloads and vectors read better unwrapped
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.adapters.dingtalk.fakes import Store, Vendor


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    server = Vendor()
    yield server
    server.close()


@pytest.fixture
def settings(vendor: Vendor) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(
        timezone="Asia/Shanghai", public_url="https://hr.example.com", dingtalk_client_id="dingapp", dingtalk_client_secret="s3cret",
        dingtalk_corp_id="dingcorp", dingtalk_agent_id="1", dingtalk_robot_code="dingapp", dingtalk_card_template_id="",
        dingtalk_mode="stream", dingtalk_token="tok123", dingtalk_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        dingtalk_api_base=vendor.base, dingtalk_oapi_base=vendor.base, dingtalk_login_base=vendor.base,
        dingtalk_board_operator="",
    )  # fmt: skip
