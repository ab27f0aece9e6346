"""The stream and the bucket of leases: made when they are missing, used as they are when they are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from chatd.journal import Retention
from chatd.journal.jetstream.errors import ApiError, Requester, UnusableError, api
from chatd.journal.jetstream.messages import Subjects, decode
from chatd.journal.jetstream.scan import Scanner, scan
from chatd.model.health import Health
from chatd.protocol import unicode_tables

REPLICAS = 3
LEASE_SECONDS = 15
"""How long a node that does not renew its lease is taken to be live."""
DUPLICATES_SECONDS = 120
"""How long the stream knows a message that is sent again by its id."""
LEAST_KEPT = 10_000
"""How many messages of a subject the stream keeps at least: what is deleted before all nodes have read it is lost.

Each node keeps what is asked for; what the stream has beyond that, no node shows.
"""
EPOCH = "chatd-epoch"
UNICODE = "chatd-unicode"
HOLDS_KEPT = "chatd-holds"
"""Says of a stream which `holds_stream` has all that holds in its rooms, so that no node does without.

The same is said of that one itself: another of the same name, made later, may lack something.
"""
_KEEP_MESSAGES = "chatd-keep-messages"
_UPDATE_ATTEMPTS = 5
_NANOSECONDS = 1_000_000_000
_NOT_FOUND = 10059
_IN_USE = 10058
_NO_CLUSTER = (10074, 10005)
"""The codes of JetStream for more replicas than there are servers: not a cluster, too few peers."""
OLD_SERVER = "the servers are too old; install NATS 2.12 or later, which stores a batch as one"


class StreamInfo(NamedTuple):
    """What is known of a stream."""

    epoch: str
    retention: Retention
    """How much of it the nodes keep."""
    per_subject: int | None
    """How many messages of each subject the stream keeps, None for all."""
    last: int
    """The sequence number of the newest message there was, 0 before the first."""
    unicode: str = ""
    """The version of Unicode by which the nodes judge names, empty if none has said so."""
    first: int = 1
    """The sequence number of the oldest message there is, one above ``last`` if there is none."""
    holds_kept: str = ""
    """The mark of the stream that has all that holds in the rooms, empty if there is none yet."""


class HoldsInfo(NamedTuple):
    """What is known of a stream of what holds."""

    mark: str
    held: int
    """How much there is that holds."""


def stream_info(answer: Mapping[str, Any]) -> StreamInfo:
    """Return what JetStream's description of a stream says. Raise `NatsError` if it cannot be a journal's."""
    config = answer["config"]
    metadata = config.get("metadata") or {}
    epoch = metadata.get(EPOCH)
    if not epoch:
        why = (
            f"the stream {config['name']} exists, but is not a journal of chatd; name another stream: nats://HOST/NAME"
        )
        raise UnusableError(Health.STREAM_UNUSABLE, why)
    if not config.get("allow_atomic"):
        why = f"the stream {config['name']} does not accept batches; set allow_atomic to true"
        raise UnusableError(Health.STREAM_UNUSABLE, why)
    age, limit = config.get("max_age") or 0, config.get("max_msgs_per_subject") or -1
    per_subject = limit if limit > 0 else None
    kept = str(metadata.get(_KEEP_MESSAGES, ""))
    most = int(kept) if kept.isascii() and kept.isdigit() and int(kept) > 0 else per_subject
    retention = Retention(age // _NANOSECONDS or None, most)
    unicode = str(metadata.get(UNICODE, ""))
    state = answer["state"]
    last, first = int(state["last_seq"]), int(state.get("first_seq") or 1)
    return StreamInfo(str(epoch), retention, per_subject, last, unicode, first, str(metadata.get(HOLDS_KEPT, "")))


async def open_stream(requester: Scanner, subjects: Subjects, wanted: Retention, epoch: str) -> StreamInfo:
    """Return what is known of the stream, made with ``epoch`` if it is not there, unless that is empty.

    Its limits are changed if ``wanted`` says so. Raises `NatsError`.
    """
    try:
        answer = await api(requester, f"STREAM.INFO.{subjects.stream}")
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        if not epoch:
            # This node has read it before. A new one would stand in the way of the old one's backup.
            raise _missing(subjects.stream) from None
        answer = await _made(requester, "STREAM", await _new_config(requester, subjects, wanted, epoch))
    known = stream_info(answer)
    # An update replaces all settings: that of another node, which had read them before, may undo this one.
    for _ in range(_UPDATE_ATTEMPTS):
        config = answer["config"]
        changed = config | _limits(wanted, config.get("metadata") or {}) | {"subjects": subjects.all}
        if changed == config:
            break
        answer = await api(requester, f"STREAM.UPDATE.{subjects.stream}", changed)
        known = stream_info(answer)
    return known


async def describe_stream(requester: Requester, stream: str) -> StreamInfo:
    """Return what is known of the stream now. Raise `NatsError`."""
    try:
        return stream_info(await api(requester, f"STREAM.INFO.{stream}"))
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        raise _missing(stream) from None


def _missing(stream: str) -> UnusableError:
    return UnusableError(
        Health.STREAM_MISSING,
        f"the servers no longer have the stream {stream} that this node has read; restore it from a backup, or stop"
        " all nodes, move their indexes away and start them with a new stream",
    )


def bucket(stream: str) -> str:
    """Return the name of the bucket in which the leases of a stream's nodes are."""
    return f"{stream}-nodes"


async def open_bucket(requester: Requester, stream: str) -> None:
    """Make the bucket of leases if it is not there. Raise `NatsError`."""
    name = f"KV_{bucket(stream)}"
    try:
        await api(requester, f"STREAM.INFO.{name}")
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        # As every client makes a bucket: https://github.com/nats-io/nats-architecture-and-design, ADR-8.
        config = {
            "name": name,
            "subjects": [f"$KV.{bucket(stream)}.>"],
            "max_msgs_per_subject": 1,
            "max_age": LEASE_SECONDS * _NANOSECONDS,
            "duplicate_window": LEASE_SECONDS * _NANOSECONDS,
            "storage": "file",
            "discard": "new",
            "allow_rollup_hdrs": True,
            "deny_delete": True,
            "allow_direct": True,
        }
        await _made(requester, "STREAM", config)


def holds_stream(stream: str) -> str:
    """Return the name of the stream that has what holds in the rooms of another."""
    return f"{stream}-holds"


async def describe_holds(requester: Requester, stream: str) -> HoldsInfo | None:
    """Return what is known of the stream of what holds; None if it is not there. Raise `NatsError`."""
    question = {"subjects_filter": f"{stream}.holds.>"}
    try:
        answer = await api(requester, f"STREAM.INFO.{holds_stream(stream)}", question)
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        return None
    return _holds_info(answer)


def _holds_info(answer: Mapping[str, Any]) -> HoldsInfo:
    mark = (answer["config"].get("metadata") or {}).get(HOLDS_KEPT, "")
    return HoldsInfo(str(mark), len(answer["state"].get("subjects") or {}))


async def make_holds(requester: Requester, subjects: Subjects, mark: str) -> HoldsInfo:
    """Make the stream of what holds, with a mark that no other has. Raise `NatsError`."""
    config = {
        "name": holds_stream(subjects.stream),
        "description": "the settings of the rooms of chatd",
        "subjects": [subjects.all_holding, subjects.all_erased],
        "max_msgs_per_subject": 1,
        "storage": "file",
        "retention": "limits",
        "discard": "old",
        "deny_purge": True,
        "allow_direct": True,
        "metadata": {HOLDS_KEPT: mark},
    }
    return _holds_info(await _made(requester, "STREAM", config))


async def note_holds_kept(requester: Requester, stream: str, mark: str) -> None:
    """Note of a stream that what holds in its rooms is kept. Raise `NatsError`."""
    config = (await api(requester, f"STREAM.INFO.{stream}"))["config"]
    metadata = config.get("metadata") or {}
    if metadata.get(HOLDS_KEPT) != mark:  # another node has not noted it
        await api(requester, f"STREAM.UPDATE.{stream}", config | {"metadata": metadata | {HOLDS_KEPT: mark}})


def seen_stream(stream: str) -> str:
    """Return the name of the stream that has the read markers of another."""
    return f"{stream}-seen"


async def open_seen(requester: Requester, subjects: Subjects) -> None:
    """Make the stream of read markers if it is not there. Raise `NatsError`."""
    name = seen_stream(subjects.stream)
    try:
        await api(requester, f"STREAM.INFO.{name}")
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        config = {
            "name": name,
            "description": "the read markers of chatd",
            "subjects": [subjects.all_seen],
            "max_msgs_per_subject": 1,
            "storage": "file",
            "retention": "limits",
            "discard": "old",
            "allow_direct": True,
        }
        await _made(requester, "STREAM", config)


async def has_seen(requester: Requester, stream: str) -> bool:
    """Return whether there are read markers. Raise `NatsError`."""
    try:
        return bool((await api(requester, f"STREAM.INFO.{seen_stream(stream)}"))["state"]["messages"])
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        return False


async def purge_seen(requester: Requester, stream: str, subject: str) -> None:
    """Delete read markers, given their subjects; a stream that is not there has none. Raise `NatsError`."""
    try:
        await api(requester, f"STREAM.PURGE.{seen_stream(stream)}", {"filter": subject})
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise


async def _new_config(requester: Scanner, subjects: Subjects, wanted: Retention, epoch: str) -> dict[str, Any]:
    """Return the settings of a new stream, which begins after all that holds from one before it."""
    config = _config(subjects, wanted, epoch)
    last = 0
    if await describe_holds(requester, subjects.stream) is not None:
        async for found in scan(requester, holds_stream(subjects.stream), [subjects.all_holding]):
            last = max(last, decode(found.message.payload).id.batch)
    return config | ({"first_seq": last + 1} if last else {})


async def _made(requester: Requester, kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Make a stream with three replicas, or with one where there are too few servers."""
    name = config["name"]
    try:
        try:
            return await api(requester, f"{kind}.CREATE.{name}", {**config, "num_replicas": REPLICAS})
        except ApiError as error:
            if error.code not in _NO_CLUSTER:
                raise
        return await api(requester, f"{kind}.CREATE.{name}", {**config, "num_replicas": 1})
    except ApiError as error:
        if error.code != _IN_USE:
            raise
        # Another node has just made it.
        return await api(requester, f"{kind}.INFO.{name}")


def _config(subjects: Subjects, wanted: Retention, epoch: str) -> dict[str, Any]:
    return {
        "name": subjects.stream,
        "description": "the journal of chatd",
        "subjects": subjects.all,
        "storage": "file",
        "retention": "limits",
        "discard": "old",
        "duplicate_window": DUPLICATES_SECONDS * _NANOSECONDS,
        "allow_msg_ttl": True,
        "allow_atomic": True,
        "allow_direct": True,
    } | _limits(wanted, {EPOCH: epoch})


def _limits(wanted: Retention, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return what of a stream's settings is to be as it is wanted; what is not asked for stays as it is.

    Names are judged by the latest Unicode that any node knows.
    """
    limits: dict[str, Any] = {"metadata": dict(metadata)}
    if not unicode_tables.is_later(metadata.get(UNICODE, "")):
        limits["metadata"][UNICODE] = unicode_tables.VERSION
    if wanted.seconds is not None:
        limits["max_age"] = wanted.seconds * _NANOSECONDS
        # JetStream takes no more than is kept at all.
        limits["duplicate_window"] = min(DUPLICATES_SECONDS, wanted.seconds) * _NANOSECONDS
    if wanted.messages is not None:
        limits["max_msgs_per_subject"] = max(wanted.messages, LEAST_KEPT)
        limits["metadata"][_KEEP_MESSAGES] = str(wanted.messages)
    return limits
