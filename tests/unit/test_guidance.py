"""What people are told beside the answer: how to speak, and where something was said."""

from __future__ import annotations

from tests.support.in_memory_chat import ChatClient, InMemoryChat


def newcomer(chat: InMemoryChat) -> ChatClient:
    person = ChatClient(chat.hub, newcomer=True)
    person.take()
    return person


def ask(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    person.says(*lines)
    chat.turn()
    return person.take()


def test_who_comes_in_is_told_once_how_to_speak() -> None:
    chat = InMemoryChat()
    ann = newcomer(chat)
    assert ask(chat, ann, "JOIN ann", "JOIN #den", "PART #den", "JOIN #den") == [
        "NOTE You are ann. Write MSG hello to say hello in #lobby, or TALK to send every line you type.",
        "OK JOIN #lobby 1 nick=ann",
        "OK JOIN #den 1",
        "OK PART #den",
        "OK JOIN #den 1",
    ]


def test_a_program_is_not() -> None:
    chat = InMemoryChat()
    bot = newcomer(chat)
    assert ask(chat, bot, "HELLO 1", "JOIN bot")[1:] == ["OK JOIN #lobby 1 last=0 resume=secret1"]
    assert (
        ask(chat, bot, "say", "say", "say")
        == ['ERR unknown-verb * unknown command: "say"; HELP lists the commands'] * 3
    )
    assert ask(chat, bot, "HELLO") == ["ERR bad-syntax HELLO the version is one word; write HELLO 1"]
    ask(chat, bot, "JOIN #den", "JOIN #lobby")
    assert [line.partition(" ")[2] for line in ask(chat, bot, "MSG #den hi")] == ["MSG bot #lobby #den hi"]


def test_who_is_called_like_the_room_is_told_how_to_change_that() -> None:
    chat = InMemoryChat()
    assert "You are lobby (NICK <your name> changes that)." in ask(chat, newcomer(chat), "join lobby")[0]


def test_a_room_without_a_name_says_what_is_missing() -> None:
    chat = InMemoryChat()
    why = "ERR name-needed JOIN choose a nick first: JOIN <your name> #den"
    assert ask(chat, newcomer(chat), "JOIN #den") == [why]


def test_hello_is_greeted_and_makes_nobody_a_program() -> None:
    chat = InMemoryChat()
    ann = newcomer(chat)
    assert ask(chat, ann, "hello") == ["NOTE Hello! Write JOIN <your name> to come in, then MSG <text> to speak."]
    assert not ann.session.tagged
    ask(chat, ann, "JOIN ann")
    assert ask(chat, ann, "hello all") == ["NOTE Hello, ann! Write MSG hello all to say it to everybody in #lobby."]
    assert ask(chat, newcomer(chat), "HELLO 2")[0].startswith("ERR bad-version HELLO ")


def test_after_two_lines_in_a_row_that_are_no_commands_talk_is_told() -> None:
    chat = InMemoryChat()
    ann = newcomer(chat)
    assert not [line for line in ask(chat, ann, "hi", "anybody here", "so") if "TALK" in line]
    ask(chat, ann, "JOIN ann")
    assert not [line for line in ask(chat, ann, "hi", "PING", "anybody here", "MSG hi", "so") if "TALK" in line]
    told = ask(chat, ann, "anybody here")[-1]
    assert told == "NOTE Write TALK to send every line you type to #lobby; commands then begin with /."
    ask(chat, ann, "TALK")
    assert len(ask(chat, ann, "/hi", "/hi", "/hi")) == 3


def test_a_room_that_was_meant_and_not_told_is_named() -> None:
    chat = InMemoryChat()
    ann, bob = newcomer(chat), chat.person("JOIN bob #den", "JOIN #lobby")
    ask(chat, ann, "JOIN ann #den", "JOIN #lobby")
    bob.take()
    told = 'NOTE That went to #lobby, "#den" included. Write TELL #den hi to send it to #den.'
    assert ask(chat, ann, "MSG #den hi") == [told]
    assert bob.take() == ["MSG ann #lobby #den hi"]
    assert ask(chat, ann, "MSG #elsewhere hi", "MSG #", "MSG #den", "TALK", "#den hi") == ["OK TALK #lobby"]


def test_errors_say_what_to_type_next() -> None:
    chat = InMemoryChat()
    chat.person("JOIN bob")
    ann = newcomer(chat)
    assert ask(chat, ann, "JOIN bob")[0].endswith("nick bob is in use; choose another nick: JOIN <another nick>")
    ask(chat, ann, "JOIN ann")
    assert ask(chat, ann, "NICK bob")[0].endswith("nick bob is in use; choose another nick: NICK <another nick>")
    assert ask(chat, ann, "TELL carol hi")[0].endswith("; WHO lists who is in the room")
    assert ask(chat, ann, "@bob: hi")[0].endswith("write TELL <nick> <text> to reach one person")
