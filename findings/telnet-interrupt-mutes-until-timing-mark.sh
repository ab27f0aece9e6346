#!/usr/bin/env bash
# Guess: Ctrl-C in telnet either ends the program or sends one byte (or IAC IP), which a server that does not know it skips.
# Instead: inetutils' telnet sends IAC IP and IAC DO TIMING-MARK, and from then on throws away all that the server sends until
#     IAC WILL or WONT TIMING-MARK comes back. It still sends what the user types.
# Why it matters: a server that strips telnet commands without answering them seems dead to whoever pressed Ctrl-C once: the person
#     is heard in the room and hears nothing, and no error is on either side. Answer DO TIMING-MARK, even with WONT.
# Source: GNU inetutils 2.4, observed; in telnet it is the toggle autoflush, which is on unless the user says otherwise.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
(cd "$tmp" && apt-get -qq download inetutils-telnet 2>/dev/null)
dpkg-deb -f "$tmp"/*.deb Package Version | paste -sd ' '
dpkg-deb -x "$tmp"/*.deb "$tmp/root"
cat >"$tmp/show.py" <<'PY'
import os
import pty
import select
import signal
import socket
import sys
import time

server = socket.create_server(("127.0.0.1", 0))
child, screen = pty.fork()
if child == 0:
    os.execv(sys.argv[1], ["telnet", "127.0.0.1", str(server.getsockname()[1])])
server.settimeout(10)
conn, _ = server.accept()
conn.settimeout(5)


def shown(seconds):
    data, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([screen], [], [], left)[0]:
            data += os.read(screen, 4096)
    return data


shown(1)
conn.sendall(b"one\r\n")
before = shown(1)
os.write(screen, b"\x03")
got = b""
while not got.endswith(b"\xff\xfd\x06"):
    got += conn.recv(100)
conn.sendall(b"two\r\n")
muted = shown(1.5)
os.write(screen, b"typed\r")
typed = conn.recv(100)
conn.sendall(b"three\r\n")
muted += shown(1.5)
conn.sendall(b"\xff\xfc\x06four\r\n")  # IAC WONT TIMING-MARK
after = shown(1.5)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
print("before Ctrl-C:", before)
print("Ctrl-C sends:", got)
print("shown of two and three:", muted)
print("what is typed meanwhile arrives:", typed)
print("after IAC WONT TIMING-MARK:", after)
sys.exit(not (b"one" in before and got == b"\xff\xf4\xff\xfd\x06" and b"two" not in muted and b"three" not in muted
              and typed == b"typed\r\n" and b"four" in after))
PY
timeout 60 python3 "$tmp/show.py" "$tmp/root/usr/bin/inetutils-telnet"
echo "as described: mute from Ctrl-C until the answer to TIMING-MARK"
