"""How long a peer may be silent: until its first JOIN, and, if it is a program, ever after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.protocol.commands import Ping
from chatd.protocol.errors import DisconnectReason
from chatd.runtime.timers import Check

if TYPE_CHECKING:
    from chatd.chat.session import Session


class Keepalive:
    """Watches one session: first for its JOIN and, after `watch_life`, for signs of life, which it asks for."""

    __slots__ = ("_asked", "_check", "_session", "_slot")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked = 0.0
        self._check: Check = self._check_joined
        self._slot = session.hub.timers.add(self._check, session.heard + session.hub.limits.join_seconds)

    def watch_life(self) -> None:
        """From here on, expect something to be heard now and then."""
        self.end()
        self._check = self._check_heard
        hub = self._session.hub
        self._slot = hub.timers.add(self._check, self._session.heard + hub.limits.ping_seconds)

    def end(self) -> None:
        """Watch no longer."""
        self._session.hub.timers.discard(self._check, self._slot)

    def _check_joined(self, _now: float) -> None:
        if not self._session.nick:
            why = f"nobody came in within {self._session.hub.limits.join_seconds} seconds"
            self._session.end(DisconnectReason.IDLE, why)

    def _check_heard(self, now: float) -> None:
        seconds = self._session.hub.limits.ping_seconds
        heard = self._session.heard
        due = max(heard, self._asked) + seconds
        if now >= due:
            # By the question, not by the silence: a clock that jumped is not the peer's fault.
            if self._asked > heard:
                self._session.end(DisconnectReason.IDLE, f"nothing was heard for {2 * seconds} seconds")
                return
            self._asked = now
            due = now + seconds
            self._session.tell(Ping(str(int(now))))
        self._slot = self._session.hub.timers.add(self._check, due)
