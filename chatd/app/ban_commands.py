"""``chatd ban``: lists bans, and removes one when nobody who can connect is able to."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chatd.app.audit_log import note_command
from chatd.app.where import settle, where_options
from chatd.journal import JournalError
from chatd.journal.factory import is_cluster
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.bans import held_bans, remove_ban
from chatd.protocol import names
from chatd.protocol.duration import written
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.moderation_verbs import subject_of
from chatd.protocol.text import clean
from chatd.protocol.wire import timestamp
from chatd.runtime.error_texts import in_one_line

PAUSE_SECONDS = 0.05


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd ban`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = make_parser().parse_args(arguments)
    carry_out: Callable[[argparse.Namespace], None] = options.carry_out
    settle(options)
    try:
        carry_out(options)
    except BrokenPipeError:  # whoever reads it has had enough
        raise
    except KeyboardInterrupt:
        raise SystemExit("chatd: interrupted; nothing was changed") from None
    except (JournalError, OSError, ValueError) as error:
        raise SystemExit(f"chatd: {in_one_line(error)}") from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(prog="chatd ban", description="List the bans in effect, and remove one.")
    commands = parser.add_subparsers(required=True)
    journal = where_options()

    def command(name: str, carry_out: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[journal], help=about, description=about)
        made.set_defaults(carry_out=carry_out)
        return made

    about = "Print one line per ban: subject, place, who imposed it, start, duration, account or address it covers, and"
    command("list", _list, f"{about} reason. The server may be running.")
    remove = command("remove", _remove, "Remove a ban, as UNBAN does. The server may be running.")
    remove.add_argument("who", help="nick, address or network, as it was banned")
    remove.add_argument("room", nargs="?", default=SERVER, help="room, such as '#lobby' (default: the whole server)")
    return parser


def _list(options: argparse.Namespace) -> None:
    for room, action in held_bans(_path(options), _now()):
        event = action.event
        reach = (event.reach or "-").partition(" ")[0]
        held = "-" if event.seconds is None else written(event.seconds)
        told = (
            event.subject,
            room,
            event.nick,
            timestamp(action.time),
            held,
            reach,
            event.text or "-",
        )
        print(clean("\t".join(told)))


def _remove(options: argparse.Namespace) -> None:
    room = options.room if options.room == SERVER else names.room(options.room)
    began = time.monotonic()

    def pause() -> float:
        time.sleep(PAUSE_SECONDS)
        return time.monotonic() - began

    ban = remove_ban(_path(options), room, subject_of(options.who), _now(), pause)
    note_command(options.audit, "ban remove", ban.subject, ban.room)
    where = "the server" if ban.room == SERVER else ban.room
    print(f"{ban.subject} is no longer banned from {where}")


def _path(options: argparse.Namespace) -> Path:
    if is_cluster(options.journal):
        raise ValueError(
            "the bans of a cluster are in its stream; LOGIN as a server operator on any node and UNBAN there"
        )
    return sqlite_path(options.journal)


def _now() -> int:
    return int(time.time() * 1000)
