"""What is kept of conversations as it changes, so that a client that is killed has lost nothing when it starts again.

Of each server, under each name: drafts, up to where each room was read, private conversations with the lines that no
server tells again, and what waits to be sent. The last is on the disk before the reactor goes on to anything else, so
before it is sent or shown; the rest within a second, when somebody calls `KeptState.save`.

Clients of one user share the file. What waits belongs to the one where it was said; the next client that connects to
that server takes it over when that one is dead.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from chatd.client.model.changes import Change, LinesChanged, RoomsChanged, UnreadChanged
from chatd.client.model.keeping import SERVER, Keeping
from chatd.client.model.kept_places import history_of, load_place, name_of, position_of
from chatd.client.model.kept_rows import KeptRows, Message, NewerFileError
from chatd.client.model.transcript import Transcript

MAX_CONVERSATIONS = 200
"""How many private conversations are opened again, those opened last."""
PAUSE = 10
"""How many calls of `KeptState.save` are let pass after one that failed."""
_FAILURES = (sqlite3.Error, OSError, NewerFileError)
_BROKEN = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class KeptState:
    """Keeps transcripts in a file of a folder, which other clients may use as well.

    ``client`` is a token that no other client ever has. ``tell`` is told a sentence when something cannot be kept; the
    client works on. ``soon`` calls what it is given when what goes on now is done and before anything else is:
    `IReactorTime.callLater` with 0 seconds.
    """

    def __init__(
        self, folder: Path, client: str, tell: Callable[[str], None], soon: Callable[[Callable[[], None]], object]
    ) -> None:
        self._rows = KeptRows(folder, client)
        self._tell = tell
        self._soon = soon
        self._kept: list[Keeping] = []
        self._is_called = False
        self._told = ""
        self._pause = 0
        self.before_save: Callable[[], None] = lambda: None
        """Called before it is looked what has changed: the window puts there what stands in its field."""

    def restore(self, transcript: Transcript, server: str) -> list[Change]:
        """Let a transcript be as it was kept for its name at a server, and keep it; return what is to be redrawn.

        The rooms that are to be joined are open in it already.
        """
        self.release(server)
        keeping = Keeping(transcript, server, self._rows.claim.name)
        changes: list[Change] = []
        try:
            changes += self._load(keeping)
        except _FAILURES as error:
            self._failed(error, "read")
            with suppress(*_FAILURES):  # perhaps it is a new file now
                changes += self._load(keeping)
        self._kept.append(keeping)
        transcript.waiting_changed = self._save_soon
        transcript.forgetting = lambda: self.release(server)
        if changes:
            self._save_soon()
        return changes

    def release(self, server: str) -> None:
        """Keep a server's transcript no more, if one is kept; what was kept of it stays."""
        for keeping in [each for each in self._kept if each.server == server]:
            self.save(now=True)
            self._kept.remove(keeping)
            keeping.transcript.waiting_changed = keeping.transcript.forgetting = lambda: None

    def save(self, *, now: bool = False) -> None:
        """Write what has changed since the last time, unless that failed a moment ago."""
        self._is_called = False
        if self._pause and not now:
            self._pause -= 1
            return
        self.before_save()
        found = [(keeping, difference) for keeping in self._kept if (difference := keeping.difference())]
        if not found:
            return
        try:
            with self._rows.transaction() as connection:
                for keeping, difference in found:
                    keeping.write(difference, connection)
        except _FAILURES as error:
            self._failed(error, "written")
            return
        self._told, self._pause = "", 0
        for keeping, difference in found:
            keeping.written(difference)

    def close(self) -> None:
        """Write what has changed, and let others take over what waits."""
        self.save(now=True)
        self._kept.clear()
        self._rows.close()
        self._rows.claim.release()

    def _save_soon(self) -> None:
        if not self._is_called:
            self._is_called = True
            self._soon(lambda: self.save(now=True))

    def _load(self, keeping: Keeping) -> list[Change]:
        transcript = keeping.transcript
        places = self._rows.places(keeping.server, keeping.nick)
        taken = self._take_over(keeping.server)
        epoch = places.pop(SERVER, {}).get("epoch")
        if transcript.epoch is None and isinstance(epoch, str):
            transcript.epoch = epoch
        changes: list[Change] = []
        conversations = sorted((data for key, data in places.items() if not key.startswith("#")), key=position_of)[
            -MAX_CONVERSATIONS:
        ]
        for data in [*(data for key, data in places.items() if key.startswith("#")), *conversations]:
            changes += _load_room(transcript, data)
        changes += transcript.load_waiting([json.loads(each.data) for each in taken])
        transcript.returning = transcript.returning or any(
            room.seen_id is not None or room.unread for room in transcript.rooms.values()
        )
        keeping.adopt(max((each.number for each in taken), default=0), {each.label: each.data for each in taken})
        return changes

    def _take_over(self, server: str) -> list[Message]:
        """Return what waits for a server and no other client is to send; it belongs to this one from here on."""
        claim = self._rows.claim
        if not self._rows.waiting(server):
            return []
        with self._rows.transaction() as connection:
            found = self._rows.waiting(server)
            held = {each.owner for each in found if each.owner != claim.name and claim.is_held(each.owner)}
            taken = [each for each in found if each.owner not in held]
            mine = [(claim.name, each.label) for each in taken]
            connection.executemany("UPDATE waiting SET owner = ? WHERE label = ?", mine)
        return taken

    def _failed(self, error: Exception, what: str) -> None:
        """Say that the file cannot be used, once; a broken one gives way to a new one."""
        path, code = self._rows.path, getattr(error, "sqlite_errorcode", 0)
        if code in _BUSY:
            return  # another client is writing: the next time
        self._pause = PAUSE
        if code in _BROKEN:
            with suppress(OSError):
                self._rows.set_aside()
                self._pause = 0
                for each in self._kept:
                    each.forget_kept()
        sentence = (
            f"{path} cannot be {what} ({_reason(error)}): drafts, private conversations and messages waiting to be"
            " sent are lost when chatd-client ends."
        )
        if code in _BROKEN and not self._pause:
            sentence = (
                f"{path} is damaged: drafts and conversations stored in it are lost. chatd-client began a new file; the"
                f" old one is {path.name}.broken."
            )
        if sentence != self._told:
            self._told = sentence
            self._tell(sentence)


class KeptNowhere(KeptState):
    """Stands where nothing is kept."""

    def __init__(self) -> None:
        super().__init__(Path(), "", lambda _: None, lambda _: None)

    def restore(self, transcript: Transcript, server: str) -> list[Change]:
        """Leave a transcript as it is."""
        del transcript, server
        return []


def _load_room(transcript: Transcript, data: dict[str, object]) -> list[Change]:
    """Let a room be as it was kept; one that is not open stays so, but a private conversation is opened."""
    name = name_of(data)
    if name is None:
        return []
    room = transcript.find_room(name)
    if room is None:
        if name.startswith("#"):
            return []
        room = transcript.open_room(name)
    load_place(room, data, history_of(transcript.epoch))
    return [RoomsChanged(), LinesChanged(room.key, 0), UnreadChanged(room.key)]


def _reason(error: Exception) -> str:
    """Return why a file is of no use, in a few words without its name."""
    if isinstance(error, NewerFileError):
        return "a newer chatd-client wrote it"
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
