"""Nodes that stand still and wake, real ones: nobody says anything under a name that is another's by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stop_and_wake import play

pytestmark = pytest.mark.slow

SEEDS = 2
"""`tests.support.stop_and_wake` plays as many as one likes."""


def test_nobody_says_anything_under_a_name_that_is_anothers_by_then(tmp_path: Path) -> None:
    stories = list(play(tmp_path, range(SEEDS)))
    assert len(stories) == SEEDS
    assert all(story.kept for story in stories)
