"""What nodes ask one another beside the stream: who is where, for a node that joins, and questions to one node."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from chatd.journal.jetstream.connection import Connection, Incoming
from chatd.journal.jetstream.errors import NatsError, NoRespondersError, RequestTimeoutError
from chatd.journal.jetstream.messages import Subjects
from chatd.protocol.errors import ChatError, Code

ASK_SECONDS = 2.0
"""How long a node may take to answer."""
SNAPSHOT_SECONDS = 1.0
"""How long after the last part of an answer to who is where another node is asked."""
PATIENCE_SECONDS = 20.0
"""How long a node that could know and does not answer is asked again: longer than a lease."""
ALONE_TIMES = 5
ALONE_SECONDS = 0.2
"""How often, and how soon, it is asked again if no node is there that could know."""
CHUNK_BYTES = 512 * 1024
_WAIT_SECONDS = 0.02
_PART = "Chatd-Part"
_QUEUE = "presence"


class PresenceSnapshot(NamedTuple):
    """Who is where, as one node knows it."""

    place: int
    """The place of the last entry that it takes into account."""
    incarnations: list[str]
    """Those that are live."""
    state: Any
    """Lists, dicts, texts and numbers, as `chatd.model.cluster.Cluster.share` hands them over."""
    refused: Collection[int] = ()
    """The places of what did not count when it was its turn, and that may still be in the stream."""


class Requests:
    """Asks and replies.

    ``handed`` returns the place of the last entry that was handed over, ``epoch`` which stream that is a place in.
    """

    def __init__(
        self, connection: Connection, subjects: Subjects, handed: Callable[[], int], epoch: Callable[[], str]
    ) -> None:
        self.snapshot: Callable[[], PresenceSnapshot] | None = None
        """Returns what is known now; None as long as nothing is."""
        self.answerer: Callable[[Any], Any] | None = None
        self._connection = connection
        self._subjects = subjects
        self._handed = handed
        self._epoch = epoch
        self._own: int | None = None

    async def listen(self, incarnation: str) -> None:
        """Answer what the node is asked, from here on as ``incarnation``. Raise `NatsError`."""
        if self._own is not None:
            await self._connection.unsubscribe(self._own)
        self._own = await self._connection.subscribe(self._subjects.node(incarnation), self._answer)

    async def serve(self) -> None:
        """Answer who is where. Raise `NatsError`."""
        await self._connection.subscribe(self._subjects.presence, self._serve_presence, _QUEUE)

    async def ask(self, incarnation: str, question: Any) -> Any:
        """Return a node's answer. Raise `ChatError` if there is none in time."""
        payload = json.dumps(question, ensure_ascii=False).encode()
        try:
            answer = await self._connection.request(self._subjects.node(incarnation), payload, seconds=ASK_SECONDS)
            return json.loads(answer)["answer"]
        except (NatsError, ValueError, KeyError, TypeError):
            raise no_answer() from None

    async def presence(self, after: int) -> PresenceSnapshot | None:
        """Return who is where, with all up to ``after`` at least; None if no node is there that could know."""
        waited, alone = 0.0, 0
        while waited < PATIENCE_SECONDS and alone < ALONE_TIMES:
            try:
                return await self._presence_from_one(after)
            except NoRespondersError:
                alone += 1
                waited += ALONE_SECONDS
                await self._connection.pause(ALONE_SECONDS)
            except RequestTimeoutError:
                waited += SNAPSHOT_SECONDS
        return None

    async def _presence_from_one(self, after: int) -> PresenceSnapshot:
        parts: dict[str, bytes] = {}
        wanted = 1
        inbox = self._connection.inbox()
        replies = await self._connection.subscribe_replies(inbox)
        try:
            question = json.dumps({"after": after, "epoch": self._epoch(), "refused": True}).encode()
            await self._connection.publish(self._subjects.presence, question, reply=inbox)
            while len(parts) < wanted:
                part = await replies.next(SNAPSHOT_SECONDS)
                if part.headers.get("Status") == "503":
                    raise NoRespondersError("no node knows who is where")
                number, _, count = part.headers.get(_PART, "0/1").partition("/")
                parts[number], wanted = part.payload, int(count)
        finally:
            await replies.close()
        return PresenceSnapshot(*json.loads(b"".join(parts[str(number)] for number in range(wanted))))

    async def _serve_presence(self, message: Incoming) -> None:
        wanted = json.loads(message.payload)
        after = int(wanted["after"])
        if wanted["epoch"] != self._epoch():
            return
        waited = 0.0
        while self._handed() < after and waited < SNAPSHOT_SECONDS:
            waited += _WAIT_SECONDS
            await self._connection.pause(_WAIT_SECONDS)
        if self.snapshot is None or self._handed() < after:
            return
        snapshot = self.snapshot()
        # A node of a version before does not ask for what was refused, and can read nothing that it does not know.
        told = snapshot if wanted.get("refused") else snapshot[:3]
        data = json.dumps(told, ensure_ascii=False).encode()
        chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
        for number, chunk in enumerate(chunks):
            await self._connection.publish(message.reply, chunk, {_PART: f"{number}/{len(chunks)}"})

    async def _answer(self, message: Incoming) -> None:
        if self.answerer is not None and message.reply:
            answer = {"answer": self.answerer(json.loads(message.payload))}
            await self._connection.publish(message.reply, json.dumps(answer, ensure_ascii=False).encode())


def no_answer() -> ChatError:
    """Return why nothing is known of whoever is on another node."""
    return ChatError(Code.UNAVAILABLE, "the node that they are connected to does not answer; try again later")
