"""The connection to the NATS servers; this and `client` are all that knows asyncio and nats-py.

nats-py would reconnect by itself; here each connection is a new client instead, so that whatever went wrong with the
one before, subscriptions and all, is gone with it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn, Protocol, TypeVar

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal.jetstream.address import Address
from chatd.journal.jetstream.client import PENDING_BYTES, close, connect, explained, place, reason
from chatd.journal.jetstream.errors import NatsError, RequestTimeoutError, UnusableError
from chatd.journal.jetstream.faults import Faults

CLOSE_SECONDS = 1
"""How long a connection may take to close."""
PAUSE_SECONDS = 0.5
"""Between two attempts to connect."""
ANSWER_SECONDS = 1.0
"""How long a server that did not answer in time may take for a ping before another is tried."""

T = TypeVar("T")
_log = Logger()


class Incoming(NamedTuple):
    """A message of a subscription."""

    subject: str
    reply: str
    payload: bytes
    headers: Mapping[str, str]


class ConnectionListener(Protocol):
    """Is told when the connection is made and lost."""

    async def connected(self) -> None:
        """Set up what is needed; an error in it is logged, and the connection is made anew."""

    def disconnected(self) -> None:
        """Note that the connection is lost, and all subscriptions with it."""


class ReplySubscription:
    """A subscription to one subject, whose messages are fetched one after the other."""

    def __init__(self, connection: Connection, number: int, arrived: asyncio.Queue[Incoming]) -> None:
        self._connection = connection
        self._number = number
        self._arrived = arrived

    async def next(self, seconds: float) -> Incoming:
        """Return the next. Raise `RequestTimeoutError` if none comes within ``seconds``."""
        try:
            return await asyncio.wait_for(self._arrived.get(), seconds)
        except TimeoutError:
            raise RequestTimeoutError("no answer in time") from None

    async def close(self) -> None:
        """End the subscription."""
        await self._connection.unsubscribe(self._number)


class Connection:
    """Keeps a connection to one of the servers, and says once each time that there is none and that there is one."""

    def __init__(self, address: Address, name: str, listener: ConnectionListener) -> None:
        self._address = address
        self._name = name
        self._listener = listener
        self._client: Client | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = asyncio.Event()
        self._why = ""
        self.faults = Faults(lambda: asyncio.get_event_loop().time())

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._client is not None and self._client.is_connected

    def start(self) -> None:
        """Connect, and go on doing so until `stop`."""
        self.faults.begin()
        self._keeper = asyncio.get_event_loop().create_task(self._keep())

    def run(self, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        """Run a coroutine of asyncio; the Deferred fires with what it returned or raised.

        It fails with `NatsError` if `stop` has cancelled it.
        """
        task = asyncio.get_event_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        result: Deferred[T] = Deferred.fromFuture(task)
        return result.addErrback(_cancelled)

    async def stop(self) -> None:
        """Close the connection; what is under way is cancelled."""
        others = self._tasks - {asyncio.current_task()}
        if self._keeper is not None:
            others.add(self._keeper)
        for task in others:
            task.cancel()
        await self._drop()
        if others:
            _, others = await asyncio.wait(others, timeout=CLOSE_SECONDS / 2)
        for task in others:  # wait_for loses a cancellation that comes together with what it waits for
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=CLOSE_SECONDS / 2)

    async def wait(self, what: Deferred[T]) -> T:
        """Return what a Deferred fires with."""
        result: T = await what.asFuture(asyncio.get_running_loop())
        return result

    async def publish(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, reply: str = ""
    ) -> None:
        """Send something that nobody acknowledges. Raise `NatsError` if it cannot even be sent."""
        try:
            await self._connected_client.publish(subject, payload, reply, headers=dict(headers) if headers else None)
        except (errors.Error, OSError) as error:
            raise explained(error) from None

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, seconds: float = 2.0
    ) -> bytes:
        """Return the answer to something. Raise `NatsError` if there is none within ``seconds``."""
        try:
            answer = await self._connected_client.request(
                subject, payload, seconds, headers=dict(headers) if headers else None
            )
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
            subscription = await self._connected_client.subscribe(
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

    async def subscribe_replies(self, subject: str) -> ReplySubscription:
        """Return a subscription to ``subject``. Raise `NatsError`."""
        arrived: asyncio.Queue[Incoming] = asyncio.Queue()
        return ReplySubscription(self, await self.subscribe(subject, arrived.put), arrived)

    def inbox(self) -> str:
        """Return a new subject for answers."""
        inbox: str = self._connected_client.new_inbox()
        return inbox

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that nobody waits for; what it raises is logged, except `NatsError`."""

        def failed(failure: Any) -> None:
            if failure.check(NatsError) is None:
                _log.failure("the connection to the cluster failed", failure)

        self.run(work).addErrback(failed)

    async def pause(self, seconds: float) -> None:
        """Return after ``seconds``."""
        await asyncio.sleep(seconds)

    @property
    def version(self) -> tuple[int, ...]:
        """The version of the server, empty if it does not say."""
        words = str(self._connected_client._server_info.get("version", "")).split("-")[0].split(".")
        return tuple(int(word) for word in words if word.isdigit())

    async def ping(self) -> None:
        """Make sure that the server still answers; connect to another if it does not."""
        client = self._client
        if client is None:
            return
        try:
            await asyncio.wait_for(client.flush(10), ANSWER_SECONDS)
        except (TimeoutError, errors.Error, OSError):
            self._why = "the server does not answer"
            self._closed.set()

    def reconnect(self, why: UnusableError) -> None:
        """Drop the connection, because of ``why``, and make another."""
        self.faults.unusable = why
        self._closed.set()

    @property
    def _connected_client(self) -> Client:
        if self._client is None:
            raise NatsError("there is no connection")
        return self._client

    async def _keep(self) -> None:
        for server in itertools.cycle(self._address.servers):
            try:
                await self._connect(server)
            except Exception as error:  # whatever nats-py raises, it is tried again
                self._why = self._why or reason(error)
                if server == self._address.servers[-1]:
                    self.faults.unusable = None
                    self.faults.report(f"no connection to the cluster ({place(server)}): {self._why}; retrying")
            else:
                try:
                    worked = await self._use(server)
                finally:
                    self.faults.begin()
                    self._listener.disconnected()
                    await self._drop()
                if worked:
                    continue
            await asyncio.sleep(PAUSE_SECONDS)

    async def _use(self, server: str) -> bool:
        """Use a connection until it is lost, or cannot be used; return whether it could be used until it was lost."""
        try:
            await self._listener.connected()
            if self.faults.end():
                _log.info("connected to the cluster at {server}", server=place(server))
            await self._closed.wait()
            if self.faults.unusable is not None:
                raise self.faults.unusable
            self.faults.report(f"lost the connection to the cluster ({place(server)}): {self._why or 'closed'}")
            return True
        except UnusableError as error:
            self.faults.unusable = error
            self.faults.report(f"cannot use the cluster: {error}; until then this node accepts no messages")
        except NatsError as error:
            self.faults.report(f"cannot use the cluster: {error}; retrying")
        except Exception:
            _log.failure("cannot use the cluster")
        return False

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


def _cancelled(failure: Failure) -> NoReturn:
    failure.trap(asyncio.CancelledError)
    raise NatsError("the connection was closed")
