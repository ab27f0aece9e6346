#!/usr/bin/env bash
# Guess: "if reactor.running: reactor.stop()" stops the reactor once and is harmless any number of times: after stop() it runs no longer.
# Instead: running stays true from stop() until all triggers before the shutdown are done, which may take as long as a connection takes to end. A second
#     stop() in that time raises ReactorNotRunning, in a reactor whose running is still true.
# Why it matters: a client that is to quit leaves its servers first and stops the reactor then. If a signal has stopped it meanwhile, leaving them is such
#     a trigger, and at its end the guarded stop() fails with a traceback in the log. Whoever may be second catches ReactorNotRunning.
# Source: Twisted 26.10.0, twisted/internet/base.py: ReactorBase.stop looks at _stopped, and running is set to False by crash(), during the shutdown.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import twisted
from twisted.internet import reactor
from twisted.internet.error import ReactorNotRunning
from twisted.internet.task import deferLater

seen = []


def stop_if_running(when):
    try:
        if reactor.running:
            reactor.stop()
            outcome = "stopped"
        else:
            outcome = "left alone"
    except ReactorNotRunning as error:
        outcome = f"{type(error).__name__}: {error}"
    seen.append(outcome)
    print(f"{when}: {outcome}; running is {reactor.running}")


def leave():
    return deferLater(reactor, 0.1, stop_if_running, "before the shutdown, a moment later")


print("Twisted", twisted.__version__)
reactor.addSystemEventTrigger("before", "shutdown", leave)
reactor.addSystemEventTrigger("after", "shutdown", stop_if_running, "after the shutdown")
reactor.callWhenRunning(stop_if_running, "while it runs")
reactor.run()
assert [outcome.split(":")[0] for outcome in seen] == ["stopped", "ReactorNotRunning", "left alone"], seen
PY
"$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: a reactor that is stopping counts as running and cannot be stopped"
