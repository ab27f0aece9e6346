"""SIGTERM and SIGINT: the first one stops the process in the ordinary way; later ones change nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IReactorCore, IReactorFromThreads
from twisted.logger import Logger

_log = Logger()


class StopSignals:
    """Handles them from `install` on, which is called once the reactor runs and has set up its own handlers.

    To Twisted SIGTERM is what a process dies of, though it stops as cleanly, and a second signal is a fault with a
    traceback: to stop a reactor that is stopping raises.
    """

    def __init__(self, reactor: object) -> None:
        self._reactor = reactor
        self._stopping = False

    def install(self) -> None:
        """Handle both from here on."""
        reactor = self._reactor
        if IReactorFromThreads.providedBy(reactor) and IReactorCore.providedBy(reactor):
            reactor.addSystemEventTrigger("before", "shutdown", self._note_stop)
            interrupt = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGTERM, self._handler(reactor, lambda *_: reactor.callFromThread(self._stop)))
            if callable(interrupt):
                signal.signal(signal.SIGINT, self._handler(reactor, interrupt))

    def _handler(
        self, reactor: IReactorFromThreads, first: Callable[[int, FrameType | None], Any]
    ) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            if self._stopping:
                reactor.callFromThread(
                    _log.info, "{signal}: the server is stopping already", signal=signal.strsignal(number)
                )
            else:
                self._stopping = True
                first(number, frame)

        return handle

    def _note_stop(self) -> None:
        self._stopping = True

    def _stop(self) -> None:
        reactor = self._reactor
        if IReactorCore.providedBy(reactor):
            with suppress(ReactorNotRunning):
                reactor.stop()
