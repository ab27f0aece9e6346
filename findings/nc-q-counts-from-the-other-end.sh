#!/usr/bin/env bash
# Guess: "nc -q SECONDS" leaves so long after the end of its input, in both of Debian's netcats, as both manuals say: with -q 1 it is gone
#     after a second, whatever the server does.
# Instead: only the traditional one does. The OpenBSD one (the default) says at the end of input that it will send no more, waits for the
#     server to close, however long that takes, and starts to count then: -q 1 outlives a server that takes its time, and -q 3
#     makes each call three seconds longer than the conversation was.
# Why it matters: "printf ... | nc -q 1 host port" is the usual line in a script that says something in a room. With the one netcat it gives
#     up on an answer that takes longer; with the other it hangs on a server that does not close when its client has half
#     closed, as chat servers that only wait for QUIT do. No number of seconds does the same with both: say QUIT, and close on half-close.
# Source: Debian's netcat-openbsd 1.219-1 and netcat-traditional 1.10-47, observed.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/debs"
(cd "$tmp/debs" && apt-get -qq download netcat-openbsd netcat-traditional 2>/dev/null)
for deb in "$tmp"/debs/*.deb; do
    dpkg-deb -f "$deb" Package Version | paste -sd ' '
    dpkg-deb -x "$deb" "$tmp/root"
done
cat >"$tmp/show.py" <<'PY'
import socket
import subprocess
import sys
import threading
import time


def run(netcat, quits, closes):
    """Return how long netcat runs and whether it had the answer of a server that answers and closes after so long."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        conn, _ = server.accept()
        with conn:
            conn.recv(100)
            time.sleep(closes)
            conn.sendall(b"ANSWER\n")

    thread = threading.Thread(target=serve)
    thread.start()
    started = time.monotonic()
    done = subprocess.run([f"{sys.argv[1]}/bin/nc.{netcat}", "-q", str(quits), "127.0.0.1", str(server.getsockname()[1])],
                          input=b"WHO\n", capture_output=True, timeout=30)
    took = time.monotonic() - started
    thread.join()
    print(f"nc.{netcat} -q {quits}, server closes after {closes} s: {took:.1f} s, answer {b'ANSWER' in done.stdout}")
    return took, b"ANSWER" in done.stdout


openbsd, longer = run("openbsd", 1, 4), run("openbsd", 3, 1)
traditional, shorter = run("traditional", 1, 4), run("traditional", 3, 1)
sys.exit(not (openbsd[0] > 3.8 and openbsd[1] and longer[0] > 3.5 and traditional[0] < 2.5 and not traditional[1]
              and shorter[0] < 2.5 and shorter[1]))
PY
timeout 100 python3 "$tmp/show.py" "$tmp/root"
echo "as described: the OpenBSD netcat counts from the server's close"
