"""Another revision of chatd, built into an environment of its own, to run beside the working tree."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import distributions
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.fanout.servers import ROOT, Server


class BuildError(Exception):
    """There is no such revision; the argument says why, in one line."""


@dataclass(frozen=True, slots=True)
class Build:
    """A revision of chatd that can be run."""

    revision: str
    """Its commit, shortened."""
    python: Path
    """What runs it."""
    modules: str = ""
    """Where its code is, if it is not installed for that Python."""
    doubt: str = ""
    """Why it has no environment of its own, in one line; empty if it has."""

    def of(self, now: Server) -> Server:
        """Return the same kind of server as it was in this revision."""
        name, title = f"{now.name}@{self.revision}", f"{now.title} at {self.revision}"
        python = str(self.python)
        return replace(
            now, name=name, title=title, program=python, modules=self.modules, revision=self.revision, ours=False
        )


@contextmanager
def built(revision: str, checkout: Path = ROOT) -> Iterator[Build]:
    """Build a revision of a checkout, or take what was built of it before; it can be run until the block ends.

    It is installed into an environment made for it, with the versions of packages that are in this one where it takes
    them, so that only chatd differs. Environments are kept among the user's caches, and may be deleted there. If none
    can be made, without a network for instance, the revision runs with this one's packages, and `Build.doubt` says why.

    Raises `BuildError` if there is no such revision.
    """
    commit = _git(checkout, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    if not commit:
        raise BuildError(f"there is no revision {revision}")
    short = _git(checkout, "rev-parse", "--short", commit).decode().strip()
    packages = _packages()
    digest = sha256("\n".join([sys.version, *packages]).encode()).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chatd-builds"
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"{commit[:12]}-{digest[:12]}"
    with TemporaryDirectory(dir=cache) as name:
        tree, doubt = Path(name, "tree"), ""
        if not home.is_dir():
            with tarfile.open(fileobj=BytesIO(_git(checkout, "archive", commit))) as archive:
                archive.extractall(tree, filter="data")
            doubt = _install(tree, home, packages)
        yield Build(short, Path(sys.executable), str(tree), doubt) if doubt else Build(short, _python(home))


def _git(checkout: Path, *arguments: str) -> bytes:
    """Return what git prints; raise `BuildError` if it complains."""
    try:
        done = subprocess.run(["git", "-C", checkout, *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise BuildError("git is not installed") from None
    if done.returncode and done.stderr:
        raise BuildError(_last_line(done.stderr))
    return done.stdout


def _install(tree: Path, home: Path, packages: Sequence[str]) -> str:
    """Make an environment with what is in the tree; return why it could not be made, or nothing.

    It is moved to its place when it is complete: one that was broken off is never taken for whole.
    """
    new, versions = tree.parent / "environment", tree.parent / "versions"
    versions.write_text("\n".join(packages))
    pip = (_python(new), "-I", "-m", "pip", "--disable-pip-version-check", "--quiet")
    try:
        _run(sys.executable, "-I", "-m", "venv", new)
        try:
            _run(*pip, "install", "--constraint", versions, tree)
        except subprocess.CalledProcessError:
            _run(*pip, "install", tree)  # it needs other versions
    except subprocess.CalledProcessError as error:
        return _last_line(error.stderr)
    with suppress(OSError):  # somebody else was quicker
        new.rename(home)
    return ""


def _run(*command: str | Path) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _packages() -> list[str]:
    """Return the packages of this environment but chatd, with their versions."""
    named = {package.name: package.version for package in distributions() if package.name != "chatd"}
    return sorted(f"{name}=={version}" for name, version in named.items())


def _last_line(said: bytes) -> str:
    return (said.decode(errors="replace").strip().splitlines() or ["it says nothing"])[-1]
