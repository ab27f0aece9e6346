"""What a MODE message asks for, change by change, and how changes are written together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from typing_extensions import override

from chatd.edges.irc.answer import Answer
from chatd.edges.irc.message import MAX_BODY_BYTES, Message

MAX_CHANGES = 10
"""How many changes one MODE may make, see MODES of ISUPPORT."""
LISTS = "beIq"
RANKS = "ov"
_WITH_PARAMETER = f"{LISTS}{RANKS}k"


class Change(NamedTuple):
    """One mode that is to be set or unset. ``param`` is None if there is none; a list without one is asked for."""

    letter: str
    on: bool = True
    param: str | None = None

    @property
    def asks(self) -> bool:
        """Whether it changes nothing and asks for a list."""
        return self.letter in LISTS and self.param is None


def changes(params: Sequence[str]) -> Iterator[Change]:
    """Yield what the parameters of a MODE ask for, the target excluded.

    Further modes begin with a sign, as in ``+b bob -m``. What has none and belongs to no mode is left out: ``bob`` in
    ``+h bob`` is the parameter of a mode that rooms here do not have.
    """
    rest = list(params)
    while rest:
        letters, on = rest.pop(0), True
        if len(rest) + 1 < len(params) and letters[:1] not in ("+", "-"):
            continue
        for letter in letters:
            if letter in "+-":
                on = letter == "+"
            elif letter in _WITH_PARAMETER or (letter == "l" and on):
                yield Change(letter, on, rest.pop(0) if rest else None)
            else:
                yield Change(letter, on)


def written(made: Iterable[Change]) -> tuple[str, ...]:
    """Return the parameters of a MODE that says what has changed."""
    letters, params, on = "", [], None
    for change in made:
        if change.on != on:
            letters, on = letters + ("+" if change.on else "-"), change.on
        letters += change.letter
        if change.param is not None:
            params.append(change.param)
    return letters, *params


class Gathered(Answer):
    """The answer to a MODE: what it changed is told in one message, in its place before what else there is to tell."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._gathered: Message | None = None

    @property
    @override
    def is_over(self) -> bool:
        return self._answer.is_over

    @override
    def add(self, message: Message) -> None:
        if message.command == "MODE":
            before, self._gathered = self._gathered, None
            together = None if before is None else _joined(before, message)
            if before is not None and together is None:
                self._answer.add(before)
            self._gathered = together or message
        else:
            self.flush()
            self._answer.add(message)

    @override
    def open(self) -> None:
        self._answer.open()

    @override
    def close(self) -> None:
        self._answer.close()

    def flush(self) -> None:
        """Tell what has changed so far."""
        gathered, self._gathered = self._gathered, None
        if gathered is not None:
            self._answer.add(gathered)


def _joined(first: Message, second: Message) -> Message | None:
    """Return one message that says what two say; None if they do not go together."""
    if (first.source, first.params[0]) != (second.source, second.params[0]):
        return None
    made = [*changes(first.params[1:]), *changes(second.params[1:])]
    message = second._replace(params=(first.params[0], *written(made)))
    fits = len(" ".join((f":{message.source} MODE", *message.params)).encode()) <= MAX_BODY_BYTES
    return message if fits and len(made) <= MAX_CHANGES else None
