"""``chatd export``, ``import``, ``erase``, ``backup``, ``restore``, ``compact``, ``certificate``: beside the daemon."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from chatd.app import backup_command, compact_command, import_command
from chatd.app.backup_command import described
from chatd.app.progress import Progress, tell
from chatd.app.where import settle, where_options
from chatd.journal import JournalError
from chatd.journal.carried import Carried
from chatd.journal.factory import is_cluster
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.archive import erase, export_rows, import_events, knows_room, read_line
from chatd.journal.sqlite.backup import restore
from chatd.journal.sqlite.database import LACKS_LOG, lacks_log
from chatd.model.conversation import all_of
from chatd.model.entry import StoredEvent
from chatd.protocol import names
from chatd.protocol.text import counted
from chatd.runtime.error_texts import in_one_line
from chatd.runtime.extras import install_command, missing


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = make_parser().parse_args(arguments)
    carry_out: Callable[[argparse.Namespace], None] = options.carry_out
    if carry_out is not _certificate:
        settle(options, make=carry_out in (_import, _restore))
    try:
        carry_out(options)
    except BrokenPipeError:  # whoever read the export has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        raise SystemExit("chatd: interrupted; nothing was changed") from None
    except (JournalError, OSError, ValueError) as error:
        raise SystemExit(f"chatd: {in_one_line(error)}") from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(prog="chatd")
    commands = parser.add_subparsers(required=True)
    journal = where_options()

    def command(name: str, carry_out: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[journal], help=about, description=about)
        made.set_defaults(carry_out=carry_out)
        return made

    about = "Write one room, or everything, to standard output as lines of JSON. The server may be running."
    command("export", _export, about).add_argument("room", nargs="?", help="room, such as '#lobby' (default: all)")
    about = (
        "Import an export of chatd, or the history of another program, from files or standard input. Stop the server"
        " first."
    )
    importing = command("import", _import, about)
    importing.add_argument("files", metavar="FILE", nargs="*", type=Path)
    import_command.add_options(importing)
    about = "Delete all messages of one person. Stop the server first; the nodes of a cluster may be running."
    erasing = command("erase", _erase, about)
    erasing.add_argument("nick")
    about = "delete the private messages from and to the account of that name instead"
    erasing.add_argument("--private", action="store_true", help=about)
    backup_command.add_options(command("backup", backup_command.carry_out, backup_command.ABOUT))
    about = "Replace the journal with a backup; the old journal is kept under another name. Stop the server first."
    command("restore", _restore, about).add_argument("file", type=Path)
    command("compact", compact_command.carry_out, compact_command.ABOUT)
    about = "Create a self-signed certificate and its key, so that people can connect with TLS."
    certificate = commands.add_parser("certificate", help=about, description=about)
    certificate.set_defaults(carry_out=_certificate)
    certificate.add_argument("directory", type=Path, help="directory for them, created if missing")
    certificate.add_argument("names", metavar="NAME", nargs="+", help="host name or IP address of this machine")
    return parser


def _export(options: argparse.Namespace) -> None:
    if sys.stdout is None:
        raise ValueError("standard output is closed; redirect it to a file")
    with _readable(options.journal) as path:
        room = options.room and names.room(options.room)
        if room and not knows_room(path, room):
            raise ValueError(f"no such room in {options.journal.rpartition('@')[2]}: {room}")
        _export_file(path, room)


@contextmanager
def _readable(journal: str) -> Iterator[Path]:
    """Yield the file of a journal, or one that is made of all that is in a cluster."""
    if not is_cluster(journal):
        yield sqlite_path(journal)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.sqlite3"
        _commands().fill(journal, path)
        yield path


def _commands() -> ModuleType:
    """Return what the commands do in a cluster."""
    if find_spec("nats") is None:
        raise ValueError(f"a journal in a cluster {missing('nats-py', 'cluster')}")
    return import_module("chatd.journal.jetstream.commands")


def _export_file(path: Path, room: str | None) -> None:
    carried = Carried()
    # What is read at once is one state of the journal, and whoever reads it slowly keeps nothing of the daemon waiting.
    with tempfile.TemporaryFile() as spool:
        progress = Progress("exported")
        for row in export_rows(path, room):
            spool.write(row.line().encode() + b"\n")
            carried.add(row.kind, row.room)
            progress.show(counted(carried.lines, "line"))
        progress.end()
        if path.exists() and lacks_log(path):
            tell(f"{path}: {LACKS_LOG}")
        spool.seek(0)
        shutil.copyfileobj(spool, sys.stdout.buffer)
    sys.stdout.flush()
    tell(f"exported {carried}")


def _import(options: argparse.Namespace) -> None:
    if not options.files and sys.stdin is None:
        raise ValueError("standard input is closed; name a file")
    if options.format is not None:
        print(f"imported {import_command.bring_in(options, partial(_write, options.journal))}")
        return
    import_command.check_own(options)
    if len(options.files) > 1:
        raise ValueError("an export of chatd is a single file; for other formats, add --format")
    source = options.files[0] if options.files else sys.stdin.fileno()
    with open(source, encoding="utf-8-sig", closefd=bool(options.files)) as lines:
        progress = Progress("imported")
        kept = (read_line(number, line) for number, line in enumerate(lines, 1) if line.strip())
        imported = _write(options.journal, kept, lambda count: progress.show(counted(count, "line")))
        progress.end()
    print(f"imported {imported}")


def _write(journal: str, events: Iterator[StoredEvent], progress: Callable[[int], None]) -> Carried:
    if is_cluster(journal):
        carried: Carried = _commands().bring_in(journal, list(events), progress)
        return carried
    return import_events(sqlite_path(journal), events, secrets.token_hex(8), progress)


def _erase(options: argparse.Namespace) -> None:
    nick: str = names.nick(options.nick)
    wanted, one, many = nick, "message or topic", "messages and topics"
    if options.private:
        wanted, one, many = all_of(nick), "private message", "private messages"
    if is_cluster(options.journal):
        erased = _commands().erase(options.journal, wanted)
        print(
            f"erased {erased} {one if erased == 1 else many}; running nodes follow at once, the others when they start"
        )
        return
    erased = erase(sqlite_path(options.journal), wanted)
    print(f"erased {erased} {one if erased == 1 else many}")


def _restore(options: argparse.Namespace) -> None:
    path = sqlite_path(options.journal)
    progress = Progress("copied")
    made = secrets.token_hex(8)
    restored = restore(
        path, options.file.absolute(), made, lambda done, pages: progress.show(f"{done / max(pages, 1):.0%}")
    )
    progress.end()
    if lacks_log(options.file.absolute()):
        tell(f"{options.file}: {LACKS_LOG}")
    if restored.set_aside is not None:
        print(f"the old journal is now {restored.set_aside}")
    print(f"{path} has {described(restored.contents)}; clients that reconnect are told that they cannot resume")


def _certificate(options: argparse.Namespace) -> None:
    if find_spec("OpenSSL") is None:
        raise ValueError(f"TLS needs the extra tls; install it with {install_command('tls')}")
    from chatd.tls.certificate import CERTIFICATE_FILE, KEY_FILE, fingerprint, write_new

    try:
        made = write_new(options.directory, options.names, datetime.now(UTC))
    except FileExistsError as error:
        raise ValueError(f"{error.filename} already exists; nothing was changed") from None
    until = made.not_valid_after_utc
    print(
        f"wrote {CERTIFICATE_FILE} and {KEY_FILE} to {options.directory}; valid for ten years, until {until:%Y-%m-%d}"
    )
    print(f"SHA-256 fingerprint for people to compare: {fingerprint(made)}")
    # As in an endpoint's description, where a colon ends what is before it.
    quoted = str(options.directory).replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")
    print(f"chatd --listen {shlex.quote(f'tls:{quoted}:port=10320')}")
