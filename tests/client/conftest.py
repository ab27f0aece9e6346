"""Fixtures for the tests of the client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from tests.support.linked_users import Stage


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Daemons and users of a test, each daemon in the test's own folder; whatever the test does, they are stopped."""
    monkeypatch.chdir(tmp_path)
    made = Stage(tmp_path)
    yield made
    blockon(Deferred.fromCoroutine(made.stop()))
