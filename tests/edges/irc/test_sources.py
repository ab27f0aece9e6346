"""What a text is shown to come from is right at once, whatever has changed of who says it."""

from __future__ import annotations

from collections.abc import Callable

from chatd.edges.irc.server import host_of_account
from tests.support.irc import IrcChat, IrcClient, irc_nodes


def source_of(reader: IrcClient, say: Callable[[], object]) -> tuple[str, str]:
    """Return the nick and the host of what a reader is told when something is said."""
    reader.take()
    say()
    (told,) = reader.take()
    assert told.command == "PRIVMSG"
    nick, _, rest = told.line.removeprefix(":").partition(" ")[0].partition("!")
    return nick, rest.partition("@")[2]


def test_of_an_irc_client() -> None:
    chat = IrcChat()
    eve, ann = chat.irc("eve", rooms="#den"), chat.irc("ann", rooms="#den")

    def say() -> None:
        ann.says("PRIVMSG #den :hello")

    nick, host = source_of(eve, say)
    assert nick == "ann"
    ann.says("NICK anna")
    assert source_of(eve, say) == ("anna", host)
    ann.protocol.peer.session.become_owner("ann")
    assert source_of(eve, say) == ("anna", host_of_account("ann"))
    ann.lose()
    ann = chat.irc("anna", rooms="#den")
    nick, other = source_of(eve, say)
    assert nick == "anna"
    assert other not in (host, host_of_account("ann"))


def test_of_somebody_on_lines() -> None:
    chat = IrcChat()
    eve, ann = chat.irc("eve", rooms="#den"), chat.lines("ann")

    def say() -> None:
        ann.says("MSG hello")
        chat.turn()

    nick, host = source_of(eve, say)
    assert nick == "ann"
    ann.says("NICK anna")
    chat.turn()
    assert source_of(eve, say) == ("anna", host)
    ann.session.become_owner("ann")
    assert source_of(eve, say) == ("anna", host_of_account("ann"))
    ann.lose()
    chat.turn()
    ann = chat.lines("anna")
    nick, other = source_of(eve, say)
    assert nick == "anna"
    assert other not in (host, host_of_account("ann"))


def test_of_somebody_on_another_node() -> None:
    one, two = irc_nodes()
    eve, ann = one.irc("eve", rooms="#den"), two.irc("ann", rooms="#den")

    def settle() -> None:
        for node in (one, two, one, two, one, two):
            node.turn()

    def say() -> None:
        ann.says("PRIVMSG #den :hello")
        settle()

    settle()
    nick, host = source_of(eve, say)
    assert nick == "ann"
    ann.says("NICK anna")
    settle()
    assert source_of(eve, say) == ("anna", host)
    ann.protocol.peer.session.become_owner("ann")
    two.hub.nodes.announce(ann.protocol.peer.session)
    settle()
    assert source_of(eve, say) == ("anna", host_of_account("ann"))
    ann.lose()
    settle()
    ann = two.irc("anna", rooms="#den")
    settle()
    nick, other = source_of(eve, say)
    assert nick == "anna"
    assert other not in (host, host_of_account("ann"))
