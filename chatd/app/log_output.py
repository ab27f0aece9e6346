"""Where the log goes: a file that can be reopened, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    formatEventAsClassicLogText,
)
from twisted.python.logfile import LogFile
from zope.interface import implementer

from chatd.app.log_formats import Format, LogFormat, format_of, level_of
from chatd.runtime.files import open_own

DEFAULT_LOG = "twistd.log"
LOG_OPTION = "log-option"
"""Among twistd's options, the name of the one that names the log."""
_PLUGIN_CACHE = "Unable to write to plugin cache"

_log = Logger()


class OwnLogFile(LogFile):
    """A log file that is no link, and that nobody else may read."""

    def reopen(self) -> None:
        """Open it again, after another program has moved it away; if that fails, go on with the old one and say so."""
        old = self._file
        try:
            self._openFile()
        except OSError as error:
            _log.error("cannot reopen the log, continuing with the old file: {why}", why=str(error))
            return
        old.close()

    def _openFile(self) -> None:  # noqa: N802  # Twisted's
        self._file = os.fdopen(open_own(Path(self.path)), "rb+", 0)
        self._file.seek(0, os.SEEK_END)
        self.size = self._file.tell()
        self.closed = False


@implementer(ILogObserver)
class Output:
    """Writes the log, from a level on, without what is no fault: that whoever runs it may not change the installation.

    ``file`` takes text if it is a stream of that, and else bytes.
    """

    def __init__(self, file: Any, write_as: Format = formatEventAsClassicLogText) -> None:
        self._write = FileLogObserver(file, write_as)
        self._left_out: frozenset[LogLevel] = frozenset()

    def set_level(self, level: LogLevel) -> None:
        """Write nothing below a level from here on."""
        self._left_out = frozenset(each for each in LogLevel.iterconstants() if each < level)

    def __call__(self, event: LogEvent) -> None:
        """Write an event."""
        if level_of(event) in self._left_out or str(event.get("format") or "").startswith(_PLUGIN_CACHE):
            return
        self._write(event)


def open_log(twistd: Mapping[str, Any]) -> tuple[Output | None, OwnLogFile | None]:
    """Return what writes the log that twistd's options ask for, and its file; None where twistd itself is to do it.

    Under ``log`` and ``log-level`` there may be a format and a level. Raise `SystemExit`, with one line for the user,
    if the file cannot be opened.
    """
    if twistd.get("logger") or twistd.get("syslog"):
        return None, None
    output, file = _opened(twistd)
    if output is not None:
        output.set_level(twistd.get("log-level", LogLevel.debug))
    return output, file


def goes_to_journal(descriptor: int, environment: Mapping[str, str]) -> bool:
    """Return whether what is written to a descriptor goes to the journal of systemd, see systemd.exec(5)."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _opened(twistd: Mapping[str, Any]) -> tuple[Output | None, OwnLogFile | None]:
    name, foreground = twistd["logfile"], twistd["nodaemon"] or twistd["debug"]
    chosen: LogFormat | None = twistd.get("log")
    if name == "-" or (foreground and not name):
        default = LogFormat.JOURNALD if goes_to_journal(1, os.environ) else LogFormat.TEXT
        return (Output(sys.stdout, format_of(chosen or default)) if foreground else None), None
    path = Path(name or DEFAULT_LOG).absolute()
    try:
        file = OwnLogFile(path.name, str(path.parent))
    except (OSError, AssertionError) as error:  # LogFile asserts that its folder is there
        why = getattr(error, "strerror", None) or "no such directory"
        option = twistd.get(LOG_OPTION, "twistd's --logfile")
        raise SystemExit(f"chatd: cannot write the log {path}: {why}; name another with {option}") from None
    return Output(file, format_of(chosen or LogFormat.TEXT)), file
