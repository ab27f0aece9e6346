"""The PROXY header, versions 1 and 2, out of bytes: where a connection that a proxy passes on comes from.

HAProxy's ``doc/proxy-protocol.txt`` describes both; sections in comments are those of it.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

Source = IPv4Address | IPv6Address | UNIXAddress

MAX_LINE_BYTES = 107
"""How long a header of version 1 may be, its CRLF included."""

_V1 = b"PROXY "
_V2 = b"\r\n\r\n\0\r\nQUIT\n"
_V2_HEAD = struct.Struct("!12sBBH")
_TLV = struct.Struct("!BH")
_TLS_TYPE = 0x20
_TLS = struct.Struct("!BL")
_CLIENT_TLS = 0x01
_LOCAL, _PROXY = 0x20, 0x21
_UNSPEC, _INET, _INET6, _UNIX = range(4)
_ADDRESS_BYTES = {_UNSPEC: 0, _INET: 12, _INET6: 36, _UNIX: 216}
_PORT = re.compile(rb"0|[1-9][0-9]{0,4}")


class BadHeaderError(ValueError):
    """What came is no PROXY header; the argument says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a proxy says of a connection.

    ``source`` is where it comes from; None stands for the address of the connection itself: the proxy speaks for
    itself, as in a health check, or does not know. ``tls`` is whether the client speaks TLS with the proxy.
    """

    source: Source | None
    tls: bool = False


OWN = Header(None)
"""The address of the connection itself counts."""


class HeaderReader:
    """Takes the bytes that a connection begins with, in whatever segments, up to the end of the header.

    At most 64 KiB are held, which is what a header of version 2 may have.
    """

    def __init__(self) -> None:
        self.rest = b""
        """What has come so far; after the header, what follows it."""

    def feed(self, data: bytes) -> Header | None:
        """Take more bytes; return the header once it is whole. Raise `BadHeaderError` as soon as there can be none."""
        self.rest += data
        if self.rest[: len(_V2)] == _V2[: len(self.rest)]:
            return self._version_2()
        if self.rest[: len(_V1)] == _V1[: len(self.rest)]:
            return self._version_1()
        if self.rest.startswith(b"\x16\x03"[: len(self.rest)]):
            raise BadHeaderError("the connection begins with a TLS handshake; the PROXY header must come before it")
        raise BadHeaderError("the connection does not begin with a PROXY header")

    def _version_1(self) -> Header | None:
        line, end, rest = self.rest.partition(b"\r\n")
        if len(line + end) + (not end) > MAX_LINE_BYTES:
            raise BadHeaderError(f"a PROXY header of version 1 has at most {MAX_LINE_BYTES} bytes")
        if not end:
            return None
        self.rest = rest
        _, family, *words = line.split(b" ")
        if family == b"UNKNOWN":  # 2.1: whatever follows is to be ignored
            return OWN
        if family not in (b"TCP4", b"TCP6") or len(words) != 4 or not all(map(_is_port, words[2:])):
            raise BadHeaderError("the PROXY header of version 1 is malformed")
        try:
            source, _ = (_text_address(family, word) for word in words[:2])
        except ValueError:
            raise BadHeaderError("the PROXY header has an invalid address") from None
        return Header(_tcp(source, int(words[2])))

    def _version_2(self) -> Header | None:
        if len(self.rest) < _V2_HEAD.size:
            return None
        _, command, protocol, length = _V2_HEAD.unpack_from(self.rest)
        family = protocol >> 4
        if command not in (_LOCAL, _PROXY) or family not in _ADDRESS_BYTES or protocol & 0x0F > 2:
            raise BadHeaderError("the PROXY header of version 2 has an unknown command or address family")
        end = _V2_HEAD.size + length
        if len(self.rest) < end:
            return None
        body, self.rest = self.rest[_V2_HEAD.size : end], self.rest[end:]
        if command == _LOCAL:  # 2.2: all that follows is to be skipped
            return OWN
        # 2.2: without a family or a transport the addresses are to be ignored.
        size = _ADDRESS_BYTES[family if protocol & 0x0F else _UNSPEC]
        if len(body) < size:
            raise BadHeaderError("the PROXY header of version 2 is shorter than its addresses")
        if not size:
            return OWN  # nothing says where those addresses end and the values after them begin
        return Header(_binary_address(family, body), _says_tls(body[size:]))


def _is_port(word: bytes) -> bool:
    return _PORT.fullmatch(word) is not None and int(word) < 1 << 16


def _text_address(family: bytes, word: bytes) -> IPv4 | IPv6:
    text = word.decode("ascii")
    if family == b"TCP4":
        return IPv4(text)
    found = IPv6(text)
    if found.scope_id is not None:
        raise ValueError("an address with a zone is one of this machine alone")
    return found


def _tcp(address: IPv4 | IPv6, port: int) -> Source:
    if isinstance(address, IPv6):
        if address.ipv4_mapped is None:
            return IPv6Address("TCP", str(address), port)
        address = address.ipv4_mapped
    return IPv4Address("TCP", str(address), port)


def _binary_address(family: int, data: bytes) -> Source:
    if family == _INET:
        return _tcp(IPv4(data[:4]), int.from_bytes(data[8:10]))
    if family == _INET6:
        return _tcp(IPv6(data[:16]), int.from_bytes(data[32:34]))
    return UNIXAddress(data[:108].rstrip(b"\0") or None)


def _says_tls(data: bytes) -> bool:
    """Return whether the values after the addresses say that the client speaks TLS.

    Raise `BadHeaderError` if one is cut.
    """
    tls = False
    while data:
        if len(data) < _TLV.size:
            raise BadHeaderError("the PROXY header of version 2 ends within a value")
        kind, length = _TLV.unpack_from(data)
        value, data = data[_TLV.size : _TLV.size + length], data[_TLV.size + length :]
        if len(value) < length or (kind == _TLS_TYPE and length < _TLS.size):
            raise BadHeaderError("the PROXY header of version 2 ends within a value")
        if kind == _TLS_TYPE:
            tls = bool(_TLS.unpack_from(value)[0] & _CLIENT_TLS)
    return tls
