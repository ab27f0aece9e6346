#!/bin/bash
# Posts a message and fails if the server has not stored it: for CI, cron jobs and deploy scripts.
#
#     bash examples/ci_notice.sh '#builds' 'build 17 passed'
#
# CHATD_URL is the server (http://127.0.0.1:10380). From another machine, CHATD_TOKEN is a token, made by
# "chatd user token ci --room '#builds' --post-only": the message is posted under the nick of its account.
# The key makes retries safe: the server stores the message once, however many of the attempts have arrived.
set -euo pipefail

room=$(printf %s "${1#'#'}" | jq -sRr @uri)
who=(-H 'Nick: ci')
[ -z "${CHATD_TOKEN:-}" ] || who=(-H "Authorization: Bearer $CHATD_TOKEN")
key=$(cat /proc/sys/kernel/random/uuid)

for pause in 1 2 4 8 0; do
    answer=$(curl -sS --max-time 20 -w '\n%{http_code}' "${who[@]}" -H "Idempotency-Key: $key" --data-raw "$2" \
        "${CHATD_URL:-http://127.0.0.1:10380}/$room") || true
    case ${answer##*$'\n'} in
        200 | 201) exit ;;
        000 | 408 | 429 | 5??) sleep "$pause" ;; # not reached, or not now: the same again
        *) break ;;
    esac
done
printf 'not posted: %s\n' "$answer" >&2
exit 1
