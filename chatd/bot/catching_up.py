"""The rooms in which a bot is behind: it left messages out because too many waited, and reads them in the history."""

from __future__ import annotations

from dataclasses import dataclass

from chatd.protocol import names

ASKED_FOR = 500
"""How many messages the history is asked for at once."""


@dataclass(slots=True)
class _Arrears:
    room: str
    newest: int = 0
    """The id of the newest message that was left out."""
    live_from: int | None = None
    """The id of the first one that was left out while it was new."""
    newest_when_asked: int = 0


class CatchingUp:
    """Says which messages are left out, and which room's history to ask for next.

    From the first message on that is left out in a room, all of that room are, until the history has told them: so they
    keep their order. Ids rise within a room.
    """

    def __init__(self) -> None:
        self._behind: dict[str, _Arrears] = {}
        self._asked: str | None = None

    @property
    def asks(self) -> bool:
        """Whether the history was asked for and has not answered yet."""
        return self._asked is not None

    def is_behind(self, room: str) -> bool:
        """Return whether messages of a room were left out."""
        return names.key(room) in self._behind

    def leaves_out(self, room: str, id_: int, *, old: bool, is_answer: bool, is_full: bool) -> bool:
        """Return whether a message is left out, which begins where the inbox is full; the history itself never is.

        ``is_answer`` says that the message tells the bot that what it said is stored: where that was said again, it is
        old too, and may come between those of the history.
        """
        key = names.key(room)
        arrears = self._behind.get(key)
        if arrears is None:
            if not is_full:
                return False
            arrears = self._behind[key] = _Arrears(room)
        elif old and key == self._asked and not is_answer:
            return False
        arrears.newest = max(arrears.newest, id_)
        if not old and arrears.live_from is None:
            arrears.live_from = id_
        return True

    def is_old(self, room: str, id_: int, *, old: bool) -> bool:
        """Return whether a message was sent while the bot was not connected, whatever the history says of it."""
        arrears = self._behind.get(names.key(room))
        return old and (arrears is None or arrears.live_from is None or id_ < arrears.live_from)

    def ask(self) -> str | None:
        """Return the room whose history is to be asked for now; None if there is none."""
        if self._asked is not None or not self._behind:
            return None
        self._asked, arrears = next(iter(self._behind.items()))
        arrears.newest_when_asked = arrears.newest
        return arrears.room

    def answered(self, room: str, count: int, heard: int) -> None:
        """Note the end of an answer of ``count`` messages; ``heard`` is the id of the last one that was taken in.

        The bot is no longer behind if that is the newest that it left out, or if that was deleted.
        """
        key = names.key(room)
        if key != self._asked:
            return
        self._asked, arrears = None, self._behind.pop(key)
        deleted = count == 0 and arrears.newest == arrears.newest_when_asked
        if heard < arrears.newest and not deleted:
            self._behind[key] = arrears  # behind the other rooms: each has its turn

    def begin(self, room: str) -> None:
        """Note that a room begins anew, whatever was left out."""
        self._behind.pop(names.key(room), None)

    def detach(self) -> None:
        """Note that the connection has ended: nothing is answered, and what is left out is no longer new."""
        self._asked = None
        for arrears in self._behind.values():
            arrears.live_from = None
