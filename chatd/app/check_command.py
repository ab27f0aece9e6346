"""``chatd check``: finds what would prevent a daemon with these options from starting, or lose messages."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from chatd import __version__
from chatd.app.checks import configuration, run_checks
from chatd.app.checks.result import Result, State, worst
from chatd.app.options import ReadOptions
from chatd.app.progress import Progress
from chatd.app.reference.help_text import short_help_text

MOST_SECONDS = 2.0
"""How long the check of one file may take where nobody waits at a terminal: before a start by systemd, people wait."""
_MARKS = {State.GOOD: "good", State.WARNING: "WARNING", State.WRONG: "WRONG"}


class CheckOptions(ReadOptions):
    """Those of the daemon, and ``--json`` and ``--whole``."""

    optFlags: ClassVar[list[list[object]]] = [
        ["json", None, "print one JSON document instead of lines"],
        ["whole", None, "read files to the end, however long it takes, even without a terminal"],
    ]
    about = (
        "Check what a server with the same options would find: configuration, ports, certificates, journal,"
        " accounts, webhooks, PAM, clock, NATS, file descriptors and installed software. Nothing is created,"
        " changed or locked, and the server may be running. The exit status is 1 if something is wrong and 0 if"
        " there are only warnings."
    )

    @override
    def help_text(self, columns: int) -> str:
        synopsis = "Usage: chatd check [--json] [--whole] [options of the server]"
        return short_help_text(self, synopsis, self.about, columns)


def main(arguments: Sequence[str]) -> None:
    """Print what is found. Raise `SystemExit` with 1 if something is wrong."""
    results = _results(arguments)
    if "--json" in arguments:
        print(document(results))
    else:
        print("\n".join([*lines(results), summary(results)]))
    sys.stdout.flush()
    if worst(results) is State.WRONG:
        raise SystemExit(1)


def _results(arguments: Sequence[str]) -> list[Result]:
    options = CheckOptions()
    try:
        options.parseOptions(arguments)
    except SystemExit as refusal:
        if not isinstance(refusal.code, str):
            raise
        return [configuration.refused(refusal.code.removeprefix("chatd: "))]
    progress = Progress("checked")
    waited_for = options["whole"] or (sys.stderr is not None and sys.stderr.isatty())
    try:
        return run_checks(options, None if waited_for else MOST_SECONDS, progress.show)
    finally:
        progress.end()


def lines(results: Sequence[Result]) -> list[str]:
    """Return a line for each result: how it is, what it is about, what was found, and what to do."""
    about = max((len(each.subject) for each in results), default=0)
    mark = max(map(len, _MARKS.values()))
    return [
        f"{_MARKS[each.state]:<{mark}}  {each.subject:<{about}}  {each.what}{f' -> {each.do}' if each.do else ''}"
        for each in results
    ]


def summary(results: Sequence[Result]) -> str:
    """Return how many there are of each state."""
    counts = {state: sum(each.state is state for each in results) for state in State}
    warnings = counts[State.WARNING]
    return f"{counts[State.GOOD]} good, {warnings} warning{'s' * (warnings != 1)}, {counts[State.WRONG]} wrong"


def document(results: Sequence[Result]) -> str:
    """Return all results as JSON."""
    checks = [
        {"subject": each.subject, "name": each.name, "state": each.state, "what": each.what, "do": each.do}
        for each in results
    ]
    return json.dumps({"chatd": __version__, "state": worst(results), "checks": checks}, ensure_ascii=False, indent=2)
