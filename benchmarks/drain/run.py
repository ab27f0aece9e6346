"""Drains under load: one daemon that follows another on the same socket, and nodes that are restarted in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.drain.daemons import Daemon, HeldSocket
from benchmarks.drain.people import Program, check
from benchmarks.ports import free_ports

SETTLE_SECONDS = 1.0
"""How long everybody talks before a drain and after it."""
PATIENCE_SECONDS = 30.0
BEGINNING = "beginning"


@dataclass(frozen=True, slots=True)
class Load:
    """How many programs there are, and how many things each of those who speak says in a second."""

    writers: int
    readers: int
    rate: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it."""

    said: int
    lost: int
    doubled: int
    refused: int
    longest: float
    """The longest time in which one of the programs was told nothing, in seconds."""


async def one_daemon(folder: Path, load: Load, drains: int, *options: str) -> Figures:
    """Let a daemon drain and the next one follow it so often; the socket is passed on from one to the next."""
    with HeldSocket() as held:
        daemon = Daemon(folder, held.fileno, "--line-rate", "0", *options)
        try:
            await asyncio.to_thread(daemon.wait_until_listening)
            async with talking(load, [[held.port]]) as programs:
                for _ in range(drains):
                    await asyncio.sleep(SETTLE_SECONDS)
                    daemon.drain()
                    _expect(await asyncio.to_thread(daemon.wait), daemon)
                    daemon = Daemon(folder, held.fileno, "--line-rate", "0", *options)
                    await asyncio.to_thread(daemon.wait_until_listening)
                    await _until(lambda: all(each.present.is_set() for each in programs), "somebody did not come back")
                await asyncio.sleep(SETTLE_SECONDS)
        finally:
            daemon.kill()
    return _figures(programs)


async def nodes(folder: Path, load: Load, journal: str, count: int = 3) -> Figures:
    """Let each of some nodes drain and start again, one after the other; who is sent away goes to the next one."""
    ports = free_ports(count)
    options = [("--journal", journal, "--line-rate", "0", "--port", str(port)) for port in ports]
    for port in ports:
        (folder / str(port)).mkdir()
    running = [Daemon(folder / str(port), None, *each) for port, each in zip(ports, options, strict=True)]
    try:
        for node in running:
            await asyncio.to_thread(_wait_until_joined, node)
        async with talking(load, [ports[n:] + ports[:n] for n in range(count)]) as programs:
            for number, port in enumerate(ports):
                await asyncio.sleep(SETTLE_SECONDS)
                running[number].drain()
                _expect(await asyncio.to_thread(running[number].wait), running[number])
                running[number] = Daemon(folder / str(port), None, *options[number])
                await asyncio.to_thread(_wait_until_joined, running[number])
            await asyncio.sleep(SETTLE_SECONDS)
    finally:
        for node in running:
            node.kill()
    return _figures(programs)


@asynccontextmanager
async def talking(load: Load, ports: Sequence[Sequence[int]]) -> AsyncIterator[list[Program]]:
    """Let programs talk, each by its own order of ports; at the end all that they said is acknowledged and told."""
    nicks = [f"writer{n}" for n in range(load.writers)] + [f"reader{n}" for n in range(load.readers)]
    programs = [Program(nick, ports[n % len(ports)], load.rate) for n, nick in enumerate(nicks)]
    writers, enough = programs[: load.writers], asyncio.Event()
    tasks = [asyncio.create_task(each.run()) for each in programs]
    try:
        await _until(lambda: all(each.present.is_set() for each in programs), "somebody could not come in")
        writers[0].say(BEGINNING)  # what comes after it in the order is not of those who come in at first
        await _until(
            lambda: all(BEGINNING in each.heard.values() for each in programs), "somebody is not told anything"
        )
        for each in programs:
            each.seen.clear()
        speaking = [asyncio.create_task(each.speak(enough)) for each in writers]
        yield programs
        enough.set()
        await asyncio.gather(*speaking)
        await _until(lambda: not any(each.unanswered for each in writers), "something was not acknowledged")
        last = max(id_ for each in writers for id_ in each.acknowledged.values())
        await _until(lambda: all(last in each.heard for each in programs), "something was not told")
        seen = {each.nick: list(each.seen) for each in programs}
        for each in programs:
            each.leave()
        await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_SECONDS)
        for each in programs:
            each.seen = seen[each.nick]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _figures(programs: Sequence[Program]) -> Figures:
    lost, doubled = check(programs)
    return Figures(
        sum(len(each.said) for each in programs),
        lost,
        doubled,
        sum(each.refused for each in programs),
        max(each.longest for each in programs),
    )


async def _until(condition: Callable[[], bool], otherwise: str) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise RuntimeError(otherwise)
        await asyncio.sleep(0.01)


def _wait_until_joined(node: Daemon) -> None:
    node.wait_until_logged("joined the cluster")


def _expect(status: int, daemon: Daemon) -> None:
    if status or "Traceback" in daemon.log():
        raise RuntimeError(f"the daemon ended with {status}: {daemon.log()}")
