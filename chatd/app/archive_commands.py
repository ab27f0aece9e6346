"""``chatd export``, ``import``, ``erase`` and ``certificate``: what an operator does before and beside the daemon."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from chatd.journal import JournalError
from chatd.journal.factory import DEFAULT_JOURNAL
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.archive import erase, export_lines, import_lines
from chatd.protocol import names
from chatd.protocol.text import clean


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = _parser().parse_args(arguments)
    carry_out: Callable[[argparse.Namespace], None] = options.carry_out
    try:
        carry_out(options)
    except BrokenPipeError:  # whoever read the export has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        raise SystemExit("chatd: stopped; nothing was changed") from None
    except (JournalError, OSError, ValueError) as error:
        raise SystemExit(f"chatd: {clean(' '.join(str(error).split()))}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chatd")
    commands = parser.add_subparsers(required=True)
    journal = argparse.ArgumentParser(add_help=False)
    journal.add_argument("-j", "--journal", default=DEFAULT_JOURNAL, help="the journal [default: %(default)s]")

    def command(name: str, carry_out: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[journal], help=about, description=about)
        made.set_defaults(carry_out=carry_out)
        return made

    about = "Write a room, or everything, as lines of JSON to the standard output. The daemon may be running."
    command("export", _export, about).add_argument("room", nargs="?", help="such as '#lobby'")
    about = "Add what an export wrote, from a file or the standard input. The daemon must not be running."
    command("import", _import, about).add_argument("file", nargs="?", type=Path)
    about = "Take away all that one person has said. The daemon must not be running."
    command("erase", _erase, about).add_argument("nick")
    about = "Make a certificate that signs itself, and its key, for people to reach the daemon by TLS."
    certificate = commands.add_parser("certificate", help=about, description=about)
    certificate.set_defaults(carry_out=_certificate)
    certificate.add_argument("directory", type=Path, help="where to put them; it is made if it is not there")
    certificate.add_argument("names", metavar="NAME", nargs="+", help="a host name or IP address of this machine")
    return parser


def _export(options: argparse.Namespace) -> None:
    if sys.stdout is None:
        raise ValueError("there is no standard output to write to")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]  # it is a TextIOWrapper
    for line in export_lines(sqlite_path(options.journal), options.room and names.room(options.room)):
        print(line)
    sys.stdout.flush()


def _import(options: argparse.Namespace) -> None:
    if options.file is None and sys.stdin is None:
        raise ValueError("there is no standard input to read from")
    source = sys.stdin.fileno() if options.file is None else options.file
    with open(source, encoding="utf-8", closefd=options.file is not None) as lines:
        imported = import_lines(sqlite_path(options.journal), lines, secrets.token_hex(8))
    print(f"imported {imported.messages} messages and topics in {imported.rooms} rooms")


def _erase(options: argparse.Namespace) -> None:
    print(f"erased {erase(sqlite_path(options.journal), names.nick(options.nick))} messages and topics")


def _certificate(options: argparse.Namespace) -> None:
    if find_spec("OpenSSL") is None:
        raise ValueError("TLS needs more than is installed here: pip install 'chatd[tls]'")
    from chatd.tls.certificate import CERTIFICATE_FILE, KEY_FILE, fingerprint, write_new

    try:
        made = write_new(options.directory, options.names, datetime.now(UTC))
    except FileExistsError as error:
        raise ValueError(f"{error.filename} is there already, and nothing was changed") from None
    until = made.not_valid_after_utc
    print(f"{CERTIFICATE_FILE} and {KEY_FILE} in {options.directory} are good for ten years, until {until:%Y-%m-%d}")
    print(f"SHA-256 fingerprint, for people to compare: {fingerprint(made)}")
    # As in an endpoint's description, where a colon ends what is before it.
    quoted = str(options.directory).replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")
    print(f"chatd --listen {shlex.quote(f'tls:{quoted}:port=10320')}")
