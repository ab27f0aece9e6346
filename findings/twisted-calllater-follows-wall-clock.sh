#!/usr/bin/env bash
# Guess: reactor.callLater(2, f) calls f two seconds later whatever happens to the clock of the machine, as asyncio's call_later does.
# Instead: the reactor notes time.time() + 2. When the clock is set back by an hour, f is called an hour and two seconds later, and with it
#     every other pending call.
# Why it matters: a daemon that starts before the clock is right stops pinging silent clients, timing out logins and lifting mutes until
#     the old time is reached again, while messages go on as ever. Deadlines need a monotonic clock, and a timer that is set anew.
# Source: Twisted 26.10.0, twisted/python/runtime.py: seconds is time.time, which twisted/internet/base.py takes for the reactor.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
mkdir "$tmp/debs"
(cd "$tmp/debs" && apt-get -qq download libfaketime 2>/dev/null)
dpkg-deb -f "$tmp"/debs/*.deb Package Version | paste -sd ' '
dpkg-deb -x "$tmp"/debs/*.deb "$tmp/root"
cat >"$tmp/show.py" <<'PY'
import os
import sys
import threading
import time

import twisted
from twisted.internet import reactor

started, called = time.monotonic(), []
back = sys.argv[2] == "back"


def set_back():
    if back:
        with open(sys.argv[1], "w") as file:
            file.write("-3600\n")


def ended():
    took = f"after {called[0]:.1f} s" if called else "not in 6 s"
    left = [f"{call.getTime() - reactor.seconds():.0f} s to go" for call in reactor.getDelayedCalls()]
    print(f"clock {'set back an hour' if back else 'left alone'}: callLater(2) called {took}", *left)
    sys.stdout.flush()
    os._exit(bool(called) == back)


print("Twisted", twisted.__version__, type(reactor).__name__)
reactor.callLater(2, lambda: called.append(time.monotonic() - started))
threading.Timer(0.5, set_back).start()
threading.Timer(6, ended).start()
reactor.run()
PY
fake=$(find "$tmp/root" -name libfaketime.so.1)
for clock in alone back; do
    echo "+0" >"$tmp/clock"
    LD_PRELOAD=$fake FAKETIME_TIMESTAMP_FILE=$tmp/clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
        timeout 30 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp/clock" "$clock"
done
echo "as described: the call is as late as the clock was set back"
