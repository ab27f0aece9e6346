"""Checks that tell an operator, before it matters, what would keep the daemon from starting or lose what is said.

Nothing is made, changed or locked by any of them, and all block: in a process with a reactor they belong in a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping

from chatd.app.checks import (
    accounts,
    certificates,
    clock,
    cluster,
    configuration,
    descriptors,
    hooks,
    installed,
    journal,
    pam,
    ports,
)
from chatd.app.checks.question import Configured, Question
from chatd.app.checks.result import Report, Result, warning

Check = Callable[[Question], Iterator[Result]]

_SUBJECTS: Mapping[str, Check] = {
    "accounts": accounts.check,
    "certificates": certificates.check,
    "clock": clock.check,
    "cluster": cluster.check,
    "configuration": configuration.check,
    "descriptors": descriptors.check,
    "hooks": hooks.check,
    "installed": installed.check,
    "journal": journal.check,
    "pam": pam.check,
    "ports": ports.check,
}


def run_checks(options: Configured, seconds: float | None = None, report: Report = lambda _: None) -> list[Result]:
    """Return what all checks find of the options that a daemon would be started with, sorted by subject.

    ``seconds`` is how long the check of one file's integrity may take, None for as long as it takes; ``report`` is told
    how far that has come.
    """
    return _results(Question(options, seconds, report))


def checks_for_reload(options: Configured) -> list[Result]:
    """Return what is found of options that a daemon, which runs, is to take over; called in its process, in a thread.

    Its own ports and locks count as good, and the files that it has open are looked at only from outside.
    """
    return _results(Question(options, 0, lambda _: None, in_daemon=True))


def _results(question: Question) -> list[Result]:
    results: list[Result] = []
    for subject, check in sorted(_SUBJECTS.items()):
        try:
            results += check(question)
        except (OSError, ValueError, sqlite3.Error) as error:
            results.append(warning(f"{subject}.check", f"could not be checked: {error}", "check it yourself"))
    return results
