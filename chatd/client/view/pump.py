"""Tk within Twisted's reactor: the display's connection wakes Tk when there is something, a slow tick does the rest."""

from __future__ import annotations

import os
import socket
import stat
import tkinter as tk
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

TICK = 0.1
"""Seconds between two looks at Tk's own timers (a blinking cursor), while the display has nothing to tell."""
FALLBACK_MS = 20
"""Milliseconds between two looks at everything, where the display's connection cannot be found."""
_X_PORTS = range(6000, 6100)
_log = Logger()


def display_sockets() -> set[int]:
    """Return the descriptors of this process that are connections to an X display."""
    try:
        candidates = [int(name) for name in os.listdir("/dev/fd") if name.isdigit()]
    except OSError:
        return set()
    return {descriptor for descriptor in candidates if _leads_to_display(descriptor)}


def _leads_to_display(descriptor: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            peer = connection.getpeername()
    except OSError:
        return False
    if isinstance(peer, tuple):
        return len(peer) >= 2 and peer[1] in _X_PORTS
    path = peer.decode(errors="replace") if isinstance(peer, bytes) else str(peer)
    return ".X11-unix" in path or "org.xquartz" in path


def open_root() -> tuple[tk.Tk, int | None]:
    """Return a new root window and the descriptor of its display; None if there is none to be found.

    Raise `tkinter.TclError` if there is no display.
    """
    before = display_sockets()
    root = tk.Tk(className="chatd")
    root.withdraw()
    after = display_sockets()
    # A second root of one process goes through the connection of the first.
    found = (after - before) or after
    return root, found.pop() if len(found) == 1 else None


@implementer(IReadDescriptor)
class Pump:
    """Lets Tk work within a reactor, until it is stopped."""

    def __init__(self, root: tk.Tk, reactor: Any, descriptor: int | None) -> None:
        self._root = root
        self._reactor = reactor
        self._descriptor = descriptor
        self._tick: LoopingCall | None = None
        self._soon: Any = None
        self._busy = False
        root.report_callback_exception = self._report

    def start(self) -> None:
        """Begin."""
        if self._descriptor is None:
            from twisted.internet import tksupport

            tksupport.install(self._root, ms=FALLBACK_MS, reactor=self._reactor)
            return
        self._reactor.addReader(self)
        self._tick = LoopingCall(self._update)
        self._tick.clock = self._reactor
        self._tick.start(TICK, now=False)

    def stop(self) -> None:
        """End; to be called before the root window is destroyed."""
        if self._soon is not None and self._soon.active():
            self._soon.cancel()
        if self._tick is not None:
            self._tick.stop()
            self._tick = None
            self._reactor.removeReader(self)
        elif self._descriptor is None:
            from twisted.internet import tksupport

            with suppress(AttributeError):  # it was not started
                tksupport.uninstall()

    def soon(self) -> None:
        """Draw what was changed at the reactor's next turn, instead of at the next tick."""
        if self._soon is None or not self._soon.active():
            self._soon = self._reactor.callLater(0, self._update)

    def fileno(self) -> int:
        """Return the display's descriptor."""
        return -1 if self._descriptor is None else self._descriptor

    def logPrefix(self) -> str:
        """Return what the log calls this."""
        return "display"

    def doRead(self) -> None:  # noqa: N802  # Twisted's
        """Take what the display tells."""
        self._update()

    def connectionLost(self, reason: Failure) -> None:
        """Nothing is to be done: Xlib ends the process when the display goes."""

    def _update(self) -> None:
        if self._busy:  # a callback of Tk's got here
            return
        self._busy = True
        try:
            self._root.update()
        except tk.TclError:
            _log.failure("Tk failed to draw")
        finally:
            self._busy = False

    def _report(self, kind: type[BaseException], value: BaseException, trace: Any) -> None:
        _log.failure("a callback of the window failed", failure=Failure(value, kind, trace))
