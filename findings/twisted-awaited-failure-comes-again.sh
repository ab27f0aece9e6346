#!/usr/bin/env bash
# Guess: a coroutine that awaits a Deferred and catches its exception has handled the failure, as an errback that returns None does: who waits
#     for the same Deferred afterwards finds it fired and in order.
# Instead: awaiting a Deferred that has failed takes nothing off it. It is not reported as unhandled, but the failure stays its result: each
#     later callback gets it, a DeferredList too, and if that does not handle it, it is an unhandled error in the log after all. After an errback
#     the same callbacks get None.
# Why it matters: a client's run() awaits the end of its connection and says why it ended; its shutdown trigger then returns the same Deferred
#     to have the reactor wait for the end. The error that was told is logged a second time, with a traceback, while the process ends. Whoever
#     gives a Deferred to two parties makes one for each.
# Source: Twisted 26.10.0, twisted/internet/defer.py: Deferred.__await__ raises the failure and clears it only from what reports it, not from result.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import gc

import twisted
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import globalLogPublisher

logged = []
globalLogPublisher.addObserver(lambda event: logged.append(event) if event.get("log_failure") else None)


def failed():
    deferred = Deferred()
    deferred.errback(ConnectionError("the server has gone"))
    return deferred


async def catch(deferred):
    try:
        await deferred
    except ConnectionError:
        pass


def handled_by_errback(deferred):
    deferred.addErrback(lambda failure: None)


def handled_by_await(deferred):
    Deferred.fromCoroutine(catch(deferred))


def show(handle, *, waited_for_again):
    logged.clear()
    deferred = failed()
    handle(deferred)
    result = type(deferred.result).__name__
    if waited_for_again:
        DeferredList([deferred])
    del deferred
    gc.collect()
    again = "waited for again" if waited_for_again else "left alone"
    print(f"{handle.__name__}, {again}: the result is {result}; unhandled errors in the log: {len(logged)}")
    return result, len(logged)


print("Twisted", twisted.__version__)
seen = [show(handle, waited_for_again=again) for handle in (handled_by_errback, handled_by_await) for again in (False, True)]
assert seen == [("NoneType", 0), ("NoneType", 0), ("Failure", 0), ("Failure", 1)], seen
PY
"$tmp/venv/bin/python" "$tmp/show.py" 2>/dev/null  # the log says the error again
echo "as described: an awaited failure comes again"
