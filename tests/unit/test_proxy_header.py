"""The PROXY header: every form that its description has, in any segments, and what is none."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from chatd.edges.proxy_header import MAX_LINE_BYTES, OWN, BadHeaderError, Header, HeaderReader

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
INET, INET6, UNIX = 0x10, 0x20, 0x30
STREAM, DATAGRAM = 1, 2
SHORT = ip_address("192.0.2.1").packed + ip_address("198.51.100.9").packed + struct.pack("!HH", 4000, 10319)
LONG = ip_address("2001:db8::7").packed + ip_address("2001:db8::1").packed + struct.pack("!HH", 65535, 10319)
MAPPED = ip_address("::ffff:192.0.2.1").packed + ip_address("::ffff:198.51.100.9").packed + struct.pack("!HH", 1, 2)
PATHS = b"/run/a".ljust(108, b"\0") + b"/run/b".ljust(108, b"\0")
LONGEST_PATHS = b"/" + b"a" * 107 + b"/" + b"b" * 107

FOUR = Header(IPv4Address("TCP", "192.0.2.1", 4000))
SIX = Header(IPv6Address("TCP", "2001:db8::7", 65535))


def v2(command: int, protocol: int, body: bytes = b"") -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, protocol, len(body)) + body


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def tls(client: int, *values: bytes) -> bytes:
    return tlv(0x20, struct.pack("!BL", client, 0) + b"".join(values))


VERSION = tlv(0x21, b"TLSv1.3")
LONGEST_LINE = (
    b"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
)

GOOD = {
    "v1 IPv4": (b"PROXY TCP4 192.0.2.1 198.51.100.9 4000 10319\r\n", FOUR),
    "v1 IPv6": (b"PROXY TCP6 2001:db8::7 2001:db8::1 65535 10319\r\n", SIX),
    "v1 IPv6 upper case": (b"PROXY TCP6 2001:DB8:0:0:0:0:0:7 ::1 65535 10319\r\n", SIX),
    "v1 least port": (b"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", Header(IPv4Address("TCP", "0.0.0.0", 0))),
    "v1 longest IPv4": (
        b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
        Header(IPv4Address("TCP", "255.255.255.255", 65535)),
    ),
    "v1 UNKNOWN, as nginx sends it": (b"PROXY UNKNOWN\r\n", OWN),
    "v1 UNKNOWN with addresses": (b"PROXY UNKNOWN 192.0.2.1 198.51.100.9 4000 10319\r\n", OWN),
    "v1 UNKNOWN with anything": (b"PROXY UNKNOWN  \0\n\r\xff TCP4\r\n", OWN),
    "v1 longest": (LONGEST_LINE, OWN),
    "v2 LOCAL, as in a health check": (v2(LOCAL, 0), OWN),
    "v2 LOCAL with addresses": (v2(LOCAL, INET | STREAM, SHORT), OWN),
    "v2 LOCAL with what is none": (v2(LOCAL, INET | STREAM, b"x"), OWN),
    "v2 LOCAL that says TLS": (v2(LOCAL, INET | STREAM, SHORT + tls(1)), OWN),
    "v2 UNSPEC": (v2(PROXY, 0), OWN),
    "v2 UNSPEC with what is unknown": (v2(PROXY, 0, b"anything"), OWN),
    "v2 a family without a transport": (v2(PROXY, INET, SHORT), OWN),
    "v2 a transport without a family": (v2(PROXY, STREAM, SHORT), OWN),
    "v2 IPv4": (v2(PROXY, INET | STREAM, SHORT), FOUR),
    "v2 IPv4 datagrams": (v2(PROXY, INET | DATAGRAM, SHORT), FOUR),
    "v2 IPv6": (v2(PROXY, INET6 | STREAM, LONG), SIX),
    "v2 IPv6 datagrams": (v2(PROXY, INET6 | DATAGRAM, LONG), SIX),
    "v2 IPv4 over IPv6": (v2(PROXY, INET6 | STREAM, MAPPED), Header(IPv4Address("TCP", "192.0.2.1", 1))),
    "v2 local sockets": (v2(PROXY, UNIX | STREAM, PATHS), Header(UNIXAddress(b"/run/a"))),
    "v2 local datagrams": (v2(PROXY, UNIX | DATAGRAM, PATHS), Header(UNIXAddress(b"/run/a"))),
    "v2 longest paths": (v2(PROXY, UNIX | STREAM, LONGEST_PATHS), Header(UNIXAddress(LONGEST_PATHS[:108]))),
    "v2 no path": (v2(PROXY, UNIX | STREAM, bytes(216)), Header(UNIXAddress(None))),
    "v2 values": (v2(PROXY, INET | STREAM, SHORT + tlv(1, b"h2") + tlv(4, b"") + tlv(0xEA, b"\1vpce-1")), FOUR),
    "v2 TLS": (v2(PROXY, INET | STREAM, SHORT + tls(1)), Header(FOUR.source, tls=True)),
    "v2 TLS among values": (
        v2(PROXY, INET6 | STREAM, LONG + tlv(2, b"chat.example.org") + tls(0b111, VERSION) + tlv(4, bytes(9))),
        Header(SIX.source, tls=True),
    ),
    "v2 TLS over a local socket": (v2(PROXY, UNIX | STREAM, PATHS + tls(1)), Header(UNIXAddress(b"/run/a"), tls=True)),
    "v2 no TLS": (v2(PROXY, INET | STREAM, SHORT + tls(0)), FOUR),
    "v2 a certificate without TLS": (v2(PROXY, INET | STREAM, SHORT + tls(0b110)), FOUR),
    "v2 longest": (v2(PROXY, INET | STREAM, SHORT + tlv(4, bytes(65535 - 12 - 3))), FOUR),
}  # fmt: skip


@pytest.mark.parametrize(("data", "header"), GOOD.values(), ids=GOOD)
def test_what_it_says(data: bytes, header: Header) -> None:
    for follows in (b"", b"JOIN ann\r\n", data):
        reader = HeaderReader()
        assert reader.feed(data + follows) == header
        assert reader.rest == follows


@pytest.mark.parametrize(("data", "header"), GOOD.values(), ids=GOOD)
def test_in_any_segments(data: bytes, header: Header) -> None:
    reader = HeaderReader()
    ends = [*range(1, min(len(data), 300)), len(data)]  # byte by byte, but for what is filled up
    parts = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert [reader.feed(part) for part in parts] == [None] * (len(parts) - 1) + [header]
    assert reader.rest == b""
    for cut in ends:
        reader = HeaderReader()
        found = (reader.feed(data[:cut]), reader.feed(data[cut:] + b"x") if cut < len(data) else header)
        assert found == (header if cut == len(data) else None, header)


@pytest.mark.parametrize(
    "data",
    [
        b"J", b"PING\r\n", b"PROXYING\r\n", b"\n", b"\r\n\r\nJOIN", b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY\r\n", b"PROXY \r\n", b"PROXY UNKNOWNX\r\n", b"PROXY unknown\r\n", b"PROXY  UNKNOWN\r\n",
        b"PROXY TCP4\r\n", b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", b"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 many 2\r\n", b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", b"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 ١ 2\r\n".encode(),
        b"PROXY TCP4 192.0.2.1 nowhere 1 2\r\n", b"PROXY TCP4 nowhere 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n", b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 \xff 192.0.2.2 1 2\r\n",
        LONGEST_LINE[:-2] + b"5\r\n", b"PROXY UNKNOWN".ljust(MAX_LINE_BYTES),
        b"PROXY UNKNOWN " + b"\r" * MAX_LINE_BYTES,
        b"\x16\x03\x01\x02\x00\x01", SIGNATURE[:-1] + b"\r",
        v2(0x11, INET | STREAM, SHORT), v2(0x22, INET | STREAM, SHORT), v2(0x2F, INET | STREAM, SHORT),
        v2(PROXY, 0x40 | STREAM, SHORT), v2(PROXY, INET | 3, SHORT), v2(LOCAL, 0x41),
        v2(PROXY, INET | STREAM, SHORT[:-1]), v2(PROXY, INET6 | STREAM, SHORT), v2(PROXY, UNIX | STREAM, PATHS[:-1]),
        v2(PROXY, INET | STREAM), v2(PROXY, INET | STREAM, SHORT + b"\x04"),
        v2(PROXY, INET | STREAM, SHORT + b"\x04\0\1"),
        v2(PROXY, INET | STREAM, SHORT + tlv(0x20, b"\1\0\0\0")), v2(PROXY, INET | STREAM, SHORT + tls(1)[:-1]),
    ],
)  # fmt: skip
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(BadHeaderError):
        HeaderReader().feed(data)
    reader = HeaderReader()
    with pytest.raises(BadHeaderError):
        for position in range(len(data)):
            assert reader.feed(data[position : position + 1]) is None


def test_a_handshake_in_its_place_is_named() -> None:
    with pytest.raises(BadHeaderError, match="TLS handshake"):
        HeaderReader().feed(b"\x16\x03\x01\x02\x00\x01")
