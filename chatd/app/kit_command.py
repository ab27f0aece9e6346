"""``chatd kit``: makes a folder to install chatd from without a network."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chatd.app import kit_files, kit_wheels
from chatd.protocol.text import counted
from chatd.runtime import extras
from chatd.runtime.error_texts import in_one_line

ABOUT = (
    "Make a folder with this chatd, its dependencies, their hashes and the documentation, for machines without a"
    " network. To install it there, run sh DIR/install."
)
_PYTHON = re.compile(r"3\.\d{1,2}")
_TAG = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd kit`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = make_parser().parse_args(arguments)
    try:
        _make(options.directory, options.extras, kit_wheels.target(options.python, options.platform))
    except (OSError, ValueError) as error:
        raise SystemExit(f"chatd: {in_one_line(error)}") from None
    except KeyboardInterrupt:
        raise SystemExit("chatd: interrupted; nothing was kept") from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(prog="chatd kit", description=ABOUT)
    parser.add_argument("directory", metavar="DIR", type=Path, help="folder to create")
    known = extras.names()
    about = f"extras, separated by commas, or none (default: {','.join(known)})"
    parser.add_argument("--extras", metavar="LIST", type=_extras, default=known, help=about)
    about = "Python version of the target machine, such as 3.11 (default: that of this machine)"
    parser.add_argument("--python", metavar="VERSION", type=_python, help=about)
    about = f"platform tag of the target machine, as in the names of wheels (default: {kit_wheels.this_platform()})"
    parser.add_argument("--platform", metavar="TAG", type=_tag, help=about)
    return parser


def _make(directory: Path, wanted_extras: Sequence[str], wanted: kit_wheels.Target) -> None:
    if directory.exists():
        raise ValueError(f"{directory} already exists; name a new folder")
    try:
        place = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.absolute().parent))
    except OSError as error:
        raise ValueError(f"cannot create {directory}: {error.strerror}; name another folder") from None
    print(f"chatd: fetching the wheels for Python {wanted.python} on {wanted.platform}", file=sys.stderr)
    try:
        place.chmod(0o755)
        wheels = place / kit_files.WHEELS
        wheels.mkdir()
        kit_wheels.collect(wheels, wanted_extras, wanted)
        kit_files.write_all(place, wanted_extras, wanted)
        place.rename(directory)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    _tell(directory)


def _tell(directory: Path) -> None:
    files = [path for path in directory.rglob("*") if path.is_file()]
    wheels = sum(path.suffix == ".whl" for path in files)
    size = sum(path.stat().st_size for path in files) / 1e6
    print(
        f"{directory} has {counted(wheels, 'wheel')} and the documentation, {size:.1f} MB in total;"
        f" on the target machine, run: sh {directory.name}/install"
    )
    print(f"SHA-256 of {directory / kit_files.SUMS}, to compare there: {kit_files.sha256(directory / kit_files.SUMS)}")


def _extras(text: str) -> list[str]:
    known = extras.names()
    wanted = [] if text == "none" else sorted(dict.fromkeys(text.split(",")))
    if unknown := [each for each in wanted if each not in known]:
        raise argparse.ArgumentTypeError(f"unknown extra: {unknown[0]!r}; choose from {', '.join(known)}")
    return wanted


def _python(text: str) -> str:
    if not _PYTHON.fullmatch(text) or int(text[2:]) < 11:
        raise argparse.ArgumentTypeError(f"{text!r} is not a version that chatd runs on; give 3.11 or later")
    return text


def _tag(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a platform tag; give one such as manylinux_2_36_x86_64")
    return text
