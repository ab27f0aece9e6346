"""The wheels of a kit, which pip fetches and builds."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from chatd.app import own_wheel

_MANYLINUX = re.compile(r"manylinux_2_(\d+)_(\w+)")
_OLDEST_GLIBC = 5
"""The minor number of the glibc that the oldest wheels for Linux ask for (PEP 513)."""
_NAMED_BY_YEAR = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True, slots=True)
class Target:
    """What the wheels are for."""

    python: str
    """Its version: 3.11"""
    platform: str
    """As in the names of wheels: manylinux_2_36_x86_64"""
    is_this: bool
    """Whether that is the Python that runs, so that pip may build what there is no wheel of."""

    def platforms(self) -> list[str]:
        """Return the tags of the wheels that run there: those for an older glibc do too."""
        if (tag := _MANYLINUX.fullmatch(self.platform)) is None:
            return [self.platform]
        newest, machine = int(tag[1]), tag[2]
        tags: list[str] = []
        for minor in range(newest, _OLDEST_GLIBC - 1, -1):
            tags.append(f"manylinux_2_{minor}_{machine}")
            tags += [f"{year}_{machine}" for at, year in _NAMED_BY_YEAR.items() if at == minor]
        return [*tags, f"linux_{machine}"]


def target(python: str | None, platform_tag: str | None) -> Target:
    """Return what is asked for; what is not said is as here."""
    here = ".".join(platform.python_version_tuple()[:2])
    same = python in (None, here) and platform_tag in (None, this_platform())
    return Target(python or here, platform_tag or this_platform(), same)


def this_platform() -> str:
    """Return the tag of this machine."""
    _, glibc = platform.libc_ver()
    system = f"manylinux_{glibc.replace('.', '_')}" if glibc else sys.platform
    return f"{system}_{platform.machine()}"


def collect(folder: Path, extras: Sequence[str], wanted: Target) -> None:
    """Put the wheels of chatd, of all that it needs with these extras, and of pip into a folder.

    Raise `ValueError`, with a sentence for the user, if that cannot be.
    """
    if find_spec("pip") is None:
        has_pip = find_spec("ensurepip") is not None
        advice = f"{sys.executable} -m ensurepip" if has_pip else "on Debian and Ubuntu, apt install python3-pip"
        raise ValueError(f"making a kit needs pip, which this Python does not have; run {advice}")
    with tempfile.TemporaryDirectory() as place:
        own = _own(Path(place))
        what = [f"{own}[{','.join(extras)}]" if extras else str(own), "pip"]
        if wanted.is_this:
            _pip("wheel", "--wheel-dir", str(folder), *what)
            return
        # Of some packages there is no wheel. Those in Python alone can be built here for any other.
        built = Path(place, "built")
        _pip("wheel", "--wheel-dir", str(built), *what)
        for wheel in built.iterdir():
            if not wheel.name.endswith("-none-any.whl"):
                wheel.unlink()
        platforms = [f"--platform={tag}" for tag in wanted.platforms()]
        chosen = ["--only-binary=:all:", "--implementation=cp", f"--python-version={wanted.python}", *platforms]
        _pip("download", "--dest", str(folder), f"--find-links={built}", *chosen, *what)


def _own(place: Path) -> Path:
    """Return the wheel of this chatd, in a folder of that place."""
    folder = place / "own"
    folder.mkdir()
    if (project := own_wheel.checkout()) is None:
        return own_wheel.rebuild(own_wheel.installation(), folder)
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    _pip("wheel", "--no-deps", *isolation, "--wheel-dir", str(folder), str(project))
    (wheel,) = folder.iterdir()
    return wheel


def _pip(command: str, *arguments: str) -> None:
    words = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        complaints = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in complaints if line.startswith("ERROR:")] or complaints or ["ERROR: no reason given"]
        why = errors[0].removeprefix("ERROR:").partition(" (from ")[0].strip()
        raise ValueError(f"pip {command} failed: {why}")
