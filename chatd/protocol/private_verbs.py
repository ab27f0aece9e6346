"""HISTORY and SEARCH of what was told in private: the nick of a person in the place of a room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from chatd.protocol.arguments import Arguments
from chatd.protocol.commands import History, Search

Asked = TypeVar("Asked", History, Search)


def or_person(read: Callable[[Arguments], Asked], *, bare: bool) -> Callable[[Arguments], Asked]:
    """Return a reader that takes ``with=<nick>`` before what ``read`` takes or, if ``bare``, the nick alone."""

    def read_with_person(words: Arguments) -> Asked:
        person = words.maybe_person(bare=bare)
        command = read(words)
        if person is None:
            return command
        if command.room is not None:
            words.refuse("name a person or a room, not both")
        return replace(command, person=person)

    return read_with_person
