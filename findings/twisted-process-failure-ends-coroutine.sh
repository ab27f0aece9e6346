#!/usr/bin/env bash
# Guess: a coroutine that awaits getProcessOutputAndValue within try: ... except Exception: lives on whatever becomes of the command: one that a signal
#     ended is a failure with an exception that says so.
# Instead: the failure's value is a tuple (output, errors, signal), which cannot be raised. Where the coroutine was waiting already, the except clause is
#     never reached: the coroutine is given up where it stands, its own Deferred fails with AttributeError ('tuple' object has no attribute
#     'with_traceback'), and so does whatever awaits that. Awaited after the command has ended, the same AttributeError is raised where one awaits.
# Why it matters: a bot runs a command for a message and answers with its exit code or with what went wrong. The first command that the kernel kills for
#     want of memory, or that a timeout kills, ends the handler with an error of something else, and the bot if nothing is around it. Take the failure
#     with addErrback before awaiting.
# Source: Twisted 26.10.0, observed; twisted/internet/utils.py, _EverythingGetter.processEnded, and Failure.throwExceptionIntoGenerator.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import twisted
from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutputAndValue

seen = {}


def run():
    return getProcessOutputAndValue("/bin/sh", ("-c", "kill -9 $$"))


async def guarded(reactor, name, seconds):
    running = run()
    try:
        if seconds:
            await task.deferLater(reactor, seconds)
        output, errors, code = await running
    except Exception as error:
        seen[name] = f"{type(error).__name__} is caught"
    else:
        seen[name] = f"exit code {code}"


async def taken_first():
    taken = run().addErrback(lambda failure: failure.value)
    _, _, number = await taken
    return f"signal {number}"


def ended(name, failure):
    seen[name] = f"not caught; its Deferred fails with {failure.type.__name__}: {failure.value}"


async def main(reactor):
    for name, seconds in (("awaited at once", 0), ("awaited after the command has ended", 1)):
        await Deferred.fromCoroutine(guarded(reactor, name, seconds)).addErrback(lambda failure, name=name: ended(name, failure))
    seen["taken by an errback first"] = await taken_first()


def check(_):
    print("Twisted", twisted.__version__)
    for name, what in seen.items():
        print(f"{name}: {what}")
    return "not caught" in seen["awaited at once"] and seen["taken by an errback first"] == "signal 9"


def start(reactor):
    return Deferred.fromCoroutine(main(reactor)).addCallback(check).addCallback(leave)


def leave(as_described):
    if not as_described:
        raise SystemExit(1)


task.react(start)
PY
timeout 60 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: a tuple is the failure of a command that a signal ended"
