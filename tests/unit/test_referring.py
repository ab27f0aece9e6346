"""Taking back, changing, answering and reacting: who may, what becomes of the message, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from chatd.chat.verdicts import Verdicts
from chatd.journal import Query
from chatd.journal.factory import from_string
from chatd.journal.references import MAX_EMOJI
from chatd.journal.sqlite.journal import SqliteJournal
from chatd.model.cluster import is_proven
from chatd.model.entry import Entry
from chatd.protocol.events import DurableEvent, Said
from chatd.protocol.references import Retracted
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat, journal_environment
from tests.support.in_memory_cluster import InMemoryCluster
from tests.unit.test_moderation import Names

NOT_THERE = "is not in #den; it may have been deleted"


@pytest.fixture(params=["memory", "sqlite"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemoryChat]:
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = InMemoryChat(journal=lambda clock: from_string(where, journal_environment(clock)))
    chat.hub.accounts = Names("ann", "bob", "cat", operators=("root",))  # type: ignore[assignment]
    yield chat
    chat.journal.stop()


def come_in(chat: InMemoryChat, nick: str, *lines: str, account: str | None = None, tagged: bool = True) -> ChatClient:
    person = ChatClient(chat.hub)
    person.session.account = account
    person.says(*(["HELLO 1"] if tagged else []), f"JOIN {nick} #den", *lines)
    chat.turn()
    assert person.session.rooms
    person.take()
    return person


def answers(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    """Return what somebody is sent after saying something, without tags."""
    chat.turn()
    person.take()
    person.says(*lines)
    chat.turn()
    return [line.partition(" ")[2] if line.startswith("@") else line for line in person.take()]


def said(chat: InMemoryChat, person: ChatClient, text: str) -> int:
    """Let somebody say something, and return its id."""
    chat.turn()
    person.take()
    person.says(f"MSG {text}")
    chat.turn()
    (line,) = [line for line in person.take() if line.endswith(f" {text}")]
    return int(line[1:].partition(";")[0].removeprefix("id="))


def test_what_is_taken_back_is_told_to_all_and_nowhere_any_more(chat: InMemoryChat) -> None:
    ann, bob, person = come_in(chat, "ann", account="ann"), come_in(chat, "ben"), come_in(chat, "eve", tagged=False)
    said(chat, ann, "before")
    id_ = said(chat, ann, "my hidden word")
    after = said(chat, ann, "after")
    bob.take()
    person.take()
    ann.says(f"@label=r1 RETRACT {id_}")
    chat.turn()
    told = f"@id={after + 1};time=1970-01-12T13:46:40.000Z RETRACT ann #den {id_}"
    assert ann.take() == [told, f"@label=r1 OK RETRACT #den {id_}"]
    assert bob.take() == [told]
    for somebody in (ann, bob, person):
        for line in ("HISTORY", "SEARCH hidden", "SEARCH word"):
            assert not [each for each in answers(chat, somebody, line) if "hidden" in each]
    assert [line.split(" ", 3)[3] for line in answers(chat, bob, "HISTORY")[:-1]] == ["before", "after"]
    newcomer = answers(chat, ChatClient(chat.hub), "HELLO 1", "JOIN fay #den since=0 epoch=e1")
    assert f"RETRACT ann #den {id_}" in newcomer and not [line for line in newcomer if "hidden" in line]


def test_the_text_that_was_changed_is_gone_and_the_new_one_is_found(chat: InMemoryChat) -> None:
    ann, bob = come_in(chat, "ann", account="ann"), come_in(chat, "ben")
    id_ = said(chat, ann, "fist word")
    assert f"EDIT ann #den {id_} first word" in answers(chat, ann, f"EDIT {id_} first word")
    assert f"EDIT ann #den {id_} second word" in answers(chat, ann, f"EDIT {id_} second word")
    bob.says("SEARCH fist", "SEARCH first", "SEARCH second")
    bob.take()
    chat.turn()
    found = [line for line in bob.take() if "OK" not in line]
    assert found == [f"@id={id_};time=1970-01-12T13:46:40.000Z;old;edited MSG ann #den second word"]
    newcomer = answers(chat, ChatClient(chat.hub), "HELLO 1", "JOIN fay #den since=0 epoch=e1")
    assert newcomer[1:-1] == ["MSG ann #den second word", f"EDIT ann #den {id_} second word"]
    answers(chat, ann, f"RETRACT {id_}")
    newcomer = answers(chat, ChatClient(chat.hub), "HELLO 1", "JOIN gus #den since=0 epoch=e1")
    assert newcomer[1:-1] == [f"RETRACT ann #den {id_}"]


@pytest.mark.parametrize("verb", ["RETRACT {}", "EDIT {} mine now"])
def test_what_another_has_said_is_theirs_whoever_goes_by_the_name(chat: InMemoryChat, verb: str) -> None:
    guest = come_in(chat, "eve")
    id_ = said(chat, guest, "by a guest")
    bob = come_in(chat, "bob", account="bob")
    assert "ERR not-allowed" in answers(chat, bob, verb.format(id_))[0]
    guest.lose()
    chat.turn()
    impostor = come_in(chat, "eve")
    assert "ERR not-allowed" in answers(chat, impostor, verb.format(id_))[0]
    assert "MSG eve #den by a guest" in answers(chat, bob, "HISTORY")


def test_what_is_said_under_an_account_is_of_the_account(chat: InMemoryChat) -> None:
    ann = come_in(chat, "ann", account="ann")
    id_ = said(chat, ann, "hello")
    ann.lose()
    chat.turn()
    again = come_in(chat, "ann", account="ann")
    assert f"OK EDIT #den {id_}" in answers(chat, again, f"EDIT {id_} hello again")
    assert f"OK RETRACT #den {id_}" in answers(chat, again, f"RETRACT {id_}")


def test_what_a_guest_said_goes_over_with_the_connection(chat: InMemoryChat) -> None:
    guest = ChatClient(chat.hub)
    joined = answers(chat, guest, "HELLO 1", "JOIN eve #den")[-1]
    secret = joined.partition("resume=")[2]
    id_ = said(chat, guest, "hello")
    for _ in range(2):
        guest = ChatClient(chat.hub)
        joined = answers(chat, guest, "HELLO 1", f"JOIN eve #den resume={secret}")[-1]
        secret = joined.partition("resume=")[2]
    assert f"OK EDIT #den {id_}" in answers(chat, guest, f"EDIT {id_} hello again")


def test_it_goes_over_from_node_to_node() -> None:
    cluster = InMemoryCluster(3)
    voices, secret = [], ""
    for node in (*cluster.nodes, cluster.nodes[0]):
        guest = ChatClient(node.hub)
        guest.says("HELLO 1", "JOIN eve #den" + (f" resume={secret}" if secret else ""))
        cluster.settle()
        secret = guest.take()[-1].partition("resume=")[2]
        voices.append(guest.session.voice)
    assert len(voices) == 4 and len(set(voices)) == 1
    assert is_proven(guest.session.info.proof, secret)  # type: ignore[union-attr]  # all nodes know it


def test_who_registers_meanwhile_keeps_what_was_said_before(chat: InMemoryChat) -> None:
    guest = come_in(chat, "fay")
    id_ = said(chat, guest, "hello")
    guest.session.account = "fay"
    assert f"OK RETRACT #den {id_}" in answers(chat, guest, f"RETRACT {id_}")


def test_operators_take_back_what_anybody_said_and_change_nothing(chat: InMemoryChat) -> None:
    ann = come_in(chat, "ann", "SET registered=yes", account="ann")
    root = come_in(chat, "root", account="root")
    eve = come_in(chat, "eve")
    first, second = said(chat, eve, "one"), said(chat, eve, "two")
    assert "ERR not-allowed" in answers(chat, ann, f"EDIT {first} changed")[0]
    assert f"OK RETRACT #den {first}" in answers(chat, ann, f"RETRACT {first}")
    assert "ERR not-allowed" in answers(chat, root, f"EDIT {second} changed")[0]
    assert f"OK RETRACT #den {second}" in answers(chat, root, f"RETRACT {second}")


def test_an_operator_elsewhere_takes_nothing_back(chat: InMemoryChat) -> None:
    come_in(chat, "ann", "SET registered=yes", account="ann")
    eve = come_in(chat, "eve")
    id_ = said(chat, eve, "one")
    bob = come_in(chat, "bob", "JOIN #other", "SET registered=yes", account="bob")
    assert answers(chat, bob, f"RETRACT {id_}") == [
        f"ERR no-such-message RETRACT the message {id_} {NOT_THERE}".replace("#den", "#other")
    ]
    assert "ERR not-allowed" in answers(chat, bob, f"RETRACT {id_} #den")[0]


def test_who_is_muted_takes_back_and_says_nothing_else(chat: InMemoryChat) -> None:
    ann, eve = come_in(chat, "ann", "SET registered=yes", account="ann"), come_in(chat, "eve")
    id_ = said(chat, eve, "one")
    answers(chat, ann, "MUTE eve")
    for line in (f"EDIT {id_} two", f"REACT {id_} +1", f"UNREACT {id_} +1", f"@reply={id_} MSG hi"):
        assert answers(chat, eve, line)[0].startswith("ERR muted")
    assert f"OK RETRACT #den {id_}" in answers(chat, eve, f"RETRACT {id_}")
    assert answers(chat, eve, "MSG still")[0].startswith("ERR muted")


@pytest.mark.parametrize(
    ("ruling", "line", "answer"),
    [
        ("MUTE eve", "EDIT {} two", "ERR muted"),
        ("MUTE eve", "REACT {} +1", "ERR muted"),
        ("MUTE eve", "@reply={} MSG hi", "ERR muted"),
        ("KICK eve", "RETRACT {}", "ERR not-in-room"),
        ("RETRACT {}", "EDIT {} two", "ERR no-such-message"),
        ("RETRACT {}", "RETRACT {}", "ERR no-such-message"),
        ("RETRACT {}", "@reply={} MSG hi", "ERR no-such-message"),
        ("RETRACT {}", "REACT {} +1", "ERR no-such-message"),
    ],
)
def test_what_was_first_holds_for_what_was_on_its_way(chat: InMemoryChat, ruling: str, line: str, answer: str) -> None:
    ann, eve = come_in(chat, "ann", "SET registered=yes", account="ann"), come_in(chat, "eve")
    id_ = said(chat, eve, "one")
    ann.says(ruling.format(id_))
    assert [each for each in answers_now(chat, eve, line.format(id_)) if answer in each]


def answers_now(chat: InMemoryChat, person: ChatClient, line: str) -> list[str]:
    person.take()
    person.says(line)
    chat.turn()
    return person.take()


def test_who_may_take_back_is_not_free_to_speak(chat: InMemoryChat) -> None:
    ann, eve = come_in(chat, "ann", "SET registered=yes", account="ann"), come_in(chat, "eve")
    id_ = said(chat, eve, "one")
    answers(chat, ann, "MUTE eve")
    events: list[DurableEvent] = [Retracted("eve", "#den", id_), Said("eve", "#den", "two")]
    entries = [Entry("#den", event, eve.session, time=chat.hub.now, by=eve.session.keys) for event in events]
    assert Verdicts(chat.hub)(entries) == 2
    assert [entry.refused is None for entry in entries] == [True, False]


def test_an_operator_that_is_none_any_more_takes_nothing_back(chat: InMemoryChat) -> None:
    ann = come_in(chat, "ann", "SET registered=yes", "OP bob", account="ann")
    bob, eve = come_in(chat, "bob", account="bob"), come_in(chat, "eve")
    id_ = said(chat, eve, "one")
    ann.says("DEOP bob")
    assert [each for each in answers_now(chat, bob, f"RETRACT {id_}") if "ERR not-allowed" in each]
    assert "MSG eve #den one" in answers(chat, eve, "HISTORY")


def test_what_was_private_is_not_there_for_who_may_not_read_it(chat: InMemoryChat) -> None:
    ann = come_in(chat, "ann", "SET registered=yes", "SET private=yes", account="ann")
    id_ = said(chat, ann, "between us")
    answers(chat, ann, "SET private=no")
    eve, root = come_in(chat, "eve"), come_in(chat, "root", account="root")
    for about in (id_, 9999):
        for somebody in (eve, root):
            for line in (f"RETRACT {about}", f"EDIT {about} x", f"REACT {about} +1", f"UNREACT {about} +1"):
                verb = line.partition(" ")[0]
                assert answers(chat, somebody, line) == [f"ERR no-such-message {verb} the message {about} {NOT_THERE}"]
                assert answers(chat, somebody, f"@label=x{verb}{about} {line}") == [
                    f"ERR no-such-message {verb} the message {about} {NOT_THERE}"
                ]
            assert answers(chat, somebody, f"@reply={about} MSG hi") == [
                f"ERR no-such-message MSG the message you reply to {NOT_THERE}"
            ]


def test_what_was_said_in_private_is_not_told_to_others_by_a_change(chat: InMemoryChat) -> None:
    ann = come_in(chat, "ann", "SET registered=yes", "SET private=yes", account="ann")
    id_ = said(chat, ann, "between us")
    assert f"OK EDIT #den {id_}" in answers(chat, ann, f"EDIT {id_} between the two of us")
    answers(chat, ann, "SET private=no")
    assert "ERR not-allowed" in answers(chat, ann, f"EDIT {id_} for all to read")[0]
    assert f"OK RETRACT #den {id_}" in answers(chat, ann, f"RETRACT {id_}")


def test_a_topic_and_a_line_of_moderation_cannot_be_taken_back(chat: InMemoryChat) -> None:
    ann = come_in(chat, "ann", account="ann")
    ann.says("TOPIC tea", "SET registered=yes")
    chat.turn()
    ids = [int(line[1:].partition(";")[0].removeprefix("id=")) for line in ann.take() if line.startswith("@id=")]
    assert len(ids) == 2
    for id_ in ids:
        assert answers(chat, ann, f"RETRACT {id_}")[0].startswith("ERR no-such-message RETRACT")


def test_a_label_makes_it_happen_once(chat: InMemoryChat) -> None:
    ann, bob = come_in(chat, "ann", account="ann"), come_in(chat, "ben")
    id_ = said(chat, ann, "one")
    for verb, line in (("EDIT", f"EDIT {id_} two"), ("REACT", f"REACT {id_} 👍"), ("RETRACT", f"RETRACT {id_}")):
        for _ in range(2):
            ann.take()
            ann.says(f"@label={verb} {line}")
            chat.turn()
            echo, done = ann.take()
            assert echo.endswith(f" {verb} ann #den {line.partition(' ')[2]}")
            assert done == f"@label={verb} OK {verb} #den {id_}"
        assert ";old " in echo
    assert len([line for line in bob.take() if "#den" in line and "MSG" not in line]) == 3
    assert "label-reused" in answers(chat, ann, f"@label=RETRACT EDIT {id_} x")[0]


def test_what_was_taken_back_is_not_said_again_under_its_label(chat: InMemoryChat) -> None:
    ann = come_in(chat, "ann", account="ann")
    ann.says("@label=m1 MSG secret")
    chat.turn()
    id_ = int(ann.take()[0][1:].partition(";")[0].removeprefix("id="))
    answers(chat, ann, f"EDIT {id_} better")
    assert answers(chat, ann, "@label=m1 MSG secret") == ["MSG ann #den secret"]
    answers(chat, ann, f"RETRACT {id_}")
    assert "ERR not-allowed" in answers(chat, ann, "@label=m1 MSG secret")[0]
    assert answers(chat, ann, "HISTORY") == ["OK HISTORY #den 0"]


def test_reactions_are_counted_and_bounded(chat: InMemoryChat) -> None:
    ann, bob, eve = come_in(chat, "ann", account="ann"), come_in(chat, "bob", account="bob"), come_in(chat, "eve")
    id_ = said(chat, ann, "ship it")
    assert f"REACT bob #den {id_} 👍" in answers(chat, bob, f"REACT {id_} 👍")
    assert "ERR not-allowed" in answers(chat, bob, f"REACT {id_} 👍")[0]
    answers(chat, eve, "REACT last 👍", "REACT last +1")
    assert answers(chat, ann, "HISTORY")[-2] == f"REACTIONS #den {id_} 👍 2 +1 1"
    assert f"OK UNREACT #den {id_}" in answers(chat, bob, f"UNREACT {id_} 👍")
    assert "ERR no-such-message" in answers(chat, bob, f"UNREACT {id_} 👍")[0]
    assert answers(chat, ann, "SEARCH ship")[-2] == f"REACTIONS #den {id_} 👍 1 +1 1"
    emoji = [chr(0x1F600 + number) for number in range(MAX_EMOJI)]
    given = [answers(chat, eve, f"REACT {id_} {each}")[-1] for each in emoji]
    assert [each.startswith("OK") for each in given] == [True] * (MAX_EMOJI - 2) + [False] * 2
    assert given[-1].startswith("ERR full")
    answers(chat, ann, f"RETRACT {id_}")
    assert answers(chat, ann, "HISTORY") == ["OK HISTORY #den 0"]


def test_an_answer_says_what_it_answers(chat: InMemoryChat) -> None:
    ann, bob = come_in(chat, "ann", account="ann"), come_in(chat, "ben")
    id_ = said(chat, ann, "lunch?")
    bob.says(f"@label=a;reply={id_} MSG yes", f"@reply={id_} TELL #den please")
    chat.turn()
    lines = [line for line in ann.take() if "MSG ben" in line]
    assert all(f";reply={id_} MSG ben #den" in line for line in lines) and len(lines) == 2
    assert f";reply={id_};label=a MSG ben #den yes" in bob.take()[-2]
    bob.says("HISTORY")
    chat.turn()
    assert len([line for line in bob.take() if f";old;reply={id_} MSG" in line]) == 2
    assert "label-reused" in answers(chat, bob, "@label=a MSG yes")[0]


def test_people_see_ids_when_they_ask_and_say_last(chat: InMemoryChat) -> None:
    ann, eve = come_in(chat, "ann", account="ann", tagged=False), come_in(chat, "eve")
    first = said(chat, eve, "theirs")
    answers(chat, ann, "MSG one", "MSG tow")
    assert answers(chat, ann, "EDIT last two")[-1].startswith("OK EDIT #den")
    lines = answers(chat, ann, "HISTORY ids=yes")
    assert [line.split(" ", 2)[2] for line in lines[:-1]] == [
        f"{first} MSG eve #den theirs",
        f"{first + 1} MSG ann #den one",
        f"{first + 2} MSG ann #den two",
    ]
    assert f"{first} MSG eve #den theirs" in answers(chat, ann, "SEARCH ids=yes theirs")[0]
    assert answers(chat, ann, "RETRACT last", "RETRACT last")[-1] == f"OK RETRACT #den {first + 1}"
    assert "ERR no-such-message" in answers(chat, ann, "RETRACT last")[0]


def test_people_read_sentences(chat: InMemoryChat) -> None:
    ann, eve = come_in(chat, "ann", account="ann"), come_in(chat, "eve", tagged=False)
    id_ = said(chat, ann, "one")
    answers(chat, ann, f"EDIT {id_} two", f"REACT {id_} +1", f"UNREACT {id_} +1", f"REACT {id_} 👍")
    assert eve.take()[1:] == [
        "NOTE ann edited a message in #den: two",
        "NOTE ann reacted with +1 to a message in #den",
        "NOTE ann removed the reaction +1 from a message in #den",
        "NOTE ann reacted with 👍 to a message in #den",
    ]
    assert answers(chat, eve, "HISTORY ids=yes")[1] == f"NOTE Reactions to {id_}: 👍 1"
    assert len(answers(chat, eve, "HISTORY")) == 2
    answers(chat, ann, f"RETRACT {id_}")
    assert eve.take() == ["NOTE ann deleted a message in #den"]


def test_who_ignores_somebody_sees_no_change_of_theirs(chat: InMemoryChat) -> None:
    ann, eve = come_in(chat, "ann", account="ann"), come_in(chat, "eve")
    id_ = said(chat, eve, "one")
    answers(chat, ann, "IGNORE eve")
    answers(chat, eve, f"EDIT {id_} two", f"REACT {id_} +1", f"RETRACT {id_}")
    assert [line.partition(" ")[2] for line in ann.take()] == [f"RETRACT eve #den {id_}"]


def slow_reader(chat: InMemoryChat, line: str) -> tuple[ChatClient, ChatClient, list[int]]:
    """Return ann, who has said 50 things, and bob, who asked for them with a line and has read the first."""
    ann, bob = come_in(chat, "ann", account="ann"), come_in(chat, "ben")
    ids = [said(chat, ann, f"word {number}") for number in range(50)]
    bob.take()
    bob.blocked = True
    bob.says(line)
    chat.turn()
    assert len(bob.take()) == 1
    return ann, bob, ids


@pytest.mark.parametrize("line", ["HISTORY", "SEARCH word"])
def test_what_is_on_its_way_to_a_slow_reader_is_left_out(chat: InMemoryChat, line: str) -> None:
    ann, bob, ids = slow_reader(chat, line)
    answers(chat, ann, f"RETRACT {ids[30]}", f"EDIT {ids[40]} changed")
    bob.take()
    bob.blocked = False
    bob.session.resume_commands()
    chat.turn()
    told = [line.partition(" ")[2] for line in bob.take()]
    assert "MSG ann #den word 29" in told and "MSG ann #den changed" in told
    assert "MSG ann #den word 30" not in told and "MSG ann #den word 40" not in told
    assert told[-1] == f"{line.split()[0]} #den 49"  # after its OK


def test_what_is_read_while_it_is_taken_back_is_left_out_too(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "journal")
    ann = chat.program("JOIN ann #den")
    id_ = said(chat, ann, "stored")
    journal = chat.journal
    assert isinstance(journal, SqliteJournal) and journal._store is not None
    page = journal._store.reader.read(Query("#den"))  # as in a thread that is slow to say so
    chat.slow = True
    ben = ChatClient(chat.hub)
    ben.says("HELLO 1", "JOIN ben #den since=0 epoch=e1")
    chat.turn()
    (read,) = chat.workers["reader"].jobs
    chat.workers["reader"].jobs.clear()
    chat.slow = False
    answers(chat, ann, f"RETRACT {id_}")
    with patch.object(journal._store.reader, "read", lambda _query: page):
        read()
    chat.turn()
    told = ben.take()
    assert not [line for line in told if "stored" in line]
    assert [line for line in told if f"RETRACT ann #den {id_}" in line]
    journal.stop()
    chat.turn()
