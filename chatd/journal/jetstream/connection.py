"""The connection to the servers: with `client` all that knows asyncio and nats-py.

nats-py would reconnect by itself; here each connection is a new client instead, so that whatever went wrong with the
one before, subscriptions and all, is gone with it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd.journal.jetstream.address import Address
from chatd.journal.jetstream.client import PENDING_BYTES, close, connect, explained, place, reason
from chatd.journal.jetstream.errors import LinkError, TooSlowError
from chatd.protocol.text import clean

CLOSE_SECONDS = 1
"""How long a connection may take to close."""
PAUSE_SECONDS = 0.5
"""Between two attempts to connect."""
ANSWER_SECONDS = 1.0
"""How long a server that did not answer in time may take for a ping before another is tried."""

T = TypeVar("T")
_log = Logger()


class Incoming(NamedTuple):
    """A message, as it came."""

    subject: str
    reply: str
    payload: bytes
    headers: Mapping[str, str]


class Ears(Protocol):
    """Who is told how the connection fares."""

    async def connected(self) -> None:
        """Set up what is needed; an error in it is told by the log, and the connection is made anew."""

    def lost(self) -> None:
        """Do without: whatever was subscribed to is gone."""


class Answers:
    """What comes in to a subject, one after the other."""

    def __init__(self, connection: Connection, number: int, arrived: asyncio.Queue[Incoming]) -> None:
        self._connection = connection
        self._number = number
        self._arrived = arrived

    async def next(self, seconds: float) -> Incoming:
        """Return the next. Raise `TooSlowError` if none comes within ``seconds``."""
        try:
            return await asyncio.wait_for(self._arrived.get(), seconds)
        except TimeoutError:
            raise TooSlowError("no answer in time") from None

    async def close(self) -> None:
        """Take in nothing more."""
        await self._connection.unsubscribe(self._number)


class Connection:
    """Keeps a connection to one of the servers, and says once each time that there is none and that there is one."""

    def __init__(self, address: Address, name: str, ears: Ears) -> None:
        self._address = address
        self._name = name
        self._ears = ears
        self._client: Client | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = asyncio.Event()
        self._why = ""
        self._complaint = ""

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._client is not None and self._client.is_connected

    def start(self) -> None:
        """Connect, and go on doing so until `stop`."""
        self._keeper = asyncio.get_event_loop().create_task(self._keep())

    def do(self, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        """Do something with the connection; the Deferred fires with what it returned or raised."""
        task = asyncio.get_event_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Deferred.fromFuture(task)

    async def stop(self) -> None:
        """Close the connection; what is under way is given up."""
        others = self._tasks - {asyncio.current_task()}
        if self._keeper is not None:
            others.add(self._keeper)
        for task in others:
            task.cancel()
        await self._drop()
        if others:
            await asyncio.wait(others, timeout=CLOSE_SECONDS)

    async def wait(self, what: Deferred[T]) -> T:
        """Return what a Deferred fires with."""
        result: T = await what.asFuture(asyncio.get_running_loop())
        return result

    async def publish(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, reply: str = ""
    ) -> None:
        """Send something that nobody acknowledges. Raise `LinkError` if it cannot even be sent."""
        try:
            await self._there.publish(subject, payload, reply, headers=dict(headers) if headers else None)
        except (errors.Error, OSError) as error:
            raise explained(error) from None

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, seconds: float = 2.0
    ) -> bytes:
        """Return the answer to something. Raise `LinkError` if there is none within ``seconds``."""
        try:
            answer = await self._there.request(subject, payload, seconds, headers=dict(headers) if headers else None)
        except (errors.Error, OSError) as error:
            raise explained(error) from None
        data: bytes = answer.data
        return data

    async def subscribe(self, subject: str, take: Callable[[Incoming], Awaitable[None]], queue: str = "") -> int:
        """Hand what is sent to ``subject`` to ``take``, one after the other, until `unsubscribe` or a new connection.

        Return the number of the subscription. Of those with the same ``queue`` one gets each message.
        """

        async def taken(message: Msg) -> None:
            headers = message.headers or {}
            await take(Incoming(message.subject, message.reply, message.data, headers))

        try:
            subscription = await self._there.subscribe(
                subject, queue, taken, pending_msgs_limit=-1, pending_bytes_limit=PENDING_BYTES
            )
        except (errors.Error, OSError) as error:
            raise explained(error) from None
        number: int = subscription._id
        return number

    async def unsubscribe(self, number: int) -> None:
        """End a subscription, if it is still there."""
        subscription = self._client._subs.get(number) if self._client else None
        if subscription is not None:
            with suppress(errors.Error):
                await subscription.unsubscribe()

    async def open(self, subject: str) -> Answers:
        """Return what takes in all that is sent to ``subject`` from here on. Raise `LinkError`."""
        arrived: asyncio.Queue[Incoming] = asyncio.Queue()
        return Answers(self, await self.subscribe(subject, arrived.put), arrived)

    def inbox(self) -> str:
        """Return a new subject for answers."""
        inbox: str = self._there.new_inbox()
        return inbox

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; what goes wrong with the connection meanwhile is no news."""

        def failed(failure: Any) -> None:
            if failure.check(LinkError, asyncio.CancelledError) is None:
                _log.failure("something failed in the connection to the cluster", failure)

        self.do(work).addErrback(failed)

    async def pause(self, seconds: float) -> None:
        """Return after ``seconds``."""
        await asyncio.sleep(seconds)

    @property
    def version(self) -> tuple[int, ...]:
        """The version of the server, empty if it does not say."""
        words = str(self._there._server_info.get("version", "")).split("-")[0].split(".")
        return tuple(int(word) for word in words if word.isdigit())

    async def check(self) -> None:
        """Make sure that the server still answers; leave it for another if it does not."""
        client = self._client
        if client is None:
            return
        try:
            await asyncio.wait_for(client.flush(10), ANSWER_SECONDS)
        except (TimeoutError, errors.Error, OSError):
            self._why = "the server does not answer"
            self._closed.set()

    def leave(self, why: str) -> None:
        """Connect anew, which fails as long as ``why`` holds."""
        self._why = why
        self._closed.set()

    def complain(self, what: str) -> None:
        """Tell the operator what keeps the node from its work; once, not at every attempt."""
        if what != self._complaint:
            _log.error("{what}", what=clean(" ".join(what.split())))
        self._complaint = what

    def content(self) -> None:
        """Tell the operator that what there was to complain of is over."""
        if self._complaint:
            self._complaint = ""
            _log.info("the cluster is well again")

    @property
    def _there(self) -> Client:
        if self._client is None:
            raise LinkError("there is no connection")
        return self._client

    async def _keep(self) -> None:
        for server in itertools.cycle(self._address.servers):
            try:
                await self._connect(server)
            except Exception as error:  # whatever nats-py raises, it is tried again
                self._why = self._why or reason(error)
                if len(self._address.servers) == 1 or server == self._address.servers[-1]:
                    self.complain(f"no connection to the cluster ({place(server)}): {self._why}; it is tried again")
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            try:
                await self._ears.connected()
                if self._complaint:
                    _log.info("connected to the cluster at {server}", server=place(server))
                self._complaint = ""
                await self._closed.wait()
                self.complain(f"the connection to the cluster ({place(server)}) is lost: {self._why or 'closed'}")
            except LinkError as error:
                self.complain(f"the cluster cannot be used: {error}; it is tried again")
                await asyncio.sleep(PAUSE_SECONDS)
            except asyncio.CancelledError:
                raise
            except Exception:
                _log.failure("the cluster cannot be used")
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                self._ears.lost()
                await self._drop()

    async def _connect(self, server: str) -> None:
        self._closed = closed = asyncio.Event()
        self._why = ""

        async def failed(error: Exception) -> None:
            self._why = reason(error) if self._closed is closed else self._why

        async def lost() -> None:
            closed.set()

        self._client = await connect(self._address, server, self._name, failed, lost)
        self._why = ""

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await close(client)
