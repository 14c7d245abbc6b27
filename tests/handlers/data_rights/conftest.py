from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import router
from bot.tables import failed
from tests.handlers.data_rights.story import Story
from tests.world import Firm


@pytest.fixture
def story(firm: Firm) -> Iterator[Story]:
    """The firm with its handlers; afterwards no event may have failed inside."""
    router.discover("handlers", "flow")
    yield Story(firm)
    assert firm.rows(failed) == []
