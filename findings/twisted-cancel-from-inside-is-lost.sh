#!/usr/bin/env bash
# Guess: a coroutine that cancels the Deferred of its own run gets a CancelledError at its next await, as an asyncio task does that cancels itself.
# Instead: the call does nothing. The coroutine runs on as if nobody had cancelled it, and its Deferred fires with what it returns. Only while the
#     coroutine waits for another Deferred does cancel() reach it; from inside, there is none that it waits for.
# Why it matters: a bot's handler may stop the bot, and stopping cancels the handler that is under way and waits for its end. Where that is the very
#     handler that asked, it waits for itself for ever. Whoever offers a stop() remembers which run calls it, and lets that one end by itself.
# Source: Twisted 26.10.0, twisted/internet/defer.py: _handleCancelInlineCallbacks cancels what _CancellationStatus.waitingOn names, which is None
#     while the coroutine's own code runs.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install twisted==26.10.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import asyncio

import twisted
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock, deferLater


async def work(pause, cancel, errors):
    await pause()
    cancel()
    try:
        await pause()
    except errors:
        return "cancelled at the next await"
    return "went on to its end"


def in_twisted(*, from_inside):
    clock = Clock()
    results = []
    cancel = (lambda: run.cancel()) if from_inside else lambda: None
    run = Deferred.fromCoroutine(work(lambda: deferLater(clock, 1), cancel, CancelledError))
    run.addBoth(results.append)
    clock.advance(1)
    if not from_inside:
        run.cancel()  # while it waits
    clock.advance(1)
    return results[0]


async def in_asyncio():
    task = asyncio.ensure_future(work(lambda: asyncio.sleep(0), lambda: task.cancel(), asyncio.CancelledError))
    return await task


print("Twisted", twisted.__version__)
seen = asyncio.run(in_asyncio()), in_twisted(from_inside=False), in_twisted(from_inside=True)
for who, what in zip(("asyncio, from inside", "Twisted, from outside", "Twisted, from inside"), seen):
    print(f"{who}: {what}")
cancelled = "cancelled at the next await"
assert seen == (cancelled, cancelled, "went on to its end"), seen
PY
"$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: a coroutine's own cancel() is lost"
