#!/usr/bin/env bash
# Guess: "printf ... | CLIENT" over TLS behaves as the same program does without TLS: ncat, which without TLS says that it sends no more
#     and waits for the answer, does so with --ssl; the others either all wait or all leave.
# Instead: each does its own. gnutls-cli sends close_notify and waits for the answer. openssl s_client and socat send it too, but leave
#     (socat after half a second). openssl s_client -quiet waits but never says that the input ended. ncat --ssl leaves at once,
#     and without close_notify, so that the server sees a torn connection instead of an end.
# Why it matters: a server that answers after the end of a client's input serves netcat's users without TLS and fails some of them with it,
#     and cannot do anything about that: what one tells them to use decides. Over TLS a script has to send QUIT and keep its input open.
# Source: OpenSSL 3.0, GnuTLS 3.7.9, socat 1.7.4.4 and ncat 7.93 of Debian 12, observed.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/debs"
command -v openssl >/dev/null || { echo "this one needs openssl for a certificate" >&2; exit 2; }
(cd "$tmp/debs" && apt-get -qq download openssl libssl3 gnutls-bin ncat libpcap0.8 liblua5.3-0 socat libwrap0 2>/dev/null)
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


def run(tls, *command):
    server, seen = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        conn, _ = server.accept()
        try:
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(f"{tmp}/cert.pem", f"{tmp}/key.pem")
                conn = context.wrap_socket(conn, server_side=True, suppress_ragged_eofs=False)
            conn.recv(100)
            conn.settimeout(1.5)
            try:
                seen.append("end" if not conn.recv(100) else "more")
            except TimeoutError:
                seen.append("nothing")
            except OSError:
                seen.append("torn")
            time.sleep(1.5)
            conn.sendall(b"ANSWER\n")
        except OSError:
            pass
        finally:
            conn.close()

    thread = threading.Thread(target=serve)
    thread.start()
    port = str(server.getsockname()[1])
    command = [f"{tmp}/root/usr/bin/{command[0]}", *(arg.replace("PORT", port) for arg in command[1:])]
    done = subprocess.run(command, input=b"WHO\n", capture_output=True, timeout=30,
                          env={**os.environ, "LD_LIBRARY_PATH": libraries})
    thread.join()
    result = (seen[0] if seen else "no line", b"ANSWER" in done.stdout)
    print(f"{os.path.basename(command[0])} {' '.join(command[1:3])}: the server sees {result[0]}, answer received: {result[1]}")
    return result


found = [
    run(False, "ncat", "127.0.0.1", "PORT"),
    run(True, "ncat", "--ssl", "127.0.0.1", "PORT"),
    run(True, "gnutls-cli", "--insecure", "--port", "PORT", "127.0.0.1"),
    run(True, "socat", "-", "OPENSSL:127.0.0.1:PORT,verify=0"),
    run(True, "openssl", "s_client", "-connect", "127.0.0.1:PORT"),
    run(True, "openssl", "s_client", "-quiet", "-connect", "127.0.0.1:PORT"),
]
sys.exit(found != [("end", True), ("torn", False), ("end", True), ("end", False), ("end", False), ("nothing", True)])
PY
timeout 100 python3 "$tmp/show.py" "$tmp"
echo "as described: five ways to end"
