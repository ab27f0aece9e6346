"""Tasks for development: ``nox -l`` lists them, ``nox -s lint types`` runs two. ``.ci/run`` is what has to pass."""

from __future__ import annotations

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")

nox.needs_version = ">= 2025.2"
nox.options.sessions = ("lint", "types", "docs", "changelog")
nox.options.reuse_venv = "yes"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on every Python that is installed; tests/run also installs system packages that they need."""
    session.install("-e", ".[test]")
    session.install("--no-deps", "axe-playwright-python>=0.1.8")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.install("-e", ".[test]")
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Make the site of the documentation in build/site; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "docs", "build/site", *session.posargs)


@nox.session
def linkcheck(session: nox.Session) -> None:
    """Try every link of the documentation to the network."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-b", "linkcheck", "docs", "build/linkcheck", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Run all benchmarks for a first impression; arguments after ``--`` replace --quick."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "benchmarks", *(session.posargs or ["--quick"]))


@nox.session
def changelog(session: nox.Session) -> None:
    """Show the next section of the changelog; nothing is written."""
    session.install("towncrier >= 24.8")
    session.run("towncrier", "build", "--draft", "--version", *(session.posargs or ["next"]))
