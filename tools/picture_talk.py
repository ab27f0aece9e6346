"""The invented talk of a room that the pictures of the window and of the page show, and where those pictures go."""

from __future__ import annotations

import time
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "images"
PEOPLE = ("amira", "jonas", "marie", "noor", "ci", "tomás", "yuki")
FENCE = "```"
TOPIC = "Release 3 on Friday · see the board before you merge"
TALK = (
    ("marie", "Good morning! The nightly build is red again: test_tls times out on the arm runner."),
    ("jonas", "Looking. Same as yesterday, https://ci.example.org/builds/4711 (step 3)"),
    ("jonas", "this is the part that hangs:"),
    ("jonas", FENCE),
    ("jonas", "with ssl.wrap(sock) as tls:"),
    ("jonas", "    tls.do_handshake()  # never returns"),
    ("jonas", FENCE),
    ("amira", "شكرا، سأراجع ذلك الآن"),
    ("amira", "It is `SO_RCVTIMEO`: the runner sets it to 0. Patch in an hour."),
    ("ci", "build 4712 passed in 3m 12s"),
)
SHIPPING_ROOM = "#release"
SHIPPING_TOPIC = "2.4 ships today"
SHIPPING = (
    ("alice", "Is the build green? I'd like to ship."),
    ("ci", "build 812 passed in 3m 12s"),
    ("bob", "Works on my old laptop too :+1:"),
    ("carol", "Ship it!"),
)
"""What is said in the README's first picture, and by whom: in the page, by a program, in the window, in a terminal."""


def morning() -> str:
    """Return what ``TZ`` is where it is between nine and ten in the morning now."""
    east = (9 - time.gmtime().tm_hour + 11) % 24 - 11
    return f"Etc/GMT{-east:+}"
