"""``--log``, ``--log-level``, ``--audit``: what is logged, and how."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet.interfaces import IReactorTime
from twisted.logger import LogLevel
from twisted.python import usage

from chatd.app.audit_log import AuditFile, AuditLog, NoAuditLog
from chatd.app.configuration.layers import COMMAND_LINE, LayeredOptions
from chatd.app.log_formats import LogFormat
from chatd.protocol.text import clean

LEVELS = ("critical", "error", "warn", "info", "debug")
"""The fewest events first."""


class LogOptions(LayeredOptions):
    """``--log``, ``--log-level`` and ``--audit``."""

    optParameters: ClassVar[list[list[object]]] = [
        [
            "log",
            None,
            None,
            "format of the log: text, json or journald (default: journald under systemd, otherwise text)",
        ],
        ["audit", None, None, "file of the audit log: logins, refusals and moderation, as lines of JSON"],
        ["log-level", None, "info", f"least severe events to log: {', '.join(LEVELS)}"],
    ]

    def postOptions(self) -> None:
        """Check what was given."""
        super().postOptions()
        if self["log"] is not None:
            try:
                self["log"] = LogFormat(self["log"])
            except ValueError:
                choice = ", ".join(LogFormat)
                raise usage.UsageError(f"--log takes one of {choice}, not {clean(self['log'])!r}") from None
        if self["log-level"] not in LEVELS:
            raise usage.UsageError(f"--log-level takes one of {', '.join(LEVELS)}, not {clean(self['log-level'])!r}")
        self._check_twistd(self.parent)

    @property
    def audit_path(self) -> Path | None:
        """The file of the audit log, None if there is none."""
        return None if self["audit"] is None else Path(os.path.abspath(self["audit"]))

    def make_audit_log(self, clock: IReactorTime) -> AuditLog:
        """Return the audit log, nothing opened yet."""
        return NoAuditLog() if self.audit_path is None else AuditFile(self.audit_path, clock, time.time)

    @property
    def log_level(self) -> LogLevel:
        """Of which level on events are logged."""
        found: LogLevel = LogLevel.lookupByName(self["log-level"])
        return found

    def _check_twistd(self, twistd: Mapping[str, Any] | None) -> None:
        given = {"log": self["log"] is not None}
        for name in ("log-level", "logfile"):  # a file may give them for a daemon that writes its log itself
            given[name] = name in self.given and self.given[name].origin == COMMAND_LINE
        for name in ("syslog", "logger"):
            for own in (each for each in given if given[each] and twistd is not None and twistd.get(name)):
                raise usage.UsageError(
                    f"--{own} and twistd's --{name} exclude each other: twistd writes that log itself; leave one out"
                )

    def take_over_log(self, twistd: usage.Options) -> str:
        """Give twistd the name of the log; return by which option it was named, or can be.

        Ours has the last word on the command line, and twistd's there goes before our file and our environment.
        """
        given = self.given.get("logfile")
        on_the_line = given is None or given.origin == COMMAND_LINE
        if self["logfile"] is None:
            return "--logfile" if twistd["logfile"] is None else "twistd's --logfile"
        if twistd["logfile"] is not None and not on_the_line:
            self["logfile"] = twistd["logfile"]
            return "twistd's --logfile"
        twistd["logfile"] = self["logfile"]
        if given is None or on_the_line:
            return "--logfile"
        return given.origin if given.origin.startswith("CHATD_") else f"logfile ({given.origin})"
