"""Wait until a chatd on this machine is well, say a line, and print what it answers."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request

HEALTH = "http://127.0.0.1:10380/-/health"
DEADLINE = 30
"""Seconds for the start."""


def wait_until_well() -> None:
    """Return when the daemon says that messages can be stored."""
    for _ in range(DEADLINE * 10):
        try:
            with urllib.request.urlopen(HEALTH, timeout=1) as answer:
                print(answer.read().decode().strip())
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise SystemExit("the daemon is not well")


def say() -> None:
    """Say a line as somebody with netcat does, and print the answers to the end."""
    with socket.create_connection(("127.0.0.1", 10319)) as connection:
        connection.sendall(b"JOIN ann\nMSG hello\nQUIT\n")
        with connection.makefile() as answers:
            text = answers.read()
    print(text)
    if "BYE quit taken=all" not in text:
        raise SystemExit("what was said was not taken")


if __name__ == "__main__":
    wait_until_well()
    say()
