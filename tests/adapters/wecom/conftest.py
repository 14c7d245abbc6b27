"""Fixtures of the WeCom adapter's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.wecom.fake import Vendor, vendor


@pytest.fixture
def wecom() -> Iterator[Vendor]:
    with vendor() as running:
        yield running
        running.client._session.close()
