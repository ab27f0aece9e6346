#!/usr/bin/env bash
# Guess: Debian's netcat ends when the server has closed the connection, as telnet and socat do, or at the latest with -N or -q 0,
#     which are there to end it; and whoever reads its output sees the end of that.
# Instead: while its own input goes on it stays, and keeps its output open, with -N, -q 0 and -W too. Only -w ends it, which
#     ends a connection that is merely silent as well. After a reset instead of a close it does end.
# Why it matters: "coproc nc host port" in a script that answers in a chat waits for ever for a server that was restarted, and so does
#     "tail -F log | nc host port" while nothing is logged. bash's own /dev/tcp and socat end with the connection.
# Source: netcat-openbsd 1.219-1 and socat 1.7.4.4 of Debian 12, observed.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/debs"
(cd "$tmp/debs" && apt-get -qq download netcat-openbsd socat libwrap0 libbsd0 libmd0 libssl3 2>/dev/null)
for deb in "$tmp"/debs/*.deb; do
    dpkg-deb -f "$deb" Package Version | paste -sd ' '
    dpkg-deb -x "$deb" "$tmp/root"
done
cat >"$tmp/show.py" <<'PY'
import os
import select
import socket
import struct
import subprocess
import sys

tmp = sys.argv[1]


def ends(command, reset=False):
    """Return whether a program whose input goes on ends its output within three seconds after the server's end."""
    server = socket.create_server(("127.0.0.1", 0))
    command = [word.replace("PORT", str(server.getsockname()[1])) for word in command]
    environment = {**os.environ, "LD_LIBRARY_PATH": f"{tmp}/root/usr/lib/x86_64-linux-gnu"}
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    server.settimeout(10)
    conn, _ = server.accept()
    conn.sendall(b"BYE\n")
    assert client.stdout.read(4) == b"BYE\n"
    if reset:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()
    server.close()
    ended = bool(select.select([client.stdout], [], [], 3)[0]) and not client.stdout.read(1)
    client.kill()
    client.wait()
    return ended


nc = f"{tmp}/root/bin/nc.openbsd"
found = {
    "nc": ends([nc, "127.0.0.1", "PORT"]),
    "nc -N": ends([nc, "-N", "127.0.0.1", "PORT"]),
    "nc -q 0": ends([nc, "-q", "0", "127.0.0.1", "PORT"]),
    "nc -W 9": ends([nc, "-W", "9", "127.0.0.1", "PORT"]),
    "nc -w 1": ends([nc, "-w", "1", "127.0.0.1", "PORT"]),
    "nc, reset": ends([nc, "127.0.0.1", "PORT"], reset=True),
    "socat": ends([f"{tmp}/root/usr/bin/socat", "-", "TCP:127.0.0.1:PORT"]),
    "bash": ends(["bash", "-c", "exec cat </dev/tcp/127.0.0.1/PORT"]),
}
for what, ended in found.items():
    print(f"{what}: {'ends' if ended else 'stays'}")
sys.exit(list(found.values()) != [False, False, False, False, True, True, True, True])
PY
timeout 60 python3 "$tmp/show.py" "$tmp"
echo "as described: netcat outlives the connection while its input goes on"
