"""A hostile connection, what it is told, and the gang that makes as many as it likes."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from benchmarks.soak.check import dirt
from benchmarks.soak.daemon import HOST, Places

FOREIGN_ADDRESSES = 60
"""From how many addresses hostile clients come, as far as they come through a proxy."""
_CHUNK_BYTES = 1 << 16
_REFUSALS = re.compile(rb"\xff[\xfc\xfe](?s:.)")
"""What telnet is answered, which no terminal sees."""
_VERDICT = re.compile(rb"^(?:@\S* )?((?:ERR|BYE) [a-z0-9-]+)", re.MULTILINE)
_IRC_VERDICT = re.compile(rb"^(?:@\S* )?(?::\S+ )?(FAIL \S+ \S+|ERROR|[45]\d\d|90[4-7]) ", re.MULTILINE)
_ACTION = re.compile(rb":\x01ACTION ([^\x01\r]*)\x01(?=\r\n)")
"""What IRC clients turn into something else before they show it."""

Tally = Counter[str]
"""How often each verdict was heard, and how connections ended."""


class Visitor:
    """One connection, which counts what it is told in a tally and says what it likes."""

    def __init__(
        self, connection: socket.socket, tally: Tally, chance: random.Random, *, in_lines: bool, irc: bool = False
    ) -> None:
        self.nick = f"h{chance.getrandbits(48):x}"
        self._irc = irc
        self._socket = connection
        self._tally = tally
        self._in_lines = in_lines
        self._ended = asyncio.Event()
        self._pending = b""
        self._reading: asyncio.Task[None] | None = None
        tally["connections"] += 1

    def read(self) -> None:
        """From here on, read all that comes, in the background."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())

    async def say(self, *lines: str | bytes, end: bytes = b"\n") -> None:
        """Send lines; raise `OSError` if the connection is gone. It takes as long as the server does not read."""
        whole = b"".join((line.encode() if isinstance(line, str) else line) + end for line in lines)
        await self.send(whole)

    async def send(self, data: bytes) -> None:
        """Send bytes, as `say` does."""
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def over(self, seconds: float) -> None:
        """Wait until the server closes, at most so long."""
        self.read()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    def half_close(self) -> None:
        """Send no more."""
        self._socket.shutdown(socket.SHUT_WR)

    def stop_reading(self) -> Sequence[asyncio.Task[None]]:
        """Read no more; return what is to be waited for before `close`."""
        if self._reading is None:
            return []
        self._reading.cancel()
        return [self._reading]

    def close(self, *, with_reset: bool) -> None:
        """Close, if it is not closed; with a reset, nothing that is on its way arrives."""
        if not self._ended.is_set():
            self._tally["left"] += 1
        if with_reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(self._socket, _CHUNK_BYTES):
                self._take(data)
            self._tally["closed"] += 1
        except OSError:
            self._tally["reset"] += 1
        self._ended.set()

    def _take(self, data: bytes) -> None:
        if not self._in_lines:
            return
        lines, newline, self._pending = (self._pending + data).rpartition(b"\n")
        lines += newline
        verdict = _IRC_VERDICT if self._irc else _VERDICT
        self._tally.update(each.decode() for each in verdict.findall(lines))
        shown = _ACTION.sub(rb":\1", lines) if self._irc else _REFUSALS.sub(b"", lines)
        if (found := dirt(shown)) is not None:
            self._tally[f"DIRT {found}"] += 1


class Gang:
    """What one attack has: where to go, chance, and all the connections that it made, which end with it."""

    def __init__(self, places: Places, tally: Tally, chance: random.Random) -> None:
        self.places = places
        self.tally = tally
        self.chance = chance
        self._visitors: list[Visitor] = []

    async def connect(
        self,
        port: int | None = None,
        *,
        origin: str | None = None,
        reads: bool = True,
        in_lines: bool = True,
        irc: bool = False,
        receive_buffer: int | None = None,
    ) -> Visitor:
        """Make a connection, to a plain port or through a proxy if nothing is said; raise `OSError` if it fails.

        Through the proxy it comes from ``origin``, or from some foreign address. One that does not read has a
        small buffer in the kernel.
        """
        if port is None and (origin is not None or self.chance.random() < 0.5):
            origin = origin or f"198.51.100.{self.chance.randint(1, FOREIGN_ADDRESSES)}"
        connection = socket.socket()
        connection.settimeout(0)
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        visitor = Visitor(connection, self.tally, self.chance, in_lines=in_lines, irc=irc)
        self._visitors.append(visitor)
        plain, proxied = (self.places.irc, self.places.irc_proxied) if irc else (self.places.plain, self.places.proxied)
        where = port or (proxied if origin else plain)
        await asyncio.get_running_loop().sock_connect(connection, (HOST, where))
        if origin is not None:
            await visitor.send(f"PROXY TCP4 {origin} 198.51.100.254 40000 10319\r\n".encode())
        if reads:
            visitor.read()
        return visitor

    async def enter(self, room: str, *, reads: bool = True, tagged: bool = False) -> Visitor:
        """Make a connection that comes into a room; whether that is granted is not waited for."""
        visitor = await self.connect(reads=reads, receive_buffer=None if reads else 4096)
        await visitor.say(*(["HELLO 1"] if tagged else []), f"JOIN {visitor.nick} {room}")
        return visitor

    async def register(self, *rooms: str, reads: bool = True, capabilities: str = "") -> Visitor:
        """Make a connection of an IRC client that comes in, and into rooms; whether it may is not waited for."""
        visitor = await self.connect(irc=True, reads=reads, receive_buffer=None if reads else 4096)
        asked = [f"CAP REQ :{capabilities}", "CAP END"] if capabilities else []
        come_in = [f"NICK {visitor.nick}", f"USER {visitor.nick} 0 * :one of many"]
        await visitor.say(*come_in[:1], *asked, *come_in[1:], *(f"JOIN {room}" for room in rooms))
        return visitor

    async def leave(self) -> None:
        """Close all connections, in one way or the other."""
        visitors, self._visitors = self._visitors, []
        try:
            # The loop must have let go of a descriptor before it is another's.
            if reading := [task for visitor in visitors for task in visitor.stop_reading()]:
                await asyncio.wait(reading)
        finally:
            for visitor in visitors:
                visitor.close(with_reset=self.chance.random() < 0.5)


Attack = Callable[[Gang], Awaitable[None]]
"""What one kind of hostile client does. It may raise `OSError` at any time, and is cancelled when its time is over."""
