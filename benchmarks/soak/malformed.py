"""Those who send what is no line of the protocol, and lines that are meant for somebody's terminal or the log."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from functools import lru_cache

from benchmarks.soak.check import FORGED_LINE
from benchmarks.soak.visitor import Gang, Visitor
from benchmarks.soak.well_behaved import OPEN_ROOM, nick_of
from chatd.protocol.wire import MAX_LINE_BYTES

HTTP = b"GET / HTTP/1.1\r\nHost: chat\r\n\r\nJOIN http #open\r\nMSG said by HTTP\r\n"
NOISE = [
    b"\xff\xff\x80\xc0\xaf",  # not UTF-8, and an overlong slash
    b"\xed\xa0\x80",  # a lone surrogate
    b"\xef\xbb\xbfbom",
    b"nul\0nul",
    b"cr\r" + FORGED_LINE.encode(),
    "nel\x85".encode() + FORGED_LINE.encode(),
    "ls\u2028".encode() + FORGED_LINE.encode(),
    b"\x1b[2J\x1b[31mred",
    b"\x1b]0;title\x07\x1b]52;c;cm0gLXJm\x07",
    b"\x9b31m\x1b[6n",
    "c1\x9b31m".encode(),
    "\u202eevil\u2066".encode(),
    "z\u0300\u0301\u0302\u0303".encode() * 20,
    b"%s%n%x{log_source}{0.__class__}",
    b"../../../etc/passwd",
]
"""What is put in the place of every word."""


@lru_cache
def client_hello() -> bytes:
    """Return the first bytes of a TLS client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


async def _in_odd_segments(gang: Gang, visitor: Visitor, data: bytes) -> None:
    while data:
        size = gang.chance.choice([1, 7, 1000, 4099])
        await visitor.send(data[:size])
        data = data[size:]
        await asyncio.sleep(0)


async def endless_line(gang: Gang) -> None:
    """A line that does not end for megabytes, before JOIN or after it; then one that does."""
    visitor = await (gang.connect() if gang.chance.random() < 0.5 else gang.enter("#endless"))
    for _ in range(64):
        await visitor.send(b"x" * (1 << 16))
        await asyncio.sleep(0.02)
    await visitor.say("", "PING still-here", "QUIT")
    await visitor.over(5)


async def lines_at_the_limit(gang: Gang) -> None:
    """Lines just below the limit, at it and above it, in segments of odd sizes."""
    visitor = await gang.enter("#limit")
    for more in (-1, 0, 1):
        for ending in (b"\n", b"\r\n", b"\r\0"):
            line = b"MSG " + b"y" * (MAX_LINE_BYTES + more - 4)
            await _in_odd_segments(gang, visitor, line + ending)
    await visitor.say("QUIT")
    await visitor.over(5)


async def one_byte_a_second(gang: Gang) -> None:
    """A JOIN that takes for ever."""
    visitor = await gang.connect()
    for byte in f"JOIN {visitor.nick} #drip of many words that go on and on".encode():
        await visitor.send(bytes([byte]))
        await asyncio.sleep(1)


async def wrong_protocol(gang: Gang) -> None:
    """TLS or HTTP on the plain port, in one piece or in several."""
    visitor = await gang.connect(gang.places.plain)
    hello = gang.chance.choice([client_hello(), HTTP])
    if gang.chance.random() < 0.5:
        await visitor.send(hello)
    else:
        await _in_odd_segments(gang, visitor, hello)
    await visitor.over(10)


async def endless_handshake(gang: Gang) -> None:
    """On the TLS port: half a greeting, a whole one and then nothing, plain lines, or rubbish."""
    visitor = await gang.connect(gang.places.tls, in_lines=False)
    hello = client_hello()
    rubbish = b"\x16\x03\x01\xff\xff" + gang.chance.randbytes(2000)
    await visitor.send(gang.chance.choice([hello[:50], hello, b"", b"JOIN plain #tls\r\n", rubbish]))
    await visitor.over(60)


async def telnet_rubbish(gang: Gang) -> None:
    """Negotiation at random, then a subnegotiation without an end."""
    visitor = await gang.enter("#telnet")
    for _ in range(200):
        garbage = b"".join(b"\xff" + bytes([gang.chance.randint(0xF0, 0xFE), 1]) for _ in range(20))
        await visitor.send(garbage.replace(b"\xff\xfa\x01", b"\xff\xfa\x01\xff\xf0") + b"PING\r\0")
    await visitor.send(b"\xff\xfa" + b"s" * 5000)
    await visitor.over(5)


async def noise_in_every_field(gang: Gang) -> None:
    """What is no text, or commands a terminal, as nick, room, text, topic, last words, label and verb."""
    visitor = await gang.enter(OPEN_ROOM, tagged=gang.chance.random() < 0.5)
    for noise in gang.chance.sample(NOISE, len(NOISE)):
        await visitor.say(
            b"JOIN #" + noise,
            b"NICK " + noise,
            b"MSG " + noise,
            b"TELL " + nick_of(0).encode() + b" " + noise,
            b"TELL " + noise + b" hello",
            b"TOPIC " + OPEN_ROOM.encode() + b" " + noise,
            b"@label=" + noise + b" MSG labelled",
            b"@" + noise + b" MSG tagged",
            noise + b" verb",
            b"PING " + noise,
            b"SEARCH " + noise,
            b"KICK " + noise + b" " + noise,
            b"PART #" + noise,
        )
        await asyncio.sleep(0.05)
    await visitor.say(b"QUIT " + gang.chance.choice(NOISE))
    await visitor.over(5)


async def noise_before_joining(gang: Gang) -> None:
    """The same in the first lines of a connection, and as the name that it comes in by."""
    visitor = await gang.connect()
    for noise in gang.chance.sample(NOISE, len(NOISE)):
        await visitor.say(noise, b"HELLO " + noise, b"LOGIN " + noise + b" " + noise, b"JOIN " + noise + b" #room")
    await visitor.over(1)


async def oversized(gang: Gang) -> None:
    """Names, labels, tags, counts and lists that are too long."""
    visitor = await gang.enter("#big", tagged=True)
    many = ";".join(f"k{number}" for number in range(500))
    words = " ".join(f"word{number}" for number in range(900))
    await visitor.say(
        f"JOIN #{'r' * 5000}",
        f"NICK {'n' * 5000}",
        f"@label={'l' * 5000} MSG hi",
        f"@{many} MSG hi",
        f"@{'k' * 5000}=v MSG hi",
        f"HISTORY {'9' * 5000}",
        f"HISTORY 1000 since={'9' * 30} before={'9' * 3000}",
        f"SEARCH {words}",
        f"TOPIC {'t' * 8000}",
        f"PING {'p' * 8000}",
        f"TELL {'x' * 4000} hi",
        f"JOIN #big since={'9' * 400} epoch={'e' * 400} resume={'r' * 4000}",
        f"QUIT {'q' * 8000}",
    )
    await visitor.over(5)
