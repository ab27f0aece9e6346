"""Notifies systemd with the protocol of sd_notify(3): ready, alive, reloading, stopping.

Nothing here waits, and nothing fails: a socket that is missing, dead or full changes nothing but what systemd knows.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.edges.gateway import Gateway
from chatd.model.health import Health

LOOK_SECONDS = 5
"""How often the server's status is looked at. It is sent if it has changed."""
WAIT_USEC = 30_000_000
"""How long systemd is asked to wait on, in microseconds, each time that the server finds its cluster out of reach."""

_log = Logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """How the server stands."""

    status: str
    """A short sentence for ``systemctl status``."""
    takes_messages: bool


def standing(gateway: Gateway) -> Standing:
    """Return how a server stands that has such a gateway."""
    connections, rooms, health = len(gateway.connections), gateway.hub.occupied_count, gateway.hub.journal.health
    status = f"{connections} connection{'s' * (connections != 1)}, people in {rooms} room{'s' * (rooms != 1)}"
    works = health is Health.WORKING
    return Standing(status if works else f"{status}; accepts no messages: {health.value}", works)


class NoNotifier:
    """What stands in where no systemd has started the process."""

    def start(self) -> None:
        """The ports listen and the journal is open: say so, once messages can be taken, and that the reactor turns."""

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` follows, however that went."""

    def ready(self) -> None:
        """Say that the server is ready."""

    def stopping(self) -> None:
        """Say that the server stops, or lets nobody in any more because it will."""

    def close(self) -> None:
        """Say nothing more."""


class Notifier(NoNotifier):
    """Tells the systemd that has started the process.

    ``watchdog_seconds`` is how often it wants a sign of life, None if never. ``standing`` is asked now and then.
    """

    def __init__(
        self, channel: Channel, watchdog_seconds: float | None, clock: IReactorTime, standing: Callable[[], Standing]
    ) -> None:
        self._channel = channel
        self._standing = standing
        self._status = ""
        self._waiting = True
        self._stopping = False
        self._owed: list[str] = []
        self._look = LoopingCall(self._look_at_standing)
        self._alive = LoopingCall(self._channel.send, "WATCHDOG=1")
        self._look.clock = self._alive.clock = clock
        self._watchdog_seconds = watchdog_seconds

    @override
    def start(self) -> None:
        if self._watchdog_seconds is not None:
            self._keep(self._alive, self._watchdog_seconds / 2)
        self._keep(self._look, LOOK_SECONDS)

    @override
    def reloading(self) -> None:
        if not (self._waiting or self._stopping):
            # systemd takes a READY=1 that was sent before this moment for one of before the reload.
            self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    @override
    def ready(self) -> None:
        if not (self._waiting or self._stopping):
            self._say("READY=1")

    @override
    def stopping(self) -> None:
        if not self._stopping:
            self._stopping = True
            self._say("STOPPING=1", "STATUS=stopping")

    @override
    def close(self) -> None:
        for each in (self._look, self._alive):
            if each.running:
                each.stop()
        self._channel.close()

    def _keep(self, call: LoopingCall, seconds: float) -> None:
        call.start(seconds).addErrback(lambda failure: _log.failure("no longer notifying systemd", failure))

    def _look_at_standing(self) -> None:
        if self._stopping:
            self._say()
            return
        standing = self._standing()
        words = [] if standing.status == self._status else [f"STATUS={standing.status}"]
        self._status = standing.status
        if self._waiting:
            self._waiting = not standing.takes_messages
            words.append(f"EXTEND_TIMEOUT_USEC={WAIT_USEC}" if self._waiting else "READY=1")
        self._say(*words)

    def _say(self, *words: str) -> None:
        """Send assignments, after those that systemd did not read when they were to be sent."""
        self._owed += words
        if self._owed and self._channel.send("\n".join(self._owed)):
            self._owed.clear()


class Channel:
    """The socket of systemd, by its path or, after an ``@``, by its abstract name."""

    def __init__(self, address: str) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(0)

    def send(self, message: str) -> bool:
        """Send lines of assignments. Return False if they are to be sent again: systemd has not read those before."""
        try:
            self._socket.sendto(message.encode(), self._address)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Let go of it; what is sent from now on goes nowhere."""
        self._socket.close()


def take_notifier(
    environment: MutableMapping[str, str], clock: IReactorTime, standing: Callable[[], Standing]
) -> NoNotifier:
    """Return what tells systemd, if the environment names its socket, which no child process then finds there."""
    address = environment.pop("NOTIFY_SOCKET", "")
    pid, microseconds = environment.pop("WATCHDOG_PID", ""), environment.pop("WATCHDOG_USEC", "")
    if not address.startswith(("/", "@")):
        return NoNotifier()
    seconds: float | None = None
    if pid in ("", str(os.getpid())):
        with suppress(ValueError):
            seconds = max(0, int(microseconds)) / 1_000_000
    return Notifier(Channel(address), seconds or None, clock, standing)
