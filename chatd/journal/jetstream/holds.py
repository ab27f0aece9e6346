"""What holds in the rooms, kept by what it is about beside the stream: a stream of its own with the last of each.

Rulings and topics have their place in the one order, and count there. But talk can be purged, and a bound on messages
deletes the oldest, so each node writes what it was handed to a second stream too, with the place that it had. A node
that reads the first one from the beginning is given what it lacks from the second, in between, at those places: it
comes to the same state. All nodes write the same; whoever is later finds that it is there. Nothing is overwritten by
what was before it, for a write says what it takes the place of.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from twisted.logger import Logger

from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.errors import ApiError, NatsError, UnusableError, api
from chatd.journal.jetstream.messages import ReceivedMessage, Subjects, decode, held_keys, held_payload
from chatd.journal.jetstream.scan import scan
from chatd.journal.jetstream.streams import (
    StreamInfo,
    describe_holds,
    describe_stream,
    holds_stream,
    make_holds,
    note_holds_kept,
)
from chatd.journal.known_rooms import RoomState
from chatd.model.entry import Entry
from chatd.model.health import Health
from chatd.model.room_policy import effects
from chatd.protocol.events import Moderated, TopicSet

_WRONG_LAST = 10071
_NO_MESSAGE = 10037
_ATTEMPTS = 5
_REVOKED_BY = {"MUTE": "UNMUTE", "BAN": "UNBAN", "OP": "DEOP", "VOICE": "UNVOICE", "INVITE": "KICK"}

_log = Logger()


class Held(NamedTuple):
    """What is known to be kept of one thing."""

    sequence: int
    """Where it stands in the stream of what holds, 0 if nothing is known."""
    place: int
    """Where it stood in the journal's stream."""
    payload: bytes = b""


class Wanted(NamedTuple):
    """What is to be kept of one thing."""

    place: int
    payload: bytes


class Holds:
    """Reads what holds when the node connects, and writes what it is handed."""

    def __init__(self, connection: Connection, subjects: Subjects) -> None:
        self._connection = connection
        self._subjects = subjects
        self._known: dict[str, Held] = {}
        self._wanted: dict[str, Wanted] = {}
        self._later: deque[ReceivedMessage] = deque()
        self._given = 0
        self._settle_at: int | None = None
        self._mark = ""
        self._is_marked = False
        self._writing = False
        self._outage = ""

    async def open(self, found: StreamInfo, place: int, *, complete: bool) -> None:
        """Read what holds and is after ``place``, for `before` to give. Raise `NatsError`.

        ``complete`` says that the node's index has all that the stream had up to ``place``: it can say what holds if
        nobody else can.
        """
        self._mark = ""
        kept = await describe_holds(self._connection, self._subjects.stream)
        if found.holds_kept and (kept is None or kept.mark != found.holds_kept) and not complete:
            raise UnusableError(
                Health.STREAM_MISSING,
                f"the stream {holds_stream(self._subjects.stream)}, with the settings of the rooms, is gone, so"
                " nobody may join; restore it from a backup, or start a node that still has its index, which writes"
                " it again",
            )
        if kept is None:
            kept = await make_holds(self._connection, self._subjects, secrets.token_hex(8))
        self._mark, self._is_marked = kept.mark, kept.mark == found.holds_kept
        await self._read(kept.held)
        missing = {held.place: held for held in self._known.values() if held.place > max(place, self._given)}
        later = [ReceivedMessage(at, 0, missing[at].payload) for at in sorted(missing)]
        last = found.last
        if later and later[-1].place > last:  # ruled meanwhile, or another history
            last = (await describe_stream(self._connection, self._subjects.stream)).last
        if later and later[-1].place > last:
            raise UnusableError(
                Health.STREAM_UNUSABLE,
                f"the stream {self._subjects.stream} ends before the last ruling in"
                f" {holds_stream(self._subjects.stream)}, so it is an older copy; restore both from the same"
                " backup",
            )
        self._later = deque(later)
        self._settle_at = last

    def before(self, place: int) -> Iterator[ReceivedMessage]:
        """Yield, in its order, what holds and stood before ``place``, where the stream goes on."""
        while self._later and self._later[0].place < place:
            self._given = self._later[0].place
            yield self._later.popleft()
        if self._later and self._later[0].place == place:
            self._later.popleft()
        self._given = max(self._given, place)

    def at_end(self) -> Iterator[ReceivedMessage]:
        """Yield, in its order, what holds and has not been given, now that the stream has no more."""
        while self._later:
            self._given = self._later[0].place
            yield self._later.popleft()

    @property
    def is_kept(self) -> bool:
        """Whether all that holds, as far as it was handed over, is kept beside the stream."""
        return not self._wanted

    def note(self, entries: Sequence[Entry]) -> None:
        """Keep what of ``entries`` holds; they were handed over."""
        for entry in entries:
            if entry.stored and isinstance(entry.event, Moderated | TopicSet):
                self._want(entry.room, entry.event, entry.id, entry.time)
        self.write_soon()

    def settle(self, rooms: Mapping[str, RoomState], handed: int) -> None:
        """Compare, once for each connection, with the state that the rooms have at ``handed``, and write the rest."""
        if self._settle_at is not None and handed >= self._settle_at and not self._later:
            self._settle_at = None
            for key, room in rooms.items():
                for action in room.policy:
                    self._want(key, action.event, action.id, action.time)
                if room.topic is not None and isinstance(room.topic.event, TopicSet):
                    self._want(key, room.topic.event, room.topic.id, room.topic.time)
                self._revoke(key, room)
        self.write_soon()

    def write_soon(self) -> None:
        """Write what is to be kept; what cannot be written now is tried again with the next call."""
        due = self._wanted or (self._settle_at is None and not self._is_marked)
        if due and self._mark and not self._writing and self._connection.connected:
            self._writing = True
            self._connection.spawn(self._write_all())

    def _want(self, room: str, event: Moderated | TopicSet, place: int, time: int) -> None:
        for key in held_keys(event):
            subject = self._subjects.holding(room, key)
            held = max(self._known.get(subject, Held(0, 0)).place, self._wanted.get(subject, Wanted(0, b"")).place)
            if place > held:
                self._wanted[subject] = Wanted(place, held_payload(event, place, time))

    def _revoke(self, room: str, state: RoomState) -> None:
        """Keep that something does not hold any more, if that could not be written when it was so."""
        prefix = self._subjects.holding_prefix(room)
        for subject, held in self._known.items():
            if not subject.startswith(prefix) or subject in self._wanted:
                continue
            decoded = decode(held.payload)
            event = decoded.event
            if not isinstance(event, Moderated) or event.verb not in _REVOKED_BY:
                continue
            if all(key in state.policy or what is None for key, what in effects(event)):
                continue
            revoked = Moderated(_REVOKED_BY[event.verb], event.nick, event.room, event.subject)
            self._known[subject] = Held(held.sequence, 0)
            self._wanted[subject] = Wanted(held.place, held_payload(revoked, held.place, decoded.time or 0))

    async def _read(self, count: int) -> None:
        """Read all that is kept; what reads may be a little behind what leads, and is asked again then."""
        stream = holds_stream(self._subjects.stream)
        for attempt in range(_ATTEMPTS):
            known: dict[str, Held] = {}
            async for subject, message in scan(self._connection, stream, [self._subjects.all_holding]):
                try:
                    place = decode(message.payload).id.batch
                except ValueError:
                    raise NatsError(f"{stream} has a message that is not from a node, at {message.place}") from None
                known[subject] = Held(message.place, place, message.payload)
            self._known = known
            if len(known) >= count:
                return
            await self._connection.pause(0.2 * (attempt + 1))
        raise NatsError(f"cannot read {stream} to its end")

    async def _write_all(self) -> None:
        try:
            while self._wanted:
                subject, wanted = next(iter(self._wanted.items()))
                await self._write(subject, wanted)
                if self._wanted.get(subject) is wanted:
                    del self._wanted[subject]
            if self._settle_at is None and not self._is_marked:
                await note_holds_kept(self._connection, self._subjects.stream, self._mark)
                self._is_marked = True
            if self._outage:
                _log.info("the settings of the rooms are written again")
            self._outage = ""
        except NatsError as error:
            if await self._is_lost():
                why = f"the stream {holds_stream(self._subjects.stream)} is gone"
                self._connection.reconnect(UnusableError(Health.STREAM_MISSING, why))
            elif str(error) != self._outage:
                _log.error("cannot write the settings of the rooms: {why}; retrying", why=str(error))
            self._outage = str(error)
        finally:
            self._writing = False

    async def _is_lost(self) -> bool:
        with suppress(NatsError):
            found = await describe_holds(self._connection, self._subjects.stream)
            return found is None or found.mark != self._mark
        return False

    async def _write(self, subject: str, wanted: Wanted) -> None:
        while (held := self._known.get(subject, Held(0, 0))).place < wanted.place:
            headers = {"Nats-Expected-Last-Subject-Sequence": str(held.sequence)}
            answer = json.loads(await self._connection.request(subject, wanted.payload, headers))
            if (error := answer.get("error")) is None:
                self._known[subject] = Held(int(answer["seq"]), *wanted)
            elif error.get("err_code") == _WRONG_LAST:
                self._known[subject] = await self._last(subject)
            else:
                raise NatsError(str(error.get("description", error)))

    async def _last(self, subject: str) -> Held:
        try:
            stream = holds_stream(self._subjects.stream)
            answer = await api(self._connection, f"STREAM.MSG.GET.{stream}", {"last_by_subj": subject})
            payload = b64decode(answer["message"]["data"])
            return Held(int(answer["message"]["seq"]), decode(payload).id.batch, payload)
        except ApiError as error:
            if error.code != _NO_MESSAGE:
                raise
            return Held(0, 0)
        except ValueError:
            raise NatsError(f"a message on {subject} is not from a node") from None
