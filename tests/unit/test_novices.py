"""What people type first who know IRC, Slack, MUDs, mail or a shell: no answer leaves them without the next step."""

from __future__ import annotations

import re

import pytest

from chatd.protocol.verbs import VERBS
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.unit.test_guidance import ask, newcomer

BEFORE = [
    # What they know of chat, before anything else.
    ("hello", "NOTE Hello! Write JOIN <your name>"),
    ("Hello everybody", "NOTE Hello! Write JOIN <your name>"),
    ("hi", "write JOIN <your name> first, then MSG hi"),
    ("hi all, anybody here?", "write JOIN <your name> first, then MSG hi all, anybody here?"),
    ("test", "write JOIN <your name> first, then MSG test"),
    ("I am Ann", "write JOIN <your name> first, then MSG I am Ann"),
    ("what is this", "write JOIN <your name> first, then MSG what is this"),
    ("MSG hello", "choose a nick first: JOIN <your name>"),
    ("TALK", "choose a nick first: JOIN <your name>"),
    ("WHO", "choose a nick first: JOIN <your name>"),
    ("ROOMS", "choose a nick first: JOIN <your name>"),
    ("say hello", "write MSG hello"),
    # IRC.
    ("/join #lobby", "choose a nick first: JOIN <your name> #lobby"),
    ("/join", "your nick is missing; write JOIN <nick> [#room]"),
    ("JOIN #lobby", "choose a nick first: JOIN <your name> #lobby"),
    ("/nick ann", "choose a nick first: JOIN <your name>"),
    ("NICK ann", "choose a nick first: JOIN <your name>"),
    ("/connect localhost", "write JOIN <your name>"),
    ("/server localhost", "HELP lists the commands"),
    ("PASS secret", "write JOIN <your name>"),
    ("LIST", "write ROOMS"),
    ("/list", "write ROOMS"),
    ("PRIVMSG #lobby :hello there", "write TELL #lobby hello there"),
    ("NICK", "the new nick is missing; write NICK <nick>"),
    # Slack and the like.
    ("#lobby", "write JOIN <your name> #lobby"),
    ("@ann hi", "write TELL ann hi"),
    ("@ann: hi", "write JOIN <your name> first"),
    ("/help", "NOTE JOIN <your name> [#room]"),
    # MUDs.
    ("connect ann secret", "write JOIN <your name>"),
    ("create ann secret", "write JOIN <your name>"),
    ("guest", "write JOIN <name>"),
    ("look", "write WHO"),
    ('"hello', "did you mean HELLO?"),
    ("'hi there", "then MSG hi there"),
    # Shells, telnet, editors.
    ("?", "write HELP"),
    ("help", "NOTE JOIN <your name> [#room]"),
    ("man", "write HELP"),
    ("--help", "write HELP"),
    ("ls", "write ROOMS"),
    ("login ann", "the password is missing; write LOGIN <nick> <password>"),
    ("username ann", "write JOIN ann"),
    ("whoami", "write WHO"),
    (":q!", "write QUIT"),
    ("exit", "write QUIT"),
    ("quit", "BYE quit "),
    ("bye", "write QUIT"),
    ("logout", "write QUIT"),
    # Slips.
    ("JION ann", "did you mean JOIN ann?"),
    ("join", "your nick is missing; write JOIN <nick> [#room]"),
    (" JOIN ann", "the line begins with a space"),
    ("JOIN ann smith", "write JOIN <nick> [#room]"),
    ("JOIN  ann", "write JOIN <nick> [#room]"),
    ("join lobby", "NOTE You are lobby (NICK <your name> changes that)."),
    ("JOIN ann lobby", "write JOIN <nick> [#room]"),
    ("JOIN bob", "nick bob is in use; choose another nick: JOIN <another nick>"),
    ("JOIN ann!", "for example: JOIN ann"),
]
AFTER = [
    ("hi all", "write MSG hi all to say it"),
    ("hello", "NOTE Hello, ann! Write MSG hello to say it to everybody in #lobby."),
    ("thanks", "write MSG thanks to say it"),
    ("lol", "write MSG lol to say it"),
    ("say hi", "write MSG hi"),
    ("send hi", "write MSG hi"),
    ("MSG", "the text is missing; write MSG <text>"),
    ("msg #den hi", "NOTE That went to #lobby"),
    ("me waves", "write MSG /me waves"),
    ("/msg bob hi", "write TELL bob hi"),
    ("/query bob", "write TELL bob <text>"),
    ("/w bob hi", "write TELL bob hi"),
    ("whisper bob hi", "write TELL bob hi"),
    ("tell bob", "the text is missing; write TELL"),
    ("tell carol hi", "WHO lists who is in the room"),
    ("bob: hi", "write MSG bob: hi to say it"),
    ("@bob hi", "write TELL bob hi"),
    ("NOTICE bob :hi", "write TELL bob hi"),
    ("/names", "write WHO"),
    ("/whois bob", "write WHO"),
    ("/who", "WHO #lobby bob ann"),
    ("/list", "write ROOMS"),
    ("/channels", "write ROOMS"),
    ("/j #den", "write JOIN #den"),
    ("#den hi", "write TELL #den hi"),
    ("cd den", "write JOIN #den"),
    ("join den", "to join a room, write JOIN #den; to change your nick, write NICK den"),
    ("LOGIN ann secret", "QUIT, reconnect and LOGIN first"),
    ("JOIN ann #den", "you have already joined as ann; to join a room, write JOIN #den"),
    ("/nick bob", "nick bob is in use; choose another nick: NICK <another nick>"),
    ("name annie", "write NICK annie"),
    ("nick ann smith", "write NICK <nick>"),
    ("history", "OK HISTORY #lobby"),
    ("log", "write HISTORY"),
    ("grep tea", "write SEARCH tea"),
    ("mode +m", "write SET <key>=<value>"),
    ("kick bob", "only operators of #lobby may do that; LOGIN if you are one"),
    ("/ignore", "OK IGNORE"),
    ("block bob", "write IGNORE bob"),
    ("signup", "write MSG <text> to chat without an account; only the people who run this server"),
    ("date", "write TIME"),
    ("/part", "OK PART #lobby"),
    ("/leave", "write PART to leave the room or QUIT to disconnect"),
    ("leave", "write PART to leave the room or QUIT to disconnect"),
    ("exit", "write QUIT"),
    ("/exit", "write QUIT"),
    ("/quit", "BYE quit "),
    ("HELLO 1", "HELLO 1 must come before the first JOIN; write MSG <text>"),
    ("talk to bob", "write TALK"),
    ("help me", "unknown command: ME; HELP lists the commands"),
]


def has_next_step(answer: str) -> bool:
    """Return whether an ERR names a line to type."""
    return answer.startswith("ERR ") and bool(set(re.findall(r"[A-Z]+", answer.split(" ", 3)[3])) & VERBS.keys())


def check(answers: list[str], expected: str) -> None:
    assert any(expected in answer for answer in answers), answers
    for answer in answers:
        assert has_next_step(answer) or not answer.startswith("ERR "), answer


@pytest.mark.parametrize(("line", "expected"), BEFORE, ids=[line for line, _ in BEFORE])
def test_the_first_line(line: str, expected: str) -> None:
    chat = InMemoryChat()
    chat.person("JOIN bob")
    check(ask(chat, newcomer(chat), line), expected)


@pytest.mark.parametrize(("line", "expected"), AFTER, ids=[line for line, _ in AFTER])
def test_the_first_line_after_joining(line: str, expected: str) -> None:
    chat = InMemoryChat()
    chat.person("JOIN bob")
    ann = newcomer(chat)
    ask(chat, ann, "JOIN ann #den", "JOIN #lobby")
    check(ask(chat, ann, line), expected)


@pytest.mark.parametrize(
    "line", [line for line, expected in AFTER if re.search(r"(?:write|mean) [A-Z]+ [^<]*$", expected)]
)
def test_what_is_named_can_be_typed(line: str) -> None:
    chat = InMemoryChat()
    chat.person("JOIN bob")
    ann = newcomer(chat)
    ask(chat, ann, "JOIN ann #den", "JOIN #lobby")
    answer = ask(chat, ann, line)[0]
    named = re.search(r"(?:write|mean) ([A-Z]+(?: [^;?]*?)?)(?:$|[;?]| for one| to leave)", answer)
    assert named is not None, answer
    assert not [line for line in ask(chat, ann, named[1]) if line.startswith("ERR ")], named[1]


def test_three_people_chat_for_a_quarter_of_an_hour() -> None:
    """Each types what the lines above have, one after the other; at the end all have spoken and been read."""
    chat = InMemoryChat()
    people: list[ChatClient] = [newcomer(chat) for _ in range(3)]
    leaving = {"quit", "/quit", "/part", "join lobby"}
    before = [line for line, _ in BEFORE if line not in leaving]
    after = [line for line, _ in AFTER if line not in leaving]
    heard: list[list[str]] = [[], [], []]
    began = chat.clock.seconds()

    def type_in(number: int, line: str) -> None:
        heard[number] += ask(chat, people[number], line)
        chat.wait(4 if people[number].session.current is None else 5)  # who does not join in 5 minutes is sent away

    for step in range(20):
        for number in range(3):
            type_in(number, before[(3 * step + number) % len(before)])
    for number, nick in enumerate(("ann", "bob", "carol")):
        type_in(number, f"JOIN {nick}")
    for step in range(len(after)):
        for number in range(3):
            type_in(number, after[(step + 16 * number) % len(after)])
            heard[number] += people[number].take()
    for number in range(3):
        type_in(number, "TALK")
        type_in(number, f"so this is {number}")
    assert chat.clock.seconds() >= began + 15 * 60
    for number, person in enumerate(people):
        heard[number] += person.take()
        assert person.farewell is None
        for answer in heard[number]:
            check([answer], "")
        said = [line for line in heard[number] if " so this is " in line]
        assert len(said) == 2, said
