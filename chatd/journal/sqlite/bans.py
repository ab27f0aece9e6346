"""What bans hold by a journal's file, and taking one back, for who cannot or will not say so in the chat."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from chatd.journal import JournalError
from chatd.journal.sqlite.database import InUseError, explained, open_to_read
from chatd.journal.sqlite.requests import ask_unban, unban
from chatd.journal.sqlite.rows import ACTION_COLUMNS, ActionRow, moderation_action
from chatd.journal.sqlite.store import Store
from chatd.model.room_policy import ModerationAction
from chatd.protocol import names

_VERSION_WITH_RULINGS = 2
_VERSION_WITH_REACHES = 4


class HeldBan(NamedTuple):
    """A ban that holds."""

    room: str
    """The name, as first written, or `chatd.protocol.moderation_commands.SERVER`."""
    action: ModerationAction

    @property
    def subject(self) -> str:
        """Whom it is about, as it was written."""
        return self.action.event.subject


def held_bans(path: Path, now: int) -> list[HeldBan]:
    """Return the bans that hold, the oldest first; the file may be in use. ``now`` is in milliseconds since 1970.

    Raise `JournalError` if it cannot be read.
    """
    with closing(open_to_read(path)) as db, explained(path):
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version < _VERSION_WITH_RULINGS:
            return []
        columns = ACTION_COLUMNS if version >= _VERSION_WITH_REACHES else ACTION_COLUMNS.replace("ruling.reach", "NULL")
        rows = db.execute(
            f"SELECT name, {columns} FROM ruling JOIN room ON room.id = ruling.room WHERE kind = 'BAN' ORDER BY entry"
        )
        bans = [HeldBan(name, moderation_action(ActionRow(*row), name)) for name, *row in rows]
    return [ban for ban in bans if ban.action.holds(now)]


def remove_ban(path: Path, room: str, subject: str, now: int, pause: Callable[[], float]) -> HeldBan:
    """Take back the ban of a subject, in any spelling, from a room or the server, and return it.

    A daemon that uses the file does it, and ``pause`` is as for `ask_unban`. Raise `JournalError` if there is no such
    ban, and if it cannot be taken back.
    """
    wanted = names.key(room), names.key(subject)
    found = [ban for ban in held_bans(path, now) if (names.key(ban.room), names.key(ban.subject)) == wanted]
    if not found:
        raise JournalError(f"no such BAN in {room}: {subject}; see chatd ban list")
    (ban,) = found
    if _is_index(path):
        raise JournalError(f"{path} is the index of a node; LOGIN as a server operator on any node and UNBAN there")
    try:
        store = Store(path)
    except InUseError:
        ask_unban(path, ban.room, ban.subject, pause)
        return ban
    with closing(store):
        entry = unban(ban.room, ban.subject)
        entry.time = now
        store.write([entry])
    return ban


def _is_index(path: Path) -> bool:
    """Return whether a file is what a node has read from a cluster's stream, in which bans are taken back."""
    with closing(open_to_read(path)) as db, explained(path):
        return db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'run'").fetchone() is not None
