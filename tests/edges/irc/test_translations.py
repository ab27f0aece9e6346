"""What many are told alike is made once: whole batches, and lines of which each has others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edges.irc import translation
from chatd.edges.irc.translations import MAX_LINES, MAX_SETS, Same, Translations
from chatd.protocol import text as protocol_text
from tests.support.irc import IrcChat, IrcClient, Told

NONE: frozenset[str] = frozenset()
TAGS = "id=7;time=2026-05-01T12:00:00.000Z"


def texts(told: list[Told]) -> list[str]:
    return [each.text for each in told]


def speak_at_once(chat: IrcChat, *speakers: IrcClient) -> None:
    """Let each say the number that it has among them, in one turn, as what is told in no form."""
    for number, each in enumerate(speakers):
        each.protocol.dataReceived(f"NOTICE #den :{number}\r\n".encode())
    chat.turn()


def lines_known(chat: IrcChat, *capabilities: str) -> list[bytes]:
    """Return what single lines were made into, for those who have some capabilities."""
    return list(chat.factory.server.translations.lines(frozenset(capabilities)).values())


def test_each_of_several_who_speak_at_once_reads_what_the_others_say_and_it_is_made_once() -> None:
    chat = IrcChat()
    people = [chat.irc(nick, rooms="#den") for nick in ("ann", "bob", "eve", "ci")]
    for each in people:
        each.take()
    speak_at_once(chat, *people[:3])
    assert [texts(each.take()) for each in people] == [["1", "2"], ["0", "2"], ["0", "1"], ["0", "1", "2"]]
    assert len(lines_known(chat)) == 3


def test_what_is_made_once_is_that_of_the_same_capabilities() -> None:
    chat = IrcChat()
    ann, bob = chat.irc("ann", rooms="#den"), chat.irc("bob", "message-tags", rooms="#den")
    eve, ci = chat.irc("eve", rooms="#den"), chat.irc("ci", "message-tags", rooms="#den")
    for each in (ann, bob, eve, ci):
        each.take()
    speak_at_once(chat, ann, bob)
    assert [len(each.tags) for reader in (ann, eve) for each in reader.take()] == [0, 0, 0]
    assert [list(each.tags) for reader in (bob, ci) for each in reader.take()] == [["msgid"]] * 3
    assert len(lines_known(chat)) == len(lines_known(chat, "cap-notify", "message-tags")) == 2


def test_who_is_in_several_rooms_reads_what_was_made_for_the_others() -> None:
    chat = IrcChat()
    ann, bob, eve = (
        chat.irc(nick, rooms=rooms) for nick, rooms in (("ann", "#den"), ("bob", "#den,#attic"), ("eve", "#den"))
    )
    for each in (ann, bob, eve):
        each.take()
    ann.says("NOTICE #den :hi")
    assert texts(bob.take()) == texts(eve.take()) == ["hi"]
    assert len(lines_known(chat)) == 1


def test_who_asked_for_a_topic_has_it_in_the_answer_though_others_were_told_of_it_before() -> None:
    chat = IrcChat()
    ann = chat.irc("ann", rooms="#den")
    bob = chat.irc("bob", "labeled-response", "batch", rooms="#den")
    watcher = chat.irc("eve", "labeled-response", "batch", rooms="#den,#attic")
    for each in (ann, bob, watcher):
        each.take()
    ann.says("MODE #den -t")
    for each in (ann, bob, watcher):
        each.take()
    (topic,) = bob.says("@label=1 TOPIC #den :new")
    assert (topic.command, topic.tags) == ("TOPIC", {"label": "1"})
    assert [each.tags for each in watcher.take()] == [{}]


def test_no_more_is_kept_than_there_is_room_for() -> None:
    known = Translations()
    for number in range(MAX_LINES + 1):
        known.note_line(b"%d" % number, NONE, b"")
    assert len(known.lines(NONE)) == 1


def test_no_more_sets_of_capabilities_are_kept_than_there_may_be() -> None:
    translations = Translations()
    first = translations.lines(frozenset({"first"}))
    for number in range(MAX_SETS):
        translations.lines(frozenset({str(number)}))
    assert translations.lines(frozenset({"first"})) is not first
    assert translations.lines(frozenset({"first"})) is translations.lines(frozenset({"first"}))


@given(
    st.sampled_from([(), ("server-time",), ("message-tags", "server-time", "account-tag")]),
    st.lists(st.text(min_size=1, max_size=600) | st.text("/me \u240aa", min_size=1), min_size=1, max_size=20),
)
def test_what_most_lines_are_is_made_into_what_the_longer_way_makes_of_it(
    capabilities: tuple[str, ...], texts: list[str]
) -> None:
    chat = IrcChat()
    chat.irc("ann", rooms="#den")
    user = chat.irc("bob", *capabilities, rooms="#den").protocol.user
    assert user is not None
    for text in texts:
        line = f"@{TAGS} MSG ann #den {protocol_text.plain(text) or 'x'}".encode()
        written: list[bytes] = []
        before = user.collect(written)
        assert translation._translate(user, line) is Same.FOR_ALL
        user.collect(before)
        assert translation._as_told_to_all(user, line) in (None, b"".join(written))


@pytest.mark.parametrize(
    "line",
    [
        f"@{TAGS};label=1 MSG ann #den hi",
        f"@{TAGS};reply=3 MSG ann #den hi",
        f"@{TAGS};notice MSG ann #den hi",
        f"@{TAGS};old MSG ann #den hi",
        f"@{TAGS} TOPIC ann #den hi",
        f"@{TAGS} MSG ann #den /me waves",
        f"@{TAGS} MSG ann #den one\u240atwo",
        f"@{TAGS} MSG ann #den {'x' * 500}",
        "@time=2026-05-01T12:00:00.000Z JOIN ann #den",
        "MSG ann #den hi",
        "OK JOIN #den 3",
    ],
)
def test_what_may_be_more_than_a_short_text_goes_the_longer_way(line: str) -> None:
    user = IrcChat().irc("bob", rooms="#den").protocol.user
    assert user is not None
    assert translation._as_told_to_all(user, line.encode()) is None
    assert translation._as_told_to_all(user, f"@{TAGS} MSG ann #den hi".encode()) is not None
