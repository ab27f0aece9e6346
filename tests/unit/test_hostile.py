"""Whatever a peer sends, in every field: what reaches other people's terminals, programs and the log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.daemon import Client, Daemon

EVIL = "\x1b[2J\x1b]52;c;Zm9v\x07\x1b]0;title\x07\x9b31m\x7f\x00\x08\x0b\x85\u2028\u2029\u202e\u2066%s%n../../x"
"""Clears screens, fills clipboards, sets titles, forges lines, turns text around, formats, climbs directories."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
FIELDS = [
    "JOIN {} #den",
    "JOIN eve #{}",
    "JOIN eve #den since={}",
    "JOIN eve #den resume={}",
    "JOIN eve #den",
    "MSG {}",
    "TELL #den {}",
    "TELL {} hi",
    "TELL ann {}",
    "TOPIC {}",
    "TOPIC",
    "NICK {}",
    "{} x",
    "@label={} MSG x",
    "@{}=1 MSG x",
    "HELP {}",
    "PING {}",
    "WHO #{}",
    "HISTORY {}",
    "SEARCH {}",
    "HELLO {}",
    "KICK ann {}",
    "BAN {} #den",
    "BAN ann #* for={}",
    "SET #den {}=yes",
    "LOGIN eve {}",
    "LOGIN {} x",
    "REGISTER {}",
    "PART #den {}",
    "JOIN #den",
    "TALK",
    "{}",
    "/{}",
    "/QUIT {}",
]


def everything_heard(client: Client) -> list[str]:
    client.send(b"PING done\n")
    return client.until(lambda line: line.endswith("PONG done"))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_no_field_carries_a_command_for_a_terminal_to_anybody_or_the_log(tmp_path: Path, end: str) -> None:
    with Daemon(tmp_path) as daemon, daemon.member("ann", "#den") as ann, daemon.client() as program:
        program.send(b"HELLO 1\n")
        program.join("robot", "#den")
        with daemon.client() as eve:
            for field in FIELDS:
                eve.send(field.format(EVIL).encode(errors="surrogatepass") + end.encode())
            answers = eve.rest()
        late = daemon.client()
        with late:
            late.send(b"JOIN late #den since=0\nHISTORY\nROOMS\n")
            heard = [*answers, *everything_heard(ann), *everything_heard(program), *everything_heard(late)]
        assert sum("\u241b" in line for line in heard) > 8  # it did arrive, as pictures
        assert [line for line in heard if CONTROL.search(line)] == []
        log = daemon.log()
    assert [line for line in log.splitlines() if CONTROL.search(line)] == []
    assert "Traceback" not in log
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in log.splitlines())


def test_what_cannot_be_text_is_relayed_to_nobody(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, daemon.member("ann", "#den") as ann, daemon.member("eve", "#den") as eve:
        ann.until(lambda line: line == "JOIN eve #den")
        for bad in (b"\xffA", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xe2\x82"):
            eve.send(b"MSG " + bad + b"\n")
        answers = everything_heard(eve)
        assert [line.split()[1] for line in answers[:-1]] == ["not-utf8"] * 6
        assert everything_heard(ann) == ["PONG done"]


def test_names_that_formats_and_shells_would_read_are_words_like_others(tmp_path: Path) -> None:
    nicks, rooms = ("{0}", "{why}", "a\\n", "`id`", "^C", "[exit]", "|x", "_"), ("#{0}", "##", "#`id`", "#|")
    with Daemon(tmp_path) as daemon, daemon.member("ann", "#den") as ann, daemon.client() as eve:
        lines = [f"JOIN {nicks[0]} #den", *(f"JOIN {room}" for room in rooms)]
        for nick in nicks[1:]:
            lines += [f"NICK {nick}", f"TELL #den from {nick}", f"TELL ann {nick}", f"KICK {nick} #den", "PART #| bye"]
            lines += ["JOIN #|", f"HISTORY {nick}", f"LOGIN {nick} wrong", f"BAN {nick} #{{0}}", f"HELP {nick}"]
        eve.send("".join(f"{line}\n" for line in lines).encode())
        everything_heard(eve)
        heard = [line for line in everything_heard(ann) if line.startswith("MSG ")]
        log = daemon.log()
    assert heard == [f"MSG {nick} #den from {nick}" for nick in nicks[1:]]
    assert "Traceback" not in log
    assert "Unable to format" not in log
