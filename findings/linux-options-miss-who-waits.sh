#!/usr/bin/env bash
# Guess: options set on a listening socket before the first accept() hold for every connection that is accepted: tcp(7) says that they are
#     "inherited by the socket returned by accept(2), if it was set on the listening socket" (there of one option, "like many others").
# Instead: Linux copies the options when the handshake is done, not at accept(). Who connected before they were set and waits in the backlog
#     is accepted without them, with the defaults: no keepalive, no TCP_NODELAY.
# Why it matters: a daemon that systemd starts for the first connection gets that very connection, and all that came while it was started,
#     without its keepalive: dead clients among them never leave. Set the options on each connection, or in the .socket unit.
# Source: Linux 6.18 with Twisted 26.10.0, observed; sk_clone_lock in net/core/sock.c, called when the last packet of the handshake comes.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import platform
import socket
import sys

import twisted
from twisted.internet import protocol, reactor

OPTIONS = {
    "SO_KEEPALIVE": (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    "TCP_KEEPIDLE": (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    "TCP_NODELAY": (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    "TCP_USER_TIMEOUT": (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30000),
}
print("Linux", platform.release(), "Twisted", twisted.__version__)
seen = {}


class Talk(protocol.Protocol):
    def connectionMade(self):
        handle = self.transport.getHandle()
        who = names[self.transport.getPeer().port]
        seen[who] = {name: handle.getsockopt(level, option) for name, (level, option, _) in OPTIONS.items()}
        if len(seen) == len(names):
            reactor.stop()


listening = socket.create_server(("127.0.0.1", 0))  # as systemd does before it starts the daemon
listening.setblocking(False)
clients = [socket.create_connection(listening.getsockname(), 5)]
port = reactor.adoptStreamPort(listening.fileno(), socket.AF_INET, protocol.Factory.forProtocol(Talk))
for level, option, value in OPTIONS.values():
    listening.setsockopt(level, option, value)
clients.append(socket.create_connection(listening.getsockname(), 5))
names = {client.getsockname()[1]: who for client, who in zip(clients, ("connected before", "connected after"))}
reactor.callLater(10, reactor.stop)
reactor.run()
for who, values in sorted(seen.items(), reverse=True):
    print(f"{who} the options were set:", *(f"{name}={value}" for name, value in values.items()))
wanted = {name: value for name, (_, _, value) in OPTIONS.items()}
before, after = seen.get("connected before", wanted), seen.get("connected after")
sys.exit(after != wanted or any(before[name] == wanted[name] for name in wanted))
PY
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: accepted after the options were set, and yet without them"
