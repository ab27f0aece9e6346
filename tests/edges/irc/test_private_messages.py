"""What private messages are called, and the tags that clients put on them."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from tests.support.irc import IrcChat, IrcClient, commands, irc_nodes
from tests.support.irc_owners import IrcChatWithOwners

CAPABILITIES = ("batch", "echo-message", "labeled-response", "message-tags", "server-time", "draft/chathistory")


def msgid_at_both_ends(ann: IrcClient, bob: IrcClient, line: str) -> str:
    (echo,), (told,) = ann.says(line), bob.take()
    assert (echo.params, echo.tags["msgid"]) == (told.params, told.tags["msgid"])
    return told.tags["msgid"]


@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_what_guests_tell_each_other_is_called_alike_at_both_ends_and_each_time_otherwise(command: str) -> None:
    chat = IrcChat()
    ann, bob = chat.irc("ann", *CAPABILITIES), chat.irc("bob", *CAPABILITIES)
    msgids = {msgid_at_both_ends(ann, bob, f"{command} bob :hi") for _ in range(3)}
    msgids |= {msgid_at_both_ends(bob, ann, f"{command} ann :hi")}
    assert len(msgids) == 4
    assert all(chat.factory.server.id_of(msgid) is None for msgid in msgids)


def test_what_is_kept_is_called_alike_at_both_ends_and_in_the_history() -> None:
    chat = IrcChatWithOwners("root", "ann", "bob")
    ann, bob = chat.owner("ann", *CAPABILITIES), chat.owner("bob", *CAPABILITIES)
    msgid = msgid_at_both_ends(ann, bob, "PRIVMSG bob :hi")
    for client, other in ((ann, "bob"), (bob, "ann")):
        _, told, _ = client.says(f"CHATHISTORY LATEST {other} * 5")
        assert told.tags["msgid"] == msgid


def test_to_several_at_once_each_echo_has_the_name_of_its_own_message() -> None:
    chat = IrcChat()
    ann, bob, eve = (chat.irc(nick, *CAPABILITIES) for nick in ("ann", "bob", "eve"))
    echoes = ann.says("PRIVMSG bob,eve :hi")
    told = [client.take()[0].tags["msgid"] for client in (bob, eve)]
    assert [each.tags["msgid"] for each in echoes] == told
    assert len(set(told)) == 2


def test_what_comes_from_lines_has_a_name_too() -> None:
    chat = IrcChat()
    ann = chat.irc("ann", *CAPABILITIES)
    carol = chat.lines("carol")
    carol.says("TELL ann one", "TELL ann two")
    one, two = ann.take()
    assert one.tags["msgid"] != two.tags["msgid"]


def test_programs_on_lines_are_told_the_name_and_people_are_not() -> None:
    chat = IrcChat()
    ann = chat.irc("ann", *CAPABILITIES)
    program, person = chat.program("JOIN ci #den"), chat.lines("carol", "#other")
    (echo,) = ann.says("PRIVMSG ci :hi")
    ann.says("PRIVMSG carol :hi")
    (told,) = program.take()
    assert told.startswith("@") and told.endswith(" TELL ann hi")
    assert f"ref={echo.tags['msgid']}" in told.split(" ")[0].split(";")
    assert person.take() == ["FROM ann hi"]


def test_what_ones_client_calls_a_line_is_no_name_of_it() -> None:
    chat = IrcChat()
    program = chat.program("JOIN ci #den")
    program.says("@label=a1 TELL ci hi")
    assert "ref=" not in str(program.take())
    ann = chat.irc("ann", *CAPABILITIES)
    program.says("@label=a1 TELL ann hi")
    assert ann.take()[0].tags["msgid"] != "a1"


def test_on_another_node_it_is_called_alike() -> None:
    one, two = irc_nodes()
    ann, bob = one.irc("ann", *CAPABILITIES), two.irc("bob", *CAPABILITIES)
    for _ in range(3):
        one.turn()
        two.turn()
    echo = ann.says("PRIVMSG bob :hi")
    for _ in range(3):
        two.turn()
        one.turn()
    echo += ann.take()
    (told,) = bob.take()
    assert echo[0].tags["msgid"] == told.tags["msgid"]


@pytest.mark.parametrize("with_accounts", [False, True])
def test_tags_of_clients_are_passed_on_in_private(with_accounts: bool) -> None:
    chat = IrcChatWithOwners("root", "bob")
    ann = chat.irc("ann", *CAPABILITIES)
    bob = chat.owner("bob", "message-tags") if with_accounts else chat.irc("joe", "message-tags")
    (echo,) = ann.says(f"@+example=a\\sb;+draft/reply=x;other=1 PRIVMSG {'bob' if with_accounts else 'joe'} :hi")
    (told,) = bob.take()
    for each in (echo, told):
        assert (each.tags["+example"], each.tags["+draft/reply"]) == ("a b", "x")
        assert "other" not in each.tags


def test_who_has_no_message_tags_gets_none_of_them() -> None:
    chat = IrcChat()
    ann, joe = chat.irc("ann", *CAPABILITIES), chat.irc("joe", "server-time")
    ann.says("@+example=1 PRIVMSG joe :hi")
    assert list(joe.take()[0].tags) == ["time"]


# What is passed on live, and CTCP.


@pytest.mark.parametrize("line", ["@+a={filler} TAGMSG bob", "@+a={filler} PRIVMSG bob :\x01PING 1\x01"])
def test_who_does_not_read_is_not_sent_away_because_of_what_a_stranger_passes_on(line: str) -> None:
    chat = IrcChat(Limits(send_queue_bytes=10_000))
    eve, bob = chat.irc("eve", *CAPABILITIES), chat.irc("bob", *CAPABILITIES)
    bob.transport.producer.pauseProducing()  # type: ignore[union-attr]
    refused = sum(commands(eve.says(line.format(filler="x" * 900))) == ["FAIL"] for _ in range(50))
    assert 40 < refused < 50
    assert not bob.ended
    bob.transport.producer.resumeProducing()  # type: ignore[union-attr]
    assert len(bob.take()) == 50 - refused


def test_ctcp_goes_to_one_client_of_a_person_that_can_answer_it() -> None:
    chat = IrcChatWithOwners("root", "bob")
    ann = chat.irc("ann", *CAPABILITIES)
    chat.program("JOIN carol #den")
    phone, desk = chat.owner("bob", *CAPABILITIES), chat.owner("bob", *CAPABILITIES)
    ann.says("@+a=1 PRIVMSG bob :\x01VERSION\x01")
    told = [each for client in (phone, desk) for each in client.take() if each.command == "PRIVMSG"]
    assert [(each.text, each.tags["+a"], "msgid" in each.tags) for each in told] == [("\x01VERSION\x01", "1", True)]
    for nobody in ("carol", "nobody", "a*b"):
        assert commands(ann.says(f"PRIVMSG {nobody} :\x01VERSION\x01")) == ["401"]


def test_an_answer_to_ctcp_is_never_answered() -> None:
    chat = IrcChat()
    ann, bob = chat.irc("ann", *CAPABILITIES), chat.irc("bob", *CAPABILITIES)
    bob.protocol.peer.session.ignored = {"ann": "ann"}
    ann.says("JOIN #den")
    for target in ("nobody", "bob", "a*b", "#den", "#nowhere", "#not,bob", "a,b,c,d,e"):
        assert ann.says(f"NOTICE {target} :\x01VERSION example\x01") == []
    assert commands(ann.says("PRIVMSG #den :\x01VERSION\x01")) == ["404"]
    assert commands(ann.says("PRIVMSG bob :\x01VERSION\x01")) == ["404"]
    assert bob.take() == []
