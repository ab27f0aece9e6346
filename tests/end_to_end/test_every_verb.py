"""Every verb, said to the installed daemon by people and by programs, whatever the journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatd.protocol.verbs import VERBS
from tests.support.daemon import Client
from tests.support.nats_servers import nats_server
from tests.support.node_processes import Node, nodes

pytestmark = pytest.mark.slow
PASSWORD = "correct-horse"
IN_THE_ROOM = (
    ("SET registered=yes", "OK SET #den registered=yes"),
    ("MSG hello", ""),
    ("TELL #den hello again", ""),
    ("TELL bob psst", "OK TELL bob stored=yes|OK TELL bob id="),
    ("TOPIC about this", "OK TOPIC #den"),
    ("WHO", "OK WHO #den 2"),
    ("ROOMS", "OK ROOMS 1"),
    ("RULES", "OK RULES #den"),
    ("AWAY lunch", "OK AWAY"),
    ("HISTORY", "OK HISTORY #den 3"),
    ("SEARCH hello", "OK SEARCH #den 2"),
    ("SEEN 0", "OK SEEN #den 0"),
    ("EDIT last hallo again", "OK EDIT #den"),
    ("REACT last 👍", "OK REACT #den"),
    ("UNREACT last 👍", "OK UNREACT #den"),
    ("RETRACT last", "OK RETRACT #den"),
    ("IGNORE eve", "OK IGNORE eve"),
    ("UNIGNORE eve", "OK UNIGNORE eve"),
    ("TIME", "OK TIME off|ERR not-allowed TIME"),
    ("PING token", "PONG token"),
    ("HELP", "OK HELP"),
    ("MUTE bob for=1m", "OK MUTE #den bob"),
    ("UNMUTE bob", "OK UNMUTE #den bob"),
    ("BAN 192.0.2.9", "OK BAN #den 192.0.2.9"),
    ("UNBAN 192.0.2.9", "OK UNBAN #den 192.0.2.9"),
    ("OP bob", "OK OP #den bob"),
    ("DEOP bob", "OK DEOP #den bob"),
    ("VOICE bob", "OK VOICE #den bob"),
    ("UNVOICE bob", "OK UNVOICE #den bob"),
    ("INVITE bob", "OK INVITE #den bob"),
    ("UNINVITE bob", "OK UNINVITE #den bob"),
    ("KICK bob", "OK KICK #den bob"),
    ("NICK anna", "OK NICK anna"),
    ("TALK", "OK TALK #den"),
    ("/PART", "OK PART #den"),
)
"""What ann says, one after the other, and how its answer begins, for people or for programs."""


@pytest.fixture(params=["memory:", "sqlite:chatd.sqlite3", "nats"])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Node]:
    with ExitStack() as stack:
        journal = request.param
        if journal == "nats":
            journal = f"{stack.enter_context(nats_server(tmp_path / 'nats')).url}/verbs"
        options = ("--accounts", "accounts", "--registration", "open", "--name-rate", "0")
        (node,) = stack.enter_context(nodes(tmp_path / "nodes", journal, 1, *options))
        yield node


def ask(client: Client, line: str) -> str:
    """Return the last line that answers another, without tags; nothing if it is silent."""
    slash = "/" if line in ("TALK", "/PART") else ""
    client.send(f"{line}\n{slash}PING done\n".encode())
    heard = [each.split(" ", 1)[1] if each.startswith("@") else each for each in client.until(_is_done)]
    answers = [each for each in heard[:-1] if each.startswith(("OK ", "ERR ", "PONG "))]
    return answers[-1] if answers else ""


def _is_done(line: str) -> bool:
    return line.endswith("PONG done")


@pytest.mark.parametrize("hello", ["", "HELLO 1\n"])
def test_every_verb_does_what_it_says(node: Node, hello: str) -> None:
    asked = {"HELLO", "JOIN", "REGISTER", "QUIT"}
    place = ("127.0.0.1", node.port)
    with Client(place) as ann, Client(place) as bob:
        ann.send(hello.encode())
        for person, nick in ((ann, "ann"), (bob, "bob")):
            assert ask(person, f"JOIN {nick} #den").startswith("OK JOIN #den")
            assert ask(person, f"REGISTER {PASSWORD}") == f"OK REGISTER {nick}"
        assert ask(bob, "MSG good day") == ""
        for line, answer in IN_THE_ROOM:
            asked.add(line.lstrip("/").split()[0])
            assert ask(ann, line).startswith(tuple(answer.split("|"))), line
            if not answer:
                assert not ask(ann, "PING").startswith("ERR"), line
        ann.send(b"/QUIT\n")
        assert ann.rest()[-1].startswith("BYE quit taken=")
    with Client(place) as again, Client(place) as poster:
        again.send(hello.encode())
        assert ask(again, f"LOGIN bob {PASSWORD}") == "OK LOGIN bob"
        assert ask(again, "JOIN bob #den").startswith("OK JOIN #den")
        poster.send(hello.encode())
        assert ask(poster, "POST ci #den passed").startswith("OK POST #den id=")
        again.send(b"PIPE #den\nthe end\n")
        again.half_close()
        assert again.rest()[-1].startswith("BYE quit taken=all")
    assert asked | {"LOGIN", "POST", "PIPE"} == VERBS.keys()
