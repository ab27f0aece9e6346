"""What the next session with a server has to know of those before it; gone when the client ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatd.client.model.changes import Change
from chatd.client.model.transcript import UNKNOWN_FATE, Transcript
from chatd.protocol import names
from chatd.protocol.moderation_commands import Login


@dataclass(slots=True)
class SessionMemory:
    """What one session leaves to the next."""

    sent_as: dict[str, str] = field(default_factory=dict)
    """Of messages whose fate is not known: by label, the name (`names.key`) under which they were sent."""
    unread: set[str] = field(default_factory=set)
    """The keys of the rooms whose newest messages were not told: the connection was lost before they were."""
    login: Login | None = None
    """The LOGIN to send before the first JOIN; None if there is no account."""
    account: str = ""
    """The account that this connection is logged in to; empty for none."""
    takes_newcomers: bool = True
    """Whether people can REGISTER at the server, as far as it says so."""

    def give_up_others(self, transcript: Transcript) -> list[Change]:
        """Let fail what was sent under another name: the server would not know it again."""
        key = names.key(transcript.nick)
        changes: list[Change] = []
        for label, nick in list(self.sent_as.items()):
            if transcript.waits_in(label) is None:
                del self.sent_as[label]
            elif nick != key:
                del self.sent_as[label]
                changes += transcript.mark_failed(label, UNKNOWN_FATE)
        return changes
