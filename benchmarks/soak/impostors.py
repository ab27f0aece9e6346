"""Those who claim to be somebody, or to come from somewhere."""

from __future__ import annotations

import asyncio
import struct

from benchmarks.soak.check import FORGED_LINE
from benchmarks.soak.daemon import ACCOUNT
from benchmarks.soak.visitor import Gang
from benchmarks.soak.well_behaved import OPEN_ROOM, nick_of

CLAIMANTS = 50
LOOK_ALIKES = [
    nick_of(0),
    nick_of(0).upper(),
    nick_of(0).replace("o", "\u043e"),  # Cyrillic
    nick_of(0).replace("0", "o"),
    nick_of(0).replace("e", "\uff45"),  # full width
    nick_of(0).replace("w", "vv"),
    nick_of(11).replace("1", "l"),
    nick_of(11).replace("1", "|"),
    f"[{nick_of(0)}]",
    f"{nick_of(0)}|away",
    f"{nick_of(0)}\\r\\n",
    nick_of(0) + "\u200b",
    "\u202e" + nick_of(0),
    nick_of(0) + "\u0301",
]
_V2 = b"\r\n\r\n\0\r\nQUIT\n"


async def fifty_for_one_nick(gang: Gang) -> None:
    """Everybody wants the same name at the same time."""
    nick = f"prize{gang.chance.randrange(5)}"
    visitors = [await gang.connect() for _ in range(CLAIMANTS)]
    for visitor in visitors:
        await visitor.say(f"JOIN {nick} #prize", "MSG I am the one", "PING")
    await asyncio.sleep(2)


async def look_alike(gang: Gang) -> None:
    """Names that could be taken for those of the well-behaved, and lines as if from them."""
    visitor = await gang.connect()
    forged = f"MSG {nick_of(0)} {OPEN_ROOM} never said"
    for nick in LOOK_ALIKES:
        await visitor.say(f"JOIN {nick} {OPEN_ROOM}", f"NICK {nick}", f"MSG x\r{forged}", f"@id=1;time=1;old {forged}")
    await visitor.over(1)


async def password_guesser(gang: Gang) -> None:
    """One password after the other for one account, from this machine and over a network, on several connections."""
    visitor = await gang.connect()
    account = gang.chance.choice([ACCOUNT, ACCOUNT, nick_of(0), visitor.nick])
    for number in range(40):
        await visitor.say(f"LOGIN {account} password{number}")
        await asyncio.sleep(0.1)
    await visitor.over(1)


async def registrant(gang: Gang) -> None:
    """Tries to own a name, mostly where others could listen in."""
    visitor = await gang.connect(origin="203.0.113.9" if gang.chance.random() < 0.8 else None)
    await visitor.say(f"JOIN {visitor.nick} #desk", *[f"REGISTER secret-{number} code" for number in range(20)])
    await visitor.over(2)


async def forged_proxy_header(gang: Gang) -> None:
    """Says on the plain port where it comes from, as only a proxy may on its own."""
    visitor = await gang.connect(gang.places.plain)
    binary = _V2 + b"\x21\x11\0\x0c" + b"\x7f\0\0\1" * 3
    await visitor.send(gang.chance.choice([b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", binary]))
    await visitor.say("PROXY UNKNOWN", f"JOIN {visitor.nick} #proxy", "QUIT")
    await visitor.over(5)


async def malformed_proxy_header(gang: Gang) -> None:
    """Says on the proxies' port what no proxy says, or too slowly."""
    visitor = await gang.connect(gang.places.proxied)
    headers = [
        b"PROXY TCP4 999.1.1.1 1.1.1.1 1 2\r\nJOIN x\n",
        b"PROXY TCP4 \x1b[31m 1.1.1.1 1 2\r\n" + FORGED_LINE.encode() + b"\r\n",
        b"PROXY TCP6 ::1 ::1 99999999999999999999 -2\r\nJOIN x\n",
        b"PROXY TCP4 1.1.1.1\r\nJOIN x\n",
        b"PROXY " + b"x" * 5000,
        b"PROXY UNKNOWN\r\nJOIN unknown #proxy\r\nQUIT\r\n",
        b"JOIN x #proxy\r\n",
        b"\r\n\r\n\0\r\nQU",
        _V2 + b"\x21\x11\xff\xff" + b"\0" * 3000,
        _V2 + b"\xff\xff\0\0" + b"JOIN x\n",
        _V2 + b"\x20\x00\0\0" + b"JOIN x\n",
        _V2 + b"\x21\x21" + struct.pack("!H", 36) + b"\xff" * 36 + b"JOIN x #proxy\nQUIT\n",
        b"",
    ]
    header = gang.chance.choice(headers)
    if gang.chance.random() < 0.3:
        for byte in header[:100]:
            await visitor.send(bytes([byte]))
            await asyncio.sleep(0)
    await visitor.send(header)
    await visitor.over(5)


async def resumer(gang: Gang) -> None:
    """Wants to take over the names of the well-behaved, with secrets that are none."""
    visitor = await gang.connect()
    await visitor.say("HELLO 1")
    for number in range(30):
        secret = gang.chance.choice(["", "0", "x" * 64, f"{gang.chance.getrandbits(128):032x}"])
        await visitor.say(f"JOIN {nick_of(number % 12)} {OPEN_ROOM} resume={secret}")
        await visitor.say(f"JOIN {nick_of(3)} resume=a resume=b")
    await visitor.over(2)
