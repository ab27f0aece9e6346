#!/bin/bash
# Runs a command and says each line of its output in a room, as it comes. The exit status is that of the command, or 1
# if the server has not stored all of it.
#
#     bash examples/run_in_room.sh '#builds' make -j4
#
# HOST and PORT are the server (127.0.0.1, 10319). It shows PIPE: after it, every line is said, colors and progress bars
# become text, and long lines are split. any=yes lets several jobs run at a time: they are ci, ci-2, ci-3 and so on.
# "nc -N" is OpenBSD's netcat; NC=ncat works too. If the connection breaks, the command gets SIGPIPE: where the server
# may be away meanwhile, use examples/job_log.sh.
set -uo pipefail

room=$1
shift
said=$(mktemp)
trap 'rm -f "$said"' EXIT

{
    printf 'JOIN ci %s any=yes\nPIPE\n' "$room"
    "$@" 2>&1
} | ${NC:-nc -N} "${HOST:-127.0.0.1}" "${PORT:-10319}" >"$said"
status=${PIPESTATUS[0]}

grep -q '^BYE quit taken=all' "$said" && exit "$status"
echo 'not all of the output is in the room:' >&2
grep -E '^(ERR|BYE)' "$said" >&2
exit 1
