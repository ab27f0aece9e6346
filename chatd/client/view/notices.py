"""Telling that something was said to the one who reads: a bell, and the desktop's own notice if there is a way."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from chatd.client.model.room import Room
from chatd.client.view.programs import Programs

PAUSE = 2.0
"""Seconds between two notices, at least."""
SHOW_SECONDS = 5.0
"""How long the program that shows a notice may take until it is killed: it hangs where no desktop answers."""
MAX_TEXT = 200
MAX_PLACES = 4
"""How many rooms and people one notice names, at most."""


class _Notice(NamedTuple):
    title: str
    text: str
    room: Room
    server: str

    @property
    def place(self) -> str:
        name = f"{self.room.name} at {self.server}" if self.server else self.room.name
        return f"from {name}" if self.room.private else f"in {name}"


class Notices:
    """Gives notices, few at a time: what comes right after one is held back, and told in one notice after the pause.

    ``bell`` rings, ``notify_send`` is the program that shows one, if there is one.
    """

    def __init__(self, reactor: Any, bell: Callable[[], None], notify_send: str | None) -> None:
        self.rings = True
        """Whether the bell is to ring."""
        self.shows = True
        """Whether the desktop is to show notices."""
        self._reactor = reactor
        self._bell = bell
        self._program = notify_send
        self._programs = Programs(reactor)
        self._held: list[_Notice] = []
        self._pause: Any = None

    def give(self, nick: str, room: Room, text: str, server: str = "") -> None:
        """Ring and notify of what somebody said in a room, now or after the pause; then only if it is still unread.

        ``server`` is where the room is, if that has to be said.
        """
        title = nick if room.private else f"{nick} in {room.name}"
        notice = _Notice(f"{title} at {server}" if server else title, text, room, server)
        if self._pause is not None:
            self._held.append(notice)
        else:
            self._tell(notice.title, notice.text)

    def stop(self) -> None:
        """Give none any more, and let no program go on that shows one."""
        if self._pause is not None:
            self._pause.cancel()
        self._pause, self._held = None, []
        self._programs.stop()

    def _tell(self, title: str, text: str) -> None:
        self._pause = self._reactor.callLater(PAUSE, self._go_on)
        if self.rings:
            self._bell()
        if self.shows and self._program is not None:
            # Desktops take the text for markup.
            body = html.escape(text[:MAX_TEXT], quote=False)
            self._programs.run([self._program, "--app-name=chatd", "--", title, body], SHOW_SECONDS)

    def _go_on(self) -> None:
        """Tell what was held back and has not been read meanwhile."""
        self._pause = None
        held, self._held = [each for each in self._held if each.room.unread], []
        if len(held) == 1:
            self._tell(held[0].title, held[0].text)
        elif held:
            self._tell(f"{len(held)} more messages", _places(held))


def _places(held: list[_Notice]) -> str:
    """Return where they are: ``2 in #ops, 1 from ann``."""
    counted = Counter(each.place for each in held).most_common()
    parts = [f"{count} {place}" for place, count in counted[:MAX_PLACES]]
    if rest := sum(count for _, count in counted[MAX_PLACES:]):
        parts.append(f"{rest} elsewhere")
    return ", ".join(parts)
