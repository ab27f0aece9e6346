#!/usr/bin/env bash
# Guess: Twisted's systemd:domain=INET:index=0 needs LISTEN_PID and LISTEN_FDS alone, as sd_listen_fds(3) does, for an index asks for no
#     name; and a domain that is not the socket's own is an error.
# Instead: without LISTEN_FDNAMES, which systemd-socket-activate sets only for --fdname, all sockets are forgotten, and what is said is
#     "IndexError: list index out of range". The variables are removed from the environment as soon as twisted.internet.endpoints is
#     imported, so that nobody else finds them either (/proc/self/environ still has them). And a socket on [::], which is what
#     ListenStream=PORT opens, is adopted with domain=INET without complaint; the address of a peer is then none of its own, and another
#     one each time.
# Why it matters: a chat server's bans and limits go by the address of the peer, and so does what is allowed on this machine alone.
# Source: Twisted 26.10.0, twisted/python/systemd.py: ListenFDs.fromEnvironment; twisted/internet/tcp.py: Port._fromListeningDescriptor.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import os
import socket
import sys

named = sys.argv[1] == "named"
if os.environ.get("LISTEN_PID") != str(os.getpid()):  # as systemd does it: the socket is descriptor 3, and then exec
    listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    os.dup2(listening.fileno(), 3)
    os.set_inheritable(3, True)
    variables = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", **({"LISTEN_FDNAMES": "chat"} if named else {})}
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **variables})

import twisted
from twisted.internet import endpoints, protocol, reactor, threads

print("Twisted", twisted.__version__, "with names" if named else "without")
print("LISTEN_FDS in os.environ:", "LISTEN_FDS" in os.environ)
print("LISTEN_FDS in /proc/self/environ:", b"LISTEN_FDS=1\0" in open("/proc/self/environ", "rb").read())
try:
    endpoint = endpoints.serverFromString(reactor, "systemd:domain=INET:index=0")
except IndexError as error:
    print("IndexError:", error)
    sys.exit(named)
if not named:
    sys.exit(1)
seen = []


class Shown(protocol.Factory):
    def buildProtocol(self, addr):
        seen.append(addr.host)


def listening(port):
    number = socket.socket(fileno=os.dup(port.fileno())).getsockname()[1]
    threads.deferToThread(socket.create_connection, ("127.0.0.1", number), 10).addCallback(lambda client: client.close())
    reactor.callLater(1, reactor.stop)


endpoint.listen(Shown()).addCallback(listening)
reactor.run()
print("a client on 127.0.0.1 has the address", seen)
sys.exit(not seen or "127.0.0.1" in seen[0])
PY
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py" unnamed
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py" named
echo "as described: no sockets without names, and garbage for addresses with the wrong domain"
