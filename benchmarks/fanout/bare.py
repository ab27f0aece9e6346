"""The limit for a Python process that gives messages to members, to compare with: ``python bare.py PORT``.

One loop: what came in a turn is cut into lines and joined for each room, and each member gets one send. It speaks as
much of chatd's protocol as the benchmark does, checks nothing, keeps nothing, and lets a slow reader have any amount
of memory. A chat server does all this too, so it can hardly cost less.
"""

from __future__ import annotations

import select
import socket
import sys

BACKLOG = 1024
CHUNK_BYTES = 65536


class Member:
    """A connection."""

    __slots__ = ("prefix", "rest", "room", "socket", "unsent")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.rest = b""
        self.unsent = b""
        self.prefix = b""
        self.room: Room | None = None


class Room:
    """Its members, and what they said in this turn with the bytes that it is sent as."""

    __slots__ = ("members", "said")

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.said: list[tuple[Member, bytes]] = []


class Loop:
    """All connections."""

    def __init__(self, port: int) -> None:
        self._epoll = select.epoll()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self._listener.settimeout(0)
        self._epoll.register(self._listener, select.EPOLLIN)
        self._members: dict[int, Member] = {}
        self._rooms: dict[bytes, Room] = {}
        self._busy: set[Room] = set()

    def run(self) -> None:
        """Serve for ever."""
        while True:
            for descriptor, events in self._epoll.poll(-1, max(len(self._members), 1)):
                member = self._members.get(descriptor)
                if member is None:
                    self._accept()
                    continue
                if events & select.EPOLLOUT:
                    self._send(member, b"")
                if events & ~select.EPOLLOUT:
                    self._receive(member)
            for room in self._busy:
                self._deliver(room)
            self._busy.clear()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(0)
        self._members[connection.fileno()] = Member(connection)
        self._epoll.register(connection, select.EPOLLIN)

    def _receive(self, member: Member) -> None:
        try:
            data = member.socket.recv(CHUNK_BYTES)
        except ConnectionResetError:
            data = b""
        if not data:
            self._forget(member)
            return
        *lines, member.rest = (member.rest + data).split(b"\n")
        room, prefix = member.room, member.prefix
        for line in lines:
            if room is None:
                self._join(member, line)
                room, prefix = member.room, member.prefix
            else:
                room.said.append((member, b"%b%b\n" % (prefix, line[4:])))
        if room is not None and room.said:
            self._busy.add(room)

    def _join(self, member: Member, line: bytes) -> None:
        _, nick, name = line.split()
        member.prefix = b"MSG %b %b " % (nick, name)
        member.room = self._rooms.setdefault(name, Room())
        member.room.members.append(member)
        self._send(member, b"OK JOIN %b %d\r\n" % (name, len(member.room.members)))

    def _forget(self, member: Member) -> None:
        del self._members[member.socket.fileno()]
        self._epoll.unregister(member.socket)
        member.socket.close()
        if member.room is not None:
            member.room.members.remove(member)

    def _deliver(self, room: Room) -> None:
        said, room.said = room.said, []
        everything = b"".join([line for _, line in said])
        senders = {member for member, _ in said}
        for member in room.members:
            if member in senders:
                if len(senders) > 1:
                    self._send(member, b"".join([line for sender, line in said if sender is not member]))
            else:
                self._send(member, everything)

    def _send(self, member: Member, data: bytes) -> None:
        waiting = bool(member.unsent)
        data = member.unsent + data
        try:
            sent = member.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        member.unsent = data[sent:]
        if bool(member.unsent) != waiting:
            events = select.EPOLLIN | (select.EPOLLOUT if member.unsent else 0)
            self._epoll.modify(member.socket, events)


if __name__ == "__main__":
    Loop(int(sys.argv[1])).run()
