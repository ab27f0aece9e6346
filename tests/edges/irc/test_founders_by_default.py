"""With --irc, who opens a room runs it, unless the command line says otherwise."""

from __future__ import annotations

import pytest

from chatd.app.options import Options


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], False),
        (["--irc", "0"], True),
        (["--irc", "0", "--room-founders", "no"], False),
        (["--room-founders", "yes"], True),
    ],
)
def test_who_runs_a_new_room_depends_on_who_may_come(words: list[str], expected: bool) -> None:
    options = Options()
    options.parseOptions(["--journal", "memory:", *words])
    assert options.limits.room_founders is expected
