#!/usr/bin/env bash
# Guess: a TLS server of Twisted that names no application protocols takes no part in ALPN: whatever a client offers is ignored, as RFC
#     7301 allows and as OpenSSL and Python's ssl do.
# Instead: a client that offers anything (curl does, ncat and openssl s_client when asked to) is sent the alert internal_error, and there is
#     no connection. Twisted always installs a callback, and where nothing overlaps that returns b"", which pyOpenSSL takes for an error.
# Why it matters: a chat server that speaks lines over TLS is not reached by clients and proxies that offer ALPN by habit, and the log
#     says nothing of it.
# Source: Twisted 26.10.0, twisted/internet/_sslverify.py: setupForALPN; pyOpenSSL 26.4.0, OpenSSL/SSL.py: _ALPNSelectHelper.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 pyopenssl==26.4.0 service-identity==26.1.0 cryptography==49.0.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import ssl
import sys
from datetime import UTC, datetime, timedelta

import OpenSSL
import twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import endpoints, protocol, reactor, threads

print("Twisted", twisted.__version__, "pyOpenSSL", OpenSSL.__version__)
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = datetime.now(UTC)
certificate = (
    x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(key, hashes.SHA256())
)
form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
with open("key.pem", "wb") as file:
    file.write(key.private_bytes(*form) + certificate.public_bytes(form[0]))


class Greeter(protocol.Protocol):
    def connectionMade(self):
        self.transport.write(b"hello\r\n")


def connect(port, offered):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if offered:
        context.set_alpn_protocols(offered)
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), 10) as plain, context.wrap_socket(plain) as client:
            return client.recv(100)
    except ssl.SSLError as error:
        return error.reason


def try_both(port):
    number = port.getHost().port
    return [connect(number, offered) for offered in ([], ["http/1.1"])]


def listening(port):
    return threads.deferToThread(try_both, port)


def show(seen):
    print("without ALPN:", seen[0])
    print("offering http/1.1:", seen[1])
    results.extend(seen)
    reactor.stop()


results = []
endpoint = endpoints.serverFromString(reactor, "ssl:0:privateKey=key.pem:interface=127.0.0.1")
endpoint.listen(protocol.Factory.forProtocol(Greeter)).addCallback(listening).addBoth(show)
reactor.callLater(20, reactor.stop)
reactor.run()
sys.exit(results != [b"hello\r\n", "TLSV1_ALERT_INTERNAL_ERROR"])
PY
cd "$tmp"
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: who offers a protocol is sent away"
