"""Nicks and rooms as people bring them from IRC, through all that is done with names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from chatd.app import user_commands
from chatd.journal.factory import from_string
from chatd.journal.jetstream.messages import MessageId, Subjects, decode
from chatd.journal.sqlite.archive import erase, export_lines, import_lines
from chatd.model.conversation import account_of, conversation, parties
from chatd.model.entry import Entry
from chatd.model.room_policy import PolicyKey, is_address
from chatd.protocol import names
from chatd.protocol.events import Moderated, Said
from tests.support.in_memory_chat import InMemoryChat, journal_environment
from tests.unit.test_archive import lines, written
from tests.unit.test_telling import logged_in, people, told

NICKS = ("[bob]", "al|away", "_bart", "bob^", "bob`", "{x}", "a\\b", "_", "[]", "|", "^-^", "{0}")
ROOMS = ("##c++", "#c++", "##", "#+", "#_x", "#{x}", "#[bob]", "#al|away", "#bob^", "#bob`")


@pytest.fixture(params=["memory", "sqlite"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemoryChat]:
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = InMemoryChat(journal=lambda clock: from_string(where, journal_environment(clock)))
    yield chat
    chat.journal.stop()


@pytest.mark.parametrize("room", ROOMS)
def test_they_speak_and_are_found(chat: InMemoryChat, room: str) -> None:
    ann = chat.person(f"JOIN ann {room}")
    for nick in NICKS:
        person = chat.person(f"JOIN {nick} {room}", "MSG hi there", f"TOPIC {room} {nick}", f"TELL {room} again")
        said = [f"MSG {nick} {room} hi there", f"TOPIC {nick} {room} {nick}", f"MSG {nick} {room} again"]
        assert ann.take() == [f"JOIN {nick} {room}", *said]
        ann.says(f"TELL {nick} psst", f"SEARCH {room} there from:{nick}", f"HISTORY {room} 1")
        chat.turn()
        assert person.take()[-1] == "FROM ann psst"
        found = [f"MSG {nick} {room} hi there", f"OK SEARCH {room} 1", f"MSG {nick} {room} again"]
        answered = [line.rpartition("Z ")[2] for line in ann.take() if " TELL " not in line]
        assert answered == [*found, f"OK HISTORY {room} 1"]
    assert any(line.startswith(f"ROOM {room} {len(NICKS) + 1} ") for line in chat_lines(chat, "ROOMS"))


def chat_lines(chat: InMemoryChat, *typed: str) -> list[str]:
    person = chat.person("JOIN somebody #elsewhere")
    person.says(*typed)
    chat.turn()
    return person.take()


def test_they_are_accounts_are_moderated_and_told_in_private() -> None:
    with people(*NICKS) as chat:
        root = logged_in(chat, "root")
        for nick in NICKS:
            person = logged_in(chat, nick)
            chat.send(root, f"TELL {nick} hi")
            assert told(person)[-1].endswith("TELL root hi")
            for asked in (f"HISTORY {nick}", f"HISTORY with={nick}", f"SEARCH with={nick} hi"):
                root.take()
                assert chat.send(root, asked)[-1] == f"OK {asked.split()[0]} {nick} 1"
            for verb in ("OP", "DEOP", "MUTE", "UNMUTE", "INVITE", "KICK", "BAN", "UNBAN"):
                root.take()
                assert chat.send(root, f"{verb} {nick} #lobby")[-1] == f"OK {verb} #lobby {nick}", verb
            person.lose()
            somebody = chat.program(f"JOIN {nick}-x")
            assert chat.send(somebody, f"NICK {nick}")[-1].startswith(
                f"ERR not-allowed NICK nick {nick} belongs to a registered user"
            )


@pytest.mark.parametrize(
    ("there", "comes"),
    [
        ("al|away", "alIaway"),
        ("allaway", "al|away"),
        ("al|away", "AL1AWAY"),
        ("bob^", "bob\u02c6"),
        ("bob`", "bob\u02bb"),
    ],
)
def test_what_looks_like_one_is_not_taken(there: str, comes: str) -> None:
    chat = InMemoryChat()
    chat.person(f"JOIN {there} #{there}")
    late = chat.person(f"JOIN {comes}-x #elsewhere")
    late.says(f"NICK {comes}", f"JOIN #{comes}")
    chat.turn()
    nick, room = late.take()
    assert nick.startswith(f"ERR name-taken NICK {comes} could be mistaken for {there}")
    assert room.startswith(f"ERR bad-room JOIN #{comes} could be mistaken for #{there}")


def test_brackets_are_no_capitals_of_braces() -> None:
    chat = InMemoryChat()
    for nick in ("[a]", "{a}", "(a)".strip("()"), "a\\", "a|", "_a", "A_"):
        assert chat.person(f"JOIN {nick}").session.nick == nick


def test_a_name_that_is_taken_gets_a_number() -> None:
    chat = InMemoryChat()
    for nick in NICKS:
        chat.person(f"JOIN {nick}")
        assert chat.person(f"JOIN {nick} any=yes").session.nick == f"{nick}-2"


@pytest.mark.parametrize("name", [*NICKS, *ROOMS])
def test_as_words_of_subjects_they_have_nothing_that_nats_reads(name: str) -> None:
    subjects = Subjects("chatd")
    key = PolicyKey("BAN", names.key(name))
    for subject in (
        subjects.room(name),
        subjects.holding(name, key),
        subjects.all_seen_by(name).removesuffix(".*"),
        subjects.erased(name),
    ):
        words = subject.split(".")
        assert name in map(unquote, words)
        assert len(words) == len(subjects.room("x").split(".")) + 2 * ("holds" in words)
        assert not set(subject) & set("*>\\ \t")
    event = Moderated("BAN", name.strip("#"), "##c++", "[bob]") if name.strip("#") else Said("a", name, "x")
    message = subjects.message(Entry(names.key(event.room), event), MessageId("r1", 7, 3), 5)
    assert decode(message.payload).event == event


def test_an_account_of_such_a_name_has_conversations_of_its_own() -> None:
    for nick in NICKS:
        key = conversation(f"{nick}.5f0c", "ann.d0")
        assert sorted(map(account_of, parties(key))) == sorted([nick, "ann"])
        assert not is_address(nick)


def test_they_are_exported_imported_and_erased(tmp_path: Path) -> None:
    said = [(room, nick, f"by {nick}") for room in ROOMS for nick in NICKS]
    old, new = written(tmp_path / "old", *said), tmp_path / "new"
    import_lines(new, export_lines(old), "e2")
    assert [each[1:] for each in lines(new)] == said
    assert [each[1:] for each in lines(new, "##C++")] == said[: len(NICKS)]
    assert erase(new, "[BOB]") == len(ROOMS)
    assert {nick for _, _, nick, _ in lines(new)} == set(NICKS) - {"[bob]"}


def test_they_are_typed_at_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    for nick in NICKS:
        user_commands.main(["add", nick, "--no-password"])
    capsys.readouterr()
    user_commands.main(["token", "[bob]", "--room", "##c++", "--room", "#c++"])
    capsys.readouterr()
    user_commands.main(["tokens"])
    assert "\t[bob]\t##c++ #c++\t" in capsys.readouterr().out
