"""What ten thousand lines cost the client: ``python -m benchmarks.client``.

The lines are parsed, taken into the transcript and, where there is a display (``xvfb-run -a`` makes one), drawn in a
real window; then one more line, which is what a busy room costs. Nothing comes over a network.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, time
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from typing_extensions import override

from chatd.client.model.changes import Change
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.settings import Settings
from chatd.client.model.transcript import Transcript
from chatd.client.net.port import LinkPort
from chatd.protocol import wire
from chatd.protocol.commands import Command
from chatd.runtime.server_address import Address

LINES = 10_000
ROOM = "#benchmark"
REPETITIONS = 5


class Nowhere(LinkPort):
    """A link that leads nowhere."""

    @override
    def start(self) -> None:
        pass

    @override
    def stop(self, said: str | None = None) -> Deferred[None]:
        return succeed(None)

    @override
    def reconnect(self) -> None:
        pass

    @override
    def send_message(self, room: str, text: str, reply: int = 0) -> None:
        pass

    @override
    def send_command(self, command: Command, room: str | None = None) -> None:
        pass

    @override
    def register(self, password: str, code: str | None = None) -> None:
        pass

    @override
    def log_out(self) -> None:
        pass

    @override
    def join_room(self, room: str) -> None:
        pass

    @override
    def ask_older(self, room: str) -> None:
        pass

    @override
    def refresh(self, room: str) -> None:
        pass


def said(number: int) -> bytes:
    """Return a line of the server in which one of ten people says 64 characters."""
    moment = wire.timestamp(1_700_000_000_000 + number * 1000)
    text = f"message {number} ".ljust(64, "x")
    return f"@id={number};time={moment} MSG nick{number % 10} {ROOM} {text}".encode()


def take_in(transcript: Transcript, first: int, count: int) -> list[Change]:
    """Parse and apply so many lines; return what is to be drawn."""
    changes: list[Change] = []
    for number in range(first, first + count):
        changes += apply_event(transcript, *wire.parse_event(said(number)))
    return changes


def timed(what: Callable[[], object]) -> float:
    """Return how many milliseconds something takes."""
    begin = perf_counter()
    what()
    return (perf_counter() - begin) * 1000


def new_transcript() -> Transcript:
    """Return a transcript that has come into the room."""
    transcript = Transcript("reader", lambda: round(time() * 1000))
    transcript.open_room(ROOM).change_membership(MembershipCue.WANT)
    apply_event(transcript, *wire.parse_event(f"OK JOIN {ROOM} 1 last=0 resume=x recovered=no".encode()))
    return transcript


def draw(root: Any) -> tuple[float, float]:
    """Return the milliseconds until ten thousand lines, and then one more, are on the screen."""
    from chatd.client.view.desktop import Desktop
    from chatd.client.view.window import Window

    clock, transcript = Clock(), new_transcript()
    window = Window(root, clock, transcript, Settings(), lambda *_: Nowhere(), Desktop(), lambda: None, lambda: None)
    root.deiconify()
    window.connect(Address(), "reader", (ROOM,))

    def show(changes: Sequence[Change]) -> None:
        window.changed(changes)
        for _ in range(3):
            clock.advance(0)
            root.update()

    show([])
    many = timed(lambda: show(take_in(transcript, 1, LINES)))
    one = median(timed(lambda: show(take_in(transcript, transcript.rooms[ROOM].last_id + 1, 1))) for _ in range(100))
    assert f"message {LINES + 100} " in window.talk.text.get("1.0", "end"), "the last line is not on the screen"
    window.stop_drawing()
    return many, one


def main() -> None:
    """Measure and print."""
    state = median(timed(lambda: take_in(new_transcript(), 1, LINES)) for _ in range(REPETITIONS))
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"{LINES:,} lines into the transcript: {state:.0f} ms")
    import tkinter as tk

    from chatd.client.view.pump import open_root

    try:
        root, _ = open_root()
    except tk.TclError as error:
        sys.exit(f"no window was measured: {error}")
    many, one = draw(root)
    print(f"{LINES:,} lines into the transcript and onto the screen: {many:.0f} ms; then one more: {one:.1f} ms")
    root.destroy()


if __name__ == "__main__":
    main()
