"""Those who ask for much, or are told much, and do not read it."""

from __future__ import annotations

import asyncio

from benchmarks.soak.floods import flooded_room
from benchmarks.soak.visitor import Gang
from benchmarks.soak.well_behaved import OPEN_ROOM

_FOR_EVER = 3600


async def slow_in_a_flood(gang: Gang) -> None:
    """Is in a room where much is said, and reads nothing for a while."""
    visitor = await gang.enter(flooded_room(gang), reads=False)
    await asyncio.sleep(gang.chance.choice([5, 15, 30]))
    await visitor.over(10)


async def slow_among_those_who_behave(gang: Gang) -> None:
    """The same where the well-behaved are, and says something now and then."""
    visitor = await gang.enter(OPEN_ROOM, reads=False, tagged=True)
    while True:
        await visitor.say("MSG I do not read you", "WHO")
        await asyncio.sleep(1)


async def slow_historian(gang: Gang) -> None:
    """Asks for all that was ever said, again and again, and reads none of it."""
    visitor = await gang.enter(flooded_room(gang), reads=False)
    while True:
        await visitor.say(*["HISTORY 1000", "SEARCH flood"] * 50)
        await asyncio.sleep(0.5)


async def historian(gang: Gang) -> None:
    """The same, but reads it."""
    visitor = await gang.enter(flooded_room(gang))
    while True:
        await visitor.say("HISTORY 1000", "HISTORY 1000 since=0", f"SEARCH flood {gang.chance.randrange(100)}")
        await asyncio.sleep(0.5)


async def from_the_beginning(gang: Gang) -> None:
    """Leaves a big room and comes back to be told it from its beginning, over and over."""
    room = flooded_room(gang)
    visitor = await gang.enter("#aside")
    while True:
        await visitor.say(f"JOIN {room} since=0 epoch=none", f"PART {room}")
        await asyncio.sleep(0.5)


async def quits_and_stays(gang: Gang) -> None:
    """Asks for much, says QUIT, and neither reads nor closes."""
    visitor = await gang.enter(flooded_room(gang), reads=False)
    await visitor.say(*["HISTORY 1000"] * 10, "QUIT")
    await asyncio.sleep(_FOR_EVER)
