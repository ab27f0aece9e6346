"""What an operator may have to answer for later: who logged in, who was refused, and who moderated whom.

The domain says so to an `Auditor` that it is given. No `Act` has a password, a secret or a message in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from typing_extensions import override


class AuditEvent(StrEnum):
    """What kind of act it was. Its value is a word for programs, and stays what it is."""

    LOGIN = "login"
    LOGIN_FAILED = "login-failed"
    REGISTERED = "registered"
    REGISTER_FAILED = "register-failed"
    REFUSED = "refused"
    MODERATED = "moderated"
    COMMAND = "command"
    LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True)
class Act:
    """One act; what does not apply to it is None."""

    event: AuditEvent
    act: str | None = None
    """The verb or the command."""
    nick: str | None = None
    """Under which name it was done or tried."""
    account: str | None = None
    """The account that it was done with, by its key."""
    operator: bool | None = None
    """True if that is a server operator's."""
    address: str | None = None
    """From where; None for a local socket and for what has no connection."""
    by: str | None = None
    """The user of the machine who gave a command."""
    how: str | None = None
    """What somebody logged in with, or tried to."""
    room: str | None = None
    """Where; ``#*`` is the whole server."""
    subject: str | None = None
    """Whom or what it is about."""
    seconds: int | None = None
    """For how long it holds; None forever."""
    code: str | None = None
    """Why it was refused, as the protocol calls that."""
    reason: str | None = None
    """Why, in words."""
    count: int | None = None
    """How many there were."""


class Auditor(Protocol):
    """Who keeps what is noted."""

    def note(self, act: Act) -> None:
        """Keep an act; that never fails."""


class NoAuditor(Auditor):
    """Keeps nothing."""

    @override
    def note(self, act: Act) -> None:
        pass
