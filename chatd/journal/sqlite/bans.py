"""What bans hold by a journal's file, and taking one back, for who cannot or will not say so in the chat."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from chatd.journal import JournalError
from chatd.journal.sqlite.database import explained, open_to_read
from chatd.journal.sqlite.rows import ACTION_COLUMNS, ActionRow, moderation_action
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.model.room_policy import ModerationAction
from chatd.protocol import names
from chatd.protocol.events import Moderated

SAID_BY = "chatd"
"""The nick in the line that the room is told."""
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


def remove_ban(path: Path, room: str, subject: str, now: int) -> HeldBan:
    """Take back the ban of a subject, in any spelling, from a room or the server, and return it.

    Raise `JournalError` if there is none, and if the file is in use or cannot be written.
    """
    wanted = names.key(room), names.key(subject)
    found = [ban for ban in held_bans(path, now) if (names.key(ban.room), names.key(ban.subject)) == wanted]
    if not found:
        raise JournalError(f"there is no BAN of {subject} in {room}; chatd ban list shows those that hold")
    (ban,) = found
    store = Store(path)
    with closing(store):
        event = Moderated("UNBAN", SAID_BY, ban.room, ban.subject)
        store.write([Entry(names.key(ban.room), event, time=now)])
    return ban
