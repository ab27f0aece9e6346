"""Why something was not done, and why a connection was closed: the two closed tables of codes."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """What an ``ERR`` line can say. The first four are temporary: the same line may work later."""

    UNAVAILABLE = "unavailable"
    SLOW_DOWN = "slow-down"
    FULL = "full"
    NAME_TAKEN = "name-taken"
    TOO_LONG = "too-long"
    NOT_UTF8 = "not-utf8"
    BAD_SYNTAX = "bad-syntax"
    BAD_TAGS = "bad-tags"
    UNKNOWN_VERB = "unknown-verb"
    BAD_VERSION = "bad-version"
    BAD_NICK = "bad-nick"
    BAD_ROOM = "bad-room"
    NAME_NEEDED = "name-needed"
    ALREADY_IN = "already-in"
    NOT_IN_ROOM = "not-in-room"
    NO_SUCH_NICK = "no-such-nick"
    NO_SUCH_MESSAGE = "no-such-message"
    NOT_ALLOWED = "not-allowed"
    MUTED = "muted"
    BANNED = "banned"
    BAD_PASSWORD = "bad-password"
    TLS_NEEDED = "tls-needed"
    LABEL_REUSED = "label-reused"

    @property
    def temporary(self) -> bool:
        """Whether the same line may succeed when it is sent again later."""
        return self in _TEMPORARY


_TEMPORARY = frozenset({Code.UNAVAILABLE, Code.SLOW_DOWN, Code.FULL, Code.NAME_TAKEN})


class DisconnectReason(StrEnum):
    """What a ``BYE`` line can say."""

    QUIT = "quit"
    SHUTDOWN = "shutdown"
    RESTART = "restart"
    SLOW = "slow"
    IDLE = "idle"
    REPLACED = "replaced"
    KICKED = "kicked"
    BANNED = "banned"
    NOT_CHATD = "not-chatd"
    REFUSED = "refused"
    INTERNAL = "internal"


ANY_VERB = "*"
"""Stands in an ``ERR`` where the verb would be and no known one was read."""


class ChatError(Exception):
    """Something a peer asked for that was not done, and what it can do about it.

    ``verb`` is the verb that was read, or ``*``. ``label`` is the sender's label if its tags could be
    read. ``fatal`` is set when the line would have begun a mode in which the lines that follow
    are not commands (``PIPE``), so that nothing after it may be carried out. ``seconds`` is after how
    long it may be done again, where that is known. ``limit`` is how many people may be in the room that
    is full, if it is that which is.
    """

    def __init__(
        self,
        code: Code,
        text: str,
        *,
        verb: str = ANY_VERB,
        label: str | None = None,
        fatal: bool = False,
        seconds: int | None = None,
        limit: int | None = None,
    ) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.verb = verb
        self.label = label
        self.fatal = fatal
        self.seconds = seconds
        self.limit = limit

    @property
    def tags(self) -> dict[str, str]:
        """What the line says besides that tells of it."""
        return {} if self.limit is None else {"limit": str(self.limit)}
