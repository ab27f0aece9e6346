"""Lines that begin with no verb: what people are told instead, and the slash that they are used to."""

from __future__ import annotations

import pytest

from chatd.protocol import unknown_verbs
from chatd.protocol.commands import Command, Help, Msg, Who
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.unknown_verbs import LONGEST_ECHO, TABLE, UnknownVerbError
from chatd.protocol.verbs import VERBS
from chatd.protocol.wire import Mode, Request, parse_command

ALL = tuple(VERBS)


def refusal(line: str, mode: Mode = Mode.COMMAND) -> ChatError:
    with pytest.raises(ChatError) as caught:
        parse_command(line.encode(), mode)
    return caught.value


def advice(line: str, *, joined: bool) -> str:
    error = refusal(line)
    assert isinstance(error, UnknownVerbError)
    return unknown_verbs.advice(error, ALL, joined=joined)


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("hi all", "write JOIN <your name> first, then MSG hi all", "write MSG hi all to say it"),
        ("say hi all", "write MSG hi all", "write MSG hi all"),
        ("/me", "write MSG /me <text>", "write MSG /me <text>"),
        ("emote waves", "write MSG /me waves", "write MSG /me waves"),
        ("PRIVMSG #den :hi all", "write TELL #den hi all", "write TELL #den hi all"),
        ("whisper bob psst", "write TELL bob psst", "write TELL bob psst"),
        ("NAMES #den", "write WHO", "write WHO"),
        ("/leave", "write QUIT", "write PART to leave the room or QUIT to disconnect"),
        ("name bob", "write JOIN bob", "write NICK bob"),
        ("enter #den", "write JOIN <your name> #den", "write JOIN #den"),
        ("#den hello", "write JOIN <your name> #den", "write TELL #den hello"),
        ("@bob hi", "write TELL bob hi", "write TELL bob hi"),
        ("whisper al|away psst", "write TELL al|away psst", "write TELL al|away psst"),
        ("##c++ hello", "write JOIN <your name> ##c++", "write TELL ##c++ hello"),
        ("## To do", "write JOIN <your name> first, then MSG ## To do", "write MSG ## To do to say it"),
        ("w | b", "write TELL <name> b", "write TELL <name> b"),
        ("/jion ann", "did you mean JOIN ann?", "did you mean JOIN ann?"),
        ("hist", "did you mean HISTORY?", "did you mean HISTORY? If not, write MSG hist to say it"),
        ("lgoin ann my-password", "did you mean LOGIN?", "did you mean LOGIN?"),
        ("!help", "write HELP", "write HELP"),
        (":wq", "write QUIT", "write QUIT"),
        ("list all that is broken", "then MSG list all that is broken", "MSG list all that is broken to say it"),
        ("/frobnicate", "HELP lists the commands", "HELP lists the commands"),
    ],
)
def test_the_line_that_does_it_here_is_named(line: str, before: str, after: str) -> None:
    for joined, expected in ((False, before), (True, after)):
        assert advice(line, joined=joined).endswith(expected)


@pytest.mark.parametrize("word", sorted(TABLE))
@pytest.mark.parametrize("rest", ["", " bob", " #den :hi there", " \x1b[2J", " " + "x" * 5000])
def test_whatever_follows_the_answer_names_a_verb_that_there_is(word: str, rest: str) -> None:
    for joined in (False, True):
        answer = advice(f"/{word}{rest}", joined=joined)
        assert set(answer.split()) & set(VERBS) or "TIME" in answer
        assert len(answer) < 4 * LONGEST_ECHO + 40
        assert answer.isprintable() or "\x1b" in rest


def test_no_word_of_the_table_is_a_verb() -> None:
    assert not TABLE.keys() & VERBS.keys()


def test_no_password_is_shown_again() -> None:
    for line in ("pass secret-horse", "connect ann secret-horse", "lgoin ann secret-horse", "regsiter secret-horse"):
        for joined in (False, True):
            assert "secret" not in advice(line, joined=joined), line


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/MSG hi", Msg("hi")),
        ("/who #a", Who("#a")),
        ("/help", Help(None)),
        ("/msg #a hi there", Msg("#a hi there")),
    ],
)
def test_where_all_lines_are_commands_a_slash_is_nothing(line: str, command: Command) -> None:
    assert parse_command(line.encode()) == Request(command)


@pytest.mark.parametrize("line", ["//who", "/", "@label=a /who", "//MSG hi"])
def test_two_slashes_or_one_behind_tags_are_no_verb(line: str) -> None:
    assert refusal(line).code is Code.UNKNOWN_VERB


def test_a_pipe_behind_a_slash_is_as_fatal_as_one_without() -> None:
    assert refusal("/PIPE x").fatal
    assert refusal("/PIPE " + "x" * 9000).fatal


@pytest.mark.parametrize("mode", [Mode.COMMAND, Mode.TALK])
def test_what_is_for_one_person_elsewhere_is_not_said_to_all(mode: Mode) -> None:
    error = refusal("/msg bob the code is 1234", mode)
    assert (error.code, error.verb) == (Code.BAD_SYNTAX, "MSG")
    assert "write TELL bob the code is 1234 for one person" in error.text
