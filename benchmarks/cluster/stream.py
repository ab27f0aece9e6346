"""What the stream takes that nodes share, without any node: batches as nodes send them, as many as it acknowledges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NamedTuple

from nats import connect
from nats.aio.client import Client

from benchmarks.cluster.processes import BenchmarkError, Setup, cpu_seconds, start_nats

PUBLISHERS = 3
"""How many nodes there could be: each has one batch under way."""
_PAYLOAD = json.dumps({"from": "benchmark", "n": 1, "kind": "MSG", "nick": "alice", "room": "#r", "text": "x" * 160})
_NANOSECONDS = 1_000_000_000
_SECONDS_TO_ANSWER = 20.0


class Taken(NamedTuple):
    """What the stream took."""

    rate: float
    """Messages a second."""
    busiest: float
    """CPU microseconds of a message, on the server of NATS that had most to do."""


def flood(setup: Setup, batch: int, seconds: float, directory: Path) -> Taken:
    """Return what the stream takes in that time, so many messages together.

    Raises `BenchmarkError` if something does not start.
    """
    with TemporaryDirectory(prefix="benchmark-", dir=directory.resolve()) as name, ExitStack() as stack:
        journal, processes = start_nats(setup, Path(name), stack)
        return asyncio.run(_flood(journal, [each.pid for each in processes], batch, seconds))


async def _flood(journal: str, pids: Sequence[int], size: int, seconds: float) -> Taken:
    client = await connect(journal.removeprefix("nats://").split(","))
    try:
        config = {
            "name": "flood",
            "subjects": ["flood.*"],
            "num_replicas": len(pids),
            "storage": "file",
            "allow_atomic": True,
            "duplicate_window": 120 * _NANOSECONDS,
        }
        await _ask(client, "$JS.API.STREAM.CREATE.flood", json.dumps(config).encode(), {})
        began, before = monotonic(), [cpu_seconds([pid]) for pid in pids]
        end = began + seconds
        stored = await asyncio.gather(*(_publish(client, number, size, end) for number in range(PUBLISHERS)))
        wall, spent = monotonic() - began, [cpu_seconds([pid]) - then for pid, then in zip(pids, before, strict=True)]
        return Taken(sum(stored) / wall, max(spent) * 1e6 / sum(stored))
    finally:
        await client.close()


async def _publish(client: Client, publisher: int, size: int, end: float) -> int:
    """Store batch after batch, each when the one before is acknowledged; return how many messages that were."""
    batch = 0
    while monotonic() < end:
        batch += 1
        for number in range(1, size + 1):
            headers = {
                "Nats-Msg-Id": f"{publisher}.{batch}.{number}",
                "Nats-Batch-Id": f"{publisher}.{batch}",
                "Nats-Batch-Sequence": str(number),
            }
            if number < size:
                await client.publish(f"flood.{publisher}", _PAYLOAD.encode(), headers=headers)
        await _ask(client, f"flood.{publisher}", _PAYLOAD.encode(), headers | {"Nats-Batch-Commit": "1"})
    return batch * size


async def _ask(client: Client, subject: str, payload: bytes, headers: dict[str, str]) -> None:
    answer = await client.request(subject, payload, _SECONDS_TO_ANSWER, headers=headers or None)
    error = json.loads(answer.data).get("error")
    if error:
        raise BenchmarkError(f"the stream takes nothing: {error.get('description')}")
