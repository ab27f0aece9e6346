"""The daemon as a process: its log, its pid file, its signals, and the terminal that it was started from."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.logger import ILogObserver, LogLevel

from chatd.app.early_signals import hold_all_signals, release_signals
from chatd.app.log_output import Output, OwnLogFile, open_log
from chatd.app.pid_file import PidFile
from chatd.app.signals import install_signals

SEEN_ABOVE = "the server did not start; see the message above"
"""What twistd adds of a daemon, of which it shows no more than a hundred bytes."""


class NoProcess:
    """What stands in where the service is part of another program."""

    def set_log(self, application: Any) -> None:
        """Leave the log to the program."""

    def set_log_level(self, level: LogLevel) -> None:
        """Leave the log to the program."""

    def take(self) -> None:
        """Write no pid file."""

    def started(self, reactor: Any, drain: Callable[[], object], reload: Callable[[], object]) -> None:
        """Take the signals, one of which is to ``drain`` and one to ``reload``."""
        install_signals(reactor, None, drain, reload)

    def release_signals(self) -> None:
        """Leave what the program holds to it."""

    def failed(self, line: str) -> str:
        """Print why it could not start; return what is to be said besides, if anything."""
        print(line, file=sys.__stderr__)  # twistd has made sys.stderr part of the log
        return ""

    def ended(self) -> None:
        """Leave nothing behind."""


class Process(NoProcess):
    """The process that twistd runs the service in; ``twistd`` are the options that it was given."""

    def __init__(self, twistd: Mapping[str, Any]) -> None:
        self._twistd = twistd
        self._pid_file = PidFile(Path(twistd["pidfile"])) if twistd["pidfile"] else None
        self._output: Output | None = None
        self._log_file: OwnLogFile | None = None
        self._terminal: int | None = None
        if not (twistd["nodaemon"] or twistd["debug"]):
            with suppress(OSError):  # the daemon's own standard error will lead nowhere
                self._terminal = os.dup(2)

    def set_log(self, application: Any) -> None:
        """Give twistd what writes its log. Raise `SystemExit`, with one line for the user, if that cannot be."""
        if not hasattr(application, "setComponent") or application.getComponent(ILogObserver, None) is not None:
            return
        self._output, self._log_file = open_log(self._twistd)
        if self._output is not None:
            application.setComponent(ILogObserver, self._output)

    def set_log_level(self, level: LogLevel) -> None:
        """Log nothing below a level from here on, unless twistd writes the log itself."""
        if self._output is not None:
            self._output.set_level(level)

    def take(self) -> None:
        """Write the pid file. Raise `ValueError`, with a sentence for the user, if that cannot be."""
        hold_all_signals()  # whoever finds the number there may send one
        if self._pid_file is not None:
            self._pid_file.take()

    def started(self, reactor: Any, drain: Callable[[], object], reload: Callable[[], object]) -> None:
        """Take the signals, and let go of the terminal."""
        install_signals(reactor, self._log_file, drain, reload)
        self._close_terminal()

    def release_signals(self) -> None:
        """Take what has come since the process began."""
        release_signals()

    def failed(self, line: str) -> str:
        """Print why it could not start; return what is to be said besides, if anything."""
        self.ended()
        if self._terminal is None:
            return super().failed(line)
        with suppress(OSError):
            os.write(self._terminal, f"{line}\n".encode())
        self._close_terminal()
        return SEEN_ABOVE

    def ended(self) -> None:
        """Remove the pid file."""
        if self._pid_file is not None:
            self._pid_file.remove()

    def _close_terminal(self) -> None:
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None
