"""Rooms of which nothing is left but a topic: forgotten once nobody is in them, so that rooms cannot be piled up."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from itertools import islice

from chatd.journal import Journal, JournalError
from chatd.journal.known_rooms import RoomState
from chatd.model.health import Health
from chatd.model.room_policy import RoomPolicy
from chatd.protocol.moderation_commands import SERVER
from chatd.runtime.timers import TimerWheel

LOOK_SECONDS = 60
"""How often it is looked for rooms that retention has left without messages."""
AT_ONCE = 200
"""How many are forgotten in one transaction, and in a second."""
_KNOWING = (Health.WORKING, Health.UNWRITABLE)
"""What a journal is like that knows in which rooms people are."""


class BareRooms:
    """Looks for such rooms in a journal; ``in_use`` holds the keys of those that people are in.

    So are conversations forgotten, which have keys like rooms and no people in them; ``forgotten`` hears of all.
    ``lapses`` says of a room, by its key and what holds in it, whether that holds no more when nobody is there.

    A room that its last member leaves is forgotten at that place in the order, by `chatd.chat.room`. Here are those
    that retention has left without messages since, and those of an earlier run.
    """

    def __init__(
        self,
        journal: Journal,
        timers: TimerWheel,
        in_use: Container[str],
        forgotten: Callable[[Iterable[str]], None] = lambda _keys: None,
        lapses: Callable[[str, RoomPolicy], bool] = lambda _key, _policy: False,
    ) -> None:
        self._journal = journal
        self._timers = timers
        self._in_use = in_use
        self._note_forgotten = forgotten
        self._lapses = lapses

    def start(self, *, shared: bool) -> None:
        """Look from here on; at once, unless others know better in which rooms people are."""
        if shared:
            self._timers.add(self.look, self._timers.now + LOOK_SECONDS)
        else:
            self.look(self._timers.now)

    def look(self, now: float) -> None:
        """Forget some, and see to the rest."""
        # A node that has lost the others does not know in which rooms people are.
        try:
            more = self._journal.health in _KNOWING and self.forget_some()
        except JournalError:  # which was logged
            more = False
        self._timers.add(self.look, now + (1 if more else LOOK_SECONDS))

    def forget_some(self) -> bool:
        """Forget `AT_ONCE`; return whether there may be more."""
        unspoken = (key for key in self._journal.known_rooms.unspoken() if key != SERVER and key not in self._in_use)
        states = ((key, self._journal.room_state(key)) for key in unspoken)
        bare = ((key, state.last_id) for key, state in states if state is not None and self._is_bare(key, state))
        found = dict(islice(bare, AT_ONCE))
        if found:
            self._journal.forget(found)
            self._note_forgotten(found)
        return len(found) == AT_ONCE

    def _is_bare(self, key: str, state: RoomState) -> bool:
        return state.bare or (state.is_unspoken and self._lapses(key, state.policy))
