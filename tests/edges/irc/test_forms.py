"""What is told in rooms in the form that IRC clients bring is, byte for byte, what the longer way makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatd.edges.irc.form import Forms, IrcForm
from chatd.edges.irc.translations import MAX_SETS
from chatd.model.entry import Entry
from tests.support.irc import IrcChat, IrcClient

Turn = Sequence[tuple[int, str]]
"""What clients say in one turn, each by its number."""

NICKS = ("ann", "bob", "eve", "ci", "dan")
CAPABILITIES = (
    (),
    ("server-time",),
    ("account-tag",),
    ("message-tags", "server-time", "account-tag", "batch"),
    ("message-tags", "echo-message", "labeled-response", "batch"),
    ("echo-message",),
    ("message-tags", "draft/multiline", "batch"),
    ("extended-join", "away-notify", "draft/message-redaction", "message-tags"),
)
TEXTS = st.sampled_from(["hi", "/me waves", "\x01ACTION waves\x01", ":", "a  b ", "\u2603", "x" * 480, "MSG a #b c"])
LINES = st.one_of(
    st.builds("PRIVMSG #den :{}".format, TEXTS),
    st.builds("PRIVMSG #den :{}".format, st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)),
    st.builds("@label=1;+draft/reply=e1-2 PRIVMSG #den :{}".format, TEXTS),
    st.builds("{} #den :{}".format, st.sampled_from(["NOTICE", "TOPIC"]), TEXTS),
    st.sampled_from(
        [
            "JOIN #den", "PART #den :later", "QUIT :gone", "JOIN #attic", "PART #attic", "PRIVMSG #attic :up here",
            "NICK other", "NICK Ann", "MODE #den +m", "MODE #den +v bob", "MODE #den +b eve", "KICK #den ci :out",
            "AWAY :lunch", "REDACT #den e1-2", "@+draft/react=x;+draft/reply=e1-2 TAGMSG #den",
            "PRIVMSG bob :psst", "CAP REQ :server-time", "CAP REQ :-message-tags",
        ]
    ),
)  # fmt: skip
TURNS = st.lists(st.lists(st.tuples(st.integers(0, len(NICKS) - 1), LINES), min_size=1, max_size=8), max_size=6)


@contextmanager
def without_forms() -> Iterator[None]:
    """Let no form know any line."""
    with patch.object(IrcForm, "line", lambda *_: None):
        yield


def heard(capabilities: Sequence[Sequence[str]], turns: Sequence[Turn]) -> list[bytes]:
    """Return what each of some clients, and one on lines who ignores another, is sent in some turns."""
    chat = IrcChat()
    clients = [chat.irc(nick, *each, rooms="#den") for nick, each in zip(NICKS, capabilities, strict=True)]
    person = chat.lines("person")
    person.says("IGNORE bob")
    for turn in turns:
        for number, line in turn:
            send(clients[number], line)
        person.says("MSG and me")
        chat.turn()
    return [*(each.transport.value() for each in clients), "\n".join(person.take()).encode()]


def send(client: IrcClient, line: str) -> None:
    if not client.ended:
        client.protocol.dataReceived(f"{line}\r\n".encode())


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(CAPABILITIES), min_size=len(NICKS), max_size=len(NICKS)), TURNS)
@example([()] * len(NICKS), [[(0, "PRIVMSG #den :one"), (1, "PRIVMSG #den :two"), (0, "PRIVMSG #den :three")]])
@example([()] * len(NICKS), [[(0, "PRIVMSG #den :one"), (0, "QUIT"), (1, "PRIVMSG #den :two")]])
@example([CAPABILITIES[4]] * len(NICKS), [[(0, "@label=7 PRIVMSG #den :one"), (1, "PRIVMSG #den :two")]])
def test_what_is_told_in_a_form_is_what_the_longer_way_makes_of_it(
    capabilities: Sequence[Sequence[str]], turns: Sequence[Turn]
) -> None:
    with without_forms():
        expected = heard(capabilities, turns)
    assert heard(capabilities, turns) == expected


def test_what_most_say_takes_no_longer_way(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = IrcChat()
    clients = [chat.irc(nick, rooms="#den") for nick in NICKS]
    made: list[bytes | None] = []
    real = IrcForm.line

    def line(form: IrcForm, entry: Entry, body: str) -> bytes | None:
        made.append(real(form, entry, body))
        return made[-1]

    monkeypatch.setattr(IrcForm, "line", line)
    for each in clients:
        each.take()
        monkeypatch.setattr(each.protocol.peer.session, "send", None)  # which is given lines
    for number, each in enumerate(clients[:3]):
        send(each, f"PRIVMSG #den :{number}")
    chat.turn()
    told = [[message.text for message in each.take()] for each in clients]
    assert told == [["1", "2"], ["0", "2"], ["0", "1"], ["0", "1", "2"], ["0", "1", "2"]]
    assert len(made) == 3


def test_those_with_the_same_capabilities_have_one_form_and_no_more_are_kept_than_there_may_be() -> None:
    forms = Forms(IrcChat().factory.server)
    first = forms.of(frozenset({"0"}))
    assert forms.of(frozenset({"0"})) is first
    for number in range(MAX_SETS):
        forms.of(frozenset({str(number + 1)}))
    assert forms.of(frozenset({"0"})) is not first
