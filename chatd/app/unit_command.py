"""``chatd unit``: prints unit files with which systemd runs this installation."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

UNITS = {
    "chatd.service": "the server",
    "chatd.socket": "its sockets, which systemd opens and keeps open while the server restarts",
    "chatd-backup.service": "a backup of the journal, accounts and webhooks; the newest 14 are kept",
    "chatd-backup.timer": "a backup every day",
    "chatd.sysusers": "the user of the server, for systemd-sysusers",
}
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")
"""Where a service finds nothing that ``ProtectHome=`` or ``PrivateTmp=`` hides."""
_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd unit`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = make_parser().parse_args(arguments)
    if options.unit is None:
        for name, about in UNITS.items():
            print(f"{name:20}  {about}")
        return
    command = command_of_this_installation()
    print(unit(options.unit, command, user=options.user, state=options.state, config=options.config), end="")
    if options.unit.endswith(".service") and (why := hidden_by([command[0], sys.prefix, sys.base_prefix])) is not None:
        print(f"chatd: {why}", file=sys.stderr)


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    about = "Print a unit file for systemd, with the path of this installation. Without UNIT, list them."
    parser = argparse.ArgumentParser(prog="chatd unit", description=about)
    parser.add_argument("unit", metavar="UNIT", nargs="?", choices=UNITS, help=f"one of {', '.join(UNITS)}")
    parser.add_argument("--user", type=_name, default="chatd", help="user that runs the server (default: %(default)s)")
    about = "directory below /var/lib, /var/log and /run (default: %(default)s)"
    parser.add_argument("--state", metavar="NAME", type=_name, default="chatd", help=about)
    about = "configuration file (default: %(default)s)"
    parser.add_argument("--config", metavar="FILE", type=_absolute, default=Path("/etc/chatd/chatd.toml"), help=about)
    return parser


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a valid name; use lower-case letters, digits, - and _")
    return text


def _absolute(text: str) -> Path:
    if not text.startswith("/") or not text.isprintable():
        raise argparse.ArgumentTypeError("a unit needs an absolute path, starting with /")
    return Path(text)


def command_of_this_installation() -> list[str]:
    """Return how the ``chatd`` that runs is called, from anywhere."""
    script = Path(sys.argv[0]).absolute()
    if script.name == "__main__.py":
        return [sys.executable, "-m", "chatd"]
    return [str(script)]


def unit(name: str, command: Sequence[str], *, user: str, state: str, config: Path) -> str:
    """Return the text of a unit. ``state`` is the name of the folders for what it keeps; ``config`` is a whole path."""
    values = {
        "USER": user,
        "STATE": state,
        "CHATD": " ".join(map(quoted, command)),
        "CONFIG": quoted(str(config)),
    }
    text = (files("chatd") / "units" / name).read_text()
    return re.sub(r"@(USER|STATE|CHATD|CONFIG)@", lambda found: values[found[1]], text)


def quoted(word: str) -> str:
    """Return a word as it is written in ``ExecStart=``, see systemd.syntax(7) and systemd.service(5)."""
    word = word.replace("%", "%%").replace("$", "$$").replace("\\", "\\\\").replace('"', '\\"')
    return word if re.fullmatch(r"[\w./%=:+-]+", word) else f'"{word}"'


def hidden_by(paths: Iterable[str]) -> str | None:
    """Return a sentence if the service could not reach one of what it is made of; None if it reaches all."""
    for path in paths:
        for place in HIDDEN:
            if Path(path).resolve().is_relative_to(place):
                return (
                    f"{place} is hidden from the service, and {path} with it; install chatd elsewhere, such as in /opt"
                )
    return None
