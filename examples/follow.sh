#!/bin/bash
# Prints the messages of a room, each once, over restarts of the server: HTTP, curl and jq.
#
#     bash examples/follow.sh '#builds'
#
# CHATD_URL is the server (http://127.0.0.1:10380). After an answer that ended, it asks for what came after the last
# object: its id and the epoch beside it.

url=${CHATD_URL:-http://127.0.0.1:10380}/$(printf %s "${1#'#'}" | jq -sRr @uri)/json
since=latest epoch=
while :; do
    while IFS= read -r line; do
        IFS=$'\t' read -r event since epoch < <(
            jq -r --arg s "$since" --arg e "$epoch" '[.event, (.id // .since // $s), (.epoch // $e)] | @tsv' <<<"$line")
        if [ "$event" = message ]; then
            jq -r '"\(.time) \(.nick): \(.text)"' <<<"$line"
        fi
    done < <(curl -sN "$url?since=$since&epoch=$epoch")
    sleep 1
done
