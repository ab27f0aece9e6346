#!/usr/bin/env bash
# Guess: "ncat --ssl" ends when the server says by close_notify that nothing follows: that is the end of input in TLS.
# Instead: if close_notify arrives together with data, ncat passes the data on, forgets the end that it has read with it, and waits for
#     TCP to end too. If close_notify comes by itself, it ends at once.
# Why it matters: a chat server that says BYE and close_notify, and then waits for the client's close_notify so as not to reset the
#     connection, waits for ncat, which waits for it. It depends on how the kernel cuts the segments, so that a script hangs now and
#     then. Ending TCP's own output after close_notify helps.
# Source: ncat 7.93 of Debian 12 with OpenSSL 3.0, observed; nmap, nsock/src/nsock_core.c: do_actual_read.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/debs"
command -v openssl >/dev/null || { echo "this one needs openssl for a certificate" >&2; exit 2; }
(cd "$tmp/debs" && apt-get -qq download ncat libpcap0.8 liblua5.3-0 libssl3 2>/dev/null)
for deb in "$tmp"/debs/*.deb; do
    dpkg-deb -f "$deb" Package Version | paste -sd ' '
    dpkg-deb -x "$deb" "$tmp/root"
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/key.pem" -out "$tmp/cert.pem" -subj /CN=localhost -days 2 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

tmp = sys.argv[1]
libraries = f"{tmp}/root/usr/lib/x86_64-linux-gnu"


def serve(server, together, ends_tcp):
    conn, _ = server.accept()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{tmp}/cert.pem", f"{tmp}/key.pem")
    come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(come, go, server_side=True)
    said = b""
    while not said:
        come.write(conn.recv(1 << 16))
        try:
            tls.do_handshake()
            said = tls.read(100)
        except ssl.SSLWantReadError:
            pass
        conn.sendall(go.read())
    time.sleep(0.5)
    tls.write(b"BYE\n")
    if not together:
        conn.sendall(go.read())
        time.sleep(0.5)
    try:
        tls.unwrap()
    except ssl.SSLWantReadError:
        pass
    conn.sendall(go.read())
    if ends_tcp:
        conn.shutdown(socket.SHUT_WR)
    time.sleep(4)
    conn.close()


def ends(together, ends_tcp=False):
    """Return whether ncat ends within three seconds, with what it was sent."""
    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(server, together, ends_tcp))
    thread.start()
    command = [f"{tmp}/root/usr/bin/ncat", "--no-shutdown", "--ssl", "127.0.0.1", str(server.getsockname()[1])]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "LD_LIBRARY_PATH": libraries})
    client.stdin.write(b"QUIT\n")
    client.stdin.close()
    try:
        client.wait(3)
        ended = client.stdout.read() == b"BYE\n"
    except subprocess.TimeoutExpired:
        ended = False
    client.kill()
    client.wait()
    thread.join()
    return ended


found = {"close_notify by itself": ends(False), "with data": ends(True), "with data, then the end of TCP": ends(True, True)}
for what, ended in found.items():
    print(f"{what}: {'ends' if ended else 'waits'}")
sys.exit(list(found.values()) != [True, False, True])
PY
timeout 60 python3 "$tmp/show.py" "$tmp"
echo "as described: close_notify that comes with data is forgotten"
