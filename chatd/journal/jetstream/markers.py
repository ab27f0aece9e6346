"""Read markers in a cluster: a stream of their own beside the journal's, with the newest of each.

Each node hears of what the others write at once, and reads all there are when it connects. A write says what it takes
the place of, so that a lower marker never takes the place of a higher one. A node that knows of a higher one than the
stream, because it was cut off or the stream was lost, writes it.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd.journal.jetstream.connection import Connection, Incoming
from chatd.journal.jetstream.errors import ApiError, NatsError, RequestTimeoutError, api
from chatd.journal.jetstream.messages import Subjects, to_json
from chatd.journal.jetstream.scan import scan
from chatd.journal.jetstream.streams import open_seen, purge_seen, seen_stream
from chatd.journal.read_markers import Marker, ReadMarkers
from chatd.protocol.arguments import MAX_ID

WRITE_SECONDS = 5.0
"""How long one write of many markers may take; what is left is written by the next."""
_WRONG_LAST = 10071
_NO_MESSAGE = 10037

_log = Logger()


class Kept(NamedTuple):
    """What is known to be in the stream on one subject."""

    sequence: int = 0
    """Where, 0 if nothing is known."""
    rank: tuple[int, int] = (0, 0)
    """When the account was made, and up to where its owner has read: what is greater takes the place."""


class MarkerStream:
    """Reads the markers of all nodes into `markers`, and writes those of this one."""

    def __init__(self, connection: Connection, subjects: Subjects, epoch: Callable[[], str]) -> None:
        self.markers: ReadMarkers
        """Set by the journal, which makes both."""
        self._connection = connection
        self._subjects = subjects
        self._epoch = epoch
        self._kept: dict[str, Kept] = {}
        self._refused = ""

    async def open(self) -> None:
        """Follow the markers from here on, and read those there are. Raise `NatsError`.

        A node goes on without, if JetStream has no room for one stream more.
        """
        try:
            await open_seen(self._connection, self._subjects)
        except ApiError as error:
            if str(error) != self._refused:
                _log.error("read markers are not stored: {why}", why=str(error))
            self._refused = str(error)
            return
        await self._connection.subscribe(self._subjects.all_seen, self._take)
        stream, kept = seen_stream(self._subjects.stream), dict[str, Kept]()
        async for subject, message in scan(self._connection, stream, [self._subjects.all_seen]):
            marker = self._read(message.payload)
            kept[subject] = Kept(message.place, _rank(marker))
            if marker is not None:
                self.markers.learn(marker)
        self._kept = kept
        for marker in list(self.markers.all()):
            if kept.get(self._subject(marker), Kept()).rank < _rank(marker):
                self.markers.again(marker)

    def write(self, markers: Sequence[Marker]) -> Deferred[None]:
        """Write markers; it fails with `NatsError` if that cannot be done now. An id of 0 deletes one."""
        return self._connection.run(self._write_within(markers))

    async def _write_within(self, markers: Sequence[Marker]) -> None:
        try:
            await asyncio.wait_for(self._write_all(markers), WRITE_SECONDS)
        except TimeoutError:
            raise RequestTimeoutError("it takes too long") from None

    async def _write_all(self, markers: Sequence[Marker]) -> None:
        for marker in markers:
            subject = self._subject(marker)
            if marker.id:
                await self._write(subject, marker)
            else:
                await purge_seen(self._connection, self._subjects.stream, subject)
                self._kept.pop(subject, None)

    async def _write(self, subject: str, marker: Marker) -> None:
        payload = to_json(marker._asdict() | {"epoch": self._epoch()})
        while (kept := self._kept.get(subject, Kept())).rank < _rank(marker):
            headers = {"Nats-Expected-Last-Subject-Sequence": str(kept.sequence)}
            answer = json.loads(await self._connection.request(subject, payload, headers))
            if (error := answer.get("error")) is None:
                self._kept[subject] = Kept(int(answer["seq"]), _rank(marker))
            elif error.get("err_code") == _WRONG_LAST:
                self._kept[subject] = await self._last(subject)
            else:
                raise NatsError(str(error.get("description", error)))

    async def _last(self, subject: str) -> Kept:
        try:
            stream = seen_stream(self._subjects.stream)
            answer = await api(self._connection, f"STREAM.MSG.GET.{stream}", {"last_by_subj": subject})
        except ApiError as error:
            if error.code != _NO_MESSAGE:
                raise
            return Kept()
        marker = self._read(b64decode(answer["message"]["data"]))
        if marker is not None:
            self.markers.learn(marker)
        return Kept(int(answer["message"]["seq"]), _rank(marker))

    async def _take(self, message: Incoming) -> None:
        marker = self._read(message.payload)
        if marker is not None and message.subject == self._subject(marker):
            self.markers.learn(marker)

    def _subject(self, marker: Marker) -> str:
        return self._subjects.seen(marker.account, marker.room)

    def _read(self, payload: bytes) -> Marker | None:
        """Return the marker that a node has written; None for anything else, and for one of another stream's ids."""
        try:
            fields = json.loads(payload)
            marker = Marker(*(fields[name] for name in Marker._fields))
            of_here = fields["epoch"] == self._epoch()
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return marker if of_here and _is_sound(*marker) else None


def _rank(marker: Marker | None) -> tuple[int, int]:
    return (0, 0) if marker is None else (marker.made, marker.id)


def _is_sound(account: Any, made: Any, room: Any, id_: Any) -> bool:
    """Return whether the fields of a marker are what a node writes."""
    texts = all(isinstance(each, str) and each for each in (account, room))
    return texts and all(type(each) is int and 0 <= each <= MAX_ID for each in (made, id_)) and id_ > 0
