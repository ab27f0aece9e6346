"""Why a command was not carried out, and why a connection was closed: the two closed sets of codes."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """The codes of ``ERR`` lines. The first four are temporary: the same line may work later."""

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
    """The codes of ``BYE`` lines."""

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


NO_REGISTRATION = "only the people who run this server can make accounts; ask them"
"""What is said of REGISTER where nobody else can."""
ANY_VERB = "*"
"""Stands in an ``ERR`` in place of the verb if no known one was read."""


class ChatError(Exception):
    """A command of a peer was not carried out; ``text`` says why and what to do about it.

    ``verb`` is the verb that was read, or ``*``. ``label`` is the sender's label if its tags could be
    read. ``fatal`` is set if the line would have begun a mode in which the following lines are not
    commands (``PIPE``), so that nothing after it may be carried out. ``seconds`` is how long to wait
    before another try, if that is known. ``limit`` is the ``limit=`` of the room if that is what is full.
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
        """The tags of the ``ERR`` line besides its label."""
        return {} if self.limit is None else {"limit": str(self.limit)}
