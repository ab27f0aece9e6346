"""What the options come to, and the directories that they name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from chatd.app.checks.question import Question, all_places
from chatd.app.checks.result import Result, good, warning, wrong


def check(question: Question) -> Iterator[Result]:
    """Yield that the options go together: those that do not are refused when they are read."""
    options = question.options
    count = len(all_places(options))
    places = "1 place" if count == 1 else f"{count} places"
    yield good(
        "configuration.options",
        f"the options are consistent; there {'is' if count == 1 else 'are'} {places} to listen on",
    )
    if options["config"] is not None:
        yield _file(Path(options["config"]))
    yield from _secrets(question)
    yield _directory("configuration.state-directory", options.state_directory)
    if options["logfile"] is not None:
        yield _directory("configuration.logfile", Path(options["logfile"]).absolute().parent)


def refused(why: str) -> Result:
    """Return that options were refused, and why."""
    return wrong("configuration.options", why, "correct that option")


def _secrets(question: Question) -> Iterator[Result]:
    """Say which of the files with secrets others may read."""
    options = question.options
    named = [options["oidc-client-secret"], *(given.secret for given in options.given.values())]
    for path in map(Path, dict.fromkeys(filter(None, named))):
        if path.stat().st_mode & (stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH):
            yield warning(
                "configuration.secret", f"other users can read or change the secret in {path}", f"chmod 600 {path}"
            )


def _file(path: Path) -> Result:
    name = "configuration.file"
    if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return warning(name, f"other users can change {path}, and with it the server", f"chmod go-w {path}")
    return good(name, f"{path} is readable")


def _directory(name: str, path: Path) -> Result:
    """Return whether the daemon can write to a directory."""
    if not path.is_dir():
        return wrong(name, f"no such directory: {path}", f"mkdir -p {path}")
    if not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
        return wrong(
            name, f"this user cannot write to {path}", "give it to the user of the server, or check as that user"
        )
    return good(name, f"the server can write to {path}")
