#!/usr/bin/env bash
# Guess: reactor.run() treats SIGINT and SIGTERM alike: it either takes over both from handlers that the program has set before, or leaves both.
# Instead: it keeps a program's own handler of SIGINT and replaces that of SIGTERM. SIGHUP it leaves alone. With SIGINT set to its system default, which
#     ends a process at once, it keeps that too, and Ctrl-C ends the process without any shutdown.
# Why it matters: a daemon that looks after signals from its first moment, before the reactor runs, has both handled by one function of its own. Started
#     so, it stops cleanly for SIGTERM and never for Ctrl-C. Before the reactor runs it gives SIGINT back to Python's own handler.
# Source: Twisted 26.10.0, twisted/internet/_signals.py: _WithSignalHandling.install compares SIGINT's handler with signal.default_int_handler.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import signal

import twisted
from twisted.internet import reactor

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
seen = {}


def own(*_):
    pass


def look():
    for name in NAMES:
        seen[name] = signal.getsignal(getattr(signal, name)) is own
        print(f"{name}: {'still handled by the program' if seen[name] else 'handled by the reactor'}")
    reactor.stop()


print("Twisted", twisted.__version__)
for name in NAMES:
    signal.signal(getattr(signal, name), own)
reactor.callWhenRunning(look)
reactor.run()
assert seen == {"SIGINT": True, "SIGTERM": False, "SIGHUP": True}, seen
PY
"$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: of two handlers the reactor replaces one"
