#!/usr/bin/env bash
# Guess: a client that shuts down its sending side after a whole request (nc -N, ncat, socat do when their input ends) still gets the
#     answer: HTTP needs nothing more from it.
# Instead: twisted.web answers only what it can answer in the same moment. Of an answer that comes a moment later nothing is sent: the
#     end of the input is taken for the loss of the connection, which is closed, and the request's notifyFinish fails.
# Why it matters: what was posted from a script with nc is stored, and the script is told nothing, so it says it again.
# Source: Twisted 26.10.0, twisted/web/http.py: HTTPChannel does not provide IHalfCloseableProtocol; twisted/internet/tcp.py: readConnectionLost.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import socket
import sys

import twisted
from twisted.internet import reactor, threads
from twisted.web import resource, server

print("Twisted", twisted.__version__)


class Page(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        if request.path == b"/now":
            return b"done"
        ended = []
        request.notifyFinish().addErrback(ended.append)
        reactor.callLater(0.5, lambda: ended or (request.write(b"done"), request.finish()))
        return server.NOT_DONE_YET


def ask(port, path, shut):
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path)
        if shut:
            client.shutdown(socket.SHUT_WR)
        data = b""
        while piece := client.recv(4096):
            data += piece
    return b"done" in data


def ask_all():
    return [ask(port.getHost().port, *how) for how in ((b"/now", True), (b"/later", False), (b"/later", True))]


def show(seen):
    for what, got in zip(("at once, half closed", "later, open", "later, half closed"), seen):
        print(f"{what}:", "answered" if got else "nothing")
    results.extend(seen)
    reactor.stop()


results = []
port = reactor.listenTCP(0, server.Site(Page()), interface="127.0.0.1")
threads.deferToThread(ask_all).addBoth(show)
reactor.callLater(20, reactor.stop)
reactor.run()
sys.exit(results != [True, True, False])
PY
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: an answer that takes a moment does not reach a client that has closed its side"
