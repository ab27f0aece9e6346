"""The ``chatd-client`` command: a window to a chatd server."""

from __future__ import annotations

import argparse
import gc
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Never

from chatd import __version__
from chatd.protocol import names
from chatd.runtime.extras import install_command
from chatd.runtime.server_address import Address, parse

NO_TKINTER = (
    "chatd-client: this Python has no tkinter; install it: apt install python3-tk (Debian, Ubuntu), "
    "dnf install python3-tkinter (Fedora), brew install python-tk (macOS)"
)

OLDEST_TK = (8, 6, 6)
"""Text widgets have what the conversation is made of since then."""


def old_tk(level: str) -> str:
    """Return what to say of a Tk of this patch level, as 8.6.13 or 9.1a0, if it is too old; else nothing."""
    numbers = tuple(int(each) for each in re.findall(r"[0-9]+", level)[:3])
    if numbers >= OLDEST_TK:
        return ""
    oldest = ".".join(map(str, OLDEST_TK))
    return f"chatd-client: this Python has Tk {level}, but the window needs {oldest} or later"


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser("chatd-client", description="A graphical client for chatd.")
    parser.add_argument(
        "server",
        metavar="HOST[:PORT]",
        nargs="?",
        help="address of the server; write an IPv6 address in brackets (default port: 10319)",
    )
    parser.add_argument("--name", help="nick to join with (default: the one used last)")
    parser.add_argument(
        "--room",
        metavar="#ROOM",
        action="append",
        default=[],
        help="room to join (repeatable; default: those used last)",
    )
    parser.add_argument("--tls", action="store_true", help="connect over TLS")
    parser.add_argument("--version", action="version", version=f"chatd {__version__}")
    return parser


def _read(arguments: Sequence[str] | None) -> tuple[Address | None, str, tuple[str, ...]]:
    """Return the server, the name and the rooms that are given."""
    parser = make_parser()
    given = parser.parse_args(arguments)
    try:
        address = None if given.server is None else parse(given.server, tls=given.tls)
        if address is None and given.tls:
            parser.error("--tls needs a server: chatd-client HOST[:PORT] --tls")
        rooms = tuple(names.room(room if room.startswith("#") else f"#{room}") for room in given.room)
        return address, names.nick(given.name) if given.name else "", rooms
    except ValueError as error:
        parser.error(str(error))


def _give_up(why: str) -> Never:
    print(why, file=sys.stderr)
    raise SystemExit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Show the window, until it is closed."""
    address, nick, rooms = _read(arguments)
    try:
        import tkinter as tk
    except ImportError:
        _give_up(NO_TKINTER)
    if find_spec("platformdirs") is None:
        _give_up(f"chatd-client: the window needs more packages; install them: {install_command('client')}")
    # Nearly all that is made while it starts is there to the end: looking for garbage takes an eighth of the start.
    gc.disable()
    try:
        from chatd.client.application import Wishes, run
        from chatd.client.view.pump import open_root

        try:
            root, descriptor = open_root()
        except tk.TclError as error:
            _give_up(f"chatd-client: cannot open a window ({error}); start it in a graphical session")
        if why := old_tk(str(root.getvar("tk_patchLevel"))):
            root.destroy()
            _give_up(why)
        run(root, descriptor, Wishes(address, nick, rooms))
    finally:
        gc.enable()


if __name__ == "__main__":
    main()
