"""IRC clients, nc, the page and the window in one room: whatever people use, they read the same in the same order."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.browser import Page, chromium
from tests.support.daemon import Daemon, wait_until
from tests.support.irc_minimal import Ii
from tests.support.irc_programs import Irssi, WeeChat
from tests.support.netcat import Netcat
from tests.support.windows import Screen, started

pytestmark = pytest.mark.slow

ROOM = "#builds"
EACH = 3
"""How many lines each of those who talk says."""
_LINE = re.compile(r"line-(\w+)-\d")


def lines_in(text: str) -> list[str]:
    """Return which of the lines of this test are shown, in that order."""
    return [match[0] for match in _LINE.finditer(text)]


def without(nick: str, lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(f"line-{nick}-")]


class Room:
    """A daemon, and in one room nc that only reads, and people who talk, each by another program."""

    def __init__(self, folder: Path, display: str, stack: ExitStack) -> None:
        lines, irc, web = free_ports(3)
        options = ("--listen", f"tcp:{lines}:interface=127.0.0.1", "--irc", str(irc), "--web", str(web))
        stack.enter_context(Daemon(folder, *options, "--journal", f"sqlite:{folder}/chat.sqlite3"))
        self.eve, self.carol = (stack.enter_context(Netcat(folder / nick, lines)) for nick in ("eve", "carol"))
        self.eve.join("eve", ROOM)
        self.carol.join("carol", ROOM)
        self.irene = stack.enter_context(Irssi(folder / "irene", irc, "irene", ROOM))
        self.wanda = stack.enter_context(WeeChat(folder / "wanda", irc, "wanda", ROOM))
        self.ivan = stack.enter_context(Ii(folder / "ivan", irc, "ivan", ROOM))
        self.paula = Page(stack.enter_context(chromium(folder)), f"http://127.0.0.1:{web}/builds")
        self.paula.come_in("paula")
        arguments = (f"127.0.0.1:{lines}", "--name", "dora", "--room", ROOM)
        self.dora = stack.enter_context(started(Screen(display), folder / "dora", *arguments))
        self.dora.wait_for("dora has joined")

    def talk(self) -> set[str]:
        """Have all talk at once; return what they say."""
        for number in range(EACH):
            self.irene.type(f"line-irene-{number}")
            self.wanda.type(f"line-wanda-{number}")
            self.ivan.type(f"line-ivan-{number}")
            self.carol.type(f"MSG line-carol-{number}")
            self.paula.say(f"line-paula-{number}")
        self.dora.say("line-dora-0")
        talkers = ("irene", "wanda", "ivan", "carol", "paula")
        return {"line-dora-0", *(f"line-{nick}-{number}" for nick in talkers for number in range(EACH))}


def read_all(read: Callable[[], str], said: set[str]) -> list[str]:
    """Wait until all is shown that was said; return it in the order in which it is."""
    wait_until(lambda: set(lines_in(read())) == said, lambda: f"all of {sorted(said)} in {read()}")
    shown = lines_in(read())
    assert len(shown) == len(said), shown
    return shown


def test_all_in_a_room_read_the_same_order_whatever_they_use(tmp_path: Path, display: str) -> None:
    with ExitStack() as stack:
        room = Room(tmp_path, display, stack)
        said = room.talk()
        order = read_all(lambda: "\n".join(room.eve.shown()), said)
        assert read_all(lambda: "\n".join(room.paula.texts()), said) == order
        assert read_all(lambda: "\n".join(room.dora.seen()), said) == order
        for client in (room.irene, room.wanda, room.ivan):
            # They show what they say themselves at once, before it is said.
            assert without(client.nick, read_all(client.shown, said)) == without(client.nick, order)
