from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import router
from bot.tables import failed
from tests.handlers.chat_files.hand import Hand
from tests.world import Firm


@pytest.fixture
def hand(firm: Firm) -> Iterator[Hand]:
    """The firm with its handlers and a platform whose files can be fetched; afterwards no event may have failed."""
    router.discover("handlers", "flow")
    yield Hand(firm)
    assert firm.rows(failed) == []
