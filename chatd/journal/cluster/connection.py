"""The connection to the servers: the one module that knows asyncio and nats-py.

nats-py would reconnect by itself; here each connection is a new client instead, so that whatever went wrong with the
one before, subscriptions and all, is gone with it.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd.journal.cluster.address import Address
from chatd.journal.cluster.link import LinkError, NoRespondersError, TooSlowError
from chatd.text import clean

CONNECT_SECONDS = 2
PAUSE_SECONDS = 0.5
"""Between two attempts to connect."""
PING_SECONDS = 2
"""How often a server is asked whether it is there; after two questions without an answer it is taken for dead."""
ANSWER_SECONDS = 1.0
"""How long a server that did not answer in time may take for a ping before another is tried."""
_PENDING_BYTES = 64 * 1024 * 1024

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


class _EncryptedClient(Client):
    def _connect_command(self) -> bytes:
        # Before anything secret is sent: nats-py itself would go on in the clear with who does not ask for TLS.
        if not self._server_info.get("tls_required"):
            raise errors.Error("it does not speak TLS; nats:// would go on without")
        command: bytes = super()._connect_command()
        return command


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
        if self._keeper is not None:
            self._keeper.cancel()
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        await self._drop()

    async def publish(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, reply: str = ""
    ) -> None:
        """Send something that nobody acknowledges. Raise `LinkError` if it cannot even be sent."""
        try:
            await self._there.publish(subject, payload, reply, headers=dict(headers) if headers else None)
        except (errors.Error, OSError) as error:
            raise _explained(error) from None

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, seconds: float = 2.0
    ) -> bytes:
        """Return the answer to something. Raise `LinkError` if there is none within ``seconds``."""
        try:
            answer = await self._there.request(subject, payload, seconds, headers=dict(headers) if headers else None)
        except (errors.Error, OSError) as error:
            raise _explained(error) from None
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
                subject, queue, taken, pending_msgs_limit=-1, pending_bytes_limit=_PENDING_BYTES
            )
        except (errors.Error, OSError) as error:
            raise _explained(error) from None
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
            except (TimeoutError, errors.Error, OSError) as error:
                self._why = self._why or _reason(error)
                if len(self._address.servers) == 1 or server == self._address.servers[-1]:
                    self.complain(f"no connection to the cluster ({_place(server)}): {self._why}; it is tried again")
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            try:
                await self._ears.connected()
                if self._complaint:
                    _log.info("connected to the cluster at {server}", server=_place(server))
                self._complaint = ""
                await self._closed.wait()
                self.complain(f"the connection to the cluster ({_place(server)}) is lost: {self._why or 'closed'}")
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
        address = self._address
        self._closed = closed = asyncio.Event()
        self._why = ""

        async def failed(error: Exception) -> None:
            self._why = _reason(error) if self._closed is closed else self._why

        async def lost() -> None:
            closed.set()

        client = _EncryptedClient() if address.encrypted else Client()
        options: dict[str, Any] = {"tls": _tls(address)} if address.encrypted else {}
        if address.user is not None:
            options |= {"user": address.user, "password": address.password}
        if address.token is not None:
            options["token"] = address.token
        if address.credentials is not None:
            options["user_credentials"] = str(address.credentials)
        try:
            await asyncio.wait_for(
                client.connect(
                    [server],
                    name=self._name,
                    error_cb=failed,
                    closed_cb=lost,
                    disconnected_cb=lost,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=CONNECT_SECONDS,
                    ping_interval=PING_SECONDS,
                    max_outstanding_pings=2,
                    pending_size=_PENDING_BYTES,
                    **options,
                ),
                CONNECT_SECONDS * 3,
            )
        except BaseException:
            await _close(client)
            raise
        self._why = ""
        self._client = client

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await _close(client)


async def _close(client: Client) -> None:
    with suppress(errors.Error, OSError, asyncio.TimeoutError):
        await asyncio.wait_for(client.close(), 1)
    transport = getattr(client._transport, "_io_writer", None)
    if transport is not None:
        transport.transport.abort()


def _tls(address: Address) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=address.ca and str(address.ca))
        if address.certificate is not None:
            context.load_cert_chain(address.certificate, address.key)
    except (OSError, ValueError) as error:
        raise OSError(f"its certificates cannot be read: {error}") from None
    return context


def _place(server: str) -> str:
    return server.partition("://")[2]


def _reason(error: BaseException) -> str:
    """Return why something failed, in a few words."""
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, asyncio.TimeoutError | errors.TimeoutError):
        return "it does not answer"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    text = str(error).removeprefix("nats:").strip().strip("'\"")
    if "authorization violation" in text.lower():
        return "it does not let this node in; the user and password, token or credentials are wrong"
    return text or type(error).__name__


def _explained(error: Exception) -> LinkError:
    if isinstance(error, errors.NoRespondersError):
        return NoRespondersError("nobody is there to answer")
    if isinstance(error, asyncio.TimeoutError | errors.TimeoutError):
        return TooSlowError("no answer in time")
    return LinkError(_reason(error))
