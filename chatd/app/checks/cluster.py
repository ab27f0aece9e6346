"""The NATS servers of a cluster: whether they are there and new enough, and whether the stream is as it is wanted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, good, warning, wrong
from chatd.app.option_fields import from_options
from chatd.journal import Retention
from chatd.journal.factory import is_cluster
from chatd.protocol import unicode_tables

if TYPE_CHECKING:
    from nats.aio.client import Client

    from chatd.journal.jetstream.address import Address

LEAST_VERSION = (2, 12)
"""The first NATS that stores a batch as one."""
SERVER_SECONDS = 4.0
"""How long one server may take for all that it is asked; all are asked at the same time."""
_NOT_FOUND = 10059
_STREAM = "cluster.stream"


class _Found(NamedTuple):
    """What was found of one server, and what JetStream says of each stream, if it could be asked."""

    results: list[Result]
    streams: Mapping[str, Mapping[str, Any]] | None = None


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of each server and of the stream."""
    journal = question.options["journal"]
    if not is_cluster(journal) or find_spec("nats") is None:
        return
    from chatd.journal.jetstream.address import parse

    try:
        address = parse(journal)
    except ValueError as error:
        yield wrong("cluster.address", str(error), "correct --journal")
        return
    with ThreadPoolExecutor(1) as thread:  # the reactor's own loop of asyncio stays as it is
        found = thread.submit(asyncio.run, _ask_all(address)).result()
    for each in found:
        yield from each.results
    streams = next((each.streams for each in found if each.streams is not None), None)
    if streams is not None:
        yield from stream(question, address, streams, len(address.servers))


async def _ask_all(address: Address) -> list[_Found]:
    return list(await asyncio.gather(*(_ask(address, server) for server in address.servers)))


async def _ask(address: Address, server: str) -> _Found:
    """Return what is found of one server; it is disconnected again."""
    from chatd.journal.jetstream import client as nats_client

    place = nats_client.place(server)
    errors: list[Exception] = []  # what is raised in the end may only say that there is no other server

    async def failed(error: Exception) -> None:
        errors.append(error)

    try:
        connecting = nats_client.connect(address, server, "chatd check", failed, _ignore)
        client = await asyncio.wait_for(connecting, SERVER_SECONDS)
    except Exception as error:  # nats-py has no common base for what it raises
        return _Found([_not_connected(place, errors[0] if errors else error)])
    try:
        return await asyncio.wait_for(_look(address, place, client), SERVER_SECONDS)
    except TimeoutError:
        return _Found([warning("cluster.server", f"{place} does not answer", "see its log")])
    finally:
        await nats_client.close(client)


def _not_connected(place: str, error: Exception) -> Result:
    from chatd.journal.jetstream.client import reason

    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        what = f"cannot reach {place}: {reason(error)}"
        return warning("cluster.server", what, "start it, or remove it from --journal")
    return wrong(
        "cluster.server", f"{place}: {reason(error)}", "correct --journal or the configuration of the NATS server"
    )


async def _look(address: Address, place: str, client: Client) -> _Found:
    from chatd.journal.jetstream.errors import NatsError, api

    version = client.connected_server_version
    shown = f"NATS {version.major}.{version.minor}.{version.patch}"
    if (version.major, version.minor) < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        return _Found([wrong("cluster.version", f"{place} is {shown}", f"install NATS {least} or later")])
    asking = _Asking(client)
    try:
        await api(asking, "INFO")
        streams = await _streams(asking, address.stream)
    except NatsError as error:
        do = "enable it in the configuration of the NATS server (jetstream) and for this account; start enough servers"
        return _Found([wrong("cluster.jetstream", f"{place}, {shown}: {error}", do)])
    return _Found([good("cluster.server", f"{place} is {shown} with JetStream")], streams)


async def _streams(asking: _Asking, name: str) -> dict[str, Mapping[str, Any]]:
    """Return what JetStream says of the streams of a journal that are there, by their names. Raise `NatsError`."""
    from chatd.journal.jetstream.errors import ApiError, api
    from chatd.journal.jetstream.streams import holds_stream, seen_stream

    found: dict[str, Mapping[str, Any]] = {}
    for each in (name, holds_stream(name), seen_stream(name)):
        try:
            found[each] = await api(asking, f"STREAM.INFO.{each}")
        except ApiError as error:
            if error.code != _NOT_FOUND:
                raise
    return found


class _Asking:
    """Sends requests by one connection."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, seconds: float = 2.0
    ) -> bytes:
        """Return the answer. Raise `NatsError` if there is none."""
        from nats import errors

        from chatd.journal.jetstream.client import explained

        try:
            answer = await self._client.request(subject, payload, timeout=seconds, headers=dict(headers or {}) or None)
        except (errors.Error, OSError, TimeoutError) as error:
            raise explained(error) from None
        data: bytes = answer.data
        return data


def stream(
    question: Question, address: Address, streams: Mapping[str, Mapping[str, Any]], servers: int
) -> Iterator[Result]:
    """Yield what is found of the stream and those beside it, by what JetStream says of them."""
    from chatd.journal.jetstream.errors import UnusableError
    from chatd.journal.jetstream.streams import stream_info

    own = streams.get(address.stream)
    if own is None:
        if address.index.exists() and address.index.stat().st_size:
            what = f"the servers do not have the stream {address.stream} that the index of this node was built from"
            yield wrong(
                _STREAM, what, "restore the stream from a backup, or stop all nodes and move their indexes away"
            )
        else:
            yield good(_STREAM, f"the stream {address.stream} does not exist yet; the first node creates it")
        return
    try:
        known = stream_info(own)
    except UnusableError as error:
        yield wrong(_STREAM, str(error), "name another stream: nats://HOST/NAME")
        return
    yield good(_STREAM, f"the stream {address.stream} has entries up to {known.last:,}")
    if unicode_tables.is_later(known.unicode):
        what = f"the stream has names of Unicode {known.unicode}, but this chatd knows {unicode_tables.VERSION}"
        yield wrong(_STREAM, what, "update chatd")
    yield from _retention(known.retention, from_options(Retention, cast("Mapping[str, Any]", question.options)))
    for name, answer in streams.items():
        yield from replicas(name, answer, servers)


def _retention(known: Retention, wanted: Retention) -> Iterator[Result]:
    differs = [
        f"{option} {wish} here, {has or 'none'} there"
        for option, wish, has in (
            ("--keep", wanted.seconds, known.seconds),
            ("--keep-messages", wanted.messages, known.messages),
        )
        if wish is not None and wish != has
    ]
    if differs:
        what = f"the retention of the stream differs from the options: {', '.join(differs)}"
        yield warning("cluster.retention", what, "give all nodes the same options; the node that starts last decides")


def replicas(name: str, answer: Mapping[str, Any], servers: int) -> Iterator[Result]:
    """Yield whether enough servers have a stream, and have caught up, of the ``servers`` that ``--journal`` names."""
    from chatd.journal.jetstream.streams import REPLICAS

    wanted, has = min(REPLICAS, servers), int(answer["config"].get("num_replicas") or 1)
    if has < wanted:
        what = f"the stream {name} is on {has} of the servers; if it fails, messages are lost or refused"
        yield warning("cluster.replicas", what, f"nats stream edit {name} --replicas {wanted}")
    others: Sequence[Mapping[str, Any]] = (answer.get("cluster") or {}).get("replicas") or ()
    behind = [str(each.get("name")) for each in others if each.get("offline") or not each.get("current")]
    if behind:
        what = f"the stream {name} is not up to date on {', '.join(behind)}"
        yield warning("cluster.replicas", what, "see the logs of those servers")
    if has >= wanted and not behind:
        where = "1 server" if has == 1 else f"{has} servers, all up to date"
        yield good("cluster.replicas", f"the stream {name} is on {where}")


async def _ignore() -> None:
    """Leave the end of a connection to the request that fails by it."""
