#!/usr/bin/env bash
# Guess: behind Twisted's haproxy: endpoint a protocol is made when the PROXY header has been read, so that buildProtocol and
#     connectionMade already see the client's address.
# Instead: both run as soon as the proxy connects, with the proxy's address, and what connectionMade writes is sent before any header
#     came. getPeer() tells another address from the first dataReceived on.
# Why it matters: a chat server greets first. One that looks up bans and counts connections per address where Twisted's own examples
#     do, in buildProtocol or connectionMade, does so for the proxy: all clients share one limit, and no ban ever matches.
# Source: Twisted 26.10.0, twisted/protocols/haproxy/_wrapper.py: HAProxyProtocolWrapper overrides dataReceived, getPeer and getHost,
#     but inherits makeConnection of twisted.protocols.policies.ProtocolWrapper.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import socket
import sys

import twisted
from twisted.internet import endpoints, protocol, reactor, threads

seen = []


class Shown(protocol.Protocol):
    def connectionMade(self):
        seen.append(("connectionMade", self.transport.getPeer().host))
        self.transport.write(b"hello\r\n")

    def dataReceived(self, data):
        seen.append(("dataReceived", self.transport.getPeer().host))
        self.transport.loseConnection()


class Made(protocol.Factory):
    def buildProtocol(self, addr):
        seen.append(("buildProtocol", addr.host))
        return Shown()


def proxy(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as conn:
        seen.append(("greeting before the header", conn.recv(100).decode().strip()))
        conn.sendall(b"PROXY TCP4 192.0.2.7 198.51.100.1 5000 6000\r\nJOIN\r\n")
        conn.recv(100)


def listening(port):
    threads.deferToThread(proxy, port.getHost().port).addBoth(lambda result: (print(result or ""), reactor.stop()))


print("Twisted", twisted.__version__)
endpoints.serverFromString(reactor, "haproxy:tcp:0:interface=127.0.0.1").listen(Made()).addCallback(listening)
reactor.run()
for what, value in seen:
    print(f"{what}: {value}")
sys.exit(seen != [("buildProtocol", "127.0.0.1"), ("connectionMade", "127.0.0.1"),
                  ("greeting before the header", "hello"), ("dataReceived", "192.0.2.7")])
PY
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: the proxy's address until the first dataReceived"
