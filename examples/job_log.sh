#!/bin/bash
# Runs a command, keeps its output in a file and says it in a room, also when the server is away meanwhile.
#
#     bash examples/job_log.sh '#logs' nightly.log rsync -av /srv /backup
#
# SERVER is HOST:PORT (127.0.0.1:10319). It shows the feeder, "chatd tail": it follows the file while the command runs,
# reconnects, and says each line once. At the end, --once says what is left and waits until all of it is stored.
# The exit status is that of the command or, if that succeeded, that of chatd tail.

room=$1 log=$2
shift 2
tail=(chatd tail "$log" --to "${SERVER:-127.0.0.1:10319}" --room "$room" --nick job --from-start)

touch "$log"
"${tail[@]}" &
trap "kill $!" EXIT # Ctrl-C does not reach what runs in the background
"$@" >>"$log" 2>&1
status=$?
kill $!
wait $!
trap - EXIT
"${tail[@]}" --once
said=$?
exit $((status ? status : said))
