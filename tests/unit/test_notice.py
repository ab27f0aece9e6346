"""The tag ``notice``: it comes with the line wherever that is told, and changes nothing else."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatd.chat.referring import original_of
from chatd.chat.telling import Telling
from chatd.journal import Query
from chatd.journal.jetstream.messages import MessageId, Subjects, decode
from chatd.journal.sqlite.archive import export_lines, import_lines
from chatd.journal.sqlite.database import APPLICATION_ID, schema
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol.commands import Msg, Tell, Topic
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Said, Told, ToldOthers, TopicSet
from chatd.protocol.references import Edited, Original
from chatd.protocol.wire import Request, parse_command, parse_event
from chatd.runtime.schema import upgrade
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.support.in_memory_cluster import InMemoryCluster
from tests.unit.test_referring import answers, chat, come_in
from tests.unit.test_telling import logged_in, people
from tests.unit.test_told_again import resumed

__all__ = ["chat"]
KEY = "=ann.d0=bob.d0"


def told(person: ChatClient) -> list[str]:
    """Return what somebody was sent since the last time, without ids and times."""
    found: list[str] = []
    for line in person.take():
        head, _, rest = line.partition(" ")
        tags = [tag for tag in head.removeprefix("@").split(";") if not tag.startswith(("id=", "time="))]
        found.append(f"{';'.join(tags)} {rest}".strip() if line.startswith("@") else line)
    return found


# On the wire.


def test_it_is_a_tag_of_what_is_said() -> None:
    assert parse_command(b"@label=a1;notice MSG done") == Request(Msg("done", notice=True), "a1")
    assert parse_command(b"@notice;reply=7 MSG done").command == Msg("done", 7, notice=True)
    assert parse_command(b"@notice TELL bob done").command == Tell("bob", "done", notice=True)
    assert parse_command(b"@notice TOPIC #a done").command == Topic("#a", "done")


@pytest.mark.parametrize("verb", ["MSG done", "TELL bob done"])
def test_it_has_no_value(verb: str) -> None:
    with pytest.raises(ChatError) as caught:
        parse_command(f"@label=a1;notice=no {verb}".encode())
    assert (caught.value.code, caught.value.verb, caught.value.label) == (Code.BAD_TAGS, verb[:4].strip(), "a1")


def test_a_client_reads_it_with_the_line() -> None:
    assert parse_event(b"@id=7;notice MSG ci #a done")[1] == Said("ci", "#a", "done", notice=True)
    assert parse_event(b"@id=7;reply=3;notice MSG ci #a done")[1] == Said("ci", "#a", "done", 3, notice=True)
    assert parse_event(b"@id=7;notice TELL ci done")[1] == Told("ci", "done", notice=True)
    assert parse_event(b"@id=7;notice TOLD bob done")[1] == ToldOthers("bob", "done", notice=True)
    assert parse_event(b"@id=7;notice TOPIC ci #a done")[1] == TopicSet("ci", "#a", "done")


# In rooms.


def test_it_comes_with_the_line_and_people_read_what_they_always_do(chat: InMemoryChat) -> None:
    eve, bob, ci = come_in(chat, "eve", tagged=False), come_in(chat, "ben"), come_in(chat, "ci")
    for person in (eve, bob):
        person.take()
    ci.says("@label=a1;notice MSG done", "@notice TELL #den done again")
    chat.turn()
    assert told(ci) == ["notice;label=a1 MSG ci #den done", "notice MSG ci #den done again"]
    assert told(bob) == ["notice MSG ci #den done", "notice MSG ci #den done again"]
    assert told(eve) == ["MSG ci #den done", "MSG ci #den done again"]
    bob.says("HISTORY", "SEARCH done")
    chat.turn()
    lines = ["old;notice MSG ci #den done", "old;notice MSG ci #den done again"]
    assert [line for line in told(bob) if "OK" not in line] == lines * 2
    assert "MSG ci #den done" in answers(chat, eve, "HISTORY")[0]


def test_who_comes_back_is_told_it_too(chat: InMemoryChat) -> None:
    ci = come_in(chat, "ci")
    ci.says("@notice MSG done")
    chat.turn()
    late = ChatClient(chat.hub)
    late.says("HELLO 1", "JOIN late #den since=0 epoch=e1")
    chat.turn()
    assert "old;notice MSG ci #den done" in told(late)


def test_one_that_answers_has_both_tags(chat: InMemoryChat) -> None:
    ci, bob = come_in(chat, "ci"), come_in(chat, "ben")
    (line,) = answers(chat, bob, "MSG done?")
    id_ = chat.hub.last_id
    ci.says(f"@label=a1;notice;reply={id_} MSG yes")
    chat.turn()
    assert f"reply={id_};notice;label=a1 MSG ci #den yes" in told(ci)
    assert f"reply={id_};notice MSG ci #den yes" in told(bob)
    assert line == "MSG ben #den done?"


def test_what_was_said_before_under_the_label_comes_back_with_its_tags(chat: InMemoryChat) -> None:
    ci = come_in(chat, "ci")
    ci.says("@label=a1;notice MSG done", "@label=a1;notice MSG done", "@label=a1 MSG done")
    chat.turn()
    first, again, other = told(ci)
    assert (first, again) == ("notice;label=a1 MSG ci #den done", "old;notice;label=a1 MSG ci #den done")
    assert other.startswith("label=a1 ERR label-reused")


def test_a_notice_that_is_changed_is_one_still(chat: InMemoryChat) -> None:
    ci = come_in(chat, "ci", account="ann")
    ci.says("@notice MSG don", "EDIT last done")
    chat.turn()
    ci.take()
    ci.says("HISTORY")
    chat.turn()
    assert told(ci)[0] == "old;notice;edited MSG ci #den done"


def test_what_is_changed_while_it_is_told_is_one_still(chat: InMemoryChat) -> None:
    said = StoredEvent(1, 1000, Said("ci", "#den", "don", 0, notice=True), "account=ann")
    with Telling(chat.hub, "#den") as telling:
        telling.has_read([said])
        telling.note(2, Edited("ci", "#den", 1, "done"))
        kept = telling.current(said)
    assert kept is not None
    assert kept.event == Said("ci", "#den", "done", notice=True)
    assert original_of(said, kept.event) == Original("ci", 1000, "account=ann", notice=True)


def test_before_hello_it_is_checked_and_ignored(chat: InMemoryChat) -> None:
    eve, bob = come_in(chat, "eve", tagged=False), come_in(chat, "ben")
    eve.says("@notice MSG done", "@notice=x MSG no")
    chat.turn()
    assert told(bob) == ["MSG eve #den done"]
    assert eve.take()[-1].startswith("ERR bad-tags MSG the tag notice takes no value")


# In private.


def test_it_comes_with_what_is_told_to_an_account() -> None:
    with people("ann", "bob") as chat:
        ann, also, bob = logged_in(chat, "ann"), logged_in(chat, "ann", nick="also"), logged_in(chat, "bob")
        for person in (ann, also, bob):
            person.take()
        chat.send(ann, "@label=1;notice TELL bob done", "@label=1;notice TELL bob done", "@label=1 TELL bob done")
        assert told(bob) == ["notice TELL ann done"]
        assert [line for line in told(also) if "TOLD" in line] == ["notice TOLD bob done"]
        assert [line.split(" ")[1] for line in told(ann)] == ["OK", "OK", "ERR"]
        chat.send(bob, "HISTORY ann")
        assert told(bob)[0] == "old;notice TELL ann done"
        bob.lose()
        chat.send(ann, "@notice TELL bob again")
        assert "old;notice TELL ann again" in told(logged_in(chat, "bob"))


def test_it_comes_with_what_is_told_to_a_guest_also_over_the_next_connection() -> None:
    chat = InMemoryChat()
    ann, bob = chat.program("JOIN ann #a"), chat.program("JOIN bob #a")
    ann.says("@notice TELL bob done")
    assert told(bob) == ["notice TELL ann done"]
    assert [line.rpartition(";")[2] for line in resumed(chat, bob) if "TELL" in line] == ["notice TELL ann done"]
    eve = chat.person("JOIN eve #a")
    eve.says("@notice TELL ann hi")
    ann.says("@notice TELL eve done")
    assert told(ann)[-2] == "TELL eve hi"
    assert eve.take()[-1] == "FROM ann done"


def test_it_comes_with_what_is_told_to_a_guest_on_another_node() -> None:
    cluster = InMemoryCluster(2)
    one, two = cluster.nodes
    ann, bob = ChatClient(one.hub), ChatClient(two.hub)
    ann.says("HELLO 1", "JOIN ann #a")
    bob.says("HELLO 1", "JOIN bob #a")
    cluster.settle()
    bob.take()
    ann.says("@notice TELL bob done", "TELL bob bye")
    cluster.settle()
    assert [line for line in told(bob) if "TELL" in line] == ["notice TELL ann done", "TELL ann bye"]
    again = ChatClient(one.hub)
    again.says("HELLO 1", f"JOIN bob #a resume={bob.session.takeover.secret}")
    cluster.settle()
    assert [line for line in told(again) if "TELL" in line] == ["old;notice TELL ann done", "old TELL ann bye"]


# Where it is kept.


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        upgrade(db, schema().partition("-- version 9")[0])
        db.execute("INSERT INTO journal (epoch) VALUES ('e1')")
        db.execute("INSERT INTO room (key, name) VALUES ('#a', '#a')")
        db.execute("INSERT INTO entry VALUES (1, 1, 1000, 'MSG', 'ann', 'hi', '', NULL, NULL)")
        db.execute("INSERT INTO entry VALUES (2, 1, 1000, 'MSG', 'bob', 'yes', '', 1, NULL)")
    assert [json.loads(line).get("reply") for line in export_lines(path)] == [None, 1]
    with closing(Store(path)) as store:
        store.write([Entry("#a", Said("ci", "#a", "done", notice=True), time=2000)])
        kept = store.reader.read(Query("#a", said_only=True)).kept
    assert [each.event for each in kept] == [
        Said("ann", "#a", "hi"),
        Said("bob", "#a", "yes", 1),
        Said("ci", "#a", "done", notice=True),
    ]


def test_it_goes_out_with_an_export_and_comes_in_with_an_import(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "j")) as store:
        store.write([Entry("#a", Said("ci", "#a", text, notice=text == "done"), time=2000) for text in ("done", "hi")])
    exported = list(export_lines(tmp_path / "j"))
    assert [json.loads(line).get("notice") for line in exported] == [True, None]
    import_lines(tmp_path / "copy", exported, "e2")
    assert [line.partition("time")[2] for line in export_lines(tmp_path / "copy")] == [
        line.partition("time")[2] for line in exported
    ]


@pytest.mark.parametrize("key", ["#a", KEY])
def test_it_is_in_the_stream_and_what_is_none_reads_as_before(key: str) -> None:
    subjects = Subjects("chatd")
    for notice in (True, False):
        said = Said("ann", key, "hi", notice=notice)
        payload = subjects.message(Entry(key, said), MessageId("run", 1, 0)).payload
        assert decode(payload).event == said
        assert json.loads(payload).get("notice", "none") == (True if notice else "none")
    changed = Edited("ann", "#a", 7, "hi", Original("ann", 5, "", notice=True))
    again = decode(subjects.message(Entry("#a", changed), MessageId("run", 1, 0)).payload).event
    assert isinstance(again, Edited)
    assert again.original == changed.original
    of_before = json.loads(subjects.message(Entry("#a", changed), MessageId("run", 1, 0)).payload)
    del of_before["first"]["notice"]
    again = decode(json.dumps(of_before).encode()).event
    assert isinstance(again, Edited)
    assert again.original == Original("ann", 5, "")
