"""Whether somebody may speak is judged when it is its turn in the journal, by what has happened before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from chatd.chat.verdicts import Verdicts
from chatd.journal import Query
from chatd.journal.factory import from_string
from chatd.model.entry import Entry
from chatd.protocol.events import Said
from tests.support.in_memory_chat import ChatClient, InMemoryChat, journal_environment
from tests.unit.test_moderation import Names

GONE = "you were no longer in the room when this took effect; JOIN it again"


@pytest.fixture(params=["memory", "sqlite"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemoryChat]:
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = InMemoryChat(journal=lambda clock: from_string(where, journal_environment(clock)))
    chat.hub.accounts = Names("ann", "bob", operators=("root",))  # type: ignore[assignment]
    yield chat
    chat.journal.stop()


def come_in(chat: InMemoryChat, nick: str, *lines: str, account: str | None = None) -> ChatClient:
    person = ChatClient(chat.hub)
    person.session.account = account
    person.says("HELLO 1", f"JOIN {nick} #den", *lines)
    chat.turn()
    person.take()
    return person


def den(chat: InMemoryChat) -> tuple[ChatClient, ChatClient, ChatClient]:
    """Return ann, whose room it is, bob, who is an operator of it, and eve, a guest."""
    ann = come_in(chat, "ann", "SET registered=yes", "OP bob", account="ann")
    bob = come_in(chat, "bob", account="bob")
    eve = come_in(chat, "eve")
    for person in (ann, bob, eve):
        person.take()
    return ann, bob, eve


def kept(chat: InMemoryChat) -> list[str]:
    """Return the lines of all that is stored in the room, newest last."""
    pages: list[list[str]] = []
    query = Query("#den")
    chat.journal.read(query).addCallback(
        lambda page: pages.append([f"{type(each.event).__name__} {each.event.nick}" for each in page.kept])
    )
    (found,) = pages
    return found


def bodies(person: ChatClient) -> list[str]:
    return [line.partition(" ")[2] if line.startswith("@") else line for line in person.take()]


@pytest.mark.parametrize(
    ("ruling", "answer"),
    [
        ("MUTE eve for=5m", "ERR muted MSG you are muted and can only read, for 5m in total"),
        ("BAN eve", f"ERR not-in-room MSG {GONE}"),
        ("KICK eve", f"ERR not-in-room MSG {GONE}"),
        ("SET private=yes who=remove", f"ERR not-in-room MSG {GONE}"),
    ],
)
def test_what_was_ruled_first_holds_for_what_was_on_its_way(chat: InMemoryChat, ruling: str, answer: str) -> None:
    ann, bob, eve = den(chat)
    before = kept(chat)
    ann.says(ruling)
    eve.says("@label=1 MSG too late")
    chat.turn()
    assert answer in bodies(eve)
    assert not [line for line in (*bodies(ann), *bodies(bob)) if "too late" in line]
    assert kept(chat) == [*before, "Moderated ann"]


def test_what_was_said_first_is_said(chat: InMemoryChat) -> None:
    ann, bob, eve = den(chat)
    eve.says("MSG in time")
    ann.says("KICK eve")
    chat.turn()
    assert bodies(bob) == ["MSG eve #den in time", "KICK ann #den eve"]
    assert bodies(eve) == ["MSG eve #den in time", "KICK ann #den eve"]


def test_what_was_refused_was_not_said_under_its_label(chat: InMemoryChat) -> None:
    ann, _, eve = den(chat)
    ann.says("MUTE eve")
    eve.says("@label=1 MSG hello")
    chat.turn()
    assert bodies(eve)[-1].startswith("ERR muted MSG ")
    ann.says("UNMUTE eve")
    chat.turn()
    ann.take()
    eve.take()
    eve.says("@label=1 MSG something else")
    chat.turn()
    assert bodies(eve) == ["MSG eve #den something else"]
    assert bodies(ann) == ["MSG eve #den something else"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("BAN eve", "ERR not-allowed BAN only operators of #den may do that; LOGIN if you are one"),
        ("KICK eve", "ERR not-allowed KICK only operators of #den may do that; LOGIN if you are one"),
        ("SET private=yes who=remove", "ERR not-allowed SET only operators of #den may do that; LOGIN if you are one"),
        ("OP ann", "ERR not-allowed OP only operators of #den may do that; LOGIN if you are one"),
        ("TOPIC #den mine", "ERR not-allowed TOPIC only room operators may set the topic here"),
    ],
)
def test_what_an_operator_says_after_the_loss_of_the_rank_is_not_done(
    chat: InMemoryChat, line: str, answer: str
) -> None:
    ann, bob, eve = den(chat)
    ann.says("SET topic=operators")
    chat.turn()
    bob.take()
    eve.take()
    before = kept(chat)
    ann.says("DEOP bob")
    bob.says(line)
    chat.turn()
    assert bodies(bob) == ["DEOP ann #den bob", answer]
    assert bodies(eve) == ["DEOP ann #den bob"]
    assert kept(chat) == [*before, "Moderated ann"]
    room = chat.hub.room("#den")
    assert room is not None
    assert eve.session in room.members


def test_a_topic_after_it_became_the_operators_own_is_not_set(chat: InMemoryChat) -> None:
    ann, _, eve = den(chat)
    ann.says("SET topic=operators")
    eve.says("TOPIC #den mine")
    chat.turn()
    assert bodies(eve)[-1] == "ERR not-allowed TOPIC only room operators may set the topic here"


def test_of_two_who_register_a_room_at_once_the_second_hears_so(chat: InMemoryChat) -> None:
    ann, bob = come_in(chat, "ann", account="ann"), come_in(chat, "bob", account="bob")
    ann.take()
    ann.says("SET registered=yes")
    bob.says("SET registered=yes")
    chat.turn()
    assert bodies(ann) == ["SET ann #den registered=yes", "OK SET #den registered=yes"]
    assert bodies(bob) == ["SET ann #den registered=yes", "ERR not-allowed SET #den is already registered"]
    assert kept(chat) == ["Moderated ann"]


def test_who_is_muted_everywhere_says_nothing_anywhere(chat: InMemoryChat) -> None:
    root = come_in(chat, "root", account="root")
    _, bob, eve = den(chat)
    root.says("MUTE eve #*")
    eve.says("MSG too late")
    chat.turn()
    assert bodies(eve)[-1].startswith("ERR muted MSG ")
    assert bodies(bob) == []


def test_who_is_banned_from_the_server_says_nothing_after_that(chat: InMemoryChat) -> None:
    root = come_in(chat, "root", account="root")
    _, bob, eve = den(chat)
    root.says("BAN eve #*")
    eve.says("@label=1 MSG too late")
    chat.turn()
    assert bodies(eve)[-1].startswith("BYE banned ")
    assert bodies(bob) == ["PART eve #den"]


def test_what_does_not_depend_on_one_another_is_judged_together(chat: InMemoryChat) -> None:
    ann, bob, eve = den(chat)
    room = eve.session.current
    assert room is not None

    def said(person: ChatClient) -> Entry:
        return Entry(room.key, Said(person.session.nick, room.name, "x"), person.session)

    judge = Verdicts(chat.hub)
    batch = [said(eve), said(bob), said(eve), said(ann)]
    assert judge(batch) == len(batch)
    assert [entry.refused for entry in batch] == [None] * 4
    outsider = chat.program("JOIN outsider #elsewhere")
    batch = [said(eve), said(outsider), said(eve)]
    assert judge(batch) == len(batch)
    assert [entry.refused is None for entry in batch] == [True, False, True]


def test_rulings_that_leave_the_others_their_rank_are_judged_together(chat: InMemoryChat) -> None:
    ann, bob, eve = den(chat)
    sizes: list[int] = []
    judge = Verdicts(chat.hub)

    def counted(entries: Sequence[Entry]) -> int:
        sizes.append(judge(entries))
        return sizes[-1]

    chat.journal.follow(chat.hub.deliver, counted)
    ann.says("BAN spammer1")
    bob.says("BAN spammer2")
    chat.turn()
    assert sizes == [2]
    assert bodies(eve) == ["BAN ann #den spammer1", "BAN bob #den spammer2"]
