"""What is to be redrawn, gathered from many changes and drawn together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, Protocol

from chatd.client.model import changes
from chatd.client.model.changes import Change
from chatd.client.model.room import Room
from chatd.client.view.members_pane import MembersPane
from chatd.client.view.rooms_pane import RoomsPane
from chatd.client.view.servers import Servers, ServerSession
from chatd.client.view.talk_pane import TalkPane

FRAME_SECONDS = 1 / 10
"""How long after one drawing the next one begins at the earliest; what comes after a pause is drawn at once."""

SECONDS_OF_ONE, MOST_SECONDS = 1 / 4000, 0.5
"""How long after one drawing of the people the next one begins at the earliest, for each of them, and at most.

Drawing a list of thousands costs as much as all that they say meanwhile.
"""


class Drawable(Protocol):
    """What is drawn of a window, and what it knows of that."""

    rooms: RoomsPane
    talk: TalkPane
    members: MembersPane
    servers: Servers
    shown: Room | None

    def show_change(self, session: ServerSession, change: Change) -> None:
        """Show what is no part of a room."""

    def rooms_changed(self, sessions: Iterable[ServerSession]) -> None:
        """Show which rooms there are at some servers, and one of them."""

    def update_title(self) -> None:
        """Let the title say how much is unread."""

    def draw_topic(self) -> None:
        """Show the name and the topic of the room in front."""


class Part(Enum):
    """A part of the window that shows what is not so any more."""

    CONVERSATION = "all lines of the room in front"
    TOPIC = "its topic"


class Drawing:
    """Takes changes at any rate; ``window`` is drawn when the reactor comes to it, and not for every one of many."""

    def __init__(self, window: Drawable, reactor: Any, drawn: Callable[[], None]) -> None:
        self._window = window
        self._reactor = reactor
        self._drawn = drawn
        self._call: Any = None
        self._next = 0.0
        self._first: int | None = None
        """The first line of the room in front that is another."""
        self._stale: set[Part] = set()
        self._people_call: Any = None
        self._next_people = 0.0
        self._rooms: dict[ServerSession, None] = {}
        """The servers where there are other rooms, in the order in which that was told."""
        self._unread: set[tuple[ServerSession, str]] = set()

    def take(self, session: ServerSession, found: Sequence[Change]) -> None:
        """Note what changed at a server."""
        shown = self._window.shown if session is self._window.servers.front else None
        for change in found:
            here = shown is not None and getattr(change, "room", None) == shown.key
            match change:
                case changes.LinesChanged(_, first) if here:
                    self._first = first if self._first is None else min(self._first, first)
                case changes.LinesDropped() if here:
                    self._stale.add(Part.CONVERSATION)
                case changes.RoomsChanged() | changes.RoomRenamed():
                    self._rooms[session] = None
                case changes.MembersChanged() if here:
                    self._draw_people_soon()
                case changes.UnreadChanged(room):
                    self._unread.add((session, room))
                case changes.TopicChanged() if here:
                    self._stale.add(Part.TOPIC)
                case _:
                    self._window.show_change(session, change)
        if not _is_due(self._call):
            self._call = self._reactor.callLater(max(0.0, self._next - self._reactor.seconds()), self.draw)

    def _draw_people_soon(self) -> None:
        if not _is_due(self._people_call):
            wait = max(0.0, max(self._next, self._next_people) - self._reactor.seconds())
            self._people_call = self._reactor.callLater(wait, self._draw_people)

    def forget_lines(self) -> None:
        """Note that another room is in front, and drawn."""
        self._first = None
        self._stale.discard(Part.CONVERSATION)

    def stop(self) -> None:
        """Draw nothing any more."""
        for call in (self._call, self._people_call):
            if _is_due(call):
                call.cancel()

    def draw(self) -> None:
        """Draw what was noted."""
        if _is_due(self._call):
            self._call.cancel()
        self._next = self._reactor.seconds() + FRAME_SECONDS
        window, unread = self._window, self._unread
        self._unread = set()
        if self._rooms:
            rooms, self._rooms = self._rooms, {}
            window.rooms_changed(rooms)
        elif unread:
            for session, key in unread:
                if (room := session.transcript.find_room(key)) is not None:
                    window.rooms.mark(session, room)
            window.update_title()
        first, stale = self._first, self._stale
        self._first, self._stale = None, set()
        if Part.CONVERSATION in stale:
            window.talk.redraw()
        elif first is not None:
            window.talk.draw(first)
        if Part.TOPIC in stale:
            window.draw_topic()
        self._drawn()

    def _draw_people(self) -> None:
        """Draw who is in the room in front."""
        window, room = self._window, self._window.shown
        count = 0 if room is None else len(room.members)
        self._next_people = self._reactor.seconds() + min(MOST_SECONDS, count * SECONDS_OF_ONE)
        window.members.draw()
        window.draw_topic()  # where it stands how many they are
        self._drawn()


def _is_due(call: Any) -> bool:
    return call is not None and bool(call.active())
