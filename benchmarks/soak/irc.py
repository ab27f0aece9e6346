"""Those who speak IRC, or something like it, and mean no good."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from itertools import count

from benchmarks.soak.daemon import ACCOUNT
from benchmarks.soak.floods import flooded_room
from benchmarks.soak.malformed import HTTP, NOISE, client_hello
from benchmarks.soak.visitor import Attack, Gang
from benchmarks.soak.well_behaved import OPEN_ROOM, nick_of

EVERYTHING = "message-tags server-time batch labeled-response account-tag away-notify extended-join multi-prefix"
BODY_BYTES = 510
TAGS_BYTES = 4096
_FOR_EVER = 3600
_LINES_AT_ONCE = 40
_PAUSE_SECONDS = 0.4


async def random_bytes(gang: Gang) -> None:
    """Bytes of all kinds, before coming in or after it, with an end of a line now and then."""
    visitor = await (gang.connect(irc=True) if gang.chance.random() < 0.5 else gang.register(OPEN_ROOM))
    for _ in range(100):
        await visitor.send(
            gang.chance.randbytes(gang.chance.choice([1, 60, 3000])) + gang.chance.choice([b"", b"\r\n"])
        )
        await asyncio.sleep(0.02)
    await visitor.say("", "PING still-here", "QUIT")
    await visitor.over(5)


async def wrong_protocol(gang: Gang) -> None:
    """TLS or HTTP on the plain port."""
    visitor = await gang.connect(irc=True)
    await visitor.send(gang.chance.choice([client_hello(), HTTP]))
    await visitor.over(10)


async def endless_line(gang: Gang) -> None:
    """A line, or tags, that do not end for megabytes; then one that does."""
    visitor = await gang.register("#endless")
    await visitor.send(gang.chance.choice([b"PRIVMSG #endless :", b"@label=", b"@a=b;", b":", b""]))
    for _ in range(64):
        await visitor.send(gang.chance.choice([b"x", b";", b"=", b" ", b"\\"]) * (1 << 16))
        await asyncio.sleep(0.02)
    await visitor.say("", "PING still-here", "QUIT")
    await visitor.over(5)


async def lines_at_the_limit(gang: Gang) -> None:
    """Messages and tags just below their limits, at them and above them, in segments of odd sizes."""
    visitor = await gang.register("#limit", capabilities=EVERYTHING)
    data = b""
    for more in (-1, 0, 1):
        data += b"PRIVMSG #limit :" + b"y" * (BODY_BYTES + more - 16) + b"\r\n"
        data += b"@label=" + b"l" * (TAGS_BYTES + more - 8) + b" PING hi\r\n"
        data += b"PRIVMSG " + b"z" * (BODY_BYTES + more - 8) + b"\n"
        data += b"JOIN #" + b"r" * (BODY_BYTES + more - 6) + b"\n"
    while data:
        size = gang.chance.choice([1, 7, 1000])
        await visitor.send(data[:size])
        data = data[size:]
        await asyncio.sleep(0)
    await visitor.say("QUIT")
    await visitor.over(5)


async def noise_in_every_field(gang: Gang) -> None:
    """What is no text, or commands a terminal, as every parameter of every command that others hear of."""
    visitor = await gang.register(OPEN_ROOM, capabilities=gang.chance.choice(["", EVERYTHING]))
    room, somebody = OPEN_ROOM.encode(), nick_of(0).encode()
    for noise in gang.chance.sample(NOISE, len(NOISE)):
        await visitor.say(
            b"NICK :" + noise,
            b"JOIN #" + noise,
            b"PRIVMSG " + room + b" :" + noise,
            b"PRIVMSG " + room + b" :\x01ACTION " + noise + b"\x01",
            b"PRIVMSG " + somebody + b" :\x01VERSION " + noise + b"\x01",
            b"NOTICE " + somebody + b" :" + noise,
            b"TOPIC " + room + b" :" + noise,
            b"AWAY :" + noise,
            b"SETNAME :" + noise,
            b"@+note=" + noise + b";label=" + noise + b" PRIVMSG " + room + b" :tagged",
            b"@" + noise + b" :" + noise + b" " + noise + b" " + noise,
            b"KICK " + room + b" " + noise + b" :" + noise,
            b"MODE " + room + b" +" + noise + b" " + noise,
            b"PING :" + noise,
            b"PART " + room + b" :" + noise,
            b"JOIN " + room,
        )
        await asyncio.sleep(0.05)
    await visitor.say(b"QUIT :" + gang.chance.choice(NOISE))
    await visitor.over(5)


async def noise_before_coming_in(gang: Gang) -> None:
    """The same in all that comes before NICK and USER."""
    visitor = await gang.connect(irc=True)
    for noise in gang.chance.sample(NOISE, len(NOISE)):
        first = (b"CAP " + noise, b"CAP REQ :" + noise, b"AUTHENTICATE " + noise)
        await visitor.say(noise, *first, b"NICK " + noise, b"USER " + noise + b" 0 * :" + noise)
    await visitor.over(1)


def flood_of(*lines: str, capabilities: str = "") -> Attack:
    """Return who comes in and sends these lines over and over, faster than they are read."""

    async def flood(gang: Gang) -> None:
        visitor = await gang.register(flooded_room(gang), capabilities=capabilities)
        while True:
            await visitor.say(*[*lines] * (_LINES_AT_ONCE // len(lines)))
            await asyncio.sleep(_PAUSE_SECONDS)

    return flood


_MANY_TAGS = ";".join(f"+example.org/k{number}=\\s\\:\\\\" for number in range(180))
tags = flood_of(
    f"@{_MANY_TAGS} PRIVMSG #flood0 :tagged", f"@{_MANY_TAGS} TAGMSG #flood0", f"@{';' * 4000} PING x",
    capabilities=EVERYTHING,
)  # fmt: skip
labels = flood_of("@label=a JOIN #flood0", "@label=a WHO #flood0", "@label=a LIST", "@label=a HELP",
    capabilities=EVERYTHING)  # fmt: skip
batches = flood_of(
    "BATCH +a draft/multiline #flood0", "@batch=a PRIVMSG #flood0 :half", "BATCH +b netsplit", "BATCH -c", "BATCH",
    capabilities=EVERYTHING,
)  # fmt: skip
nicks = flood_of("NICK nobody-in-particular", "NICK nobody-else", "NICK", f"NICK {nick_of(0)}")
masks = flood_of(
    f"WHO {'*?' * 200}", f"LIST {'*a' * 200}", f"WHO {'*,' * 200}", f"MODE {OPEN_ROOM} +b {'*?' * 100}!*@*",
    f"MODE {OPEN_ROOM} +{'b' * 400}", f"MODE {OPEN_ROOM} b", f"WHOIS {'x,' * 200}", "USERHOST a b c d e f g",
)  # fmt: skip
services = flood_of("PRIVMSG NickServ :IDENTIFY a b hunter2", "NS HELP", f"OPER {ACCOUNT}", "NOTICE NickServ :HELP")


async def capabilities(gang: Gang) -> None:
    """Negotiates without end, and never comes in."""
    visitor = await gang.connect(irc=True)
    storm = ["CAP LS 302", f"CAP REQ :{EVERYTHING}", f"CAP REQ :-{EVERYTHING.replace(' ', ' -')}", "CAP LIST"]
    storm += [f"CAP REQ :{'x' * 490}", "CAP REQ", "CAP", "CAP LS 99999999999999999999", "CAP NOSUCH"]
    while True:
        await visitor.say(*storm * 4)
        await asyncio.sleep(_PAUSE_SECONDS)


async def logins(gang: Gang) -> None:
    """A guess, and exchanges that are begun, aborted, too long or no base64; then it comes in."""
    visitor = await gang.connect(irc=True)
    guess = b64encode(f"\0{ACCOUNT}\0hunter2".encode()).decode()
    await visitor.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {guess}")
    for _ in range(20):
        await visitor.say(
            "AUTHENTICATE PLAIN", *[f"AUTHENTICATE {'A' * 400}"] * 6, "AUTHENTICATE *", "AUTHENTICATE SCRAM-SHA-256",
            "AUTHENTICATE !!!", "AUTHENTICATE PLAIN", "AUTHENTICATE !!!", "AUTHENTICATE", f"AUTHENTICATE {'A' * 401}",
        )  # fmt: skip
        await asyncio.sleep(0.05)
    await visitor.say(f"NICK {visitor.nick}", f"USER {visitor.nick} 0 * :guest")
    await visitor.over(5)


async def lists_of_rooms(gang: Gang) -> None:
    """JOIN and PART with as many rooms as a line holds, and all rooms left at once."""
    visitor = await gang.register(flooded_room(gang))
    for number in count():
        rooms = ",".join(f"#l{number}.{place}" for place in range(45))
        await visitor.say(f"JOIN {rooms}", f"PART {rooms} :bye", f"JOIN {rooms}", "JOIN 0", f"NAMES {rooms}")
        await asyncio.sleep(0.1)


async def onlookers(gang: Gang) -> None:
    """MONITOR with as many nicks as a line holds, over and over."""
    visitor = await gang.register()
    for number in count():
        nicks_of = ",".join(f"m{number}-{place}" for place in range(45))
        await visitor.say(f"MONITOR + {nicks_of}", "MONITOR S", "MONITOR L", f"MONITOR - {nicks_of}", "MONITOR C")
        await asyncio.sleep(0.05)


async def messages_to_those_who_behave(gang: Gang) -> None:
    """A flood where the well-behaved are, and to four of them at a time."""
    visitor = await gang.register(OPEN_ROOM)
    four = ",".join(nick_of(place) for place in range(4))
    for number in range(10):
        lines = [f"PRIVMSG {OPEN_ROOM} :{number} buy now", f"PRIVMSG {four} :psst", f"NOTICE {OPEN_ROOM} :{number} buy"]
        await visitor.say(*lines * 10)
        await asyncio.sleep(0.3)


async def never_reads(gang: Gang) -> None:
    """Asks for all that was ever said and for who is there, again and again, and reads none of it."""
    room = flooded_room(gang)
    visitor = await gang.register(room, reads=False, capabilities=f"{EVERYTHING} draft/chathistory")
    while True:
        await visitor.say(*[f"CHATHISTORY LATEST {room} * 1000", f"WHO {room}", "LIST", f"@label=x NAMES {room}"] * 20)
        await asyncio.sleep(0.5)


async def historian(gang: Gang) -> None:
    """Pages through it in every way, also such as there are not, and reads it."""
    room = flooded_room(gang)
    visitor = await gang.register(room, capabilities=f"{EVERYTHING} draft/chathistory draft/event-playback")
    while True:
        await visitor.say(
            f"CHATHISTORY LATEST {room} * 1000", f"CHATHISTORY BEFORE {room} msgid={'9' * 300} 1000",
            f"CHATHISTORY AROUND {room} timestamp=2026-01-01T00:00:00.000Z 1000",
            f"CHATHISTORY BETWEEN {room} timestamp=0001-01-01T00:00:00.000Z timestamp=9999-12-31T23:59:59.999Z 9999999",
            "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 1000",
            f"CHATHISTORY LATEST {room} msgid=-1 -1", f"MARKREAD {room} timestamp=9999-12-31T23:59:59.999Z",
        )  # fmt: skip
        await asyncio.sleep(0.5)


async def half_open(gang: Gang) -> None:
    """Ends its side at once, in the middle of a message, or while there is much to be answered; then stays."""
    visitor = await gang.connect(irc=True)
    register = f"NICK {visitor.nick}\r\nUSER {visitor.nick} 0 * :half\r\n".encode()
    await visitor.send(
        gang.chance.choice([b"", b"NICK half", b"CAP LS 302\r\n", register, register + b"HELP\r\n" * 500])
    )
    visitor.half_close()
    await visitor.over(10)


async def never_comes_in(gang: Gang) -> None:
    """Says NICK, or that it negotiates, and nothing more."""
    visitor = await gang.connect(irc=True)
    await visitor.say(gang.chance.choice([f"NICK {visitor.nick}", "CAP LS 302", "AUTHENTICATE PLAIN"]))
    await visitor.over(_FOR_EVER)
