"""Signals that come while the daemon starts: from the first moment at which this program runs."""

from __future__ import annotations

import signal
import threading

HELD = frozenset({signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2})
"""Those that are not to end the process."""
STOPPING = frozenset({signal.SIGTERM, signal.SIGINT})
"""Those that are, in order: a pid file and sockets are removed."""


def hold_signals() -> None:
    """Let those that are not to end the process wait until `release_signals`; let SIGINT end it without a traceback.

    Call it before most of the program is read, which takes longer than all else at the start.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    end_on_interrupt()


def hold_all_signals() -> None:
    """Let those that end the process wait, too: from here on it makes files that it has to remove."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD | STOPPING)
    raise_on_interrupt()


def release_signals() -> None:
    """Take those that have come meanwhile."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD | STOPPING)


def end_on_interrupt() -> None:
    """Let SIGINT end the process as SIGTERM does, without a traceback: there is nothing yet to tidy up."""
    _replace_interrupt(signal.default_int_handler, signal.SIG_DFL)


def raise_on_interrupt() -> None:
    """Let SIGINT be what it is to Python, where `end_on_interrupt` has changed that."""
    _replace_interrupt(signal.SIG_DFL, signal.default_int_handler)


def _replace_interrupt(old: object, new: signal._HANDLER) -> None:
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is old:
        signal.signal(signal.SIGINT, new)
