"""The connections of the load, the rooms they are in, and how they come in."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable, Sequence

from benchmarks.fanout.dialects import Dialect
from benchmarks.fanout.pages import Unframer
from benchmarks.fanout.streams import Sender, Stream
from benchmarks.fanout.works import Work

PROBES = 10
"""How many members of a room measure latencies, if so many say nothing themselves."""
_BIND_ADDRESS_NO_PORT = 24
"""Of ip(7), without a name in Python: the port is chosen by the connect, which has more to choose from."""


class Member:
    """A connection, and what comes on it: answers to an entrance at first, then a stream."""

    __slots__ = (
        "_epoll",
        "_unframer",
        "_unsent",
        "incoming",
        "is_probe",
        "nick",
        "receive_into",
        "room",
        "sender",
        "socket",
        "take",
    )

    def __init__(self, nick: bytes, room: Room, sender: Sender | None) -> None:
        self.nick = nick
        self.room = room
        self.sender = sender
        self.is_probe = False
        self.incoming: Stream | Entrance
        self.take: Callable[[memoryview], bytes]
        """That of what is incoming, and below that of the socket: looked up once and not for every piece."""
        self.receive_into: Callable[[bytearray], int]
        self.socket: socket.socket
        self._epoll: select.epoll
        self._unsent = b""
        self._unframer = Unframer() if room.dialect.in_frames else None

    def connect(self, port: int, epoll: select.epoll, source: str) -> None:
        """Begin to connect from an address."""
        self.socket = socket.socket()
        self.socket.settimeout(0)
        self.socket.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        self.socket.bind((source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(("127.0.0.1", port))
        self.receive_into = self.socket.recv_into
        self._epoll = epoll
        epoll.register(self.socket, select.EPOLLIN)

    def listen(self, incoming: Stream | Entrance) -> None:
        """Give what comes to that."""
        self.incoming = incoming
        self.take = incoming.take
        if self._unframer is not None:
            self._unframer.take_payload = incoming.take
            self.take = self._unframer.take

    def send(self, data: bytes) -> None:
        """Send it, or keep what the kernel does not take until it does; `flush` is to be called then."""
        if self._unsent:
            self._unsent += data
            return
        self._unsent = self._sent_but(data)
        if self._unsent:
            self._epoll.modify(self.socket, select.EPOLLIN | select.EPOLLOUT)

    def flush(self) -> None:
        """Go on with what could not be sent."""
        self._unsent = self._sent_but(self._unsent)
        if not self._unsent:
            self._epoll.modify(self.socket, select.EPOLLIN)

    def _sent_but(self, data: bytes) -> bytes:
        try:
            return data[self.socket.send(data) :]
        except BlockingIOError:
            return data


class Room:
    """Its members; the last to come is the reference, which says nothing."""

    def __init__(self, dialect: Dialect, work: Work, number: int) -> None:
        self.name = b"#r%04d" % number
        self.dialect = dialect
        self.members: list[Member] = []
        self.senders: dict[int, Member] = {}
        """Those who say something, by their letters."""
        for index in range(work.members):
            nick = b"m%06d" % (number * work.members + index)
            member = Member(nick, self, None)
            self.members.append(member)
            if index < work.senders:
                member.sender = Sender(dialect, nick, self.name, index, work.text_bytes)
                self.senders[member.sender.letter] = member
        self.reference = self.members[-1]
        silent = self.members[work.senders :]
        for probe in silent[:: -max(len(silent) // PROBES, 1)][:PROBES]:
            probe.is_probe = True

    @property
    def said(self) -> int:
        """How many messages its senders have said."""
        return sum(len(member.sender.delivered) for member in self.senders.values() if member.sender is not None)


class Arrivals:
    """How many members are not yet where they want to be."""

    def __init__(self) -> None:
        self.unheard = 0
        """How many have connected and have got nothing from the server."""
        self.absent = 0
        """How many wait for an answer."""


class Entrance:
    """What a member sends and waits for: each step is what to send, and what is in the line that answers it."""

    def __init__(self, arrivals: Arrivals, member: Member, steps: Sequence[tuple[bytes, bytes]]) -> None:
        self._arrivals = arrivals
        self._member = member
        self._steps = deque(steps)
        self._pending = b""
        self._heard = False
        arrivals.unheard += 1
        arrivals.absent += 1
        member.send(self._steps[0][0])

    def take(self, data: memoryview) -> bytes:
        """Look for the line that is waited for; what comes before it does not matter."""
        if not self._heard:
            self._heard = True
            self._arrivals.unheard -= 1
        pending = self._pending + data
        while self._steps:
            expected = self._steps[0][1]
            start = pending.find(expected)
            end = pending.find(b"\n", start + len(expected)) if start >= 0 else -1
            if end < 0:
                break
            self._member.room.dialect.heard(self._member.nick, pending[start:end])
            pending = pending[end + 1 :]
            self._advance()
        self._pending = pending[-1024:] if self._steps else b""
        return b""

    def _advance(self) -> None:
        self._steps.popleft()
        if self._steps:
            self._member.send(self._steps[0][0])
        else:
            self._arrivals.absent -= 1

    @property
    def waiting(self) -> str:
        """What is waited for and what came instead, in words; empty if nothing is."""
        return f"waited for {self._steps[0][1]!r}, and last came {self._pending[-100:]!r}" if self._steps else ""
