"""Those who are told what is said in a room without being in it: no member, so nobody sees or counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from chatd.model.entry import Entry, StoredEvent
from chatd.protocol.errors import ChatError
from chatd.protocol.events import DurableEvent, Moderated
from chatd.protocol.moderation_commands import SERVER
from chatd.runtime.log_limiter import LogLimiter

Render = Callable[[StoredEvent], bytes]


class Batch:
    """What was delivered in one room together. All followers who read it in the same form share the work of that."""

    __slots__ = ("_rendered", "kept", "ruled")

    def __init__(self) -> None:
        self.kept: list[StoredEvent] = []
        self.ruled = False
        """Whether something in it may change who may read the room."""
        self._rendered: dict[Render, bytes] = {}

    def rendered(self, render: Render) -> bytes:
        """Return all of it, each made to bytes by ``render``."""
        data = self._rendered.get(render)
        if data is None:
            data = self._rendered[render] = b"".join(map(render, self.kept))
        return data


class Follower(Protocol):
    """Somebody who is told what is said in a room without being in it."""

    def delivered(self, batch: Batch) -> None:
        """Be told what was delivered in the room. What was ruled with it, in any room, holds already."""

    def look_again(self) -> None:
        """See whether one may read the room still: something was ruled."""

    def end(self, error: ChatError) -> None:
        """Be told nothing more, and why."""

    def abort(self) -> None:
        """Be told nothing more: that failed."""


class Followers:
    """All of a hub, by the keys of their rooms."""

    def __init__(self, log_limiter: LogLimiter) -> None:
        self.by_room: dict[str, dict[Follower, None]] = {}
        """Empty where nobody follows anything, so that deliveries cost nothing then."""
        self._log_limiter = log_limiter
        self._batches: dict[str, Batch] = {}

    def __len__(self) -> int:
        return sum(map(len, self.by_room.values()))

    def add(self, key: str, follower: Follower) -> None:
        """Let somebody be told what is delivered in a room from here on, given its key."""
        self.by_room.setdefault(key, {})[follower] = None

    def remove(self, key: str, follower: Follower) -> None:
        """Tell it nothing more; it is no mistake if it was told nothing."""
        followers = self.by_room.get(key, {})
        followers.pop(follower, None)
        if not followers:
            self.by_room.pop(key, None)

    def note(self, key: str, entries: Sequence[Entry]) -> None:
        """Note what is about to be delivered in a room."""
        if key not in self.by_room:
            return
        stored = [
            StoredEvent(each.id, each.time, each.event)
            for each in entries
            if each.stored and isinstance(each.event, DurableEvent)
        ]
        if stored:
            batch = self._batches.setdefault(key, Batch())
            batch.kept.extend(stored)
            batch.ruled = batch.ruled or any(isinstance(each.event, Moderated) for each in stored)

    def tell(self, keys: Iterable[str]) -> None:
        """Tell those whom it concerns what was noted, now that all rooms have had their part of it."""
        batches, self._batches = self._batches, {}
        for key, batch in batches.items():
            for follower in list(self.by_room.get(key, ())):
                self._call(follower, follower.delivered, batch)
        if SERVER in keys:
            for key in list(self.by_room):
                for follower in list(self.by_room.get(key, ())):
                    self._call(follower, follower.look_again)

    def end_all(self, error: ChatError) -> None:
        """Tell nobody anything more, and why."""
        for followers in list(self.by_room.values()):
            for follower in list(followers):
                self._call(follower, follower.end, error)

    def _call(self, follower: Follower, tell: Callable[..., None], *what: object) -> None:
        try:
            tell(*what)
        except Exception:
            self._log_limiter.failure("a reader of a room could not be told what happened there")
            follower.abort()
