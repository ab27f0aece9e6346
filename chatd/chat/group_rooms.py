"""Rooms that groups let into: at each login an account is invited, or its invitation taken back, as its groups say.

An invitation like any other holds on all nodes, stands in the journal and lets into a private room. Only one that was
made here is taken back: whom an operator has invited besides stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TookTooLongError
from twisted.internet.interfaces import IReactorTime

from chatd.accounts.groups import GroupRules
from chatd.chat.hub import Hub
from chatd.model.entry import Entry
from chatd.model.room_policy import MAX_ACTIONS, PolicyKey
from chatd.protocol.events import Moderated
from chatd.protocol.names import RoomName
from chatd.protocol.text import clean

ACTOR = "chatd"
"""Who is said to have done it."""
FOR_A_GROUP = "for the group "
"""How the text of such an invitation begins; no client can say one."""
SECONDS = 3.0
"""How long a login waits for the invitations to take effect."""


class GroupRooms:
    """Sees to the invitations of those who log in."""

    def __init__(self, hub: Hub, clock: IReactorTime, rules: GroupRules) -> None:
        self._hub = hub
        self._clock = clock
        self._rules = rules

    async def settle(self, account: str, groups: frozenset[str]) -> None:
        """Invite an account, given its key, into the rooms of its groups, and out of the others."""
        entries = list(self._entries(account, groups))
        if not entries:
            return
        for entry in entries:
            self._hub.journal.append(entry)
        await _patient(self._hub.journal.flush(), self._clock)

    def _entries(self, account: str, groups: frozenset[str]) -> Iterator[Entry]:
        name, now = self._hub.name_of(account), self._hub.age_now
        for wanted, group in self._rules.groups_of_rooms(groups).items():
            room = self._spelled(wanted)
            policy = self._hub.policy(room.key)
            if self._hub.has_founders(room.key, policy):
                continue  # it is nobody's, and keeps no invitations
            ruling = partial(Moderated, nick=ACTOR, room=room, subject=name)
            found = policy.held(PolicyKey("INVITE", account), now)
            if group is None and found is not None and (found.event.text or "").startswith(FOR_A_GROUP):
                yield self._entry(ruling("UNINVITE"))
            elif group is not None and not policy.is_member(account):
                if policy.holding(now) < MAX_ACTIONS:
                    yield self._entry(ruling("INVITE", text=clean(f"{FOR_A_GROUP}{group}")))
                else:
                    what = f"{name} was not invited to {room}: it has the maximum of {MAX_ACTIONS} moderation actions"
                    self._hub.log_limiter.note(what, "invitations")

    def _entry(self, ruling: Moderated) -> Entry:
        return Entry(RoomName.of(ruling.room).key, ruling, source=self._hub.nodes.own_source)

    def _spelled(self, room: RoomName) -> RoomName:
        """Return a room's name as it was first written."""
        there, kept = self._hub.room(room.key), self._hub.journal.room_state(room.key)
        return there.name if there is not None else room if kept is None else RoomName(kept.name)


async def _patient(done: Deferred[Any], clock: IReactorTime) -> None:
    """Return when something is done, or has taken too long; it goes on by itself."""
    waiting: Deferred[None] = Deferred()
    done.addBoth(lambda _: None if waiting.called else waiting.callback(None))
    waiting.addTimeout(SECONDS, clock)
    with suppress(TookTooLongError):
        await waiting
