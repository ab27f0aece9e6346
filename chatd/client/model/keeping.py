"""One transcript and what is kept of it: what is to be written when something of it is another."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from chatd.client.model.kept_places import dump_lines, dump_place
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.protocol import names

SERVER = ""
"""What stands in the place of a room for what is kept of the server."""


@dataclass(slots=True)
class Difference:
    """What is to be written, and what is kept then."""

    nick: str
    places: dict[str, str]
    """All that is kept, by place."""
    waiting: dict[str, str]
    """All that waits, by label."""
    put: list[tuple[str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    held: list[tuple[str, int, str]] = field(default_factory=list)
    """What waits and is to be written: label, number and data."""
    settled: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.put or self.dropped or self.held or self.settled)


class Keeping:
    """Keeps a transcript of a server, in the name of the client that has a claim ``owner``.

    What is kept goes by the name that one has: under another name it is kept from there on, and what is there under
    the old one stays.
    """

    def __init__(self, transcript: Transcript, server: str, owner: str) -> None:
        self.transcript = transcript
        self.server = server
        self.owner = owner
        self.nick = names.key(transcript.nick)
        self._places: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._number = 0
        self._lines: dict[Room, tuple[tuple[object, ...], dict[str, Any]]] = {}

    def adopt(self, number: int, labels: dict[str, str]) -> None:
        """Note what is kept already of what waits: the last number of it, and all of it by label."""
        self._number, self._waiting = number, labels

    def forget_kept(self) -> None:
        """Note that nothing is kept any more: the file is another one."""
        self._places, self._waiting = {}, {}

    def difference(self) -> Difference:
        """Return what is to be written."""
        nick = names.key(self.transcript.nick)
        kept = self._places if nick == self.nick else {}
        waiting = {each["label"]: json.dumps(each) for each in self.transcript.dump_waiting()}
        found = Difference(nick, self._dump_places(), waiting)
        found.put = [(place, data) for place, data in found.places.items() if kept.get(place) != data]
        found.dropped = [place for place in kept if place not in found.places]
        found.settled = [label for label in self._waiting if label not in waiting]
        for label, data in waiting.items():
            if self._waiting.get(label) != data:
                self._number += 1
                found.held.append((label, self._number, data))
        return found

    def write(self, found: Difference, connection: sqlite3.Connection) -> None:
        """Write a difference."""
        execute = connection.executemany
        where = (self.server, found.nick)
        execute("INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?)", [(*where, *each) for each in found.put])
        drop = "DELETE FROM place WHERE server = ? AND nick = ? AND place = ?"
        execute(drop, [(*where, place) for place in found.dropped])
        hold = (
            "INSERT INTO waiting VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (label) DO UPDATE SET owner = excluded.owner, data = excluded.data"
        )
        execute(hold, [(label, self.server, self.owner, number, data) for label, number, data in found.held])
        execute("DELETE FROM waiting WHERE label = ? AND owner = ?", [(each, self.owner) for each in found.settled])

    def written(self, found: Difference) -> None:
        """Note that a difference is kept."""
        self.nick, self._places, self._waiting = found.nick, found.places, found.waiting

    def _dump_places(self) -> dict[str, str]:
        transcript = self.transcript
        places = {} if transcript.epoch is None else {SERVER: json.dumps({"epoch": transcript.epoch})}
        for position, room in enumerate(transcript.rooms.values()):
            data = dump_place(room, position, transcript.epoch)
            lines = self._dump_lines(room)
            if data is not None or lines:
                places[room.key] = json.dumps({"name": room.name} | (data or {}) | lines)
        self._lines = {room: found for room, found in self._lines.items() if transcript.rooms.get(room.key) is room}
        return places

    def _dump_lines(self, room: Room) -> dict[str, Any]:
        state = (room.timeline.revision, room.unread, len(room.failed), self.transcript.has_account)
        known = self._lines.get(room)
        if known is None or known[0] != state:
            known = self._lines[room] = (state, dump_lines(room, has_account=self.transcript.has_account))
        return known[1]
