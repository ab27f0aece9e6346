"""Two people who type lines at daemons, and what they read: the same whatever the journal, and on one node or two."""

from __future__ import annotations

import re

from tests.support.daemon import Client

CLOCK = re.compile(r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d ")


def answers(client: Client, line: str) -> list[str]:
    """Type a line; return what is read up to the answer to a PING behind it."""
    client.send(f"{line}\nPING end-of-it\n".encode())
    return client.until(lambda read: read.endswith("PONG end-of-it"))[:-1]


def check_conversation(here: tuple[str, int], there: tuple[str, int]) -> None:
    """Let ann come in at one address and bob at the other, and check all that people read otherwise than programs."""
    with Client(here) as ann, Client(there) as bob:
        assert "JOIN <your name> to come in" in ann.line()
        bob.line()
        assert answers(ann, "hello") == ["NOTE Hello! Write JOIN <your name> to come in, then MSG <text> to speak."]
        assert answers(ann, "JOIN ann #tea")[-1] == "OK JOIN #tea 1 nick=ann"
        assert answers(ann, "hi") == ['ERR unknown-verb * "hi" is not a command; write MSG hi to say it']
        assert answers(ann, "MSG one") == answers(ann, "/msg two") == []
        # PING does not wait for what was said before it, HISTORY does. And a JOIN elsewhere shows what that node has by
        # then: all that comes before something which was posted there and answered.
        assert re.fullmatch(r"OLD \d{4}-\S+Z MSG ann #tea two", answers(ann, "HISTORY 1")[0])
        with Client(there) as clerk:
            clerk.send(b"POST clerk #kitchen the kettle is on\n")
            clerk.until(lambda line: line.startswith("OK POST #kitchen "))
        shown = answers(bob, "JOIN bob #tea last=1")
        assert re.fullmatch(r"OLD \d{4}-\S+Z MSG ann #tea two", shown[0])
        assert shown[1].startswith("NOTE You are bob. ")
        assert shown[2:] == ["OK JOIN #tea 2 nick=bob"]
        ann.until(lambda line: line == "JOIN bob #tea")
        assert answers(bob, "TELL ann psst")[-1].startswith("OK TELL ann")
        assert ann.line() == "FROM bob psst"
        assert answers(ann, "RULES")[-1] == "OK RULES #tea 0"
        assert answers(ann, "WHO") == ["WHO #tea ann bob", "OK WHO #tea 2"]
        assert len(answers(ann, "HELP")) <= 20
        assert all(map(CLOCK.match, answers(ann, "TIME on")))
        bob.send(b"MSG three\n")
        assert CLOCK.sub("", ann.line()) == "MSG bob #tea three"
        ann.send(b"HISTORY 1\n")
        assert CLOCK.sub("", ann.line()) == "OLD MSG bob #tea three"
        ann.send(b"/quit\n")
        assert CLOCK.sub("", ann.rest()[-1]).startswith("BYE quit ")
