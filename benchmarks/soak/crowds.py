"""Those who come in great numbers, and do little or nothing."""

from __future__ import annotations

import asyncio

from benchmarks.soak.visitor import Gang

STORM = 100
RUSH = 1200
FROM_ONE_ADDRESS = 150
ROOMS_EACH = 100
_FOR_EVER = 3600


async def never_joins(gang: Gang) -> None:
    """Connects, and says nothing."""
    visitor = await gang.connect()
    await visitor.over(_FOR_EVER)


async def connect_and_close(gang: Gang) -> None:
    """One connection after the other, each closed or reset at once."""
    for _ in range(STORM):
        await gang.connect(reads=False)
        await gang.leave()
        await asyncio.sleep(0.002)


async def half_open(gang: Gang) -> None:
    """Ends its side at once, in the middle of a line, or while there is much to be answered; then stays."""
    visitor = await gang.connect()
    await visitor.send(gang.chance.choice([b"", b"JOIN half", b"PIPE\nx", b"HELP\n" * 500, b"\xff\xfa"]))
    visitor.half_close()
    await visitor.over(10)


async def rush(gang: Gang) -> None:
    """More connections at once than may be on their way in."""
    for _ in range(RUSH):
        await gang.connect(gang.places.plain)
    await asyncio.sleep(1)


async def from_one_address(gang: Gang) -> None:
    """More connections than one address may have."""
    for _ in range(FROM_ONE_ADDRESS):
        visitor = await gang.connect(origin="203.0.113.77")
        await visitor.say(f"JOIN {visitor.nick} #household")
    await asyncio.sleep(3)


async def a_hundred_rooms(gang: Gang) -> None:
    """Opens as many rooms as it may and one more, each with a message and a topic; ten such make a thousand."""
    visitor = await gang.enter("#hall")
    for number in range(ROOMS_EACH):
        room = f"#{visitor.nick}.{number}"
        await visitor.say(f"JOIN {room}", "MSG only I am here", f"TOPIC {room} {'mine' * 50}")
        await asyncio.sleep(0.01)
    await visitor.over(10)
