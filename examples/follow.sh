#!/bin/bash
# Prints the messages of a room, each once, over restarts of the server: HTTP, curl and jq.
#
#     bash examples/follow.sh '#builds'
#
# CHATD_URL is the server (http://127.0.0.1:10380). After an answer that ended, it asks for what came after the last
# object: its id and the epoch beside it. A line without an event, such as an error, goes to standard error.

url=${CHATD_URL:-http://127.0.0.1:10380}/$(printf %s "${1#'#'}" | jq -sRr @uri)/json
since=latest epoch=
while :; do
    while IFS= read -r line || [ -n "$line" ]; do
        if ! IFS=$'\t' read -r event since_now epoch_now < <(jq -r --arg s "$since" --arg e "$epoch" \
            'select(.event) | [.event, (.id // .since // $s), (.epoch // $e)] | @tsv' <<<"$line" 2>/dev/null); then
            printf '%s\n' "$line" >&2
            continue
        fi
        since=$since_now epoch=$epoch_now
        if [ "$event" = message ]; then
            jq -r '"\(.time) \(.nick): \(.text)"' <<<"$line"
        fi
    done < <(curl -sSN --speed-limit 1 --speed-time 120 "$url?since=$since&epoch=$epoch")
    sleep 1
done
