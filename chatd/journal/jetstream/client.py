"""One connection to one server: making it, saying why that failed, and closing it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from nats import errors
from nats.aio.client import Client

from chatd.journal.jetstream.address import Address
from chatd.journal.jetstream.errors import NatsError, NoRespondersError, RequestTimeoutError

CONNECT_SECONDS = 2
PING_SECONDS = 2
"""How often a server is asked whether it is there; after two questions without an answer it is taken for dead."""
PENDING_BYTES = 64 * 1024 * 1024


_STORED = b"NATS/1.0\r\nNats-Msg-Id:"
"""How the headers begin of what comes out of the stream."""


class _Client(Client):
    async def _process_headers(self, headers: bytes) -> dict[str, str] | None:
        # Nobody reads those of stored messages, and reading them is most of what taking one in costs.
        if headers and headers.startswith(_STORED):
            return None
        read: dict[str, str] | None = await super()._process_headers(headers)
        return read


class _EncryptedClient(_Client):
    def _connect_command(self) -> bytes:
        # Before anything secret is sent: nats-py itself would go on in the clear with who does not ask for TLS.
        if not self._server_info.get("tls_required"):
            raise errors.Error("it does not support TLS; use nats:// to connect without")
        command: bytes = super()._connect_command()
        return command


async def connect(
    address: Address,
    server: str,
    name: str,
    failed: Callable[[Exception], Awaitable[None]],
    lost: Callable[[], Awaitable[None]],
) -> Client:
    """Return a connection to a server; ``failed`` is called with each error, ``lost`` once it is closed.

    Raises an error of nats-py, `OSError` or `asyncio.TimeoutError`.
    """
    client = _EncryptedClient() if address.encrypted else _Client()
    options: dict[str, Any] = {"tls": _tls(address)} if address.encrypted else {}
    if address.user is not None:
        options |= {"user": address.user, "password": address.password}
    if address.token is not None:
        options["token"] = address.token
    if address.credentials is not None:
        options["user_credentials"] = str(address.credentials)
    options |= {"error_cb": failed, "closed_cb": lost, "disconnected_cb": lost}
    options |= {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0}
    options |= {"connect_timeout": CONNECT_SECONDS, "ping_interval": PING_SECONDS, "max_outstanding_pings": 2}
    connecting = client.connect([server], name=name, pending_size=PENDING_BYTES, **options)
    try:
        await asyncio.wait_for(connecting, CONNECT_SECONDS * 3)
    except BaseException:
        await close(client)
        raise
    return client


async def close(client: Client) -> None:
    """Close a connection, also to who does not answer."""
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
        raise OSError(f"cannot read its certificates: {error}") from None
    return context


def place(server: str) -> str:
    """Return the host and port of a server."""
    return server.partition("://")[2]


def reason(error: BaseException) -> str:
    """Return why something failed, in a few words."""
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, asyncio.TimeoutError | errors.TimeoutError):
        return "it does not answer"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    text = str(error).removeprefix("nats:").strip().strip("'\"")
    if "authorization violation" in text.lower():
        return "it refuses this node; check the user and password, token or credentials"
    return text or type(error).__name__


def explained(error: Exception) -> NatsError:
    """Return an error of nats-py as one that the rest of the package knows."""
    if isinstance(error, errors.NoRespondersError):
        return NoRespondersError("there is nobody to answer")
    if isinstance(error, asyncio.TimeoutError | errors.TimeoutError):
        return RequestTimeoutError("no answer in time")
    return NatsError(reason(error))
