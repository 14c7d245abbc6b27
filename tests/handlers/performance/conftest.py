from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import freshness, router
from bot.tables import failed
from tests.handlers.performance.results_story import Month
from tests.world import Firm


@pytest.fixture
def month(request: pytest.FixtureRequest, firm: Firm) -> Iterator[Month]:
    """Ten o'clock on the day; a module with `HEAD = False` has a firm without an HR head. Nothing failed inside."""
    for part in ("flow", "erasing"):
        router.discover("handlers", part)
    freshness.use(freshness.DEFAULT)
    firm.pass_time(hours=1)
    yield Month(firm, head=getattr(request.module, "HEAD", True))
    assert firm.rows(failed) == []
