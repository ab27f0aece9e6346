#!/usr/bin/env bash
# Guess: what is written to a transport after loseConnection() is dropped, over TCP as over TLS: it sends what is pending, and ends.
# Instead: over TCP and on local sockets all that is written until the buffer is found empty goes out as well, seconds later if the client
#     is slow to read, and the connection stays open as long. Over TLS the very first write after it is dropped.
# Why it matters: a client that was sent away still hears its room, and is not closed while more is said there than it reads; a protocol
#     that says its last words after loseConnection() works until it is served over TLS. One needs a flag of one's own.
# Source: Twisted 26.10.0, twisted/internet/abstract.py: FileDescriptor.write asks only whether it is connected;
#     twisted/protocols/tls.py: TLSMemoryBIOProtocol.write asks whether it is disconnecting, too.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 pyopenssl==26.4.0 service-identity==26.1.0 cryptography==49.0.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import socket
import ssl
import sys
import time
from datetime import UTC, datetime, timedelta

import OpenSSL
import twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import defer, endpoints, protocol, reactor, threads

print("Twisted", twisted.__version__, "pyOpenSSL", OpenSSL.__version__)
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = datetime.now(UTC)
certificate = (
    x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(key, hashes.SHA256())
)
form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
with open("key.pem", "wb") as file:
    file.write(key.private_bytes(*form) + certificate.public_bytes(form[0]))


class Room(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(b"history\n" * 5_000_000)  # more than the buffers of the kernel hold
        self.transport.loseConnection()
        self.transport.write(b"at once\n")
        reactor.callLater(1, self.transport.write, b"a second later\n")


def talk(kind, port):
    if kind == "local":
        client = socket.socket(socket.AF_UNIX)
        client.connect("room.sock")
    else:
        client = socket.create_connection(("127.0.0.1", port.getHost().port))
    client.settimeout(20)
    if kind == "TLS":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = context.wrap_socket(client)
    with client:
        client.sendall(b"QUIT\n")
        time.sleep(2)  # a client that is slow to read
        tail = b""
        while data := client.recv(65536):
            tail = (tail + data)[-100:]
    return tail.rpartition(b"history\n")[2]


async def show():
    for kind, where in (("TCP", "tcp:0:interface=127.0.0.1"), ("local", "unix:room.sock"),
                        ("TLS", "ssl:0:privateKey=key.pem:interface=127.0.0.1")):
        endpoint = endpoints.serverFromString(reactor, where)
        port = await endpoint.listen(protocol.Factory.forProtocol(Room))
        seen[kind] = await threads.deferToThread(talk, kind, port)
        print(f"{kind}, sent of what was written after loseConnection():", seen[kind])


seen = {}
defer.ensureDeferred(show()).addBoth(lambda result: (result and print(result), reactor.stop()))
reactor.callLater(60, reactor.stop)
reactor.run()
sent = b"at once\na second later\n"
sys.exit(seen != {"TCP": sent, "local": sent, "TLS": b""})
PY
cd "$tmp"
timeout 90 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: over TCP it is sent, over TLS it is dropped"
