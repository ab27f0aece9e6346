"""What a signal does, while the reactor runs and when the server is stopping already."""

from __future__ import annotations

import errno
import os
import pty
import signal
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.error import ReactorNotRunning

from chatd.app import signals


class StoppingOnce:
    """A reactor that can be stopped once, as Twisted's."""

    def __init__(self) -> None:
        self.stopped = 0

    def callFromThread(self, do: Callable[[], None]) -> None:  # noqa: N802  # Twisted's
        do()

    def stop(self) -> None:
        self.stopped += 1
        if self.stopped > 1:
            raise ReactorNotRunning("Can't stop reactor that isn't running.")


def test_a_terminal_that_is_lost_while_it_stops_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that ends sends SIGHUP, and the kernel another; or SIGTERM came before."""
    taken: dict[int, Any] = {}
    terminals = iter([True, False, False])
    monkeypatch.setattr(signals, "_has_terminal", lambda: next(terminals))
    monkeypatch.setattr(signals, "_let_go_of_the_terminal", lambda: None)
    monkeypatch.setattr(signal, "signal", taken.__setitem__)
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_DFL)
    reactor = StoppingOnce()
    signals.install_signals(reactor, None, lambda: None, reactor.stop)
    for _ in range(2):
        taken[signal.SIGHUP](signal.SIGHUP, None)
    assert reactor.stopped == 2


@pytest.mark.parametrize("number", [errno.ENODEV, errno.ENOENT])
def test_a_terminal_that_has_no_name_is_not_gone(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """As in a container that was given one from outside."""

    def ttyname(_descriptor: int) -> str:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "ttyname", ttyname)
    pair = pty.openpty()
    assert [signals._was_terminal(each) for each in pair] == [False, False]
    for each in pair:
        os.close(each)


def test_a_terminal_that_is_gone_is_known() -> None:
    there, terminal = pty.openpty()
    os.close(there)
    assert signals._was_terminal(terminal)
    os.close(terminal)
