"""How a node leaves its cluster: what it waits for, and for how long."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.journal.jetstream.inbox import Inbox
from chatd.journal.jetstream.membership import Membership
from chatd.journal.jetstream.outbox import Outbox
from chatd.journal.jetstream.unacknowledged import Unacknowledged

FLUSH_SECONDS = 5
"""How long a node that stops waits until all that was appended is stored and handed back."""
GOODBYE_SECONDS = 2
"""How long a node that stops waits until all nodes know that it is down."""


class Departure:
    """Has a deadline for what was appended, and one for the word that the node is down."""

    def __init__(
        self,
        clock: IReactorTime,
        unacknowledged: Unacknowledged,
        outbox: Outbox,
        inbox: Inbox,
        membership: Membership,
    ) -> None:
        self._clock = clock
        self._unacknowledged = unacknowledged
        self._outbox = outbox
        self._inbox = inbox
        self._membership = membership
        self._deadline: IDelayedCall | None = None
        self._goodbye: Deferred[None] | None = None
        self._refused = 0

    @property
    def complaint(self) -> str | None:
        """What a server operator should know of the end; None if all that was said came back before it."""
        if self._inbox.failed:
            return "cannot write the index, so the last messages were answered ERR unavailable"
        if not self._refused:
            return None
        return (
            "the last messages did not come back from the cluster in time and were answered ERR unavailable; in"
            f" total: {self._refused}"
        )

    def hurry(self, abandon: Callable[[], None]) -> None:
        """Call ``abandon`` in a few seconds, unless that was asked for before."""
        if self._deadline is None:
            self._deadline = self._clock.callLater(FLUSH_SECONDS, abandon)

    def flushed(self) -> None:
        """Note that all that was appended has come back."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def abandon(self) -> None:
        """Refuse what has not come back, and hand over nothing more: it is not known what will become of it."""
        self._inbox.stop()
        self._refused = self._unacknowledged.refuse_rest()
        self._outbox.stop()
        self._unacknowledged.release_waiters()

    async def say_goodbye(self) -> None:
        """Tell all nodes that this one is down; return when they know, or after a while."""
        self._goodbye = goodbye = Deferred[None]()
        self._membership.announce_down(self._membership.incarnation)
        deadline = self._clock.callLater(GOODBYE_SECONDS, self.said_goodbye)
        await goodbye
        if deadline.active():
            deadline.cancel()

    def said_goodbye(self) -> None:
        """Note that all nodes know."""
        goodbye, self._goodbye = self._goodbye, None
        if goodbye is not None:
            goodbye.callback(None)
