"""What is needed of the protocol of X, version 11, to ask for a selection: bytes to messages and back.

All numbers are little-endian, which the first byte of a connection asks for. Source: "X Window System Protocol",
appendix B.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

ANY, PRIMARY, STRING = 0, 1, 31
"""Atoms that every server has by these numbers."""
MAX_PROPERTY_BYTES = 256 * 1024
"""How much of a property is asked for at a time."""
COOKIE = b"MIT-MAGIC-COOKIE-1"
_PROPERTY_CHANGES, _STRUCTURE_CHANGES = 1 << 22, 1 << 17
_EVENT_MASK = 1 << 11
_INPUT_ONLY = 2
_SENT = 0x80
"""Marks an event that another client sent."""
_HEAD = 32


class _Kind(IntEnum):
    ERROR, REPLY, DESTROYED, PROPERTY_CHANGED, SELECTION_ANSWERED, LONG_EVENT = 0, 1, 17, 28, 31, 35


class XError(Exception):
    """The server does not let one in, or speaks something else; the argument says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself."""

    first_id: int
    """What the first thing that one makes is to be called."""
    root: int


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the request with this number."""

    sequence: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The request with this number could not be carried out."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A window is gone."""

    window: int


@dataclass(frozen=True, slots=True)
class PropertyChanged:
    """A property of a window has a new value, or has been deleted."""

    window: int
    atom: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class SelectionAnswered:
    """Whoever owns a selection has answered; the property is 0 if it has nothing of that type."""

    target: int
    property: int


@dataclass(frozen=True, slots=True)
class Property:
    """A part of a property."""

    type: int
    value: bytes
    left: int
    """How many bytes of it were not asked for."""


Message = Reply | Refused | Destroyed | PropertyChanged | SelectionAnswered


def greet(cookie: bytes) -> bytes:
    """Return what a connection begins with; the cookie is empty if there is none."""
    name = COOKIE if cookie else b""
    return struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie)) + _padded(name) + _padded(cookie)


def read_greeting(data: bytes) -> tuple[Server, int] | None:
    """Return what the server says, and in how many bytes; None as long as it has not said all.

    Raise `XError` if it does not let one in.
    """
    if len(data) < 8:
        return None
    status, reason_length, length = data[0], data[1], 8 + 4 * struct.unpack_from("<H", data, 6)[0]
    if status not in (0, 1, 2):
        raise XError("this is no X server")
    if len(data) < length:
        return None
    if status != 1:
        raise XError(data[8 : 8 + (reason_length or length)].decode("latin-1").strip("\0 \n"))
    first_id, _, _, vendor_length = struct.unpack_from("<IIIH", data, 12)
    (root,) = struct.unpack_from("<I", data, 40 + vendor_length + -vendor_length % 4 + 8 * data[29])
    return Server(first_id, root), length


def create_window(window: int, parent: int) -> bytes:
    """Return the request for a window that is never seen and hears of its properties."""
    shape = struct.pack("<hhHHHHI", -10, -10, 1, 1, 0, _INPUT_ONLY, 0)
    return _request(
        1, 0, struct.pack("<II", window, parent) + shape + struct.pack("<II", _EVENT_MASK, _PROPERTY_CHANGES)
    )


def watch_window(window: int) -> bytes:
    """Return the request to be told when somebody else's window goes."""
    return _request(2, 0, struct.pack("<III", window, _EVENT_MASK, _STRUCTURE_CHANGES))


def intern_atom(name: str) -> bytes:
    """Return the request for the number of a name."""
    encoded = name.encode()
    return _request(16, 0, struct.pack("<Hxx", len(encoded)) + _padded(encoded))


def get_property(window: int, name: int, offset: int) -> bytes:
    """Return the request for a part of a property, from a byte (a multiple of four); its end deletes it."""
    return _request(20, 1, struct.pack("<IIIII", window, name, ANY, offset // 4, MAX_PROPERTY_BYTES // 4))


def get_selection_owner(selection: int) -> bytes:
    """Return the request for the window that owns a selection."""
    return _request(23, 0, struct.pack("<I", selection))


def convert_selection(window: int, selection: int, target: int, name: int) -> bytes:
    """Return the request to have a selection put into a property."""
    return _request(24, 0, struct.pack("<IIIII", window, selection, target, name, 0))


def read_number(reply: bytes) -> int:
    """Return the atom or the window that a reply holds."""
    return int(struct.unpack_from("<I", reply, 8)[0])


def read_property(reply: bytes) -> Property:
    """Return the property that a reply holds."""
    kind, left, count = struct.unpack_from("<III", reply, 8)
    return Property(kind, reply[_HEAD : _HEAD + count * (reply[1] // 8)], left)


class Reader:
    """Cuts what a server sends into messages; those that nobody here asks for are left out."""

    def __init__(self) -> None:
        self._data = bytearray()

    def read(self, data: bytes) -> Iterator[Message]:
        """Yield what is complete with these bytes."""
        self._data += data
        while len(self._data) >= _HEAD:
            kind = self._data[0] & ~_SENT
            more = 4 * struct.unpack_from("<I", self._data, 4)[0] if kind in (_Kind.REPLY, _Kind.LONG_EVENT) else 0
            if len(self._data) < _HEAD + more:
                return
            whole = bytes(self._data[: _HEAD + more])
            del self._data[: _HEAD + more]
            if (message := _message(kind, whole)) is not None:
                yield message


def _message(kind: int, data: bytes) -> Message | None:
    (sequence,) = struct.unpack_from("<H", data, 2)
    match kind:
        case _Kind.REPLY:
            return Reply(sequence, data)
        case _Kind.ERROR:
            return Refused(sequence)
        case _Kind.DESTROYED:
            return Destroyed(struct.unpack_from("<I", data, 8)[0])
        case _Kind.PROPERTY_CHANGED:
            window, atom = struct.unpack_from("<II", data, 4)
            return PropertyChanged(window, atom, data[16] == 1)
        case _Kind.SELECTION_ANSWERED:
            target, name = struct.unpack_from("<II", data, 16)
            return SelectionAnswered(target, name)
        case _:
            return None


def _request(code: int, detail: int, body: bytes) -> bytes:
    return struct.pack("<BBH", code, detail, 1 + len(body) // 4) + body


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
