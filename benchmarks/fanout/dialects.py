"""How one comes into a room, says something and is told something, in the words of each kind of server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from typing_extensions import override


class Dialect(Protocol):
    """The words of a kind of server.

    Names and numbers are padded to a fixed width, so that all deliveries of a work have the same length.
    """

    @property
    def in_one_order(self) -> bool:
        """Whether all members of a room get all messages in the same order, and not merely each sender's in theirs."""

    @property
    def echoes(self) -> bool:
        """Whether a sender gets its own messages too."""

    @property
    def in_frames(self) -> bool:
        """Whether both sides speak in WebSocket frames; `saying` is one, `delivery` is what is in one."""

    def entrance(self, nick: bytes, room: bytes) -> Sequence[tuple[bytes, bytes]]:
        """Return what to send in order to come in, step by step, and what is in the line that answers it."""

    def saying(self, room: bytes, text: bytes) -> bytes:
        """Return what a member sends in order to say something."""

    def delivery(self, nick: bytes, room: bytes, text: bytes) -> bytes:
        """Return what a member gets when another says something."""

    def noise(self, members: int) -> bytes:
        """Return what may stand between what is delivered, in a room of so many members; it may be empty."""

    def heard(self, nick: bytes, answer: bytes) -> None:  # noqa: ARG002  # most dialects learn nothing
        """Note what was answered to a step of somebody's entrance, from what it was waited for to the line's end."""
        return


@dataclass(frozen=True, slots=True)
class Chatd(Dialect):
    """chatd's words for people, some of which `threaded` and `bare` speak too."""

    in_one_order: bool = True
    echoes: bool = False
    in_frames: bool = False

    @override
    def entrance(self, nick: bytes, room: bytes) -> Sequence[tuple[bytes, bytes]]:
        return [(b"JOIN %b %b\r\n" % (nick, room), b"OK JOIN ")]

    @override
    def saying(self, room: bytes, text: bytes) -> bytes:  # the protocol's
        return b"MSG %b\r\n" % text

    @override
    def delivery(self, nick: bytes, room: bytes, text: bytes) -> bytes:
        return b"MSG %b %b %b\r\n" % (nick, room, text)

    @override
    def noise(self, members: int) -> bytes:  # the protocol's
        return b""


@dataclass(frozen=True, slots=True)
class Irc(Dialect):
    """IRC, RFC 2812; ``address`` is what the server shows of a user called u."""

    address: bytes
    in_one_order: bool = True
    echoes: bool = False
    in_frames: bool = False

    @override
    def entrance(self, nick: bytes, room: bytes) -> Sequence[tuple[bytes, bytes]]:
        return [(b"NICK %b\r\nUSER u 0 * :u\r\n" % nick, b" 001 "), (b"JOIN %b\r\n" % room, b" 366 ")]

    @override
    def saying(self, room: bytes, text: bytes) -> bytes:
        return b"PRIVMSG %b :%b\r\n" % (room, text)

    @override
    def delivery(self, nick: bytes, room: bytes, text: bytes) -> bytes:
        return b":%b!%b PRIVMSG %b :%b\r\n" % (nick, self.address, room, text)

    @override
    def noise(self, members: int) -> bytes:  # the protocol's
        return b""


@dataclass(frozen=True, slots=True)
class ChatdIrc(Irc):
    """IRC as chatd speaks it: what it shows of each user is learned from its welcome, and has a fixed length."""

    hosts: dict[bytes, bytes] = field(default_factory=dict)
    """By nick."""

    @override
    def delivery(self, nick: bytes, room: bytes, text: bytes) -> bytes:
        address = self.address + self.hosts.get(nick, b"?" * 16)
        return b":%b!%b PRIVMSG %b :%b\r\n" % (nick, address, room, text)

    @override
    def heard(self, nick: bytes, answer: bytes) -> None:
        if answer.startswith(b" 001 "):
            self.hosts[nick] = answer.rstrip().rpartition(b"@")[2]


@dataclass(frozen=True, slots=True)
class Redis(Dialect):
    """Redis' publish and subscribe; in RESP3, for there one connection can do both."""

    in_one_order: bool = True
    echoes: bool = True
    in_frames: bool = False

    @override
    def entrance(self, nick: bytes, room: bytes) -> Sequence[tuple[bytes, bytes]]:  # the protocol's
        return [(b"HELLO 3\r\n", b"modules\r\n*"), (b"SUBSCRIBE %b\r\n" % room, b"\r\n:")]

    @override
    def saying(self, room: bytes, text: bytes) -> bytes:
        return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(room), room, len(text), text)

    @override
    def delivery(self, nick: bytes, room: bytes, text: bytes) -> bytes:  # the protocol's
        return b">3\r\n$7\r\nmessage\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(room), room, len(text), text)

    def noise(self, members: int) -> bytes:
        """Return the answer to PUBLISH: how many got it."""
        return b":%d\r\n" % members


@dataclass(frozen=True, slots=True)
class Nats(Dialect):
    """NATS' publish and subscribe, without acknowledgements and without one's own messages."""

    in_one_order: bool = False
    echoes: bool = False
    in_frames: bool = False

    @override
    def entrance(self, nick: bytes, room: bytes) -> Sequence[tuple[bytes, bytes]]:  # the protocol's
        options = b'{"verbose":false,"pedantic":false,"echo":false}'
        return [(b"CONNECT %b\r\nSUB %b 1\r\nPING\r\n" % (options, room), b"PONG")]

    @override
    def saying(self, room: bytes, text: bytes) -> bytes:
        return b"PUB %b %d\r\n%b\r\n" % (room, len(text), text)

    @override
    def delivery(self, nick: bytes, room: bytes, text: bytes) -> bytes:  # the protocol's
        return b"MSG %b 1 %d\r\n%b\r\n" % (room, len(text), text)

    def noise(self, members: int) -> bytes:  # noqa: ARG002  # the protocol's
        """Return what the server measures the way to a client with; it does not insist on an answer."""
        return b"PING\r\n"
