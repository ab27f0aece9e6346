"""What a client may write, word by word, and exactly how all else is refused."""

from __future__ import annotations

import pytest

from chatd.protocol.commands import (
    LOBBY,
    Away,
    Command,
    Hello,
    Help,
    History,
    Join,
    Msg,
    Nick,
    Part,
    Ping,
    Pipe,
    Post,
    Quit,
    Rooms,
    Search,
    Seen,
    Talk,
    Tell,
    Time,
    Topic,
    Who,
)
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.verbs import VERBS
from chatd.protocol.wire import Mode, Request, parse_command

SYNTAX = Code.BAD_SYNTAX


def refusal(line: bytes | str, mode: Mode = Mode.COMMAND) -> ChatError:
    """Return the error that a line is refused with."""
    with pytest.raises(ChatError) as caught:
        parse_command(line.encode() if isinstance(line, str) else line, mode)
    return caught.value


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("HELLO 1", Hello("1")),
        ("HELLO 2", Hello("2")),
        ("hello", Hello(None)),
        ("TIME", Time()),
        ("time ON", Time(True)),
        ("TIME on +2", Time(True, "+02:00")),
        ("TIME off", Time(False)),
        ("hello all of you", Hello("all of you")),
        ("JOIN alice", Join("alice", LOBBY)),
        ("JOIN alice #builds", Join("alice", "#builds")),
        ("JOIN ＡlicE #Ｂuilds", Join("AlicE", "#Builds")),
        ("JOIN #builds", Join(None, "#builds")),
        ("JOIN alice since=0", Join("alice", LOBBY, 0)),
        ("JOIN alice #a since=57 epoch=e1 resume=s.3_:+-", Join("alice", "#a", 57, "e1", "s.3_:+-")),
        ("JOIN #a epoch=e since=9223372036854775807", Join(None, "#a", 2**63 - 1, "e")),
        ("JOIN #a resume=" + "x" * 64, Join(None, "#a", resume="x" * 64)),
        ("JOIN #a since=" + "0" * 63 + "7", Join(None, "#a", 7)),
        ("MSG hi", Msg("hi")),
        ("MSG  hi  ", Msg(" hi  ")),
        ("MSG  ", Msg(" ")),
        ("MSG #a since=1 @x", Msg("#a since=1 @x")),
        ("MSG \x1b[2J\x00\t\x7f\u202e", Msg("␀\t␡\ufffd")),
        ("TELL bob hi", Tell("bob", "hi")),
        ("TELL #a  hi ", Tell("#a", " hi ")),
        ("TELL bob #a", Tell("bob", "#a")),
        ("POST ci #a  #hi ", Post("ci", "#a", " #hi ")),
        ("TALK", Talk()),
        ("PIPE", Pipe()),
        ("PIPE #a", Pipe("#a")),
        ("NICK bob", Nick("bob")),
        ("PART", Part()),
        ("PART #r", Part("#r")),
        ("PART #r bye", Part("#r", "bye")),
        ("PART bye", Part(None, "bye")),
        ("PART  #r", Part(None, " #r")),
        ("PART bye #r", Part(None, "bye #r")),
        ("HELLO 1 bot=yes", Hello("1", bot=True)),
        ("AWAY", Away()),
        ("AWAY lunch", Away("lunch")),
        ("WHO", Who()),
        ("WHO #r details=yes", Who("#r", details=True)),
        ("WHO #r", Who("#r")),
        ("ROOMS", Rooms()),
        ("TOPIC", Topic()),
        ("TOPIC #r", Topic("#r")),
        ("TOPIC #r text", Topic("#r", "text")),
        ("TOPIC #r #text", Topic("#r", "#text")),
        ("TOPIC #text", Topic("#text")),
        ("TOPIC text", Topic(None, "text")),
        ("TOPIC two words", Topic(None, "two words")),
        ("HISTORY", History()),
        ("HISTORY #r", History("#r")),
        ("HISTORY 7", History(None, 7)),
        ("HISTORY [bob] 7", History(None, 7, person="[bob]")),
        ("HISTORY _bart since=3", History(None, 50, 3, person="_bart")),
        ("HISTORY with=al|away", History(person="al|away")),
        ("HISTORY ##c++ 7", History("##c++", 7)),
        ("TELL a\\b a\\b", Tell("a\\b", "a\\b")),
        ("TOPIC ## to do", Topic("##", "to do")),
        ("HISTORY #r 1000 since=3 before=9", History("#r", 1000, 3, 9)),
        ("HISTORY before=9 since=3", History(None, 50, 3, 9)),
        ("HISTORY 0005", History(None, 5)),
        ("SEARCH two words", Search(None, "two words")),
        ("SEARCH #r #tag", Search("#r", "#tag")),
        ('SEARCH "since=3', Search(None, '"since=3')),
        ("SEEN 7", Seen(7)),
        ("seen 7 #A", Seen(7, "#A")),
        ("PING", Ping()),
        ("PING 7", Ping("7")),
        ("PING \x07", Ping("␇")),
        ("HELP", Help()),
        ("HELP join", Help("JOIN")),
        ("HELP nonsense", Help("NONSENSE")),
        ("QUIT", Quit()),
        ("QUIT #a b", Quit("#a b")),
    ],
)
def test_commands(line: str, command: Command) -> None:
    assert parse_command(line.encode()) == Request(command)
    verb, space, rest = line.partition(" ")
    for spelt in (verb.lower(), verb.capitalize()):
        assert parse_command(f"@label=a3;x;y=1 {spelt}{space}{rest}".encode()) == Request(command, "a3")
        assert parse_command(f"/{spelt}{space}{rest}".encode(), Mode.TALK) == Request(command)


@pytest.mark.parametrize("command", ["TALK", "ROOMS", "PIPE", "WHO", "PING", "HELP", "PART", "TOPIC", "QUIT"])
def test_what_may_stand_alone_has_no_space_after_it(command: str) -> None:
    assert type(parse_command(command.encode()).command).__name__.upper() == command
    error = refusal(command + " ")
    assert (error.code, error.verb) == (SYNTAX, command)


@pytest.mark.parametrize(
    ("line", "code", "verb"),
    [
        # Words are missing.
        *((verb, SYNTAX, verb) for verb in ("JOIN", "MSG", "TELL", "NICK")),
        *((verb + " ", SYNTAX, verb) for verb in ("HELLO", "JOIN", "MSG", "TELL", "NICK")),
        ("TELL bob", SYNTAX, "TELL"),
        ("TELL bob ", SYNTAX, "TELL"),
        ("TELL #a", SYNTAX, "TELL"),
        ("PART #r ", SYNTAX, "PART"),
        ("TOPIC #r ", SYNTAX, "TOPIC"),
        # Spaces are too many.
        ("HELLO  1", SYNTAX, "HELLO"),
        ("HELLO 1 ", SYNTAX, "HELLO"),
        ("JOIN  alice", SYNTAX, "JOIN"),
        ("JOIN alice ", SYNTAX, "JOIN"),
        ("JOIN alice  #a", SYNTAX, "JOIN"),
        ("JOIN alice #a ", SYNTAX, "JOIN"),
        ("JOIN alice #a  since=1", SYNTAX, "JOIN"),
        ("JOIN alice since=1 ", SYNTAX, "JOIN"),
        ("TELL  bob hi", SYNTAX, "TELL"),
        ("NICK  bob", SYNTAX, "NICK"),
        ("NICK bob ", SYNTAX, "NICK"),
        ("WHO  #a", SYNTAX, "WHO"),
        ("WHO #a ", SYNTAX, "WHO"),
        ("PING  7", SYNTAX, "PING"),
        ("PING 7 ", SYNTAX, "PING"),
        ("HELP JOIN ", SYNTAX, "HELP"),
        *((f"HISTORY {count}", SYNTAX, "HISTORY") for count in ("0", "1001", "-1", "+5", "5.", "٣", "9" * 5000)),
        ("HISTORY ", SYNTAX, "HISTORY"),
        ("HISTORY 5 6", SYNTAX, "HISTORY"),
        ("HISTORY since=1 5", SYNTAX, "HISTORY"),
        ("HISTORY since=1 since=2", SYNTAX, "HISTORY"),
        ("HISTORY since=x", SYNTAX, "HISTORY"),
        ("HISTORY before=9223372036854775808", SYNTAX, "HISTORY"),
        ("HISTORY epoch=e", SYNTAX, "HISTORY"),
        ("SEARCH ", SYNTAX, "SEARCH"),
        ("SEARCH #r", SYNTAX, "SEARCH"),
        ("SEARCH " + "x " * 33, SYNTAX, "SEARCH"),
        ("SEARCH " + "x." * 33, SYNTAX, "SEARCH"),
        # Words are too many.
        ("HELLO 1 2", SYNTAX, "HELLO"),
        ("JOIN alice bob", SYNTAX, "JOIN"),
        ("JOIN #a alice", SYNTAX, "JOIN"),
        ("JOIN alice #a #b", SYNTAX, "JOIN"),
        ("TALK #a", SYNTAX, "TALK"),
        ("NICK alice bob", SYNTAX, "NICK"),
        ("WHO a", SYNTAX, "WHO"),
        ("WHO #a #b", SYNTAX, "WHO"),
        ("ROOMS #a", SYNTAX, "ROOMS"),
        ("PING 7 8", SYNTAX, "PING"),
        ("HELP JOIN NICK", SYNTAX, "HELP"),
        # Values.
        *(
            (f"JOIN alice #a {value}", SYNTAX, "JOIN")
            for value in (
                "since",
                "since=",
                "since=x",
                "since=-1",
                "since=+1",
                "since=1.5",
                "since=1_0",
                "since=٣",
                "since=²",
                "since=9223372036854775808",
                "since=" + "9" * 64,
                "since=" + "0" * 65,
                "SINCE=1",
                "since=1 since=1",
                "epoch=a epoch=b",
                "epoch=",
                "epoch=ż",
                "epoch=a=b",
                "epoch=a;b",
                "resume=" + "x" * 65,
                "resume=\x1b",
                "other=1",
                "=1",
                "since=1 text",
            )
        ),
        ("WHO #a since=1", SYNTAX, "WHO"),
        # Names.
        ("JOIN since=1", Code.BAD_NICK, "JOIN"),
        ("JOIN -alice", Code.BAD_NICK, "JOIN"),
        ("JOIN +alice", Code.BAD_NICK, "JOIN"),
        ("HISTORY -alice", SYNTAX, "HISTORY"),
        ("JOIN " + "a" * 33, Code.BAD_NICK, "JOIN"),
        ("JOIN ../../x", Code.BAD_NICK, "JOIN"),
        ("JOIN %s", Code.BAD_NICK, "JOIN"),
        ("JOIN alice\t#a", Code.BAD_NICK, "JOIN"),
        ("JOIN alice\r", Code.BAD_NICK, "JOIN"),
        ("JOIN alice #", Code.BAD_ROOM, "JOIN"),
        ("JOIN #", Code.BAD_ROOM, "JOIN"),
        ("JOIN #*", Code.BAD_ROOM, "JOIN"),
        ("JOIN #../../x", Code.BAD_ROOM, "JOIN"),
        ("JOIN #" + "a" * 64, Code.BAD_ROOM, "JOIN"),
        ("TELL b@b hi", Code.BAD_NICK, "TELL"),
        ("TELL #- hi", Code.BAD_ROOM, "TELL"),
        ("NICK #a", Code.BAD_NICK, "NICK"),
        ("NICK \x1b[31mred", Code.BAD_NICK, "NICK"),
        ("PART #", Code.BAD_ROOM, "PART"),
        ("WHO #a\u202e", Code.BAD_ROOM, "WHO"),
        ("TOPIC #!text", Code.BAD_ROOM, "TOPIC"),
        # Verbs.
        ("", SYNTAX, "*"),
        (" ", SYNTAX, "*"),
        (" MSG hi", SYNTAX, "*"),
        ("SAY hi", Code.UNKNOWN_VERB, "*"),
        ("MSGhi", Code.UNKNOWN_VERB, "*"),
        ("MSG\thi", Code.UNKNOWN_VERB, "*"),
        ("MSG\0 hi", Code.UNKNOWN_VERB, "*"),
        ("//MSG hi", Code.UNKNOWN_VERB, "*"),
        ("/", Code.UNKNOWN_VERB, "*"),
        ("VERB hi", Code.UNKNOWN_VERB, "*"),
        ("mſg hi", Code.UNKNOWN_VERB, "*"),
        ("joın alice", Code.UNKNOWN_VERB, "*"),
        ("ＭＳＧ hi", Code.UNKNOWN_VERB, "*"),
        ("%s", Code.UNKNOWN_VERB, "*"),
        ("X" * 8000, Code.UNKNOWN_VERB, "*"),
        ("\x1b[2J", Code.UNKNOWN_VERB, "*"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_refused(line: str, code: Code, verb: str) -> None:
    error = refusal(line)
    assert (error.code, error.verb, error.label, error.fatal) == (code, verb, None, False)
    assert error.text
    assert len(error.text) < 300
    error = refusal("@label=a3;other " + line)
    assert (error.code, error.verb, error.label, error.fatal) == (code, verb, "a3", False)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("PIPE ", SYNTAX),
        ("PIPE a", SYNTAX),
        ("PIPE  #a", SYNTAX),
        ("PIPE #a ", SYNTAX),
        ("PIPE #a b", SYNTAX),
        ("pipe #a #b", SYNTAX),
        ("PIPE #", Code.BAD_ROOM),
        ("PIPE #!", Code.BAD_ROOM),
    ],
)
def test_a_refused_pipe_is_fatal(line: str, code: Code) -> None:
    for text, mode, label in (
        (line, Mode.COMMAND, None),
        ("@label=a3 " + line, Mode.COMMAND, "a3"),
        ("/" + line, Mode.TALK, None),
    ):
        error = refusal(text, mode)
        assert (error.code, error.verb, error.label, error.fatal) == (code, "PIPE", label, True)


REFUSED_FOR_EACH_VERB = [
    "HELLO 1 2",
    "JOIN",
    "MSG",
    "TELL bob",
    "POST ci passed",
    "TALK x",
    "PIPE x",
    "NICK a b",
    "PART ",
    "WHO x",
    "AWAY ",
    "IGNORE a b",
    "UNIGNORE",
    "ROOMS x",
    "TOPIC ",
    "HISTORY 0",
    "SEARCH",
    "SEEN",
    "PING 7 8",
    "HELP a b",
    "LOGIN a",
    "REGISTER",
    "KICK",
    "MUTE",
    "UNMUTE a b",
    "TIME perhaps",
    "RULES a b",
    "BAN bob for=soon",
    "UNBAN",
    "OP",
    "DEOP",
    "VOICE",
    "UNVOICE a b",
    "INVITE a b",
    "SET private=perhaps",
    "QUIT ",
    "RETRACT first",
    "EDIT 5",
    "REACT 5",
    "UNREACT 5 +1 here",
]


@pytest.mark.parametrize("line", REFUSED_FOR_EACH_VERB)
def test_a_syntax_error_shows_how_the_line_is_written(line: str) -> None:
    error = refusal(line)
    assert error.code is SYNTAX
    assert error.text.endswith(f"; write {VERBS[error.verb].usage}")


def test_the_verbs_are_those_of_the_protocol() -> None:
    assert sorted(VERBS) == sorted(line.split(" ")[0] for line in REFUSED_FOR_EACH_VERB)
    assert all(verb.usage.split()[0] == name for name, verb in VERBS.items())
