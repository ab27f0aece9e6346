"""How long a peer may be silent: until its first JOIN, and, if it is a program, ever after."""

from __future__ import annotations

from typing import Protocol

from chatd.chat.client import Client
from chatd.chat.limits import Limits
from chatd.protocol.commands import Ping
from chatd.protocol.errors import DisconnectReason
from chatd.runtime.timers import Check, TimerWheel


class Heard(Client, Protocol):
    """A client of which it is known when it was heard."""

    heard: float
    """When the peer last gave a sign of life, in seconds."""


class Keepalive:
    """Watches one client: first for its JOIN and, after `expect_life`, for signs of life, which it asks for."""

    __slots__ = ("_asked", "_check", "_client", "_limits", "_slot", "_timers")

    def __init__(self, client: Heard, timers: TimerWheel, limits: Limits) -> None:
        self._client = client
        self._timers = timers
        self._limits = limits  # those that the peer was told, which stay for it when others come to hold
        self._asked = 0.0
        self._check: Check = self._check_joined
        self._slot = timers.add(self._check, client.heard + limits.join_seconds)

    def expect_life(self, limits: Limits) -> None:
        """From here on, expect something to be heard now and then."""
        self.stop()
        self._limits = limits
        self._check = self._check_heard
        self._slot = self._timers.add(self._check, self._client.heard + self._limits.ping_seconds)

    def stop(self) -> None:
        """Watch no longer."""
        self._timers.discard(self._check, self._slot)

    def _check_joined(self, _now: float) -> None:
        if not self._client.nick:
            seconds = self._limits.join_seconds
            why = f"no JOIN within {seconds} second{'s' * (seconds != 1)}"
            self._client.disconnect(DisconnectReason.IDLE, why)

    def _check_heard(self, now: float) -> None:
        seconds = self._limits.ping_seconds
        heard = self._client.heard
        due = max(heard, self._asked) + seconds
        if now >= due:
            # By the question, not by the silence: a clock that jumped is not the peer's fault.
            if self._asked > heard:
                self._client.disconnect(DisconnectReason.IDLE, f"nothing was received for {2 * seconds} seconds")
                return
            self._asked = now
            due = now + seconds
            self._client.send_event(Ping(str(int(now))))
        self._slot = self._timers.add(self._check, due)
