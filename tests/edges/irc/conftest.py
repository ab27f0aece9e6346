"""What all tests of IRC have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.irc_owners import close_chats


@pytest.fixture(autouse=True)
def closed_chats() -> Iterator[None]:
    """Close what holds a file when a test is over."""
    yield
    close_chats()
