"""What is installed: Python, SQLite, and what the options need beside chatd."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from typing import NamedTuple

from chatd.accounts.service import Registration
from chatd.app.checks.endpoints import kind
from chatd.app.checks.question import Configured, Question, all_places
from chatd.app.checks.result import Result, good, warning, wrong
from chatd.journal.factory import is_cluster
from chatd.runtime.extras import install_command

Version = tuple[int, ...]

OLDEST_PYTHON: Version = (3, 11)
OLDEST_SQLITE: Version = (3, 37, 0)
"""The first that knows STRICT tables."""
BAD_SQLITE: dict[Version, str] = {
    (3, 37, 0): "a rollback may damage files",
    (3, 37, 1): "a rollback may damage files",
    (3, 52, 0): "it was withdrawn",
}
"""See https://www.sqlite.org/changes.html."""


class Need(NamedTuple):
    """What an option needs beside chatd itself."""

    option: str
    module: str
    extra: str


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of Python, SQLite and each extra that an option needs."""
    yield python(sys.version_info[:3])
    yield sqlite(sqlite3.sqlite_version_info, has_search=_has_search())
    missing = [need for need in needs(question.options) if find_spec(need.module) is None]
    for need in missing:
        what = f"{need.option} needs {need.module}, which is not installed"
        yield wrong("installed.extras", what, f"install it with {install_command(need.extra)}, or leave out the option")
    if not missing:
        yield good("installed.extras", "everything the options need is installed")


def python(version: Version) -> Result:
    """Return whether a version of Python will do."""
    shown = f"Python {'.'.join(map(str, version))} ({platform.python_implementation()})"
    if version < OLDEST_PYTHON:
        return wrong("installed.python", f"{shown} is too old", "install Python 3.11 or later")
    return good("installed.python", shown)


def sqlite(version: Version, *, has_search: bool) -> Result:
    """Return whether a version of SQLite will do, with or without full-text search."""
    name, shown = "installed.sqlite", f"SQLite {'.'.join(map(str, version))}"
    if version < OLDEST_SQLITE:
        return wrong(name, f"{shown} is too old", "use a Python with SQLite 3.37 or later, except 3.52.0")
    if not has_search:
        return wrong(name, f"{shown} has no full-text search (FTS5)", "use a Python whose SQLite has FTS5")
    if version in BAD_SQLITE:
        return warning(name, f"{shown}: {BAD_SQLITE[version]}", "use a Python with a later SQLite")
    return good(name, shown)


def needs(options: Configured) -> Iterator[Need]:
    """Yield what the options need beside chatd itself."""
    for place in all_places(options):
        if kind(place.description) in ("tls", "ssl"):
            yield Need(place.description, "OpenSSL", "tls")
    if options["registration"] is not Registration.OFF:
        yield Need("--registration", "argon2", "accounts")
    if options["scram"]:
        yield Need("--scram", "scramp", "irc")
    if options["announce"] is not None:
        yield Need("--announce", "zeroconf", "lan")
    if options["oidc-issuer"] is not None:
        yield Need("--oidc-issuer", "joserfc", "oidc")
    if is_cluster(options["journal"]):
        yield Need("--journal nats://", "nats", "cluster")


def _has_search() -> bool:
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute("CREATE VIRTUAL TABLE search USING fts5 (text)")
        except sqlite3.OperationalError:
            return False
    return True
