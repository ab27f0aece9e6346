"""IRC clients on several nodes of a cluster."""

from __future__ import annotations

from tests.support.irc import IrcNode, commands, irc_nodes


def settle(*nodes: IrcNode) -> None:
    for _ in range(3):
        for node in nodes:
            node.turn()


def test_a_name_is_taken_on_all_nodes_before_any_room_is_entered() -> None:
    one, two = irc_nodes()
    one.irc("ann")
    settle(one, two)
    late = two.connect()
    assert commands(late.says("NICK ann", "USER x 0 * :X")) == ["433"]
    assert "001" in commands(late.says("NICK bob"))


def test_of_two_who_take_a_name_at_once_one_has_it() -> None:
    one, two = irc_nodes()
    first, second = one.connect(), two.connect()
    for client in (first, second):
        for line in (b"NICK ann\r\n", b"USER x 0 * :X\r\n"):
            client.protocol.dataReceived(line)
    settle(one, two)
    told = [commands(client.take()) for client in (first, second)]
    assert sorted("001" in each for each in told) == [False, True]
    assert ["433"] in told
    loser = first if told[0] == ["433"] else second
    answer = loser.says("NICK other")
    settle(one, two)
    assert "001" in commands(answer + loser.take())


def test_rooms_and_private_lines_are_shared() -> None:
    one, two = irc_nodes()
    ann, bob = one.irc("ann", rooms="#den"), two.irc("bob")
    settle(one, two)
    told = bob.says("JOIN #den")
    settle(one, two)
    told += bob.take()
    assert commands(told) == ["JOIN", "353", "366"]
    assert told[1].text == "ann bob"
    assert commands(ann.take()) == ["JOIN"]
    bob.says("PRIVMSG #den :hello", "PRIVMSG ann :psst")
    settle(one, two)
    assert {each.text for each in ann.take()} == {"hello", "psst"}
    bob.says("QUIT :bye")
    settle(one, two)
    (gone,) = ann.take()
    assert (gone.command, gone.nick) == ("QUIT", "bob")


def test_several_lines_are_one_message_on_all_nodes() -> None:
    one, two = irc_nodes()
    ann = one.irc("ann", "batch", "message-tags", "draft/multiline", rooms="#den")
    settle(one, two)
    bob = two.irc("bob", "batch", "message-tags", "draft/multiline", rooms="#den")
    settle(one, two)
    bob.take()
    ann.says("BATCH +1 draft/multiline #den", "@batch=1 PRIVMSG #den :one", "@batch=1 PRIVMSG #den :two", "BATCH -1")
    settle(one, two)
    first, *inside, last = bob.take()
    assert (first.command, last.command) == ("BATCH", "BATCH")
    assert first.tags["msgid"]
    assert [each.text for each in inside] == ["one", "two"]
