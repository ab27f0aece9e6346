"""``chatd hook``: manages the webhooks that messages are sent to. The daemon may be running."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chatd.app.where import settle, where_options
from chatd.hooks import HooksError
from chatd.hooks.delivery import MOST_COUNTED
from chatd.hooks.signing import key_of, new_secret
from chatd.hooks.store import Hook, new_series, open_hook_store
from chatd.hooks.target import parse, shown
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.text import clean
from chatd.runtime.error_texts import in_one_line

_ONCE = "It is not shown again. Give it to the receiver, which needs it to check signatures"


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd hook`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = make_parser().parse_args(arguments)
    carry_out: Callable[[argparse.Namespace], None] = options.carry_out
    settle(options)
    try:
        carry_out(options)
    except BrokenPipeError:  # whoever reads it has had enough
        raise
    except KeyboardInterrupt:
        raise SystemExit("chatd: interrupted; nothing was changed") from None
    except (HooksError, OSError, ValueError) as error:
        raise SystemExit(f"chatd: {in_one_line(error)}") from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    about = "Send the messages of a room to webhooks, one POST per message. The server may be running."
    parser = argparse.ArgumentParser(prog="chatd hook", description=about)
    commands = parser.add_subparsers(required=True)
    file = where_options("hooks")

    def command(name: str, carry_out: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[file], help=about, description=about)
        made.set_defaults(carry_out=carry_out)
        return made

    add = command("add", _add, "Send the messages of a room to a URL, and print the secret that signs the requests.")
    add.add_argument("room", metavar="'#ROOM'")
    add.add_argument("url", metavar="URL")
    add.add_argument("--secret-file", type=Path, metavar="FILE", help="existing secret, whsec_... (default: a new one)")
    add.add_argument("--private", action="store_true", help="allow private addresses and http://")
    about = "start after the message ID, at the beginning, or now (default: now)"
    add.add_argument("--from", dest="start", default="now", metavar="ID|beginning|now", help=about)
    about = "Print one line per webhook: id, room, receiver, position, waiting messages, state, last status, next try."
    command("list", _list, about)
    command("remove", _remove, "Remove a webhook by its id. Messages that wait to be sent are dropped.").add_argument(
        "id", type=int
    )
    return parser


def _path(options: argparse.Namespace) -> Path:
    path: Path | None = options.hooks
    if path is None:
        raise ValueError("that journal is not a file; give --hooks FILE here and to the server")
    return path


def _add(options: argparse.Namespace) -> None:
    room, now = names.room(options.room), int(time.time() * 1000)
    parse(options.url, private=options.private)
    position = _position(options.start)
    given = options.secret_file
    secret = new_secret() if given is None else given.read_text(errors="replace").strip()
    key = key_of(secret)
    hook = Hook(0, room, options.url, key, options.private, now, new_series(), None, position)
    with open_hook_store(_path(options), make=True) as store:
        id_ = store.add(hook)
    if given is None:
        print(secret)
        print(f"{_ONCE}.", file=sys.stderr)
    print(f"Webhook {id_} now sends the messages of {room} to {shown(options.url)}.", file=sys.stderr)


def _position(start: str) -> int | None:
    if start == "now":
        return None
    if start == "beginning":
        return 0
    if not (start.isascii() and start.isdigit() and len(start) < 20 and int(start) <= MAX_ID):
        raise ValueError("--from takes the id of a message, beginning or now")
    return int(start)


def _list(options: argparse.Namespace) -> None:
    with open_hook_store(_path(options), make=False) as store:
        for hook in store.all():
            print(*_columns(hook), sep="\t")


def _remove(options: argparse.Namespace) -> None:
    with open_hook_store(_path(options), make=False) as store:
        if not store.remove(options.id):
            raise ValueError("no such webhook; see chatd hook list")
    print(f"removed webhook {options.id}")


def _columns(hook: Hook) -> tuple[str, ...]:
    position = "new" if hook.position is None else str(hook.position)
    behind = f"{MOST_COUNTED}+" if hook.behind >= MOST_COUNTED else str(hook.behind)
    state = "works" if not hook.why else f"fails: {clean(hook.why)}"
    if hook.disabled:
        state = "disabled: the receiver answered 410 Gone"
    if hook.missed > (hook.position or 0):
        state += f" (deleted before it was sent: up to {hook.missed})"
    status = "-" if hook.status is None else str(hook.status)
    next_try = datetime.fromtimestamp(hook.next, UTC).isoformat().replace("+00:00", "Z") if hook.next else "-"
    return str(hook.id), str(hook.room), shown(hook.url), position, behind, state, status, next_try
