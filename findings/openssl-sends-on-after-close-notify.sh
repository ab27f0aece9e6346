#!/usr/bin/env bash
# Guess: in TLS 1.2 a peer's close_notify ends both directions (RFC 5246, 7.2.1: the other party must respond with one of its own and
#     close down immediately, discarding pending writes), so that OpenSSL answers it by itself, or at least refuses to send data after
#     it. Only in TLS 1.3 (RFC 8446, 6.1) each direction ends alone.
# Instead: OpenSSL does the same in both: it reports the end of the input, sends nothing by itself, and SSL_write goes on until
#     SSL_shutdown. A client of OpenSSL that has sent close_notify reads on, too.
# Why it matters: a chat server that answers what was said before the end of the input, as it does without TLS, can do so for clients
#     of both versions. "printf ... | client" gets its verdict.
# Source: pyOpenSSL 26.4.0 with the OpenSSL 4.0 that cryptography 50 brings; the same with OpenSSL 3.0.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install pyopenssl==26.4.0 cryptography==50.0.2 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import datetime
import sys
from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = datetime.datetime.now(datetime.timezone.utc)
certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(1)).sign(
    key, hashes.SHA256()
)


def show(version, what):
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(version)
    made.set_max_proto_version(version)
    made.use_certificate(certificate)
    made.use_privatekey(key)
    client, server = SSL.Connection(made, None), SSL.Connection(made, None)
    client.set_connect_state()
    server.set_accept_state()

    def deliver(one, other):
        with suppress(SSL.WantReadError):
            other.bio_write(one.bio_read(1 << 16))

    for _ in range(4):
        for one, other in ((client, server), (server, client)):
            with suppress(SSL.WantReadError):
                one.do_handshake()
            deliver(one, other)
    with suppress(SSL.WantReadError):
        client.recv(1)  # what TLS 1.3 sends after the handshake
    client.send(b"WHO\n")
    client.shutdown()
    deliver(client, server)
    asked = server.recv(100)
    try:
        server.recv(100)
        ended = False
    except SSL.ZeroReturnError:
        ended = True
    try:
        server.bio_read(100)
        answers_itself = True
    except SSL.WantReadError:
        answers_itself = False
    server.send(b"ANSWER\n")
    deliver(server, client)
    heard = client.recv(100)
    print(f"{what}: {asked!r}, end {ended}, an answer of its own {answers_itself}, data after it {heard!r}")
    return (ended, answers_itself, heard) == (True, False, b"ANSWER\n")


print(SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode())
sys.exit(not (show(SSL.TLS1_2_VERSION, "TLS 1.2") and show(SSL.TLS1_3_VERSION, "TLS 1.3")))
PY
timeout 30 "$tmp/venv/bin/python" -W ignore "$tmp/show.py"
echo "as described: data goes on after close_notify in both versions"
