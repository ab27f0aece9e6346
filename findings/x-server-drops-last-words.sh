#!/usr/bin/env bash
# Guess: a program that sends its last request to the X server and closes the socket without waiting has had its say: the server reads what
#     is there up to the end of the file, as a server on TCP does, and a program that owns a selection can end once it has sent the last piece.
# Instead: a server that finds the other end closed when it comes back to the connection lets go of it at once, and throws away all requests
#     that it has not read yet, sent long before the end or not. Only a round trip (XSync, or any request with an answer) proves that one was
#     carried out; a flush does not. Xlib's XCloseDisplay makes one, a program that is killed, or ends by exec or _exit, does not.
# Why it matters: the last part of a long paste, the empty property that says "that is all", is lost if its owner ends right after it, more often
#     the busier the machine: the text came over whole, and the one that pastes is told that the owner has gone. An owner of a selection waits until
#     the last piece was deleted.
# Source: X.Org server 21.1.7, observed; os/connection.c, ClientReady: an error or hang-up is looked at before what can be read.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
command -v Xvfb >/dev/null || { echo "this one needs Xvfb (package xvfb)" >&2; exit 2; }
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q --disable-pip-version-check --no-deps python-xlib==0.33 six==1.16.0
echo "xvfb $(dpkg-query -W -f '${Version}' xvfb 2>/dev/null || echo of an unknown version), python-xlib 0.33"
cat >"$tmp/show.py" <<'PYTHON'
import os
import signal
import subprocess
import sys
import time

from Xlib.display import Display
from Xlib.Xatom import STRING, WM_NAME

TRIES = 20


def last_words(how):
    """Let a program set a property of the root window and end; return whether it is set."""
    watcher.screen().root.delete_property(WM_NAME)
    watcher.sync()
    if (speaker := os.fork()) == 0:
        display = Display(name)
        if how == "busy":
            os.kill(server.pid, signal.SIGSTOP)
            time.sleep(0.1)
        display.screen().root.change_property(WM_NAME, STRING, 8, b"last words")
        display.flush()
        if how == "round trip":
            display.sync()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(speaker, 0)
    time.sleep(0.1)
    os.kill(server.pid, signal.SIGCONT)
    return watcher.screen().root.get_full_property(WM_NAME, STRING) is not None


ready, told = os.pipe()
command = ["Xvfb", "-displayfd", str(told), "-screen", "0", "320x200x24"]
server = subprocess.Popen(command, pass_fds=[told], stderr=subprocess.DEVNULL)
try:
    name = ":" + os.read(ready, 20).decode().strip()
    watcher = Display(name)
    kept = {how: sum(last_words(how) for _ in range(TRIES)) for how in ("busy", "idle", "round trip")}
finally:
    server.kill()
    server.wait()
print(f"flushed, and ended before the server came to it: carried out {kept['busy']} times of {TRIES}")
print(f"flushed, and ended at once, while the server had nothing else to do: {kept['idle']} of {TRIES}")
print(f"ended after a round trip: {kept['round trip']} of {TRIES}")
sys.exit(kept["busy"] > TRIES // 2 or kept["round trip"] < TRIES)
PYTHON
timeout 120 "$tmp/venv/bin/python" "$tmp/show.py"
echo "as described: what was sent before the end is not read any more"
