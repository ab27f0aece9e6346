"""POST: what is said without coming in, under all the rules of those who come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chatd.chat.limits import Limits
from chatd.chat.posters import MAX_POSTERS, Posters
from chatd.chat.posting import Posted, post
from chatd.journal.factory import from_string
from chatd.model.cluster import MemberInfo
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import Nick, RoomName
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat, journal_environment
from tests.support.in_memory_cluster import InMemoryCluster, Node, bodies
from tests.unit.test_moderation import Names, owner

TIME = "1970-01-12T13:46:40.000Z"


class Chats:
    """One chat, and of a cluster both its nodes: one for those who post, one for those who read."""

    def __init__(self, here: InMemoryChat, there: InMemoryChat, turn: Callable[[], None]) -> None:
        self.here = here
        self.there = there
        self.turn = turn

    def ask(self, person: ChatClient, *lines: str) -> list[str]:
        person.says(*lines)
        self.turn()
        return person.take()

    def come(self, chat: InMemoryChat, *lines: str, account: str | None = None, at: str | None = None) -> ChatClient:
        person = ChatClient(chat.hub, at)
        person.session.account = account
        self.ask(person, *lines)
        return person


@pytest.fixture(params=["memory", "sqlite", "cluster"])
def chats(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chats]:
    if request.param == "cluster":
        cluster = InMemoryCluster(2)
        cluster.accounts.owned = {"ann", "bob", "root"}
        cluster.accounts.operators = {"root"}
        here, there = cluster.nodes
        yield Chats(here, there, cluster.settle)
        return
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = InMemoryChat(journal=lambda clock: from_string(where, journal_environment(clock)))
    chat.hub.accounts = Names("ann", "bob", operators=("root",))  # type: ignore[assignment]
    yield Chats(chat, chat, chat.turn)
    chat.journal.stop()


def test_it_is_said_and_nobody_comes_or_goes(chats: Chats) -> None:
    eve = chats.come(chats.there, "JOIN eve #builds")
    zoe = chats.come(chats.here, "HELLO 1", "JOIN zoe #builds")
    eve.take()
    script = chats.come(chats.here)
    (done,) = chats.ask(script, "POST ci #builds  passed ")
    assert done.startswith("OK POST #builds id=")
    assert f" time={TIME}" in done
    assert eve.take() == ["MSG ci #builds  passed "]
    id_ = done.split("id=")[1].split(" ", maxsplit=1)[0]
    assert zoe.take() == [f"@id={id_};time={TIME} MSG ci #builds  passed "]
    assert chats.ask(script, "QUIT") == ["BYE quit taken=all goodbye; everything you sent was accepted"]
    assert (eve.take(), zoe.take()) == ([], [])
    assert chats.ask(eve, "WHO")[0] == "WHO #builds eve zoe"
    (old, _) = chats.ask(eve, "HISTORY")
    assert old.endswith(" MSG ci #builds  passed ")


def test_it_is_kept_where_nobody_is(chats: Chats) -> None:
    script = chats.come(chats.here)
    assert chats.ask(script, "POST ci #Night one", "POST ci #night two")[1].startswith("OK POST #Night id=")
    assert chats.here.hub.rooms() == []
    eve = chats.come(chats.there)
    assert chats.ask(eve, "JOIN eve #night") == ["OK JOIN #Night 1"]
    old = [line.split(" MSG ")[1] for line in chats.ask(eve, "HISTORY") if " MSG " in line]
    assert old == ["ci #Night one", "ci #Night two"]


def test_a_label_says_it_once_also_over_another_connection(chats: Chats) -> None:
    eve = chats.come(chats.there, "JOIN eve #builds")
    first = chats.come(chats.here, "HELLO 1")
    (done,) = chats.ask(first, "@label=run7 POST ci #builds passed")
    assert done.startswith("@label=run7 OK POST #builds id=")
    first.lose()
    again = chats.come(chats.here, "HELLO 1")
    (repeated,) = chats.ask(again, "@label=run7 POST ci #builds passed")
    assert repeated == done.replace("@label", "@old;label")
    (reused,) = chats.ask(again, "@label=run7 POST ci #builds failed")
    assert reused.startswith("@label=run7 ERR label-reused POST ")
    assert eve.take() == ["MSG ci #builds passed"]


def test_one_after_the_other_and_before_a_join(chats: Chats) -> None:
    eve = chats.come(chats.there, "JOIN eve #builds")
    script = chats.come(chats.here)
    lines = chats.ask(script, "POST ci #builds 1", "POST ci-2 #builds 2", "JOIN ci #builds", "MSG 3", "POST ci #b 4")
    assert [line.split(" id=", maxsplit=1)[0] for line in lines[:2]] == ["OK POST #builds"] * 2
    assert lines[2] == "OK JOIN #builds 2"
    assert lines[3].startswith("ERR already-in POST you have already joined as ci; ")
    assert eve.take() == ["MSG ci #builds 1", "MSG ci-2 #builds 2", "JOIN ci #builds", "MSG ci #builds 3"]
    assert chats.ask(script, "QUIT")[-1].startswith("BYE quit taken=some ")


@pytest.mark.parametrize(
    ("ruling", "refused"),
    [
        (("BAN ci",), "banned"),
        (("MUTE ci",), "muted"),
        (("BAN 10.6.0.0/16",), "banned"),
        (("MUTE 10.6.6.6",), "muted"),
        (("SET private=yes",), "not-allowed"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_what_was_ruled_holds(chats: Chats, ruling: tuple[str, ...], refused: str, *, late: bool) -> None:
    ann = chats.come(chats.there, "JOIN ann #den", "SET registered=yes", account="ann")
    script = chats.come(chats.here, at="10.6.6.6")
    if late:  # it is on its way when the ruling is not in force yet, and behind it in the order
        ann.says(*ruling)
        if isinstance(chats.there, Node):
            chats.there.cluster.publish()
    else:
        chats.ask(ann, *ruling)
    ann.take()
    (answer,) = chats.ask(script, "POST ci #den hello")
    assert answer.startswith(f"ERR {refused} POST ")
    assert not [line for line in ann.take() if "hello" in line]
    assert chats.ask(script, "QUIT")[-1].startswith("BYE quit taken=some ")


def test_a_room_operator_and_an_invited_account_may_post_into_a_private_room(chats: Chats) -> None:
    ann = chats.come(chats.there, "JOIN ann #den", "SET registered=yes", "SET private=yes", "INVITE bob", account="ann")
    ann.take()
    for account in ("ann", "bob"):
        script = chats.come(chats.here, account=account)
        assert chats.ask(script, f"POST {account} #den hello")[0].startswith("OK POST #den id=")
        assert ann.take() == [f"MSG {account} #den hello"]


@pytest.mark.parametrize(
    ("nick", "code"), [("eve", "name-taken"), ("EVE", "name-taken"), ("bob", "not-allowed"), ("no/nick", "bad-nick")]
)
def test_nobody_speaks_under_the_name_of_another(chats: Chats, nick: str, code: str) -> None:
    eve = chats.come(chats.there, "JOIN eve #a")
    script = chats.come(chats.here)
    (answer,) = chats.ask(script, f"POST {nick} #a hello")
    assert answer.startswith(f"ERR {code} POST ")
    assert eve.take() == []


def test_a_name_that_was_taken_before_its_turn_is_not_spoken_under(chats: Chats) -> None:
    zoe = chats.come(chats.there, "JOIN zoe #a")
    script, eve = chats.come(chats.here), ChatClient(chats.there.hub)
    eve.says("JOIN eve #a")
    if isinstance(chats.there, Node):
        chats.there.cluster.publish()  # the other node does not know of it yet
    (answer,) = chats.ask(script, "POST eve #a hello")
    assert answer.startswith("ERR name-taken POST ")
    assert zoe.take() == ["JOIN eve #a"]


def test_an_owner_posts_beside_oneself(chats: Chats) -> None:
    bob = chats.come(chats.there, "JOIN bob #a", account="bob")
    script = chats.come(chats.here, account="bob")
    assert chats.ask(script, "POST bob #a from my script")[0].startswith("OK POST #a id=")
    assert bob.take() == ["MSG bob #a from my script"]


def test_a_mute_of_one_who_is_not_there_reaches_that_one_under_another_name(chats: Chats) -> None:
    ann = chats.come(chats.there, "JOIN ann #den", "SET registered=yes", account="ann")
    troll = chats.come(chats.here, at="10.6.6.6")
    chats.ask(troll, "POST eve #den spam")
    chats.ask(ann, "MUTE eve")
    assert chats.ask(troll, "POST mallory #den spam")[0].startswith("ERR muted POST ")
    again = chats.come(chats.here, at="10.6.6.6")
    assert chats.ask(again, "POST zed #den spam")[0].startswith("ERR muted POST ")


def test_room_operators_do_not_mute_a_server_operator_who_posted(chats: Chats) -> None:
    ann = chats.come(chats.there, "JOIN ann #den", "SET registered=yes", account="ann")
    script = chats.come(chats.here, account="root")
    assert chats.ask(script, "POST uptime #den up")[0].startswith("OK POST ")
    assert "cannot act against server operators" in chats.ask(ann, "MUTE uptime")[-1]


def test_who_ignores_a_name_does_not_read_it(chats: Chats) -> None:
    eve = chats.come(chats.there, "JOIN eve #a", "IGNORE ci")
    chats.ask(chats.come(chats.here), "POST ci #a x", "POST cd #a y")
    assert eve.take() == ["MSG cd #a y"]


@pytest.mark.parametrize("line", ["POST", "POST ci", "POST ci passed", "POST ci #a", "POST ci #a "])
def test_what_is_missing_is_said(line: str) -> None:
    chat = InMemoryChat()
    script = chat.person()
    script.says(line)
    (answer,) = script.take()
    assert answer.startswith("ERR bad-syntax POST ")
    assert answer.endswith("; write POST <nick> <#room> <text>")


def test_members_only_holds() -> None:
    chat = InMemoryChat()
    accounts = Names("ann")
    accounts.members_only = True
    chat.hub.accounts = accounts  # type: ignore[assignment]
    script = chat.person()
    script.says("POST guest #a hi")
    assert script.take()[0].startswith("ERR not-allowed POST only registered users ")
    ann = owner(chat, "ann", "POST guest #a hi")
    ann.says("POST guest #a hi")
    chat.turn()
    assert ann.take()[0].startswith("OK POST #a ")


def test_other_names_count_as_those_who_come_and_go() -> None:
    chat = InMemoryChat(Limits(names_per_minute=3, rooms_per_connection=1))
    script = chat.person()
    script.says(*[f"POST ci #a {number}" for number in range(50)])
    chat.turn()
    assert [line.split()[:2] for line in script.take()] == [["OK", "POST"]] * 50
    script.says(*[f"POST name{number}x #a hi" for number in range(5)])
    chat.turn()
    assert [line.split()[1] for line in script.take()] == ["POST", "POST", "slow-down", "slow-down", "slow-down"]
    many = [chat.person() for _ in range(20)]  # one connection each
    for number, one in enumerate(many):
        one.says(f"POST other{number}x #a hi")
        chat.turn()
    codes = [one.take()[0].split()[1] for one in many]
    assert codes[-1] == "slow-down"
    assert codes.count("POST") <= 15


def test_no_more_rooms_than_there_may_be() -> None:
    chat = InMemoryChat(Limits(rooms=2))
    script = chat.person()
    script.says("POST ci #a 1", "POST ci #b 2", "POST ci #c 3", "POST ci #a 4")
    chat.turn()
    assert [line.split()[1] for line in script.take()] == ["POST", "POST", "full", "POST"]


def test_a_room_is_not_made_under_a_name_that_looks_like_anothers() -> None:
    chat = InMemoryChat()
    chat.person("JOIN eve #modern")
    script = chat.person()
    script.says("POST ci #modem hi")
    assert script.take()[0].startswith("ERR bad-room POST ")


def test_the_answer_waits_for_the_disk_and_the_next_line_for_the_answer(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "journal")
    script = chat.person()
    chat.slow = True
    script.says("POST ci #a one", "QUIT")
    chat.turn()
    assert script.take() == []
    chat.slow = False
    chat.turn()
    done, bye = script.take()
    assert done.startswith("OK POST #a id=1 ")
    assert bye.startswith("BYE quit taken=all ")
    chat.journal.stop()


def test_nothing_is_kept_of_those_who_posted_but_who_they_were() -> None:
    chat = InMemoryChat()
    script = chat.person()
    script.says(*[f"POST ci #a {number}" for number in range(100)])
    chat.turn()
    assert len(chat.hub.posters) == 1
    judge = chat.journal._judge  # type: ignore[attr-defined]
    assert judge._free == {}
    posters = Posters()
    for number in range(MAX_POSTERS + 5):
        posters.note(MemberInfo(str(number), f"nick{number}"))
    assert len(posters) == MAX_POSTERS
    assert posters.get(Nick("nick4")) is None
    assert posters.get(Nick("NICK5")) is not None


def test_another_edge_gets_a_value_or_a_chat_error() -> None:
    chat = InMemoryChat()
    visitor = ChatClient(chat.hub, "10.0.0.1").session
    found: list[Any] = []
    for nick in ("web", "eve"):
        chat.person("JOIN eve")
        posting = Deferred.fromCoroutine(post(visitor, Nick(nick), RoomName("#a"), "hi", "token-1"))
        chat.turn()
        posting.addCallbacks(found.append, lambda failure: found.append(failure.value))
    assert found[0] == Posted("#a", 1, 1_000_000_000, repeated=False)
    assert isinstance(found[1], ChatError)
    assert found[1].code is Code.NAME_TAKEN


def test_a_node_that_was_taken_for_dead_says_nothing_any_more() -> None:
    cluster = InMemoryCluster(2)
    east, west = cluster.nodes
    script, eve = ChatClient(east.hub), ChatClient(west.hub)
    eve.says("JOIN eve #a")
    cluster.settle()
    eve.take()
    script.says("POST ci #a too late")
    cluster.log.end(east.cluster.incarnation)
    cluster.settle()
    assert bodies(script.take())[0].startswith("ERR unavailable POST ")
    assert eve.take() == []
