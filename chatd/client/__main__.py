"""The ``chatd-client`` command: a window to a chatd server."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Never

from chatd import __version__
from chatd.client.net.address import Address, parse
from chatd.protocol import names

if TYPE_CHECKING:
    from chatd.client.model.settings import Store
    from chatd.client.view.glyphs import Glyphs

NO_TKINTER = (
    "chatd-client: this Python has no tkinter; install it: apt install python3-tk (Debian, Ubuntu), "
    "dnf install python3-tkinter (Fedora), brew install python-tk (macOS)"
)
NO_EXTRA = "chatd-client: the window needs more than is installed here: pip install 'chatd[client]'"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chatd-client", description="A window to a chatd server.")
    parser.add_argument("server", metavar="HOST[:PORT]", nargs="?", help="where it is; an IPv6 address in brackets")
    parser.add_argument("--name", help="the name to come in under")
    parser.add_argument("--room", metavar="#ROOM", action="append", default=[], help="a room to enter; repeatable")
    parser.add_argument("--tls", action="store_true", help="encrypt the connection")
    parser.add_argument("--version", action="version", version=f"chatd {__version__}")
    return parser


def _read(arguments: Sequence[str] | None) -> tuple[Address | None, str, list[str]]:
    """Return the server, the name and the rooms that are given."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        address = None if given.server is None else parse(given.server, tls=given.tls)
        if address is None and given.tls:
            parser.error("--tls goes with a server: chatd-client HOST[:PORT] --tls")
        rooms = [names.room(room if room.startswith("#") else f"#{room}") for room in given.room]
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
    if any(find_spec(name) is None for name in ("sv_ttk", "platformdirs")):
        _give_up(NO_EXTRA)
    from chatd.client.view.pump import open_root

    try:
        root, descriptor = open_root()
    except tk.TclError as error:
        _give_up(f"chatd-client: there is no display to show a window on ({error})")
    from chatd.client.model.settings import Store

    run(root, descriptor, Store(), (address, nick, rooms))


def run(root: Any, descriptor: int | None, store: Store, given: tuple[Address | None, str, list[str]]) -> None:
    """Show the window in a root and run the reactor until it is closed; ``given`` wins over what is kept."""
    from twisted.internet import reactor as installed

    from chatd.client.model.transcript import Transcript
    from chatd.client.model.trust import KnownServers, Trust
    from chatd.client.net.link import Link
    from chatd.client.view import certificate_question as doubts
    from chatd.client.view.desktop import this_desktop
    from chatd.client.view.pump import Pump
    from chatd.client.view.window import Window

    reactor: Any = installed
    settings, problem = store.load()
    transcript = Transcript("", lambda: int(reactor.seconds() * 1000))
    pump = Pump(root, reactor, descriptor)

    trust = Trust(
        KnownServers(store.folder),
        lambda doubt: doubts.ask(window.question, doubt),
        lambda text: doubts.tell(window.question, text),
    )

    def dial(where: Address) -> Link:
        return Link(reactor, where.endpoint(reactor, trust), transcript, window.changed, window.status)

    def stop() -> None:
        if reactor.running:
            reactor.stop()

    desktop = this_desktop(os.environ)
    window = Window(root, reactor, transcript, settings, dial, desktop, pump.soon, stop)
    # Also when a signal ends it: the server is told, and what is to be kept is kept.
    reactor.addSystemEventTrigger("before", "shutdown", window.hang_up)

    def end() -> None:
        window.stop()
        pump.stop()
        if failed := store.save(settings):
            print(f"chatd-client: {failed}", file=sys.stderr)
        root.destroy()

    reactor.addSystemEventTrigger("after", "shutdown", end)
    root.deiconify()
    pump.start()
    reactor.callWhenRunning(_begin, window, given, problem)
    reactor.callWhenRunning(_try_colour, reactor, window.glyphs, window.talk.repaint)
    reactor.callWhenRunning(window.look.ask_system, reactor, desktop.gsettings)
    reactor.run()


def _begin(window: Any, given: tuple[Address | None, str, list[str]], problem: str) -> None:
    """Come in at the server that is given or was the last one, or ask for one."""
    address, nick, rooms = given
    settings = window.settings
    if problem and settings.server:
        window.question.tell(problem)
    if address is None and settings.server:
        try:
            address = parse(settings.server)
        except ValueError as error:
            window.question.tell(str(error))
    if address is None and not (nick or rooms):
        window.ask_server()
        return
    window.connect(address or Address(), nick or settings.nick, rooms or settings.rooms)


def _try_colour(reactor: Any, glyphs: Glyphs, repaint: Any) -> None:
    """Find out, in a process of its own, whether emoji can be drawn; until then they are words."""
    from chatd.client.view.glyphs import trial_command
    from chatd.client.view.notices import spawn

    def ended(well: bool) -> None:  # noqa: FBT001  # as `spawn` tells it
        if well:
            glyphs.allow_colour()
            repaint()

    spawn(reactor, trial_command(), ended)


if __name__ == "__main__":
    main()
