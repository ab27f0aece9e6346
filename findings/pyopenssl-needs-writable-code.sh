#!/usr/bin/env bash
# Guess: a Python server with TLS runs under MemoryDenyWriteExecute=yes of systemd. Nothing in it compiles at run time, cryptography and
#     the bindings of pyOpenSSL are compiled beforehand, and so argon2-cffi, made by the same cffi, does run.
# Instead: pyOpenSSL makes each callback that it gives to OpenSSL by ffi.callback(), which writes a piece of machine code at run time. To
#     import it and to make a Context works; the first callback, such as that of Twisted for the state of the handshake, is a MemoryError.
#     So is it with the cffi of Debian 12.
# Why it matters: a sandbox that was tried without TLS lets a chat server start, and ends it on the day that it gets a certificate.
# Source: pyOpenSSL 26.4.0, OpenSSL/SSL.py: Context.set_info_callback; cffi 2.1.1, "Using the ffi/lib objects", Callbacks (old style).
#     PR_SET_MDWE (Linux 6.3, prctl(2)) refuses what the setting of systemd refuses, without systemd.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install pyopenssl==26.4.0 cffi==2.1.1 argon2-cffi==25.1.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import ctypes
import platform
import sys
from importlib.metadata import version

print("Linux", platform.release(), *(f"{name} {version(name)}" for name in ("pyopenssl", "cffi", "argon2-cffi")))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    print("this kernel has no PR_SET_MDWE")
    sys.exit(2)

import argon2
from OpenSSL import SSL

print("argon2:", argon2.PasswordHasher(memory_cost=1024).hash("word")[:9])
context = SSL.Context(SSL.TLS_METHOD)
print("a context is made")
try:
    context.set_info_callback(lambda *_: None)
except MemoryError as error:
    print("MemoryError:", str(error).partition(".")[0])
    print("as described")
    sys.exit(0)
print("not any more as described")
sys.exit(1)
PY
timeout 30 "$tmp/venv/bin/python" "$tmp/show.py"
