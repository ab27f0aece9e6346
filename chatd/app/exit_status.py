"""How the process ends: with which status, and with what message."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress

from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IReactorCore
from twisted.logger import Logger

from chatd.protocol.text import clean

FAILED = 1

_log = Logger()


class ExitStatus:
    """0, unless something failed that the process outlived: ``twistd`` by itself exits with 0 whenever it can stop."""

    def __init__(self, reactor: object) -> None:
        self._reactor = reactor
        self.status = 0

    def fail(self, why: str) -> None:
        """Log a sentence, print it to the terminal, and exit with 1 when the process ends."""
        tell(why)
        if not self.status and IReactorCore.providedBy(self._reactor):
            atexit.register(self._exit)
        self.status = FAILED

    def give_up(self, why: str) -> None:
        """Do the same, and stop the process."""
        first = not self.status
        self.fail(why)
        if first and IReactorCore.providedBy(self._reactor):
            with suppress(ReactorNotRunning):
                self._reactor.stop()

    def _exit(self) -> None:
        # From here the status cannot be changed in another way. What was registered before is not called any more.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(self.status)


def tell(why: str) -> str:
    """Log a sentence as one line, print it to the terminal, and return it so."""
    why = clean(" ".join(why.split()))
    _log.error("{why}", why=why)
    print(f"chatd: {why}", file=sys.__stderr__)  # twistd has made sys.stderr part of the log
    return why
