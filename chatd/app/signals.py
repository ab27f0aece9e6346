"""How the daemon handles signals; none ends it without telling the clients."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger

from chatd.app.log_output import OwnLogFile

_log = Logger()


def install_signals(
    reactor: Any, log_file: OwnLogFile | None, drain: Callable[[], object], reload: Callable[[], object]
) -> None:
    """Let SIGTERM end the reactor, SIGHUP reopen the log and ``reload``, SIGUSR1 ``drain``, SIGUSR2 begin a new log.

    When the terminal is gone in which the daemon ran or was started, SIGHUP is as SIGTERM.
    """
    had_terminal = _has_terminal() or any(_was_terminal(descriptor) for descriptor in range(3))

    def hang_up() -> None:
        if had_terminal and not _has_terminal():
            _let_go_of_the_terminal()
            with suppress(ReactorNotRunning):  # it may be stopping, and a shell that ends sends a second one
                reactor.stop()
                _log.info("the terminal is gone; stopping")
            return
        if log_file is None:
            _log.info("SIGHUP: no log file to reopen")
        else:
            log_file.reopen()
            _log.info("SIGHUP: reopened the log")
        reload()

    def rotate() -> None:
        if log_file is None:
            _log.info("SIGUSR2: no log file to rotate")
        else:
            log_file.rotate()

    def on(number: int, do: Callable[[], object]) -> None:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, lambda *_: reactor.callFromThread(do))

    # The ordinary way to stop: twistd would stop as cleanly and then die of the signal itself.
    on(signal.SIGTERM, reactor.stop)
    on(signal.SIGHUP, hang_up)
    on(signal.SIGUSR1, drain)
    on(signal.SIGUSR2, rotate)


def _has_terminal() -> bool:
    """Return whether the process has a terminal that could be lost: not as a daemon, nor under systemd."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _let_go_of_the_terminal() -> None:
    """Write nothing more to what is not there: it would fail at the very end, and be the exit status."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        if os.isatty(descriptor) or _was_terminal(descriptor):
            os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _was_terminal(descriptor: int) -> bool:
    """Return whether a descriptor leads to a terminal that is gone."""
    if os.isatty(descriptor):
        return False  # it may still have no name, in a container that was given one from outside
    try:
        os.ttyname(descriptor)
    except OSError as error:
        return error.errno not in (errno.ENOTTY, errno.EBADF)  # a file or a pipe; one that is closed
    return False
