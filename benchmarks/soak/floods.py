"""Those who send good lines, and far too many of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count

from benchmarks.soak.visitor import Attack, Gang
from benchmarks.soak.well_behaved import OPEN_ROOM, nick_of

LINES_AT_ONCE = 200
FLOODED_ROOMS = 2


def flooded_room(gang: Gang) -> str:
    """Return a room in which there is always much talk."""
    return f"#flood{gang.chance.randrange(FLOODED_ROOMS)}"


async def messages(gang: Gang) -> None:
    """As many messages as are taken, in a room with others that flood it."""
    visitor = await gang.enter(flooded_room(gang), tagged=gang.chance.random() < 0.5)
    for number in count():
        await visitor.say(*[f"MSG {number} {'flood ' * gang.chance.choice([1, 20, 400])}"] * 50)
        await asyncio.sleep(0.05)


async def messages_to_those_who_behave(gang: Gang) -> None:
    """A flood of a few seconds where the well-behaved are, and to one of them alone."""
    visitor = await gang.enter(OPEN_ROOM)
    for number in range(10):
        await visitor.say(*[f"MSG {number} buy now"] * 20, *[f"TELL {nick_of(1)} {number} psst"] * 20)
        await asyncio.sleep(0.3)


async def one_at_a_time(gang: Gang) -> None:
    """What everybody has to be told: comings, goings and new names, also where the well-behaved are."""
    visitor = await gang.enter(OPEN_ROOM)
    for number in count():
        for turn in range(10):
            await visitor.say("PART", f"JOIN {OPEN_ROOM}", f"NICK {visitor.nick}.{turn % 2}")
        await visitor.say(f"TOPIC topic {number}")
        await asyncio.sleep(0.3)


async def reconnecting(gang: Gang) -> None:
    """Coming in and leaving with a text, over and over, where the well-behaved are."""
    for number in count():
        visitor = await gang.enter(OPEN_ROOM)
        await visitor.say(f"QUIT {number} look at me")
        await asyncio.sleep(0.02)


async def rooms_left_behind(gang: Gang) -> None:
    """Rooms with nothing but a long topic, which are left at once."""
    visitor = await gang.enter(flooded_room(gang))
    for number in count():
        room = f"#{visitor.nick}.{number}"
        await visitor.say(f"JOIN {room}", f"TOPIC {room} {'x' * 8000}", f"PART {room}")
        await asyncio.sleep(0.02)


async def private_lines(gang: Gang) -> None:
    """As many long private lines as are taken, to some of those who behave."""
    visitor = await gang.enter(flooded_room(gang))
    for number in count():
        await visitor.say(*[f"TELL {nick_of(number % 5)} {'psst ' * 1500}"] * 10)
        await asyncio.sleep(0.05)


def flood_of(*lines: str) -> Attack:
    """Return who sends these lines over and over, as fast as they are taken."""

    async def flood(gang: Gang) -> None:
        visitor = await gang.enter(flooded_room(gang))
        while True:
            await visitor.say(*_repeated(lines))
            await asyncio.sleep(0.05)

    return flood


def _repeated(lines: Sequence[str]) -> list[str]:
    return [*lines] * (LINES_AT_ONCE // len(lines))


comings = flood_of("JOIN #revolving", "PART #revolving")
nicks = flood_of("NICK nobody-in-particular", "NICK nobody-else")
unknown_verbs = flood_of("FROBNICATE the room", "XYZZY", "msg", "")
helps = flood_of("HELP", "HELP MSG", "HELP NOSUCH")
bad_tags = flood_of("@;;= MSG x", "@label=a;label=a MSG x", "@LABEL=x MSG x", "@ MSG x")
pings = flood_of("PING", "PING token")
questions = flood_of("WHO", "ROOMS", "TOPIC", "WHO #nowhere")
moderation_commands = flood_of(
    f"KICK {nick_of(2)} {OPEN_ROOM} out",
    f"BAN {nick_of(2)} #* for=1h",
    f"MUTE {nick_of(2)} for=1h",
    "BAN 127.0.0.0/8 #*",
    "OP me",
    "SET private=yes",
    "SET registered=yes",
    "INVITE me #calm0",
)
