#!/bin/bash
# Answers !time in #builds: a bot in bash, without any other program.
#
#     bash examples/clock.sh [HOST [PORT]]
#
# It ends when the connection does, so that whatever has started it, for instance systemd with Restart=always, starts it
# again. What is asked in between is not answered; examples/echo_bot.py shows a bot that misses nothing.

exec 3<>"/dev/tcp/${1:-127.0.0.1}/${2:-10319}" || exit
printf 'JOIN clock #builds\n' >&3
while read -r verb nick room text; do
    case "$verb ${text%$'\r'}" in
        'MSG !time') printf 'TELL %s %s: it is %s\n' "$room" "$nick" "$(date +%H:%M)" >&3 ;;
        ERR*) printf '%s %s\n' "$room" "$text" >&2 ;;
    esac
done <&3
