from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import router
from bot.tables import failed
from tests.handlers.agreements.story import Story
from tests.world import Firm


@pytest.fixture
def story(firm: Firm) -> Iterator[Story]:
    """The firm with its handlers; afterwards no event may have failed inside."""
    router.discover("handlers", "flow")
    firm.pass_time(hours=1)  # 10:16, the quiet part of a working Thursday
    yield Story(firm)
    assert firm.rows(failed) == []
