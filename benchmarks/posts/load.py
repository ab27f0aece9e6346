"""Posts at a steady rate, whatever the answers take: how long each took from when it was due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import NamedTuple

from benchmarks.posts.server import HOST, Server

CONNECTIONS = 32
TEXT = "build 4711 passed: 1,204 tests in 93 seconds"

_ROOM = "bench"


class Figures(NamedTuple):
    """What was measured."""

    per_second: float
    median_ms: float
    p99_ms: float
    max_ms: float


Post = Callable[[str], Awaitable[None]]
"""Says something over a connection; returns when it is stored."""


async def over_http(server: Server, number: int) -> Post:
    """Return what posts over a connection of its own that is kept."""
    reader, writer = await asyncio.open_connection(HOST, server.web_port)

    async def post(key: str) -> None:
        head = f"POST /{_ROOM}?nick=http{number} HTTP/1.1\r\nHost: {HOST}\r\nIdempotency-Key: {key}\r\n"
        writer.write(f"{head}Content-Length: {len(TEXT)}\r\n\r\n{TEXT}".encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(answer.partition("content-length:")[2].partition("\r\n")[0]))
        if not answer.startswith("http/1.1 201 "):
            raise RuntimeError(f"the answer was {answer[:60]!r}")

    return post


async def over_lines(server: Server, number: int) -> Post:
    """Return what says POST in the line protocol over a connection of its own."""
    reader, writer = await asyncio.open_connection(HOST, server.line_port)
    writer.write(b"HELLO 1\n")
    while b"OK HELLO" not in await reader.readline():
        pass

    async def post(key: str) -> None:
        writer.write(f"@label={key} POST line{number} #{_ROOM} {TEXT}\n".encode())
        answer = await reader.readline()
        if b" OK POST " not in answer:
            raise RuntimeError(f"the answer was {answer[:60]!r}")

    return post


def measure(kind: Callable[[Server, int], Awaitable[Post]], server: Server, rate: int, seconds: float) -> Figures:
    """Post ``rate`` a second for so many seconds, after one in which nothing is measured."""
    return asyncio.run(_measure(kind, server, rate, seconds))


async def _measure(
    kind: Callable[[Server, int], Awaitable[Post]], server: Server, rate: int, seconds: float
) -> Figures:
    free: asyncio.Queue[Post] = asyncio.Queue()
    for number in range(CONNECTIONS):
        post = await kind(server, number)
        await post(f"first-{number}")
        free.put_nowait(post)
    took: list[float] = []
    begin = perf_counter() + 0.05

    async def one(number: int, due: float) -> None:
        post = await free.get()
        await post(f"k{number}")
        free.put_nowait(post)
        if number >= rate:
            took.append(perf_counter() - due)

    tasks = []
    for number in range(int(rate * (1 + seconds))):
        due = begin + number / rate
        if (early := due - perf_counter()) > 0:
            await asyncio.sleep(early)
        tasks.append(asyncio.ensure_future(one(number, due)))
    await asyncio.gather(*tasks)
    return _figures(took, perf_counter() - begin - 1)


def _figures(took: Sequence[float], seconds: float) -> Figures:
    ordered = sorted(took)
    at = [ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1000 for part in (0.5, 0.99, 1)]
    return Figures(len(ordered) / seconds, *at)
