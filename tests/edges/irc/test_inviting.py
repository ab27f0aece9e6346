"""INVITE over IRC, the list of invitations (+I) and what others read of them, on all edges and nodes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.chat.limits import Limits
from chatd.protocol.moderation_commands import Mute
from chatd.protocol.wire import Request
from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster
from tests.support.irc import IrcChat, IrcClient, IrcNode, Told, WithIrc, commands
from tests.support.irc_accounts import IrcChatWithAccounts


@pytest.fixture
def chat() -> IrcChat:
    """A chat in which who opens a room runs it."""
    return IrcChat(Limits(room_founders=True))


@pytest.fixture
def ann(chat: IrcChat) -> IrcClient:
    """The one who has opened #den."""
    client = chat.irc("ann", rooms="#den")
    client.take()
    return client


@pytest.fixture
def owners() -> Iterator[IrcChatWithAccounts]:
    """A chat in which ann and bob have accounts, and ann is a server operator."""
    chat = IrcChatWithAccounts("ann", "bob")
    yield chat
    chat.close()


def told_of(told: list[Told]) -> list[tuple[str, list[str]]]:
    """Return the commands and parameters of messages."""
    return [(each.command, each.params) for each in told]


def asks(chat: WithIrc, person: ChatClient, *lines: str) -> list[str]:
    """Return what somebody on lines is answered."""
    person.take()
    person.says(*lines)
    chat.turn()
    return person.take()


# INVITE.


def test_who_is_invited_into_a_private_room_comes_in(chat: IrcChat, ann: IrcClient) -> None:
    ann.says("MODE #den +i")
    bob = chat.irc("Bob")
    assert commands(bob.says("JOIN #den")) == ["473"]
    assert told_of(ann.says("INVITE bob #DEN")) == [("341", ["ann", "Bob", "#den"])]
    (told,) = bob.take()
    assert (told.command, told.nick, told.params) == ("INVITE", "ann", ["Bob", "#den"])
    assert commands(bob.says("JOIN #den")) == ["JOIN", "353", "366"]


def test_an_open_room_is_told_of_and_nothing_is_kept(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol, dave = chat.irc("bob"), chat.irc("carol", rooms="#den"), chat.lines("dave")
    for each in (ann, carol, dave):
        each.take()
    for client, nick in ((ann, "ann"), (carol, "carol")):  # operators and others alike
        assert told_of(client.says("INVITE bob #den")) == [("341", [nick, "bob", "#den"])]
        (told,) = bob.take()
        assert (told.command, told.nick, told.params) == ("INVITE", nick, ["bob", "#den"])
    assert not any(each.take() for each in (ann, carol, dave))
    assert told_of(ann.says("MODE #den +I"))[:-1] == []
    ann.says("MODE #den +i")
    assert commands(bob.says("JOIN #den")) == ["473"]


def test_a_label_is_answered_once(chat: IrcChat) -> None:
    eve = chat.irc("eve", "labeled-response", "batch", rooms="#den")
    chat.irc("bob")
    (told,) = eve.says("@label=x1 INVITE bob #den")
    assert (told.command, told.tags) == ("341", {"label": "x1"})


@pytest.mark.parametrize(
    ("line", "command", "params"),
    [
        ("INVITE nobody #den", "401", ["ann", "nobody"]),
        ("INVITE 2#x #den", "401", ["ann", "2#x"]),
        ("INVITE bob #nowhere", "403", ["ann", "#nowhere"]),
        ("INVITE bob den", "403", ["ann", "den"]),
        ("INVITE bob #far", "442", ["ann", "#far"]),
        ("INVITE carol #den", "443", ["ann", "carol", "#den"]),
        ("INVITE bob", "461", ["ann", "INVITE"]),
    ],
)
@pytest.mark.parametrize("mode", ["-i", "+i"])
def test_what_cannot_be_is_answered(
    chat: IrcChat, ann: IrcClient, line: str, command: str, params: list[str], mode: str
) -> None:
    bob = chat.irc("bob")
    chat.irc("carol", rooms="#den")
    chat.irc("far", rooms="#far")
    ann.says(f"MODE #den {mode}")
    (told,) = ann.says(line)
    assert (told.command, told.params[:-1]) == (command, params)
    assert told.text
    assert bob.take() == []


def test_operators_alone_invite_into_a_private_room(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob"), chat.irc("carol", rooms="#den")
    ann.says("MODE #den +i")
    carol.take()
    assert [told.params[:-1] for told in carol.says("INVITE bob #den")] == [["carol", "#den"]]
    assert commands(carol.says("INVITE bob #den")) == ["482"]
    assert bob.take() == []


def test_who_is_invited_may_be_away(chat: IrcChat, ann: IrcClient) -> None:
    chat.irc("bob").says("AWAY :gone fishing")
    assert told_of(ann.says("INVITE bob #den"))[1] == ("301", ["ann", "bob", "gone fishing"])


def test_nobody_is_told_of_invitations_by_those_whom_they_ignore(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.lines("bob", "#far")
    asks(chat, bob, "IGNORE ann")
    (told,) = ann.says("INVITE bob #den")
    assert (told.command, told.params[:4]) == ("FAIL", ["INVITE", "NOT_ALLOWED", "bob", "#den"])
    ann.says("MODE #den +i")
    assert commands(ann.says("INVITE bob #den")) == ["341"]
    assert bob.take() == []


def test_who_is_muted_on_the_server_invites_nobody(owners: IrcChatWithAccounts) -> None:
    root, bob, eve = owners.owner("ann"), owners.irc("bobby"), owners.irc("eve", rooms="#den")
    ruling = Request(Mute("eve", "#*"), None)
    root.protocol.peer.session.receive(ruling)
    owners.turn()
    eve.take()
    (told,) = eve.says("INVITE bobby #den")
    assert (told.command, told.params[:2]) == ("404", ["eve", "#den"])
    assert bob.take() == []


def test_invitations_are_no_way_around_the_limit_of_private_lines() -> None:
    chat = IrcChat(Limits(room_founders=True, tells_per_minute=3))
    ann, bob = chat.irc("ann", rooms="#den"), chat.irc("bob")
    ann.take()
    assert "FAIL" in commands(ann.says(*["INVITE bob #den"] * 10))
    told = len(bob.take())
    ann.says("MODE #den +i")
    assert set(commands(ann.says(*["INVITE bob #den"] * 10))) == {"FAIL"}
    assert bob.take() == []
    assert told < 10


# Who reads of it.


def test_who_wants_to_know_is_told_whom_others_invite(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol, dave = (chat.irc("bob"), *(chat.irc(nick, "invite-notify", rooms="#den") for nick in ("carol", "dave")))
    for mode in ("-i", "+i"):
        ann.says(f"MODE #den {mode}")
        for client in (carol, dave):
            client.take()
        assert commands(ann.says("INVITE bob #den")) == ["341"]
        for client in (carol, dave):
            (told,) = client.take()
            assert (told.command, told.nick, told.params) == ("INVITE", "ann", ["bob", "#den"])
        assert commands(bob.take()) == ["INVITE"]
    ann.says("MODE #den -i")
    carol.take()
    assert commands(carol.says("INVITE bob #den")) == ["341"]


def test_who_invites_over_lines_is_read_over_irc_and_the_other_way(chat: IrcChat, ann: IrcClient) -> None:
    ann.says("MODE #den +i")
    bob = chat.lines("bob", "#far")
    bob.take()
    ann.says("INVITE bob #den")
    assert bob.take() == ["NOTE ann invites you to #den: JOIN #den"]
    assert asks(chat, bob, "JOIN #den")[-1].startswith("OK JOIN")
    ann.says("MODE #den +o bob")
    eve = chat.irc("eve")
    assert asks(chat, bob, "INVITE eve #den") == ["OK INVITE #den eve"]
    (told,) = eve.take()
    assert (told.command, told.nick, told.params) == ("INVITE", "bob", ["eve", "#den"])


def test_everybody_in_an_open_room_invites_over_lines(chat: IrcChat) -> None:
    chat.irc("ann", rooms="#den")
    carol, dave, eve = chat.lines("carol"), chat.program("JOIN dave #far"), chat.irc("eve")
    dave.take()
    assert asks(chat, carol, "INVITE dave", "INVITE eve #den") == ["OK INVITE #den dave", "OK INVITE #den eve"]
    (note,) = dave.take()
    assert note.startswith("@time=")
    assert note.endswith(" NOTE carol invites you to #den: JOIN #den")
    assert commands(eve.take()) == ["INVITE"]
    assert [line.partition(" INVITE ")[0] for line in asks(chat, carol, "INVITE ann #den", "INVITE nobody #den")] == [
        "ERR not-allowed",
        "ERR no-such-nick",
    ]
    assert asks(chat, dave, "INVITE eve #den")[0].startswith("ERR not-in-room INVITE")


def test_an_account_is_invited_whether_its_owner_is_here_or_not(owners: IrcChatWithAccounts) -> None:
    ann, desk = owners.owner("ann", rooms="#den"), owners.owner("bob", nick="bobby")
    eve = owners.irc("eve", "invite-notify", rooms="#den")
    ann.says("MODE #den +r", "MODE #den +i")
    ann.take()
    assert commands(ann.says("INVITE bob #den")) == ["341"]
    (told,) = desk.take()
    assert (told.command, told.params) == ("INVITE", ["bobby", "#den"])
    assert told_of(eve.take())[-1] == ("INVITE", ["bobby", "#den"])
    desk.says("QUIT")
    assert commands(ann.says("INVITE bob #den")) == ["341"]
    later = owners.owner("bob")
    assert told_of(later.says("INVITE")) == [("336", ["bob", "#den"]), ("337", ["bob", "End of /INVITE list"])]
    assert "JOIN" in commands(later.says("JOIN #den"))
    assert commands(later.says("INVITE")) == ["337"]


def test_people_on_other_nodes_are_invited() -> None:
    cluster = InMemoryCluster(0)
    one, two = (IrcNode(cluster.log, Limits(room_founders=True), cluster.accounts) for _ in range(2))

    def settle() -> None:
        for node in (one, two) * 3:
            node.turn()

    ann, bob = one.irc("ann", rooms="#den"), two.irc("bob")
    settle()
    carol = two.irc("carol", "invite-notify", rooms="#den")
    settle()
    for mode in ("+t", "+i"):
        ann.says(f"MODE #den {mode}")
        settle()
        for client in (ann, bob, carol):
            client.take()
        told = ann.says("INVITE bob #den")
        settle()
        assert told_of(told + ann.take()) == [("341", ["ann", "bob", "#den"])]
        for client in (bob, carol):
            (notice,) = client.take()
            assert (notice.command, notice.nick, notice.params) == ("INVITE", "ann", ["bob", "#den"])
    told = bob.says("JOIN #den")
    settle()
    assert "JOIN" in commands(told + bob.take())


# The list.


def test_the_rooms_that_one_is_invited_into_are_listed(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob")
    ann.says("JOIN #two", "MODE #den +i", "MODE #two +i", "INVITE bob #den", "INVITE bob #two")
    bob.take()
    assert told_of(bob.says("INVITE"))[:-1] == [("336", ["bob", "#den"]), ("336", ["bob", "#two"])]
    bob.says("JOIN #two")
    assert told_of(bob.says("INVITE")) == [("336", ["bob", "#den"]), ("337", ["bob", "End of /INVITE list"])]
    assert commands(chat.irc("eve").says("INVITE")) == ["337"]


def test_a_name_is_let_in_before_anybody_goes_by_it(chat: IrcChat, ann: IrcClient) -> None:
    carol, dave = chat.irc("carol", rooms="#den"), chat.lines("dave")
    ann.says("MODE #den +i")
    for client in (carol, dave):
        client.take()
    for told in (ann.says("MODE #den +I Bob"), carol.take()):
        assert told_of(told) == [("MODE", ["#den", "+I", "Bob!*@*"])]
        assert told[0].nick == "ann"
    assert dave.take() == ["NOTE ann invited Bob to #den: whoever goes by that name"]
    *_, entry, end = ann.says("MODE #den I")
    assert (entry.command, entry.params[:4]) == ("346", ["ann", "#den", "Bob!*@*", "ann"])
    assert int(entry.params[4])
    assert (end.command, end.params[:2]) == ("347", ["ann", "#den"])
    bob, eve = chat.irc("bob"), chat.irc("eve")
    assert commands(bob.says("INVITE")) == ["336", "337"]
    assert commands(eve.says("JOIN #den")) == ["473"]
    assert "JOIN" in commands(bob.says("JOIN #den", "PART #den"))
    assert told_of(ann.says("MODE #den -I bob!*@*"))[-1] == ("MODE", ["#den", "-I", "bob!*@*"])
    assert commands(bob.says("JOIN #den")) == ["473"]


def test_who_goes_by_a_name_that_is_let_in_is_not_told(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob")
    ann.says("MODE #den +i", "MODE #den +I bob!*@*")
    assert commands(bob.says("JOIN #den")) == ["JOIN", "353", "366"]


def test_invitations_of_people_are_in_the_list(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob")
    ann.says("MODE #den +i", "INVITE bob #den")
    assert ann.says("MODE #den +I")[0].params[2] == "bob!*@*"
    bob.says("JOIN #den")
    bob.take()
    ann.take()
    assert told_of(ann.says("MODE #den -I bob")) == [
        ("MODE", ["#den", "-I", "bob!*@*"]),
        ("KICK", ["#den", "bob", "the room is private"]),
    ]
    assert commands(bob.take()) == ["MODE", "KICK"]


def test_an_account_in_the_list_lets_in_its_owner_under_any_nick(owners: IrcChatWithAccounts) -> None:
    ann = owners.owner("ann", rooms="#den")
    ann.says("MODE #den +r", "MODE #den +i")
    assert told_of(ann.says("MODE #den +I bob")) == [("MODE", ["#den", "+I", "bob!*@*"])]
    assert "JOIN" in commands(owners.owner("bob", nick="bobby").says("JOIN #den"))


@pytest.mark.parametrize(
    ("line", "command", "params"),
    [
        ("MODE #den +I *!*@*", "696", ["ann", "#den", "I", "*!*@*"]),
        ("MODE #den +I b*!*@*", "696", ["ann", "#den", "I", "b*!*@*"]),
        ("MODE #den +I *!*@192.0.2.7", "696", ["ann", "#den", "I", "*!*@192.0.2.7"]),
        ("MODE #den -I bob", "698", ["ann", "#den", "bob", "I"]),
    ],
)
def test_what_no_invitation_holds_is_answered(ann: IrcClient, line: str, command: str, params: list[str]) -> None:
    (told,) = ann.says(line)
    assert (told.command, told.params[:-1]) == (command, params)


def test_the_list_is_for_operators_to_change(chat: IrcChat) -> None:
    chat.irc("ann", rooms="#den")
    bob = chat.irc("bob", rooms="#den")
    bob.take()
    assert commands(bob.says("MODE #den +I eve", "MODE #den +I")) == ["482", "347"]


def test_what_there_is_of_it_is_announced(chat: IrcChat) -> None:
    tokens = [word for told in chat.irc("bob").says("VERSION") if told.command == "005" for word in told.params]
    assert "INVEX=I" in tokens
    assert next(word for word in tokens if word.startswith("CHANMODES=")).partition("=")[2].split(",")[0] == "Ibq"
    assert not any(word.startswith("STATUSMSG") for word in tokens)
