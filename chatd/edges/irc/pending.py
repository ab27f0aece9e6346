"""What a session is asked for a client, until it has said what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from twisted.internet.defer import Deferred

from chatd.edges.irc.answer import Answer
from chatd.edges.irc.composition import Piece
from chatd.protocol.commands import Command
from chatd.protocol.events import Done, Refused, Said
from chatd.protocol.references import Edited, Reacted, Retracted
from chatd.protocol.wire import NO_TAGS, Request, Tags

Outcome = Done | Said | Refused | Retracted | Edited | Reacted
"""What the session says at last of a command: that it was done, the echo of what was said, or why not."""


class Result(NamedTuple):
    """What became of a command, and the tags of the line that said so."""

    outcome: Outcome
    tags: Tags = NO_TAGS

    @property
    def refused(self) -> Refused | None:
        """Why it was not done; None if it was."""
        return self.outcome if isinstance(self.outcome, Refused) else None


class Pending:
    """A command that the session was asked to carry out, until it has said what became of it."""

    def __init__(
        self,
        label: str,
        answer: Answer,
        command: Command,
        client_tags: Mapping[str, str],
        pieces: Sequence[Piece],
    ) -> None:
        self.label = label
        self.answer = answer
        self.command = command
        self.client_tags = client_tags
        self.result: Result | None = None
        self.waiting: Deferred[None] | None = None
        self.listener: Callable[[Outcome], None] | None = None
        """Told at once what became of it."""
        self.was_said_at_once = False
        """Whether it is a PRIVMSG of which nothing was expected before it was refused."""
        self.pieces = pieces
        """How the client has put a text into several messages."""
        answer.open()

    @property
    def request(self) -> Request:
        """What the session is to receive."""
        return Request(self.command, self.label)

    def settle(self, result: Result) -> None:
        """Note what became of it; what waits for that goes on when all rooms have had the batch."""
        self.result = result
        if self.listener is not None:
            self.listener(result.outcome)
        if self.waiting is None:
            self.answer.close()

    def told(self) -> None:
        """Go on with what waited."""
        if self.waiting is not None and not self.waiting.called:
            self.waiting.callback(None)
            self.answer.close()
