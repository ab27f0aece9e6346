"""What the options come to."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.app.checks.question import Question, all_places
from chatd.app.checks.result import Result, good, wrong

NAME = "configuration.options"


def check(question: Question) -> Iterator[Result]:
    """Yield that the options go together: those that do not are refused when they are read."""
    count = len(all_places(question.options))
    yield good(
        NAME, f"the options go together; there {'is 1 place' if count == 1 else f'are {count} places'} to listen on"
    )


def refused(why: str) -> Result:
    """Return that options were refused, and why."""
    return wrong(NAME, why, "put that option right")
