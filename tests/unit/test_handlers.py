"""What each command does, for a person and for a program."""

from __future__ import annotations

import pytest

from chatd.chat.command_rows import Needs
from chatd.chat.handlers import HANDLERS
from chatd.protocol import wire
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.verbs import VERBS
from tests.support.in_memory_chat import ChatClient, InMemoryChat

TIME = "1970-01-12T13:46:40.000Z"


@pytest.fixture
def chat() -> InMemoryChat:
    return InMemoryChat()


def ask(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    person.says(*lines)
    chat.turn()
    return person.take()


def test_join_is_answered_with_the_count_and_seen_by_the_others(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice")
    bob = chat.person()
    assert ask(chat, bob, "JOIN bob") == ["OK JOIN #lobby 2"]
    assert alice.take() == ["JOIN bob #lobby"]


def test_join_tagged_has_the_last_id_and_a_secret(chat: InMemoryChat) -> None:
    alice = chat.program("JOIN alice #a", "MSG one", "MSG two")
    carol = chat.program()
    assert ask(chat, carol, "@label=j JOIN carol #a") == ["@label=j OK JOIN #a 2 last=2 resume=secret2"]
    assert alice.take() == [f"@time={TIME} JOIN carol #a"]


def test_join_with_since_says_that_nothing_was_kept(chat: InMemoryChat) -> None:
    alice = chat.program()
    assert ask(chat, alice, "JOIN alice #a since=5 epoch=e0") == [
        "OK JOIN #a 1 last=0 resume=secret1 recovered=no since=unknown"
    ]


def test_join_gives_the_topic_first(chat: InMemoryChat) -> None:
    chat.person("JOIN alice #a", "TOPIC #a lunch at noon")
    assert ask(chat, chat.person(), "JOIN bob #a") == ["TOPIC alice #a lunch at noon", "OK JOIN #a 2"]
    assert ask(chat, chat.program(), "JOIN carol #a")[0] == f"@id=1;time={TIME};old TOPIC alice #a lunch at noon"


def test_join_of_a_room_one_is_in_makes_it_current(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #a")
    alice = chat.person("JOIN alice #a", "JOIN #b")
    assert ask(chat, alice, "JOIN #a", "MSG here") == ["OK JOIN #a 2"]
    assert bob.take()[-1] == "MSG alice #a here"


@pytest.mark.parametrize(
    ("before", "line", "answer"),
    [
        ([], "JOIN #a", "ERR name-needed JOIN "),
        (["JOIN alice"], "JOIN zoe", "ERR already-in JOIN "),
        (["JOIN alice"], "HELLO 1", "ERR already-in HELLO "),
        ([], "HELLO 2", "ERR bad-version HELLO "),
        ([], "MSG hi", "ERR name-needed MSG "),
        (["JOIN alice", "PART"], "MSG hi", "ERR not-in-room MSG "),
        (["JOIN alice"], "TELL #b hi", "ERR not-in-room TELL "),
        (["JOIN alice"], "TELL nobody hi", "ERR no-such-nick TELL "),
        ([], "TELL bob hi", "ERR name-needed TELL "),
        (["JOIN alice"], "WHO #b", "ERR not-in-room WHO "),
        ([], "WHO", "ERR name-needed WHO "),
        ([], "ROOMS", "ERR name-needed ROOMS "),
        ([], "TALK", "ERR name-needed TALK "),
        (["JOIN alice", "PART"], "TALK", "ERR not-in-room TALK "),
        ([], "NICK zoe", "ERR name-needed NICK "),
        ([], "PART", "ERR name-needed PART "),
        (["JOIN alice"], "PART #b", "ERR not-in-room PART "),
        ([], "TOPIC #a", "ERR name-needed TOPIC "),
        (["JOIN alice"], "TOPIC #b hi", "ERR not-in-room TOPIC "),
        (["JOIN alice"], "HELP dance", "ERR unknown-verb HELP "),
        ([], "JOIN BOB", "ERR name-taken JOIN "),
        ([], "JOIN b0b", "ERR name-taken JOIN "),
        (["JOIN alice"], "NICK Bob", "ERR name-taken NICK "),
    ],
)
def test_refusals_say_what_and_leave_the_connection(
    chat: InMemoryChat, before: list[str], line: str, answer: str
) -> None:
    chat.person("JOIN bob #b")
    alice = chat.person(*before)
    (got,) = ask(chat, alice, line)
    assert got.startswith(answer)
    assert len(got) > len(answer)
    assert ask(chat, alice, "PING") == ["PONG"]
    program = chat.program(*before)
    if not (before and "JOIN" in before[0]) and "HELLO" not in line:
        assert ask(chat, program, f"@label=x {line}")[0].startswith(f"@label=x {answer}")


def test_hello_tells_what_a_program_must_know(chat: InMemoryChat) -> None:
    (line,) = ask(chat, chat.person(), "@label=h HELLO 1")
    assert line.startswith("@label=h OK HELLO protocol=1 server=chatd/")
    assert line.endswith(" epoch=e1 max-line=8192 ping=45 register=no")


def test_msg_is_silent_for_a_person_and_echoed_to_a_program(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice")
    carol = chat.program("JOIN carol")
    alice.take()
    assert ask(chat, carol, "@label=a3 MSG hi") == [f"@id=1;time={TIME};label=a3 MSG carol #lobby hi"]
    assert alice.take() == ["MSG carol #lobby hi"]
    assert ask(chat, alice, "MSG hello") == []
    assert carol.take() == [f"@id=2;time={TIME} MSG alice #lobby hello"]


def test_labels_before_hello_are_checked_and_nothing_else(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice")
    assert ask(chat, alice, "@label=x PING") == ["PONG"]
    assert ask(chat, alice, "@label=x;label=y PING")[0].startswith("ERR bad-tags PING ")


def test_tell_a_room_is_like_msg_there(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #b")
    alice = chat.program("JOIN alice #b", "JOIN #c")
    bob.take()
    assert ask(chat, alice, "@label=t TELL #B psst") == [f"@id=1;time={TIME};label=t MSG alice #b psst"]
    assert bob.take() == ["MSG alice #b psst"]


def test_tell_a_person(chat: InMemoryChat) -> None:
    bob, carol = chat.person("JOIN bob"), chat.program("JOIN carol #c")
    assert ask(chat, bob, "TELL CAROL psst") == ["OK TELL carol stored=no"]
    assert carol.take() == [f"@time={TIME} TELL bob psst"]
    assert ask(chat, carol, "@label=t TELL Bob what?") == ["@label=t OK TELL bob stored=no"]
    assert bob.take() == ["FROM carol what?"]


def test_talk_says_every_line_but_commands(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #a")
    alice = chat.person("JOIN alice #a")
    bob.take()
    assert ask(chat, alice, "TALK") == ["OK TALK #a"]
    answers = ask(chat, alice, "hello", "//etc", "@a=b MSG x", "/ping 1", "/nonsense", "QUIT")
    why = '"nonsense" is not a command; HELP lists the commands (after TALK, commands begin with /)'
    assert answers == ["PONG 1", f"ERR unknown-verb * {why}"]
    assert bob.take() == [f"MSG alice #a {text}" for text in ("hello", "/etc", "@a=b MSG x", "QUIT")]
    ask(chat, alice, "/quit bye")
    assert bob.take() == ["PART alice #a bye"]


def test_talk_follows_the_current_room(chat: InMemoryChat) -> None:
    alice = chat.program("JOIN alice #a", "TALK")
    assert ask(chat, alice, "/join #b", "here")[-1] == f"@id=1;time={TIME} MSG alice #b here"


def test_pipe_says_every_line(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #b")
    alice = chat.person("JOIN alice #b", "JOIN #a")
    bob.take()
    assert ask(chat, alice, "PIPE #b") == ["OK PIPE #b"]
    assert ask(chat, alice, "QUIT", "/quit", "@x y") == []
    assert bob.take() == ["MSG alice #b QUIT", "MSG alice #b /quit", "MSG alice #b @x y"]
    alice.session.finish()
    assert alice.take()[-1].startswith("BYE quit ")


@pytest.mark.parametrize(
    "line", ["PIPE", "PIPE #b", "PIPE now", "PIPE #b now", "@;; PIPE", "PIPE #!", " PIPE", "@label=a  PIPE"]
)
def test_refused_pipe_closes_so_that_nothing_runs_as_commands(chat: InMemoryChat, line: str) -> None:
    bob = chat.person("JOIN bob #b")
    alice = chat.person("JOIN alice #a", "PART")
    alice.says(line, "JOIN #b", "MSG rm -rf")
    chat.turn()
    error, bye = alice.take()
    assert error.startswith("ERR ")
    assert bye.startswith("BYE refused ")
    assert bob.take() == []


def test_nick_is_told_once_to_each_who_shares_a_room(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #a", "JOIN #b")
    carol = chat.program("JOIN carol #b")
    alice = chat.program("JOIN alice #a", "JOIN #b")
    bob.take(), carol.take()
    assert ask(chat, alice, "@label=n NICK alicia") == ["@label=n OK NICK alicia"]
    assert bob.take() == ["NICK alice alicia"]
    assert carol.take() == [f"@time={TIME} NICK alice alicia"]
    assert ask(chat, chat.person(), "JOIN alice") == ["OK JOIN #lobby 1"]
    assert ask(chat, alice, "NICK Alicia", "MSG hi")[-1].endswith(" MSG Alicia #b hi")


def test_part_goes_back_to_the_room_before(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #a")
    alice = chat.program("JOIN alice #a", "JOIN #b")
    bob.take()
    assert ask(chat, alice, "@label=p PART") == ["@label=p OK PART #b"]
    assert ask(chat, alice, "MSG here")[0].endswith(" MSG alice #a here")
    ask(chat, alice, "PART #A so long")
    assert bob.take() == ["MSG alice #a here", "PART alice #a so long"]


def test_who_lists_the_members(chat: InMemoryChat) -> None:
    chat.person("JOIN bob #a")
    alice = chat.program("JOIN alice #a")
    assert ask(chat, alice, "@label=w WHO") == ["WHO #a bob alice", "@label=w OK WHO #a 2"]


def test_rooms_lists_those_with_people_in_them(chat: InMemoryChat) -> None:
    chat.person("JOIN bob #b", "TOPIC beer", "JOIN #gone", "PART")
    alice = chat.person("JOIN alice #a")
    assert ask(chat, alice, "ROOMS") == ["ROOM #a 1", "ROOM #b 1 beer", "OK ROOMS 2"]


def test_topic_is_set_told_and_asked_for(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #a")
    alice = chat.program("JOIN alice #a")
    bob.take()
    assert ask(chat, alice, "@label=q TOPIC") == ["@label=q OK TOPIC #a"]
    set_, done = ask(chat, alice, "@label=s TOPIC lunch")
    assert set_ == f"@id=1;time={TIME} TOPIC alice #a lunch"
    assert done == "@label=s OK TOPIC #a"
    assert bob.take() == ["TOPIC alice #a lunch"]
    assert ask(chat, bob, "TOPIC #a") == ["TOPIC alice #a lunch", "OK TOPIC #a"]
    assert ask(chat, bob, "TOPIC #a dinner") == ["OK TOPIC #a"]


def test_ping_before_and_after_join(chat: InMemoryChat) -> None:
    assert ask(chat, chat.person(), "PING", "PING a1") == ["PONG", "PONG a1"]
    assert ask(chat, chat.program(), "@label=p PING a1") == ["@label=p PONG a1"]


def test_help_lists_every_verb_and_one(chat: InMemoryChat) -> None:
    lines = ask(chat, chat.program(), "HELP")
    assert lines[-1] == "OK HELP"
    assert [line.split()[1] for line in lines[:-1]] == list(VERBS)
    note, done = ask(chat, chat.program(), "@label=h HELP ping")
    assert note.startswith("NOTE PING [token] - ")
    assert done == "@label=h OK HELP"


def test_quit_parts_every_room_with_its_text(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #a", "JOIN #b")
    alice = chat.program("JOIN alice #a", "JOIN #b")
    bob.take()
    assert ask(chat, alice, "QUIT see you")[0].startswith("BYE quit ")
    assert alice.farewell is DisconnectReason.QUIT
    assert bob.take() == ["PART alice #a see you", "PART alice #b see you"]


ABOUT = ("RETRACT 1", "EDIT 1 x", "REACT 1 +1", "UNREACT 1 +1")
NEEDING = {
    Needs.NICK: (
        "NICK bob",
        "ROOMS",
        "TELL bob hi",
        "SET registered=yes",
        "KICK bob",
        "MUTE bob",
        "UNMUTE bob",
        "BAN bob",
        "UNBAN bob",
        "OP bob",
        "DEOP bob",
        "VOICE bob",
        "UNVOICE bob",
        "UNINVITE bob",
        "INVITE bob",
        "IGNORE bob",
        "UNIGNORE bob",
        "AWAY lunch",
        "RULES",
    ),
    Needs.ROOM: ("MSG hi", "TALK", "PIPE", "PART", "WHO", "TOPIC", "HISTORY", "SEARCH x", "SEEN 1", *ABOUT),
    Needs.NOTHING: (
        "HELLO 1",
        "JOIN bob",
        "TIME",
        "PING",
        "HELP",
        "QUIT",
        "LOGIN bob secret",
        "REGISTER secret",
        "POST bob #b hi",
    ),
}


@pytest.mark.parametrize(("needs", "line"), [(needs, line) for needs, lines in NEEDING.items() for line in lines])
def test_what_a_row_says_that_a_command_needs_is_asked_for(needs: Needs, line: str) -> None:
    chat = InMemoryChat()
    assert HANDLERS[type(wire.parse_command(line.encode()).command)].needs is needs
    newcomer = chat.person()
    newcomer.says(line)
    chat.turn()
    refused = any(said.startswith("ERR name-needed") for said in newcomer.take())
    assert refused is (needs is not Needs.NOTHING or line.startswith("REGISTER"))


def test_every_row_is_asked_what_it_needs() -> None:
    lines = [line for lines in NEEDING.values() for line in lines]
    assert {type(wire.parse_command(line.encode()).command) for line in lines} == HANDLERS.keys()
