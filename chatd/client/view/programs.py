"""Small programs of the desktop, run without waiting for them: none lasts longer than it may, or than the window."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from typing_extensions import override

Done = Callable[[bool], None]
"""Is told whether a program ended well, which one that had to be killed did not."""
MAX_OUTPUT_BYTES = 64 * 1024


class Running(ProcessProtocol):
    """One program that runs; it is killed after ``seconds``. ``done`` is called once."""

    def __init__(self, clock: Any, seconds: float, done: Done) -> None:
        self._done = done
        self._limit = clock.callLater(seconds, self.kill)

    def processExited(self, reason: Failure) -> None:  # noqa: N802  # Twisted's
        """Tell how it ended."""
        self.end(reason)

    def end(self, reason: Failure) -> None:
        """Note that it has ended."""
        if self._limit.active():
            self._limit.cancel()
        self._done(reason.check(ProcessDone) is not None)

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self._limit.active():
            self._limit.cancel()
        transport: Any = self.transport
        with suppress(ProcessExitedAlready):
            transport.signalProcess("KILL")


class Heard(Running):
    """One program whose output is wanted: it is there when its pipe is closed, which is later than its end."""

    output = b""

    def outReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's
        """Note what it prints."""
        self.output = (self.output + data)[:MAX_OUTPUT_BYTES]

    @override
    def processExited(self, reason: Failure) -> None:
        pass  # the rest of what it prints may be on its way

    def processEnded(self, reason: Failure) -> None:  # noqa: N802  # Twisted's
        """Tell how it ended."""
        self.end(reason)

    @override
    def kill(self) -> None:
        super().kill()
        transport: Any = self.transport
        transport.loseConnection()  # what it has started may hold the pipe open


class Programs:
    """Runs programs, and kills those that are left when the window closes."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._running: set[Running] = set()
        self._stopped = False

    def run(self, command: Sequence[str], seconds: float, done: Done = lambda _: None) -> None:
        """Run a program that is given nothing to read and is heard by nobody, for so many seconds at most."""

        def ended(well: bool) -> None:  # noqa: FBT001  # as `Running` tells it
            self._running.discard(running)
            if not self._stopped:
                done(well)

        running = Running(self._reactor, seconds, ended)
        self._start(running, command)

    def ask(self, command: Sequence[str], seconds: float, told: Callable[[bytes], None]) -> None:
        """Run a program in the same way, and tell what it prints if it ends well."""

        def ended(well: bool) -> None:  # noqa: FBT001  # as `Running` tells it
            self._running.discard(heard)
            if well and not self._stopped:
                told(heard.output)

        heard = Heard(self._reactor, seconds, ended)
        self._start(heard, command, output="r")

    def _start(self, running: Running, command: Sequence[str], output: str | None = None) -> None:
        self._running.add(running)
        nothing = os.open(os.devnull, os.O_RDWR)
        files: dict[int, int | str] = {0: nothing, 1: output or nothing, 2: nothing}
        try:
            self._reactor.spawnProcess(running, command[0], list(command), env=dict(os.environ), childFDs=files)
        except OSError:
            running.end(Failure())
        finally:
            os.close(nothing)

    def stop(self) -> None:
        """Kill what still runs; nobody is told any more, for the window goes."""
        self._stopped = True
        for each in list(self._running):
            each.kill()
