"""Telling that something was said to the one who reads: a bell, and the desktop's own notice if there is a way."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from typing import Any

from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

PAUSE = 2.0
"""Seconds between two notices, at least."""
MAX_TEXT = 200


class _Sent(ProcessProtocol):
    def __init__(self, done: Callable[[bool], None]) -> None:
        self._done = done

    def processEnded(self, reason: Failure) -> None:  # noqa: N802  # Twisted's
        """Tell how it ended."""
        self._done(bool(reason.check(ProcessDone)) or not reason.check(ProcessTerminated))


def spawn(reactor: Any, command: list[str], done: Callable[[bool], None]) -> None:
    """Run a program without waiting for it; ``done`` is told whether it ended well."""
    try:
        reactor.spawnProcess(_Sent(done), command[0], command, env=dict(os.environ))
    except OSError:
        done(False)  # noqa: FBT003  # whether it ended well


class Notices:
    """Gives notices, few at a time. ``bell`` rings, ``notify_send`` is the program that shows one, if there is one."""

    def __init__(self, reactor: Any, bell: Callable[[], None], notify_send: str | None) -> None:
        self._reactor = reactor
        self._bell = bell
        self._program = notify_send
        self._last = float("-inf")
        self._running = False

    def give(self, title: str, text: str) -> None:
        """Ring and notify; what comes right after another notice gives none of its own."""
        now = self._reactor.seconds()
        if now - self._last < PAUSE:
            return
        self._last = now
        self._bell()
        if self._program is None or self._running:
            return
        self._running = True
        # Desktops take the text for markup.
        body = html.escape(text[:MAX_TEXT], quote=False)
        spawn(self._reactor, [self._program, "--app-name=chatd", "--", title, body], self._ended)

    def _ended(self, _: bool) -> None:  # noqa: FBT001  # as `spawn` tells it
        self._running = False
