"""The invented talk of a room that the pictures of the window and of the page show, and where those pictures go."""

from __future__ import annotations

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
