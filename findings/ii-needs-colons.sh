#!/usr/bin/env bash
# Guess: to a client of IRC, "NICK rob" and "NICK :rob" are the same message, for the colon only marks a last parameter that may hold
#     spaces (RFC 1459 2.3.1; Modern IRC says outright that both forms are to be treated alike). Servers may write either.
# Instead: ii takes what stands behind a colon for the text, and looks nowhere else for it: NICK without one it does not show, and a PING
#     without one it answers by "PONG (null)", so that a server which compares tokens ends the connection.
# Why it matters: a server that leaves the colon out where the grammar lets it passes every test of a suite that parses by the grammar,
#     and loses the simplest client there is. chatd writes the colon before the last parameter of NICK, PING and QUIT.
# Source: ii 1.8 of Debian 12, observed; proc_server_cmd in ii.c cuts the message at the first colon.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/debs"
(cd "$tmp/debs" && apt-get -qq download ii libbsd0 libmd0 2>/dev/null)
for deb in "$tmp"/debs/*.deb; do
    dpkg-deb -f "$deb" Package Version | paste -sd ' '
    dpkg-deb -x "$deb" "$tmp/root"
done
cat >"$tmp/show.py" <<'PY'
import os
import socket
import subprocess
import sys
import time

tmp = sys.argv[1]
server = socket.create_server(("127.0.0.1", 0))
server.settimeout(10)
environment = {**os.environ, "LD_LIBRARY_PATH": f"{tmp}/root/usr/lib/x86_64-linux-gnu"}
command = [f"{tmp}/root/usr/bin/ii", "-s", "127.0.0.1", "-p", str(server.getsockname()[1]), "-n", "ann", "-i", f"{tmp}/irc"]
client = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    connection, _ = server.accept()
    connection.settimeout(10)
    lines = connection.makefile("r", newline="\n")

    def say(line):
        connection.sendall(f"{line}\r\n".encode())

    def hear(command):
        for line in lines:
            if line.startswith(command):
                return line.strip()
        sys.exit(f"{command} did not come")

    hear("USER")
    say(":irc.example.org 001 ann :Welcome")
    answers = {}
    for form in ("PING token", "PING :token"):
        say(form)
        answers[form] = hear("PONG")
    for form in ("NICK rob", "NICK :robert"):
        say(f":bob!bob@example.org {form}")
    say("PING :done")
    hear("PONG")
    shown, end = "", time.monotonic() + 10
    while "robert" not in shown and time.monotonic() < end:
        time.sleep(0.05)
        with open(f"{tmp}/irc/127.0.0.1/out") as out:
            shown = out.read()
finally:
    client.kill()
    client.wait()
names = [line.partition("changed nick to ")[2] for line in shown.splitlines() if "changed nick" in line]
print(f"answers to PING: {answers}")
print(f"names that ii shows after NICK rob and NICK :robert: {names}")
seen = answers["PING :token"] == "PONG token" and answers["PING token"] != "PONG token" and names == ["robert"]
print("as described" if seen else "not any more as described")
sys.exit(not seen)
PY
python3 "$tmp/show.py" "$tmp"
