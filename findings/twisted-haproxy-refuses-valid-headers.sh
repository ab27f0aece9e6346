#!/usr/bin/env bash
# Guess: Twisted's haproxy: endpoint takes every PROXY header that HAProxy's description of them prescribes, in whatever pieces TCP
#     delivers it, since its parsers are fed and keep a buffer.
# Instead: a header of version 2 whose first piece has less than 16 bytes is refused, and one of version 1 whose first piece has less
#     than 8. "PROXY UNKNOWN" with nothing after it, which nginx sends for a client on a local socket, is refused in one piece too. The
#     connection is closed without a word, and nothing is logged.
# Why it matters: a chat server behind nginx is cut off from some clients, and from others when their first segment happens to be
#     short, with nothing to look for. A server that keeps Twisted's parsers has to gather 16 bytes before it feeds them.
# Source: Twisted 26.10.0, twisted/protocols/haproxy/_wrapper.py and _v1parser.py; HAProxy, doc/proxy-protocol.txt, 2.1 and 2.2.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import struct
import sys

import twisted
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory


class Shown(Protocol):
    data = b""

    def dataReceived(self, data):
        type(self).data += data


def taken(*pieces):
    """Return whether what follows the header reaches the protocol."""
    Shown.data = b""
    protocol = HAProxyWrappingFactory(Factory.forProtocol(Shown)).buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    for piece in pieces:
        if not transport.disconnecting:
            protocol.dataReceived(piece)
    return Shown.data == b"JOIN\r\n"


one = b"PROXY TCP4 192.0.2.1 198.51.100.9 4000 10319\r\n"
two = b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH4s4sHH", 0x21, 0x11, 12, b"\xc0\0\2\1", b"\xc6\x33\x64\x09", 4000, 10319)
line = b"JOIN\r\n"
print("Twisted", twisted.__version__)
found = {
    "version 1, whole": taken(one + line),
    "version 1, 7 bytes first": taken(one[:7], one[7:] + line),
    "version 1, 8 bytes first": taken(one[:8], one[8:] + line),
    "version 2, whole": taken(two + line),
    "version 2, 15 bytes first": taken(two[:15], two[15:] + line),
    "version 2, 16 bytes first": taken(two[:16], two[16:] + line),
    "PROXY UNKNOWN with addresses": taken(b"PROXY UNKNOWN ::1 ::1 1 2\r\n" + line),
    "PROXY UNKNOWN alone": taken(b"PROXY UNKNOWN\r\n" + line),
}
for what, is_taken in found.items():
    print(f"{what}: {'taken' if is_taken else 'refused'}")
sys.exit(list(found.values()) != [True, False, True, True, False, True, True, False])
PY
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: valid headers are refused"
